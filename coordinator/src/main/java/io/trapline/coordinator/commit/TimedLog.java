package io.trapline.coordinator.commit;

import io.trapline.coordinator.raft.Log;
import io.trapline.internal.v1.LogEntry;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/** A log, and how long its entries take from being proposed to being applied here. Any thread may call it. */
public final class TimedLog implements Log {
    private final Log log;
    private final LongSupplier nanoTime;
    private final LongAdder entries = new LongAdder();
    private final LongAdder nanos = new LongAdder();

    /** @param nanoTime a monotonic clock */
    public TimedLog(Log log, LongSupplier nanoTime) {
        this.log = log;
        this.nanoTime = nanoTime;
    }

    @Override
    public CompletionStage<Void> propose(LogEntry entry) {
        long began = nanoTime.getAsLong();
        return log.propose(entry).whenComplete((done, failure) -> {
            if (failure == null) {
                entries.increment();
                nanos.add(nanoTime.getAsLong() - began);
            }
        });
    }

    @Override
    public long writtenTerm() {
        return log.writtenTerm();
    }

    @Override
    public boolean isAlone() {
        return log.isAlone();
    }

    /** How many entries were proposed here and applied. */
    public long entries() {
        return entries.sum();
    }

    /** How long they took, all together, in nanoseconds. */
    public long nanos() {
        return nanos.sum();
    }
}
