package io.trapline.sim.links;

import io.trapline.node.peer.TrafficClass;
import io.trapline.node.protocol.Life;
import io.trapline.sim.check.Violation;
import io.trapline.sim.run.Run;
import io.trapline.sim.run.Variant;
import io.trapline.sim.run.WorldKind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/** Two or three nodes that send to each other while connections break and hang, processes are started anew and earlier lives linger. */
public final class LinkWorld implements Run {
    private static final int STEPS = 4_000;

    private static final int MOST_STEPS_TO_REST = 60_000;
    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final List<TrafficClass> CLASSES = List.of(TrafficClass.values());

    final LinkChecks checks = new LinkChecks();
    /** The lives of nodes, in the order in which they were registered. */
    final List<Life> registered = new ArrayList<>();

    private final RandomGenerator random;
    private final LinkPlant plant;
    private final List<String> nodes;
    private final Map<String, LinkHost> byAddress = new HashMap<>();
    private final List<LinkHost> hosts = new ArrayList<>();
    private final List<Wire> wires = new ArrayList<>();
    private final Map<Wire, ReceivingEnd> acceptedBy = new HashMap<>();
    /** Ends of connections that will hear of their loss. */
    private final List<Runnable> losses = new ArrayList<>();

    private final ArrayDeque<String> trace = new ArrayDeque<>();
    private long nowNanos = 1_000_000_000L;
    private long lastIncarnation;
    private final int cuts;
    private final int slowness;

    private final int traceLines;
    private long steps;

    private LinkWorld(long seed, LinkPlant plant, int traceLines) {
        this.traceLines = traceLines;
        random = new SplittableRandom(seed);
        this.plant = plant;
        nodes = oneIn(2) ? List.of("a", "b") : List.of("a", "b", "c");
        cuts = List.of(60, 300, 1_500).get(upTo(2));
        slowness = List.of(1, 2, 12).get(upTo(2));
        nodes.forEach(this::start);
    }

    /** Worlds of this kind. */
    public static WorldKind kind() {
        return new WorldKind(
                "links",
                "two or three nodes and the links between them",
                STEPS,
                variant(LinkPlant.NONE),
                Arrays.stream(LinkPlant.values())
                        .filter(plant -> plant != LinkPlant.NONE)
                        .map(LinkWorld::variant)
                        .toList());
    }

    private static Variant variant(LinkPlant plant) {
        String name = plant == LinkPlant.NONE
                ? Variant.NONE
                : plant.name().toLowerCase(Locale.ROOT).replace('_', '-');
        return new Variant(
                name, plant.breaks(), plant.noticedBy(), (seed, traceLines) -> new LinkWorld(seed, plant, traceLines));
    }

    long nowNanos() {
        return nowNanos;
    }

    boolean plants(LinkPlant wrong) {
        return plant == wrong;
    }

    int upTo(int most) {
        return random.nextInt(most + 1);
    }

    @Override
    public List<String> trace() {
        return List.copyOf(trace);
    }

    @Override
    public long steps() {
        return steps;
    }

    @Override
    public Map<String, Long> counts() {
        return Map.of("frames taken", checks.taken());
    }

    private boolean oneIn(int times) {
        return random.nextInt(times) == 0;
    }

    private void start(String node) {
        Life life = new Life(node, ++lastIncarnation);
        registered.add(life);
        LinkHost host = new LinkHost(this, life, random.nextLong(1L << 50));
        while (host.revision() < registered.size()) {
            host.applyNext();
        }
        byAddress.put(node, host);
        hosts.add(host);
    }

    /** The process at a node's address. */
    LinkHost at(String node) {
        LinkHost host = byAddress.get(node);
        if (host == null) {
            throw new IllegalStateException("no node " + node);
        }
        return host;
    }

    Wire open(String name, SendingEnd sender) {
        Wire wire = new Wire(name, sender);
        wires.add(wire);
        return wire;
    }

    void accepted(Wire wire, ReceivingEnd by) {
        acceptedBy.put(wire, by);
    }

    void frame(Wire wire, long number, long ageMillis, long echo, LinkItem item) {
        ReceivingEnd by = acceptedBy.get(wire);
        if (by != null) {
            by.frame(wire, number, ageMillis, echo, item);
        }
    }

