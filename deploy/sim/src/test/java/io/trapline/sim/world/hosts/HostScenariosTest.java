package io.trapline.sim.world.hosts;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.MemType;
import io.trapline.node.peer.TrafficClass;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ShardPlace;
import io.trapline.sim.world.cluster.host.SimHost;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What may happen to the copies of a shard and to type calls, one after the other, under several clocks, delays and guests. All that must hold is checked after every step. */
@Tag("simulation")
@DisplayName("D-23, D-24, D-26 across hosts: copies of shards and type calls are cut short at every point")
final class HostScenariosTest {
    private static void crashAndGoOn(HostScenario scenario, SimHost primary) {
        long promotions = scenario.promotions();
        scenario.hosts.crashNode(primary);
        scenario.until("the other copy goes on", () -> scenario.promotions() > promotions);
        scenario.passes(300);
        scenario.hosts.startNode(primary);
        scenario.ends();
    }

    // ---- D-23: a primary and its backup

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void thePrimaryDiesBeforeItsBackupHasWhatItHasDone(long seed) {
        HostScenario scenario = HostScenario.together(seed);
        SimHost primary = scenario.hosts.primary(0);
        scenario.hosts.lastLife(primary).holdUp(lifeOf(scenario, 0), TrafficClass.REPLICATION);
        scenario.until("something is not there", () -> scenario.isWaiting(0) || scenario.isWaiting(1));

        crashAndGoOn(scenario, primary);
    }

