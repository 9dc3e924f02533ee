package io.trapline.process;

import io.trapline.model.FileTrouble;
import io.trapline.server.StartException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A directory that one supervisor uses at a time: another's children would take the ids, and write the logs, of those that run. */
final class DirectoryLock implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DirectoryLock.class);
    private static final String FILE = "up.lock";

    private final FileChannel file;

    private DirectoryLock(FileChannel file) {
        this.file = file;
    }

    /** Takes it, and makes the directory where there is none. */
    static DirectoryLock of(Path directory) throws StartException {
        FileChannel file;
        try {
            Files.createDirectories(directory);
            file = FileChannel.open(directory.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        } catch (IOException cannot) {
            throw new StartException("data directory " + FileTrouble.text(directory, cannot), cannot);
        }
        DirectoryLock lock = new DirectoryLock(file);
        if (!lock.isTaken()) {
            lock.close();
            throw new StartException("data directory " + directory + ": another 'up' is using it");
        }
        return lock;
    }

    private boolean isTaken() throws StartException {
        try {
            return file.tryLock() != null;
        } catch (OverlappingFileLockException ours) {
            return false;
        } catch (IOException cannot) {
            throw new StartException("cannot lock a data directory: " + FileTrouble.reason(cannot), cannot);
        }
    }

    /** Gives it back; the end of the process does so as well. */
    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException gone) {
            LOG.debug("closing a lock", gone);
        }
    }
}
