package io.trapline.coordinator.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.coordinator.registry.RegistryView;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.LogEntry;
import io.trapline.v1.OpenSessionRequest;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("a replica of the registry and its directory")
@Timeout(120)
final class ReplicaTest {
    @TempDir
    private Path directory;

    private final BlockingQueue<Applied> applied = new LinkedBlockingQueue<>();
    private long number;

    @Test
    void findsItsStateAgainAfterARestart() throws Exception {
        String cluster;
        try (Replica replica = start(true, 1_000)) {
            cluster = replica.clusterId();
            open(replica, 5);
            assertThat(read(replica)).isEqualTo(5);
        }
        try (Replica replica = start(false, 1_000)) {
            assertThat(replica.clusterId()).isEqualTo(cluster);
            assertThat(read(replica)).isEqualTo(5);
            open(replica, 1);
            assertThat(read(replica)).isEqualTo(6);
        }
    }

    @Test
    void startsFromASnapshotAndDropsTheLogBefore() throws Exception {
        try (Replica replica = start(true, 10)) {
            open(replica, 100);
        }
        assertThat(files("sm", "snapshot.")).isNotEmpty();
        applied.clear();

        try (Replica replica = start(false, 10)) {
            assertThat(read(replica)).isEqualTo(100);
            assertThat(applied).hasSizeLessThan(15);
        }
    }

    @Test
    void appliesEntriesWhileASnapshotIsBeingWritten() throws Exception {
        try (Replica replica = start(true, 10)) {
            Path pipe = folder("sm").resolve("snapshot.next");
            assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                    .isZero();

            // Whoever writes into the pipe waits for somebody who reads it.
            open(replica, 100);

            assertThat(read(replica)).isEqualTo(100);
            assertThat(Files.readAllBytes(pipe)).isNotEmpty();
            Files.delete(pipe);
        }
        applied.clear();
        try (Replica replica = start(false, 10)) {
            assertThat(read(replica)).isEqualTo(100);
            assertThat(applied).hasSizeLessThan(15);
        }
    }

    private Path folder(String name) throws IOException {
        try (Stream<Path> walk = Files.walk(directory.resolve("raft"))) {
            return walk.filter(file -> file.endsWith(name)).findFirst().orElseThrow();
        }
    }

    @Test
    void appliesAnEntryThatIsProposedTwiceOnce() throws Exception {
        try (Replica replica = start(true, 1_000)) {
            LogEntry entry = entry();
            replica.propose(entry).toCompletableFuture().get(60, TimeUnit.SECONDS);
            replica.propose(entry).toCompletableFuture().get(60, TimeUnit.SECONDS);

            assertThat(read(replica)).isEqualTo(1);
            assertThat(applied).hasSize(2);
            assertThat(applied)
                    .extracting(each -> each.results().getFirst().answer())
                    .containsOnly(applied.element().results().getFirst().answer());
        }
    }

