package io.trapline.faults.containers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.trapline.client.DomainRef;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.faults.chaos.Chaos;
import io.trapline.faults.history.History;
import io.trapline.faults.history.HistoryFile;
import io.trapline.model.AccessFlags;
import io.trapline.model.MemType;
import io.trapline.v1.DomainMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.testcontainers.DockerClientFactory;

/**
 * Stories of three coordinators and three nodes in containers. Guests, emulators and operators are at them all the while, and the history of what they did is
 * checked: nothing promised is broken, and everything works again once the fault is healed. A fault that had no effect fails its story.
 */
@Tag("faults")
@Timeout(420)
final class FaultScenariosTest {
    private static final String ASK = "no Docker engine answers: apt-get install docker.io iptables, and start dockerd";
    /** Longer than any election; who has no majority answers no sooner. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final Duration IMPATIENCE = Duration.ofSeconds(3);
    private static final int PORT = 7420;
    private static final MemType TYPE = MemType.ioreqServer(3);
    private static final Chaos.During NOTHING = broken -> {};

    private static @Nullable ContainerTarget cluster;

    @BeforeAll
    static void start() {
        assumeTrue(DockerClientFactory.instance().isDockerAvailable(), ASK);
        cluster = ContainerTarget.start(3, 3);
    }

    @AfterAll
    static void end() {
        if (cluster != null) {
            cluster.close();
        }
    }

    @BeforeEach
    void clear() throws Exception {
        cluster().clear();
    }

    private static ContainerTarget cluster() {
        return Objects.requireNonNull(cluster);
    }

    @Test
    void aLeaderThatIsKilledIsReplacedAndItsClaimsStand() throws Exception {
        tell("kill-leader");
    }

    @Test
    void aFollowerThatWasKilledCatchesUp() throws Exception {
        tell("kill-follower");
    }

    @Test
    void aNodeThatIsKilledIsReplacedByItsBackup() throws Exception {
        tell("kill-primary");
    }

    @Test
    void twoNodesMayDieOneAfterTheOtherOnceTheSecondCopyIsThereAgain() throws Exception {
        tell("kill-other-node", "kill-primary");
    }

    @Test
    void aLeaderThatWasPausedDoesNotLeadOn() throws Exception {
        tell("pause-leader");
    }

    @Test
    void aNodePausedBeyondItsLeaseServesNobodyWhenItGoesOn() throws Exception {
        tell("pause-primary");
    }

    @Test
    void aLeaderTakenOffTheNetworkIsReplacedAndFollowsWhenItIsBack() throws Exception {
        tell("disconnect-leader");
    }

    @Test
    void aNodeTakenOffTheNetworkIsFencedAndComesBack() throws Exception {
        tell("disconnect-primary");
    }

    @Test
    void aMinorityCoordinatorNeverGrantsAClaim() throws Exception {
        // Given: two servers that want one type.
        try (TraplineConnection majority = connection(cluster().addresses(), PATIENCE)) {
            DomainRef domain = DomainRef.of(majority.domains().create(16, 1, DomainMemory.DOMAIN_MEMORY_REPLICATED));
            ServerRef first = majority.ioreqServers().create(domain);
            ServerRef second = majority.ioreqServers().create(domain);

            run(List.of("part-leader"), broken -> {
                // When: the one that led and hears no other coordinator is asked, which this process still reaches.
                String address = cluster().members().address(broken.target()) + ":" + PORT;
                try (TraplineConnection minority = connection(address, IMPATIENCE)) {
                    assertThatThrownBy(() -> claim(minority, first)).isInstanceOf(TraplineException.class);
                }
                // Then: the type is still to be had from the majority.
                claim(majority, second);
            });

            // And it is the second's when all hear each other again.
            assertThatThrownBy(() -> claim(majority, first))
                    .isInstanceOf(TraplineException.class)
                    .hasMessageContaining("EBUSY");
        }
    }

    private static void claim(TraplineConnection connection, ServerRef server) {
        connection.ioreqServers().mapMemType(server, TYPE, AccessFlags.WRITE);
    }

    private static TraplineConnection connection(String addresses, Duration patience) {
        return TraplineConnection.builder()
                .addresses(addresses)
                .principal("claimant")
                .timeout(patience)
                .build();
    }

    @Test
    void nodesThatDoNotHearEachOtherLoseNothing() throws Exception {
        tell("part-nodes");
    }

    @Test
    void aNodeThatHearsNothingOfAnotherLosesNothing() throws Exception {
        tell("part-nodes-one-way");
    }

    @Test
    void everyAccessGetsThroughWhereEveryFifthPacketIsLost() throws Exception {
        tell("lose-between-nodes");
    }

    @Test
    void connectionsBetweenNodesAreResetAndEverythingArrivesOnce() throws Exception {
        tell("reset-between-nodes");
    }

    @Test
    void aSlowLinkCostsTimeAndNoAccess() throws Exception {
        tell("slow-link");
    }

    @Test
    void aNodeWithATenthOfAProcessorBreaksNoPromise() throws Exception {
        tell("starve-primary");
    }

    @Test
    void guestsAndEmulatorsThatAreCutOffGoOnWhereTheyWere() throws Exception {
        tell("reset-guests", "deafen-emulators");
    }

    @Test
    void everyMemberIsRestartedInTurnAndNobodyLosesAnything() throws Exception {
        tell("restart-all");
    }

    /** Again: {@code -Dtrapline.faults.seed=S}; for longer: {@code -Dtrapline.faults.seconds=N}. */
    @Test
    @Timeout(7_200)
    void whateverHappensInWhicheverOrder() throws Exception {
        long seed = Long.getLong("trapline.faults.seed", 1);
        Duration duration = Duration.ofSeconds(Long.getLong("trapline.faults.seconds", 30));
        List<String> notes = new ArrayList<>(List.of("seed " + seed));
        History history = new History();

        Chaos.Result result =
                Chaos.run(cluster(), new Chaos.Settings(seed, duration, notes::add, () -> false), history);

        check(result, history, notes);
    }

    private static void tell(String... faults) throws Exception {
        run(List.of(faults), NOTHING);
    }

    private static void run(List<String> faults, Chaos.During during) throws Exception {
        List<String> notes = new ArrayList<>();
        History history = new History();
        Chaos.Settings settings = new Chaos.Settings(1, Duration.ZERO, notes::add, () -> false);

        Chaos.Result result = Chaos.tell(cluster(), settings, history, faults, during);

        check(result, history, notes);
        assertThat(result.faults()).isEqualTo(faults.size());
    }

    private static void check(Chaos.Result result, History history, List<String> notes) throws IOException {
        String kept = result.isFaultless() ? "" : keep(history);
        assertThat(result.report().findings()).as("%s %s", notes, kept).isEmpty();
        assertThat(result.broken()).as("%s %s", notes, kept).isEmpty();
        assertThat(result.withoutEffect())
                .as("without effect: %s %s", notes, kept)
                .isEmpty();
        assertThat(result.report().operations()).isPositive();
    }

    /** Where a person finds what clients saw, and what the members said. */
    private static String keep(History history) throws IOException {
        Path folder = Files.createTempDirectory(Files.createDirectories(Path.of("target")), "faults-");
        HistoryFile.write(folder.resolve("history.jsonl"), history.events());
        Files.writeString(folder.resolve("members.log"), cluster().logs());
        return "kept in " + folder.toAbsolutePath();
    }
}
