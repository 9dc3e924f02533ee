package io.trapline.distribution;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Jars to assemble from, and a look into what came of them. */
final class Jars {
    private Jars() {}

    /** The library's that has that class. */
    static Path of(Class<?> type) throws URISyntaxException {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    }

    /** One with such files: name, text, name, text … */
    static Path with(Path jar, long time, String... files) throws IOException {
        try (OutputStream file = Files.newOutputStream(jar);
                ZipOutputStream zip = new ZipOutputStream(file)) {
            for (int i = 0; i < files.length; i += 2) {
                ZipEntry entry = new ZipEntry(files[i]);
                entry.setTime(time);
                zip.putNextEntry(entry);
                zip.write(files[i + 1].getBytes(StandardCharsets.UTF_8));
                zip.closeEntry();
            }
        }
        return jar;
    }

    /** The program of those libraries. */
    static Path program(Path jar, Path... libraries) throws IOException {
        ProgramJar program = new ProgramJar("some.Main");
        for (Path library : libraries) {
            program.add(Library.read(library));
        }
        program.write(jar);
        return jar;
    }

    static String text(Path jar, String entry) throws IOException {
        try (JarFile file = new JarFile(jar.toFile());
                InputStream in = file.getInputStream(file.getEntry(entry))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
