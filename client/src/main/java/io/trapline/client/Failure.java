package io.trapline.client;

import io.grpc.Status;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import java.util.Optional;

/**
 * What the end of a call means.
 *
 * @param refusal what Trapline said; empty where it was not Trapline that ended the call
 * @param isLost whether the connection, the host or the time ran out, so that another attempt may do better
 */
record Failure(Optional<Refusal> refusal, boolean isLost) {
    /** Reads the status that ended a call. */
    static Failure of(Throwable error) {
        Optional<Refusal> refusal = Statuses.fromThrowable(error);
        if (refusal.isPresent()) {
            return new Failure(refusal, refusal.get().errno() == Errno.EAGAIN);
        }
        Status status = Status.fromThrowable(error);
        String message = status.getDescription() == null ? status.getCode().name() : status.getDescription();
        return switch (status.getCode()) {
            case OK, UNAVAILABLE, CANCELLED, INTERNAL, UNKNOWN, DEADLINE_EXCEEDED, DATA_LOSS, RESOURCE_EXHAUSTED ->
                new Failure(Optional.empty(), true);
            case INVALID_ARGUMENT, FAILED_PRECONDITION, OUT_OF_RANGE -> refused(Errno.EINVAL, message);
            case NOT_FOUND -> refused(Errno.ENOENT, message);
            case ALREADY_EXISTS -> refused(Errno.EEXIST, message);
            case PERMISSION_DENIED, UNAUTHENTICATED -> refused(Errno.EPERM, message);
            case ABORTED -> refused(Errno.ESTALE, message);
            case UNIMPLEMENTED -> refused(Errno.EOPNOTSUPP, message);
        };
    }

    private static Failure refused(Errno errno, String message) {
        return new Failure(Optional.of(Refusal.of(errno, message)), false);
    }
}
