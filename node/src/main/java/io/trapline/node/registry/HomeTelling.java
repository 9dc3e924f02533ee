package io.trapline.node.registry;

import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ServerView;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Which homes of servers have been told, by a node with shards of their domain, that these have asked all that they had to ask (D-22). Each home is told once, and
 * again when this node has got another shard; one that is here and has no actor is told when it gets one.
 */
public final class HomeTelling {
    /** Tells a server. */
    public interface Way {
        /** False where there is nobody to be told. */
        boolean tell(int id, ServerMessage.HomeTold told);
    }

    private static final ServerMessage.HomeTold NOTHING = new ServerMessage.HomeTold(new Life("", 0), 0, 0);

    private final Life self;
    private final Map<Integer, ServerMessage.HomeTold> told = new HashMap<>();
    private final Map<Integer, ServerMessage.HomeTold> owed = new HashMap<>();

    public HomeTelling(Life self) {
        this.self = self;
    }

    /** Tells the homes to which servers have come by that revision, which every actor of the domain here has applied. */
    public void tell(DomainView view, long revision, Way way) {
        long shards = view.lastEpochs(revision).getOrDefault(self, 0L);
        for (ServerView server : view.servers()) {
            long home = server.homeEpoch();
            ServerMessage.HomeTold last = told.getOrDefault(server.id(), NOTHING);
            boolean isNew = home > last.homeEpoch() || shards > last.shardEpoch();
            if (isNew && home > server.generation() && home <= revision) {
                ServerMessage.HomeTold message = new ServerMessage.HomeTold(self, home, shards);
                told.put(server.id(), message);
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
