package io.trapline.fuzz;

import io.trapline.cli.TraplineCommand;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A whole cluster in a process of its own ({@code up}), its standard error in a file. */
final class ServerProcess {
    private static final String READY = "ready: ";
    private static final Pattern USED_KIB = Pattern.compile("used (\\d+)K");
    private static final Pattern STACK_TRACE =
            Pattern.compile("^\\s+at [\\w.$/@]+\\(|Exception|^Caused by|OutOfMemory|StackOverflow|Error:");

    private static final int SHOWN_LINES = 60;

    private final Process process;
    private final Path stderr;
    private final String address;

    private ServerProcess(Process process, Path stderr, String address) {
        this.process = process;
        this.stderr = stderr;
        this.address = address;
    }

    /** Starts one with an empty registry and waits until it serves. */
    static ServerProcess start(Path folder) throws IOException {
        Path stderr = folder.resolve("stderr.txt");
        List<String> command = List.of(
                javaTool("java"),
                "--sun-misc-unsafe-memory-access=allow",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseCompactObjectHeaders",
                "-XX:+DisplayVMOutputToStderr",
                "-Xms64m",
                "-Xmx1g",
                "-cp",
                classPath(),
                TraplineCommand.class.getName(),
                "up",
                "--listen",
                "127.0.0.1:0",
                "--data",
                folder.resolve("data").toString());
        Process process = new ProcessBuilder(command)
                .redirectError(Redirect.to(stderr.toFile()))
                .start();
        BufferedReader stdout =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String line = stdout.readLine();
        while (line != null && !line.startsWith(READY)) {
            line = stdout.readLine();
        }
        if (line == null) {
            throw new IOException("the server has not started:\n" + Files.readString(stderr));
        }
        return new ServerProcess(process, stderr, line.substring(READY.length()).trim());
    }

    /** {@code host:port}. */
    String address() {
        return address;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** What of the heap is in use after a collection. */
    long heapUsedBytes() throws IOException, InterruptedException {
        jcmd("GC.run");
        Matcher used = USED_KIB.matcher(jcmd("GC.heap_info"));
        if (!used.find()) {
            throw new IOException("GC.heap_info says nothing of what is used");
        }
        return Long.parseLong(used.group(1)) * 1024;
    }

    /** Lines of its standard error that look like a stack trace, with the line before each. */
    List<String> stackTraces() throws IOException {
        List<String> lines = Files.readAllLines(stderr);
        List<String> found = new ArrayList<>();
        for (int i = 0; i < lines.size() && found.size() < SHOWN_LINES; i++) {
            if (isOfStackTrace(lines.get(i))) {
                if (i > 0 && !isOfStackTrace(lines.get(i - 1))) {
                    found.add(lines.get(i - 1));
                }
                found.add(lines.get(i));
            }
        }
        return found;
    }

    private static boolean isOfStackTrace(String line) {
        return STACK_TRACE.matcher(line).find();
    }

    private String jcmd(String... what) throws IOException, InterruptedException {
        Process jcmd = new ProcessBuilder(javaTool("jcmd"), Long.toString(process.pid()), what[0])
                .redirectErrorStream(true)
                .start();
        String said = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (jcmd.waitFor() != 0) {
            throw new IOException("jcmd: " + said);
        }
        return said;
    }

    private static String javaTool(String name) {
        return Path.of(System.getProperty("java.home"), "bin", name).toString();
    }

    /** Ends it as an operator does. */
    void stop() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }

    /** Without the tests', where a file has them log in another way: it logs as it does for its users. */
    private static String classPath() {
        String tests = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return Stream.of(tests.split(File.pathSeparator))
                .filter(entry -> !Path.of(entry).endsWith("test-classes"))
                .collect(Collectors.joining(File.pathSeparator));
    }
}
