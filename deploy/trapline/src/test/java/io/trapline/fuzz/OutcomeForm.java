package io.trapline.fuzz;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Status;
import io.grpc.Status.Code;
import io.grpc.protobuf.StatusProto;
import io.trapline.model.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Whether a refusal is as section E says: the code of its reason, one ErrorInfo of ours, and what lets a person act. */
final class OutcomeForm {
    /** The table of section E. */
    private static final Map<String, Code> CODES = Map.ofEntries(
            Map.entry("EINVAL", Code.INVALID_ARGUMENT),
            Map.entry("ESRCH", Code.NOT_FOUND),
            Map.entry("ENOENT", Code.NOT_FOUND),
            Map.entry("EBUSY", Code.FAILED_PRECONDITION),
            Map.entry("EEXIST", Code.ALREADY_EXISTS),
            Map.entry("EPERM", Code.PERMISSION_DENIED),
            Map.entry("ENOSPC", Code.RESOURCE_EXHAUSTED),
            Map.entry("EOPNOTSUPP", Code.UNIMPLEMENTED),
            Map.entry("ESTALE", Code.ABORTED),
            Map.entry("ETIMEDOUT", Code.DEADLINE_EXCEEDED),
            Map.entry("EIO", Code.DATA_LOSS),
            Map.entry("EAGAIN", Code.UNAVAILABLE));

    /**
     * A refusal that was looked at.
     *
     * @param errno its reason, where it has one
     * @param wrong what is wrong with its form; empty where nothing is
     * @param status it
     */
    record Seen(Optional<Errno> errno, Optional<String> wrong, Status status) {
        @Override
        public String toString() {
            return wrong.map(what -> what + ": ").orElse("") + Complaints.shown(status);
        }
    }

    private OutcomeForm() {}

    static Seen of(Throwable failure) {
        Status status = StatusProto.fromThrowable(failure);
        if (status == null) {
            Status bare = StatusProto.fromStatusAndTrailers(io.grpc.Status.fromThrowable(failure), null);
            return new Seen(Optional.empty(), Optional.of("no details"), bare);
        }
        return of(status);
    }

    static Seen of(Status status) {
        List<ErrorInfo> infos = infos(status);
        if (infos.size() != 1) {
            return new Seen(Optional.empty(), Optional.of(infos.size() + " ErrorInfo"), status);
        }
        ErrorInfo info = infos.getFirst();
        Code code = CODES.get(info.getReason());
        @Nullable String wrong = null;
        if (!info.getDomain().equals("trapline")) {
            wrong = "domain = " + info.getDomain();
        } else if (code == null) {
            wrong = "reason = " + info.getReason();
        } else if (code.value() != status.getCode()) {
            wrong = "code " + status.getCode() + " is not that of " + info.getReason();
        } else if (info.getReason().equals("EINVAL") && !namesWhatIsWrong(info.getMetadataMap())) {
            wrong = "EINVAL without field and value or first_gfn";
        } else if (status.getMessage().isEmpty() || status.getMessage().contains("Exception")) {
            wrong = "message";
        }
        Optional<Errno> errno = code == null ? Optional.empty() : Optional.of(Errno.valueOf(info.getReason()));
        return new Seen(errno, Optional.ofNullable(wrong), status);
    }

    /** A page that refuses is named by its frame, everything else by its field. */
    private static boolean namesWhatIsWrong(Map<String, String> metadata) {
        return metadata.containsKey("first_gfn") || (metadata.containsKey("field") && metadata.containsKey("value"));
    }

    private static List<ErrorInfo> infos(Status status) {
        List<ErrorInfo> infos = new ArrayList<>();
        for (Any detail : status.getDetailsList()) {
            try {
                if (detail.is(ErrorInfo.class)) {
                    infos.add(detail.unpack(ErrorInfo.class));
                }
            } catch (InvalidProtocolBufferException malformed) {
                return List.of();
            }
        }
        return infos;
    }
}
