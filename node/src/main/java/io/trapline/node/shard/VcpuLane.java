package io.trapline.node.shard;

import io.trapline.model.Limit;
import io.trapline.model.Pure;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.replica.StateImage;
import org.jspecify.annotations.Nullable;

/**
 * The accesses of one vCPU, under one epoch, that one shard decides: a ring with a place for each access of the window, which is also the
 * memory of their outcomes (A4), and the order in which those without an outcome arrived (A3).
 *
 * <p>Invariant: rows before {@link #cursor} in the order are at {@link #target} or have their outcome; the row at it waits.
 */
@Pure
final class VcpuLane {
    static final byte EMPTY = 0;
    /** Not decided yet, or to be decided again. */
    static final byte QUEUED = 1;
    /** Passed on; {@link #target} has it. */
    static final byte AT_SERVER = 2;
    /** Being carried out part by part (A2); {@link #cut} knows how far. */
    static final byte CUT = 3;
    /** Has its outcome. */
    static final byte DONE = 4;

    final int vcpu;
    final long epoch;
    final int window;
    final byte[] state;
    final byte[] attributes;
    final byte[] errno;
    final int[] count;
    final long[] sequence;
    final long[] address;
    final long[] data;
    final long[] value;
    final long[] deadlineNanos;
    /** X of the claim by which a row was passed on last, or {@code BY_RANGE}. */
    final byte[] passedAs;
    /** The revision under which a row was first passed on; 0 = it was not (F6). */
    final long[] firstPassed;
    /** Servers that a row was passed to; a bit each. */
    final long[] passedTo;
    /** Posted writes of this vCPU that a server holds; they outlive the epoch, since the guest was told that they are done. */
    final PostedRows posted;

    /** The access that is being carried out part by part; nothing else of the lane is under way meanwhile. */
    @Nullable
    CutAccess cut;
    /** The current part of {@link #cut} is to be carried out, or the one after it. */
    boolean cutWaits;
    /** Of a cut that waits: whether the current part came back. */
    boolean cutAgain;
    /** How many rows {@link #target} has. */
    int outstanding;
    /** The server that has them. */
    int target = -1;
    /** The revision under which the first of them was decided. */
    long passedRevision;
    /** Since which revision {@link #target} has been where they were passed, or asked about last (D-22). */
    long passedHome;
    /** The step in which settled marks were last noted. */
    long settledStep;

    private final int mask;
    private final int[] order;
    private long head;
    private long tail;
    private long cursor;
    /** Whether a number that came again stands behind higher ones (A5). */
    private boolean disordered;

    VcpuLane(int vcpu, long epoch, int window, PostedRows posted) {
        this.vcpu = vcpu;
        this.epoch = epoch;
        this.window = window;
        this.posted = posted;
        int capacity = Integer.highestOneBit(Math.max(1, Math.min(window, Limit.MAX_WINDOW.intValue()) * 2 - 1));
        mask = capacity - 1;
        state = new byte[capacity];
        attributes = new byte[capacity];
        errno = new byte[capacity];
        count = new int[capacity];
        sequence = new long[capacity];
        address = new long[capacity];
        data = new long[capacity];
        value = new long[capacity];
        deadlineNanos = new long[capacity];
        passedAs = new byte[capacity];
        firstPassed = new long[capacity];
        passedTo = new long[capacity];
        order = new int[capacity];
    }

    /** The place of a sequence number in the ring. */
    int place(long aSequence) {
        return (int) aSequence & mask;
    }

    /** The place of the row under that number in that state, or -1. */
    int find(long aSequence, byte aState) {
        int place = place(aSequence);
        return sequence[place] == aSequence && state[place] == aState ? place : -1;
    }

    /** Takes a new row, last in order. */
    void push(long aSequence, byte theAttributes, long anAddress, long theData, int theCount, long theDeadlineNanos) {
        int place = place(aSequence);
        sequence[place] = aSequence;
        attributes[place] = theAttributes;
        address[place] = anAddress;
        data[place] = theData;
        count[place] = theCount;
        deadlineNanos[place] = theDeadlineNanos;
        firstPassed[place] = 0;
        passedTo[place] = 0;
        state[place] = QUEUED;
        disordered = !isIdle() && (disordered || aSequence < sequence[order[(int) (tail - 1) & mask]]);
        order[(int) tail & mask] = place;
        tail++;
    }

    /** One more row, or part of one, is passed on to that server by that table. */
    void outstandingAt(int server, DecisionTable table) {
        target = server;
        if (outstanding++ == 0) {
            passedRevision = table.revision();
            passedHome = table.homeEpoch(server);
        }
    }

    /** The row is passed on: since which revision that server may have it already, 0 = it was never passed to it (F6). */
    long passed(int place, int decision, long revision) {
        int server = DecisionTable.server(decision);
        long before = (passedTo[place] >>> server & 1) != 0 ? firstPassed[place] : 0;
        state[place] = AT_SERVER;
        passedAs[place] = DecisionTable.claimedType(decision);
        passedTo[place] |= 1L << server;
        if (firstPassed[place] == 0) {
            firstPassed[place] = revision;
        }
        return before;
    }

    /** Whether {@link #target} has rows of it, as that home of its says. */
    boolean isWith(int server, long homeEpoch) {
        return outstanding > 0 && target == server && passedHome == homeEpoch;
    }

