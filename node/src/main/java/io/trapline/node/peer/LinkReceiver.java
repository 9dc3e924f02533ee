package io.trapline.node.peer;

import io.trapline.model.Pure;
import java.util.Arrays;

/**
 * The receiver's end of a link between two lives: takes each frame once and in order, whichever connection brings it, and gives credit back for what the
 * actors have taken (D-18). The rules alone; called from one thread.
 */
@Pure
public final class LinkReceiver {
    /** {@link #wakeAt} where nothing is due. */
    public static final long NEVER = Long.MAX_VALUE;

    /** It acknowledges whenever the actors have taken so many bytes. */
    static final int ACK_BYTES = 64 << 10;

    /** What is to become of a frame. */
    public enum Verdict {
        /** It is the next one; its bytes are {@link #taken} later. */
        TAKE,
        /** It has arrived before. */
        DROP,
        /** It may have been under way for too long: the connection ends. */
        STALE,
        /** It is not what the sender may send: the connection ends. */
        REFUSE
    }

    private final Credits credits = new Credits();
    private final long[] receivedThrough = new long[TrafficClass.count()];
    private boolean connected;
    private long lastAckNanos;
    private long takenSinceAck;

    /** A connection was accepted, in place of any earlier one: {@link #acknowledge} at once. */
    public void connected(long nowNanos) {
        connected = true;
        lastAckNanos = nowNanos;
    }

    /** There is no connection. */
    public void lost() {
        connected = false;
    }

    /**
     * A frame, by the connection that was accepted last.
     *
     * @param echo the stamp that it came with
     * @param bytes how much credit its payload takes
     */
    public Verdict frame(long nowNanos, TrafficClass of, long number, long echo, int bytes) {
        if (nowNanos - echo >= LinkTimes.STALE.toNanos()) {
            return Verdict.STALE;
        }
        long last = receivedThrough[of.index()];
        if (number <= last) {
            return Verdict.DROP;
        }
        if (number != last + 1 || nowNanos < echo || !credits.allows(of, bytes)) {
            return Verdict.REFUSE;
        }
        receivedThrough[of.index()] = number;
        credits.use(of, bytes);
        return Verdict.TAKE;
    }

    /** The actors have taken so many bytes of payloads. True: {@link #acknowledge} now. */
    public boolean taken(TrafficClass of, long bytes) {
        credits.giveBack(of, bytes);
        takenSinceAck += bytes;
        return connected && takenSinceAck >= ACK_BYTES;
    }

    /** When the next acknowledgement is due by time alone. */
    public long wakeAt() {
        return connected ? lastAckNanos + LinkTimes.ACK_EVERY.toNanos() : NEVER;
    }

    /** What to tell the sender now. */
    public LinkMarks acknowledge(long nowNanos) {
        lastAckNanos = nowNanos;
        takenSinceAck = 0;
        long[] allowed = new long[TrafficClass.count()];
        for (int i = 0; i < allowed.length; i++) {
            allowed[i] = credits.allowed(TrafficClass.at(i));
        }
        return new LinkMarks(Arrays.copyOf(receivedThrough, receivedThrough.length), allowed, nowNanos);
    }

    /** Bytes that have arrived and that the actors have not taken. */
    long heldBytes(TrafficClass of) {
        return credits.used(of) + of.initialCreditBytes() - credits.allowed(of);
    }
}
