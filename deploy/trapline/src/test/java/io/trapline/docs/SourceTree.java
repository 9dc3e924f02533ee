package io.trapline.docs;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The files that people write: no build output, no recorded input, nothing fetched. */
public record SourceTree(Path root) {
    private static final Set<String> SKIPPED = Set.of("target", "node_modules", "gen", "build", "samples");
    private static final Set<String> WRITTEN = Set.of("java", "proto", "md", "py", "mjs", "cpp");

    /** The checkout that the tests run in. */
    public static SourceTree here() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("docs/SEMANTICS.md"))) {
            Path parent = folder.getParent();
            if (parent == null) {
                throw new IllegalStateException(
                        "no docs/SEMANTICS.md above " + Path.of("").toAbsolutePath());
            }
            folder = parent;
        }
        return new SourceTree(folder);
    }

    /** One of them, by its path from the root. */
    public String read(String path) throws IOException {
        return Files.readString(root.resolve(path));
    }

    List<Path> files() throws IOException {
        List<Path> files = new ArrayList<>();
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                String name = folder.getFileName().toString();
                boolean skipped = !folder.equals(root) && (SKIPPED.contains(name) || name.startsWith("."));
                return skipped ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                String name = file.getFileName().toString();
                if (WRITTEN.contains(name.substring(name.lastIndexOf('.') + 1))) {
                    files.add(root.relativize(file));
                }
                return FileVisitResult.CONTINUE;
            }
        });
        return files;
    }

    /** Whether a path below the root is a test's source. This package is none: it names ids to test the scan itself. */
    static boolean isTest(Path path) {
        String name = path.toString().replace('\\', '/');
        return name.contains("src/test/java/") && !name.contains("/io/trapline/docs/");
    }
}
