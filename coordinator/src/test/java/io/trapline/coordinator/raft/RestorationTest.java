package io.trapline.coordinator.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.trapline.coordinator.backup.BackupFile;
import io.trapline.coordinator.raft.ReplicaConfig.Peer;
import io.trapline.coordinator.registry.Registry;
import io.trapline.coordinator.registry.RegistryView;
import io.trapline.internal.v1.BackupHeader;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.CreateDomain;
import io.trapline.internal.v1.LogEntry;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.RegisterNode;
import io.trapline.internal.v1.RestoredPart;
import io.trapline.internal.v1.Snapshot;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.DomainState;
import io.trapline.v1.MapMemTypeRequest;
import io.trapline.v1.MemType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("V-12: no revision is given out twice, also after a restore")
final class RestorationTest {
    private static final Peer SELF = new Peer("c1", "127.0.0.1", 0, "");
    private static final LocalDate TODAY = LocalDate.of(2025, 4, 11);
    private static final int DAYS = 100;
    private static final String OLD_CLUSTER = UUID.randomUUID().toString();

    @TempDir
    private Path directory;

    private Path file;
    private Path data;
    private final Registry registry = Registry.empty();
    private long index;

    @BeforeEach
    void backUp() throws IOException {
        file = directory.resolve("registry.backup");
        data = directory.resolve("data");
        apply(Command.newBuilder()
                .setRegisterNode(RegisterNode.newBuilder().setNode("n1").setIncarnation(7)));
        apply(Command.newBuilder()
                .setCreateDomain(CreateDomain.newBuilder()
                        .addUsableNodes(NodeLife.newBuilder().setNode("n1").setIncarnation(7))
                        .setRequest(CreateDomainRequest.newBuilder()
                                .setNrPages(16)
                                .setNrVcpus(1)
                                .setMemory(DomainMemory.DOMAIN_MEMORY_VOLATILE))));
        apply(Command.newBuilder()
                .setCreateIoreqServer(CreateIoreqServerRequest.newBuilder().setDomid(1)));
        apply(Command.newBuilder()
                .setMapMemType(MapMemTypeRequest.newBuilder()
                        .setDomid(1)
                        .setType(MemType.MEM_TYPE_IOREQ_SERVER_0)
                        .setFlags(2)));
        write();
    }

    private void apply(Command.Builder command) {
        assertThat(registry.apply(++index, command.setPrincipal("gpu").build())
                        .answer()
                        .hasRefusal())
                .isFalse();
    }

    private void write() throws IOException {
        BackupHeader header = BackupHeader.newBuilder()
                .setClusterId(OLD_CLUSTER)
                .setVersion("0.1.0")
                .setRevision(registry.view().revision())
                .build();
        Files.write(file, BackupFile.write(header, registry.snapshot()).toByteArray());
    }

    private Restoration.Restored restore(Path into, OptionalInt generation) throws StartException, IOException {
        return Restoration.restore(new Restoration.Order(file, into, SELF, Optional.empty(), generation), TODAY);
    }

    private static Replica start(Path from) throws Exception {
        return start(ReplicaConfig.of(from, Admission.Told.RESUME, Optional.empty(), "c1", List.of(SELF)));
    }

    private static Replica start(ReplicaConfig config) throws Exception {
        Replica replica = Replica.open(config);
        CompletableFuture<Void> leading = new CompletableFuture<>();
        replica.start(new Silent(leading), Peers.NOBODY);
        leading.get(60, TimeUnit.SECONDS);
        return replica;
    }

    @Test
    void beginsAClusterOfItsOwnWithTheClaimsOfTheBackup() throws Exception {
        Restoration.Restored restored = restore(data, OptionalInt.empty());
        assertThat(restored.clusterId().toString()).isNotEqualTo(OLD_CLUSTER);
        assertThat(restored.generation()).isEqualTo(DAYS);

        try (Replica replica = start(data)) {
            assertThat(replica.clusterId()).isEqualTo(restored.clusterId().toString());
            assertThat(replica.state()).isEqualTo(Admission.State.MEMBER);
            assertStands(replica);
            replica.propose(LogEntry.newBuilder()
                            .setCommitter(5)
                            .setNumber(1)
                            .addCommands(Command.newBuilder()
                                    .setOpenSession(io.trapline.v1.OpenSessionRequest.getDefaultInstance()))
                            .build())
                    .toCompletableFuture()
                    .get(60, TimeUnit.SECONDS);
            assertThat(replica.readLocal(RegistryView::sessions)).hasSize(1);
        }
        try (Replica again = start(data)) {
            assertStands(again);
            assertThat(again.readLocal(RegistryView::sessions)).hasSize(1);
        }
    }

    private static void assertStands(Replica replica) {
        replica.readLocal(view -> {
            assertThat(view.generation()).isEqualTo(DAYS);
            assertThat(view.domains(0, 10))
                    .singleElement()
                    .satisfies(domain -> assertThat(domain.getState()).isEqualTo(DomainState.DOMAIN_STATE_CRASHED));
            assertThat(view.lives()).isEmpty();
            return view;
        });
        assertThat(replica.snapshot().getClaimsList()).singleElement().satisfies(claim -> {
            assertThat(claim.getDomid()).isEqualTo(1);
            assertThat(claim.getEpoch()).isLessThan(100L);
        });
    }

