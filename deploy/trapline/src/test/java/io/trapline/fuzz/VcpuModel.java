package io.trapline.fuzz;

import com.google.protobuf.ByteString;
import io.trapline.model.AccessAttributes;
import java.util.Map;
import java.util.TreeMap;

/** What a guest knows of a vCPU of its own: its numbers, what it has sent, what it must be answered. */
final class VcpuModel {
    /**
     * An access with a number that was used.
     *
     * @param row it
     * @param errno what it must be answered
     * @param data what it must be answered; ignored where {@code anyData}
     * @param loose whether its outcome is not known beforehand
     */
    record Used(AccessRow row, int errno, long data, boolean loose) {}

    final int vcpu;
    final int window;
    /** Its page, as the accesses so far have left it. */
    final byte[] page;

    final long pageGpa;
    final TreeMap<Long, Used> used = new TreeMap<>();
    ByteString token = ByteString.EMPTY;
    long next = 1;
    long received;

    VcpuModel(int vcpu, int window, byte[] page, long pageGpa) {
        this.vcpu = vcpu;
        this.window = window;
        this.page = page;
        this.pageGpa = pageGpa;
    }

    boolean hasRoom() {
        return next <= received + window;
    }

    long use(Used what) {
        used.put(next, what);
        return next++;
    }

    void receivedThrough(long through) {
        received = through;
        used.headMap(through, true).clear();
    }

    void opened() {
        used.clear();
        next = 1;
        received = 0;
    }

    /** An access to the vCPU's own page, and what it is answered; done to the model. */
    Used plain(boolean mayWrite, Dice dice) {
        int size = dice.pick(1, 2, 4, 8);
        int offset = dice.below(4096 - size + 1);
        boolean write = mayWrite && dice.chance(50);
        AccessRow row = AccessRow.plain(size, write, pageGpa + offset, dice.anyLong());
        if (dice.chance(10)) {
            int more = AccessAttributes.DF | (write && dice.chance(50) ? AccessAttributes.POSTED : 0);
            row = new AccessRow((byte) (row.attributes() | more), row.address(), row.data(), 1, 0);
        }
        long value = 0;
        for (int i = size - 1; i >= 0; i--) {
            if (write) {
                page[offset + i] = (byte) (row.data() >>> (8 * i));
            } else {
                value = (value << 8) | (page[offset + i] & 0xFF);
            }
        }
        return new Used(row, 0, value, false);
    }

    /** Those that may be asked about. */
    Map<Long, Used> known() {
        return used;
    }
}
