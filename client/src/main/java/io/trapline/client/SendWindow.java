package io.trapline.client;

import io.trapline.model.AccessAttributes;
import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Pure;

/**
 * What the guest's side knows of one vCPU's accesses: it numbers them, keeps each until its answer is here, and says what is to be
 * sent, and again, and when (the guest's procedure of the contract, steps 2 to 7; A1, A3 – A6). Not thread-safe.
 *
 * <p>A row goes {@code NEW → SENT → ANSWERED}; {@code SENT → LOST → SENT} when the connection is lost, {@code SENT → AGAIN → SENT}
 * after EAGAIN. Rows are sent in ascending order: nothing above a row that waits to be sent again goes out before it.
 *
 * <p>A number once given out must be filled, or the numbers behind it would be a gap (A4). So a row whose caller was told that it
 * had no effect (EAGAIN until its timeout) is <em>voided</em>: it goes out as an access to an address that no domain has, which is
 * EINVAL by A1 and touches nothing.
 *
 * <p>Invariant: every row submitted is reported exactly once, by {@link #answer} returning {@code OUTCOME}, by {@link #expire} or by
 * {@link #end}. Times are nanoseconds of any monotonic clock that does not wrap.
 */
@Pure
public final class SendWindow {
    /** What an answer was. */
    public enum Taken {
        /** The row's outcome: to be reported. */
        OUTCOME,
        /** It had no effect and goes out again (A5). */
        AGAIN,
        /** Of a row that was reported before, by its timeout. */
        LATE,
        /** Of no row that waits for one. */
        UNKNOWN
    }

    /** What is to be sent next. */
    public enum Next {
        NOTHING,
        /** Rows that this stream may take as never sent on another. */
        FRESH,
        /** Rows that were sent on an earlier stream: the batch is marked {@code resent}. */
        RESENT
    }

    /** Where rows to be sent go. */
    @FunctionalInterface
    public interface RowSink {
        /** One row of an {@code AccessBatch}. */
        void row(int vcpu, long sequence, long address, byte attributes, long data, int count, int timeoutMillis);
    }

    /** Where rows go that are reported without an answer. */
    @FunctionalInterface
    public interface EndSink {
        /** EAGAIN: it had no effect. ETIMEDOUT: its effect is unknown (F4). Others: as given to {@link #end}. */
        void ended(long sequence, Errno errno);
    }

    /** An access to this address is EINVAL (A1). */
    private static final long NOWHERE = -1L;

    private static final byte NEW = 1;
    private static final byte SENT = 2;
    private static final byte LOST = 3;
    private static final byte AGAIN = 4;
    private static final byte ANSWERED = 5;

    private static final long MILLI = 1_000_000L;
    private static final long FIRST_PAUSE_NANOS = 2 * MILLI;
    private static final long LONGEST_PAUSE_NANOS = 500 * MILLI;

    /** Trapline times accesses itself (A1): only when it is this late the row is reported here. */
    private static final long GRACE_NANOS = 5_000 * MILLI;

    private final int vcpu;
    private final int window;
    private final int defaultTimeoutMillis;
    private final int mask;
    private final byte[] state;
    private final boolean[] reported;
    /** It was under way on a stream that was lost: a later EAGAIN speaks of the later attempt alone. */
    private final boolean[] unsure;

    private final long[] address;
    private final byte[] attributes;
    private final long[] data;
    private final int[] count;
    private final int[] timeoutMillis;
    private final long[] deadlineNanos;

    private boolean connected;
    private long receivedThrough;
    private long nextSequence = 1;
    /** No row below needs to be sent. */
    private long cursor = 1;

    private long againAtNanos;
    private int pauses;
    /** Nothing expires before this. */
    private long nextExpiryNanos = Long.MAX_VALUE;

