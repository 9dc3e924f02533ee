package io.trapline.node.lease;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.trapline.internal.v1.RegisterNode;
import io.trapline.model.Refusal;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * What a {@link CoordinatorLink} is given. The consumers are called by its actor and must not block.
 *
 * @param register this node and this life of its process
 * @param coordinators where coordinators are
 * @param channels opens a connection to one of them; the link closes it
 * @param clock monotonic, in nanoseconds; the gate's
 * @param gate what the link opens and closes
 * @param onCoordinators given what whoever grants says of the coordinators, when that is news
 * @param onLeader given the connection to whoever grants, when that becomes another; empty when it is lost
 * @param onServing run when the node serves for the first time
 * @param onOver given why, when this life is over: it will never serve again
 */
public record LinkSettings(
        RegisterNode register,
        List<String> coordinators,
        Function<String, ManagedChannel> channels,
        LongSupplier clock,
        ServingGate gate,
        Consumer<KnownCoordinators> onCoordinators,
        Consumer<Optional<Channel>> onLeader,
        Runnable onServing,
        Consumer<Refusal> onOver) {
    public LinkSettings {
        coordinators = List.copyOf(coordinators);
    }
}
