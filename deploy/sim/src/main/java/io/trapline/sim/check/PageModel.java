package io.trapline.sim.check;

import io.trapline.model.AccessAttributes;
import io.trapline.model.Gfn;
import io.trapline.node.p2m.P2m;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/** What must be in the pages that guests and emulators use: an array of bytes a page, written in the order in which writes take effect (T2, T3, F2). */
final class PageModel {
    private static final int PAGE_BYTES = 1 << Gfn.PAGE_SHIFT;

    private final P2m p2m;
    private final Map<Long, byte[]> pages = new TreeMap<>();
    private final byte[] actual = new byte[PAGE_BYTES];
    /** How often each byte was written in this step. */
    private final Map<Long, Integer> writes = new HashMap<>();

    PageModel(P2m p2m, long... gfns) {
        this.p2m = p2m;
        for (long gfn : gfns) {
            pages.put(gfn, new byte[PAGE_BYTES]);
        }
    }

    byte typeOf(long gpa) {
        return p2m.typeOf(gpa >>> Gfn.PAGE_SHIFT);
    }

    /** Every repetition; they lie in one page. */
    void write(int attributes, long address, int sizeBytes, int count, long value) {
        for (int i = 0; i < count; i++) {
            write(element(attributes, address, sizeBytes, i), sizeBytes, value);
        }
    }

    void write(long gpa, int sizeBytes, long value) {
        byte[] page = page(gpa);
        for (int i = 0; i < sizeBytes; i++) {
            page[(int) (gpa + i) & (PAGE_BYTES - 1)] = (byte) (value >>> (8 * i));
            writes.merge(gpa + i, 1, Integer::sum);
        }
    }

    private boolean isWrittenTwice(long gpa, byte[] page) {
        for (int i = 0; i < PAGE_BYTES; i++) {
            if (page[i] != actual[i]) {
                if (writes.getOrDefault(gpa + i, 0) < 2) {
                    return false;
                }
                page[i] = actual[i];
            }
        }
        return true;
    }

    /** The last repetition; all lie in one page. */
    long read(int attributes, long address, int sizeBytes, int count) {
        long gpa = element(attributes, address, sizeBytes, count - 1);
        byte[] page = page(gpa);
        long value = 0;
        for (int i = 0; i < sizeBytes; i++) {
            value |= (page[(int) (gpa + i) & (PAGE_BYTES - 1)] & 0xFFL) << (8 * i);
        }
        return value;
    }

    private static long element(int attributes, long address, int sizeBytes, int i) {
        long offset = (long) i * sizeBytes;
        return AccessAttributes.isDf(attributes) ? address - offset : address + offset;
    }

    private byte[] page(long gpa) {
        byte[] page = pages.get(gpa >>> Gfn.PAGE_SHIFT);
        if (page == null) {
            throw new Violation("T8", "an access to a page at %x that nobody uses", gpa);
        }
        return page;
    }

    /** Whether the pages hold what they must. */
    boolean isRight() {
        for (Map.Entry<Long, byte[]> page : pages.entrySet()) {
            p2m.readBytes(page.getKey() << Gfn.PAGE_SHIFT, actual, 0, PAGE_BYTES);
            if (!Arrays.equals(page.getValue(), actual)) {
                return false;
            }
        }
        return true;
    }

    /**
     * The pages hold what they must. {@code inAnyOrder}: writes of several vCPUs in one step may have come in another order than the model's, so what is there
     * is taken for right where the model does not know.
     */
    void check(boolean inAnyOrder) {
        for (Map.Entry<Long, byte[]> page : pages.entrySet()) {
            long gpa = page.getKey() << Gfn.PAGE_SHIFT;
            p2m.readBytes(gpa, actual, 0, PAGE_BYTES);
            int differs = Arrays.mismatch(page.getValue(), actual);
            if (differs >= 0 && inAnyOrder && isWrittenTwice(gpa, page.getValue())) {
                continue;
            }
            if (differs >= 0) {
                long at = (gpa + differs) & -8;
                long expected = read(0, at, 8, 1);
                throw new Violation("T3, A4", "memory at %x holds %x, not %x", at, p2m.read(at, 8), expected);
            }
        }
        writes.clear();
    }
}
