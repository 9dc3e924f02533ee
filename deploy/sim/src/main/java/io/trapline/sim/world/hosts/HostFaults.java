package io.trapline.sim.world.hosts;

import io.trapline.sim.world.cluster.host.Agenda;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.sim.world.part.Emulator;
import io.trapline.sim.world.part.Guest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What goes wrong: hosts that stop and go on, crash and come back, links that are cut one way or both, streams that break, runs that die or are replaced. */
final class HostFaults {
    private static final long MILLIS = 1_000_000;
    private static final long SETTLES = 1_000 * MILLIS;

    private final HostsWorld world;
    private final Hosts hosts;
    private final Agenda agenda;
    private final long apart;
    /** Until when a host may be without a lease for what was done to it. */
    private final Map<SimHost, Long> awayUntil = new HashMap<>();

    /** Nothing goes wrong, not yet or not any more. */
    private boolean isHealed = true;

    HostFaults(HostsWorld world, Agenda agenda) {
        this.world = world;
        this.agenda = agenda;
        hosts = world.hosts;
        apart = agenda.oneOf(List.of(30 * MILLIS, 100 * MILLIS, 500 * MILLIS));
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
        switch (agenda.upTo(20)) {
            case 0, 1 -> pause(agenda.oneOf(hosts.nodeHosts));
            case 2 -> pause(agenda.oneOf(hosts.coordinatorHosts));
            case 3 -> crash(agenda.oneOf(hosts.nodeHosts));
            case 4, 5 -> cut(agenda.oneOf(hosts.nodeHosts), agenda.oneOf(all()));
            case 6 -> isolate(agenda.oneOf(hosts.nodeHosts));
            case 7, 8 -> hosts.net.breakOne(agenda.oneOf(hosts.nodeHosts));
            case 9, 10 -> guest().ifPresent(Guest::cut);
            case 11, 12 -> emulator().ifPresent(Emulator::cut);
            case 13 -> emulator().ifPresent(Emulator::kill);
            case 14 -> emulator().ifPresent(of -> world.newEmulator(of.server));
            case 15 -> world.newGuest(agenda.upTo(world.vcpus() - 1));
            case 16, 17 -> crash(world.primary());
            case 18 -> pause(world.primary());
            case 19 -> isolate(world.primary());
            default -> partCopies(world.primary());
        }
    }

    private Optional<Guest> guest() {
        return world.guests.isEmpty() ? Optional.empty() : Optional.of(agenda.oneOf(world.guests));
    }

    private Optional<Emulator> emulator() {
        return world.emulators.isEmpty() ? Optional.empty() : Optional.of(agenda.oneOf(world.emulators));
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

    /** Neither is it the home of a server, nor the only one that has a copy of something and is there. */
    private boolean mayBeAway(SimHost host) {
        return !world.keepsHomes(host) && !hosts.hasOnlyCopy(host);
    }

    /** Whether whatever has a copy there has another one, at a host that keeps its lease. */
    private boolean mayCrash(SimHost host) {
        return mayBeAway(host)
                && hosts.partners(host).stream()
                        .allMatch(other -> other.runs() && awayUntil.getOrDefault(other, 0L) < agenda.now());
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
            hosts.crashNode(host);
        }
        if (!host.isUp()) {
            hosts.startNode(host);
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
        hosts.nodeHosts.forEach(this::start);
    }
}
