package io.trapline.coordinator.raft;

import com.google.protobuf.ByteString;
import io.trapline.coordinator.registry.Registry;
import io.trapline.coordinator.registry.RegistryView;
import io.trapline.coordinator.registry.Result;
import io.trapline.internal.v1.LogEntry;
import io.trapline.internal.v1.RestoredPart;
import io.trapline.internal.v1.Snapshot;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;

/** The registry of one replica: one thread of Raft applies entries, any thread reads the state between two of them. */
final class GuardedRegistry {
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private Registry registry = Registry.empty();
    // Of a backup that the log begins with.
    private ByteString parts = ByteString.EMPTY;

    <T> T read(Function<RegistryView, T> reader) {
        lock.readLock().lock();
        try {
            return reader.apply(registry.view());
        } finally {
            lock.readLock().unlock();
        }
    }

    /** Throws {@link IOException} and {@link IllegalArgumentException} for a backup that is in the log and cannot be read. */
    List<Result> apply(long index, LogEntry entry) throws IOException {
        lock.writeLock().lock();
        try {
            if (entry.hasRestored()) {
                apply(index, entry.getRestored());
                return List.of();
            }
            return registry.apply(index, entry);
        } finally {
            lock.writeLock().unlock();
        }
    }

    private void apply(long index, RestoredPart part) throws IOException {
        if (registry.view().revision() != 0) {
            throw new IllegalStateException("a backup at " + index + ", behind other entries");
        }
        parts = parts.concat(part.getContent());
        if (part.getLast()) {
            Snapshot.Builder whole = Snapshot.parseFrom(parts).toBuilder().setAppliedIndex(index);
            parts = ByteString.EMPTY;
            registry = Registry.restore(whole.build());
        }
    }

    /** Whether it has some parts of a backup, and not all. */
    boolean isRestoring() {
        lock.readLock().lock();
        try {
            return !parts.isEmpty();
        } finally {
            lock.readLock().unlock();
        }
    }

    Snapshot snapshot() {
        lock.readLock().lock();
        try {
            return registry.snapshot();
        } finally {
            lock.readLock().unlock();
        }
    }

    /** Throws {@link IllegalArgumentException} for a format that this version does not know. */
    void restore(Snapshot snapshot) {
        Registry restored = Registry.restore(snapshot);
        lock.writeLock().lock();
        try {
            registry = restored;
            parts = ByteString.EMPTY;
        } finally {
            lock.writeLock().unlock();
        }
    }
}
