package io.trapline.node.memory;

import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/** How many bytes the memory and type calls that are under way may hold together. Any thread. */
final class CallBudget {
    private final long limitBytes;
    private final AtomicLong used = new AtomicLong();

    CallBudget(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    /** Takes so many; EAGAIN where that is too much at the moment. */
    Optional<Refusal> take(long bytes) {
        long now = used.addAndGet(bytes);
        if (now <= limitBytes) {
            return Optional.empty();
        }
        used.addAndGet(-bytes);
        return Optional.of(
                Refusal.overLimit(Errno.EAGAIN, "bytes of calls under way", now, Limit.MAX_CALL_BYTES_IN_FLIGHT)
                        .with("limit", limitBytes));
    }

    void giveBack(long bytes) {
        used.addAndGet(-bytes);
    }

    long usedBytes() {
        return used.get();
    }
}
