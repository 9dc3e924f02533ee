package io.trapline.faults.containers;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.client.DomainRef;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.model.AccessFlags;
import io.trapline.model.MemType;
import io.trapline.v1.DomainMemory;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Stories of coordinators that are killed, cut off and upgraded; each is what {@link ScenarioCluster} says. */
@Tag("faults")
@Timeout(420)
final class CoordinatorFaultsTest {
    @RegisterExtension
    static final ScenarioCluster CLUSTER = new ScenarioCluster();

    /** Longer than any election; who has no majority answers no sooner. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final Duration IMPATIENCE = Duration.ofSeconds(3);
    private static final String PRINCIPAL = "claimant";
    private static final MemType TYPE = MemType.ioreqServer(3);

    @Test
    void aLeaderThatIsKilledIsReplacedAndItsClaimsStand() throws Exception {
        CLUSTER.tell("kill-leader");
    }

    @Test
    void aFollowerThatWasKilledCatchesUp() throws Exception {
        CLUSTER.tell("kill-follower");
    }

    @Test
    void aLeaderThatWasPausedDoesNotLeadOn() throws Exception {
        CLUSTER.tell("pause-leader");
    }

    @Test
    void aLeaderTakenOffTheNetworkIsReplacedAndFollowsWhenItIsBack() throws Exception {
        CLUSTER.tell("disconnect-leader");
    }

    @Test
    void aMinorityCoordinatorNeverGrantsAClaim() throws Exception {
        // Given: two servers that want one type.
        try (TraplineConnection majority = CLUSTER.connection(PRINCIPAL, PATIENCE)) {
            DomainRef domain = DomainRef.of(majority.domains().create(16, 1, DomainMemory.DOMAIN_MEMORY_REPLICATED));
            ServerRef first = majority.ioreqServers().create(domain);
            ServerRef second = majority.ioreqServers().create(domain);

            CLUSTER.tell(List.of("part-leader"), broken -> {
                // When: the one that led and hears no other coordinator is asked, which this process still reaches.
                String address = CLUSTER.target().members().service(broken.target());
                try (TraplineConnection minority = ScenarioCluster.connection(address, PRINCIPAL, IMPATIENCE)) {
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

    @Test
    void aLeaderWhoseDiskIsFullEndsAndAnotherOneLeads() throws Exception {
        CLUSTER.tell("fill-disk-leader");
    }

    @Test
    void everyCoordinatorIsUpgradedInTurnAndNoGuestNotices() throws Exception {
        CLUSTER.restart("upgrade-coordinators");
    }
}
