package io.trapline.faults.containers;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.client.DomainRef;
import io.trapline.client.TraplineConnection;
import io.trapline.model.Gpa;
import io.trapline.v1.DomainMemory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Stories of nodes that are killed, stopped, cut off and upgraded, and of whatever chance does to a cluster; each is what {@link ScenarioCluster} says. */
@Tag("faults")
@Timeout(420)
final class NodeFaultsTest {
    @RegisterExtension
    static final ScenarioCluster CLUSTER = new ScenarioCluster();

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Test
    void aNodeThatIsKilledIsReplacedByItsBackup() throws Exception {
        CLUSTER.tell("kill-primary");
    }

    @Test
    void aNodeThatTheKernelKillsForItsMemoryIsReplacedByItsBackup() throws Exception {
        CLUSTER.tell("exhaust-memory-primary");
    }

    @Test
    void twoNodesMayDieOneAfterTheOtherOnceTheSecondCopyIsThereAgain() throws Exception {
        CLUSTER.tell("kill-other-node", "kill-primary");
    }

    @Test
    void aNodePausedBeyondItsLeaseServesNobodyWhenItGoesOn() throws Exception {
        CLUSTER.tell("pause-primary");
    }

    @Test
    void aNodeTakenOffTheNetworkIsFencedAndComesBack() throws Exception {
        CLUSTER.tell("disconnect-primary");
    }

    @Test
    void everyNodeIsUpgradedInTurnAndAlsoWhatHasOneCopyIsKept() throws Exception {
        // Given: a domain with its memory at one node only, and something in it.
        try (TraplineConnection operator = CLUSTER.connection("operator", PATIENCE)) {
            DomainRef domain = DomainRef.of(operator.domains().create(16, 1, DomainMemory.DOMAIN_MEMORY_VOLATILE));
            byte[] text = "kept".getBytes(StandardCharsets.UTF_8);
            operator.memory().write(domain, new Gpa(0x3000), text);

            // When
            CLUSTER.restart("upgrade-nodes");

            // Then
            assertThat(operator.memory().read(domain, new Gpa(0x3000), text.length))
                    .isEqualTo(text);
        }
    }

    @Test
    void aNodeWithATenthOfAProcessorBreaksNoPromise() throws Exception {
        CLUSTER.tell("starve-primary");
    }

    /** Again: {@code -Dtrapline.faults.seed=S}; for longer: {@code -Dtrapline.faults.seconds=N}. */
    @Test
    @Timeout(7_200)
    void whateverHappensInWhicheverOrder() throws Exception {
        CLUSTER.chance(
                Long.getLong("trapline.faults.seed", 2),
                Duration.ofSeconds(Long.getLong("trapline.faults.seconds", 20)));
    }
}
