package io.trapline.sim.world.hosts;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.MemType;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.protocol.ShardPlace;
import io.trapline.sim.check.Violation;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.sim.world.cluster.request.Requests;
import io.trapline.sim.world.copies.ShardWitness;
import io.trapline.sim.world.part.Commands;
import io.trapline.sim.world.part.Layout;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/** A world of hosts in which everything goes well but what a test does, with guests, emulators and an operator that go on. */
final class HostScenario {
    private static final long MILLIS = 1_000_000;
    private static final long PATIENCE = 30_000 * MILLIS;
    private static final int LINES = 120;
    /** No seed is looked for longer. */
    private static final int MOST_SEEDS = 1_000;

    final HostsWorld world;
    final Hosts hosts;

    private HostScenario(HostsWorld world) {
        this.world = world;
        hosts = world.hosts;
    }

    /** The n-th whose shards are where they are wanted. */
    static HostScenario begin(long n, Predicate<HostScenario> isWanted) {
        for (long seed = n * MOST_SEEDS; seed < (n + 1) * MOST_SEEDS; seed++) {
            HostScenario scenario = new HostScenario(new HostsWorld(seed, HostsPlant.NONE, LINES));
            scenario.world.begin();
            if (isWanted.test(scenario) && scenario.isDual()) {
                scenario.world.actLater();
                scenario.passes(200);
                return scenario;
            }
        }
        throw new AssertionError("no seed will do");
    }

    /** Both shards at one node. */
    static HostScenario together(long n) {
        return begin(n, scenario -> scenario.hosts.primary(0) == scenario.hosts.primary(1));
    }

    /** The shards at two nodes, of which neither is the home of a server. */
    static HostScenario apart(long n) {
        return begin(
                n,
                scenario -> scenario.hosts.primary(0) != scenario.hosts.primary(1)
                        && !scenario.world.keepsHomes(scenario.hosts.primary(0))
                        && !scenario.world.keepsHomes(scenario.hosts.primary(1)));
    }

    ShardPlace place(int shard) {
        return hosts.domain().orElseThrow().places().get(shard);
    }

    /** Whether both shards have two copies. */
    boolean isDual() {
        return hosts.domain().orElseThrow().places().stream().allMatch(place -> place.state() == ShardPlace.State.DUAL);
    }

    SimHost backup(int shard) {
        return hosts.nodeHost(place(shard).copy().orElseThrow().node());
    }

    void until(String what, BooleanSupplier isSo) {
        world.until(what, PATIENCE, isSo);
    }

    void passes(long millis) {
        long until = hosts.agenda.now() + millis * MILLIS;
        while (hosts.agenda.now() < until) {
            hosts.step();
        }
    }

    long promotions() {
        return hosts.witnesses.stream().mapToLong(ShardWitness::promotions).sum();
    }

    /** What another copy is not known to have. */
    boolean isWaiting(int shard) {
        return hosts.witnesses.get(shard).waiting() > 0;
    }

    void cut(SimHost from, SimHost to) {
        hosts.net.cut(from, to);
    }

    void mend(SimHost one, SimHost other) {
        hosts.net.mend(one, other);
        hosts.net.mend(other, one);
    }

    /** A page of each shard, side by side, becomes plain, or goes to a server. */
    void setTypesAcross(MemType type) {
        world.setTypes(Layout.SHARD_PAGES - 1, 2, type, () -> {});
    }

    /** The leader moves away what the host has, or does not any more. */
    void drain(SimHost host, boolean drained) {
        world.untilReturned(
                Requests.drain(host.name(), drained),
                answer -> assertThat(answer.hasRefusal()).isFalse());
    }

    /** D1: nothing takes effect from the call's return on. */
    void pauseDomain(boolean pauses) {
        hosts.stage.promises.pausing();
        world.untilReturned(pauses ? Commands.pause() : Commands.unpause(), answer -> hosts.stage.promises.paused());
    }

    /** Both shards have two copies again. */
    void untilDual() {
        until("there are two copies", this::isDual);
    }

    /** Everything goes well from now on, comes to its end, and has kept every promise. */
    void ends() {
        try {
            world.heal();
        } catch (Violation violation) {
            throw new AssertionError(String.join("\n", world.trace()), violation);
        }
        assertThat(hosts.domain().orElseThrow().table().state()).isEqualTo(DecisionTable.State.RUNNING);
        untilDual();
        hosts.witnesses.forEach(ShardWitness::end);
    }
}
