package io.trapline.process;

import io.trapline.server.ListenAddress;
import io.trapline.server.StartException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Coordinators and nodes as they run as processes, but all in this one, over TCP on loopback. Thread-safe. */
public final class InProcessCluster implements AutoCloseable {
    private static final Duration UP = Duration.ofMinutes(2);
    private static final long MEMORY_BYTES = 1L << 30;

    private final Layout layout;
    private final Path data;
    private final Map<String, CoordinatorProcess> coordinators = new LinkedHashMap<>();
    private final Map<String, NodeProcess> nodes = new LinkedHashMap<>();

    private final Map<String, NodeSettings> given = new HashMap<>();

    // Guarded by itself.
    private final Map<String, ProcessState> states = new HashMap<>();

    private InProcessCluster(Layout layout, Path data) {
        this.layout = layout;
        this.data = data;
    }

    /**
     * Starts it and waits until it serves.
     *
     * @param coordinators 1, 3 or 5
     * @param nodes 1 … 64
     * @param data where the coordinators' data is; empty
     */
    public static InProcessCluster start(int coordinators, int nodes, Path data)
            throws StartException, InterruptedException {
        InProcessCluster cluster =
                new InProcessCluster(Layout.of(data, coordinators, nodes, ListenAddress.ANY_PORT), data);
        boolean started = false;
        try {
            cluster.startAll();
            started = true;
            return cluster;
        } finally {
            if (!started) {
                cluster.close();
            }
        }
    }

    private void startAll() throws StartException, InterruptedException {
        for (CoordinatorSettings.Peer peer : layout.peers()) {
            startCoordinator(peer);
        }
        for (int i = 0; i < layout.nodes().size(); i++) {
            startNode(settings(NodeSettings::of, layout.node(i, layout.nodes().get(i), MEMORY_BYTES)));
        }
        awaitUp();
    }

    private void startNode(NodeSettings settings) throws StartException {
        nodes.put(settings.id(), NodeProcess.start(settings, address -> state -> is(settings.id(), state)));
        given.put(settings.id(), settings);
    }

    private void startCoordinator(CoordinatorSettings.Peer peer) throws StartException {
        CoordinatorSettings settings = settings(CoordinatorSettings::of, layout.coordinator(peer, data));
        coordinators.put(peer.id(), CoordinatorProcess.start(settings, state -> is(peer.id(), state)));
    }

    private interface Reader<S> {
        S read(SettingSources sources) throws WrongSettings;
    }

    private static <S> S settings(Reader<S> reader, Map<String, String> given) throws StartException {
        try {
            return reader.read(new SettingSources(given, Map.of(), Optional.empty()));
        } catch (WrongSettings impossible) {
            throw new StartException(String.valueOf(impossible.getMessage()), impossible);
        }
    }

    private void is(String id, ProcessState state) {
        synchronized (states) {
            states.put(id, state);
            states.notifyAll();
        }
    }

    /** Waits until all of it is up and somebody leads. */
    public void awaitUp() throws StartException, InterruptedException {
        long deadlineNanos = System.nanoTime() + UP.toNanos();
        int all = layout.peers().size() + layout.nodes().size();
        synchronized (states) {
            while (states.size() < all
                    || !states.values().stream().allMatch(ProcessState::isUp)
                    || !states.containsValue(ProcessState.LEADING)) {
                long leftMillis =
                        Duration.ofNanos(deadlineNanos - System.nanoTime()).toMillis();
                if (leftMillis <= 0) {
                    throw new StartException("not all of the cluster came up: " + states);
                }
                states.wait(leftMillis);
            }
        }
    }

    /** Ends the coordinator that leads without telling anybody. */
    public Stopped abandonLeader() {
        CoordinatorSettings.Peer leader;
        synchronized (states) {
            leader = layout.peers().stream()
                    .filter(peer -> states.get(peer.id()) == ProcessState.LEADING)
                    .findFirst()
                    .orElseThrow();
            states.put(leader.id(), ProcessState.DEAD);
        }
        CoordinatorProcess ended = coordinators.remove(leader.id());
        if (ended != null) {
            ended.abandon();
        }
        return () -> startCoordinator(leader);
    }

    /** Ends a node without telling anybody. */
    public Stopped abandonNode(String id) {
        NodeProcess node = nodes.remove(id);
        NodeSettings settings = given.get(id);
        if (node == null || settings == null) {
            throw new IllegalArgumentException("node = " + id + ": not one of " + nodes.keySet());
        }
        node.abandon();
        is(id, ProcessState.DEAD);
        return () -> startNode(settings);
    }

    /** A process that has ended. */
    public interface Stopped {
        /** Starts it again, a coordinator on its data. */
        void startAgain() throws StartException;
    }

    /** Where the nodes are: any of them takes every call. */
    public String addresses() {
        return layout.nodes().stream().map(ListenAddress::toString).collect(Collectors.joining(","));
    }

    /** Where one of them is. */
    public String firstNode() {
        return layout.nodes().getFirst().toString();
    }

    @Override
    public void close() {
        nodes.values().forEach(NodeProcess::close);
        coordinators.values().forEach(CoordinatorProcess::close);
    }
}
