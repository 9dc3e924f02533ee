package io.trapline.coordinator;

import io.grpc.Channel;
import io.trapline.coordinator.raft.ReplicaConfig;
import io.trapline.internal.v1.NodeControlServiceGrpc.NodeControlServiceStub;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorSystem;

/**
 * How a coordinator is started.
 *
 * @param replica its directory and its peers
 * @param version what {@code GetVersion} says, for instance {@code 0.1.0}
 * @param system where its actors live; empty: in a system of its own, which ends with it
 * @param nodeControls how to ask a node, by the address that it registered with; empty for one that cannot be asked
 * @param leader leads to whichever coordinator leads, this one or another: asked what a leadership that has ended here cannot say; empty: nobody is asked
 * @param startTimeout how long a group of one may take until it serves
 * @param onFailure after the start: the log can no longer be written or the state no longer be trusted, and the process must end. The
 *     message is one line. Called from a thread that must not be blocked.
 */
public record CoordinatorConfig(
        ReplicaConfig replica,
        String version,
        Optional<ActorSystem<?>> system,
        Function<String, Optional<NodeControlServiceStub>> nodeControls,
        Optional<Channel> leader,
        Duration startTimeout,
        Consumer<Throwable> onFailure) {
    private static final Duration START_TIMEOUT = Duration.ofSeconds(60);

    /** One on this machine. */
    public static CoordinatorConfig of(
            ReplicaConfig replica,
            String version,
            Function<String, Optional<NodeControlServiceStub>> nodeControls,
            Consumer<Throwable> onFailure) {
        return new CoordinatorConfig(
                replica, version, Optional.empty(), nodeControls, Optional.empty(), START_TIMEOUT, onFailure);
    }

    /** The same with actors in a system that somebody else ends. */
    public CoordinatorConfig withSystem(ActorSystem<?> shared) {
        return new CoordinatorConfig(
                replica, version, Optional.of(shared), nodeControls, leader, startTimeout, onFailure);
    }

    /** The same with a channel to whichever coordinator leads; whoever gives it closes it. */
    public CoordinatorConfig withLeader(Channel channel) {
        return new CoordinatorConfig(
                replica, version, system, nodeControls, Optional.of(channel), startTimeout, onFailure);
    }
}
