package io.trapline.sim.world;

import io.trapline.model.MemType;
import io.trapline.sim.check.CarriedOut;
import io.trapline.sim.check.History;
import io.trapline.sim.check.Promises;
import io.trapline.sim.check.Violation;
import io.trapline.sim.run.Run;
import io.trapline.sim.run.Variant;
import io.trapline.sim.run.WorldKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A coordinator, a node, a domain of two shards, servers with their emulators, guests, an operator, and a schedule under which all of them go on: first with
 * everything that may go wrong, then, healed, until nothing is left to do.
 */
public final class World implements Run {
    /** Ten times as many as any run has needed. */
    private static final int HEALING_STEPS = 60_000;
    /** Nobody draws lots for so long without doing something that there is to do. */
    private static final int IDLE_STEPS = 1_000;

    private static final int STEPS = 3_000;

    private static final long FIRST_EMULATOR_VALUE = 0xE000_0000_0000_0001L;

    final Schedule schedule;
    final Settings settings;
    final Seams seams;
    final History history = new History();
    final Promises promises = new Promises();
    final CarriedOut carriedOut = new CarriedOut(history);
    final Coordinator coordinator;
    final Node node;
    final Workload workload;
    final List<Emulator> emulators = new ArrayList<>();
    private final List<Guest> guests = new ArrayList<>();
    private final Operator operator;
    private final Faults faults;
    private long nextEmulatorValue = FIRST_EMULATOR_VALUE;
    private int names;

    /**
     * Everything that happens follows from the seed.
     *
     * @param traceLines how many of the last things that happen to remember
     */
    World(long seed, Plant plant, int traceLines) {
        schedule = new Schedule(seed, traceLines);
        settings = new Settings(schedule);
        seams = plant.seams();
        coordinator = new Coordinator(this);
        node = new Node(this);
        workload = new Workload(schedule, settings);
        operator = new Operator(this);
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
        coordinator.execute(Commands.createDomain(settings.vcpus, settings.defaultTimeoutMillis), false, answer -> {});
        operator.begin();
        settle();
        for (int i = 0; i < settings.servers; i++) {
            operator.create();
        }
        settle();
        for (int i = 0; i < Layout.PAGES.size(); i++) {
            node.types.set(Layout.PAGES.get(i), 1, MemType.ioreqServer(i % Layout.TYPES), () -> {});
        }
        for (ServerActor server : node.servers.values()) {
            operator.setState(server, true);
            operator.claim(server, server.id % Layout.TYPES, 2 + schedule.upTo(1));
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
        for (ServerActor server : node.servers.values()) {
            if (emulators.stream().noneMatch(emulator -> emulator.server == server && !emulator.isEnded())) {
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

    void newEmulator(ServerActor server) {
        emulators.add(new Emulator(this, server, "emulator " + ++names + " of " + server.name()));
    }

    void newGuest(int vcpu) {
        guests.add(new Guest(this, vcpu, "guest " + ++names + " of vCPU " + vcpu));
    }

    List<Guest> guests() {
        return guests;
    }

    long nextEmulatorValue() {
        return nextEmulatorValue++;
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
        node.shards.forEach(shard -> shard.tickIfDue(now));
        node.vcpus.tickIfDue(now);
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
        for (ShardActor shard : node.shards) {
            next = Math.min(next, shard.nextTick());
        }
        for (ServerActor server : node.servers.values()) {
            next = Math.min(next, server.nextTick());
        }
        for (Guest guest : guests) {
            next = Math.min(next, guest.wakeNanos());
        }
        next = Math.min(next, node.vcpus.nextTick());
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
                && !node.types.isBusy()
                && operator.isIdle();
    }

    private void end() {
        history.ended();
        node.shards.forEach(shard -> shard.model.check());
        emulators.forEach(Emulator::check);
        coordinator.end();
        long leadership = coordinator
                .execute(Commands.beginLeadership(), false, answer -> {})
                .getRevision();
        coordinator.execute(
                Commands.replaceNode(seams.incarnation(Commands.INCARNATION + 1), leadership), false, answer -> {});
        promises.nodeIsNew();
        node.shards.forEach(shard -> shard.p2m.close());
    }

    @Override
    public Map<String, Long> counts() {
        return Map.of("accesses", history.submitted(), "ioreqs carried out", carriedOut.count());
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
                node.types.isBusy(),
                schedule.hasWaiting()));
        return text.toString();
    }
}
