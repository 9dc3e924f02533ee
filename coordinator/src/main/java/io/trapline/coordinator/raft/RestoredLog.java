package io.trapline.coordinator.raft;

import com.google.protobuf.ByteString;
import io.trapline.coordinator.raft.ReplicaConfig.Peer;
import io.trapline.coordinator.registry.RegistryView;
import io.trapline.internal.v1.LogEntry;
import io.trapline.internal.v1.RestoredPart;
import io.trapline.internal.v1.Snapshot;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The log of a cluster that begins with a backup: its first entries are the backup. So whoever joins, from whichever entry on, has what
 * was restored, and nothing rests on who has a snapshot.
 */
final class RestoredLog {
    /** Well below what Raft takes as one entry. */
    static final int PART_BYTES = 1 << 20;

    private static final long COMMITTER = 1;
    private static final long LONGEST_SECONDS = 60;

    private RestoredLog() {}

    /**
     * Leads a cluster of one for as long as that takes, which nobody reaches.
     *
     * @param directory where; not there yet
     * @param self its only member
     * @param partBytes of an entry, at most {@link #PART_BYTES}
     */
    static void write(Path directory, UUID clusterId, Peer self, Snapshot snapshot, int partBytes)
            throws StartException, IOException {
        ReplicaConfig config = ReplicaConfig.of(
                        directory, Admission.Told.BOOTSTRAP, Optional.of(clusterId), self.id(), List.of(self))
                .unreachable();
        try (Replica replica = Replica.open(config)) {
            Events events = new Events(new CompletableFuture<>(), new CompletableFuture<>());
            replica.start(events, Peers.NOBODY);
            events.await(events.leading());
            ByteString left = snapshot.toByteString();
            long number = 0;
            while (!left.isEmpty()) {
                ByteString part = left.substring(0, Math.min(partBytes, left.size()));
                left = left.substring(part.size());
                number++;
                events.await(replica.propose(LogEntry.newBuilder()
                                .setCommitter(COMMITTER)
                                .setNumber(number)
                                .setRestored(RestoredPart.newBuilder()
                                        .setContent(part)
                                        .setLast(left.isEmpty()))
                                .build())
                        .toCompletableFuture());
            }
            long revision = replica.readLocal(RegistryView::revision);
            if (revision != snapshot.getRevision()) {
                throw new IOException("the log has revision " + revision + ", not " + snapshot.getRevision());
            }
        }
    }

    /** Of one that is alone only that it leads matters, and that it cannot go on. */
    private record Events(CompletableFuture<Void> leading, CompletableFuture<Void> failed) implements ReplicaEvents {
        void await(CompletableFuture<Void> step) throws IOException {
            try {
                CompletableFuture.anyOf(step, failed).get(LONGEST_SECONDS, TimeUnit.SECONDS);
            } catch (ExecutionException broken) {
                throw new IOException(DataDirectory.rootReason(broken), broken);
            } catch (TimeoutException slow) {
                throw new IOException("the log could not be written within " + LONGEST_SECONDS + " s", slow);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while the log was written", interrupted);
            }
        }

        @Override
        public void applied(Applied applied) {}

        @Override
        public void termApplied(long term) {}

        @Override
        public void leading(long term) {
            leading.complete(null);
        }

        @Override
        public void notLeading() {}

        @Override
        public void leader(Leader leader) {}

        @Override
        public void failed(Throwable why) {
            failed.completeExceptionally(why);
        }
    }
}
