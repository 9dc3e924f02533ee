package io.trapline.rpc;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import java.util.Optional;

/** The one place that turns refusals into gRPC statuses with an {@code ErrorInfo} and back (section E). */
public final class Statuses {
    /** {@code ErrorInfo.domain} of every refusal. */
    public static final String DOMAIN = "trapline";

    private Statuses() {}

    /** The gRPC code that section E gives a reason. */
    public static io.grpc.Status.Code code(Errno errno) {
        return switch (errno) {
            case EINVAL -> io.grpc.Status.Code.INVALID_ARGUMENT;
            case ESRCH, ENOENT -> io.grpc.Status.Code.NOT_FOUND;
            case EBUSY -> io.grpc.Status.Code.FAILED_PRECONDITION;
            case EEXIST -> io.grpc.Status.Code.ALREADY_EXISTS;
            case EPERM -> io.grpc.Status.Code.PERMISSION_DENIED;
            case ENOSPC -> io.grpc.Status.Code.RESOURCE_EXHAUSTED;
            case EOPNOTSUPP -> io.grpc.Status.Code.UNIMPLEMENTED;
            case ESTALE -> io.grpc.Status.Code.ABORTED;
            case ETIMEDOUT -> io.grpc.Status.Code.DEADLINE_EXCEEDED;
            case EIO -> io.grpc.Status.Code.DATA_LOSS;
            case EAGAIN -> io.grpc.Status.Code.UNAVAILABLE;
        };
    }

    /** As a message, for rows and {@code rejected}. */
    public static Status toProto(Refusal refusal) {
        return Status.newBuilder()
                .setCode(code(refusal.errno()).value())
                .setMessage(refusal.errno() + ": " + refusal.message())
                .addDetails(Any.pack(ErrorInfo.newBuilder()
                        .setReason(refusal.errno().name())
                        .setDomain(DOMAIN)
                        .putAllMetadata(refusal.metadata())
                        .build()))
                .build();
    }

    /** As what ends a call. */
    public static StatusRuntimeException toException(Refusal refusal) {
        return StatusProto.toStatusRuntimeException(toProto(refusal));
    }

    /** The refusal that a status message holds; empty when it is none of ours. */
    public static Optional<Refusal> fromProto(Status status) {
        for (Any detail : status.getDetailsList()) {
            if (detail.is(ErrorInfo.class)) {
                Optional<Refusal> refusal = fromInfo(detail, status.getMessage());
                if (refusal.isPresent()) {
                    return refusal;
                }
            }
        }
        return Optional.empty();
    }

    /** The refusal that ended a call; empty when the call ended for another cause, such as a lost connection. */
    public static Optional<Refusal> fromThrowable(Throwable error) {
        Status status = StatusProto.fromThrowable(error);
        return status == null ? Optional.empty() : fromProto(status);
    }

    private static Optional<Refusal> fromInfo(Any detail, String message) {
        ErrorInfo info;
        try {
            info = detail.unpack(ErrorInfo.class);
        } catch (InvalidProtocolBufferException malformed) {
            return Optional.empty();
        }
        if (!info.getDomain().equals(DOMAIN)) {
            return Optional.empty();
        }
        for (Errno errno : Errno.values()) {
            if (errno.name().equals(info.getReason())) {
                String prefix = errno + ": ";
                String plain = message.startsWith(prefix) ? message.substring(prefix.length()) : message;
                return Optional.of(new Refusal(errno, plain, info.getMetadataMap()));
            }
        }
        return Optional.empty();
    }
}
