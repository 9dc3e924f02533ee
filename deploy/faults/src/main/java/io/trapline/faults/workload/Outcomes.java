package io.trapline.faults.workload;

import io.trapline.client.TraplineException;
import io.trapline.faults.history.Outcome;
import io.trapline.model.Errno;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** What a caller knows of what became of its call. */
final class Outcomes {
    /** Said of a domain that is gone, also where an attempt before, whose answer was lost, may have been carried out. */
    private static final Set<Errno> GONE = EnumSet.of(Errno.ESRCH, Errno.EIO);

    private Outcomes() {}

    /** A call that changes something. */
    static Outcome of(TraplineException failure) {
        return switch (failure.kind()) {
            case REFUSED -> refused(failure.errno().orElseThrow(), false);
            // Nothing was sent.
            case UNREACHABLE -> Outcome.refused("unreachable");
            case UNKNOWN_OUTCOME -> Outcome.unknown(String.valueOf(failure.getMessage()));
        };
    }

    /** An access: ETIMEDOUT and ESTALE say that its effect is unknown (F4, A6). */
    static Outcome ofAccess(@Nullable Throwable failure) {
        if (failure == null) {
            return Outcome.DONE;
        }
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof TraplineException trapline) {
            return trapline.errno()
                    .map(errno -> refused(errno, true))
                    .orElseGet(() -> Outcome.unknown(cause.toString()));
        }
        throw new IllegalStateException("an access failed in a way that no access can", failure);
    }

    private static Outcome refused(Errno errno, boolean isAccess) {
        boolean isUnknown = errno == Errno.ETIMEDOUT || GONE.contains(errno) || (isAccess && errno == Errno.ESTALE);
        return isUnknown ? Outcome.unknown(errno.name()) : Outcome.refused(errno.name());
    }
}
