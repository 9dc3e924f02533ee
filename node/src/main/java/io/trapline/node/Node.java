package io.trapline.node;

import com.typesafe.config.ConfigFactory;
import io.grpc.BindableService;
import io.trapline.internal.v1.ExecuteRequest;
import io.trapline.internal.v1.LeaveNode;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.RegisterNode;
import io.trapline.node.guest.GuestGrpc;
import io.trapline.node.ioreq.EmulatorGrpc;
import io.trapline.node.lease.LinkSettings;
import io.trapline.node.lease.ServingGate;
import io.trapline.node.memory.MemoryGrpc;
import io.trapline.node.p2m.GuestMemory;
import io.trapline.node.peer.PeerGrpc;
import io.trapline.node.peer.PeerLinks;
import io.trapline.node.protocol.Life;
import io.trapline.node.registry.Arrivals;
import io.trapline.node.registry.ClientSessions;
import io.trapline.node.registry.NodeDirectory;
import io.trapline.node.registry.NodeRegistry;
import io.trapline.node.registry.RegistryClient;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * A node: holds P2M shards and talks to guests and emulators. Whoever starts it puts its services on a gRPC server, the public ones with
 * {@link io.trapline.rpc.Principals} in front of them. It finds its domains in the registry, and each new life of its process is a new incarnation (D4).
 */
public final class Node implements AutoCloseable {
    private final Life self;
    private final RegistryClient registry;
    private final ActorSystem<NodeRegistry.Message> system;
    private final ServingGate gate;
    private final PeerLinks links;
    private final ClientSessions sessions;
    private final NodeCounts counts;
    private final CompletableFuture<Void> ready;
    private final List<BindableService> services;
    private final List<BindableService> internalServices;

    private Node(
            Life self,
            RegistryClient registry,
            ActorSystem<NodeRegistry.Message> system,
            ServingGate gate,
            PeerLinks links,
            ClientSessions sessions,
            NodeCounts counts,
            CompletableFuture<Void> ready,
            List<BindableService> services,
            List<BindableService> internalServices) {
        this.self = self;
        this.registry = registry;
        this.system = system;
        this.gate = gate;
        this.links = links;
        this.sessions = sessions;
        this.counts = counts;
        this.ready = ready;
        this.services = services;
        this.internalServices = internalServices;
    }

    /** {@link #open} and {@link #begin}. */
    public static Node start(NodeConfig config) {
        Node node = open(config);
        node.begin();
        return node;
    }

    /** Makes one that asks nobody anything yet. Its services can be put on a server. */
    public static Node open(NodeConfig config) {
        Life self = new Life(config.id(), new SecureRandom().nextLong() | 1);
        ServingGate gate = new ServingGate(config.clock());
        NodeDirectory directory = new NodeDirectory(gate);
        RegistryClient registry = new RegistryClient(config.clock());
        Arrivals arrivals = new Arrivals(directory);
        ClientSessions sessions = new ClientSessions();
        NodeCounts counts = new NodeCounts();
        CompletableFuture<Void> ready = new CompletableFuture<>();
        LinkSettings settings = new LinkSettings(
                RegisterNode.newBuilder()
                        .setNode(config.id())
                        .setIncarnation(self.incarnation())
                        .setAddress(config.address())
                        .setMemoryBytes(config.memoryBytes())
                        .build(),
                config.coordinators(),
                config.channels(),
                config.clock(),
                gate,
                config.onCoordinators(),
                registry::leader,
                () -> ready.complete(null),
                config.onOver());
        LocalActors actors = new LocalActors(
                self, registry, new GuestMemory(config.memoryBytes(), config.typeTables()), gate, sessions, counts);
        PeerLinks links = new PeerLinks(self, config.channels(), arrivals);
        ActorSystem<NodeRegistry.Message> system = ActorSystem.create(
                Behaviors.setup(context -> {
                    links.begin(context.getSystem());
                    return NodeRegistry.create(settings, actors, directory, sessions, links, arrivals);
                }),
                "node",
                ConfigFactory.load("trapline-node"));
        return new Node(
                self,
                registry,
                system,
                gate,
                links,
                sessions,
                counts,
                ready,
                List.of(
                        new GuestGrpc(directory),
                        new EmulatorGrpc(directory, registry, config.id()),
                        new MemoryGrpc(directory, sessions)),
                List.of(new NodeControlGrpc(directory), new PeerGrpc(links)));
    }

    /** Finds the coordinators and follows them; it serves when {@link #ready} completes. */
    public void begin() {
        system.tell(new NodeRegistry.Begin());
    }

    /** Completes when this node serves for the first time: it has a lease and has caught up with the registry. */
    public CompletionStage<Void> ready() {
        return ready;
    }

    /** Whether it serves now. */
    public boolean serves() {
        return gate.serves();
    }

    /** Completes when what follows the registry here has answered. */
    public CompletionStage<Void> answers() {
        CompletableFuture<Void> answered = new CompletableFuture<>();
        system.tell(new NodeRegistry.Answer(() -> answered.complete(null)));
        return answered;
    }

    /** What it is doing. */
    public CompletionStage<NodeReadings> readings() {
        return links.readings().thenApply(now -> {
            long left = gate.leftNanos();
            return new NodeReadings(
                    left > 0,
                    left,
                    sessions.keptAnswers(),
                    counts.unacknowledgedSteps(),
                    counts.promotions(),
                    counts.refusedAnswers(),
                    now);
        });
    }

    /**
     * Tells the registry that this life is about to end: what others can have of it goes to them, as far as they have room (D-27). Completes when every node
     * knows; fails where that is not known.
     */
    public CompletionStage<Void> leave() {
        return registry.execute(ExecuteRequest.newBuilder()
                        .setLeaveNode(LeaveNode.newBuilder()
                                .setLife(NodeLife.newBuilder()
                                        .setNode(self.node())
                                        .setIncarnation(self.incarnation())))
                        .build())
                .thenAccept(response -> {
                    if (response.hasRefusal()) {
                        throw new IllegalStateException(response.getRefusal().getMessage());
                    }
                });
    }

    /** What others would miss of this node now. */
    public CompletionStage<NodeRegistry.Parts> parts() {
        CompletableFuture<NodeRegistry.Parts> parts = new CompletableFuture<>();
        system.tell(new NodeRegistry.AskParts(parts::complete));
        return parts;
    }

    /**
     * Serves nobody from now on, and tells the coordinators so, that nobody waits for its lease. Completes when they have heard it, or when there is
     * none that can be told.
     */
    public CompletionStage<Void> resign() {
        CompletableFuture<Void> resigned = new CompletableFuture<>();
        system.tell(new NodeRegistry.Resign(() -> resigned.complete(null)));
        return resigned;
    }

    /** For guests and emulators: GuestService, EmulatorService, MemoryService. */
    public List<BindableService> services() {
        return services;
    }

    /** For the coordinator and other nodes: NodeControlService, PeerService. */
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
