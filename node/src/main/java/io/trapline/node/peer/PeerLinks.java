package io.trapline.node.peer;

import io.grpc.ManagedChannel;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.peer.LinkAdmission.Hello;
import io.trapline.node.peer.LinkAdmission.Receiver;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ServerRoute;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardRoute;
import io.trapline.node.protocol.TypesRoute;
import io.trapline.node.protocol.VcpusRoute;
import io.trapline.node.registry.Arrivals;
import io.trapline.node.registry.PeerNode;
import io.trapline.node.registry.Peers;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Props;
import org.jspecify.annotations.Nullable;

/**
 * This node's links: to each life that it has told something, and from each that has connected. A link is there from the first thing on that is told by it until
 * the registry, or the peer, says that one of the two lives is over; what is told by it then is lost. Any thread.
 */
public final class PeerLinks implements Peers {
    private static final long ENDED_AFTER_MILLIS = 500;

    private record Outgoing(ActorRef<PeerLink.Message> link, Congestion congestion) {}

    private final Function<String, ManagedChannel> channels;
    private final IncomingLink.Decoder decoder;
    private final ConcurrentHashMap<Life, Outgoing> outgoing = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Life, ActorRef<IncomingLink.Message>> incoming = new ConcurrentHashMap<>();
    private final AtomicLong names = new AtomicLong();
    private volatile PeerDirectory directory;
    private volatile Set<String> drained = Set.of();
    private volatile @Nullable ActorSystem<?> system;

    /**
     * Links of a node that knows of no other.
     *
     * @param self this life
     * @param channels opens a channel to an address, {@code host:port}, for one connection
     * @param arrivals where is told what comes
     */
    public PeerLinks(Life self, Function<String, ManagedChannel> channels, Arrivals arrivals) {
        this.channels = channels;
        decoder = new PeerInbox(
                arrivals,
                (asker, domain) -> answer ->
                        send(asker, (now, sink) -> Frames.toAsker(domain.domid(), domain.generation(), answer, sink)));
        directory = new PeerDirectory(self, 0, Map.of());
    }

    /** The same with another sense of what comes. */
    PeerLinks(Life self, Function<String, ManagedChannel> channels, IncomingLink.Decoder decoder) {
        this.channels = channels;
        this.decoder = decoder;
        directory = new PeerDirectory(self, 0, Map.of());
    }

    /** Where the links' actors live; before anything is told. */
    public void begin(ActorSystem<?> actors) {
        system = actors;
        spawn(LostLetters.create(), "lost-letters");
    }

    // The ways to roles at peers.

    @Override
    public ShardRoute shard(Life at, int domid, long domainGeneration, int shard) {
        return new ShardRoute() {
            @Override
            public void tell(ShardMessage message) {
                send(
                        at,
                        (now, sink) ->
                                Frames.toShard(domid, domainGeneration, shard, message, TrafficClass.CALLS, now, sink));
            }

            @Override
            public boolean isCongested() {
                return PeerLinks.this.isCongested(at, TrafficClass.ACCESSES);
            }
        };
    }

    @Override
    public ShardRoute shardOfServers(Life at, int domid, long domainGeneration, int shard) {
        return message -> send(
                at,
                (now, sink) ->
                        Frames.toShard(domid, domainGeneration, shard, message, TrafficClass.ANSWERS, now, sink));
    }

    @Override
    public ServerRoute server(Life at, int domid, long domainGeneration, int id, long generation) {
        return message ->
                send(at, (now, sink) -> Frames.toServer(domid, domainGeneration, id, generation, message, now, sink));
    }

    @Override
    public VcpusRoute vcpus(Life at, int domid, long domainGeneration) {
        return message -> send(at, (now, sink) -> Frames.toVcpus(domid, domainGeneration, message, sink));
    }

    @Override
    public TypesRoute types(Life at, int domid, long domainGeneration) {
        return message -> send(at, (now, sink) -> Frames.toTypes(domid, domainGeneration, message, sink));
    }

    @Override
    public Optional<String> address(Life at) {
        return drained.contains(at.node()) ? Optional.empty() : directory.address(at);
    }