    private static Life lifeOf(HostScenario scenario, int shard) {
        return scenario.place(shard).copy().orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void thePrimaryDiesWhenItsBackupHasItAndItHasNotHeardSo(long seed) {
        HostScenario scenario = HostScenario.together(seed);
        SimHost primary = scenario.hosts.primary(0);
        SimHost backup = scenario.backup(0);
        scenario.cut(backup, primary);
        long copied = copied(scenario);
        scenario.until("the backup has more", () -> copied(scenario) > copied);
        scenario.hosts.crashNode(primary);
        scenario.mend(backup, primary);

        crashAndGoOnWithout(scenario, primary);
    }

    private static long copied(HostScenario scenario) {
        return scenario.hosts.witnesses.stream()
                .mapToLong(witness -> witness.copied())
                .sum();
    }

    private static void crashAndGoOnWithout(HostScenario scenario, SimHost crashed) {
        scenario.until("the other copy goes on", () -> scenario.promotions() > 0);
        scenario.passes(300);
        scenario.hosts.startNode(crashed);
        scenario.ends();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void aStoppedPrimaryWakesWhenAnotherHasGoneOn(long seed) {
        HostScenario scenario = HostScenario.together(seed);
        SimHost old = scenario.hosts.primary(0);
        old.pause();
        scenario.until("the other copy goes on", () -> scenario.promotions() == 2);
        scenario.passes(200);
        old.goOn();
        scenario.passes(1_000);

        assertThat(scenario.hosts.primary(0)).isNotSameAs(old);
        scenario.ends();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void aPrimaryThatIsCutOffFromAllIsFollowedAndComesBack(long seed) {
        HostScenario scenario = HostScenario.together(seed);
        SimHost old = scenario.hosts.primary(0);
        all(scenario, old, true);
        scenario.until("the other copy goes on", () -> scenario.promotions() == 2);
        all(scenario, old, false);

        scenario.ends();
    }

    private static void all(HostScenario scenario, SimHost one, boolean cut) {
        for (SimHost other : scenario.hosts.nodeHosts) {
            between(scenario, one, other, cut);
        }
        for (SimHost other : scenario.hosts.coordinatorHosts) {
            between(scenario, one, other, cut);
        }
    }

    private static void between(HostScenario scenario, SimHost one, SimHost other, boolean cut) {
        if (one == other) {
            return;
        }
        if (cut) {
            scenario.cut(one, other);
            scenario.cut(other, one);
        } else {
            scenario.mend(one, other);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void aBackupThatHearsNothingIsTakenOutAndMadeAnew(long seed) {
        HostScenario scenario = HostScenario.together(seed);
        SimHost primary = scenario.hosts.primary(0);
        SimHost backup = scenario.backup(0);
        between(scenario, primary, backup, true);
        scenario.until("it is taken out", () -> scenario.place(0).state() == ShardPlace.State.SOLO);
        between(scenario, primary, backup, false);
        scenario.untilDual();

        assertThat(scenario.promotions()).isZero();
        crashAndGoOn(scenario, scenario.hosts.primary(0));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void thePrimaryDiesAsItsDomainIsPaused(long seed) {
        HostScenario scenario = HostScenario.together(seed);
        scenario.pauseDomain(true);
        SimHost primary = scenario.hosts.primary(0);
        scenario.hosts.crashNode(primary);
        scenario.until("the other copy goes on", () -> scenario.promotions() == 2);
        scenario.passes(200);
        scenario.pauseDomain(false);
        scenario.hosts.startNode(primary);

        scenario.ends();
    }

    // ---- D-24, D-27: a fresh backup

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void aLostBackupIsMadeAnewAndGoesOn(long seed) {
        HostScenario scenario = HostScenario.together(seed);
        SimHost backup = scenario.backup(0);
        scenario.hosts.crashNode(backup);
        scenario.until("it is taken out", () -> scenario.place(0).state() != ShardPlace.State.DUAL);
        scenario.hosts.startNode(backup);
        scenario.untilDual();

        crashAndGoOn(scenario, scenario.hosts.primary(0));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void aCopyThatIsBeingMadeIsLost(long seed) {
        HostScenario scenario = HostScenario.together(seed);
        SimHost backup = scenario.backup(0);
        scenario.hosts.crashNode(backup);
        scenario.until("another is made", () -> scenario.place(0).state() == ShardPlace.State.SYNCING);
        SimHost fresh = scenario.backup(0);
        if (scenario.world.mustNotFail(fresh)) {
            between(scenario, scenario.hosts.primary(0), fresh, true);
            scenario.until("it is given up", () -> scenario.place(0).state() == ShardPlace.State.SOLO);
            between(scenario, scenario.hosts.primary(0), fresh, false);
        } else {
            scenario.hosts.crashNode(fresh);
            scenario.until("it is given up", () -> scenario.place(0).state() == ShardPlace.State.SOLO);
            scenario.hosts.startNode(fresh);
        }
        scenario.hosts.startNode(backup);
        scenario.untilDual();

        crashAndGoOn(scenario, scenario.hosts.primary(0));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void aPrimaryIsStoppedAsItMakesACopy(long seed) {
        HostScenario scenario = HostScenario.together(seed);
        SimHost backup = scenario.backup(0);
        scenario.hosts.crashNode(backup);
        scenario.until("another is made", () -> scenario.place(0).state() == ShardPlace.State.SYNCING);
        SimHost primary = scenario.hosts.primary(0);
        primary.pause();
        scenario.passes(2_500);
        primary.goOn();
        scenario.hosts.startNode(backup);

        scenario.ends();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void aDrainedPrimaryHandsOverWhileGuestsGoOn(long seed) {
        HostScenario scenario = HostScenario.apart(seed);
        SimHost old = scenario.hosts.primary(1);
        scenario.drain(old, true);
        scenario.until("its backup goes on", () -> scenario.hosts.primary(1) != old);
        scenario.passes(300);
        scenario.drain(old, false);

        scenario.ends();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void aCopyIsLostAsItIsAdded(long seed) {
        HostScenario scenario = HostScenario.together(seed);
        SimHost backup = scenario.backup(0);
        scenario.hosts.crashNode(backup);
        scenario.until("another is made", () -> scenario.place(0).state() == ShardPlace.State.SYNCING);
        scenario.until("it is added", () -> scenario.place(0).state() == ShardPlace.State.DUAL);
        SimHost fresh = scenario.backup(0);
        scenario.hosts.crashNode(fresh);
        scenario.hosts.startNode(backup);
        scenario.until("it is taken out", () -> scenario.place(0).state() != ShardPlace.State.DUAL);
        scenario.hosts.startNode(fresh);
        scenario.untilDual();

        crashAndGoOn(scenario, scenario.hosts.primary(0));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void aCopyIsGivenUpAndMadeAnewWhereItWas(long seed) {
        HostScenario scenario = HostScenario.together(seed);
        SimHost primary = scenario.hosts.primary(0);
        SimHost backup = scenario.backup(0);
        // Nobody else has room.
        List<SimHost> others = scenario.hosts.nodeHosts.stream()
                .filter(host -> host != primary && host != backup)
                .toList();
        others.forEach(host -> scenario.drain(host, true));
        between(scenario, primary, backup, true);
        scenario.until("it is taken out", () -> scenario.place(0).state() == ShardPlace.State.SOLO);
        between(scenario, primary, backup, false);
        scenario.until("it is made anew", () -> scenario.place(0).state() == ShardPlace.State.SYNCING);
        assertThat(scenario.backup(0)).isSameAs(backup);
        between(scenario, primary, backup, true);
        scenario.until("it is given up", () -> scenario.place(0).state() == ShardPlace.State.SOLO);
        between(scenario, primary, backup, false);
        scenario.untilDual();
        others.forEach(host -> scenario.drain(host, false));

        crashAndGoOn(scenario, primary);
    }

    private static SimHost drained(HostScenario scenario) {
        SimHost old = scenario.hosts.primary(1);
        scenario.drain(old, true);
        scenario.until("it hands over", () -> scenario.place(1).handsOver() || scenario.hosts.primary(1) != old);
        return old;
    }

    private static void endsUndrained(HostScenario scenario, SimHost old) {
        scenario.until("another decides", () -> scenario.hosts.primary(1) != old);
        scenario.passes(300);
        scenario.drain(old, false);
        scenario.ends();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void aDrainedPrimaryDiesAsItHandsOver(long seed) {
        HostScenario scenario = HostScenario.apart(seed);
        SimHost old = drained(scenario);
        scenario.hosts.crashNode(old);
        scenario.until("another decides", () -> scenario.hosts.primary(1) != old);
        scenario.hosts.startNode(old);

        endsUndrained(scenario, old);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void aDrainedPrimaryDoesNotHearItsBackup(long seed) {
        HostScenario scenario = HostScenario.apart(seed);
        SimHost backup = scenario.backup(1);
        SimHost old = scenario.hosts.primary(1);
        scenario.cut(backup, old);
        scenario.drain(old, true);
        scenario.passes(1_500);
        scenario.mend(backup, old);

        endsUndrained(scenario, old);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void aDrainedPrimaryHandsOverBeforeItHearsWhatServersSay(long seed) {
        HostScenario scenario = HostScenario.apart(seed);
        SimHost old = scenario.hosts.primary(1);
        SimHost backup = scenario.backup(1);
        List<SimHost> homes = scenario.hosts.nodeHosts.stream()
                .filter(host -> scenario.world.isHome(host) && host != old && host != backup)
                .toList();
        homes.forEach(home -> scenario.cut(home, old));
        scenario.passes(100);
        scenario.drain(old, true);
        scenario.until("another decides", () -> scenario.hosts.primary(1) != old);
        homes.forEach(home -> scenario.mend(home, old));

        endsUndrained(scenario, old);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void aNodeIsDrainedNoMoreAsItHandsOver(long seed) {
        HostScenario scenario = HostScenario.apart(seed);
        SimHost old = drained(scenario);
        scenario.drain(old, false);
        scenario.until("it has handed over", () -> scenario.hosts.primary(1) != old);
        scenario.passes(500);

        assertThat(scenario.hosts.primary(1)).isNotSameAs(old);
        scenario.ends();
    }

    // ---- D-26: type calls over two shards

    /** How far a type call over two shards is. */
    enum Point {
        ASKED,
        KEPT,
        HALF_DONE,
        DONE
    }

    private static BooleanSupplier is(HostScenario scenario, Point point) {
        long finished = scenario.hosts.typeChecks.finished();
        return switch (point) {
            case ASKED -> () -> true;
            case KEPT -> scenario.hosts.typeChecks::isKept;
            case HALF_DONE -> scenario.hosts.typeChecks::isHalfDone;
            case DONE -> () -> scenario.hosts.typeChecks.finished() > finished;
        };
    }

    private static void callUntil(HostScenario scenario, Point point) {
        BooleanSupplier reached = is(scenario, point);
        int[] calls = {0};
        scenario.until("a type call is " + point, () -> {
            if (calls[0]++ % 500 == 0) {
                scenario.setTypesAcross(MemType.RAM_RW);
            }
            return reached.getAsBoolean();
        });
    }

    @ParameterizedTest
    @EnumSource(Point.class)
    void whoCarriesTypeCallsOutDies(Point point) {
        HostScenario scenario = HostScenario.apart(1);
        callUntil(scenario, point);

        crashAndGoOn(scenario, scenario.hosts.primary(0));
    }

    @ParameterizedTest
    @EnumSource(Point.class)
    void thePrimaryOfTheOtherShardDies(Point point) {
        HostScenario scenario = HostScenario.apart(11);
        callUntil(scenario, point);

        crashAndGoOn(scenario, scenario.hosts.primary(1));
    }

    @ParameterizedTest
    @EnumSource(Point.class)
    void thePrimaryOfBothShardsDies(Point point) {
        HostScenario scenario = HostScenario.together(21);
        callUntil(scenario, point);

        crashAndGoOn(scenario, scenario.hosts.primary(0));
    }

    @ParameterizedTest
    @EnumSource(Point.class)
    void whoCarriesTypeCallsOutIsStoppedAndGoesOnWhenAnotherDoes(Point point) {
        HostScenario scenario = HostScenario.apart(31);
        callUntil(scenario, point);
        SimHost old = scenario.hosts.primary(0);
        old.pause();
        scenario.until("another carries them out", () -> scenario.hosts.primary(0) != old);
        scenario.passes(200);
        old.goOn();

        scenario.ends();
    }

    @ParameterizedTest
    @EnumSource(Point.class)
    void whoCarriesTypeCallsOutHandsOver(Point point) {
        HostScenario scenario = HostScenario.apart(41);
        SimHost old = scenario.hosts.primary(0);
        scenario.drain(old, true);
        callUntil(scenario, point);
        scenario.until("another carries them out", () -> scenario.hosts.primary(0) != old);
        scenario.drain(old, false);

        scenario.ends();
    }

    @ParameterizedTest
    @EnumSource(Point.class)
    void theOtherShardIsHandedOver(Point point) {
        HostScenario scenario = HostScenario.apart(51);
        SimHost old = scenario.hosts.primary(1);
        scenario.drain(old, true);
        callUntil(scenario, point);

        endsUndrained(scenario, old);
    }

    @ParameterizedTest
    @EnumSource(Point.class)
    void theOtherShardsNodeHearsLateThatItDecides(Point point) {
        HostScenario scenario = HostScenario.apart(61);
        SimHost old = scenario.hosts.primary(1);
        SimHost next = scenario.backup(1);
        callUntil(scenario, point);
        scenario.hosts.crashNode(old);
        scenario.until("another is to decide", () -> scenario.hosts.primary(1) != old);
        // For less than a lease.
        scenario.hosts.coordinatorHosts.forEach(host -> between(scenario, host, next, true));
        scenario.passes(400);
        scenario.hosts.coordinatorHosts.forEach(host -> between(scenario, host, next, false));
        scenario.hosts.startNode(old);

        scenario.ends();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @DisplayName("C5: who makes the pages of a released type plain is stopped, and goes on when another has")
    void whoMakesPagesPlainIsStoppedAndGoesOnWhenAnotherHas(long seed) {
        HostScenario scenario = HostScenario.apart(70 + seed);
        SimHost old = scenario.hosts.primary(0);
        scenario.release();
        scenario.passes(2 * seed);
        old.pause();
        scenario.until("another carries type calls out", () -> scenario.hosts.primary(0) != old);
        scenario.until("nothing is left of it", () -> !scenario.hosts.hasOpenDrains());
        scenario.setTypesAcross(MemType.RAM_RW);
        scenario.passes(200);
        old.goOn();

        scenario.ends();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    @DisplayName("F5: a server's node hears of the next primary when that has recalled already")
    void aServersNodeHearsLateWhoDecides(long seed) {
        HostScenario scenario = HostScenario.together(seed);
        SimHost primary = scenario.hosts.primary(0);
        scenario.hosts.crashNode(primary);
        scenario.until("the other copy is to go on", () -> scenario.hosts.primary(0) != primary);
        // For less than a lease.
        homes(scenario, true);
        scenario.passes(120);
        scenario.setTypesAcross(MemType.RAM_RW);
        scenario.passes(200);
        homes(scenario, false);
        scenario.hosts.startNode(primary);

        scenario.ends();
    }

    private static void homes(HostScenario scenario, boolean cut) {
        for (SimHost home : scenario.hosts.nodeHosts) {
            if (scenario.world.isHome(home)) {
                scenario.hosts.coordinatorHosts.forEach(host -> between(scenario, host, home, cut));
            }
        }
    }
}
