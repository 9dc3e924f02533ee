package io.trapline.site;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The files of a checkout that a site is made of: {@code README.md} and every page below {@code docs/}, and what they link to. */
final class Repository implements Tree {
    /** What people did not write. */
    private static final Set<String> SKIPPED = Set.of("target", "node_modules", "gen", "build");

    private final Path root;

    Repository(Path root) {
        this.root = root.toAbsolutePath().normalize();
    }

    Pages pages() throws IOException {
        List<Page> pages = new ArrayList<>();
        for (Path file : files()) {
            String path = root.relativize(file).toString().replace('\\', '/');
            try {
                pages.add(Page.parse(path, Files.readString(file)));
            } catch (MalformedInputException e) {
                throw new IOException(path + " is not UTF-8", e);
            }
        }
        return new Pages(pages, this);
    }

    private List<Path> files() throws IOException {
        List<Path> files = new ArrayList<>();
        files.add(root.resolve(Addresses.HOME));
        Files.walkFileTree(root.resolve("docs"), new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                String name = folder.getFileName().toString();
                return SKIPPED.contains(name) || name.startsWith(".")
                        ? FileVisitResult.SKIP_SUBTREE
                        : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (Addresses.isMarkdown(file.getFileName().toString())) {
                    files.add(file);
                }
                return FileVisitResult.CONTINUE;
            }
        });
        return files;
    }

    @Override
    public Kind kind(String path) {
        Path file = root.resolve(path);
        if (Files.isDirectory(file)) {
            return Kind.FOLDER;
        }
        return Files.isRegularFile(file) ? Kind.FILE : Kind.NOTHING;
    }

    /** {@code path}: from the root. */
    byte[] read(String path) throws IOException {
        return Files.readAllBytes(root.resolve(path));
    }
}
