package io.trapline.node.guest;

import io.trapline.model.AccessAttributes;
import io.trapline.model.Errno;
import io.trapline.model.Gfn;
import io.trapline.model.Pure;
import io.trapline.node.p2m.AccessSplitter;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.rows.AccessRows;
import java.util.BitSet;

/**
 * The accesses of one open vCPU: which numbers have been seen, what they said, and which may go to their shard next (A3, A4). Outlives the guest's
 * connection. Outcomes are in the memory of shards, also of what has timed out here before its turn; of what is malformed they are here.
 *
 * <p>Invariants: numbers at or below {@link #received} are forgotten; each above it and below {@link #nextSequence} is in its place; accesses of two
 * shards are never under way together; none is above received + window.
 */
@Pure
public final class VcpuWindow {
    /** {@link #offer}: a new access; it waits for its turn. */
    public static final int TAKEN = 0;
    /** {@link #offer}: known and without an outcome yet; its answer will come. */
    public static final int JOINED = -1;
    /** {@link #offer}: known and answered before; the shard is asked again with the next {@link #pump}. */
    public static final int ASKED_AGAIN = -2;

    private static final byte QUEUED = 1;
    private static final byte AT_SHARD = 2;
    private static final byte DONE = 3;
    /** Answered before and asked about again. */
    private static final byte ASKED = 4;
    /** Timed out before its turn: its shard is told, so that it is not carried out when its guest sends it again elsewhere (A3, A4). */
    private static final byte EXPIRING = 5;

    private static final int NO_SHARD = -1;

    private final int vcpu;
    private final long epoch;
    private final int window;
    private final ShardMap shards;
    private final int mask;
    private final byte[] state;
    private final byte[] attributes;
    private final byte[] localErrno;
    private final int[] count;
    private final int[] secondShard;
    private final long[] address;
    private final long[] data;
    private final long[] deadlineNanos;
    private final long[] partial;
    private final byte[] partialErrno;

    private long received;
    private long doneThrough;
    private long nextSequence = 1;
    private long nextToSend = 1;
    /** The highest number that was put off. */
    private long putOffThrough;

    /** By place, what was put off and has not come again. */
    private final BitSet putOff = new BitSet();

    private int outstanding;
    private int currentShard = NO_SHARD;
    private boolean spanning;
    private final BitSet held = new BitSet();
    /** Of accesses that lie in two shards and have no outcome: which are at the second one. */
    private final BitSet atSecond = new BitSet();
    /** The guest comes from another node, or may do so, where it may have got outcomes above {@link #received}. */
    private boolean arriving;

    /** What the window wants done. */
    @Pure
    public interface Effects {
        /** Pass the access to a shard. */
        void send(
                int shard,
                int vcpu,
                long epoch,
                long sequence,
                byte attributes,
                long address,
                long data,
                int count,
                int window,
                long deadlineNanos);

        /** Give the guest its outcome. */
        void answer(int vcpu, long sequence, long data, byte errno);
    }

    /** The window of a vCPU opened under that epoch; its first access is number 1. */
    public VcpuWindow(int vcpu, long epoch, int window, ShardMap shards) {
        this.vcpu = vcpu;
        this.epoch = epoch;
        this.window = window;
        this.shards = shards;
        int capacity = Integer.highestOneBit(2 * window - 1);
        mask = capacity - 1;
        state = new byte[capacity];
        attributes = new byte[capacity];
        localErrno = new byte[capacity];
        count = new int[capacity];
        secondShard = new int[capacity];
        address = new long[capacity];
        data = new long[capacity];
        deadlineNanos = new long[capacity];
        partial = new long[capacity];
        partialErrno = new byte[capacity];
    }

    /** One that was opened at another node and goes on here; the guest has every outcome up to {@code receivedThrough}. */
    public static VcpuWindow arriving(int vcpu, long epoch, int window, ShardMap shards, long receivedThrough) {
        VcpuWindow arriving = new VcpuWindow(vcpu, epoch, window, shards);
        arriving.received = receivedThrough;
        arriving.doneThrough = receivedThrough;
        arriving.nextSequence = receivedThrough + 1;
        arriving.nextToSend = receivedThrough + 1;
        arriving.arriving = true;
        return arriving;
    }

    /**
     * A row comes next. The guest of an arriving window sends first what it has no outcome for, in order, and then new rows: whatever it skips up to the first new
     * one it has an outcome for. What was put off comes again, as if it were new, and is not skipped meanwhile.
     *
     * @param resent whether it was sent before
     */
    public void arrives(long sequence, boolean resent) {
        if (arriving && sequence > nextSequence && sequence <= received + window && nothingIsPutOffBelow(sequence)) {
            skipTo(sequence);
        }
        arriving &= resent || !putOff.isEmpty();
    }

    private boolean nothingIsPutOffBelow(long sequence) {
        for (long below = nextSequence; below < sequence && !putOff.isEmpty(); below++) {
            if (putOff.get(place(below))) {
                return false;
            }
        }
        return true;
    }

