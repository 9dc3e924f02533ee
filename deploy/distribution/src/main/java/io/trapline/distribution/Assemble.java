package io.trapline.distribution;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Fills {@code HOME/lib}, {@code HOME/share/licences} and {@code HOME/runtime/lib/security/cacerts} of a distribution from the program's class path, in the order of the
 * names of its jars: a folder has none that survives a copy.
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
        ProgramJar program = new ProgramJar(MAIN_CLASS);
        for (Path jar : jars(Path.of(args[0]))) {
            Library library = Library.read(jar);
            program.add(library);
            write(library.natives(machine), lib.resolve("native"));
            write(library.licences(), home.resolve("share/licences").resolve(library.name()));
        }
        int renewed = program.write(lib.resolve(PROGRAM));
        System.out.println(PROGRAM + ": " + renewed + " classes were given stack maps");
        TrustStore.write(home.resolve("runtime/lib/security/cacerts"));
    }

    private static List<Path> jars(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".jar"))
                    .sorted()
                    .toList();
        }
    }

    private static void write(Map<String, byte[]> files, Path folder) throws IOException {
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            Path path = folder.resolve(file.getKey()).normalize();
            if (!path.startsWith(folder)) {
                throw new IOException(file.getKey() + " is not in " + folder);
            }
            Files.createDirectories(path.getParent());
            Files.write(path, file.getValue());
        }
    }
}
