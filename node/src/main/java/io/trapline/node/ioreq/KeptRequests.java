package io.trapline.node.ioreq;

import io.trapline.model.Pure;
import io.trapline.node.rows.KeyRows;
import java.util.Arrays;

/**
 * The requests that a run says it has carried out, with their answers, or has under way (S5), in columns. Whoever fills it sees to its bound: an
 * emulator keeps at most a window of them per vCPU (F6).
 */
@Pure
public final class KeptRequests {
    private final KeyRows keys = new KeyRows(16);
    private long[] data = new long[16];
    private boolean[] underWay = new boolean[16];

    public void add(int vcpu, long vcpuEpoch, long sequence, int part, long answer, boolean isUnderWay) {
        int row = keys.size();
        if (row == data.length) {
            data = Arrays.copyOf(data, 2 * row);
            underWay = Arrays.copyOf(underWay, 2 * row);
        }
        keys.add(vcpu, vcpuEpoch, sequence, part);
        data[row] = answer;
        underWay[row] = isUnderWay;
    }

    public int size() {
        return keys.size();
    }

    KeyRows keys() {
        return keys;
    }

    long data(int row) {
        return data[row];
    }

    boolean isUnderWay(int row) {
        return underWay[row];
    }
}
