package io.trapline.coordinator.raft;

import io.trapline.coordinator.registry.Registry;
import io.trapline.coordinator.registry.RegistryView;
import io.trapline.coordinator.registry.Result;
import io.trapline.internal.v1.LogEntry;
import io.trapline.internal.v1.Snapshot;
import java.util.List;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;

/** The registry of one replica: one thread of Raft applies entries, any thread reads the state between two of them. */
final class GuardedRegistry {
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private Registry registry = Registry.empty();

    <T> T read(Function<RegistryView, T> reader) {
        lock.readLock().lock();
        try {
            return reader.apply(registry.view());
        } finally {
            lock.readLock().unlock();
        }
    }

    List<Result> apply(long index, LogEntry entry) {
        lock.writeLock().lock();
        try {
            return registry.apply(index, entry);
        } finally {
            lock.writeLock().unlock();
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
        } finally {
            lock.writeLock().unlock();
        }
    }
}
