package io.trapline.node.guest;

import com.google.protobuf.ByteString;
import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import io.trapline.v1.AccessResponse;
import io.trapline.v1.AnswerBatch;
import io.trapline.v1.RowStatus;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Gathers a stream's answers, so that they leave as one message. Columns that hold only zeroes are left out. */
final class AnswerColumns {
    private static final int MAX_ROWS = Limit.MAX_ROWS_PER_BATCH.intValue();

    private final GuestStream stream;
    private AnswerBatch.Builder batch = AnswerBatch.newBuilder();
    private byte[] errno = new byte[256];
    private long[] data = new long[256];
    private int[] vcpus = new int[256];
    private int rows;
    private boolean hasData;
    private boolean hasErrno;
    private boolean hasVcpu;

    AnswerColumns(GuestStream stream) {
        this.stream = stream;
    }

    void add(int vcpu, long sequence, long value, byte anErrno, @Nullable Refusal full) {
        if (rows == errno.length) {
            errno = Arrays.copyOf(errno, 2 * rows);
            data = Arrays.copyOf(data, 2 * rows);
            vcpus = Arrays.copyOf(vcpus, 2 * rows);
        }
        batch.addSequence(sequence);
        vcpus[rows] = vcpu;
        data[rows] = value;
        errno[rows] = anErrno;
        hasVcpu |= vcpu != 0;
        hasData |= value != 0;
        hasErrno |= anErrno != Errno.OK;
        if (full != null) {
            batch.addStatus(RowStatus.newBuilder().setRow(rows).setStatus(Statuses.toProto(full)));
        }
        rows++;
        if (rows == MAX_ROWS) {
            flush();
        }
    }

    /** Sends what there is. */
    void flush() {
        if (rows == 0) {
            return;
        }
        for (int i = 0; hasVcpu && i < rows; i++) {
            batch.addVcpu(vcpus[i]);
        }
        for (int i = 0; hasData && i < rows; i++) {
            batch.addData(data[i]);
        }
        if (hasErrno) {
            batch.setErrno(ByteString.copyFrom(errno, 0, rows));
        }
        stream.send(AccessResponse.newBuilder().setAnswers(batch).build());
        batch = AnswerBatch.newBuilder();
        rows = 0;
        hasData = false;
        hasErrno = false;
        hasVcpu = false;
    }
}
