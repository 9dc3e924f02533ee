package io.trapline.client;

import io.trapline.v1.AccessRequest;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** The vCPUs of a guest that may have rows to send, each at most once, and the batches made of these. With the guest's lock held. */
final class SendQueue {
    private final ArrayDeque<Vcpu> vcpus = new ArrayDeque<>();
    private long batches;

    void add(Vcpu vcpu) {
        if (!vcpu.isQueued()) {
            vcpu.setQueued(true);
            vcpus.add(vcpu);
        }
    }

    /** The next batch: rows of as many vCPUs as fit, all of one kind; null when there is nothing to send. */
    AccessRequest.@Nullable Builder next(long nowNanos) {
        AccessBatchColumns rows = new AccessBatchColumns();
        SendWindow.Next kind = SendWindow.Next.NOTHING;
        for (int left = vcpus.size(); left > 0 && rows.rows() < AccessBatchColumns.MAX_ROWS; left--) {
            Vcpu vcpu = vcpus.remove();
            vcpu.setQueued(false);
            SendWindow.Next its = vcpu.next(nowNanos);
            if (its == SendWindow.Next.NOTHING) {
                continue;
            }
            if (kind == SendWindow.Next.NOTHING) {
                kind = its;
            }
            if (its == kind) {
                vcpu.take(nowNanos, rows);
            }
            if (vcpu.next(nowNanos) != SendWindow.Next.NOTHING) {
                add(vcpu);
            }
        }
        return rows.rows() == 0
                ? null
                : AccessRequest.newBuilder().setBatch(rows.build(++batches, kind == SendWindow.Next.RESENT));
    }
}
