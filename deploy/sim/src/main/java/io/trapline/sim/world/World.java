package io.trapline.sim.world;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.NodeLife;
import io.trapline.model.MemType;
import io.trapline.sim.check.Violation;
import io.trapline.sim.run.Run;
import io.trapline.sim.run.Variant;
import io.trapline.sim.run.WorldKind;
import io.trapline.sim.world.part.Commands;
import io.trapline.sim.world.part.Emulator;
import io.trapline.sim.world.part.Guest;
import io.trapline.sim.world.part.Layout;
import io.trapline.sim.world.part.Node;
import io.trapline.sim.world.part.OneMemory;
import io.trapline.sim.world.part.Operator;
import io.trapline.sim.world.part.Reach;
import io.trapline.sim.world.part.Realm;
import io.trapline.sim.world.part.ServerActor;
import io.trapline.sim.world.part.ServerName;
import io.trapline.sim.world.part.Settings;
import io.trapline.sim.world.part.ShardActor;
import io.trapline.sim.world.part.Stage;
import io.trapline.sim.world.part.Texts;
import io.trapline.v1.DomainMemory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A coordinator, a node, a domain of two shards, servers with their emulators, guests, an operator, and a schedule under which all of them go on: first with
 * everything that may go wrong, then, healed, until nothing is left to do.
 */
public final class World implements Run, Realm {
    /** Ten times as many as any run has needed. */
    private static final int HEALING_STEPS = 60_000;
    /** Nobody draws lots for so long without doing something that there is to do. */
    private static final int IDLE_STEPS = 1_000;

    private static final int STEPS = 3_000;

    final Schedule schedule;
    final Stage stage;
    final Settings settings;
    final Coordinator coordinator;
    final OnePlace place;
    final Node node;
    final OneMemory memory;
    final List<Emulator> emulators = new ArrayList<>();
    private final List<Guest> guests = new ArrayList<>();
    private final Operator operator;
    private final Faults faults;
    private int names;

    /**
     * Everything that happens follows from the seed.
     *
     * @param traceLines how many of the last things that happen to remember
     */
    World(long seed, Plant plant, int traceLines) {
        schedule = new Schedule(seed, traceLines);
        stage = new Stage(schedule, schedule, plant.seams());
        settings = stage.settings;
        coordinator = new Coordinator(this);
        place = new OnePlace(this);
        node = new Node(stage, place, OneMemory::new);
        memory = (OneMemory) node.memory();
        operator = new Operator(stage, this);
        faults = new Faults(this);
    }

    /** This kind of world, as it is and with each plant. */
    public static WorldKind kind() {
        return new WorldKind(
                "node",
                "a coordinator, a node, a domain of two shards, its guests, servers and emulators",
                STEPS,
                variant(Plant.NONE),
                Arrays.stream(Plant.values())
                        .filter(plant -> plant != Plant.NONE)
                        .map(World::variant)
                        .toList());
    }

    private static Variant variant(Plant plant) {
        String name = plant == Plant.NONE
                ? Variant.NONE
                : plant.name().toLowerCase(Locale.ROOT).replace('_', '-');
        return new Variant(
                name, plant.breaks(), plant.noticedBy(), (seed, traceLines) -> new World(seed, plant, traceLines));
    }

    @Override
    public void run(int steps) {
        begin();
        for (int i = 0; i < steps; i++) {
            step();
        }
        heal();
    }

