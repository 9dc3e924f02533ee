package io.trapline.node;

import com.typesafe.config.ConfigFactory;
import io.grpc.BindableService;
import io.grpc.Channel;
import io.trapline.internal.v1.RegisterNode;
import io.trapline.internal.v1.RegistryServiceGrpc;
import io.trapline.node.guest.GuestGrpc;
import io.trapline.node.ioreq.EmulatorGrpc;
import io.trapline.node.memory.MemoryGrpc;
import io.trapline.node.p2m.GuestMemory;
import io.trapline.node.registry.ClientSessions;
import io.trapline.node.registry.NodeDirectory;
import io.trapline.node.registry.NodeRegistry;
import io.trapline.node.registry.RegistryClient;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorSystem;

/**
 * A node: holds P2M shards and talks to guests and emulators. Whoever starts it puts its services on a gRPC server, the public ones with
 * {@link io.trapline.rpc.Principals} in front of them. It finds its domains in the registry, and each new life of its process is a new incarnation (D4).
 */
public final class Node implements AutoCloseable {
    private final ActorSystem<NodeRegistry.Message> system;
    private final CompletableFuture<Void> registered;
    private final List<BindableService> services;
    private final List<BindableService> internalServices;

    private Node(
            ActorSystem<NodeRegistry.Message> system,
            CompletableFuture<Void> registered,
            List<BindableService> services,
            List<BindableService> internalServices) {
        this.system = system;
        this.registered = registered;
        this.services = services;
        this.internalServices = internalServices;
    }

    /**
     * Starts one. It serves when {@link #registered} completes.
     *
     * @param coordinator a channel to {@code RegistryService}; the caller closes it after the node
     */
    public static Node start(NodeConfig config, Channel coordinator) {
        NodeDirectory directory = new NodeDirectory();
        RegistryClient registry = new RegistryClient(coordinator);
        ClientSessions sessions = new ClientSessions();
        CompletableFuture<Void> registered = new CompletableFuture<>();
        RegisterNode register = RegisterNode.newBuilder()
                .setNode(config.id())
                .setIncarnation(new SecureRandom().nextLong() | 1)
                .setAddress(config.address())
                .setMemoryBytes(config.memoryBytes())
                .build();
        LocalActors actors =
                new LocalActors(config.id(), registry, new GuestMemory(config.memoryBytes(), config.typeTables()));
        ActorSystem<NodeRegistry.Message> system = ActorSystem.create(
                NodeRegistry.create(
                        RegistryServiceGrpc.newStub(coordinator), register, actors, directory, sessions, registered),
                "node",
                ConfigFactory.load("trapline-node"));
        return new Node(
                system,
                registered,
                List.of(
                        new GuestGrpc(directory),
                        new EmulatorGrpc(directory, registry, config.id()),
                        new MemoryGrpc(directory, sessions)),
                List.of(new NodeControlGrpc(directory)));
    }

    /** Completes when the registry is known here and this node may serve. */
    public CompletionStage<Void> registered() {
        return registered;
    }

    /** For guests and emulators: GuestService, EmulatorService, MemoryService. */
    public List<BindableService> services() {
        return services;
    }

    /** For the coordinator: NodeControlService. */
    public List<BindableService> internalServices() {
        return internalServices;
    }

    /** Ends it; streams end with EAGAIN, guest memory is given back. */
    @Override
    public void close() {
        system.terminate();
        try {
            system.getWhenTerminated().toCompletableFuture().join();
        } catch (RuntimeException failed) {
            throw new IllegalStateException("the node's actors did not end", failed);
        }
    }
}
