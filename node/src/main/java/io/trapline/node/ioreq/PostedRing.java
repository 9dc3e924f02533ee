package io.trapline.node.ioreq;

import static io.trapline.node.ioreq.IoreqTable.NONE;

import io.trapline.model.IoreqAttributes;
import io.trapline.model.Limit;
import io.trapline.model.Pure;
import java.util.Arrays;

/**
 * The posted writes that wait at a server, delivered or not (F3): at most 511, those of 8 bytes counting double, found by key. A write that took
 * effect at another server before it came here is always taken; there are no more of those than other servers of the domain had.
 */
@Pure
final class PostedRing {
    private final IoreqTable table;
    private int[] places = new int[2048];
    private int rows;
    private int waiting;

    PostedRing(IoreqTable table) {
        this.table = table;
        Arrays.fill(places, NONE);
    }

    /** How many wait, as F3 counts. */
    int waiting() {
        return waiting;
    }

    boolean isEmpty() {
        return rows == 0;
    }

    /** Whether a write with these attributes finds room. */
    boolean hasRoom(int attributes) {
        return waiting + weight(attributes) <= Limit.MAX_POSTED_WAITING.value();
    }

    void add(int row) {
        if (2 * ++rows > places.length) {
            grow();
        }
        waiting += weight(table.attributes[row]);
        put(row);
    }

    /** The row with that key, or NONE. */
    int find(int vcpu, long vcpuEpoch, long sequence, int part) {
        if (rows == 0) {
            return NONE;
        }
        for (int at = place(vcpu, sequence); places[at] != NONE; at = (at + 1) & (places.length - 1)) {
            int row = places[at];
            if (table.sequence[row] == sequence
                    && table.vcpu[row] == vcpu
                    && table.vcpuEpoch[row] == vcpuEpoch
                    && table.part[row] == part) {
                return row;
            }
        }
        return NONE;
    }

    void remove(int row) {
        rows--;
        waiting -= weight(table.attributes[row]);
        int hole = placeOf(row);
        int mask = places.length - 1;
        for (int at = (hole + 1) & mask; places[at] != NONE; at = (at + 1) & mask) {
            int home = placeOfKey(places[at]);
            // What stands at or before the hole on its way from home must move into it, or it would not be found again.
            if (((at - home) & mask) >= ((at - hole) & mask)) {
                places[hole] = places[at];
                hole = at;
            }
        }
        places[hole] = NONE;
    }

    private int placeOf(int row) {
        int at = placeOfKey(row);
        while (places[at] != row) {
            at = (at + 1) & (places.length - 1);
        }
        return at;
    }

    private void put(int row) {
        int at = placeOfKey(row);
        while (places[at] != NONE) {
            at = (at + 1) & (places.length - 1);
        }
        places[at] = row;
    }

    private void grow() {
        int[] before = places;
        places = new int[2 * before.length];
        Arrays.fill(places, NONE);
        for (int row : before) {
            if (row != NONE) {
                put(row);
            }
        }
    }

    private int placeOfKey(int row) {
        return place(table.vcpu[row], table.sequence[row]);
    }

    private int place(int vcpu, long sequence) {
        long hash = (sequence * 0x9E37_79B9L + vcpu) * 0x9E37_79B9_7F4A_7C15L;
        return (int) (hash >>> 32) & (places.length - 1);
    }

    private static int weight(int attributes) {
        return IoreqAttributes.sizeBytes(attributes) == 8 ? 2 : 1;
    }
}
