package io.trapline.node.guest;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;

/** Why an access failed that a shard had taken, for those who want more than its errno (section E). */
final class FailedAccess {
    private FailedAccess() {}

    /** The whole status of an access with that errno's number. */
    static Refusal why(int domid, int vcpu, long sequence, byte errno) {
        Errno known = Errno.ofNumber(errno).orElse(Errno.EINVAL);
        return Refusal.of(
                        known,
                        "vcpu = " + vcpu + ", sequence = " + Long.toUnsignedString(sequence) + ": " + text(known))
                .with("domid", domid)
                .with("vcpu", vcpu)
                .with("sequence", Long.toUnsignedString(sequence));
    }

    private static String text(Errno errno) {
        return switch (errno) {
            case ETIMEDOUT -> "its time ended before its outcome was known; whether it took effect is not known (F4)";
            case EAGAIN -> "it had no effect; send it again under its number (A5)";
            case ESTALE -> "its outcome has been received and forgotten (A4)";
            case EINVAL -> "the buffer of its repetitions is not plain memory in that direction (A1)";
            case ENOSPC -> "no memory is left for the page it writes";
            case ESRCH, ENOENT, EBUSY, EEXIST, EPERM, EOPNOTSUPP, EIO -> "it was not carried out";
        };
    }
}
