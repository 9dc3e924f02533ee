package io.trapline.sim.world.hosts;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.sim.world.part.ServerName;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What may happen to a server that has requests under way when its home moves or dies. All that must hold is checked after every step. */
@Tag("simulation")
@DisplayName("D-15, D-21, D-22, D-27, A4, F3 – F5, V-8, V-9 across hosts: a server's home moves with what it has")
final class HomeScenariosTest {
    private static ServerName busy(HostScenario scenario) {
        return scenario.busyServer();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void itsEmulatorGoesOnAtAnotherNode(long seed) {
        HostScenario scenario = HostScenario.withHomes(seed);
        ServerName server = busy(scenario);
        SimHost other = scenario.otherThan(scenario.hosts.home(server.id()));
        scenario.world.move(scenario.emulatorOf(server), other);
        scenario.untilHomeIs(server, other);

        scenario.ends();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void anotherEmulatorAttachesAtAnotherNode(long seed) {
        HostScenario scenario = HostScenario.withHomes(seed);
        ServerName server = busy(scenario);
        SimHost other = scenario.otherThan(scenario.hosts.home(server.id()));
        scenario.world.newEmulator(server, other);
        scenario.untilHomeIs(server, other);

        scenario.ends();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void itGoesThereAndBack(long seed) {
        HostScenario scenario = HostScenario.withHomes(seed);
        ServerName server = busy(scenario);
        SimHost home = scenario.hosts.home(server.id());
        SimHost other = scenario.otherThan(home);
        scenario.world.move(scenario.emulatorOf(server), other);
        scenario.untilHomeIs(server, other);
        scenario.world.move(scenario.emulatorOf(server), home);
        scenario.untilHomeIs(server, home);

        scenario.ends();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void itsHomeDies(long seed) {
        HostScenario scenario = HostScenario.withHomes(seed);
        ServerName server = busy(scenario);
        SimHost home = scenario.hosts.home(server.id());
        scenario.hosts.crashNode(home);
        scenario.untilHomeIsNot(server, home);
        scenario.passes(300);
        scenario.hosts.startNode(home);

        scenario.ends();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void itsHomeAndItsEmulatorDie(long seed) {
        HostScenario scenario = HostScenario.withHomes(seed);
        ServerName server = busy(scenario);
        SimHost home = scenario.hosts.home(server.id());
        scenario.hosts.crashNode(home);
        scenario.emulatorOf(server).kill();
        scenario.untilHomeIsNot(server, home);
        scenario.hosts.startNode(home);

        scenario.ends();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void itsHomeAndThePrimaryDie(long seed) {
        HostScenario scenario = HostScenario.withHomes(seed);
        ServerName server = busy(scenario);
        SimHost home = scenario.hosts.home(server.id());
        SimHost primary = scenario.hosts.primary(0);
        long promotions = scenario.promotions();
        scenario.hosts.crashNode(home);
        scenario.hosts.crashNode(primary);
        scenario.untilHomeIsNot(server, home);
        scenario.until("the other copies go on", () -> scenario.promotions() == promotions + 2);
        scenario.hosts.startNode(home);
        scenario.hosts.startNode(primary);

        scenario.ends();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void itsHomeIsStoppedAndWakesWhenItIsElsewhere(long seed) {
        HostScenario scenario = HostScenario.withHomes(seed);
        ServerName server = busy(scenario);
        SimHost home = scenario.hosts.home(server.id());
        home.pause();
        SimHost other = scenario.otherThan(home);
        scenario.world.newEmulator(server, other);
        scenario.untilHomeIs(server, other);
        scenario.passes(200);
        home.goOn();

        scenario.ends();
    }

    /** It may serve for two leases yet, and knows nothing of the move (D-22). */
    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void itsHomeDoesNotHearThatItIsElsewhere(long seed) {
        HostScenario scenario = HostScenario.withHomes(seed);
        ServerName server = busy(scenario);
        SimHost home = scenario.hosts.home(server.id());
        scenario.hosts.coordinatorHosts.forEach(host -> scenario.cut(host, home));
        SimHost other = scenario.otherThan(home);
        scenario.world.newEmulator(server, other);
        scenario.untilHomeIs(server, other);
        scenario.passes(3_000);
        scenario.hosts.coordinatorHosts.forEach(host -> scenario.mend(host, home));

        scenario.ends();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void whatItsHomeSaidComesWhenItIsElsewhere(long seed) {
        HostScenario scenario = HostScenario.withHomes(seed);
        ServerName server = scenario.server().orElseThrow();
        SimHost home = scenario.hosts.home(server.id());
        SimHost primary = scenario.hosts.primary(0);
        scenario.cut(home, primary);
        scenario.passes(150);
        SimHost other = scenario.otherThan(home);
        scenario.world.move(scenario.emulatorOf(server), other);
        scenario.untilHomeIs(server, other);
        scenario.passes(50);
        scenario.mend(home, primary);

        scenario.ends();
    }

    /** What shards have passed on, and ask about, arrives in any order. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void whatWasPassedToItsHomeComesWhenItIsElsewhere(long seed) {
        HostScenario scenario = HostScenario.withHomes(seed);
        ServerName server = scenario.server().orElseThrow();
        SimHost home = scenario.hosts.home(server.id());
        SimHost primary = scenario.hosts.primary(0);
        scenario.cut(primary, home);
        scenario.passes(150);
        SimHost other = scenario.otherThan(home);
        scenario.world.move(scenario.emulatorOf(server), other);
        scenario.untilHomeIs(server, other);
        scenario.passes(50);
        scenario.mend(home, primary);

        scenario.ends();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void itsHomeIsDrained(long seed) {
        HostScenario scenario = HostScenario.withHomes(seed);
        ServerName server = busy(scenario);
        SimHost home = scenario.hosts.home(server.id());
        scenario.drain(home, true);
        scenario.untilHomeIsNot(server, home);
        scenario.passes(300);
        assertThat(scenario.world.isHome(home))
                .as("nobody is at home at a drained node")
                .isFalse();
        scenario.drain(home, false);

        scenario.ends();
    }
}
