package io.trapline.model;

import java.util.Arrays;

/**
 * The ranges of one type of one IOREQ server (R1): inclusive, without overlaps, neighbours merged, at most
 * {@link Limit#MAX_RANGES_PER_TYPE}. Xen's {@code rangeset}.
 *
 * <p>Immutable; anybody may call it. Addresses are 0 and up as signed longs: ports, SBDFs and bytes of guest memory all fit.
 */
@Pure
public final class RangeSet {
    /** No range. */
    public static final RangeSet EMPTY = new RangeSet(new long[0], new long[0]);

    // Ascending, and ends[i] + 1 < starts[i + 1].
    private final long[] starts;
    private final long[] ends;

    private RangeSet(long[] starts, long[] ends) {
        this.starts = starts;
        this.ends = ends;
    }

    /** What became of {@link #map} or {@link #unmap}. */
    public sealed interface Outcome permits Changed, Refused {}

    /**
     * Done.
     *
     * @param ranges the set as it is now
     */
    public record Changed(RangeSet ranges) implements Outcome {}

    /**
     * Nothing has changed.
     *
     * @param refusal why
     */
    public record Refused(Refusal refusal) implements Outcome {}

    /**
     * The set that {@link #start} and {@link #end} have listed. Throws {@link IllegalArgumentException} where no set lists so:
     * not ascending, overlapping, neighbours apart, over the limit.
     */
    public static RangeSet of(long[] starts, long[] ends) {
        if (starts.length != ends.length || starts.length > Limit.MAX_RANGES_PER_TYPE.intValue()) {
            throw new IllegalArgumentException("starts = " + starts.length + ", ends = " + ends.length);
        }
        for (int i = 0; i < starts.length; i++) {
            long lowest = i == 0 ? 0 : ends[i - 1] + 2;
            if (starts[i] < lowest || ends[i] < starts[i]) {
                throw new IllegalArgumentException("range " + i + " = " + text(starts[i], ends[i]));
            }
        }
        return starts.length == 0 ? EMPTY : new RangeSet(starts.clone(), ends.clone());
    }

    /**
     * Adds a range, both ends inclusive (R1). EINVAL: start above end, or below 0. EEXIST: overlaps one that is there. ENOSPC: over
     * the limit after merging neighbours.
     */
    public Outcome map(long start, long end) {
        if (start < 0 || start > end) {
            return refusedShape(start, end);
        }
        int next = firstEndingAtOrAfter(start);
        if (next < starts.length && starts[next] <= end) {
            return new Refused(Refusal.of(
                            Errno.EEXIST,
                            "range " + text(start, end) + " overlaps " + text(starts[next], ends[next])
                                    + " of the same server")
                    .with("start", start)
                    .with("end", end)
                    .with("existing_start", starts[next])
                    .with("existing_end", ends[next]));
        }
        boolean joinsLower = next > 0 && ends[next - 1] + 1 == start;
        boolean joinsUpper = next < starts.length && starts[next] - 1 == end;
        return replace(
                joinsLower ? next - 1 : next,
                joinsUpper ? next + 1 : next,
                joinsLower ? starts[next - 1] : start,
                joinsUpper ? ends[next] : end);
    }

    /**
     * Takes a range away, both ends inclusive (R1). EINVAL: start above end, or below 0. ENOENT: not wholly mapped. ENOSPC: the split
     * passes the limit.
     */
    public Outcome unmap(long start, long end) {
        if (start < 0 || start > end) {
            return refusedShape(start, end);
        }
        int at = firstEndingAtOrAfter(start);
        if (at == starts.length || start < starts[at] || end > ends[at]) {
            return new Refused(Refusal.of(Errno.ENOENT, "range " + text(start, end) + " is not wholly mapped")
                    .with("start", start)
                    .with("end", end));
        }
        boolean keepsLower = starts[at] < start;
        boolean keepsUpper = end < ends[at];
        if (keepsLower && keepsUpper) {
            return replace(at, at + 1, starts[at], start - 1, end + 1, ends[at]);
        }
        if (keepsLower) {
            return replace(at, at + 1, starts[at], start - 1);
        }
        return keepsUpper ? replace(at, at + 1, end + 1, ends[at]) : replace(at, at + 1);
    }

    /** Whether first … last lies whole in one range (R2). No allocation. */
    public boolean contains(long first, long last) {
        int at = firstEndingAtOrAfter(last);
        return at < starts.length && starts[at] <= first && first <= last;
    }

    /** How many ranges there are, 0 … 256. */
    public int size() {
        return starts.length;
    }

    /** Whether there is none. */
    public boolean isEmpty() {
        return starts.length == 0;
    }

    /** First address of range i, 0 … size - 1; ascending with i. */
    public long start(int i) {
        return starts[i];
    }

    /** Last address, inclusive, of range i. */
    public long end(int i) {
        return ends[i];
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RangeSet that && Arrays.equals(starts, that.starts) && Arrays.equals(ends, that.ends);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(starts) + Arrays.hashCode(ends);
    }

    /** As people write it: {@code [0x3f8, 0x3ff] [0x3d4, 0x3d5]}. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < starts.length; i++) {
            text.append(i == 0 ? "" : " ").append(text(starts[i], ends[i]));
        }
        return text.toString();
    }

    private int firstEndingAtOrAfter(long address) {
        int low = 0;
        int high = ends.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (ends[middle] < address) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** The set with ranges from … to - 1 replaced by those given as start, end, start, end … */
    private Outcome replace(int from, int to, long... bounds) {
        int added = bounds.length / 2;
        int count = starts.length - (to - from) + added;
        if (count > Limit.MAX_RANGES_PER_TYPE.value()) {
            return new Refused(Refusal.overLimit(Errno.ENOSPC, "ranges", count, Limit.MAX_RANGES_PER_TYPE));
        }
        if (count == 0) {
            return new Changed(EMPTY);
        }
        long[] newStarts = new long[count];
        long[] newEnds = new long[count];
        System.arraycopy(starts, 0, newStarts, 0, from);
        System.arraycopy(ends, 0, newEnds, 0, from);
        for (int i = 0; i < added; i++) {
            newStarts[from + i] = bounds[2 * i];
            newEnds[from + i] = bounds[2 * i + 1];
        }
        System.arraycopy(starts, to, newStarts, from + added, starts.length - to);
        System.arraycopy(ends, to, newEnds, from + added, ends.length - to);
        return new Changed(new RangeSet(newStarts, newEnds));
    }

    private static Outcome refusedShape(long start, long end) {
        return new Refused(Refusal.invalid("start", start, "0 … end = " + end).with("end", end));
    }

    private static String text(long start, long end) {
        return "[0x" + Long.toHexString(start) + ", 0x" + Long.toHexString(end) + "]";
    }
}
