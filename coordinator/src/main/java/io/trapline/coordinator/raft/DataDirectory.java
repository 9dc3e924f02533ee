package io.trapline.coordinator.raft;

import java.io.IOException;
import java.io.StringReader;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Where a replica keeps what it must not lose: {@code lock} (one process at a time), {@code cluster} (which cluster this is a part of,
 * and whether its formation has finished) and {@code raft/} (log and snapshots).
 *
 * <p>An empty directory never becomes a voter by itself: a replica whose disk was wiped would vote against what it had acknowledged.
 * Forming a cluster is an explicit act, {@code bootstrap}; it counts as done once the log is there, before
 * the replica acknowledges anything.
 */
final class DataDirectory implements AutoCloseable {
    private static final String CLUSTER_FILE = "cluster";
    private static final String LOCK_FILE = "lock";
    private static final String RAFT = "raft";
    private static final String RAFT_META = "current/raft-meta";
    private static final String ID = "cluster_id";
    private static final String FORMED = "formed";

    private final Path path;
    private final FileChannel lockFile;
    private final UUID clusterId;
    private boolean formed;

    private DataDirectory(Path path, FileChannel lockFile, UUID clusterId, boolean formed) {
        this.path = path;
        this.lockFile = lockFile;
        this.clusterId = clusterId;
        this.formed = formed;
    }

    /** Opens the directory for this process alone. With {@code bootstrap} an empty one becomes that of a new cluster. */
    static DataDirectory open(ReplicaConfig config) throws StartException {
        Path path = config.dataDirectory();
        FileChannel lock;
        try {
            Files.createDirectories(path);
            lock = FileChannel.open(path.resolve(LOCK_FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new StartException("data directory " + path + ": " + reason(e), e);
        }
        boolean opened = false;
        try {
            tryLock(path, lock);
            DataDirectory directory = identify(config, lock);
            opened = true;
            return directory;
        } catch (IOException e) {
            throw new StartException("data directory " + path + ": " + reason(e), e);
        } finally {
            if (!opened) {
                closeQuietly(lock);
            }
        }
    }

    private static void tryLock(Path path, FileChannel lock) throws IOException, StartException {
        FileLock held;
        try {
            held = lock.tryLock();
        } catch (OverlappingFileLockException e) {
            held = null;
        }
        if (held == null) {
            throw new StartException("data directory " + path + ": another coordinator is using it");
        }
    }

    private static DataDirectory identify(ReplicaConfig config, FileChannel lock) throws IOException, StartException {
        Path path = config.dataDirectory();
        boolean bootstrap = config.bootstrap();
        Path file = path.resolve(CLUSTER_FILE);
        if (!Files.exists(file)) {
            if (!bootstrap) {
                throw new StartException(
                        "data directory " + path
                                + ": is empty; a new cluster is formed only with bootstrap, a lost replica is replaced under a new id");
            }
            if (Files.exists(path.resolve(RAFT))) {
                throw new StartException("data directory " + path + ": has a log, but its file \"" + CLUSTER_FILE
                        + "\" is missing; restore it from a backup");
            }
            DataDirectory directory =
                    new DataDirectory(path, lock, config.clusterId().orElseGet(UUID::randomUUID), false);
            directory.write();
            return directory;
        }
        DataDirectory directory = read(path, lock, file);
        if (config.clusterId().isPresent() && !config.clusterId().get().equals(directory.clusterId)) {
            throw new StartException("data directory " + path + ": belongs to cluster " + directory.clusterId
                    + ", not to " + config.clusterId().get());
        }
        if (directory.formed && !Files.exists(directory.groupDirectory().resolve(RAFT_META))) {
            throw new StartException("data directory " + path + ": the log of cluster " + directory.clusterId
                    + " is missing; restore it from a backup");
        }
        if (!directory.formed) {
            if (!bootstrap) {
                throw new StartException("data directory " + path
                        + ": the formation of its cluster did not finish; start it again with bootstrap");
            }
            // Nothing was acknowledged before the formation had finished.
            deleteTree(path.resolve(RAFT));
        }
        return directory;
    }

    private static DataDirectory read(Path path, FileChannel lock, Path file) throws IOException, StartException {
        Properties properties = new Properties();
        try {
            properties.load(new StringReader(Files.readString(file)));
            UUID id = UUID.fromString(properties.getProperty(ID, ""));
            return new DataDirectory(path, lock, id, Boolean.parseBoolean(properties.getProperty(FORMED)));
        } catch (IllegalArgumentException damaged) {
            throw new StartException(
                    "data directory " + path + ": the file \"" + CLUSTER_FILE
                            + "\" is damaged; restore it from a backup",
                    damaged);
        }
    }

    /** The cluster's id, which is that of its Raft group. */
    UUID clusterId() {
        return clusterId;
    }

    /** Whether there is a log that must be there. */
    boolean isFormed() {
        return formed;
    }

    Path raft() {
        return path.resolve(RAFT);
    }

    /** From now on the log must be there. */
    void formed() throws IOException {
        if (!formed) {
            formed = true;
            write();
        }
    }

    private Path groupDirectory() {
        return raft().resolve(clusterId.toString());
    }

    /** Replaces the file as a whole, on disk before it is taken for written. */
    private void write() throws IOException {
        Path next = path.resolve(CLUSTER_FILE + ".next");
        List<String> lines = List.of(ID + "=" + clusterId, FORMED + "=" + formed, "");
        Files.writeString(next, String.join("\n", lines), StandardCharsets.UTF_8);
        try (FileChannel channel = FileChannel.open(next, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        Files.move(next, path.resolve(CLUSTER_FILE), StandardCopyOption.ATOMIC_MOVE);
        sync(path);
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
        closeQuietly(lockFile);
    }

    /** The reason of a file system error in few words. */
    static String reason(Throwable error) {
        if (error instanceof FileSystemException file) {
            String what = file.getReason() == null ? file.getClass().getSimpleName() : file.getReason();
            return file.getFile() == null ? what : file.getFile() + ": " + what;
        }
        return error.getMessage() == null ? error.getClass().getSimpleName() : error.getMessage();
    }

    /** The same of what is behind it all, in one line. */
    static String rootReason(Throwable error) {
        Throwable root = error;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return reason(root).lines().findFirst().orElse("unknown");
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

    private static void closeQuietly(FileChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // The process' end closes what this could not.
            org.slf4j.LoggerFactory.getLogger(DataDirectory.class).debug("closing the lock", e);
        }
    }
}
