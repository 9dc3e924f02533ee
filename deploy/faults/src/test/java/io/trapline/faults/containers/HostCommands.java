package io.trapline.faults.containers;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Commands of this machine in the network of a container, which itself may do none of that. */
final class HostCommands {
    private static final List<String> NEEDED = List.of("nsenter", "iptables", "tc");
    private static final List<String> FOLDERS = List.of("/usr/sbin", "/usr/bin", "/sbin", "/bin");

    private HostCommands() {}

    /** Why there are none here; empty where there are. */
    static Optional<String> unavailable() {
        if (!System.getProperty("user.name", "").equals("root")) {
            return Optional.of("only root may enter the network of a container");
        }
        return NEEDED.stream()
                .filter(name -> FOLDERS.stream().noneMatch(folder -> Files.isExecutable(Path.of(folder, name))))
                .findFirst()
                .map(name -> "this machine has no " + name);
    }

    /** Runs it where the process with that id has its network, and returns what it says. {@link IOException} where it fails. */
    static String in(long pid, List<String> command) throws IOException, InterruptedException {
        List<String> entered = new ArrayList<>(List.of("nsenter", "-t", Long.toString(pid), "-n"));
        entered.addAll(command);
        Process process = new ProcessBuilder(entered).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int exit = process.waitFor();
        if (exit != 0) {
            throw new IOException(String.join(" ", entered) + " ended with " + exit + ": " + said.strip());
        }
        return said;
    }

    /** How many bytes of memory the control group of that process has. */
    static long memoryInUse(long pid) throws IOException {
        for (String place : List.of("memory/memory.usage_in_bytes", "memory.current")) {
            Path file = Path.of("/proc", Long.toString(pid), "root/sys/fs/cgroup", place);
            if (Files.isReadable(file)) {
                return Long.parseLong(Files.readString(file).strip());
            }
        }
        throw new IOException("nothing says how much memory process " + pid + " has");
    }

    /** Short of memory, the kernel kills that process before any other. */
    static void killFirst(long pid) throws IOException {
        Files.writeString(Path.of("/proc", Long.toString(pid), "oom_score_adj"), "1000");
    }

    /** How often the control group of that process was held up for having used up its share. */
    static long timesThrottled(long pid) throws IOException {
        for (String place : List.of("cpu/cpu.stat", "cpu,cpuacct/cpu.stat", "cpu.stat")) {
            Path stat = Path.of("/proc", Long.toString(pid), "root/sys/fs/cgroup", place);
            if (Files.isReadable(stat)) {
                try (Stream<String> lines = Files.lines(stat)) {
                    return lines.filter(line -> line.startsWith("nr_throttled "))
                            .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(' ') + 1)))
                            .sum();
                }
            }
        }
        throw new IOException("no cpu.stat of process " + pid);
    }
}
