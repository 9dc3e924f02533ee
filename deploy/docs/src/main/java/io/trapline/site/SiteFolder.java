package io.trapline.site;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A folder that holds a site and nothing else. It is replaced as a whole, so that no page of an earlier one stays. */
final class SiteFolder {
    /** In every site: what has it was written here and may be replaced. */
    private static final String MARK = ".trapline-docs";

    private final Path folder;

    SiteFolder(Path folder) {
        this.folder = folder.toAbsolutePath().normalize();
    }

    /** Why it may not be replaced, if so: whatever is in it is not a site. */
    Optional<String> refusal() throws IOException {
        if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            return folder.getParent() == null ? Optional.of(folder + " cannot be replaced") : Optional.empty();
        }
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            return Optional.of(folder + " is no folder");
        }
        if (Files.exists(folder.resolve(MARK))) {
            return Optional.empty();
        }
        try (Stream<Path> within = Files.list(folder)) {
            return within.findAny().isPresent()
                    ? Optional.of(folder + " holds other things than a site: choose a new or an empty folder")
                    : Optional.empty();
        }
    }

    /** {@code files}: by their paths in the site. What was there stays until all of the new is written. */
    void replace(Map<String, byte[]> files) throws IOException {
        Path parent = Files.createDirectories(folder.resolveSibling("."));
        Path work = Files.createTempDirectory(parent, ".site.");
        try {
            Path next = Files.createDirectory(work.resolve("new"));
            Files.createFile(next.resolve(MARK));
            for (Map.Entry<String, byte[]> file : files.entrySet()) {
                Path path = next.resolve(file.getKey());
                Files.createDirectories(path.resolveSibling("."));
                Files.write(path, file.getValue());
            }
            Path last = work.resolve("old");
            if (Files.exists(folder)) {
                Files.move(folder, last);
            }
            Files.move(next, folder);
        } catch (IOException e) {
            if (Files.exists(work.resolve("old")) && !Files.exists(folder)) {
                Files.move(work.resolve("old"), folder);
            }
            throw e;
        } finally {
            delete(work);
        }
    }

    private static void delete(Path folder) throws IOException {
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path done, @Nullable IOException e) throws IOException {
                Files.delete(done);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
