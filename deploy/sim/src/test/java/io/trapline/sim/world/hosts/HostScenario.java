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
import io.trapline.sim.world.part.Emulator;
import io.trapline.sim.world.part.Layout;
import io.trapline.sim.world.part.ServerName;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** A world of hosts in which everything goes well but what a test does, with guests, emulators and an operator that go on. */
final class HostScenario {
    private static final long MILLIS = 1_000_000;
    private static final long PATIENCE = 30_000 * MILLIS;
    private static final int LINES = 400;
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
        return begin(n, isWanted, begun -> true);
    }

    /** The same, where it is so as well once emulators and guests have come. */
    private static HostScenario begin(long n, Predicate<HostScenario> isWanted, Predicate<HostScenario> isReady) {
        return quiet(n, HostsPlant.NONE, scenario -> {
            if (!isWanted.test(scenario) || !scenario.isDual()) {
                return false;
            }
            scenario.world.actLater();
            scenario.passes(200);
            return isReady.test(scenario);
        });
    }

    /** The n-th that is as it is wanted, where clients and the operator do nothing by themselves, with something wrong or not. */
    static HostScenario quiet(long n, HostsPlant plant, Predicate<HostScenario> isWanted) {
        for (long seed = n * MOST_SEEDS; seed < (n + 1) * MOST_SEEDS; seed++) {
            HostScenario scenario = new HostScenario(new HostsWorld(seed, plant, LINES));
            scenario.world.begin();
            if (isWanted.test(scenario)) {
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
                        && !scenario.world.mustNotFail(scenario.hosts.primary(0))
                        && !scenario.world.mustNotFail(scenario.hosts.primary(1)));
    }

    /** Both shards at one node, and a server that is at home where neither copy is, and may move. */
    static HostScenario withHomes(long n) {
        return begin(
                n,
                scenario -> scenario.world.homesMove() && scenario.hosts.primary(0) == scenario.hosts.primary(1),
                scenario -> scenario.isDual() && scenario.server().isPresent());
    }

    /** A server that is at home where neither copy of the shards is. */
    Optional<ServerName> server() {
        return apart().findFirst();
    }

    private Stream<ServerName> apart() {
        return world.servers().stream()
                .filter(server -> hosts.home(server.id()) != hosts.primary(0)
                        && hosts.home(server.id()) != backup(0)
                        && hosts.home(server.id()) != backup(1));
    }

    /** One such whose emulator has something under way. */
    ServerName busyServer() {
        List<ServerName> busy = new ArrayList<>();
        until("an emulator has something", () -> {
            apart().filter(server -> underWay(server) > 0).findFirst().ifPresent(busy::add);
            return !busy.isEmpty();
        });
        return busy.getFirst();
    }

    private int underWay(ServerName server) {
        return hosts.node(hosts.home(server.id()).name())
                .flatMap(home -> home.node().server(server))
                .map(actor -> actor.checks.inProcess())
                .orElse(0);
    }

    /** The emulator that serves it. */
    Emulator emulatorOf(ServerName server) {
        return world.emulators.stream()
                .filter(emulator -> emulator.server.equals(server) && !emulator.isEnded())
                .findFirst()
                .orElseThrow();
    }

    /** One that is neither. */
    SimHost otherThan(SimHost... some) {
        return hosts.nodeHosts.stream()
                .filter(host -> !List.of(some).contains(host))
                .findFirst()
                .orElseThrow();
    }

    void untilHomeIs(ServerName server, SimHost host) {
        until("the server is at home there", () -> isGone(server) || hosts.home(server.id()) == host);
    }

    void untilHomeIsNot(ServerName server, SimHost host) {
        until("the server is at home elsewhere", () -> isGone(server) || hosts.home(server.id()) != host);
    }

    /** Whether the operator has taken it away meanwhile. */
    private boolean isGone(ServerName server) {
        return !world.servers().contains(server);
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
        traced(() -> world.until(what, PATIENCE, isSo));
    }

    /** What breaks a rule is shown with what happened before. */
    private void traced(Runnable step) {
        try {
            step.run();
        } catch (Violation violation) {
            throw new AssertionError(String.join("\n", world.trace()), violation);
        }
    }

    void passes(long millis) {
        long until = hosts.agenda.now() + millis * MILLIS;
        traced(() -> {
            while (hosts.agenda.now() < until) {
                hosts.step();
            }
        });
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

    /** A server lets a type go, whose pages are to be plain (C5). */
    void release() {
        DecisionTable table = hosts.domain().orElseThrow().table();
        for (int x = 0; x < Layout.TYPES; x++) {
            int holder = table.claimant(x, true);
            if (holder != DecisionTable.NONE) {
                int released = x;
                hosts.stage.promises.changing(x);
                world.ask(Commands.release(holder, x, 200, true), answer -> hosts.stage.promises.changed(released));
                return;
            }
        }
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

    /** The coordinator that leads. */
    SimHost leader() {
        return hosts.coordinatorHosts.stream().filter(this::leads).findFirst().orElseThrow();
    }

    private boolean leads(SimHost host) {
        return host.runs() && hosts.coordinator(host).leadsInTerm() > 0;
    }

    /** Whether another one leads while that one's process, or while its end, is still there. */
    boolean anotherLeadsThan(SimHost host) {
        return hosts.coordinatorHosts.stream().anyMatch(other -> other != host && leads(other));
    }

    /** Everything goes well from now on, comes to its end, and has kept every promise. */
    void ends() {
        traced(world::heal);
        assertThat(hosts.domain().orElseThrow().table().state()).isEqualTo(DecisionTable.State.RUNNING);
        untilDual();
        hosts.witnesses.forEach(ShardWitness::end);
    }
}
