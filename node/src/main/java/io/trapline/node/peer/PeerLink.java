package io.trapline.node.peer;

import io.grpc.ManagedChannel;
import io.trapline.internal.v1.LinkEnd;
import io.trapline.internal.v1.LinkFrame;
import io.trapline.internal.v1.LinkHello;
import io.trapline.internal.v1.LinkRequest;
import io.trapline.internal.v1.LinkResponse;
import io.trapline.internal.v1.Payload;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.protocol.Life;
import io.trapline.rpc.Statuses;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.Signal;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The actor of this node's link to one life of a peer: makes frames of what it is told, and connects. While nothing is to be sent and no connection is open it costs nothing. */
final class PeerLink extends AbstractMatchingBehavior<PeerLink.Message> implements LinkSender.Effects<Payload> {
    sealed interface Message {}

    /** Something to send. */
    record Tell(Outgoing what) implements Message {}

    /** The registry says that one of the two lives is over. */
    record Over() implements Message {}

    /** What is on the link, by class; the reply must not block. */
    record Describe(Consumer<Map<TrafficClass, LinkReading>> reply) implements Message {}

    private record Responded(PeerConnection connection, LinkResponse response) implements Message {}

    private record Ready(PeerConnection connection) implements Message {}

    private record Lost(PeerConnection connection, Throwable why) implements Message {}

    private record Tick() implements Message {}

    /** Takes what is to be sent, in order. */
    @FunctionalInterface
    interface Sink {
        void frame(TrafficClass of, Payload payload);
    }

    /** What is to be sent, made into frames by the link's actor. */
    @FunctionalInterface
    interface Outgoing {
        void encode(long nowNanos, Sink sink);
    }

    private static final Logger LOG = LoggerFactory.getLogger(PeerLink.class);

    private final TimerScheduler<Message> timers;
    private final Life to;
    private final Supplier<PeerDirectory> directory;
    private final Function<String, ManagedChannel> channels;
    private final Congestion congestion;
    private final LinkSender<Payload> rules = new LinkSender<>(this);
    private @Nullable PeerConnection connection;
    private boolean welcome;
    private long tickAt = LinkSender.NEVER;

    private PeerLink(
            ActorContext<Message> context,
            TimerScheduler<Message> timers,
            Life to,
            Supplier<PeerDirectory> directory,
            Function<String, ManagedChannel> channels,
            Congestion congestion) {
        super(context);
        this.timers = timers;
        this.to = to;
        this.directory = directory;
        this.channels = channels;
        this.congestion = congestion;
    }

    /**
     * A link that is not connected.
     *
     * @param directory the nodes as they are now
     * @param channels opens a channel to an address, for one connection
     * @param congestion told when more waits than may be under way
     */
    static Behavior<Message> create(
            Life to,
            Supplier<PeerDirectory> directory,
            Function<String, ManagedChannel> channels,
            Congestion congestion) {
        return Behaviors.setup(context ->
                Behaviors.withTimers(timers -> new PeerLink(context, timers, to, directory, channels, congestion)));
    }

    @Override
    public Behavior<Message> onMessage(Message message) {
        long now = System.nanoTime();
        switch (message) {
            case Tell(Outgoing what) ->
                what.encode(now, (of, payload) -> rules.offer(now, of, payload, payload.getSerializedSize()));
            case Responded(PeerConnection from, LinkResponse response) -> onResponse(from, response, now);
            case Ready(PeerConnection from) -> {
                if (from == connection) {
                    rules.ready(now);
                }
            }
            case Lost(PeerConnection from, Throwable why) -> onLost(from, why, now);
            case Tick tick -> {
                tickAt = LinkSender.NEVER;
                rules.tick(now);
            }
            case Describe describe -> describe.reply().accept(reading());
            case Over over -> rules.over();
        }
        congestion.update(rules);
        if (rules.isOver()) {
            return Behaviors.stopped();
        }
        scheduleTick(now);
        return this;
    }

