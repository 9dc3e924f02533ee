package io.trapline.embedded;

import io.trapline.server.StartException;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A folder that is gone with everything in it when it is closed or, where that is asked, when the process ends in order before. */
public final class TemporaryDirectory implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TemporaryDirectory.class);

    private final Path path;
    private final @Nullable Thread atExit;

    private TemporaryDirectory(Path path, boolean isDeletedAtExit) {
        this.path = path;
        this.atExit = isDeletedAtExit ? new Thread(this::delete, "temporary-directory") : null;
    }

    /** {@code isDeletedAtExit}: nobody closes it where the process is asked to end. */
    public static TemporaryDirectory create(boolean isDeletedAtExit) throws StartException {
        try {
            TemporaryDirectory directory =
                    new TemporaryDirectory(Files.createTempDirectory("trapline-"), isDeletedAtExit);
            if (directory.atExit != null) {
                Runtime.getRuntime().addShutdownHook(directory.atExit);
            }
            return directory;
        } catch (IOException failed) {
            throw new StartException("no temporary data directory: " + failed, failed);
        }
    }

    /** Where it is. */
    public Path path() {
        return path;
    }

    @Override
    public void close() {
        try {
            if (atExit != null) {
                Runtime.getRuntime().removeShutdownHook(atExit);
            }
        } catch (IllegalStateException exiting) {
            LOG.debug("the process ends, which deletes {} too", path, exiting);
        }
        delete();
    }

    private void delete() {
        if (!Files.exists(path)) {
            return;
        }
        try {
            Files.walkFileTree(path, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.deleteIfExists(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException gone) {
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path done, @Nullable IOException failed) throws IOException {
                    Files.deleteIfExists(done);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException failed) {
            LOG.warn("temporary data directory {} is left behind: {}", path, failed.toString());
        }
    }
}
