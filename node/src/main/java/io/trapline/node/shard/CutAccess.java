package io.trapline.node.shard;

import io.trapline.model.AccessAttributes;
import io.trapline.model.Errno;
import io.trapline.model.Gfn;
import io.trapline.model.Pure;
import io.trapline.node.p2m.AccessSplitter;
import io.trapline.node.p2m.DecisionTable;

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
            if (DecisionTable.isServer(decision)) {
                return decision;
            }
        }
        return FINISHED;
    }

    /** The same, beginning with the current part, which its server gave back. */
    int again(Pages pages) {
        int decision = take(pages);
        return DecisionTable.isServer(decision) ? decision : advance(pages);
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

    private boolean next(Pages pages) {
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

    private int take(Pages pages) {
        int decision = pages.decide(attributes, partAddress(), partBytes(), partCount());
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
        } else {
            merge(
                    decision == DecisionTable.ONES
                            ? -1L
                            : pages.read(attributes, partAddress(), partBytes(), partCount()));
        }
        return decision;
    }

    private int takeBuffer(Pages pages, int decision) {
        long bytes = (long) partCount() * partBytes();
        long low = AccessAttributes.isDf(attributes) ? buffer() - bytes + partBytes() : buffer();
        if (low < 0 || !pages.isPlainBuffer(low, low + bytes - 1, !AccessAttributes.isWrite(attributes))) {
            fail((byte) Errno.EINVAL.number());
            return DecisionTable.DROP;
        }
        if (!DecisionTable.isServer(decision)) {
            fail(pages.copy(attributes, decision, partAddress(), buffer(), partBytes(), partCount()));
        }
        return decision;
    }

    private void merge(long partValue) {
        if (!isMem) {
            value = partValue & AccessAttributes.mask(attributes);
        } else if (splitter.repetition() + splitter.count() == count) {
            value = splitter.mergeRead(value, partValue);
        }
    }
}
