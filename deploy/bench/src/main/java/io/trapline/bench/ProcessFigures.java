package io.trapline.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What processes of this machine use, asked from outside. */
final class ProcessFigures {
    /** The last line of a class histogram: instances, then bytes. */
    private static final Pattern HISTOGRAM_TOTAL = Pattern.compile("Total +[0-9]+ +([0-9]+)");

    private ProcessFigures() {}

    /** Bytes of the heaps of these JVMs that are in use after a full collection, which this makes. */
    static long heapBytes(List<ProcessHandle> processes) throws IOException {
        long bytes = 0;
        for (ProcessHandle process : processes) {
            bytes += heapBytes(process);
        }
        return bytes;
    }

    private static long heapBytes(ProcessHandle jvm) throws IOException {
        String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        Process asking = new ProcessBuilder(jcmd, Long.toString(jvm.pid()), "GC.class_histogram")
                .redirectErrorStream(true)
                .start();
        String last = "";
        try (BufferedReader lines = asking.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                last = line.isBlank() ? last : line;
            }
        }
        Matcher total = HISTOGRAM_TOTAL.matcher(last.strip());
        if (!total.matches()) {
            throw new IOException("jcmd said nothing of the heap of process " + jvm.pid() + ": " + last);
        }
        return Long.parseLong(total.group(1));
    }

    /** Processor time that they have used. */
    static Duration cpu(List<ProcessHandle> processes) {
        return processes.stream()
                .flatMap(process -> process.info().totalCpuDuration().stream())
                .reduce(Duration.ZERO, Duration::plus);
    }

    /** The sizes of the files under a folder whose names begin so. */
    static long fileBytes(Path folder, String prefix) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            long bytes = 0;
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                bytes += file.getFileName().toString().startsWith(prefix) ? Files.size(file) : 0;
            }
            return bytes;
        }
    }
}