    private void begin() {
        coordinator.execute(Commands.registerNode(Commands.INCARNATION), false, answer -> {});
        NodeLife life = NodeLife.newBuilder()
                .setNode(Commands.NODE)
                .setIncarnation(Commands.INCARNATION)
                .build();
        coordinator.execute(
                Commands.createDomain(
                        settings.vcpus,
                        settings.defaultTimeoutMillis,
                        DomainMemory.DOMAIN_MEMORY_VOLATILE,
                        List.of(life)),
                false,
                answer -> {});
        Answer session = coordinator.execute(Commands.openSession(), false, answer -> {});
        operator.begin(session.getOpenSession().getSession());
        settle();
        for (int i = 0; i < settings.servers; i++) {
            operator.create();
        }
        settle();
        for (int i = 0; i < Layout.PAGES.size(); i++) {
            memory.types().set(Layout.PAGES.get(i), 1, MemType.ioreqServer(i % Layout.TYPES), () -> {});
        }
        for (ServerName server : servers()) {
            operator.setState(server, true);
            operator.claim(server, server.id() % Layout.TYPES, 2 + schedule.upTo(1));
            operator.mapRanges(server);
        }
        settle();
        staff();
    }

    private void settle() {
        while (schedule.hasWaiting()) {
            schedule.advance(1_000);
            schedule.deliver();
        }
    }

    /** Every server has an emulator, every vCPU a guest. */
    private void staff() {
        emulators.removeIf(Emulator::isGone);
        for (ServerName server : servers()) {
            if (emulators.stream().noneMatch(emulator -> emulator.server.equals(server) && !emulator.isEnded())) {
                newEmulator(server);
            }
        }
        guests.removeIf(Guest::isEnded);
        for (int vcpu = 0; vcpu < settings.vcpus; vcpu++) {
            int number = vcpu;
            if (guests.stream().noneMatch(guest -> guest.vcpu == number)) {
                newGuest(vcpu);
            }
        }
    }

    void newEmulator(ServerName server) {
        emulators.add(new Emulator(stage, this::open, server, "emulator " + ++names + " of " + server));
    }

    void newGuest(int vcpu) {
        guests.add(new Guest(stage, this::open, vcpu, "guest " + ++names + " of vCPU " + vcpu));
    }

    private Reach.Connection open(String name, Runnable lostAtClient, Runnable lostAtNode) {
        return new Reach.Connection(new Network(schedule, name, lostAtClient, lostAtNode), node);
    }

    @Override
    public List<ServerName> servers() {
        return node.servers.values().stream().map(ServerActor::serverName).toList();
    }

    @Override
    public Collection<Emulator> emulators() {
        return emulators;
    }

    @Override
    public void call(Command request, boolean waitsForDrain, Consumer<Answer> returned, Runnable settled) {
        // Each call comes on its way by itself.
        Channel way = schedule.channel("operator's call " + schedule.random.nextInt(4));
        way.tell(() -> request.getCommandCase() + " " + Texts.flat(request), () -> {
            Answer first = coordinator.execute(request, waitsForDrain, returned);
            askAgain(request, first, settled);
        });
    }

    /** The answer was lost perhaps, and the operator asks again (section E). */
    private void askAgain(Command request, Answer first, Runnable settled) {
        if (!schedule.oneIn(8)) {
            settled.run();
            return;
        }
        schedule.channel("operator's resend " + ++names).tell(() -> "again " + Texts.flat(request), () -> {
            coordinator.again(request, first);
            settled.run();
        });
    }

    @Override
    public void setTypes(long firstGfn, int count, MemType type, Runnable done) {
        schedule.channel("operator's type calls")
                .tell("type call", () -> memory.types().set(firstGfn, count, type, done));
    }

    @Override
    public void toEmulators(String what, Runnable arrive) {
        schedule.channel("operator→emulators").tell(what, arrive);
    }

    List<Guest> guests() {
        return guests;
    }

    private void step() {
        schedule.advance(faults.time());
        tick();
        if (schedule.upTo(3) > 0 && schedule.deliver()) {
            return;
        }
        switch (schedule.random.nextInt(8)) {
            case 0, 1, 2, 3 -> schedule.oneOf(guests).act(schedule.oneIn(settings.guestsEager));
            case 4, 5, 6 -> {
                if (schedule.oneIn(settings.emulatorsSlow) && !emulators.isEmpty()) {
                    schedule.oneOf(emulators).act();
                }
            }
            default -> {
                if (schedule.oneIn(settings.changes)) {
                    operator.act();
                }
                if (schedule.oneIn(8)) {
                    operator.unpause();
                }
                faults.act();
            }
        }
        if (schedule.oneIn(64)) {
            staff();
        }
    }