    /** The connection breaks; both ends hear of it some time later. */
    void cut(Wire wire) {
        if (!wire.isCut()) {
            wire.cut();
            losses.add(() -> wire.sender().lost(wire));
            losses.add(() -> {
                ReceivingEnd by = acceptedBy.remove(wire);
                if (by != null) {
                    by.lost(wire);
                }
            });
        }
    }

    @Override
    public void run(int busySteps) {
        for (int i = 0; i < busySteps; i++) {
            step(true);
            faults();
        }
        rest();
    }

    private void rest() {
        wires.forEach(wire -> wire.holdUp(true, true, nowNanos));
        hosts.forEach(host -> {
            while (!host.isEnded() && host.revision() < registered.size()) {
                host.applyNext();
            }
        });
        for (int i = 0; i < MOST_STEPS_TO_REST && !(i % 1_000 == 999 && isAtRest()); i++) {
            step(false);
            hosts.forEach(LinkHost::carryOutOne);
        }
        for (String from : nodes) {
            for (String to : nodes) {
                if (!from.equals(to)) {
                    checks.atRest(at(from).self(), at(to).self());
                }
            }
        }
    }

    private boolean isAtRest() {
        try {
            for (String from : nodes) {
                for (String to : nodes) {
                    checks.atRest(at(from).self(), at(to).self());
                }
            }
        } catch (Violation notYet) {
            return false;
        }
        return hosts.stream().allMatch(LinkHost::isIdle);
    }

    private void step(boolean busy) {
        steps++;
        nowNanos += oneIn(60) ? upTo(200_000_000) : upTo(1_000_000);
        deliver();
        if (!losses.isEmpty() && oneIn(3)) {
            losses.remove(upTo(losses.size() - 1)).run();
        }
        hosts.removeIf(LinkHost::isEnded);
        LinkHost host = hosts.get(upTo(hosts.size() - 1));
        host.act();
        if (oneIn(slowness)) {
            host.carryOutOne();
        }
        if (oneIn(20)) {
            host.applyNext();
        }
        if (busy) {
            host.offer(nodes.get(upTo(nodes.size() - 1)), CLASSES.get(upTo(CLASSES.size() - 1)), bytes());
        }
        // Timers fire, whoever else acts.
        hosts.forEach(LinkHost::act);
    }

    private int bytes() {
        return 1 + (oneIn(3) ? upTo((1 << 20) - 1) : upTo(2_000));
    }

    private void deliver() {
        if (wires.isEmpty()) {
            return;
        }
        Wire wire = wires.get(upTo(wires.size() - 1));
        if (wire.isCut()) {
            wires.remove(wire);
        } else if (wire.hasForth(nowNanos) && (oneIn(2) || !wire.hasBack(nowNanos))) {
            say(() -> wire + ": " + wire.nextForth().get());
            wire.arriveForth();
        } else if (wire.hasBack(nowNanos)) {
            say(() -> wire + " back: " + wire.nextBack().get());
            wire.arriveBack();
        }
    }

    private void faults() {
        if (!oneIn(cuts)) {
            return;
        }
        Wire wire = wires.isEmpty() ? null : wires.get(upTo(wires.size() - 1));
        switch (upTo(9)) {
            case 0, 1, 2 -> {
                if (wire != null) {
                    say(() -> wire + " is cut");
                    cut(wire);
                }
            }
            case 3, 4, 5, 6, 7 -> {
                if (wire != null) {
                    say(() -> wire + " hangs");
                    wire.holdUp(oneIn(2), oneIn(2), nowNanos + upTo(5_000) * NANOS_PER_MILLI);
                }
            }
            default -> restart(nodes.get(upTo(nodes.size() - 1)));
        }
    }

    /** Its life before may linger on, and hear later that it is over. */
    private void restart(String node) {
        LinkHost before = at(node);
        if (oneIn(2)) {
            before.end();
        }
        start(node);
        say(() -> at(node).self() + " starts, and " + before.self() + (before.isEnded() ? " is gone" : " lingers"));
    }

    private void say(Supplier<String> line) {
        if (traceLines > 0) {
            if (trace.size() == traceLines) {
                trace.remove();
            }
            trace.add("%6d %9.3f ms  %s".formatted(steps, nowNanos / 1e6, line.get()));
        }
    }
}
