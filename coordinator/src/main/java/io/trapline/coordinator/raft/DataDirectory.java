package io.trapline.coordinator.raft;

import io.trapline.coordinator.raft.ReplicaConfig.Peer;
import io.trapline.model.FileTrouble;
import io.trapline.model.LockFile;
import java.io.IOException;
import java.io.StringReader;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Properties;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Where a replica keeps what it must not lose: {@code lock} (one process at a time), {@code cluster} (whose directory this is, and how
 * far it has come) and {@code raft/} (log and snapshots).
 *
 * <p>What it may do with them is {@link Admission}'s to say.
 */
final class DataDirectory implements AutoCloseable {
    private static final String CLUSTER_FILE = "cluster";
    private static final String LOCK_FILE = "lock";
    private static final String RAFT = "raft";
    private static final String RESTORING = "restoring";
    private static final String RAFT_META = "current/raft-meta";
    private static final String ID = "cluster_id";
    private static final String PEER = "peer_id";
    private static final String STATE = "state";
    private static final String FORMED_BY = "formed_by";

    private final Path path;
    private final LockFile lock;
    private final UUID clusterId;
    private final String peer;
    private volatile Admission.State state;
    // With whom it was formed: what Raft's configuration is until there is one on disk.
    private List<Peer> formedBy;

    private DataDirectory(
            Path path, LockFile lock, UUID clusterId, String peer, Admission.State state, List<Peer> formedBy) {
        this.path = path;
        this.lock = lock;
        this.clusterId = clusterId;
        this.peer = peer;
        this.state = state;
        this.formedBy = formedBy;
    }

    /** Opens the directory for this process alone. Nothing is written into an empty one. */
    static DataDirectory open(ReplicaConfig config) throws StartException {
        Path path = config.dataDirectory();
        LockFile lock;
        try {
            Files.createDirectories(path);
            lock = lock(path);
        } catch (IOException e) {
            throw new StartException("data directory " + FileTrouble.text(path, e), e);
        }
        boolean opened = false;
        try {
            DataDirectory directory = identify(config, lock);
            opened = true;
            return directory;
        } catch (IOException e) {
            throw new StartException("data directory " + FileTrouble.text(path, e), e);
        } finally {
            if (!opened) {
                lock.close();
            }
        }
    }

    /**
     * Makes an empty directory that of a cluster's only member, with a log that is written for it. Where that fails, the directory is as
     * it was; where the process dies, it has a log and is nobody's, or is still empty but for {@code restoring}.
     *
     * @param writing writes the log, into a directory of its own
     * @param beforeItCounts runs when all but the last step is on disk
     */
    static void restore(Path path, UUID clusterId, Peer self, Writing writing, Step beforeItCounts)
            throws StartException, IOException {
        boolean isNew = Files.notExists(path);
        boolean done = false;
        Files.createDirectories(path);
        try (LockFile lock = lock(path)) {
            try (Stream<Path> files = Files.list(path)) {
                if (files.anyMatch(file -> !file.endsWith(LOCK_FILE))) {
                    throw new StartException("data directory " + path + ": is not empty");
                }
            }
            Path scratch = path.resolve(RESTORING);
            try {
                writing.into(scratch);
                Files.move(scratch.resolve(RAFT), path.resolve(RAFT), StandardCopyOption.ATOMIC_MOVE);
                deleteTree(scratch);
                sync(path);
                beforeItCounts.run();
                new DataDirectory(path, lock, clusterId, self.id(), Admission.State.EMPTY, List.of(self))
                        .write(Admission.State.MEMBER);
                done = true;
            } finally {
                if (!done) {
                    deleteTree(scratch);
                    deleteTree(path.resolve(RAFT));
                    Files.deleteIfExists(path.resolve(CLUSTER_FILE + ".next"));
                    Files.deleteIfExists(path.resolve(LOCK_FILE));
                }
            }
        } finally {
            if (!done && isNew) {
                Files.deleteIfExists(path);
            }
        }
    }

    /** Writes a log. */
    @FunctionalInterface
    interface Writing {
        /** Into a data directory that is not there yet; it is on disk when this returns. */
        void into(Path directory) throws StartException, IOException;
    }

    /** A step that may fail. */
    @FunctionalInterface
    interface Step {
        /** Does it. */
        void run() throws IOException;
    }

    private static LockFile lock(Path path) throws IOException, StartException {
        return LockFile.take(path.resolve(LOCK_FILE))
                .orElseThrow(() -> new StartException("data directory " + path + ": another coordinator is using it"));
    }

    private static DataDirectory identify(ReplicaConfig config, LockFile lock) throws IOException, StartException {
        Path path = config.dataDirectory();
        Path file = path.resolve(CLUSTER_FILE);
        if (Files.exists(file)) {
            return read(config, lock, file);
        }
        if (Files.exists(path.resolve(RAFT))) {
            throw new StartException("data directory " + path + ": has a log, but its file \"" + CLUSTER_FILE
                    + "\" is missing; restore it from a backup");
        }
        return new DataDirectory(
                path,
                lock,
                config.clusterId().orElseGet(UUID::randomUUID),
                config.id(),
                Admission.State.EMPTY,
                List.of());
    }

