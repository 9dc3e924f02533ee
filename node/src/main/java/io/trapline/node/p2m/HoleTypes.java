package io.trapline.node.p2m;

import io.trapline.model.MemType;
import io.trapline.model.Pure;
import io.trapline.model.TypeRun;
import io.trapline.node.replica.StateImage;
import java.util.Arrays;
import java.util.List;

/**
 * The frames at and above the domain's last page: holes, but for runs that have become MMIO_DM, which they stay (T5). Immutable; neighbouring
 * runs are one.
 */
@Pure
final class HoleTypes {
    /** Nothing but holes (T1). */
    static final HoleTypes HOLES = new HoleTypes(new long[0], new long[0]);

    private final long[] firsts;
    private final long[] lasts;

    private HoleTypes(long[] firsts, long[] lasts) {
        this.firsts = firsts;
        this.lasts = lasts;
    }

    byte typeOf(long gfn) {
        int i = firstEndingAtOrAfter(gfn);
        return i < firsts.length && firsts[i] <= gfn ? MemType.MMIO_DM.code() : MemType.HOLE.code();
    }

    /** The last frame, up to the limit, of the run of one type that begins with the frame. */
    long runEnd(long gfn, long limit) {
        int i = firstEndingAtOrAfter(gfn);
        if (i == firsts.length) {
            return limit;
        }
        return Math.min(limit, firsts[i] <= gfn ? lasts[i] : firsts[i] - 1);
    }

    /** How many runs are MMIO_DM. */
    int size() {
        return firsts.length;
    }

    /** The same with what of these runs lies at or above the frame as MMIO_DM. Runs ascend and do not overlap. */
    HoleTypes with(List<TypeRun> runs, long firstHole) {
        if (runs.isEmpty() || runs.getLast().lastGfn() < firstHole) {
            return this;
        }
        long[] newFirsts = new long[firsts.length + runs.size()];
        long[] newLasts = new long[newFirsts.length];
        int n = 0;
        int old = 0;
        for (TypeRun run : runs) {
            if (run.lastGfn() < firstHole) {
                continue;
            }
            long first = Math.max(run.firstGfn(), firstHole);
            for (; old < firsts.length && firsts[old] <= first; old++) {
                n = append(newFirsts, newLasts, n, firsts[old], lasts[old]);
            }
            n = append(newFirsts, newLasts, n, first, run.lastGfn());
        }
        for (; old < firsts.length; old++) {
            n = append(newFirsts, newLasts, n, firsts[old], lasts[old]);
        }
        return new HoleTypes(Arrays.copyOf(newFirsts, n), Arrays.copyOf(newLasts, n));
    }

    /** Starts ascend: a run joins the last one or comes behind it. */
    private static int append(long[] firsts, long[] lasts, int n, long first, long last) {
        if (n > 0 && first <= lasts[n - 1] + 1) {
            lasts[n - 1] = Math.max(lasts[n - 1], last);
            return n;
        }
        firsts[n] = first;
        lasts[n] = last;
        return n + 1;
    }

    private int firstEndingAtOrAfter(long gfn) {
        int low = 0;
        int high = lasts.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (lasts[middle] < gfn) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** The same, or what the image has (D-24). */
    HoleTypes image(StateImage image) {
        return new HoleTypes(image.of(firsts), image.of(lasts));
    }
}
