package io.trapline.model;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/** A file by which one process at a time has something, until it gives that back or ends. The file itself stays. */
public final class LockFile implements AutoCloseable {
    private final FileChannel channel;

    private LockFile(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * Takes it, and makes the file where there is none.
     *
     * @return empty where somebody has it, in this process or in another one
     * @throws IOException where the file cannot be made or locked
     */
    public static Optional<LockFile> take(Path file) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        boolean isTaken = false;
        try {
            isTaken = channel.tryLock() != null;
        } catch (OverlappingFileLockException here) {
            isTaken = false;
        } finally {
            if (!isTaken) {
                channel.close();
            }
        }
        return isTaken ? Optional.of(new LockFile(channel)) : Optional.empty();
    }

    /** Gives it back. */
    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException kept) {
            // The end of the process gives it back.
            return;
        }
    }
}
