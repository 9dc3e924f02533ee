package io.trapline.sim.world.hosts;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.sim.world.part.ServerName;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What may happen when a process is told to end (SIGTERM) while guests and emulators go on. All that must hold is checked after every step. */
@Tag("simulation")
@DisplayName(
        "D-27, 1.2.6, A4, V-6, V-7 across hosts: a process that is told to end leaves nothing behind that others can have")
final class EndScenariosTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    private static Endings endings(HostScenario scenario) {
        return scenario.world.endings();
    }

    private static void untilItHasEnded(HostScenario scenario, SimHost host, int life) {
        scenario.until(host.name() + " has ended, and is there again", () -> host.runs() && host.life() > life);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void aPrimaryHandsOverBeforeItEnds(long seed) {
        HostScenario scenario = HostScenario.together(seed);
        SimHost primary = scenario.hosts.primary(0);
        int life = primary.life();
        long promotions = scenario.promotions();
        endings(scenario).node(primary, LONG);
        scenario.until("the other copies go on", () -> scenario.promotions() == promotions + 2);

        assertThat(primary.isUp(life))
                .as("it is there until it has handed over")
                .isTrue();
        untilItHasEnded(scenario, primary, life);
        assertThat(endings(scenario).handedOver()).isGreaterThanOrEqualTo(2);
        scenario.ends();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void aServerHasAnotherHomeBeforeItsEnds(long seed) {
        HostScenario scenario = HostScenario.withHomes(seed);
        ServerName server = scenario.busyServer();
        SimHost home = scenario.hosts.home(server.id());
        int life = home.life();
        endings(scenario).node(home, LONG);
        scenario.untilHomeIsNot(server, home);

        assertThat(home.isUp(life)).as("it is there until its server is not").isTrue();
        untilItHasEnded(scenario, home, life);
        scenario.ends();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void aPrimaryThatMayNotStayLeavesItsPlaceToItsBackup(long seed) {
        HostScenario scenario = HostScenario.together(seed);
        SimHost primary = scenario.hosts.primary(0);
        int life = primary.life();
        long promotions = scenario.promotions();
        endings(scenario).node(primary, Duration.ZERO);
        scenario.until("the other copies go on", () -> scenario.promotions() == promotions + 2);
        untilItHasEnded(scenario, primary, life);

        scenario.ends();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void itsBackupDiesWhileAPrimaryLeaves(long seed) {
        HostScenario scenario = HostScenario.together(seed);
        SimHost primary = scenario.hosts.primary(0);
        SimHost backup = scenario.backup(0);
        int life = primary.life();
        endings(scenario).node(primary, LONG);
        scenario.hosts.crashNode(backup);
        scenario.passes(2_500);
        assertThat(primary.isUp(life)).as("it has the only copy").isTrue();
        scenario.hosts.startNode(backup);
        untilItHasEnded(scenario, primary, life);

        scenario.ends();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void aCoordinatorThatLeadsLetsAnotherOneLeadFirst(long seed) {
        HostScenario scenario = HostScenario.begin(seed, begun -> begun.hosts.coordinatorHosts.size() > 1);
        SimHost leader = scenario.leader();
        int life = leader.life();
        endings(scenario).coordinator(leader);
        scenario.until(
                "it has ended, or another one leads", () -> !leader.isUp(life) || scenario.anotherLeadsThan(leader));

        assertThat(scenario.anotherLeadsThan(leader))
                .as("another one leads as it ends")
                .isTrue();
        untilItHasEnded(scenario, leader, life);
        scenario.ends();
    }
}
