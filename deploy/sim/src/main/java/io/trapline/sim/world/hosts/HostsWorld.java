package io.trapline.sim.world.hosts;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.model.Gfn;
import io.trapline.model.MemType;
import io.trapline.sim.check.Violation;
import io.trapline.sim.run.Run;
import io.trapline.sim.run.Variant;
import io.trapline.sim.run.WorldKind;
import io.trapline.sim.world.cluster.host.Agenda;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.sim.world.cluster.node.NodeProcess;
import io.trapline.sim.world.copies.ShardWitness;
import io.trapline.sim.world.part.Commands;
import io.trapline.sim.world.part.Emulator;
import io.trapline.sim.world.part.Guest;
import io.trapline.sim.world.part.Layout;
import io.trapline.sim.world.part.Operator;
import io.trapline.sim.world.part.Realm;
import io.trapline.sim.world.part.ServerName;
import io.trapline.sim.world.part.Stage;
import io.trapline.v1.DomainMemory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;

/**
 * Nodes on hosts of their own, one of which has the domain's memory; guests and emulators that come to any of them, lose their streams and go on at another one;
 * an operator; and everything that may go wrong with hosts and the network, until it is healed: then every access must come to its end (G-1).
 */
public final class HostsWorld implements Run, Realm {
    private static final int STEPS = 16_000;
    /** Where servers stay at their homes these are elsewhere, and do not fail for long. */
    private static final int SHARD_HOSTS = 3;

    /** For every copy that there may be at a host. */
    private static final long PLENTY_PAGES = 4 * Layout.NR_PAGES;

    private static final long MICROS = 1_000;
    private static final long MILLIS = 1_000_000;
    private static final long BEGINS_WITHIN = 10_000 * MILLIS;
    private static final long ENDS_WITHIN = 90_000 * MILLIS;
    private static final long SETTLES = 1_000 * MILLIS;
    private static final long CALLED_AGAIN_AFTER = 50 * MILLIS;

    private final Agenda agenda;
    private final Stage stage;
    final Hosts hosts;
    final List<Emulator> emulators = new ArrayList<>();
    final List<Guest> guests = new ArrayList<>();
    final SimHost clients;
    final SimHost owner;
    private final Operator operator;
    private final HostFaults faults;
    private final long actsEvery;
    private final int homesFrom;
    /** Whether emulators go on at other nodes, to which their servers follow them with what they have (D-15, D-22). */
    private final boolean homesMove;

    private final Map<Emulator, ClientReach> emulatorsReach = new HashMap<>();
    private int names;
    private boolean isHealing;
    private final OwnerCalls ownerCalls;

    /** One that has not begun. */
    HostsWorld(long seed, HostsPlant plant, int traceLines) {
        agenda = new Agenda(seed, traceLines);
        stage = new Stage(agenda, agenda::now, plant.seams());
        int replicas = agenda.oneOf(List.of(1, 1, 1, 3));
        // With room for one shard at each, shards are apart.
        long memoryBytes = (agenda.oneIn(2) ? PLENTY_PAGES : Layout.SHARD_PAGES) << Gfn.PAGE_SHIFT;
        hosts = new Hosts(
                agenda, stage, plant.leases().seams(), replicas, SHARD_HOSTS + 1 + agenda.upTo(1), memoryBytes);
        clients = new SimHost(agenda, "clients", false);
        clients.start();
        owner = new SimHost(agenda, "owner", false);
        owner.start();
        operator = new Operator(stage, this);
        actsEvery = agenda.oneOf(List.of(300 * MICROS, 1_000 * MICROS, 3_000 * MICROS));
        homesFrom = agenda.upTo(3);
        homesMove = !agenda.oneIn(3);
        faults = new HostFaults(this, agenda);
        ownerCalls = new OwnerCalls(this, agenda, stage, owner, faults);
    }

    /** This kind of world, as it is and with each plant. */
    public static WorldKind kind() {
        return new WorldKind(
                "hosts",
                "guests, the domain and its servers at nodes on hosts of their own, which fail",
                STEPS,
                variant(HostsPlant.NONE),
                Arrays.stream(HostsPlant.values())
                        .filter(plant -> plant != HostsPlant.NONE)
                        .map(HostsWorld::variant)
                        .toList());
    }

