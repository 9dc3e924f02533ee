package io.trapline.node.registry;

import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ServerView;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Which homes of servers have been told, by a node with shards of their domain, that these have asked all that they had to ask (D-22). Each home is told once; one
 * that is here and has no actor is told when it gets one.
 */
public final class HomeTelling {
    /** Tells a server. */
    public interface Way {
        /** False where there is nobody to be told. */
        boolean tell(int id, ServerMessage.HomeTold told);
    }

    private final Life self;
    private final Map<Integer, Long> told = new HashMap<>();
    private final Map<Integer, ServerMessage.HomeTold> owed = new HashMap<>();

    public HomeTelling(Life self) {
        this.self = self;
    }

    /** Tells the homes to which servers have come by that revision, which every actor of the domain here has applied. */
    public void tell(DomainView view, long revision, Way way) {
        for (ServerView server : view.servers()) {
            long home = server.homeEpoch();
            boolean isNew = home > server.generation() && home > told.getOrDefault(server.id(), 0L);
            if (isNew && home <= revision) {
                ServerMessage.HomeTold message = new ServerMessage.HomeTold(self, home);
                told.put(server.id(), home);
                if (way.tell(server.id(), message)) {
                    owed.remove(server.id());
                } else {
                    owed.put(server.id(), message);
                }
            }
        }
    }

    /** What an actor that is started for the server is to be told: nobody has asked it anything. */
    Optional<ServerMessage.HomeTold> owed(ServerView server) {
        return Optional.ofNullable(owed.remove(server.id())).filter(told -> told.homeEpoch() == server.homeEpoch());
    }
}