    /**
     * @param vcpu 0 … 4095
     * @param window how many accesses may be outstanding, 1 … 1,024
     * @param defaultTimeoutMillis the timeout of an access that names none: the domain's (A1)
     */
    public SendWindow(int vcpu, int window, int defaultTimeoutMillis) {
        if (window < 1 || window > Limit.MAX_WINDOW.intValue()) {
            throw new IllegalArgumentException("window = " + window + ": 1 … " + Limit.MAX_WINDOW.value());
        }
        this.vcpu = vcpu;
        this.window = window;
        this.defaultTimeoutMillis = defaultTimeoutMillis;
        int capacity = Integer.highestOneBit(window * 2 - 1);
        mask = capacity - 1;
        state = new byte[capacity];
        reported = new boolean[capacity];
        unsure = new boolean[capacity];
        address = new long[capacity];
        attributes = new byte[capacity];
        data = new long[capacity];
        count = new int[capacity];
        timeoutMillis = new int[capacity];
        deadlineNanos = new long[capacity];
    }

    /** The vCPU is open for the first time: its accesses are numbered from there (step 2). Only before the first row. */
    public void opened(long firstSequence) {
        if (nextSequence != receivedThrough + 1) {
            throw new IllegalStateException("opened anew with accesses outstanding");
        }
        receivedThrough = firstSequence - 1;
        nextSequence = firstSequence;
        cursor = firstSequence;
        connected = true;
    }

    /** A stream took the vCPU up again with its token (step 6). */
    public void resumed() {
        connected = true;
    }

    /** The stream is gone: what was sent and not answered is to be sent again on the next one (step 6). */
    public void lost() {
        connected = false;
        for (long sequence = receivedThrough + 1; sequence < nextSequence; sequence++) {
            int slot = slot(sequence);
            if (state[slot] == SENT || state[slot] == AGAIN) {
                unsure[slot] |= state[slot] == SENT;
                state[slot] = LOST;
            }
        }
        cursor = receivedThrough + 1;
        nextExpiryNanos = Long.MIN_VALUE;
    }

    /** How many accesses may be submitted now, 0 … window (A3). */
    public int room() {
        return (int) (receivedThrough + window - (nextSequence - 1));
    }

    /**
     * Takes an access in; its columns are those of {@code AccessBatch}.
     *
     * @param timeoutMillis 0 = the domain's default
     * @return its sequence number, or 0 where the window is full
     */
    public long submit(long nowNanos, long address, byte attributes, long data, int count, int timeoutMillis) {
        if (room() <= 0) {
            return 0;
        }
        long sequence = nextSequence++;
        int slot = slot(sequence);
        state[slot] = NEW;
        reported[slot] = false;
        unsure[slot] = false;
        this.address[slot] = address;
        this.attributes[slot] = attributes;
        this.data[slot] = data;
        this.count[slot] = count;
        this.timeoutMillis[slot] = timeoutMillis;
        long deadline = nowNanos + (timeoutMillis == 0 ? defaultTimeoutMillis : timeoutMillis) * MILLI;
        deadlineNanos[slot] = deadline;
        nextExpiryNanos = Math.min(nextExpiryNanos, deadline);
        return sequence;
    }

    /** What {@link #take} would give now. */
    public Next next(long nowNanos) {
        if (!connected) {
            return Next.NOTHING;
        }
        for (long sequence = cursor; sequence < nextSequence; sequence++) {
            byte row = state[slot(sequence)];
            if (row != SENT && row != ANSWERED) {
                cursor = sequence;
                if (row == AGAIN && nowNanos < againAtNanos) {
                    return Next.NOTHING;
                }
                return row == LOST || unsure[slot(sequence)] ? Next.RESENT : Next.FRESH;
            }
        }
        cursor = nextSequence;
        return Next.NOTHING;
    }

    /** Gives the rows to be sent now, ascending, all of the kind that {@link #next} names, and takes them as sent. Returns how many. */
    public int take(long nowNanos, int maxRows, RowSink sink) {
        Next kind = next(nowNanos);
        int taken = 0;
        while (taken < maxRows && kind != Next.NOTHING && next(nowNanos) == kind) {
            int slot = slot(cursor);
            state[slot] = SENT;
            sink.row(vcpu, cursor, address[slot], attributes[slot], data[slot], count[slot], timeoutMillis[slot]);
            cursor++;
            taken++;
        }
        return taken;
    }

