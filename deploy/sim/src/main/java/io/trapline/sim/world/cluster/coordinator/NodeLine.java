package io.trapline.sim.world.cluster.coordinator;

import io.trapline.internal.v1.NodeSessionRequest;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.sim.world.cluster.host.SimNet;
import io.trapline.sim.world.cluster.host.SimStream;
import io.trapline.sim.world.cluster.node.NodeProcess.NodeSession;
import io.trapline.sim.world.cluster.node.NodeProcess.SessionLine;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A node's session with whatever life of a coordinator it reaches. */
public final class NodeLine implements SessionLine {
    private final SimStream stream;
    private @Nullable CoordinatorProcess coordinator;
    private @Nullable NodeStream end;

    /**
     * Opens one and registers.
     *
     * @param processes the process of a host, if it has one
     */
    public NodeLine(
            SimNet net,
            SimHost from,
            SimHost to,
            NodeSessionRequest first,
            NodeSession session,
            Function<String, @Nullable CoordinatorProcess> processes) {
        stream = net.open(from, to, opened -> {
            CoordinatorProcess process = processes.apply(to.name());
            if (process != null) {
                coordinator = process;
                process.accept(opened, first, session, accepted -> end = accepted);
            }
        });
        stream.onLostAtClient(() -> session.lost("", false));
    }

    @Override
    public void send(NodeSessionRequest message) {
        stream.toServer(() -> message.toString().replaceAll("\\s+", " "), () -> {
            if (coordinator != null && end != null) {
                coordinator.said(end, message);
            }
        });
    }

    @Override
    public void close() {
        stream.endAtClient();
    }
}
