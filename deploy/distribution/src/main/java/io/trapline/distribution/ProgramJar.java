package io.trapline.distribution;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.constant.ClassDesc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/**
 * A jar of the class path as a distribution carries it: without the native code of any machine, which lies beside it unpacked, with stack maps
 * in every class, with lambdas that can be kept, with small manifests and settings, and the same bytes whenever it is written.
 */
final class ProgramJar {
    private static final LocalDateTime WRITTEN = LocalDateTime.of(2026, 1, 1, 0, 0);
    private static final String NATIVES = "META-INF/native/";
    private static final String MANIFEST = "META-INF/MANIFEST.MF";

    private final Map<String, byte[]> entries;

    private ProgramJar(Map<String, byte[]> entries) {
        this.entries = entries;
    }

    /** Reads one; folders in it are left out. */
    static ProgramJar read(Path jar) throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        try (InputStream file = Files.newInputStream(jar);
                ZipInputStream zip = new ZipInputStream(file)) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                if (!entry.isDirectory()) {
                    entries.put(entry.getName(), zip.readAllBytes());
                }
            }
        }
        return new ProgramJar(entries);
    }

    /** The native libraries in it for that machine, by file name. {@code machine}: as Netty names it, {@code x86_64} or {@code aarch_64}. */
    Map<String, byte[]> natives(String machine) {
        Map<String, byte[]> found = new TreeMap<>();
        entries.forEach((name, bytes) -> {
            if (name.startsWith(NATIVES) && name.endsWith("_" + machine + ".so")) {
                found.put(name.substring(NATIVES.length()), bytes);
            }
        });
        return found;
    }

    /** What its classes extend and implement. */
    ClassHierarchyResolver types() {
        return ClassHierarchyResolver.ofResourceParsing((ClassDesc type) -> {
            String descriptor = type.descriptorString();
            byte[] bytes = entries.get(descriptor.substring(1, descriptor.length() - 1) + ".class");
            return bytes == null ? null : new ByteArrayInputStream(bytes);
        });
    }

    /**
     * Writes it.
     *
     * @param types of all classes that it may mention
     * @return how many classes got stack maps
     */
    int write(Path jar, ClassHierarchyResolver types) throws IOException {
        OldClasses old = new OldClasses(types);
        PlainLambdas lambdas = new PlainLambdas(types);
        int renewed = 0;
        try (OutputStream file = Files.newOutputStream(jar);
                ZipOutputStream zip = new ZipOutputStream(file)) {
            zip.setLevel(Deflater.BEST_COMPRESSION);
            // Where readers of jars look for it.
            byte[] manifest = entries.get(MANIFEST);
            if (manifest != null) {
                put(zip, MANIFEST, SmallTexts.manifest(manifest));
            }
            for (Map.Entry<String, byte[]> entry : new TreeMap<>(entries).entrySet()) {
                String name = entry.getKey();
                if (name.equals(MANIFEST) || name.startsWith(NATIVES)) {
                    continue;
                }
                byte[] bytes = entry.getValue();
                if (OldClasses.isOld(name, bytes)) {
                    bytes = old.renewed(bytes);
                    renewed++;
                } else if (PlainLambdas.mayBeIn(name, bytes)) {
                    bytes = lambdas.plain(bytes);
                } else if (SmallTexts.isSettings(name)) {
                    bytes = SmallTexts.settings(bytes);
                }
                put(zip, name, bytes);
            }
        }
        return renewed;
    }

    static void put(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
        ZipEntry entry = new ZipEntry(name);
        entry.setTimeLocal(WRITTEN);
        zip.putNextEntry(entry);
        zip.write(bytes);
        zip.closeEntry();
    }
}