    private static Variant variant(HostsPlant plant) {
        String name = plant == HostsPlant.NONE
                ? Variant.NONE
                : plant.name().toLowerCase(Locale.ROOT).replace('_', '-');
        return new Variant(
                name, plant.breaks(), plant.noticedBy(), (seed, traceLines) -> new HostsWorld(seed, plant, traceLines));
    }

    // ---- a run

    @Override
    public void run(int steps) {
        begin();
        faults.begin();
        actLater();
        for (int i = 0; i < steps && !hosts.isLost(); i++) {
            hosts.step();
        }
        heal();
    }

    /** The domain is there with its servers, their emulators and its guests, and nothing goes wrong. */
    void begin() {
        until("every node serves", BEGINS_WITHIN, this::allServe);
        Answer[] session = new Answer[1];
        untilReturned(Commands.openSession(), answer -> session[0] = answer);
        operator.begin(session[0].getOpenSession().getSession());
        untilReturned(Commands.openSession(), answer -> session[0] = answer);
        ownerCalls.begin(session[0].getOpenSession().getSession());
        untilReturned(
                Commands.createDomain(
                        stage.settings.vcpus,
                        stage.settings.defaultTimeoutMillis,
                        DomainMemory.DOMAIN_MEMORY_REPLICATED,
                        List.of()),
                answer -> {});
        for (int i = 0; i < stage.settings.servers; i++) {
            operator.create();
        }
        settle();
        if (agenda.oneIn(3)) {
            ownerCalls.fill();
            settle();
        }
        for (int i = 0; i < Layout.PAGES.size(); i++) {
            setTypes(Layout.PAGES.get(i), 1, MemType.ioreqServer(i % Layout.TYPES), () -> {});
        }
        for (ServerName server : servers()) {
            operator.setState(server, true);
            operator.claim(server, server.id() % Layout.TYPES, 2 + agenda.upTo(1));
            operator.mapRanges(server);
        }
        settle();
        staff();
    }

    private void settle() {
        until("the operator is done", BEGINS_WITHIN, () -> operator.isIdle() && ownerCalls.areOver());
    }

    /** A call of the operator, until it returns. */
    void untilReturned(Command command, Consumer<Answer> returned) {
        boolean[] done = new boolean[1];
        ask(command, false, answer -> {
            done[0] = true;
            returned.accept(answer);
        });
        until(command.getCommandCase() + " returns", BEGINS_WITHIN, () -> done[0]);
    }

    /** Goes on until that is so. */
    void until(String what, long withinNanos, BooleanSupplier isSo) {
        long from = agenda.now();
        while (!isSo.getAsBoolean()) {
            hosts.step();
            if (agenda.now() - from > withinNanos) {
                throw new Violation("A4, F5", "not so in time: %s%n%s", what, this);
            }
        }
    }

    private boolean allServe() {
        return hosts.processes().size() == hosts.nodeHosts.size()
                && hosts.processes().values().stream().allMatch(NodeProcess::serves);
    }

    /** Nothing goes wrong any more, until everything has come to its end, as it must have. */
    void heal() {
        agenda.say(() -> "nothing goes wrong any more");
        isHealing = true;
        faults.heal();
        until("everything comes to its end", ENDS_WITHIN, () -> isQuiet() || hosts.isLost());
        if (hosts.isLost()) {
            return;
        }
        long quiet = agenda.now();
        until("it does for good", ENDS_WITHIN, () -> agenda.now() - quiet > SETTLES && isQuiet());
        stage.history.ended();
        hosts.witnesses.forEach(ShardWitness::end);
        hosts.typeChecks.end();
    }

    private boolean isQuiet() {
        return guests.stream().allMatch(Guest::isIdle)
                && emulators.stream().allMatch(Emulator::isIdle)
                && operator.isIdle()
                && !faults.isDraining()
                && !faults.endings().isLeaving()
                && ownerCalls.areOver()
                && hosts.lives().stream().allMatch(life -> life.memory().isIdle())
                && !hosts.hasOpenDrains()
                && hosts.lives().stream()
                        .flatMap(life -> life.node().servers.values().stream())
                        .allMatch(server -> server.checks.inProcess() == 0)
                && allServe();
    }

