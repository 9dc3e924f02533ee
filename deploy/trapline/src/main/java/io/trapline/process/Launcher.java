package io.trapline.process;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Starts this program again in a JVM of its own, with a small heap: several of them share one machine. */
final class Launcher {
    /** The variable that tells a process that it has a supervisor, which holds the other end of its standard input. */
    static final String SUPERVISED = "TRAPLINE_SUPERVISED";

    private static final String START_CACHE = "TRAPLINE_START_CACHE";

    private static final String NATIVES = "java.library.path";

    private static final List<String> FLAGS = List.of(
            "--sun-misc-unsafe-memory-access=allow",
            "--enable-native-access=ALL-UNNAMED",
            "-XX:+UseCompactObjectHeaders",
            "-XX:+DisplayVMOutputToStderr",
            "-XX:+UseSerialGC",
            "-Xms32m");

    private final String mainClass;

    /** {@code mainClass}: of the command line. */
    Launcher(String mainClass) {
        this.mainClass = mainClass;
    }

    /** The command that runs this program with those arguments and flags of the JVM. Flags in {@code TRAPLINE_JAVA_OPTS} win over ours. */
    List<String> command(int heapMebibytes, List<String> flags, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(FLAGS);
        command.addAll(flags);
        command.add("-Xmx" + heapMebibytes + "m");
        String more = System.getenv("TRAPLINE_JAVA_OPTS");
        if (more != null && !more.isBlank()) {
            command.addAll(List.of(more.strip().split("\\s+")));
        }
        // What ./trapline has let the JVM learn: who begins to lead does so as fast as who has led before.
        String cache = System.getenv(START_CACHE);
        if (cache != null && Files.isReadable(Path.of(cache))) {
            command.add("-XX:AOTCache=" + cache);
        }
        // A distribution has its native code beside its jars; without it Netty would unpack its own, where it may.
        command.add("-D" + NATIVES + "=" + System.getProperty(NATIVES));
        String logging = System.getProperty("logback.configurationFile");
        if (logging != null) {
            command.add("-Dlogback.configurationFile=" + logging);
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), mainClass));
        command.addAll(arguments);
        return command;
    }
}
