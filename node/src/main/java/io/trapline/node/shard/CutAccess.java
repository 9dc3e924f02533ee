package io.trapline.node.shard;

import io.trapline.model.AccessAttributes;
import io.trapline.model.Errno;
import io.trapline.model.Gfn;
import io.trapline.model.Pure;
import io.trapline.node.p2m.AccessSplitter;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.replica.StateImage;
import java.util.Arrays;

/**
 * An access that is carried out part by part: one that crosses a page (A2), or one that names a buffer. Parts in other shards are passed over;
 * their shards carry them out, and the values of both are merged by OR, since each holds only its bytes of the last repetition.
 *
 * <p>Every part is decided when its turn comes, so that what is left of a REP is decided anew after any change.
 */
@Pure
final class CutAccess {
    /** {@link #advance}: every part has been carried out. */
    static final int FINISHED = Integer.MIN_VALUE;

    /** {@link #advance}: the current part's buffer is not wholly in this shard; ask for {@link #bufferMove} and go on with {@link #bufferMoved}. */
    static final int ELSEWHERE = Integer.MIN_VALUE + 1;

    final int place;
    final long sequence;
    private final int attributes;
    private final int count;
    private final long address;
    private final long data;
    private final boolean isMem;
    private final boolean pointer;
    private final AccessSplitter splitter = new AccessSplitter();
    private boolean ioTaken;
    /** Of the current part: the claim by which it was passed on last, the revision under which it first was, 0 = never, and to which servers (F6). */
    private byte passedAs;

    private long firstPassed;
    private long passedTo;
    private long value;
    private byte errno = Errno.OK;

    CutAccess(VcpuLane lane, int place) {
        this.place = place;
        sequence = lane.sequence[place];
        attributes = lane.attributes[place];
        count = lane.count[place];
        address = lane.address[place];
        data = lane.data[place];
        isMem = AccessAttributes.kind(attributes) == AccessAttributes.MEM;
        pointer = AccessAttributes.isDataPtr(attributes);
        splitter.start(address, AccessAttributes.sizeBytes(attributes), count, AccessAttributes.isDf(attributes));
    }

    /** Whether a row must be carried out this way. */
    static boolean isNeeded(int attributes, long address, int count) {
        if (AccessAttributes.isDataPtr(attributes)) {
            return true;
        }
        return AccessAttributes.kind(attributes) == AccessAttributes.MEM
                && !AccessSplitter.isOnePart(
                        address, AccessAttributes.sizeBytes(attributes), count, AccessAttributes.isDf(attributes));
    }

    /** Carries out parts from the next one on, as far as they go to pages: the decision for the part to pass on, or {@link #FINISHED}. */
    int advance(Pages pages) {
        while (next(pages)) {
            int decision = take(pages);
            if (mustWait(decision)) {
                return decision;
            }
        }
        return FINISHED;
    }

    private static boolean mustWait(int decision) {
        return DecisionTable.isServer(decision) || decision == ELSEWHERE;
    }

    /** The same, beginning with the current part, which its server gave back. */
    int again(Pages pages) {
        int decision = take(pages);
        return mustWait(decision) ? decision : advance(pages);
    }

    /** What is to be done with the current part's buffer in the shards that hold it. */
    BufferMove bufferMove(Pages pages, VcpuLane lane) {
        boolean into = !AccessAttributes.isWrite(attributes);
        int decision = decide(pages);
        byte[] bytes = new byte[DecisionTable.isServer(decision) ? 0 : bufferBytes()];
        if (into && decision == DecisionTable.ONES) {
            Arrays.fill(bytes, (byte) -1);
        } else if (into && decision == DecisionTable.MEMORY) {
            pages.p2m().readBytes(lowest(partAddress()), bytes, 0, bytes.length);
        }
        return new BufferMove(lane.vcpu, lane.epoch, sequence, part(), lowest(buffer()), bufferBytes(), into, bytes);
    }

    /** The shards that hold the buffer have done so, or have refused ({@code ok} false: a page of it is not plain memory for that direction). */
    int bufferMoved(Pages pages, boolean ok, byte[] bytes) {
        int decision = decide(pages);
        if (!ok) {
            fail((byte) Errno.EINVAL.number());
        } else if (DecisionTable.isServer(decision)) {
            return decision;
        } else if (bytes.length == 0) {
            // A server was to have it when the buffer was looked at, and now none is: the bytes themselves are needed.
            return ELSEWHERE;
        } else if (AccessAttributes.isWrite(attributes) && decision == DecisionTable.MEMORY) {
            fail(pages.writeBytes(lowest(partAddress()), bytes));
        }
        return advance(pages);
    }

    /** Whether the whole buffer is plain memory as far as it lies in this shard: bad input changes nothing (section E). */
    boolean mayBegin(Pages pages) {
        if (!pointer) {
            return true;
        }
        long whole = (long) count * AccessAttributes.sizeBytes(attributes);
        long low = AccessAttributes.isDf(attributes) ? data - whole + AccessAttributes.sizeBytes(attributes) : data;
        return low >= 0 && pages.isPlainBufferHere(low, low + whole - 1, !AccessAttributes.isWrite(attributes));
    }