    private static DataDirectory read(ReplicaConfig config, LockFile lock, Path file)
            throws IOException, StartException {
        Properties properties = new Properties();
        try {
            properties.load(new StringReader(Files.readString(file)));
            addWhatWasImplied(properties, config);
            return new DataDirectory(
                    config.dataDirectory(),
                    lock,
                    UUID.fromString(properties.getProperty(ID, "")),
                    required(properties, PEER),
                    Admission.State.valueOf(required(properties, STATE)),
                    peers(required(properties, FORMED_BY)));
        } catch (IllegalArgumentException damaged) {
            throw new StartException(
                    "data directory " + config.dataDirectory() + ": the file \"" + CLUSTER_FILE
                            + "\" is damaged; restore it from a backup",
                    damaged);
        }
    }

    /** Before there were several coordinators the file said the cluster's id, and whether it was formed. */
    private static void addWhatWasImplied(Properties properties, ReplicaConfig config) {
        String formed = properties.getProperty("formed");
        if (formed != null && properties.getProperty(STATE) == null) {
            properties.setProperty(
                    STATE, (Boolean.parseBoolean(formed) ? Admission.State.MEMBER : Admission.State.FORMING).name());
            properties.setProperty(PEER, config.id());
            properties.setProperty(FORMED_BY, peers(List.of(config.self())));
        }
    }

    private static String required(Properties properties, String key) {
        String value = properties.getProperty(key);
        if (value == null) {
            throw new IllegalArgumentException(key + " is missing");
        }
        return value;
    }

    /** {@code id host port services}, separated by {@code ;}. */
    private static List<Peer> peers(String text) {
        List<Peer> peers = new ArrayList<>();
        for (String one : text.isEmpty() ? new String[0] : text.split(";", -1)) {
            String[] parts = one.split(" ", -1);
            if (parts.length != 4) {
                throw new IllegalArgumentException(FORMED_BY + " = " + text);
            }
            peers.add(new Peer(parts[0], parts[1], Integer.parseInt(parts[2]), parts[3]));
        }
        return peers;
    }

    private static String peers(List<Peer> peers) {
        return peers.stream()
                .map(each -> String.join(" ", each.id(), each.host(), Integer.toString(each.port()), each.services()))
                .collect(Collectors.joining(";"));
    }

    /** What it is. */
    Admission.Found found() {
        boolean isEmpty = state == Admission.State.EMPTY;
        return new Admission.Found(
                state,
                isEmpty ? "" : clusterId.toString(),
                isEmpty ? "" : peer,
                Files.exists(groupDirectory().resolve(RAFT_META)));
    }

    /** The cluster's id, which is that of its Raft group; for an empty one the id that it would get. */
    UUID clusterId() {
        return clusterId;
    }

    /** How far it has come. Any thread. */
    Admission.State state() {
        return state;
    }

    /** The peers that formed the cluster; nobody for one that joined later. */
    List<Peer> formedBy() {
        return formedBy;
    }

    Path raft() {
        return path.resolve(RAFT);
    }

    /** A line for a person about this directory. */
    StartException refuse(String line) {
        return new StartException("data directory " + path + ": " + line);
    }

    /** The same, with its cause. */
    StartException refuse(String line, Throwable cause) {
        return new StartException("data directory " + path + ": " + line, cause);
    }

    /** Goes on to FORMING, with all peers, or to JOINING; it is on disk when this returns. */
    void become(Admission.State next, List<Peer> peers) throws IOException {
        formedBy = next == Admission.State.FORMING ? List.copyOf(peers) : List.of();
        write(next);
    }

    /** From now on the log must be there. */
    synchronized void member() throws IOException {
        if (state != Admission.State.MEMBER) {
            write(Admission.State.MEMBER);
        }
    }

    /** Nothing was acknowledged from what is there. */
    void deleteLog() throws IOException {
        deleteTree(raft());
    }

    private Path groupDirectory() {
        return raft().resolve(clusterId.toString());
    }

    /** Replaces the file as a whole, on disk before it is taken for written. */
    private void write(Admission.State next) throws IOException {
        Path file = path.resolve(CLUSTER_FILE + ".next");
        Properties properties = new Properties();
        properties.setProperty(ID, clusterId.toString());
        properties.setProperty(PEER, peer);
        properties.setProperty(STATE, next.name());
        properties.setProperty(FORMED_BY, peers(formedBy));
        Files.writeString(file, text(properties));
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        Files.move(file, path.resolve(CLUSTER_FILE), StandardCopyOption.ATOMIC_MOVE);
        sync(path);
        state = next;
    }

    /** As {@link Properties#load} reads it. Its own way to say so adds the time of day, and a process that starts would learn the names of all time zones for that. */
    private static String text(Properties properties) {
        StringBuilder text = new StringBuilder();
        for (String key : new TreeSet<>(properties.stringPropertyNames())) {
            text.append(key)
                    .append('=')
                    .append(properties.getProperty(key).replace("\\", "\\\\"))
                    .append('\n');
        }
        return text.toString();
    }

    /** Puts on disk which files a directory has. */
    static void sync(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** Lets another process in. */
    @Override
    public void close() {
        lock.close();
    }

    /** The same of what is behind it all, in one line. */
    static String rootReason(Throwable error) {
        Throwable root = error;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return FileTrouble.text(root).lines().findFirst().orElse("unknown");
    }

    private static void deleteTree(Path root) throws IOException {
        if (!Files.exists(root)) {
            return;
        }
        List<Path> files;
        try (Stream<Path> walk = Files.walk(root)) {
            files = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : files) {
            Files.delete(file);
        }
    }
}