    @Test
    void writesALogOfSeveralPartsThatSaysTheSame() throws Exception {
        Snapshot whole = registry.snapshot();
        RestoredLog.write(data, UUID.randomUUID(), SELF, whole, 7);

        try (Replica replica = start(data)) {
            assertThat(replica.snapshot().getClaimsList()).isEqualTo(whole.getClaimsList());
            assertThat(replica.snapshot().getServersList()).isEqualTo(whole.getServersList());
            assertThat(replica.readLocal(RegistryView::revision)).isEqualTo(whole.getRevision());
        }
    }

    @Test
    void goesOnWithTheOtherHalfAfterARestart() throws Exception {
        ByteString whole = registry.snapshot().toByteString();
        int half = whole.size() / 2;
        ReplicaConfig config = ReplicaConfig.alone(data, true);
        try (Replica replica = start(config)) {
            propose(replica, 1, whole.substring(0, half), false);
            assertThat(replica.readLocal(RegistryView::revision)).isZero();
        }
        try (Replica replica = start(config)) {
            propose(replica, 2, whole.substring(half), true);
            assertThat(replica.readLocal(RegistryView::revision))
                    .isEqualTo(registry.view().revision());
        }
        try (Replica replica = start(config)) {
            assertThat(replica.readLocal(RegistryView::revision))
                    .isEqualTo(registry.view().revision());
        }
    }

    private static void propose(Replica replica, int number, ByteString content, boolean last) throws Exception {
        replica.propose(LogEntry.newBuilder()
                        .setCommitter(5)
                        .setNumber(number)
                        .setRestored(
                                RestoredPart.newBuilder().setContent(content).setLast(last))
                        .build())
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
    }

    @Test
    void aDirectoryInWhichARestoreDiedIsNobodys() throws Exception {
        restore(data, OptionalInt.empty());
        Files.delete(data.resolve("cluster"));

        assertThatThrownBy(() -> start(data))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("has a log, but its file \"cluster\" is missing");
        assertThatThrownBy(() -> restore(data, OptionalInt.of(900))).hasMessageContaining("is not empty");
    }

    @Test
    void refusesTheSameFileASecondTimeWithoutAGreaterGeneration() throws Exception {
        restore(data, OptionalInt.empty());
        Path second = directory.resolve("second");

        for (OptionalInt asked : List.of(OptionalInt.empty(), OptionalInt.of(DAYS), OptionalInt.of(1))) {
            assertThatThrownBy(() -> restore(second, asked))
                    .isInstanceOf(StartException.class)
                    .hasMessageContaining("was restored before, in generation " + DAYS)
                    .hasMessageContaining("--generation " + (DAYS + 1));
        }
        assertThat(second).doesNotExist();
        assertThat(restore(second, OptionalInt.of(DAYS + 1)).generation()).isEqualTo(DAYS + 1);
        assertThatThrownBy(() -> restore(directory.resolve("third"), OptionalInt.of(DAYS + 1)))
                .isInstanceOf(StartException.class);
    }

    @Test
    void goesOnAboveWhatWasRestoredUnderTheNameOfAnotherBackup() throws Exception {
        restore(data, OptionalInt.of(500));
        apply(Command.newBuilder()
                .setCreateIoreqServer(CreateIoreqServerRequest.newBuilder().setDomid(1)));
        write();

        assertThat(restore(directory.resolve("second"), OptionalInt.empty()).generation())
                .isEqualTo(501);
    }

    @Test
    void refusesADirectoryThatIsNotEmptyAndChangesNothing() throws Exception {
        Files.createDirectories(data);
        Files.writeString(data.resolve("mine"), "x");

        assertThatThrownBy(() -> restore(data, OptionalInt.empty()))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("is not empty");
        try (Stream<Path> files = Files.list(data)) {
            assertThat(files.map(each -> each.getFileName().toString()).filter(name -> !name.equals("lock")))
                    .containsExactly("mine");
        }
        assertThat(directory.resolve("registry.backup.restored")).doesNotExist();
    }

    @Test
    void refusesADirectoryThatIsInUseOrWasRestoredInto() throws Exception {
        restore(data, OptionalInt.empty());
        assertThatThrownBy(() -> restore(data, OptionalInt.of(900))).hasMessageContaining("is not empty");
        try (Replica running = start(data)) {
            assertThat(running.isLeading()).isTrue();
            assertThatThrownBy(() -> restore(data, OptionalInt.of(900)))
                    .hasMessageContaining("another coordinator is using it");
        }
    }

    @Test
    void leavesNothingBehindWhereTheGenerationCannotBeNoted() throws Exception {
        // In the way of the note.
        Files.createDirectories(directory.resolve("registry.backup.restored").resolve("full"));

        assertThatThrownBy(() -> restore(data, OptionalInt.empty())).isInstanceOf(IOException.class);
        assertThat(data).doesNotExist();
    }

    @Test
    void refusesABackupOfTheClusterItself() {
        assertThatThrownBy(() -> Restoration.restore(
                        new Restoration.Order(
                                file, data, SELF, Optional.of(UUID.fromString(OLD_CLUSTER)), OptionalInt.empty()),
                        TODAY))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("is of cluster " + OLD_CLUSTER);
        assertThat(data).doesNotExist();
    }

    /** Of one that is alone: only that it leads matters. */
    private record Silent(CompletableFuture<Void> leading) implements ReplicaEvents {
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
            leading.completeExceptionally(why);
        }
    }
}
