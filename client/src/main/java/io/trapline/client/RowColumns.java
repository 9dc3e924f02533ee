package io.trapline.client;

import com.google.protobuf.UnsafeByteOperations;
import io.trapline.model.Limit;
import io.trapline.v1.AnswerRows;
import io.trapline.v1.KeptRows;
import java.util.Arrays;

/**
 * Keys and values of ioreqs that wait to be sent, first in first out, in columns since there are many. Bounded by the credit, or by
 * what is kept. Not thread-safe.
 */
final class RowColumns {
    private static final int MAX_ROWS = Limit.MAX_ROWS_PER_BATCH.intValue();

    private int[] vcpu = new int[64];
    private long[] vcpuEpoch = new long[64];
    private long[] sequence = new long[64];
    private int[] part = new int[64];
    private long[] data = new long[64];
    /** Of a kept row: it is under way. Of an answer: it is given up. */
    private byte[] withoutAnswer = new byte[64];

    private int head;
    private int tail;

    void add(int rowVcpu, long rowVcpuEpoch, long rowSequence, int rowPart, long rowData, boolean hasNoAnswer) {
        if (tail == vcpu.length) {
            makeRoom();
        }
        vcpu[tail] = rowVcpu;
        vcpuEpoch[tail] = rowVcpuEpoch;
        sequence[tail] = rowSequence;
        part[tail] = rowPart;
        data[tail] = rowData;
        withoutAnswer[tail] = (byte) (hasNoAnswer ? 1 : 0);
        tail++;
    }

    private void makeRoom() {
        int size = tail - head;
        int capacity = head >= size ? vcpu.length : vcpu.length * 2;
        vcpu = moved(vcpu, new int[capacity], size);
        vcpuEpoch = moved(vcpuEpoch, new long[capacity], size);
        sequence = moved(sequence, new long[capacity], size);
        part = moved(part, new int[capacity], size);
        data = moved(data, new long[capacity], size);
        withoutAnswer = moved(withoutAnswer, new byte[capacity], size);
        head = 0;
        tail = size;
    }

    @SuppressWarnings("SuspiciousSystemArraycopy") // Both are arrays of the same primitive type.
    private <A> A moved(A from, A to, int size) {
        System.arraycopy(from, head, to, 0, size);
        return to;
    }

    boolean isEmpty() {
        return head == tail;
    }

    void clear() {
        head = 0;
        tail = 0;
    }

    /** Takes the next 4,096 rows at most as answers. */
    AnswerRows nextAnswers(long batchId) {
        int end = Math.min(tail, head + MAX_ROWS);
        AnswerRows.Builder rows = AnswerRows.newBuilder().setBatchId(batchId);
        boolean isAnyGivenUp = false;
        for (int i = head; i < end; i++) {
            rows.addVcpu(vcpu[i])
                    .addVcpuEpoch(vcpuEpoch[i])
                    .addSequence(sequence[i])
                    .addPart(part[i])
                    .addData(data[i]);
            isAnyGivenUp |= withoutAnswer[i] != 0;
        }
        if (isAnyGivenUp) {
            rows.setGivenUp(UnsafeByteOperations.unsafeWrap(Arrays.copyOfRange(withoutAnswer, head, end)));
        }
        taken(end);
        return rows.build();
    }

    /** Takes the next 4,096 rows at most as kept rows. */
    KeptRows nextKept() {
        int end = Math.min(tail, head + MAX_ROWS);
        KeptRows.Builder rows = KeptRows.newBuilder();
        for (int i = head; i < end; i++) {
            rows.addVcpu(vcpu[i])
                    .addVcpuEpoch(vcpuEpoch[i])
                    .addSequence(sequence[i])
                    .addPart(part[i])
                    .addData(data[i]);
        }
        rows.setUnderWay(UnsafeByteOperations.unsafeWrap(Arrays.copyOfRange(withoutAnswer, head, end)));
        taken(end);
        return rows.setMore(!isEmpty()).build();
    }

    private void taken(int end) {
        head = end;
        if (head == tail) {
            clear();
        }
    }
}
