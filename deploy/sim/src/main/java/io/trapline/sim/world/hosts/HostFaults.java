package io.trapline.sim.world.hosts;

import io.trapline.sim.world.cluster.host.Agenda;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.sim.world.cluster.request.Requests;
import io.trapline.sim.world.part.Emulator;
import io.trapline.sim.world.part.Guest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What goes wrong: hosts that stop and go on, crash and come back, links that are cut one way or both, streams that break, runs that die or are replaced. */
final class HostFaults {
    private static final long MILLIS = 1_000_000;
    private static final long SETTLES = 1_000 * MILLIS;
    /** How long a process closes what it has open. */
    private static final long CLOSES_WITHIN = 100 * MILLIS;

    /** An election, a leader's grace, and as long again until hosts that were away have a lease. */
    private static final long ELECTS_WITHIN = 3_000 * MILLIS;

    private static final int LAST_ACTS = 4;

    private final HostsWorld world;
    private final Hosts hosts;
    private final Agenda agenda;
    private final long apart;
    /** Until when a host may be without a lease for what was done to it. */
    private final Map<SimHost, Long> awayUntil = new HashMap<>();

    private final Endings endings;
    private @Nullable SimHost drained;
    private long drains;
    /** A coordinator has ended: until then a host may be without a lease because nobody gave it one. */
    private long registryKnowsFrom;

    /** Nothing goes wrong, not yet or not any more. */
    private boolean isHealed = true;

    HostFaults(HostsWorld world, Agenda agenda) {
        this.world = world;
        this.agenda = agenda;
        hosts = world.hosts;
        apart = agenda.oneOf(List.of(30 * MILLIS, 100 * MILLIS, 500 * MILLIS));
        endings = new Endings(hosts, agenda, new Endings.Processes() {
            @Override
            public boolean mayEnd(SimHost host) {
                return mayCrash(host);
            }

            @Override
            public void end(SimHost host, int life) {
                HostFaults.this.end(host, life);
            }
        });
    }

    void begin() {
        isHealed = false;
        goOn();
    }

    private void goOn() {
        agenda.after(agenda.between(0, 2 * apart), () -> {
            if (!isHealed) {
                act();
                goOn();
            }
        });
    }

    private void act() {
        switch (agenda.upTo(28)) {
            case 0, 1 -> pause(agenda.oneOf(hosts.nodeHosts));
            case 2 -> pause(agenda.oneOf(hosts.coordinatorHosts));
            case 3 -> crash(agenda.oneOf(hosts.nodeHosts));
            case 4, 5 -> cut(agenda.oneOf(hosts.nodeHosts), agenda.oneOf(all()));
            case 6 -> isolate(agenda.oneOf(hosts.nodeHosts));
            case 7, 8 -> hosts.net.breakOne(agenda.oneOf(hosts.nodeHosts));
            case 9, 10 -> guest().ifPresent(Guest::cut);
            case 11, 12 -> emulator().ifPresent(this::cut);
            case 13 -> emulator().ifPresent(Emulator::kill);
            case 14 -> busyEmulator().ifPresent(this::replace);
            case 15 -> world.newGuest(agenda.upTo(world.vcpus() - 1));
            case 16, 17 -> crash(world.primary());
            case 18 -> pause(world.primary());
            case 19 -> isolate(world.primary());
            case 20 -> world.home().ifPresent(this::crash);
            case 21 -> world.home().ifPresent(this::pause);
            case 22 -> world.home().ifPresent(this::isolate);
            case 23, 24 -> drain(agenda.oneOf(hosts.nodeHosts));
            case 25, 26 -> nodeIsToldToEnd(agenda.oneIn(2) ? world.primary() : agenda.oneOf(hosts.nodeHosts));
            case 27 -> coordinatorIsToldToEnd(agenda.oneOf(hosts.coordinatorHosts));
            default -> partCopies(world.primary());
        }
    }

    private Optional<Guest> guest() {
        return world.guests.isEmpty() ? Optional.empty() : Optional.of(agenda.oneOf(world.guests));
    }

