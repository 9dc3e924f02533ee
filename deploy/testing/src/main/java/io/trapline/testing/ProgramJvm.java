package io.trapline.testing;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A JVM of its own that a test starts. Most of them live for seconds: they run without the second compiler, and with the start cache that
 * {@code ./check} has made of the jars that it has built, where it names both.
 */
public final class ProgramJvm {
    /** The property that names the jars which the start cache was made of, as a class path. */
    public static final String JARS = "trapline.process.jars";

    private static final String START_CACHE = "TRAPLINE_START_CACHE";
    private static final String CLASS_PATH = "java.class.path";

    private ProgramJvm() {}

    /**
     * The command that runs a main class.
     *
     * @param heapMebibytes the most that its heap takes
     * @param arguments the main class, and what it is called with
     */
    public static List<String> command(int heapMebibytes, List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--sun-misc-unsafe-memory-access=allow",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:+UseCompactObjectHeaders",
                "-XX:TieredStopAtLevel=1",
                "-Xmx" + heapMebibytes + "m"));
        cache().ifPresent(cache -> command.add("-XX:AOTCache=" + cache));
        command.addAll(List.of("-cp", classPath()));
        command.addAll(arguments);
        return command;
    }

    private static Optional<Path> cache() {
        return Optional.ofNullable(System.getenv(START_CACHE))
                .filter(named -> !jars().isEmpty())
                .map(Path::of)
                .filter(Files::isReadable);
    }

    private static String jars() {
        return System.getProperty(JARS, "");
    }

    /** A cache is of use only with a class path that begins with what it was made of; what tests add, such as a main class, comes after that. */
    public static String classPath() {
        String own = System.getProperty(CLASS_PATH);
        String jars = jars();
        return jars.isEmpty() || own.startsWith(jars) ? own : jars + File.pathSeparator + own;
    }
}
