package io.trapline.cli.demo;

import io.trapline.client.DeviceModel;
import io.trapline.client.Ioreq;
import java.util.Arrays;
import java.util.BitSet;

/** A device that answers reads of its pages with values of its own and is passed nothing else. */
final class RegisterReader implements DeviceModel {
    private final BitSet[] carriedOut;
    private long duplicates;
    private long strange;

    RegisterReader(int vcpus) {
        carriedOut = new BitSet[vcpus];
        Arrays.setAll(carriedOut, vcpu -> new BitSet());
    }

    /** What a register reads as: all 64 bits vary. */
    static long valueAt(long gpa) {
        long mixed = gpa * 0x9E3779B97F4A7C15L;
        return mixed ^ mixed >>> 29;
    }

    @Override
    public synchronized long read(Ioreq ioreq) {
        BitSet seen = carriedOut[ioreq.vcpu()];
        int sequence = (int) ioreq.sequence();
        duplicates += seen.get(sequence) ? 1 : 0;
        seen.set(sequence);
        strange += ioreq.claimedType() == 1 ? 0 : 1;
        return valueAt(ioreq.address());
    }

    @Override
    public synchronized void write(Ioreq ioreq) {
        strange++;
    }

    /** How many different reads it has answered. */
    synchronized long total() {
        long total = 0;
        for (BitSet vcpu : carriedOut) {
            total += vcpu.cardinality();
        }
        return total;
    }

    synchronized long duplicates() {
        return duplicates;
    }

    /** How many ioreqs were none that its claim names. */
    synchronized long strange() {
        return strange;
    }
}
