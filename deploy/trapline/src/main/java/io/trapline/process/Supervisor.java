package io.trapline.process;

import com.sun.management.OperatingSystemMXBean;
import io.trapline.model.FileTrouble;
import io.trapline.model.LockFile;
import io.trapline.server.ListenAddress;
import io.trapline.server.StartException;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A cluster of separate processes on this machine: starts coordinators and nodes, tells what each of them does, and ends them all. A process
 * that dies stays dead, unless it is to be started again with the same arguments. All of them end with this one, however it ends: it
 * holds the other end of their standard input.
 */
public final class Supervisor implements AutoCloseable {
    /** The folder of the data directory in which each process has its log, named by its id. */
    public static final String LOGS = "log";

    private static final String LOCK = "up.lock";
    private static final int COORDINATOR_HEAP_MEBIBYTES = 192;
    private static final int NODE_HEAP_MEBIBYTES = 256;
    /** What a coordinator does when another one has ended it does for the first time: nobody waits for the optimising compiler meanwhile. */
    private static final List<String> COORDINATOR_FLAGS = List.of("-XX:TieredStopAtLevel=1");

    private static final int MEMORY_PART_FOR_GUESTS = 2;
    private static final Duration START = Duration.ofMinutes(2);
    /** Nodes first, so that they have somebody to resign to; together below what a process that is asked to end is given. */
    private static final Duration END_NODES = Duration.ofSeconds(9);

    private static final Duration END_COORDINATORS = Duration.ofSeconds(7);

    private final LockFile lock;
    private final Layout layout;
    private final List<Child> coordinators = new ArrayList<>();
    private final List<Child> nodes = new ArrayList<>();

    private Supervisor(LockFile lock, Layout layout) {
        this.lock = lock;
        this.layout = layout;
    }

    /**
     * What to run.
     *
     * @param coordinators 1, 3 or 5
     * @param nodes 1 … 64
     * @param data where the coordinators' data and everybody's logs are; made where it is missing
     * @param firstNode where the first node listens, on loopback; port 0 = any
     * @param restarts whether a process that dies is started again
     * @param mainClass of the command line
     * @param nodeMemoryBytes how much guest memory each node may hold; empty = half of the machine's, in equal parts
     * @param ways how the processes come to each other
     */
    public record Plan(
            int coordinators,
            int nodes,
            Path data,
            ListenAddress firstNode,
            boolean restarts,
            String mainClass,
            OptionalLong nodeMemoryBytes,
            Ways ways) {
        /** Processes that come to each other straight. */
        public Plan(
                int coordinators, int nodes, Path data, ListenAddress firstNode, boolean restarts, String mainClass) {
            this(coordinators, nodes, data, firstNode, restarts, mainClass, OptionalLong.empty(), Ways.STRAIGHT);
        }

        /** The same with nodes that may hold so much guest memory each. */
        public Plan withNodeMemory(long bytes) {
            return new Plan(coordinators, nodes, data, firstNode, restarts, mainClass, OptionalLong.of(bytes), ways);
        }

        /** The same whose processes come to each other so. */
        public Plan withWays(Ways other) {
            return new Plan(coordinators, nodes, data, firstNode, restarts, mainClass, nodeMemoryBytes, other);
        }
    }

    /** How the processes of a cluster come to each other. */
    public interface Ways {
        /** Each where the other listens. */
        Ways STRAIGHT = new Ways() {
            @Override
            public ListenAddress to(String id, ListenAddress listens) {
                return listens;
            }

            @Override
            public List<String> flags(String id) {
                return List.of();
            }
        };

        /** What the others are told of where process {@code id} is to be found, which listens there. Asked before any flags are. */
        ListenAddress to(String id, ListenAddress listens);

        /** Further flags of the JVM of that process. */
        List<String> flags(String id);
    }

    /**
     * A change of one process' state.
     *
     * @param id its id
     * @param role {@code coordinator} or {@code node}
     * @param address where its services are
     * @param pid of its present or last life
     * @param state what it does
     */
    public record Change(String id, String role, String address, long pid, ProcessState state) {}

    /** Starts all of it and waits until it serves; {@code listener} hears of every change, on any thread, one at a time. */
    public static Supervisor start(Plan plan, Consumer<Change> listener) throws StartException, InterruptedException {
        LockFile lock = lock(plan.data());
        Supervisor supervisor = new Supervisor(lock, layout(plan, lock));
        boolean started = false;
        try {
            supervisor.startAll(plan, listener);
            started = true;
            return supervisor;
        } finally {
            if (!started) {
                supervisor.close();
            }
        }
    }

    /** One supervisor uses a directory at a time: another's children would take the ids, and write the logs, of those that run. */
    private static LockFile lock(Path data) throws StartException {
        try {
            Files.createDirectories(data);
            return LockFile.take(data.resolve(LOCK))
                    .orElseThrow(() -> new StartException("data directory " + data + ": another 'up' is using it"));
        } catch (IOException cannot) {
            throw new StartException("data directory " + FileTrouble.text(data, cannot), cannot);
        }
    }