    private Optional<Emulator> emulator() {
        return world.emulators.isEmpty() ? Optional.empty() : Optional.of(agenda.oneOf(world.emulators));
    }

    private void cut(Emulator emulator) {
        holdUpHome(emulator);
        emulator.cut();
    }

    /** Another run attaches, perhaps elsewhere, and fences that one. */
    private void replace(Emulator emulator) {
        if (agenda.oneIn(4)) {
            // It does not hear that the server moves: who gets its shards asks the new home when others have asked long
            // since (D-22).
            crash(world.primary());
        }
        if (holdUpHome(emulator)) {
            for (int i = 0; i < LAST_ACTS; i++) {
                emulator.act();
            }
        }
        world.newEmulator(emulator.server);
    }

    /** One that has something to do, if there is one. */
    private Optional<Emulator> busyEmulator() {
        List<Emulator> busy = world.emulators.stream()
                .filter(emulator -> !emulator.isIdle() && !emulator.isEnded())
                .toList();
        return busy.isEmpty() ? emulator() : Optional.of(agenda.oneOf(busy));
    }

    /** What its server's home has said last may be on its way when the server has another (D-22). */
    private boolean holdUpHome(Emulator emulator) {
        boolean holds = agenda.oneIn(2) && world.servers().contains(emulator.server);
        if (holds) {
            hosts.node(hosts.home(emulator.server.id()).name()).ifPresent(HostNode::holdUpAnswers);
        }
        return holds;
    }

    private List<SimHost> all() {
        List<SimHost> all = new ArrayList<>(hosts.coordinatorHosts);
        all.addAll(hosts.nodeHosts);
        return all;
    }

    /** For less than a lease where a server would leave its home with what it has. */
    private long briefly(SimHost one, SimHost other) {
        boolean mayBeLong = mayBeAway(one) && mayBeAway(other);
        long nanos = agenda.between(5 * MILLIS, mayBeLong && agenda.oneIn(3) ? 3_000 * MILLIS : 300 * MILLIS);
        for (SimHost host : List.of(one, other)) {
            awayUntil.merge(host, agenda.now() + nanos + SETTLES, Math::max);
        }
        return nanos;
    }

    /** It is not the only one that has a copy of something and is there. */
    private boolean mayBeAway(SimHost host) {
        return !world.mustNotFail(host) && !hosts.hasOnlyCopy(host);
    }

    /** Whether whatever has a copy there has another one, at a host that keeps its lease and that copy. */
    private boolean mayCrash(SimHost host) {
        return mayBeAway(host)
                && registryKnowsFrom < agenda.now()
                && hosts.partners(host).stream().allMatch(other -> isThere(other) && !isGivenUp(other, host));
    }

    private boolean isThere(SimHost host) {
        return host.runs() && awayUntil.getOrDefault(host, 0L) < agenda.now();
    }

    /** A leader gives a copy at a drained node up for another one, perhaps before it knows that the node with the other copy has died (design 0002, 6.3). */
    private boolean isGivenUp(SimHost copy, SimHost other) {
        return copy == drained || (other == drained && endings.isLeaving(copy));
    }

    private void pause(SimHost host) {
        if (host.runs()) {
            int life = host.life();
            host.pause();
            agenda.after(briefly(host, host), () -> {
                if (host.isUp(life)) {
                    host.goOn();
                }
            });
        }
    }

    private void crash(SimHost host) {
        // Without its last copy, the domain is lost (D4).
        if (host.runs() && mayCrash(host)) {
            hosts.crashNode(host);
            agenda.after(briefly(host, host), () -> start(host));
        }
    }

    /** A primary and the life that has the other copy hear nothing of each other, for so long perhaps that it is taken out (D-23). */
    private void partCopies(SimHost primary) {
        hosts.partners(primary).stream().findFirst().ifPresent(other -> {
            hosts.net.cut(primary, other);
            hosts.net.cut(other, primary);
            agenda.after(agenda.between(50 * MILLIS, 1_500 * MILLIS), () -> {
                hosts.net.mend(primary, other);
                hosts.net.mend(other, primary);
            });
        });
    }

