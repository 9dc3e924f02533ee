package io.trapline.sim.check;

import java.util.HashMap;
import java.util.Map;

/** The slots of one server: one for each place in a vCPU's window, kept by what has timed out until its answer comes late or another session begins (F1, F4). */
final class SlotChecks {
    private final int id;
    private final Map<Slot, IoreqKey> inUse = new HashMap<>();

    private record Slot(int vcpu, long epoch, long place) {}

    SlotChecks(int id) {
        this.id = id;
    }

    private static Slot slot(IoreqKey key, GuestAccess access) {
        return new Slot(key.vcpu(), key.epoch(), key.sequence() % access.window);
    }

    void takes(IoreqKey key, GuestAccess access) {
        IoreqKey other = inUse.put(slot(key, access), key);
        if (other != null && !other.equals(key)) {
            throw new Violation("F1, F4", "server %d delivers %s into the slot of %s", id, access, other);
        }
    }

    void frees(IoreqKey key, GuestAccess access) {
        inUse.remove(slot(key, access), key);
    }

    void fences(int vcpu, long epoch) {
        inUse.keySet().removeIf(slot -> slot.vcpu == vcpu && slot.epoch < epoch);
    }

    /** Another session begins: what it is not passed again has no slot. */
    void clear() {
        inUse.clear();
    }
}
