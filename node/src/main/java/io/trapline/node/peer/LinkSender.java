package io.trapline.node.peer;

import io.trapline.model.Pure;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * The sender's end of a link between two lives: numbers what is to be sent, keeps it until the receiver has it, sends it again over the next connection, and
 * sends never more than the receiver's credit (D-18). The rules alone: whoever drives it connects and carries out {@link Effects}, and calls from one thread.
 * <pre>
 *   DOWN ──something to send──▶ CONNECTING ──welcome──▶ UP        UP, CONNECTING ──lost, silence──▶ DOWN        each ──over──▶ OVER
 * </pre>
 * What waits beyond the credit is bounded by what the node has admitted: windows of vCPUs (A3) and the budget of calls (F2); {@link #isCongested} says when
 * no more is to be admitted.
 *
 * @param <P> a payload
 */
@Pure
public final class LinkSender<P> {
    /** {@link #wakeAt} where nothing is due. */
    public static final long NEVER = Long.MAX_VALUE;

    /** What the rules want done. */
    public interface Effects<P> {
        /** Connect; then {@link #welcome}, or {@link #lost}. */
        void connect();

        /** The connection, or the try, is given up: nothing of it may be told any more. */
        void disconnect();

        /** Whether the connection takes one more frame; {@link #ready} follows when it does again. */
        boolean isReady();

        /**
         * Send this.
         *
         * @param ageMillis how long it has waited here
         * @param echo the receiver's last stamp
         */
        void send(TrafficClass of, long number, long ageMillis, long echo, P payload);
    }

    private enum State {
        DOWN,
        CONNECTING,
        UP,
        OVER
    }

    private static final class Frame<P> {
        final long number;
        final P payload;
        final int bytes;
        final long sinceNanos;
        /** Its bytes were taken from the credit, which a frame that is sent again does not need twice. */
        boolean charged;

        Frame(long number, P payload, int bytes, long sinceNanos) {
            this.number = number;
            this.payload = payload;
            this.bytes = bytes;
            this.sinceNanos = sinceNanos;
        }
    }

    private static final class Queue<P> {
        /** Sent over this connection, and not known to have arrived. */
        final ArrayDeque<Frame<P>> sent = new ArrayDeque<>();
        /** To be sent. */
        final ArrayDeque<Frame<P>> waiting = new ArrayDeque<>();

        long lastNumber;
        long waitingBytes;
    }

    private static final long NANOS_PER_MILLI = 1_000_000;

    private final Effects<P> effects;
    private final Credits credits = new Credits();
    private final List<Queue<P>> queues = new ArrayList<>();
    private State state = State.DOWN;
    /** DOWN: when the next try may be made. CONNECTING, UP: when the connection is given up. */
    private long dueNanos = Long.MIN_VALUE;

    private long retryNanos = LinkTimes.FIRST_RETRY.toNanos();
    private long echo;

    public LinkSender(Effects<P> effects) {
        this.effects = effects;
        for (int i = 0; i < TrafficClass.count(); i++) {
            queues.add(new Queue<>());
        }
    }

    /**
     * Something to send. It is dropped where the link is over.
     *
     * @param bytes how much credit it takes, 1 … the class' initial credit
     */
    public void offer(long nowNanos, TrafficClass of, P payload, int bytes) {
        if (bytes < 1 || bytes > of.initialCreditBytes()) {
            throw new IllegalArgumentException("a frame of " + bytes + " bytes of class " + of);
        }
        if (state == State.OVER) {
            return;
        }
        Queue<P> queue = queue(of);
        queue.waiting.add(new Frame<>(++queue.lastNumber, payload, bytes, nowNanos));
        queue.waitingBytes += bytes;
        if (state == State.UP) {
            pump(nowNanos);
        } else {
            connectIfDue(nowNanos);
        }
    }

    /** The connection is accepted: what has not arrived is sent again. */
    public void welcome(long nowNanos, LinkMarks marks) {
        if (state != State.CONNECTING) {
            return;
        }
        state = State.UP;
        retryNanos = LinkTimes.FIRST_RETRY.toNanos();
        for (Queue<P> queue : queues) {
            while (!queue.sent.isEmpty()) {
                Frame<P> frame = queue.sent.removeLast();
                queue.waiting.addFirst(frame);
                queue.waitingBytes += frame.bytes;
            }
        }
        take(nowNanos, marks);
    }

    /** The receiver has acknowledged. */
    public void acknowledged(long nowNanos, LinkMarks marks) {
        if (state == State.UP) {
            take(nowNanos, marks);
        }
    }

    private void take(long nowNanos, LinkMarks marks) {
        dueNanos = nowNanos + LinkTimes.ACK_SILENCE.toNanos();
        echo = marks.stamp();
        for (int i = 0; i < queues.size(); i++) {
            TrafficClass of = TrafficClass.at(i);
            Queue<P> queue = queues.get(i);
            long through = marks.receivedThrough(of);
            while (!queue.sent.isEmpty() && queue.sent.peekFirst().number <= through) {
                queue.sent.removeFirst();
            }
            while (!queue.waiting.isEmpty() && queue.waiting.peekFirst().number <= through) {
                queue.waitingBytes -= queue.waiting.removeFirst().bytes;
            }
            credits.allow(of, marks.creditBytes(of));
        }
        pump(nowNanos);
    }

    /** The connection takes frames again. */
    public void ready(long nowNanos) {
        if (state == State.UP) {
            pump(nowNanos);
        }
    }

    /** The connection, or the try to make one, has failed. */
    public void lost(long nowNanos) {
        if (state == State.UP || state == State.CONNECTING) {
            state = State.DOWN;
            dueNanos = nowNanos + retryNanos;
            retryNanos = Math.min(2 * retryNanos, LinkTimes.LONGEST_RETRY.toNanos());
        }
    }

    /** Time has passed; due at {@link #wakeAt}. */
    public void tick(long nowNanos) {
        if ((state == State.UP || state == State.CONNECTING) && nowNanos >= dueNanos) {
            effects.disconnect();
            lost(nowNanos);
        }
        connectIfDue(nowNanos);
    }

    /** One of the two lives is over: nothing arrives any more, and nothing is kept. */
    public void over() {
        if (state == State.UP || state == State.CONNECTING) {
            effects.disconnect();
        }
        state = State.OVER;
        for (Queue<P> queue : queues) {
            queue.sent.clear();
            queue.waiting.clear();
            queue.waitingBytes = 0;
        }
    }

    /** When {@link #tick} has something to do. */
    public long wakeAt() {
        return switch (state) {
            case UP, CONNECTING -> dueNanos;
            case DOWN -> hasSomething() ? dueNanos : NEVER;
            case OVER -> NEVER;
        };
    }

    public boolean isOver() {
        return state == State.OVER;
    }

    /** Whether as much waits as may be under way: whoever can hold back what it would send should. */
    public boolean isCongested(TrafficClass of) {
        return queue(of).waitingBytes >= of.initialCreditBytes();
    }

    /** Bytes that were sent and are not known to have arrived. */
    long unacknowledgedBytes(TrafficClass of) {
        return queue(of).sent.stream().mapToLong(frame -> frame.bytes).sum();
    }

    /** How much of that class waits, is under way, and may yet be sent. */
    LinkReading reading(TrafficClass of) {
        return new LinkReading(queue(of).waitingBytes, unacknowledgedBytes(of), credits.allowed(of) - credits.used(of));
    }

    private void connectIfDue(long nowNanos) {
        if (state == State.DOWN && nowNanos >= dueNanos && hasSomething()) {
            state = State.CONNECTING;
            dueNanos = nowNanos + LinkTimes.ACK_SILENCE.toNanos();
            effects.connect();
        }
    }

    private boolean hasSomething() {
        for (Queue<P> queue : queues) {
            if (!queue.waiting.isEmpty() || !queue.sent.isEmpty()) {
                return true;
            }
        }
        return false;
    }

    /** Sends what credit and connection take, of each class in order and of the classes the first first. */
    private void pump(long nowNanos) {
        for (int i = 0; i < queues.size(); i++) {
            TrafficClass of = TrafficClass.at(i);
            Queue<P> queue = queues.get(i);
            while (!queue.waiting.isEmpty()) {
                Frame<P> frame = queue.waiting.peekFirst();
                if (!frame.charged && !credits.allows(of, frame.bytes)) {
                    break;
                }
                if (!effects.isReady()) {
                    return;
                }
                if (!frame.charged) {
                    frame.charged = true;
                    credits.use(of, frame.bytes);
                }
                queue.waiting.removeFirst();
                queue.waitingBytes -= frame.bytes;
                queue.sent.addLast(frame);
                effects.send(of, frame.number, (nowNanos - frame.sinceNanos) / NANOS_PER_MILLI, echo, frame.payload);
            }
        }
    }

    private Queue<P> queue(TrafficClass of) {
        return queues.get(of.index());
    }
}
