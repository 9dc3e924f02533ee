package io.trapline.embedded;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The folder of one process, which holds it as long as it lives: a second one that wants it is refused. */
final class DataDirectory implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DataDirectory.class);

    private final Path path;
    private final boolean temporary;
    private final FileChannel lockFile;
    private final FileLock lock;

    private DataDirectory(Path path, boolean temporary, FileChannel lockFile, FileLock lock) {
        this.path = path;
        this.temporary = temporary;
        this.lockFile = lockFile;
        this.lock = lock;
    }

    /** Takes the folder, making it where it is missing; without one, a temporary that {@link #close} deletes. */
    static DataDirectory open(Optional<Path> folder) throws StartException {
        Path path = folder.isPresent() ? made(folder.get()) : temporary();
        FileChannel lockFile = null;
        try {
            lockFile = FileChannel.open(
                    path.resolve("trapline.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = tryLock(lockFile);
            if (lock == null) {
                lockFile.close();
                throw new StartException("data directory " + path + ": in use by another process");
            }
            return new DataDirectory(path, folder.isEmpty(), lockFile, lock);
        } catch (IOException failed) {
            throw new StartException("data directory " + path + ": cannot be written: " + reason(failed), failed);
        }
    }

    private static @Nullable FileLock tryLock(FileChannel file) throws IOException {
        try {
            return file.tryLock();
        } catch (OverlappingFileLockException heldByThisProcess) {
            return null;
        }
    }

    Path path() {
        return path;
    }

    @Override
    public void close() {
        try {
            lock.release();
            lockFile.close();
            if (temporary) {
                delete(path);
            }
        } catch (IOException failed) {
            LOG.warn("data directory {}: {}", path, reason(failed));
        }
    }

    private static Path made(Path folder) throws StartException {
        try {
            return Files.createDirectories(folder);
        } catch (FileAlreadyExistsException notAFolder) {
            throw new StartException("data directory " + folder + ": not a directory", notAFolder);
        } catch (IOException failed) {
            throw new StartException("data directory " + folder + ": cannot be made: " + reason(failed), failed);
        }
    }

    private static Path temporary() throws StartException {
        try {
            return Files.createTempDirectory("trapline-");
        } catch (IOException failed) {
            throw new StartException("no temporary data directory: " + reason(failed), failed);
        }
    }

    private static void delete(Path folder) throws IOException {
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path done, @Nullable IOException failed) throws IOException {
                Files.deleteIfExists(done);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private static String reason(IOException failed) {
        return failed.getClass().getSimpleName() + " " + failed.getMessage();
    }
}
