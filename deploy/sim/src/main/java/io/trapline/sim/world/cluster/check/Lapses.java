package io.trapline.sim.world.cluster.check;

import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.NodeLife;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** Which life a command takes for lapsed. */
final class Lapses {
    private Lapses() {}

    /** The node of which a command takes the life for lapsed; empty = none. */
    static String node(Command command) {
        return switch (command.getCommandCase()) {
            case LAPSE_NODE -> command.getLapseNode().getLife().getNode();
            case END_NODE -> command.getEndNode().getLife().getNode();
            case REGISTER_NODE -> command.getRegisterNode().getNode();
            default -> "";
        };
    }

    static @Nullable NodeLife of(Command command, Collection<? extends Serving> nodes) {
        return switch (command.getCommandCase()) {
            case LAPSE_NODE -> command.getLapseNode().getLife();
            case END_NODE -> command.getEndNode().getLife();
            case REGISTER_NODE -> {
                var register = command.getRegisterNode();
                yield nodes.stream()
                        .map(Serving::life)
                        .filter(life -> life.getNode().equals(register.getNode())
                                && life.getIncarnation() != register.getIncarnation())
                        .findFirst()
                        .orElse(null);
            }
            default -> null;
        };
    }
}