    /** What a node has goes to others while everybody is at it, as far as there is room; after a while it may stay where it is again (D-27). */
    private void drain(SimHost host) {
        if (isDraining() || !hosts.partners(host).stream().allMatch(this::isThere)) {
            return;
        }
        drained = host;
        drains++;
        world.ask(
                Requests.drain(host.name(), true),
                begun -> agenda.after(
                        agenda.between(20 * MILLIS, 2_000 * MILLIS),
                        () -> world.ask(Requests.drain(host.name(), false), ended -> drained = null)));
    }

    private void nodeIsToldToEnd(SimHost host) {
        if (!world.mustNotLeave(host)) {
            endings.node(host);
        }
    }

    private void coordinatorIsToldToEnd(SimHost coordinator) {
        if (agenda.now() > registryKnowsFrom) {
            endings.coordinator(coordinator);
        }
    }

    /** It has done what it does before its end, and is started again. */
    private void end(SimHost host, int life) {
        long away = briefly(host, host);
        if (hosts.coordinatorHosts.contains(host)) {
            registryKnowsFrom = agenda.now() + away + ELECTS_WITHIN;
        }
        agenda.after(agenda.between(0, CLOSES_WITHIN), () -> {
            if (host.isUp(life)) {
                stop(host);
                agenda.after(away, () -> start(host));
            }
        });
    }

    /** Processes that are told to end. */
    Endings endings() {
        return endings;
    }

    /** Whether a node is being drained. */
    boolean isDraining() {
        return drained != null;
    }

    /** How often one was. */
    long drains() {
        return drains;
    }

    /** Whoever decides a shard dies or stops while a type call over several is under way, and has perhaps reached one of them only (T6). */
    void whileTypesChange() {
        if (!isHealed && agenda.oneIn(2)) {
            agenda.after(agenda.between(0, 15 * MILLIS), () -> {
                if (!isHealed) {
                    hosts.node(hosts.primary(0).name()).ifPresent(HostNode::holdUpCalls);
                    agenda.after(agenda.between(0, 10 * MILLIS), this::stopAPrimary);
                }
            });
        }
    }

    private void stopAPrimary() {
        if (isHealed) {
            return;
        }
        if (agenda.oneIn(3)) {
            pause(world.primary());
        } else {
            crash(world.primary());
        }
    }

    /** A process whose life is over ends, and is started again. */
    private void start(SimHost host) {
        if (host.isUp() && hosts.isOver(host)) {
            stop(host);
        }
        if (host.isUp()) {
            return;
        }
        if (hosts.coordinatorHosts.contains(host)) {
            hosts.startCoordinator(host);
        } else {
            hosts.startNode(host);
        }
    }

    private void stop(SimHost host) {
        if (hosts.coordinatorHosts.contains(host)) {
            hosts.crashCoordinator(host);
        } else {
            hosts.crashNode(host);
        }
    }

    private void cut(SimHost one, SimHost other) {
        if (one == other) {
            return;
        }
        boolean forth = agenda.oneIn(2);
        boolean back = !forth || agenda.oneIn(2);
        if (forth) {
            hosts.net.cut(one, other);
        }
        if (back) {
            hosts.net.cut(other, one);
        }
        agenda.after(briefly(one, other), () -> {
            hosts.net.mend(one, other);
            hosts.net.mend(other, one);
        });
    }

    private void isolate(SimHost one) {
        for (SimHost other : all()) {
            if (other != one) {
                hosts.net.cut(one, other);
                hosts.net.cut(other, one);
            }
        }
        agenda.after(
                briefly(one, one),
                () -> all().forEach(other -> {
                    hosts.net.mend(one, other);
                    hosts.net.mend(other, one);
                }));
    }

    void heal() {
        isHealed = true;
        hosts.net.heal();
        all().forEach(SimHost::goOn);
        all().forEach(this::start);
        endings.heal();
    }
}
