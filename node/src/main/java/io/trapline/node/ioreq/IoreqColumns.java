package io.trapline.node.ioreq;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.trapline.model.IoreqAttributes;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.SettledRows;
import io.trapline.v1.IoreqBatch;
import io.trapline.v1.SettledThrough;

/** Ioreqs and settled marks as messages of the contract. A column in which every row has its default stays empty. */
final class IoreqColumns {
    private IoreqColumns() {}

    static IoreqBatch ioreqs(long decidedRevision, int shard, long shardEpoch, IoreqRows rows, SettledRows settled) {
        IoreqBatch.Builder batch = IoreqBatch.newBuilder()
                .setDecidedRevision(decidedRevision)
                .setShard(shard)
                .setShardEpoch(shardEpoch);
        addKeys(batch, rows.keys());
        int size = rows.size();
        byte[] attributes = new byte[size];
        byte[] marks = new byte[size];
        byte[] claimedType = new byte[size];
        boolean anyData = false;
        boolean anyCount = false;
        boolean anyMark = false;
        boolean anyClaim = false;
        for (int i = 0; i < size; i++) {
            batch.addAddress(rows.address(i));
            attributes[i] = rows.attributes(i);
            marks[i] = rows.marks(i);
            claimedType[i] = rows.claimedType(i);
            anyData |= rows.data(i) != 0;
            anyCount |= rows.count(i) != 1;
            anyMark |= marks[i] != 0;
            anyClaim |= claimedType[i] != IoreqAttributes.BY_RANGE;
        }
        for (int i = 0; anyData && i < size; i++) {
            batch.addData(rows.data(i));
        }
        for (int i = 0; anyCount && i < size; i++) {
            batch.addCount(rows.count(i));
        }
        batch.setAttributes(UnsafeByteOperations.unsafeWrap(attributes));
        batch.setMarks(anyMark ? UnsafeByteOperations.unsafeWrap(marks) : ByteString.EMPTY);
        batch.setClaimedType(anyClaim ? UnsafeByteOperations.unsafeWrap(claimedType) : ByteString.EMPTY);
        for (int i = 0; i < settled.size(); i++) {
            batch.addSettledVcpu(settled.vcpu(i));
            batch.addSettledVcpuEpoch(settled.vcpuEpoch(i));
            batch.addSettledThrough(settled.through(i));
        }
        return batch.build();
    }

    private static void addKeys(IoreqBatch.Builder batch, KeyRows keys) {
        int size = keys.size();
        boolean anyVcpu = false;
        boolean anyPart = false;
        for (int i = 0; i < size; i++) {
            batch.addVcpuEpoch(keys.vcpuEpoch(i));
            batch.addSequence(keys.sequence(i));
            anyVcpu |= keys.vcpu(i) != 0;
            anyPart |= keys.part(i) != 0;
        }
        for (int i = 0; anyVcpu && i < size; i++) {
            batch.addVcpu(keys.vcpu(i));
        }
        for (int i = 0; anyPart && i < size; i++) {
            batch.addPart(keys.part(i));
        }
    }

    static SettledThrough settled(SettledRows marks) {
        SettledThrough.Builder settled = SettledThrough.newBuilder();
        for (int i = 0; i < marks.size(); i++) {
            settled.addVcpu(marks.vcpu(i));
            settled.addVcpuEpoch(marks.vcpuEpoch(i));
            settled.addThrough(marks.through(i));
        }
        return settled.build();
    }
}