    // ---- clients

    /** Guests, emulators and the operator go on by themselves. */
    void actLater() {
        agenda.after(agenda.between(1, 2 * actsEvery), () -> {
            act();
            actLater();
        });
    }

    private void act() {
        switch (agenda.upTo(7)) {
            case 0, 1, 2, 3 -> agenda.oneOf(guests).act(!isHealing && agenda.oneIn(stage.settings.guestsEager));
            case 4, 5, 6 -> {
                if (!emulators.isEmpty() && (isHealing || agenda.oneIn(stage.settings.emulatorsSlow))) {
                    agenda.oneOf(emulators).act();
                }
            }
            default -> {
                if (!isHealing && agenda.oneIn(stage.settings.changes)) {
                    operator.act();
                }
                if (!isHealing && agenda.oneIn(16)) {
                    operator.setTypeAcross();
                }
                if (!isHealing && agenda.oneIn(16)) {
                    ownerCalls.write();
                }
                if (isHealing || agenda.oneIn(8)) {
                    operator.unpause();
                }
            }
        }
        if (agenda.oneIn(32)) {
            staff();
        }
    }

    /** Every server has an emulator, every vCPU a guest. */
    private void staff() {
        emulators.removeIf(Emulator::isGone);
        emulatorsReach.keySet().retainAll(emulators);
        for (ServerName server : servers()) {
            if (emulators.stream().noneMatch(emulator -> emulator.server.equals(server) && !emulator.isEnded())) {
                newEmulator(server);
            }
        }
        guests.removeIf(Guest::isEnded);
        for (int vcpu = 0; vcpu < stage.settings.vcpus; vcpu++) {
            int number = vcpu;
            if (guests.stream().noneMatch(guest -> guest.vcpu == number)) {
                newGuest(vcpu);
            }
        }
    }

    void newEmulator(ServerName server) {
        newEmulator(server, homesMove ? agenda.oneOf(hosts.nodeHosts) : homeOf(server));
    }

    /** One that attaches there, and fences another that there may be. */
    Emulator newEmulator(ServerName server, SimHost at) {
        ClientReach reach = new ClientReach(hosts, agenda, clients, at, homesMove);
        Emulator fresh = new Emulator(stage, reach, server, "emulator " + ++names + " of " + server);
        emulators.add(fresh);
        emulatorsReach.put(fresh, reach);
        return fresh;
    }

    /** An emulator goes on at another node. */
    void move(Emulator emulator, SimHost to) {
        Optional.ofNullable(emulatorsReach.get(emulator)).ifPresent(reach -> reach.goTo(to));
        emulator.cut();
    }

    void newGuest(int vcpu) {
        newGuest(vcpu, reach(agenda.oneOf(hosts.nodeHosts)));
    }

    /** One that comes to wherever that reaches. */
    Guest newGuest(int vcpu, ClientReach reach) {
        Guest fresh = new Guest(stage, reach, vcpu, "guest " + ++names + " of vCPU " + vcpu);
        guests.add(fresh);
        return fresh;
    }

    /** A client's that comes to that node first. */
    ClientReach reach(SimHost at) {
        return new ClientReach(hosts, agenda, clients, at, true);
    }

    /** Processes that are told to end. */
    Endings endings() {
        return faults.endings();
    }

    int vcpus() {
        return stage.settings.vcpus;
    }

    /** Whether servers stay at their homes, of which that host has some, or it is a coordinator's: it does not fail for long. */
    boolean mustNotFail(SimHost host) {
        return hosts.coordinatorHosts.contains(host)
                || (!homesMove
                        && servers().stream().anyMatch(server -> homeOf(server).equals(host)));
    }

    /** Whether emulators go nowhere else, and the next server may be at home there: they would wait for a node that is told to end, and it for them. */
    boolean mustNotLeave(SimHost host) {
        return !homesMove && hosts.nodeHosts.indexOf(host) >= SHARD_HOSTS;
    }

    /** Whether some server is at home there. */
    boolean isHome(SimHost host) {
        return servers().stream().anyMatch(server -> hosts.home(server.id()) == host);
    }

