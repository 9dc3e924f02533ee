package io.trapline.node.rows;

import io.trapline.model.Pure;
import java.util.Arrays;

/**
 * Keys of ioreqs in columns: (vCPU, vCPU epoch, sequence number, part), the same through every resend (F6). Grows by doubling;
 * whoever is told only reads it, and the teller does not change it any more.
 */
@Pure
public final class KeyRows {
    private int size;
    private int[] vcpu;
    private long[] vcpuEpoch;
    private long[] sequence;
    private int[] part;

    public KeyRows(int capacity) {
        int length = Math.max(1, capacity);
        vcpu = new int[length];
        vcpuEpoch = new long[length];
        sequence = new long[length];
        part = new int[length];
    }

    public void add(int aVcpu, long anEpoch, long aSequence, int aPart) {
        if (size == vcpu.length) {
            int length = 2 * size;
            vcpu = Arrays.copyOf(vcpu, length);
            vcpuEpoch = Arrays.copyOf(vcpuEpoch, length);
            sequence = Arrays.copyOf(sequence, length);
            part = Arrays.copyOf(part, length);
        }
        vcpu[size] = aVcpu;
        vcpuEpoch[size] = anEpoch;
        sequence[size] = aSequence;
        part[size] = aPart;
        size++;
    }

    /** Whether the key in a row of other keys is among these; looks at all of them. */
    public boolean contains(KeyRows other, int row) {
        for (int i = 0; i < size; i++) {
            if (isAt(i, other, row)) {
                return true;
            }
        }
        return false;
    }

    /** Whether the key in a row of other keys is the one in row {@code i}. */
    public boolean isAt(int i, KeyRows other, int row) {
        return sequence[i] == other.sequence[row]
                && vcpu[i] == other.vcpu[row]
                && vcpuEpoch[i] == other.vcpuEpoch[row]
                && part[i] == other.part[row];
    }

    public int size() {
        return size;
    }

    public boolean isEmpty() {
        return size == 0;
    }

    public int vcpu(int row) {
        return vcpu[row];
    }

    public long vcpuEpoch(int row) {
        return vcpuEpoch[row];
    }

    public long sequence(int row) {
        return sequence[row];
    }

    public int part(int row) {
        return part[row];
    }
}