    @Override
    public Behavior<Message> onSignal(Signal signal) {
        if (signal instanceof PostStop) {
            disconnect();
        }
        return this;
    }

    private Map<TrafficClass, LinkReading> reading() {
        Map<TrafficClass, LinkReading> reading = new EnumMap<>(TrafficClass.class);
        for (TrafficClass of : TrafficClass.values()) {
            reading.put(of, rules.reading(of));
        }
        return reading;
    }

    private void onResponse(PeerConnection from, LinkResponse response, long now) {
        if (from != connection) {
            return;
        }
        int classes = TrafficClass.count();
        if (response.getReceivedThroughCount() != classes || response.getCreditBytesCount() != classes) {
            LOG.error("{} acknowledges {} classes of frames, not {}", to, response.getReceivedThroughCount(), classes);
            disconnect();
            rules.lost(now);
            return;
        }
        long[] through = new long[classes];
        long[] credit = new long[classes];
        for (int i = 0; i < classes; i++) {
            through[i] = response.getReceivedThrough(i);
            credit[i] = response.getCreditBytes(i);
        }
        LinkMarks marks = new LinkMarks(through, credit, response.getStamp());
        if (welcome) {
            rules.acknowledged(now, marks);
        } else {
            welcome = true;
            rules.welcome(now, marks);
        }
    }

    private void onLost(PeerConnection from, Throwable why, long now) {
        if (from != connection) {
            return;
        }
        connection = null;
        Optional<Refusal> refusal = Statuses.fromThrowable(why);
        if (refusal.isPresent() && refusal.get().errno() == Errno.ESTALE) {
            LOG.info("the link to {} is over: {}", to, refusal.get().message());
            rules.over();
            return;
        }
        if (refusal.isPresent() && refusal.get().errno() == Errno.EINVAL) {
            LOG.error("{} refuses a frame: {}", to, refusal.get().message());
        } else {
            LOG.debug("the connection to {} is lost: {}", to, why.toString());
        }
        rules.lost(now);
    }

    /** Asks for a tick only where one is due before the one that is asked for. */
    private void scheduleTick(long now) {
        long next = rules.wakeAt();
        if (next < tickAt) {
            tickAt = next;
            timers.startSingleTimer(Tick.class, new Tick(), Duration.ofNanos(Math.max(1, next - now)));
        }
    }

    // What the rules want.

    @Override
    public void connect() {
        PeerDirectory nodes = directory.get();
        String address = nodes.address(to).orElse(null);
        if (address == null || !nodes.isRegistered(nodes.self())) {
            rules.lost(System.nanoTime());
            return;
        }
        var self = getContext().getSelf();
        welcome = false;
        connection = PeerConnection.open(
                channels.apply(address),
                LinkHello.newBuilder()
                        .setFrom(life(nodes.self()))
                        .setTo(life(to))
                        .setRevision(nodes.revision())
                        .build(),
                (from, response) -> self.tell(new Responded(from, response)),
                from -> self.tell(new Ready(from)),
                (from, why) -> self.tell(new Lost(from, why)));
    }

    private static LinkEnd life(Life life) {
        return LinkEnd.newBuilder()
                .setNode(life.node())
                .setIncarnation(life.incarnation())
                .build();
    }

    @Override
    public void disconnect() {
        PeerConnection now = connection;
        connection = null;
        if (now != null) {
            now.close();
        }
    }

    @Override
    public boolean isReady() {
        PeerConnection now = connection;
        return now != null && now.isReady();
    }

    @Override
    public void send(TrafficClass of, long number, long ageMillis, long echo, Payload payload) {
        PeerConnection now = connection;
        if (now != null) {
            now.send(LinkRequest.newBuilder()
                    .setFrame(LinkFrame.newBuilder()
                            .setClass_(of.number())
                            .setNumber(number)
                            .setAgeMs(ageMillis)
                            .setEcho(echo)
                            .setPayload(payload))
                    .build());
        }
    }
}
