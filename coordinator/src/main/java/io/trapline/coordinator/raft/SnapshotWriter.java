package io.trapline.coordinator.raft;

import io.trapline.internal.v1.Snapshot;
import java.io.BufferedOutputStream;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.apache.ratis.io.MD5Hash;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.util.MD5FileUtil;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a snapshot on a thread of its own, so that entries are applied meanwhile: the state is made of immutable messages, and a snapshot
 * of it is references to them. One at a time.
 */
final class SnapshotWriter {
    private static final Logger LOG = LoggerFactory.getLogger(SnapshotWriter.class);

    private @Nullable CompletableFuture<Written> writing;

    /**
     * Whole and on disk, under a name that is no snapshot's yet.
     *
     * @param last the last entry that it includes
     */
    record Written(TermIndex last, File file, MD5Hash digest) {}

    /** Whether one is being written, or waits to be taken. */
    synchronized boolean isBusy() {
        return writing != null;
    }

    /** Begins to write one. */
    synchronized void begin(Snapshot snapshot, TermIndex last, File file) {
        writing = CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return write(snapshot, last, file);
                    } catch (IOException failed) {
                        throw new UncheckedIOException(failed);
                    }
                },
                Thread.ofPlatform().daemon().name("registry-snapshot")::start);
    }

    /** The one that has been written; empty where there is none, or not yet. Throws what it failed with. */
    synchronized Optional<Written> take() throws IOException {
        CompletableFuture<Written> ended = writing;
        if (ended == null || !ended.isDone()) {
            return Optional.empty();
        }
        writing = null;
        try {
            return Optional.of(ended.join());
        } catch (CompletionException failed) {
            throw new IOException(DataDirectory.rootReason(failed), failed);
        }
    }

    /** Waits until nothing is being written; what was written is of no use. */
    synchronized void drop() {
        CompletableFuture<Written> ended = writing;
        writing = null;
        if (ended != null) {
            try {
                LOG.debug("snapshot {} is not used", ended.join().last());
            } catch (CompletionException failed) {
                LOG.debug("a snapshot that is not used could not be written", failed);
            }
        }
    }

    /** Writes one now. */
    static Written write(Snapshot snapshot, TermIndex last, File file) throws IOException {
        try (FileOutputStream out = new FileOutputStream(file)) {
            OutputStream buffered = new BufferedOutputStream(out, 1 << 16);
            snapshot.writeTo(buffered);
            buffered.flush();
            out.getFD().sync();
        }
        return new Written(last, file, MD5FileUtil.computeMd5ForFile(file));
    }
}