    /** The outcome of the part that was passed on. */
    void completed(long partValue, byte partErrno) {
        if (partErrno != Errno.OK) {
            fail(partErrno);
        } else if (!AccessAttributes.isWrite(attributes)) {
            merge(partValue);
        }
    }

    /** The rest is not carried out: its time is over. */
    void fail(byte anErrno) {
        if (errno == Errno.OK) {
            errno = anErrno;
        }
    }

    /** Of the access: the first part's failure, if any. */
    byte errno() {
        return errno;
    }

    /** Of the access: the value read; 0 for writes, buffers and failures. */
    long value() {
        return errno == Errno.OK && !pointer ? value : 0;
    }

    int part() {
        return isMem ? splitter.part() : 0;
    }

    long partAddress() {
        return isMem ? splitter.address() : address;
    }

    int partBytes() {
        return isMem ? splitter.sizeBytes() : AccessAttributes.sizeBytes(attributes);
    }

    int partCount() {
        return isMem ? splitter.count() : count;
    }

    /** What an ioreq for the part carries: the value to write, or where the part's bytes of the buffer are. */
    long partData() {
        if (pointer) {
            return buffer();
        }
        if (!AccessAttributes.isWrite(attributes)) {
            return 0;
        }
        return isMem ? splitter.writeData(data) : data;
    }

    /** The access' attributes with the part's size. */
    int partAttributes() {
        return (attributes & ~3) | Integer.numberOfTrailingZeros(partBytes());
    }

    private long buffer() {
        return isMem ? data + splitter.bufferOffset() : data;
    }

    /** The current part is passed on: since which revision that server may have it already, 0 = it was never passed to it (F6). */
    long passed(int decision, long revision) {
        int server = DecisionTable.server(decision);
        long before = (passedTo >>> server & 1) != 0 ? firstPassed : 0;
        passedAs = DecisionTable.claimedType(decision);
        passedTo |= 1L << server;
        if (firstPassed == 0) {
            firstPassed = revision;
        }
        return before;
    }

    byte passedAs() {
        return passedAs;
    }

    long firstPassed() {
        return firstPassed;
    }

    private boolean next(Pages pages) {
        firstPassed = 0;
        passedTo = 0;
        if (!isMem) {
            boolean first = !ioTaken;
            ioTaken = true;
            return first;
        }
        while (splitter.next()) {
            if (pages.holds(splitter.address() >>> Gfn.PAGE_SHIFT)) {
                return true;
            }
        }
        return false;
    }

    private int decide(Pages pages) {
        return pages.decide(attributes, partAddress(), partBytes(), partCount());
    }

    private int take(Pages pages) {
        int decision = decide(pages);
        if (pointer) {
            return takeBuffer(pages, decision);
        }
        if (DecisionTable.isServer(decision)) {
            return decision;
        }
        if (AccessAttributes.isWrite(attributes)) {
            if (decision == DecisionTable.MEMORY) {
                fail(pages.write(attributes, partAddress(), partBytes(), partCount(), partData()));
            }
        } else if (decision == DecisionTable.ONES) {
            merge(-1L);
        } else {
            merge(pages.read(attributes, partAddress(), partBytes(), partCount()));
        }
        return decision;
    }

    private int takeBuffer(Pages pages, int decision) {
        long low = lowest(buffer());
        long high = low + bufferBytes() - 1;
        if (!pages.holds(low >>> Gfn.PAGE_SHIFT) || !pages.holds(high >>> Gfn.PAGE_SHIFT)) {
            return ELSEWHERE;
        }
        if (!pages.isPlainBufferHere(low, high, !AccessAttributes.isWrite(attributes))) {
            fail((byte) Errno.EINVAL.number());
            return DecisionTable.DROP;
        }
        if (!DecisionTable.isServer(decision)) {
            fail(pages.copy(attributes, decision, partAddress(), buffer(), partBytes(), partCount()));
        }
        return decision;
    }

    private int bufferBytes() {
        return partCount() * partBytes();
    }

    /** The lowest address of the part's repetitions, given that of the first. */
    private long lowest(long first) {
        return AccessAttributes.isDf(attributes) ? first - bufferBytes() + partBytes() : first;
    }

    private void merge(long partValue) {
        if (!isMem) {
            value = partValue & AccessAttributes.mask(attributes);
        } else if (splitter.repetition() + splitter.count() == count) {
            value = splitter.mergeRead(value, partValue);
        }
    }

    /** All that a fresh copy has to have of it, both ways (D-24). */
    void image(StateImage image) {
        splitter.image(image);
        ioTaken = image.of(ioTaken);
        passedAs = image.of(passedAs);
        firstPassed = image.of(firstPassed);
        passedTo = image.of(passedTo);
        value = image.of(value);
        errno = image.of(errno);
    }
}
