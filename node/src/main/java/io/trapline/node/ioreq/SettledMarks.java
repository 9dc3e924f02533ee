package io.trapline.node.ioreq;

import io.trapline.model.Pure;
import io.trapline.node.rows.SettledRows;
import java.util.Arrays;

/** The settled marks of shards that are to be passed on to the emulator (F6); of a vCPU only the highest counts. */
@Pure
final class SettledMarks {
    private final IoreqSlots slots;
    private int[] vcpus = new int[4];
    private int size;

    SettledMarks(IoreqSlots slots) {
        this.slots = slots;
    }

    /** Marks of vCPUs that were never passed on, or of other epochs of them, are passed over: no emulator keeps anything of those. */
    void note(SettledRows settled) {
        for (int i = 0; i < settled.size(); i++) {
            SlotRing ring = slots.ring(settled.vcpu(i));
            if (ring != null && ring.epoch == settled.vcpuEpoch(i) && ring.settledThrough < settled.through(i)) {
                ring.settledThrough = settled.through(i);
                add(ring);
            }
        }
    }

    /** A new session is told everything again: what the one before was told may have been lost with its connection. */
    void renew() {
        for (int vcpu = 0; vcpu < slots.vcpuEnd(); vcpu++) {
            SlotRing ring = slots.ring(vcpu);
            if (ring != null && ring.settledThrough > 0) {
                add(ring);
            }
        }
    }

    /** The mark of a vCPU was kept below something that does not come again: it may be passed on now. */
    void renew(SlotRing ring) {
        if (ring.settledThrough > 0) {
            add(ring);
        }
    }

    private void add(SlotRing ring) {
        if (ring.settledNew) {
            return;
        }
        ring.settledNew = true;
        if (size == vcpus.length) {
            vcpus = Arrays.copyOf(vcpus, 2 * size);
        }
        vcpus[size++] = ring.vcpu;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** What has not been passed on yet. */
    SettledRows take() {
        SettledRows taken = new SettledRows(size);
        for (int i = 0; i < size; i++) {
            SlotRing ring = slots.ring(vcpus[i]);
            if (ring != null) {
                ring.settledNew = false;
                long through = ring.settledHere(slots.table);
                if (through > 0) {
                    taken.add(ring.vcpu, ring.epoch, through);
                }
            }
        }
        size = 0;
        return taken;
    }
}