    /** Whether the row under that number says the same (A4). */
    boolean sameContent(int place, byte theAttributes, long anAddress, long theData, int theCount) {
        return attributes[place] == theAttributes
                && address[place] == anAddress
                && data[place] == theData
                && count[place] == theCount;
    }

    /** The place of the first row that waits to be decided, or -1; passes those that do not wait. */
    int nextQueued() {
        while (cursor < tail) {
            int place = order[(int) cursor & mask];
            if (state[place] == QUEUED) {
                return place;
            }
            cursor++;
        }
        return -1;
    }

    /** The row came back and waits again; every row behind it that waits is decided after it. */
    void requeue(int place) {
        state[place] = QUEUED;
        for (long i = head; i < cursor; i++) {
            if (order[(int) i & mask] == place) {
                cursor = i;
                return;
            }
        }
    }

    /** Everything that {@link #target} had has come back. */
    void takeBackAll() {
        for (long i = head; i < tail; i++) {
            int place = order[(int) i & mask];
            if (state[place] == AT_SERVER) {
                requeue(place);
            }
        }
        takeBackCut();
    }

    /** The part of {@link #cut} that {@link #target} had has come back. */
    void takeBackCut() {
        outstanding = 0;
        if (cut != null) {
            cutWaits = true;
            cutAgain = true;
        }
    }

    /**
     * Whether a row may follow those that are at a server: they are at the same one, and it will not give back for its age what is still on its way
     * there (C7), which would then be behind.
     *
     * @param changedRevision the server's last change
     */
    boolean mayJoin(int server, long changedRevision) {
        return cut == null && target == server && passedRevision >= changedRevision;
    }

    /**
     * Whether a row before the one that {@link #nextQueued} gave is at the server. Rows behind it may be: one that came back was overtaken by them, and
     * waiting for them would put it further behind.
     */
    boolean waitsForServer() {
        for (long i = head; outstanding > 0 && i < cursor; i++) {
            if (state[order[(int) i & mask]] == AT_SERVER) {
                return true;
            }
        }
        return false;
    }

    /** The row had no effect and no outcome is kept: the same number may come again (A5). */
    void forget(int place) {
        state[place] = EMPTY;
        long kept = head;
        long before = cursor;
        for (long i = head; i < tail; i++) {
            int at = order[(int) i & mask];
            if (at != place) {
                order[(int) kept++ & mask] = at;
            } else if (i < before) {
                cursor--;
            }
        }
        tail = kept;
    }

    /** Whether an access before that one has no outcome yet. */
    boolean hasOpenBefore(long anEpoch, long aSequence) {
        for (long i = head; anEpoch == epoch && i < tail; i++) {
            int place = order[(int) i & mask];
            if (state[place] != DONE && sequence[place] < aSequence) {
                return true;
            }
        }
        return false;
    }

    /** Forgets the order of leading rows that have their outcome; the outcomes stay. */
    void trim() {
        while (head < tail && state[order[(int) head & mask]] == DONE) {
            head++;
        }
        cursor = Math.max(cursor, head);
    }

    /** Deadlines are by another clock from now on. */
    void shiftDeadlines(long nanos) {
        for (int place = 0; place < deadlineNanos.length; place++) {
            deadlineNanos[place] += nanos;
        }
    }

    /** Whether every row has its outcome. */
    boolean isIdle() {
        return head == tail;
    }

    /** How many places of the order are in use; the i-th is {@link #orderedPlace}. */
    int ordered() {
        return (int) (tail - head);
    }

    int orderedPlace(int i) {
        return order[(int) (head + i) & mask];
    }

    /** The highest number up to which nobody will ask the emulator of {@link #target} for an answer again (F6); while a row is under way. */
    long settledThrough() {
        trim();
        long first = sequence[order[(int) head & mask]];
        for (long i = head + 1; disordered && i < tail; i++) {
            first = Math.min(first, sequence[order[(int) i & mask]]);
        }
        return Math.min(first, posted.oldest(target, epoch)) - 1;
    }

    /** The next one of the image; {@link #image} says the same in the same order. */
    static VcpuLane ofImage(StateImage image) {
        VcpuLane lane = new VcpuLane(image.of(0), image.of(0L), image.of(0), new PostedRows());
        lane.imageRest(image);
        return lane;
    }

    /** All that a fresh copy has to have of it (D-24). */
    void image(StateImage image) {
        image.of(vcpu);
        image.of(epoch);
        image.of(window);
        imageRest(image);
    }

    private void imageRest(StateImage image) {
        image.fill(state);
        image.fill(attributes);
        image.fill(errno);
        image.fill(count);
        image.fill(sequence);
        image.fill(address);
        image.fill(data);
        image.fill(value);
        image.fill(deadlineNanos);
        image.fill(passedAs);
        image.fill(firstPassed);
        image.fill(passedTo);
        posted.image(image);
        imageCut(image);
        cutWaits = image.of(cutWaits);
        cutAgain = image.of(cutAgain);
        outstanding = image.of(outstanding);
        target = image.of(target);
        passedRevision = image.of(passedRevision);
        passedHome = image.of(passedHome);
        settledStep = image.of(settledStep);
        image.fill(order);
        head = image.of(head);
        tail = image.of(tail);
        cursor = image.of(cursor);
        disordered = image.of(disordered);
    }

    private void imageCut(StateImage image) {
        int place = image.of(cut == null ? -1 : cut.place);
        if (place < 0) {
            cut = null;
            return;
        }
        CutAccess known = cut == null ? new CutAccess(this, place) : cut;
        known.image(image);
        cut = known;
    }
}
