package io.trapline.faults.containers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.trapline.client.EmulatorEnd;
import io.trapline.client.EmulatorOptions;
import io.trapline.client.TraplineException;
import io.trapline.faults.containers.EmulatorHosts.Hosted;
import io.trapline.faults.history.Event;
import io.trapline.faults.history.History;
import io.trapline.v1.Claim;
import io.trapline.v1.ClaimEnd;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.OnDisconnect;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Stories of links between nodes, and of clients and emulators that are cut off; each is what {@link ScenarioCluster} says. */
@Tag("faults")
@Timeout(420)
final class LinkFaultsTest {
    @RegisterExtension
    static final ScenarioCluster CLUSTER = new ScenarioCluster();

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Test
    void nodesThatDoNotHearEachOtherLoseNothing() throws Exception {
        CLUSTER.tell("part-nodes");
    }

    @Test
    void aNodeThatHearsNothingOfAnotherLosesNothing() throws Exception {
        CLUSTER.tell("part-nodes-one-way");
    }

    @Test
    void everyAccessGetsThroughWhereEveryFifthPacketIsLost() throws Exception {
        CLUSTER.tell("lose-between-nodes");
    }

    @Test
    void connectionsBetweenNodesAreResetAndEverythingArrivesOnce() throws Exception {
        CLUSTER.tell("reset-between-nodes");
    }

    @Test
    void aSlowLinkCostsTimeAndNoAccess() throws Exception {
        CLUSTER.tell("slow-link");
    }

    @Test
    void packetsThatAreLateAndOvertakeEachOtherCostTimeAndNoAccess() throws Exception {
        CLUSTER.tell("delay-between-nodes");
    }

    @Test
    void guestsAndEmulatorsThatAreCutOffGoOnWhereTheyWere() throws Exception {
        CLUSTER.tell("reset-guests", "deafen-emulators");
    }

    @Test
    void anEmulatorHostCutOffIsFencedAndItsStandbyTakesOver() throws Exception {
        try (EmulatorHosts hosts = new EmulatorHosts(CLUSTER.target())) {
            // Given: an emulator at each node, and its standby at the next one.
            Map<String, Hosted> actives = new HashMap<>();
            Map<String, Hosted> standbys = new HashMap<>();
            for (String each : hosts.nodes()) {
                Hosted active = hosts.serve(each, CreateIoreqServerRequest.getDefaultInstance());
                actives.put(each, active);
                standbys.put(
                        each,
                        hosts.another(
                                hosts.after(each),
                                active,
                                EmulatorOptions.defaults().asStandby()));
                hosts.write(hosts.after(each), active, 1);
            }

            History history = CLUSTER.tell(List.of("disconnect-primary"), broken -> {
                // When: a guest at another node writes to what the emulator serves that is cut off.
                String node = broken.target();
                hosts.write(hosts.after(node), at(actives, node), 2);

                // Then: the standby has it.
                assertThat(at(standbys, node).device().writes()).containsExactly(2L);
                assertThat(at(standbys, node).emulator().isAttached()).isTrue();
            });

            // And it stays the standby's when the first one is back, which is told that it is fenced (S5).
            String node = victim(history);
            Hosted active = at(actives, node);
            EmulatorEnd end = active.emulator().ended().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertThat(end.kind()).isEqualTo(EmulatorEnd.Kind.FENCED);
            hosts.write(node, active, 3);
            assertThat(at(standbys, node).device().writes()).containsExactly(2L, 3L);
            assertThat(active.device().writes()).containsExactly(1L);
        }
    }

    @Test
    void theClaimsOfAnEmulatorHostCutOffAreReleasedAfterTheirGraceAndNotBefore() throws Exception {
        try (EmulatorHosts hosts = new EmulatorHosts(CLUSTER.target())) {
            // Given: at each node an emulator whose claim may be without it for a moment, and one whose claim may for
            // an hour.
            Map<String, Hosted> hasty = new HashMap<>();
            Map<String, Hosted> patient = new HashMap<>();
            for (String each : hosts.nodes()) {
                hasty.put(each, hosts.serve(each, releasedAfter(Duration.ofSeconds(3))));
                patient.put(each, hosts.serve(each, releasedAfter(Duration.ofHours(1))));
            }

            History history = CLUSTER.tell(List.of("disconnect-primary"), broken -> {
                // Then: the one claim ends, and none of the others.
                await().atMost(PATIENCE)
                        .ignoreExceptionsInstanceOf(TraplineException.class)
                        .until(() -> !hosts.ended().isEmpty());
            });

            String node = victim(history);
            assertThat(hosts.ended())
                    .extracting(Claim::getId, Claim::getEnd)
                    .containsExactly(tuple(at(hasty, node).server().id().value(), ClaimEnd.CLAIM_END_DISCONNECTED));
            // And both serve on, the one once it has claimed again.
            hosts.write(hosts.after(node), at(patient, node), 1);
            assertThat(at(patient, node).device().writes()).containsExactly(1L);
            hosts.write(hosts.after(node), at(hasty, node), 2);
            assertThat(at(hasty, node).device().writes()).isEmpty();
            hosts.claimAgain(at(hasty, node));
            hosts.write(hosts.after(node), at(hasty, node), 3);
            assertThat(at(hasty, node).device().writes()).containsExactly(3L);
        }
    }

    private static Hosted at(Map<String, Hosted> hosted, String node) {
        return Objects.requireNonNull(hosted.get(node), node);
    }

    /** What the one fault of the history has hit. */
    private static String victim(History history) {
        return history.events().stream()
                .filter(Event.Fault.class::isInstance)
                .map(Event.Fault.class::cast)
                .map(Event.Fault::target)
                .findFirst()
                .orElseThrow();
    }

    private static CreateIoreqServerRequest releasedAfter(Duration grace) {
        return CreateIoreqServerRequest.newBuilder()
                .setOnDisconnect(OnDisconnect.ON_DISCONNECT_RELEASE)
                .setGraceMs((int) grace.toMillis())
                .build();
    }
}