    @Override
    public void know(long revision, List<PeerNode> nodes) {
        Map<String, PeerDirectory.Peer> peers = new HashMap<>();
        nodes.forEach(node ->
                peers.put(node.life().node(), new PeerDirectory.Peer(node.life().incarnation(), node.address())));
        drained = nodes.stream()
                .filter(PeerNode::draining)
                .map(node -> node.life().node())
                .collect(Collectors.toSet());
        know(new PeerDirectory(directory.self(), revision, peers));
    }

    /** The nodes as they are now: links of lives that are not among them are over. */
    void know(PeerDirectory now) {
        directory = now;
        for (Life life : outgoing.keySet()) {
            if (!now.isRegistered(life)) {
                endOutgoing(life);
            }
        }
        for (Life life : incoming.keySet()) {
            if (!now.isRegistered(life)) {
                endIncoming(life);
            }
        }
    }

    /** Sends something, in order with what the same thread has told before; it is lost where that life is over. */
    void send(Life to, PeerLink.Outgoing what) {
        outgoing.computeIfAbsent(to, this::open).link().tell(new PeerLink.Tell(what));
        if (!directory.isRegistered(to)) {
            endOutgoing(to);
        }
    }

    /** Whether more of that class waits for the life than may be under way: whoever can should not admit more. */
    boolean isCongested(Life to, TrafficClass of) {
        Outgoing link = outgoing.get(to);
        return link != null && link.congestion().isCongested(of);
    }

    private Outgoing open(Life to) {
        Congestion congestion = new Congestion();
        return new Outgoing(spawn(PeerLink.create(to, () -> directory, channels, congestion), "link-to"), congestion);
    }

    /** A peer connects: empty, or why not. Frames belong to the link of its life from then on. */
    Optional<Refusal> accept(Hello hello, IncomingConnection connection) {
        PeerDirectory now = directory;
        if (!now.isRegistered(now.self())) {
            return Optional.of(Refusal.of(Errno.EAGAIN, "this node is not admitted"));
        }
        Life from = hello.from();
        Optional<Refusal> refusal =
                LinkAdmission.check(hello, new Receiver(now.self(), now.revision(), now.incarnation(from.node())));
        if (refusal.isEmpty()) {
            ActorRef<IncomingLink.Message> link =
                    incoming.computeIfAbsent(from, life -> spawn(IncomingLink.create(life, decoder), "link-from"));
            connection.belongsTo(link);
            link.tell(new IncomingLink.Connected(connection));
            if (!directory.isRegistered(from)) {
                endIncoming(from);
            }
        }
        return refusal;
    }

    /** What is on all links to peers, by class: sums, and the least credit. A link that ends meanwhile says nothing. */
    public CompletionStage<Map<TrafficClass, LinkReading>> readings() {
        List<CompletableFuture<Map<TrafficClass, LinkReading>>> asked = outgoing.values().stream()
                .map(link -> {
                    CompletableFuture<Map<TrafficClass, LinkReading>> reply = new CompletableFuture<>();
                    link.link().tell(new PeerLink.Describe(reply::complete));
                    return reply.completeOnTimeout(Map.of(), ENDED_AFTER_MILLIS, TimeUnit.MILLISECONDS);
                })
                .toList();
        return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new)).thenApply(all -> {
            Map<TrafficClass, LinkReading> sums = new EnumMap<>(TrafficClass.class);
            asked.forEach(one -> one.join().forEach((of, reading) -> sums.merge(of, reading, LinkReading::and)));
            return sums;
        });
    }

    private void endOutgoing(Life life) {
        Outgoing link = outgoing.remove(life);
        if (link != null) {
            link.link().tell(new PeerLink.Over());
        }
    }

    private void endIncoming(Life life) {
        ActorRef<IncomingLink.Message> link = incoming.remove(life);
        if (link != null) {
            link.tell(new IncomingLink.Over());
        }
    }

    private <M> ActorRef<M> spawn(Behavior<M> behavior, String name) {
        return Objects.requireNonNull(system, "before begin")
                .systemActorOf(behavior, name + "-" + names.incrementAndGet(), Props.empty());
    }
}