    private void skipTo(long sequence) {
        for (long skipped = nextSequence; skipped < sequence; skipped++) {
            state[place(skipped)] = DONE;
            localErrno[place(skipped)] = Errno.OK;
        }
        nextSequence = sequence;
    }

    public int vcpu() {
        return vcpu;
    }

    public long epoch() {
        return epoch;
    }

    public int window() {
        return window;
    }

    /** The lowest number that was not seen yet. */
    public long nextSequence() {
        return nextSequence;
    }

    /** Every outcome up to this number has arrived at the guest; it is forgotten. */
    public long received() {
        return received;
    }

    /**
     * Takes a row. {@link #TAKEN}, {@link #JOINED}, {@link #ASKED_AGAIN}, or the number of the errno that answers it: ESTALE below the window; EINVAL for a gap, a
     * number beyond the window, a known number with other content, and a new row that is malformed (its number is used up). EAGAIN for a row behind one that was
     * {@link #putOff} and has not come again.
     *
     * @param malformed whether the row is wrong by itself
     */
    public int offer(
            long sequence,
            byte theAttributes,
            long anAddress,
            long theData,
            int aCount,
            long theDeadlineNanos,
            boolean malformed) {
        if (sequence <= received) {
            return sequence <= 0 ? Errno.EINVAL.number() : Errno.ESTALE.number();
        }
        int place = place(sequence);
        if (sequence < nextSequence) {
            return offerKnown(place, theAttributes, anAddress, theData, aCount);
        }
        if (sequence != nextSequence || sequence > received + window) {
            boolean behindPutOff = nextSequence <= putOffThrough && sequence <= received + window;
            if (behindPutOff) {
                // It comes again as well, perhaps behind rows that the guest sends before it hears so.
                putOffThrough = Math.max(putOffThrough, sequence);
                putOff.set(place);
            }
            return (behindPutOff ? Errno.EAGAIN : Errno.EINVAL).number();
        }
        nextSequence++;
        putOff.clear(place);
        attributes[place] = theAttributes;
        address[place] = anAddress;
        data[place] = theData;
        count[place] = aCount;
        deadlineNanos[place] = theDeadlineNanos;
        localErrno[place] = malformed ? (byte) Errno.EINVAL.number() : Errno.OK;
        state[place] = malformed ? DONE : QUEUED;
        return malformed ? Errno.EINVAL.number() : TAKEN;
    }

    /**
     * Takes nothing new now: a row that {@link #offer} would take is to come again under its number (A5), and those behind it after it. False where it is
     * none of those.
     */
    public boolean putOff(long sequence) {
        boolean mayFollow = arriving || sequence <= putOffThrough + 1;
        boolean isNew = sequence == nextSequence || (sequence > nextSequence && mayFollow);
        if (!isNew || sequence > received + window) {
            return false;
        }
        putOffThrough = Math.max(putOffThrough, sequence);
        putOff.set(place(sequence));
        return true;
    }

    private int offerKnown(int place, byte theAttributes, long anAddress, long theData, int aCount) {
        boolean same = attributes[place] == theAttributes
                && address[place] == anAddress
                && data[place] == theData
                && count[place] == aCount;
        if (!same) {
            return Errno.EINVAL.number();
        }
        if (state[place] != DONE) {
            return JOINED;
        }
        if (localErrno[place] != Errno.OK) {
            return localErrno[place];
        }
        return ASKED_AGAIN;
    }

    /** Asks the shard for an outcome again; after {@link #ASKED_AGAIN} or a pause. */
    public void askAgain(long sequence, Effects effects) {
        int place = place(sequence);
        if (state[place] == DONE && localErrno[place] != Errno.OK) {
            effects.answer(vcpu, sequence, 0, localErrno[place]);
        } else if (state[place] == DONE) {
            state[place] = ASKED;
            send(sequence, place, firstShard(place), effects);
        }
    }

    /** The outcome cannot be sent now; {@link #releaseHeld} asks for it again (D1). */
    public void hold(long sequence) {
        held.set(place(sequence));
    }

    /** Asks again for every outcome that was held. */
    public void releaseHeld(Effects effects) {
        for (long sequence = received + 1; sequence < nextSequence && !held.isEmpty(); sequence++) {
            if (held.get(place(sequence))) {
                held.clear(place(sequence));
                askAgain(sequence, effects);
            }
        }
        held.clear();
    }

    /** Whether every access up to that number has an outcome; of an arriving guest also what it has skipped so far, behind the last that it sent again. */
    public boolean mayBeReceived(long through) {
        advanceDone();
        boolean mayHaveSkipped = arriving
                && doneThrough + 1 == nextSequence
                && through <= received + window
                && nothingIsPutOffBelow(through + 1);
        return through >= 0 && (through <= doneThrough || mayHaveSkipped);
    }

    /**
     * The guest goes on by another stream and has every outcome up to that number. It may have been at another node in between, of which nobody has heard here, and
     * may have outcomes from there behind one that it lacks: it sends as to an {@link #arriving} window.
     *
     * @return false when it cannot have: nothing changes
     */
    public boolean resumedThrough(long through) {
        if (!receivedThrough(through)) {
            return false;
        }
        arriving = true;
        return true;
    }