    @Test
    void refusesAnAddressThatIsTakenInOneLine() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            ReplicaConfig config = ReplicaConfig.alone(directory, true).withListenPort(taken.getLocalPort());
            try (Replica replica = Replica.open(config)) {
                assertThatThrownBy(() -> replica.start(events(new CompletableFuture<>()), Peers.NOBODY))
                        .isInstanceOf(StartException.class)
                        .hasMessageContaining(
                                "cannot listen for other coordinators at 127.0.0.1:" + taken.getLocalPort());
            }
        }
    }

    @Test
    void refusesASecondProcessOnTheDirectory() throws Exception {
        try (Replica replica = start(true, 1_000)) {
            assertThatThrownBy(() -> start(true, 1_000))
                    .isInstanceOf(StartException.class)
                    .hasMessageContaining("another coordinator is using it");
            assertThat(replica.isLeading()).isTrue();
        }
        start(false, 1_000).close();
    }

    @Test
    void neverFormsAClusterInAnEmptyDirectoryByItself() {
        assertThatThrownBy(() -> start(false, 1_000))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("is empty")
                .hasMessageContaining("bootstrap");
    }

    @Test
    void refusesADirectoryWhoseLogIsGone() throws Exception {
        String cluster;
        try (Replica replica = start(true, 1_000)) {
            cluster = replica.clusterId();
        }
        Files.move(directory.resolve("raft").resolve(cluster), directory.resolve("elsewhere"));

        assertThatThrownBy(() -> start(true, 1_000))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("is missing");
    }

    @Test
    void refusesADirectoryThatIsAFileInOneLine() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "x");

        assertThatThrownBy(() -> Replica.open(ReplicaConfig.alone(file, true)))
                .isInstanceOf(StartException.class)
                .message()
                .startsWith("data directory " + file)
                .doesNotContain("\n");
    }

    @Test
    void refusesADamagedIdentityInOneLine() throws Exception {
        start(true, 1_000).close();
        Files.writeString(directory.resolve("cluster"), "cluster_id=?");

        assertThatThrownBy(() -> start(true, 1_000))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("is damaged");
    }

    @Test
    void refusesADamagedLogInOneLine() throws Exception {
        try (Replica replica = start(true, 1_000)) {
            open(replica, 50);
        }
        deleteSnapshots();
        try (RandomAccessFile log =
                new RandomAccessFile(files("current", "log_").getFirst().toFile(), "rw")) {
            log.seek(log.length() / 2 > 2_000 ? 1_000 : log.length() / 2);
            log.write(new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
        }

        assertThatThrownBy(() -> start(true, 1_000))
                .isInstanceOf(StartException.class)
                .message()
                .startsWith("data directory " + directory)
                .doesNotContain("\n");
    }

    @Test
    void refusesADamagedSnapshotInOneLine() throws Exception {
        try (Replica replica = start(true, 10)) {
            open(replica, 30);
        }
        for (Path snapshot : files("sm", "snapshot.")) {
            if (!snapshot.toString().endsWith(".md5")) {
                byte[] bytes = Files.readAllBytes(snapshot);
                bytes[bytes.length / 2] ^= 0x55;
                Files.write(snapshot, bytes);
            }
        }

        assertThatThrownBy(() -> start(true, 10))
                .isInstanceOf(StartException.class)
                .message()
                .startsWith("data directory " + directory)
                .doesNotContain("\n");
    }

    @Test
    void startsAnewWhereTheFormationDidNotFinish() throws Exception {
        start(true, 1_000).close();
        Path identity = directory.resolve("cluster");
        Files.writeString(identity, Files.readString(identity).replace("state=MEMBER", "state=FORMING"));

        assertThatThrownBy(() -> start(false, 1_000)).hasMessageContaining("did not finish");
        try (Replica replica = start(true, 1_000)) {
            assertThat(read(replica)).isZero();
        }
        assertThat(Files.readString(identity)).contains("state=MEMBER");
    }

    @Test
    void goesOnInADirectoryOfTheTimeBeforeThereWereSeveralCoordinators() throws Exception {
        String cluster;
        try (Replica replica = start(true, 1_000)) {
            cluster = replica.clusterId();
            open(replica, 3);
        }
        Files.writeString(directory.resolve("cluster"), "cluster_id=" + cluster + "\nformed=true\n");

        try (Replica replica = start(false, 1_000)) {
            assertThat(read(replica)).isEqualTo(3);
        }
    }

    @Test
    void refusesTheDirectoryOfAnotherCoordinator() throws Exception {
        start(true, 1_000).close();
        Path identity = directory.resolve("cluster");
        Files.writeString(identity, Files.readString(identity).replace("peer_id=c1", "peer_id=c9"));

        assertThatThrownBy(() -> start(true, 1_000))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("belongs to coordinator c9");
    }

    private void deleteSnapshots() throws IOException {
        for (Path snapshot : files("sm", "snapshot.")) {
            Files.delete(snapshot);
        }
    }

    private List<Path> files(String parent, String prefix) throws IOException {
        try (Stream<Path> walk = Files.walk(directory.resolve("raft"))) {
            return walk.filter(file -> file.toString().contains("/" + parent + "/" + prefix))
                    .toList();
        }
    }

    private void open(Replica replica, int sessions) throws Exception {
        for (int i = 0; i < sessions; i++) {
            replica.propose(entry()).toCompletableFuture().get(60, TimeUnit.SECONDS);
        }
    }

    private LogEntry entry() {
        return LogEntry.newBuilder()
                .setCommitter(1)
                .setNumber(++number)
                .addCommands(Command.newBuilder().setOpenSession(OpenSessionRequest.getDefaultInstance()))
                .build();
    }

    private static int read(Replica replica) {
        return replica.readLocal(RegistryView::sessions).size();
    }

    private Replica start(boolean bootstrap, long snapshotEvery) throws Exception {
        CompletableFuture<Void> leading = new CompletableFuture<>();
        Replica replica = Replica.open(ReplicaConfig.alone(directory, bootstrap).withSnapshotEvery(snapshotEvery));
        try {
            replica.start(events(leading), Peers.NOBODY);
        } catch (StartException e) {
            replica.close();
            throw e;
        }
        leading.get(60, TimeUnit.SECONDS);
        return replica;
    }

    private ReplicaEvents events(CompletableFuture<Void> leading) {
        return new ReplicaEvents() {
            @Override
            public void applied(Applied entry) {
                applied.add(entry);
            }

            @Override
            public void termApplied(long term) {
                assertThat(term).isPositive();
            }

            @Override
            public void leading(long term) {
                leading.complete(null);
            }

            @Override
            public void notLeading() {}

            @Override
            public void leader(Leader leader) {
                assertThat(leader.peer()).isEqualTo("c1");
            }

            @Override
            public void failed(Throwable why) {
                leading.completeExceptionally(why);
            }
        };
    }
}
