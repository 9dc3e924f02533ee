package io.trapline.distribution;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.classfile.ClassHierarchyResolver;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.Attributes;
import java.util.jar.Manifest;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * The jar that a distribution's class path is: every library in one, since to open 79 takes a start longer than all that is read from them. Whoever looks in it for one
 * file, or for all of its name, finds what the libraries would have shown in their order. Its classes have stack maps, and lambdas and switches that can be kept in an AOT cache, and its
 * bytes are the same whenever it is written.
 */
final class ProgramJar {
    private static final LocalDateTime WRITTEN = LocalDateTime.of(2026, 1, 1, 0, 0);
    private static final String MANIFEST = "META-INF/MANIFEST.MF";
    private static final String SERVICES = "META-INF/services/";
    private static final String SETTINGS = "reference.conf";
    private static final String VERSIONS_OF_NETTY = "META-INF/io.netty.versions.properties";

    private final String mainClass;
    private final Map<String, byte[]> entries = new TreeMap<>();
    private ClassHierarchyResolver types = ClassHierarchyResolver.defaultResolver();

    /** Has nothing in it yet. */
    ProgramJar(String mainClass) {
        this.mainClass = mainClass;
    }

    /**
     * Adds one, which comes after those that were added before. Throws {@link IOException} where it has a class that one of those has too, and another one: which of them is
     * used would be chance.
     */
    void add(Library library) throws IOException {
        types = library.types().orElse(types);
        for (Map.Entry<String, byte[]> entry : library.program().entrySet()) {
            String name = entry.getKey();
            byte[] added = SETTINGS.equals(name) ? SmallSettings.of(entry.getValue()) : entry.getValue();
            byte[] before = entries.putIfAbsent(name, added);
            if (before == null || Arrays.equals(before, added)) {
                continue;
            }
            if (name.endsWith(".class")) {
                throw new IOException(library.name() + " has " + name + ", and so has another library, which differs");
            }
            if (name.startsWith(SERVICES) || name.equals(VERSIONS_OF_NETTY)) {
                entries.put(name, lines(before, added));
            } else if (name.equals(SETTINGS)) {
                // What is said last counts in a file, and what is said first on a class path.
                entries.put(name, lines(added, before));
            }
        }
    }

    private static byte[] lines(byte[] first, byte[] second) {
        return (text(first).stripTrailing() + "\n" + text(second)).getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Writes it; how many classes got stack maps. */
    int write(Path jar) throws IOException {
        OldClasses old = new OldClasses(types);
        PlainLambdas lambdas = new PlainLambdas(types);
        PlainSwitches switches = new PlainSwitches(types);
        int renewed = 0;
        try (OutputStream file = Files.newOutputStream(jar);
                ZipOutputStream zip = new ZipOutputStream(file)) {
            zip.setLevel(Deflater.BEST_COMPRESSION);
            // Where readers of jars look for it.
            put(zip, MANIFEST, manifest());
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                String name = entry.getKey();
                byte[] bytes = entry.getValue();
                if (OldClasses.isOld(name, bytes)) {
                    bytes = old.renewed(bytes);
                    renewed++;
                }
                if (PlainLambdas.mayBeIn(name, bytes)) {
                    bytes = lambdas.plain(bytes);
                }
                if (PlainSwitches.mayBeIn(name, bytes)) {
                    bytes = switches.plain(bytes);
                }
                put(zip, name, bytes);
            }
        }
        return renewed;
    }

    private byte[] manifest() throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, mainClass);
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        manifest.write(text);
        return text.toByteArray();
    }

    private static void put(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
        ZipEntry entry = new ZipEntry(name);
        entry.setTimeLocal(WRITTEN);
        zip.putNextEntry(entry);
        zip.write(bytes);
        zip.closeEntry();
    }
}