    private void tick() {
        long now = schedule.getAsLong();
        memory.shards().forEach(shard -> shard.tickIfDue(now));
        node.vcpus().ifPresent(vcpus -> vcpus.tickIfDue(now));
        if (schedule.random.nextBoolean()) {
            List.copyOf(node.servers.values()).forEach(server -> server.tickIfDue(now));
        }
    }

    private void heal() {
        schedule.say(() -> "nothing goes wrong any more");
        int idle = 0;
        for (int i = 0; i < HEALING_STEPS && idle < IDLE_STEPS; i++) {
            schedule.advance(1_000);
            tick();
            idle = schedule.deliver() ? 0 : idle + 1;
            for (Guest guest : List.copyOf(guests)) {
                guest.act(false);
            }
            for (Emulator emulator : List.copyOf(emulators)) {
                emulator.act();
            }
            operator.unpause();
            if (!schedule.hasWaiting()) {
                staff();
                if (isQuiet()) {
                    end();
                    return;
                }
                idle = jump() ? 0 : idle;
            }
        }
        throw new Violation("A4, F5", "no end after faults have ended:%n%s", this);
    }

    /** To when time alone makes a difference; false where it makes none. */
    private boolean jump() {
        long next = Long.MAX_VALUE;
        for (ShardActor shard : memory.shards()) {
            next = Math.min(next, shard.nextTick());
        }
        for (ServerActor server : node.servers.values()) {
            next = Math.min(next, server.nextTick());
        }
        for (Guest guest : guests) {
            next = Math.min(next, guest.wakeNanos());
        }
        next = Math.min(next, node.vcpus().orElseThrow().nextTick());
        long now = schedule.getAsLong();
        if (next == Long.MAX_VALUE || next <= now) {
            return false;
        }
        schedule.advance(Math.min(next - now, 1_000_000_000L));
        return true;
    }

    private boolean isQuiet() {
        return guests.stream().allMatch(Guest::isIdle)
                && emulators.stream().allMatch(Emulator::isIdle)
                && node.servers.values().stream().allMatch(server -> server.checks.inProcess() == 0)
                && coordinator.openCalls() == 0
                && coordinator.openDrains() == 0
                && !memory.types().isBusy()
                && operator.isIdle();
    }

    private void end() {
        stage.history.ended();
        memory.shards().forEach(shard -> shard.model.check());
        emulators.forEach(Emulator::check);
        coordinator.end();
        long leadership = coordinator
                .execute(Commands.beginLeadership(), false, answer -> {})
                .getRevision();
        coordinator.execute(
                Commands.replaceNode(stage.seams.incarnation(Commands.INCARNATION + 1), leadership),
                false,
                answer -> {});
        stage.promises.nodeIsNew();
        memory.shards().forEach(shard -> shard.p2m.close());
    }

    @Override
    public Map<String, Long> counts() {
        return Map.of("accesses", stage.history.submitted(), "ioreqs carried out", stage.carriedOut.count());
    }

    @Override
    public long steps() {
        return schedule.step();
    }

    @Override
    public List<String> trace() {
        return schedule.trace();
    }

    /** Who waits for what. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        guests.forEach(guest -> text.append("  ").append(guest).append('\n'));
        emulators.forEach(emulator -> text.append("  ").append(emulator).append('\n'));
        node.servers.values().forEach(server -> text.append("  ").append(server).append('\n'));
        text.append(String.format(
                Locale.ROOT,
                "  %d calls, %d drains, type call under way: %b, on the way: %b%n",
                coordinator.openCalls(),
                coordinator.openDrains(),
                memory.types().isBusy(),
                schedule.hasWaiting()));
        return text.toString();
    }
}
