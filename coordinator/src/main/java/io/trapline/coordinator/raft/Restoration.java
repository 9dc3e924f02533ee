package io.trapline.coordinator.raft;

import io.trapline.coordinator.backup.BackupFile;
import io.trapline.coordinator.backup.Generations;
import io.trapline.coordinator.raft.ReplicaConfig.Peer;
import io.trapline.internal.v1.Snapshot;
import java.io.IOException;
import java.io.StringReader;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Properties;
import java.util.UUID;

/**
 * Puts a backup into an empty directory (D-8): a cluster of one, under an id of its own, in a generation that no cluster of this registry
 * was in. What was restored last from a file is noted beside it, in {@code FILE.restored}.
 */
public final class Restoration {
    private static final LocalDate FIRST_DAY = LocalDate.of(2025, 1, 1);
    private static final String GENERATION = "generation";
    private static final String SHA256 = "sha256";

    private Restoration() {}

    /**
     * What to restore where.
     *
     * @param file the backup
     * @param data a directory that is empty or not there
     * @param self the only member of the new cluster
     * @param clusterId its id; empty = a new one
     * @param generation the lowest that it may be, 1 … 32,767; empty = as the backup and the calendar say
     */
    public record Order(Path file, Path data, Peer self, Optional<UUID> clusterId, OptionalInt generation) {}

    /**
     * What came of it.
     *
     * @param clusterId the new cluster's id
     * @param generation the high 16 bits of its revisions
     */
    public record Restored(UUID clusterId, int generation) {}

    /**
     * Restores. Where it fails nothing has changed, but that the generation may be noted as used.
     *
     * @throws StartException with one line, for what may not be
     * @throws IOException for a file that cannot be read or written, or is not as it was written
     */
    public static Restored restore(Order order, LocalDate today) throws StartException, IOException {
        BackupFile backup = BackupFile.read(order.file());
        UUID clusterId = order.clusterId().orElseGet(UUID::randomUUID);
        if (clusterId.toString().equals(backup.header().getClusterId())) {
            throw new StartException(order.file() + ": is of cluster " + clusterId
                    + ": what is restored is another cluster, so that nobody of the old one takes part in it");
        }
        Path note = order.file().resolveSibling(order.file().getFileName() + ".restored");
        int generation = generation(order, note, backup, today);
        Snapshot began = began(order.file(), backup.snapshot(), generation);
        DataDirectory.restore(
                order.data(),
                clusterId,
                order.self(),
                scratch -> RestoredLog.write(scratch, clusterId, order.self(), began, RestoredLog.PART_BYTES),
                () -> note(note, backup.sha256(), generation));
        return new Restored(clusterId, generation);
    }

    private static int generation(Order order, Path note, BackupFile backup, LocalDate today)
            throws StartException, IOException {
        Optional<Generations.Noted> noted = Files.exists(note) ? Optional.of(noted(note)) : Optional.empty();
        return switch (Generations.choose(
                backup.snapshot().getRevision(),
                backup.sha256(),
                noted,
                ChronoUnit.DAYS.between(FIRST_DAY, today),
                order.generation())) {
            case Generations.Begin(int generation) -> generation;
            case Generations.RestoredBefore(int last) ->
                throw new StartException(
                        order.file() + ": was restored before, in generation " + last + "; --generation " + (last + 1)
                                + " or more restores it again, and what was restored before must not be used any more");
            case Generations.Exhausted(int generation) ->
                throw new StartException(order.file() + ": generation " + generation + " is above " + Generations.MAX);
        };
    }

    private static Generations.Noted noted(Path note) throws StartException, IOException {
        Properties noted = new Properties();
        noted.load(new StringReader(Files.readString(note)));
        return new Generations.Noted(generationOf(note, noted), noted.getProperty(SHA256, ""));
    }

    private static int generationOf(Path note, Properties noted) throws StartException {
        try {
            return Integer.parseInt(noted.getProperty(GENERATION, ""));
        } catch (NumberFormatException damaged) {
            throw new StartException(note + ": does not say in which generation the backup was restored", damaged);
        }
    }

    private static Snapshot began(Path file, Snapshot backup, int generation) throws IOException {
        try {
            return Generations.begin(backup, generation);
        } catch (IllegalArgumentException unknown) {
            throw new IOException(file + ": " + unknown.getMessage(), unknown);
        }
    }

    private static void note(Path note, String sha256, int generation) throws IOException {
        Path next = note.resolveSibling(note.getFileName() + ".next");
        Files.writeString(next, GENERATION + " = " + generation + "\n" + SHA256 + " = " + sha256 + "\n");
        try (FileChannel channel = FileChannel.open(next, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        Files.move(next, note, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        DataDirectory.sync(note.toAbsolutePath().resolveSibling("."));
    }
}