    /** Whether servers' homes move. */
    boolean homesMove() {
        return homesMove;
    }

    /** Where some server is at home. */
    Optional<SimHost> home() {
        List<ServerName> all = servers();
        return all.isEmpty()
                ? Optional.empty()
                : Optional.of(hosts.home(agenda.oneOf(all).id()));
    }

    private SimHost homeOf(ServerName server) {
        return hosts.nodeHosts.get(SHARD_HOSTS + (server.id() + homesFrom) % (hosts.nodeHosts.size() - SHARD_HOSTS));
    }

    // ---- the operator

    @Override
    public List<ServerName> servers() {
        return hosts.domain()
                .map(domain -> domain.servers().stream()
                        .map(server -> new ServerName(server.id(), server.generation()))
                        .toList())
                .orElse(List.of());
    }

    @Override
    public Collection<Emulator> emulators() {
        return emulators;
    }

    @Override
    public void call(Command request, boolean waitsForDrain, Consumer<Answer> returned, Runnable settled) {
        ask(request, waitsForDrain, answer -> {
            settled.run();
            returned.accept(answer);
        });
    }

    /** Asks until the call returns. */
    void ask(Command request, Consumer<Answer> returned) {
        ask(request, false, returned);
    }

    private void ask(Command request, boolean waits, Consumer<Answer> returned) {
        hosts.call(
                owner,
                request,
                waits,
                answer -> answer.ifPresentOrElse(
                        returned, () -> agenda.after(CALLED_AGAIN_AFTER, () -> ask(request, waits, returned))));
    }

    @Override
    public void setTypes(long firstGfn, int count, MemType type, Runnable done) {
        ownerCalls.set(firstGfn, count, type, done);
    }

    /** Whether nothing goes wrong any more. */
    boolean isHealing() {
        return isHealing;
    }

    /** The node that decides one of the domain's shards. */
    SimHost primary() {
        return hosts.primary(agenda.upTo(Layout.MAP.size() - 1));
    }

    @Override
    public void toEmulators(String what, Runnable arrive) {
        agenda.after(agenda.between(0, 20 * MILLIS), () -> {
            agenda.say(() -> what);
            arrive.run();
        });
    }

    // ---- what is told of it

    @Override
    public long steps() {
        return agenda.steps();
    }

    @Override
    public Map<String, Long> counts() {
        Map<String, Long> counts = new TreeMap<>();
        counts.put("accesses", stage.history.submitted());
        counts.put("ioreqs carried out", stage.carriedOut.count());
        counts.put("lapses", hosts.lapses());
        counts.put("domains lost", hosts.isLost() ? 1L : 0L);
        counts.put("promotions", sum(ShardWitness::promotions));
        counts.put("steps of copies", sum(ShardWitness::copied));
        counts.put("type calls over shards", hosts.typeChecks.finished());
        counts.put("calls asked for again", hosts.requestChecks.attemptsAgain());
        counts.put("homes moved by an attach", hosts.homesMoved(true));
        counts.put("homes moved otherwise", hosts.homesMoved(false));
        counts.put("ioreqs moved with them", stage.cameAlong());
        counts.put("drains", faults.drains());
        counts.put("nodes told to end", faults.endings().nodes());
        counts.put("coordinators told to end", faults.endings().coordinators());
        counts.put(
                "shards and servers that left nodes told to end",
                faults.endings().handedOver());
        counts.put("answers given again", hosts.requestChecks.answersAgain());
        counts.put("simulated ms", agenda.now() / MILLIS);
        return counts;
    }

    private long sum(ToLongFunction<ShardWitness> of) {
        return hosts.witnesses.stream().mapToLong(of).sum();
    }

    @Override
    public List<String> trace() {
        return agenda.trace();
    }

    /** Who waits for what. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        guests.forEach(guest -> text.append("  ").append(guest).append('\n'));
        emulators.forEach(emulator -> text.append("  ").append(emulator).append('\n'));
        text.append("  operator idle: ")
                .append(operator.isIdle())
                .append(", memory and type calls ")
                .append(ownerCalls.areOver() ? "over" : "under way")
                .append(", ")
                .append(faults.endings())
                .append('\n');
        return text.append(hosts).toString();
    }
}
