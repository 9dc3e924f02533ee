package io.trapline.node.rows;

import io.trapline.model.Pure;
import java.util.Arrays;

/**
 * Settled marks in columns: every ioreq of that vCPU (under that epoch) up to the sequence number has its outcome recorded by the
 * shard, so that nobody will ask its emulator for the answer again (F6).
 */
@Pure
public final class SettledRows {
    private int size;
    private int[] vcpu;
    private long[] vcpuEpoch;
    private long[] through;

    public SettledRows(int capacity) {
        int length = Math.max(1, capacity);
        vcpu = new int[length];
        vcpuEpoch = new long[length];
        through = new long[length];
    }

    public void add(int aVcpu, long anEpoch, long aThrough) {
        if (size == vcpu.length) {
            vcpu = Arrays.copyOf(vcpu, 2 * size);
            vcpuEpoch = Arrays.copyOf(vcpuEpoch, 2 * size);
            through = Arrays.copyOf(through, 2 * size);
        }
        vcpu[size] = aVcpu;
        vcpuEpoch[size] = anEpoch;
        through[size] = aThrough;
        size++;
    }

    public int size() {
        return size;
    }

    public int vcpu(int row) {
        return vcpu[row];
    }

    public long vcpuEpoch(int row) {
        return vcpuEpoch[row];
    }

    public long through(int row) {
        return through[row];
    }
}