    /** An answer arrived (step 4): {@code errno} is a number of {@link Errno} or 0. */
    public Taken answer(long nowNanos, long sequence, int errno) {
        if (sequence <= receivedThrough || sequence >= nextSequence) {
            return Taken.UNKNOWN;
        }
        int slot = slot(sequence);
        if (state[slot] == ANSWERED || state[slot] == NEW) {
            return Taken.UNKNOWN;
        }
        if (errno == Errno.EAGAIN.number()) {
            return again(nowNanos, sequence, slot);
        }
        state[slot] = ANSWERED;
        pauses = 0;
        while (receivedThrough + 1 < nextSequence && state[slot(receivedThrough + 1)] == ANSWERED) {
            receivedThrough++;
        }
        cursor = Math.max(cursor, receivedThrough + 1);
        return reported[slot] ? Taken.LATE : Taken.OUTCOME;
    }

    private Taken again(long nowNanos, long sequence, int slot) {
        if (state[slot] == SENT) {
            if (nowNanos >= againAtNanos) {
                againAtNanos = nowNanos + Math.min(LONGEST_PAUSE_NANOS, FIRST_PAUSE_NANOS << Math.min(pauses, 10));
                pauses++;
            }
            state[slot] = AGAIN;
            cursor = Math.min(cursor, sequence);
        }
        if (reported[slot]) {
            if (!unsure[slot]) {
                makeVoid(slot);
            }
            return Taken.LATE;
        }
        if (nowNanos >= deadlineNanos[slot] && !unsure[slot]) {
            reported[slot] = true;
            makeVoid(slot);
            return Taken.OUTCOME;
        }
        nextExpiryNanos = Math.min(nextExpiryNanos, deadlineNanos[slot]);
        return Taken.AGAIN;
    }

    /**
     * Reports the rows whose timeout has passed: as EAGAIN those that had no effect, as ETIMEDOUT those of unknown effect. Their numbers
     * stay taken until Trapline has answered them.
     */
    public void expire(long nowNanos, EndSink sink) {
        if (nowNanos < nextExpiryNanos) {
            return;
        }
        nextExpiryNanos = Long.MAX_VALUE;
        for (long sequence = receivedThrough + 1; sequence < nextSequence; sequence++) {
            int slot = slot(sequence);
            if (state[slot] == ANSWERED || reported[slot]) {
                continue;
            }
            long due = deadlineNanos[slot] + (state[slot] == SENT ? GRACE_NANOS : 0);
            if (nowNanos < due) {
                nextExpiryNanos = Math.min(nextExpiryNanos, due);
                continue;
            }
            reported[slot] = true;
            boolean harmless = state[slot] == NEW || (state[slot] == AGAIN && !unsure[slot]);
            if (harmless) {
                makeVoid(slot);
            }
            sink.ended(sequence, harmless ? Errno.EAGAIN : Errno.ETIMEDOUT);
        }
    }

    /** The vCPU is no longer run here (step 8): reports every row that was not yet, under that reason, and takes no more. */
    public void end(Errno reason, EndSink sink) {
        connected = false;
        for (long sequence = receivedThrough + 1; sequence < nextSequence; sequence++) {
            int slot = slot(sequence);
            if (state[slot] != ANSWERED && !reported[slot]) {
                sink.ended(sequence, reason);
            }
            state[slot] = ANSWERED;
        }
        receivedThrough = nextSequence - 1;
    }

    /** When {@link #expire} or {@link #next} has something to say without an answer arriving; {@link Long#MAX_VALUE} = never. */
    public long wakeNanos() {
        boolean paused = connected && cursor < nextSequence && state[slot(cursor)] == AGAIN;
        return paused ? Math.min(againAtNanos, nextExpiryNanos) : nextExpiryNanos;
    }

    /** Every answer up to this sequence number has arrived (step 5). */
    public long receivedThrough() {
        return receivedThrough;
    }

    /** The sequence number of the next access. */
    public long nextSequence() {
        return nextSequence;
    }

    /** How many accesses wait for their answer or for others before them. */
    public int outstanding() {
        return (int) (nextSequence - 1 - receivedThrough);
    }

    /** Where a sequence number stands in tables that a caller keeps beside this one; they need {@link #slots} places. */
    public int slot(long sequence) {
        return (int) sequence & mask;
    }

    /** How many places {@link #slot} can name. */
    public int slots() {
        return mask + 1;
    }

    private void makeVoid(int slot) {
        address[slot] = NOWHERE;
        attributes[slot] = AccessAttributes.of(1, false, AccessAttributes.MEM);
        data[slot] = 0;
        count[slot] = 1;
    }
}
