package io.trapline.sim.check;

import io.trapline.node.rows.KeyRows;

/** Names an ioreq for good (F6): an access and which part of it. */
public record IoreqKey(int vcpu, long epoch, long sequence, int part) {
    /** The key in that row. */
    public static IoreqKey of(KeyRows keys, int row) {
        return new IoreqKey(keys.vcpu(row), keys.vcpuEpoch(row), keys.sequence(row), keys.part(row));
    }

    /** The access that it belongs to. */
    public AccessKey access() {
        return new AccessKey(vcpu, epoch, sequence);
    }

    @Override
    public String toString() {
        return "v" + vcpu + "@" + epoch + "#" + sequence + (part == 0 ? "" : "." + part);
    }
}
