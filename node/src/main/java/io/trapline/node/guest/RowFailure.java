package io.trapline.node.guest;

import io.trapline.model.Errno;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;

/** The full status of a row that failed where it was carried out, of which only the errno comes back (section E). */
@Pure
final class RowFailure {
    private RowFailure() {}

    static Refusal of(Errno errno, int domid, int vcpu, long sequence) {
        String why = switch (errno) {
            case EINVAL -> "a page of its buffer is not plain memory for that direction";
            case ENOSPC -> "its node has no memory left for a page that it writes";
            case ETIMEDOUT -> "no answer within its time; its effect is unknown";
            case EAGAIN -> "it had no effect; send it again under its number";
            case ESTALE -> "the vCPU has gone on without it";
            case ESRCH, ENOENT, EBUSY, EEXIST, EPERM, EOPNOTSUPP, EIO -> errno.name();
        };
        Refusal refusal = Refusal.of(errno, "access " + sequence + " of vCPU " + vcpu + ": " + why)
                .with("domid", domid)
                .with("vcpu", vcpu)
                .with("sequence", Long.toUnsignedString(sequence));
        return switch (errno) {
            case EINVAL -> refusal.with("field", "data");
            case ENOSPC -> refusal.with("field", "memory");
            case ETIMEDOUT -> refusal.with("field", "timeout_ms");
            case ESRCH, ENOENT, EBUSY, EEXIST, EPERM, EOPNOTSUPP, ESTALE, EIO, EAGAIN -> refusal;
        };
    }
}
