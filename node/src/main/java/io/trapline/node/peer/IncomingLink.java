package io.trapline.node.peer;

import io.trapline.internal.v1.LinkFrame;
import io.trapline.internal.v1.LinkResponse;
import io.trapline.internal.v1.Payload;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.protocol.Life;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
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

/** The actor of one life's link to this node: takes its frames once each and in order, has them delivered, and acknowledges what this node's actors have taken. */
final class IncomingLink extends AbstractMatchingBehavior<IncomingLink.Message> {
    sealed interface Message {}

    /** A connection was accepted. */
    record Connected(IncomingConnection connection) implements Message {}

    /** A frame. */
    record Arrived(IncomingConnection connection, LinkFrame frame) implements Message {}

    /** A connection has ended. */
    record Gone(IncomingConnection connection) implements Message {}

    /** One of the two lives is over. */
    record Over() implements Message {}

    private record Taken() implements Message {}

    private record Tick() implements Message {}

    /** What a frame says, ready to be told to this node's actors. */
    @FunctionalInterface
    interface Delivery {
        /**
         * Tells them.
         *
         * @param taken to be run once, on any thread, when the actor has taken it, or when there is none
         */
        void deliver(Runnable taken);
    }

    /** Makes sense of frames. */
    @FunctionalInterface
    interface Decoder {
        /**
         * Changes nothing. Throws {@link MalformedFrameException} for what no peer sends.
         *
         * @param madeNanos when the frame was made, on this node's clock
         */
        Delivery decode(Life from, Payload payload, long madeNanos);
    }

    private static final Logger LOG = LoggerFactory.getLogger(IncomingLink.class);
    private static final long NANOS_PER_MILLI = 1_000_000;

    private final TimerScheduler<Message> timers;
    private final Life from;
    private final Decoder decoder;
    private final LinkReceiver rules = new LinkReceiver();
    private @Nullable IncomingConnection connection;
    private long tickAt = LinkReceiver.NEVER;
    /** By class the bytes that actors have taken, on their threads, and that the rules do not know of. */
    private final AtomicLongArray taken = new AtomicLongArray(TrafficClass.count());

    private final AtomicLong takenInAll = new AtomicLong();

    private IncomingLink(ActorContext<Message> context, TimerScheduler<Message> timers, Life from, Decoder decoder) {
        super(context);
        this.timers = timers;
        this.from = from;
        this.decoder = decoder;
    }

    /** A link that is not connected. */
    static Behavior<Message> create(Life from, Decoder decoder) {
        return Behaviors.setup(
                context -> Behaviors.withTimers(timers -> new IncomingLink(context, timers, from, decoder)));
    }

    @Override
    public Behavior<Message> onMessage(Message message) {
        long now = System.nanoTime();
        switch (message) {
            case Connected(IncomingConnection accepted) -> {
                end(Refusal.of(Errno.EAGAIN, "another connection of the same link is accepted"));
                connection = accepted;
                rules.connected(now);
                giveBack();
                acknowledge(now);
            }
            case Arrived(IncomingConnection by, LinkFrame frame) -> {
                if (by == connection) {
                    onFrame(frame, now);
                }
                by.more();
            }
            case Gone(IncomingConnection gone) -> {
                if (gone == connection) {
                    connection = null;
                    rules.lost();
                }
            }
            case Taken some -> {
                if (giveBack()) {
                    acknowledge(now);
                }
            }
            case Tick tick -> {
                tickAt = LinkReceiver.NEVER;
                giveBack();
                if (now >= rules.wakeAt()) {
                    acknowledge(now);
                }
            }
            case Over over -> {
                end(Refusal.of(Errno.ESTALE, "life " + from + " is over"));
                return Behaviors.stopped();
            }
        }
        scheduleTick(now);
        return this;
    }

    @Override
    public Behavior<Message> onSignal(Signal signal) {
        if (signal instanceof PostStop) {
            end(Refusal.of(Errno.EAGAIN, "the node stops"));
        }
        return this;
    }

    private void onFrame(LinkFrame frame, long now) {
        Delivery delivery;
        try {
            if (!TrafficClass.isNumber(frame.getClass_())) {
                throw new MalformedFrameException("class", Integer.toUnsignedString(frame.getClass_()), "2 … 5");
            }
            delivery = decoder.decode(from, frame.getPayload(), now - frame.getAgeMs() * NANOS_PER_MILLI);
        } catch (MalformedFrameException malformed) {
            LOG.error("{} sends a frame that is none: {}", from, malformed.getMessage());
            end(malformed.refusal());
            return;
        }
        TrafficClass of = TrafficClass.ofNumber(frame.getClass_());
        int bytes = frame.getPayload().getSerializedSize();
        switch (rules.frame(now, of, frame.getNumber(), frame.getEcho(), bytes)) {
            case TAKE -> deliver(delivery, of, bytes);
            case DROP -> LOG.debug("{} sends frame {} of {} again", from, frame.getNumber(), of);
            case STALE -> end(Refusal.of(Errno.EAGAIN, "the frame has been under way for too long"));
            case REFUSE -> {
                LOG.error("{} sends frame {} of {}, {} bytes, which it may not", from, frame.getNumber(), of, bytes);
                end(Refusal.invalid("number", frame.getNumber(), "out of order, or beyond the credit"));
            }
        }
    }

    /** A frame at which this node fails is lost; those behind it are not. */
    private void deliver(Delivery delivery, TrafficClass of, int bytes) {
        AtomicBoolean isTaken = new AtomicBoolean();
        Runnable taken = () -> {
            if (isTaken.compareAndSet(false, true)) {
                taken(of, bytes);
            }
        };
        try {
            delivery.deliver(taken);
        } catch (RuntimeException bug) {
            LOG.error("a frame of {} from {} is lost", of, from, bug);
            taken.run();
        }
    }

    /** Any thread: an actor has taken a payload. */
    private void taken(TrafficClass of, int bytes) {
        taken.addAndGet(of.index(), bytes);
        long all = takenInAll.addAndGet(bytes);
        // Told once for each so many bytes; the rest waits for the next acknowledgement.
        if (all / LinkReceiver.ACK_BYTES != (all - bytes) / LinkReceiver.ACK_BYTES) {
            getContext().getSelf().tell(new Taken());
        }
    }

    private boolean giveBack() {
        boolean due = false;
        for (int i = 0; i < TrafficClass.count(); i++) {
            long bytes = taken.getAndSet(i, 0);
            if (bytes > 0) {
                due |= rules.taken(TrafficClass.at(i), bytes);
            }
        }
        return due;
    }

    private void acknowledge(long now) {
        IncomingConnection to = connection;
        if (to != null) {
            LinkMarks marks = rules.acknowledge(now);
            LinkResponse.Builder response = LinkResponse.newBuilder().setStamp(marks.stamp());
            for (int i = 0; i < TrafficClass.count(); i++) {
                response.addReceivedThrough(marks.receivedThrough()[i]).addCreditBytes(marks.creditBytes()[i]);
            }
            to.send(response.build());
        }
    }

    private void end(Refusal why) {
        IncomingConnection now = connection;
        connection = null;
        rules.lost();
        if (now != null) {
            now.end(why);
        }
    }

    private void scheduleTick(long now) {
        long next = rules.wakeAt();
        if (next < tickAt) {
            tickAt = next;
            timers.startSingleTimer(Tick.class, new Tick(), Duration.ofNanos(Math.max(1, next - now)));
        }
    }
}
