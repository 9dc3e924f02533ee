package io.trapline.cli.demo;

import io.trapline.client.Answers;
import io.trapline.client.DeviceModel;
import io.trapline.client.Ioreq;
import io.trapline.client.IoreqBatchView;
import io.trapline.client.TraplineException;
import io.trapline.client.WriteSegments;
import io.trapline.model.Errno;
import io.trapline.model.Gpa;
import io.trapline.model.Limit;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Sees every write to the guest's table: checks the entry, keeps its shadow, and puts it into the page, a whole batch by one memory
 * call. Remembers what it carried out, so that something done twice or not at all shows.
 */
final class Mediator implements DeviceModel {
    private final Gtt gtt;
    private final long[] shadow;
    private final BitSet seen = new BitSet();
    private final BitSet[] carriedOut;
    private final WriteSegments segments = new WriteSegments(
            Limit.MAX_SEGMENTS_PER_CALL.intValue(), Limit.MAX_SEGMENTS_PER_CALL.intValue() * Gtt.ENTRY_BYTES);
    private long duplicates;
    private long strange;
    private long invalid;
    private long batches;
    private long total;

    Mediator(Gtt gtt) {
        this.gtt = gtt;
        shadow = new long[gtt.entries()];
        carriedOut = new BitSet[gtt.vcpus()];
        Arrays.setAll(carriedOut, vcpu -> new BitSet());
    }

    @Override
    public void handle(IoreqBatchView batch, Answers answers) {
        segments.clear();
        synchronized (this) {
            for (int row = 0; row < batch.size(); row++) {
                take(batch, row);
            }
            batches++;
        }
        try {
            if (segments.size() > 0) {
                batch.memory().write(segments);
            }
            answers.acknowledgeAll();
        } catch (TraplineException failure) {
            if (!failure.is(Errno.ESTALE)) {
                throw failure;
            }
            // Of one of them at least somebody else knows the outcome by now, and nothing is written (F2).
            for (int row = 0; row < batch.size(); row++) {
                writeOne(batch.ioreq(row), row, answers);
            }
        }
    }

    private void writeOne(Ioreq ioreq, int row, Answers answers) {
        try {
            if (ioreq.isWrite()) {
                ioreq.memory().write(new Gpa(ioreq.address()), ioreq.data(), ioreq.sizeBytes());
            }
            answers.acknowledge(row);
        } catch (TraplineException failure) {
            if (!failure.is(Errno.ESTALE)) {
                throw failure;
            }
            forget(ioreq);
            answers.abandon(row);
        }
    }

    /** It is not carried out here, unless it comes again. */
    private synchronized void forget(Ioreq ioreq) {
        BitSet ofVcpu = carriedOut[ioreq.vcpu()];
        int sequence = (int) ioreq.sequence();
        if (ofVcpu.get(sequence)) {
            ofVcpu.clear(sequence);
            total--;
        }
    }

    private void take(IoreqBatchView batch, int row) {
        int entry = gtt.entryAt(batch.address(row));
        int vcpu = batch.vcpu(row);
        boolean expected = entry >= 0
                && vcpu < gtt.vcpus()
                && batch.isWrite(row)
                && batch.sizeBytes(row) == Gtt.ENTRY_BYTES
                && batch.count(row) == 1
                && batch.claimedType(row) == 0;
        if (!expected) {
            strange++;
            return;
        }
        int sequence = (int) batch.sequence(row);
        if (carriedOut[vcpu].get(sequence)) {
            duplicates++;
        } else {
            carriedOut[vcpu].set(sequence);
            total++;
        }
        long value = batch.data(row);
        invalid += gtt.isValid(value) ? 0 : 1;
        seen.set(entry);
        shadow[entry] = gtt.shadowOf(value);
        segments.addValue(batch.address(row), value, Gtt.ENTRY_BYTES);
    }

    /** How many different accesses it has carried out. */
    synchronized long total() {
        return total;
    }

    /** How many of a vCPU's accesses below that sequence number it has carried out. */
    synchronized long totalBelow(int vcpu, long sequence) {
        return carriedOut[vcpu].get(0, (int) sequence).cardinality();
    }

    /** How many of a vCPU's accesses from that sequence number on it has carried out. */
    synchronized long totalFrom(int vcpu, long sequence) {
        return carriedOut[vcpu].cardinality() - totalBelow(vcpu, sequence);
    }

    /** How many it has carried out twice. */
    synchronized long duplicates() {
        return duplicates;
    }

    /** How many were no write of an entry. */
    synchronized long strange() {
        return strange;
    }

    /** How many entries were not valid and point to the scratch page. */
    synchronized long invalid() {
        return invalid;
    }

    /** In how many memory calls the entries went into the pages. */
    synchronized long batches() {
        return batches;
    }

    /** Whether the entry was written under the claim. */
    synchronized boolean hasSeen(int entry) {
        return seen.get(entry);
    }

    /** What the shadow holds. */
    synchronized long shadow(int entry) {
        return shadow[entry];
    }
}
