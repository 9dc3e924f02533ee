package io.trapline.distribution;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.classfile.ClassHierarchyResolver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import java.util.zip.ZipOutputStream;

/**
 * Fills {@code HOME/lib} and {@code HOME/runtime/lib/security/cacerts} of a distribution from the program's class path.
 *
 * <p>Its class path is one jar, {@code lib/trapline.jar}, that names the others in order: an AOT cache is only used with the class path that
 * it was made with, and a folder has no order that survives a copy.
 */
public final class Assemble {
    private static final String PROGRAM = "trapline.jar";
    private static final String MAIN_CLASS = "io.trapline.cli.TraplineCommand";

    private Assemble() {}

    /** Arguments: the folder of jars, the home of the distribution, which has its runtime, and the machine as Netty names it. */
    public static void main(String[] args) throws IOException, GeneralSecurityException {
        Path home = Path.of(args[1]);
        String machine = args[2];
        Path lib = Files.createDirectories(home.resolve("lib"));
        Path natives = Files.createDirectories(lib.resolve("native"));
        Map<String, ProgramJar> read = new LinkedHashMap<>();
        for (Path from : jars(Path.of(args[0]))) {
            read.put(from.getFileName().toString(), ProgramJar.read(from));
        }
        ClassHierarchyResolver types = read.values().stream()
                .map(ProgramJar::types)
                .reduce(ClassHierarchyResolver::orElse)
                .orElseThrow()
                .orElse(ClassHierarchyResolver.defaultResolver());
        for (Map.Entry<String, ProgramJar> each : read.entrySet()) {
            String name = each.getKey();
            ProgramJar jar = each.getValue();
            for (Map.Entry<String, byte[]> found : jar.natives(machine).entrySet()) {
                Files.write(natives.resolve(found.getKey()), found.getValue());
            }
            int renewed = jar.write(lib.resolve(name), types);
            if (renewed > 0) {
                System.out.println(name + ": " + renewed + " classes were given stack maps");
            }
        }
        writeProgram(lib.resolve(PROGRAM), List.copyOf(read.keySet()));
        TrustStore.write(home.resolve("runtime/lib/security/cacerts"));
    }

    private static List<Path> jars(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".jar"))
                    .sorted()
                    .toList();
        }
    }

    private static void writeProgram(Path jar, List<String> names) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, MAIN_CLASS);
        manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, String.join(" ", names));
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        manifest.write(text);
        try (OutputStream file = Files.newOutputStream(jar);
                ZipOutputStream zip = new ZipOutputStream(file)) {
            ProgramJar.put(zip, "META-INF/MANIFEST.MF", text.toByteArray());
        }
    }
}
