package io.trapline.node.guest;

import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import io.trapline.v1.AccessBatch;
import org.jspecify.annotations.Nullable;

/** Whether the columns of a guest's batch fit each other; a batch that does not is not executed at all (section E). */
final class BatchShape {
    private BatchShape() {}

    /** Null when they do, else why not. */
    @Nullable
    static Refusal check(AccessBatch batch) {
        int rows = batch.getSequenceCount();
        if (rows > Limit.MAX_ROWS_PER_BATCH.value()) {
            return Refusal.overLimit(Errno.EINVAL, "sequence", rows, Limit.MAX_ROWS_PER_BATCH);
        }
        if (rows == 0 && batch.getReceivedVcpuCount() == 0) {
            return Refusal.invalid("sequence", "0 rows", "a batch has at least one row");
        }
        Refusal wrong = required("address", batch.getAddressCount(), rows);
        wrong = wrong != null
                ? wrong
                : required("attributes", batch.getAttributes().size(), rows);
        wrong = wrong != null ? wrong : optional("vcpu", batch.getVcpuCount(), rows);
        wrong = wrong != null ? wrong : optional("data", batch.getDataCount(), rows);
        wrong = wrong != null ? wrong : optional("count", batch.getCountCount(), rows);
        wrong = wrong != null ? wrong : optional("timeout_ms", batch.getTimeoutMsCount(), rows);
        return wrong != null ? wrong : received(batch.getReceivedVcpuCount(), batch.getReceivedThroughCount());
    }

    /** The same for two columns of received marks. */
    @Nullable
    static Refusal received(int vcpus, int throughs) {
        if (vcpus > Limit.MAX_VCPUS_PER_DOMAIN.value()) {
            return Refusal.overLimit(Errno.EINVAL, "received_vcpu", vcpus, Limit.MAX_VCPUS_PER_DOMAIN);
        }
        return required("received_through", throughs, vcpus);
    }

    @Nullable
    private static Refusal required(String column, int length, int rows) {
        return length == rows ? null : differs(column, length, rows);
    }

    @Nullable
    private static Refusal optional(String column, int length, int rows) {
        return length == 0 || length == rows ? null : differs(column, length, rows);
    }

    private static Refusal differs(String column, int length, int rows) {
        return Refusal.invalid(column, length + " entries", "the batch has " + rows + " rows");
    }
}