    private static Layout layout(Plan plan, LockFile lock) throws StartException {
        try {
            return Layout.of(plan.data(), plan.coordinators(), plan.nodes(), plan.firstNode());
        } catch (StartException cannot) {
            lock.close();
            throw cannot;
        }
    }

    private void startAll(Plan plan, Consumer<Change> listener) throws StartException, InterruptedException {
        Path logs = plan.data().resolve(LOGS);
        try {
            Files.createDirectories(logs);
        } catch (IOException cannot) {
            throw new StartException("data directory " + FileTrouble.text(plan.data(), cannot), cannot);
        }
        Consumer<Change> tell = serially(listener);
        parts(plan).forEach(part -> {
            Child child = new Child(part, logs.resolve(part.id() + ".log"), plan.restarts(), tell);
            (part.role().equals("node") ? nodes : coordinators).add(child);
        });
        List<Child> all = Stream.concat(coordinators.stream(), nodes.stream()).toList();
        for (Child child : all) {
            child.start();
        }
        long deadlineNanos = System.nanoTime() + START.toNanos();
        for (Child child : all) {
            child.awaitUp(deadlineNanos);
        }
    }

    private static Consumer<Change> serially(Consumer<Change> listener) {
        Object lock = new Object();
        return change -> {
            synchronized (lock) {
                listener.accept(change);
            }
        };
    }

    private List<Child.Part> parts(Plan plan) {
        Launcher launcher = new Launcher(plan.mainClass());
        Ways ways = plan.ways();
        Layout told = layout.by(ways);
        List<Child.Part> parts = new ArrayList<>();
        for (int i = 0; i < layout.peers().size(); i++) {
            CoordinatorSettings.Peer peer = told.peers().get(i);
            parts.add(new Child.Part(
                    peer.id(),
                    "coordinator",
                    layout.peers().get(i).services().toString(),
                    command(
                            launcher,
                            COORDINATOR_HEAP_MEBIBYTES,
                            Stream.concat(COORDINATOR_FLAGS.stream(), ways.flags(peer.id()).stream())
                                    .toList(),
                            arguments("coordinator", told.coordinator(peer, plan.data())))));
        }
        long memory = plan.nodeMemoryBytes()
                .orElseGet(() -> ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class)
                                .getTotalMemorySize()
                        / MEMORY_PART_FOR_GUESTS
                        / layout.nodes().size());
        for (int i = 0; i < layout.nodes().size(); i++) {
            Map<String, String> settings = told.node(i, layout.nodes().get(i), memory);
            String id = Layout.nodeId(i);
            parts.add(new Child.Part(
                    id,
                    "node",
                    layout.nodes().get(i).toString(),
                    command(launcher, NODE_HEAP_MEBIBYTES, ways.flags(id), arguments("node", settings))));
        }
        return parts;
    }

    private static List<String> arguments(String role, Map<String, String> settings) {
        List<String> arguments = new ArrayList<>(List.of(role));
        settings.forEach((key, value) -> {
            arguments.add("--" + key);
            if (!value.equals("true")) {
                arguments.add(value);
            }
        });
        return arguments;
    }

    /** A session of its own where the machine can: Ctrl-C is then heard by the supervisor alone, which ends the others in order. */
    private static List<String> command(
            Launcher launcher, int heapMebibytes, List<String> flags, List<String> arguments) {
        List<String> command = new ArrayList<>();
        String path = System.getenv("PATH");
        if (path != null) {
            Arrays.stream(path.split(File.pathSeparator, -1))
                    .map(folder -> Path.of(folder, "setsid"))
                    .filter(Files::isExecutable)
                    .findFirst()
                    .ifPresent(setsid -> command.add(setsid.toString()));
        }
        command.addAll(launcher.command(heapMebibytes, flags, arguments));
        return command;
    }

    /** Starts one that is dead again, with the same arguments; does nothing where it is not. */
    public void startAgain(String id) throws StartException {
        for (Child child : Stream.concat(coordinators.stream(), nodes.stream()).toList()) {
            if (child.id().equals(id)) {
                child.startAgain();
            }
        }
    }

    /** With what its last life that has ended left; empty where none has. */
    public OptionalInt exitCode(String id) {
        return Stream.concat(coordinators.stream(), nodes.stream())
                .filter(child -> child.id().equals(id))
                .map(Child::exitCode)
                .findFirst()
                .orElse(OptionalInt.empty());
    }

    /** Where the nodes are: any of them takes every call. */
    public String addresses() {
        return layout.nodes().stream().map(ListenAddress::toString).collect(Collectors.joining(","));
    }

    @Override
    public void close() {
        try {
            end(nodes, END_NODES);
            end(coordinators, END_COORDINATORS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        lock.close();
    }

    private static void end(List<Child> children, Duration grace) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + grace.toNanos();
        children.forEach(Child::beginEnd);
        for (Child child : children) {
            child.end(deadlineNanos);
        }
    }
}