    /**
     * The guest has every outcome up to that number.
     *
     * @return false when it cannot have: nothing changes
     */
    public boolean receivedThrough(long through) {
        if (!mayBeReceived(through)) {
            return false;
        }
        nextSequence = Math.max(nextSequence, through + 1);
        received = Math.max(received, through);
        // What timed out before its turn is over, and its place may be another's by now.
        nextToSend = Math.max(nextToSend, received + 1);
        return true;
    }

    /** Sends what may go to its shard now. */
    public void pump(Effects effects) {
        while (nextToSend < nextSequence) {
            int place = place(nextToSend);
            if (state[place] == EXPIRING) {
                // Until its shard knows, its guest may go elsewhere and send it again there, and nothing later may have
                // taken effect.
                return;
            }
            if (state[place] == QUEUED) {
                int shard = firstShard(place);
                boolean spans = secondShard[place] != NO_SHARD;
                if (outstanding > 0 && (spans || spanning || shard != currentShard)) {
                    return;
                }
                currentShard = shard;
                spanning = spans;
                outstanding++;
                state[place] = AT_SHARD;
                send(nextToSend, place, shard, effects);
            }
            nextToSend++;
        }
    }

    /** A shard's outcome; false when nobody waits for it. Follow it by {@link #pump}. */
    public boolean answered(int shard, long sequence, long value, byte errno, Effects effects) {
        int place = place(sequence);
        if (sequence <= received || sequence >= nextSequence || !isAtShard(place)) {
            return false;
        }
        // A5: what the first shard could not carry out has no effect at the second either.
        if (secondShard[place] != NO_SHARD && secondShard[place] != shard && errno != Errno.EAGAIN.number()) {
            partial[place] = value;
            partialErrno[place] = errno;
            atSecond.set(place);
            send(sequence, place, secondShard[place], effects);
            return true;
        }
        long whole = value;
        byte first = errno;
        if (secondShard[place] == shard) {
            whole |= partial[place];
            first = partialErrno[place] != Errno.OK ? partialErrno[place] : errno;
        }
        if (state[place] == AT_SHARD) {
            outstanding--;
        }
        state[place] = DONE;
        atSecond.clear(place);
        effects.answer(vcpu, sequence, first == Errno.OK ? whole : 0, first);
        return true;
    }

    /** Another life decides the shard's accesses from now on: whatever the one before owes an outcome for is sent again (D-20). */
    public void moved(int shard, Effects effects) {
        for (long sequence = received + 1; sequence < nextSequence; sequence++) {
            int place = place(sequence);
            if (isAtShard(place)) {
                int at = atSecond.get(place) ? secondShard[place] : firstShard(place);
                if (at == shard) {
                    send(sequence, place, shard, effects);
                }
            }
        }
    }

    /** Lets shards fail what has waited here beyond its own timeout (A1): it is not carried out, and its guest is told that when they know. */
    public void expire(long nowNanos, Effects effects) {
        for (long sequence = nextToSend; sequence < nextSequence; sequence++) {
            int place = place(sequence);
            if (state[place] == QUEUED && deadlineNanos[place] - nowNanos <= 0) {
                state[place] = EXPIRING;
                deadlineNanos[place] = AccessRows.TIMED_OUT;
                send(sequence, place, firstShard(place), effects);
            }
        }
    }

    /** Whether anything waits here for its turn. */
    public boolean hasQueued() {
        return nextToSend < nextSequence;
    }

    private int place(long sequence) {
        return (int) sequence & mask;
    }

    private boolean isAtShard(int place) {
        return state[place] == AT_SHARD || state[place] == ASKED || state[place] == EXPIRING;
    }

    private void advanceDone() {
        doneThrough = Math.max(doneThrough, received);
        while (doneThrough + 1 < nextSequence && isDone(place(doneThrough + 1))) {
            doneThrough++;
        }
    }

    private boolean isDone(int place) {
        return state[place] == DONE || state[place] == ASKED;
    }

    /**
     * The shard that carries out the access first; {@link #secondShard} is the one that follows, if it lies in two. (Shards are longer than the
     * longest access.) The lower one first, the higher one where the repetitions descend.
     */
    private int firstShard(int place) {
        int bits = attributes[place];
        secondShard[place] = NO_SHARD;
        if (AccessAttributes.kind(bits) != AccessAttributes.MEM) {
            return 0;
        }
        int sizeBytes = AccessAttributes.sizeBytes(bits);
        boolean df = AccessAttributes.isDf(bits);
        int low = shards.shardOf(AccessSplitter.lowest(address[place], sizeBytes, count[place], df) >>> Gfn.PAGE_SHIFT);
        int high =
                shards.shardOf(AccessSplitter.highest(address[place], sizeBytes, count[place], df) >>> Gfn.PAGE_SHIFT);
        if (low == high) {
            return low;
        }
        secondShard[place] = df ? low : high;
        return df ? high : low;
    }

    private void send(long sequence, int place, int shard, Effects effects) {
        effects.send(
                shard,
                vcpu,
                epoch,
                sequence,
                attributes[place],
                address[place],
                data[place],
                count[place],
                window,
                deadlineNanos[place]);
    }
}
