package io.trapline.sim.world.part;

import io.trapline.model.Gfn;
import io.trapline.model.Refusal;
import io.trapline.model.TypeRun;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.p2m.P2m;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.peer.TrafficClass;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.registry.DomainView;
import io.trapline.node.rows.AccessRows;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.node.rows.SettledRows;
import io.trapline.node.shard.BufferMove;
import io.trapline.node.shard.Gateways;
import io.trapline.node.shard.ShardEffects;
import io.trapline.node.shard.ShardRules;
import io.trapline.sim.check.AccessKey;
import io.trapline.sim.check.IoreqKey;
import io.trapline.sim.check.ShardModel;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/** One shard: its rules, the naive model that watches them, and what one step of them says, gathered into one message to each receiver. */
public final class ShardActor implements Shard, ShardEffects {
    /** Ticks come that often while something waits. */
    private static final long TICK_NANOS = 20_000_000;

    public final ShardModel model;
    public final P2m p2m;
    private final Stage world;
    private final Place place;
    private final Node node;
    private final Gateways gateways = new Gateways();
    private final int index;
    private final long epoch;
    private final ShardRules rules;
    /** What was asked of it while the node did not serve. */
    private final List<Runnable> waitingCalls = new ArrayList<>();

    private Map<Integer, ServerAt> servers = Map.of();
    private boolean leased = true;
    private final TreeMap<Integer, IoreqRows> forwards = new TreeMap<>();
    private final TreeMap<Integer, SettledRows> settled = new TreeMap<>();
    private DecisionTable applied;
    private final Map<Life, OutcomeRows> answers = new LinkedHashMap<>();
    private final List<Runnable> afterForwards = new ArrayList<>();
    private final TreeMap<Long, List<Runnable>> afterApplied = new TreeMap<>();
    private final Map<Long, Runnable> whenDone = new HashMap<>();
    private final TreeMap<Integer, Asked> asked = new TreeMap<>();
    /** What is told of a change once everything that it caught is on its way. */
    private final List<Runnable> acknowledgements = new ArrayList<>();

    private long lastToken;
    private long tickAt;

    /** What a server is asked. */
    private record Asked(IoreqRows rows, KeyRows returned) {
        Asked() {
            this(new IoreqRows(16), new KeyRows(4));
        }
    }

    public ShardActor(Stage world, Place place, Node node, ShardMap map, int index, long epoch) {
        this.world = world;
        this.place = place;
        this.node = node;
        this.index = index;
        this.epoch = epoch;
        applied = DecisionTable.builder(0).state(DecisionTable.State.PAUSED).build();
        p2m = new P2m(map.firstGfn(index), map.lastGfn(index), Layout.NR_PAGES, new HeapBudget());
        rules = new ShardRules(p2m, map.firstGfn(index), map.lastGfn(index), applied, this);
        model = new ShardModel(index, map, world.history, world.promises, p2m, Layout.pagesOf(index));
        world.models.add(model);
    }

    @Override
    public String name() {
        return "shard " + index;
    }

    @Override
    public void whenApplied(long revision, Runnable action) {
        if (applied.revision() >= revision) {
            action.run();
        } else {
            afterApplied.computeIfAbsent(revision, fresh -> new ArrayList<>()).add(action);
        }
    }

    @Override
    public long appliedRevision() {
        return applied.revision();
    }

    // What it is told.

    /** Whether the node serves, in this step (D-11). What was asked of it meanwhile comes first (F2). */
    public void lease() {
        boolean serves = place.serves();
        if (serves != leased) {
            List<Runnable> calls = List.copyOf(waitingCalls);
            waitingCalls.clear();
            calls.forEach(Runnable::run);
            leased = serves;
            model.leased(serves);
            rules.leased(serves);
            flush();
        }
    }

    private void call(Runnable call) {
        lease();
        if (leased) {
            call.run();
        } else {
            waitingCalls.add(call);
        }
    }

    @Override
    public void accesses(Life from, AccessRows given, AccessRows givenAsTold) {
        lease();
        AccessRows rows = gateways.take(from, world.seams.fromGateway(given));
        AccessRows asTold = gateways.take(from, world.seams.fromGateway(givenAsTold));
        for (int i = 0; i < rows.size(); i++) {
            model.accepts(new AccessKey(rows.vcpu(i), rows.vcpuEpoch(i), rows.sequence(i)));
        }
        rules.accept(world.seams.accepted(asTold));
        flush();
    }

    @Override
    public void apply(DomainView domain, List<VcpuOpening> opened, Map<Integer, ServerAt> present, Runnable done) {
        DecisionTable table = domain.table();
        lease();
        BitSet ids = new BitSet();
        present.keySet().forEach(ids::set);
        servers = present;
        Map<Integer, Long> generations = new HashMap<>();
        present.forEach((id, server) -> generations.put(id, server.name().generation()));
        model.applies(table, opened, generations);
        rules.apply(world.seams.table(applied, table), world.seams.openedForShards(opened), world.seams.present(ids));
        applied = table;
        afterApplied.headMap(table.revision(), true).values().forEach(afterForwards::addAll);
        afterApplied.headMap(table.revision(), true).clear();
        flush();
        done.run();
    }

    // Of rows a vCPU at a time, which is the same to the rules and tells the model in which order pages were read and
    // written.

    @Override
    public void completed(int server, long home, OutcomeRows rows) {
        lease();
        KeyRows keys = rows.keys();
        OutcomeRows run = new OutcomeRows(rows.size());
        for (int i = 0; i < rows.size(); i++) {
            run.add(keys.vcpu(i), keys.vcpuEpoch(i), keys.sequence(i), keys.part(i), rows.data(i), rows.errno(i));
            if (i + 1 == rows.size() || keys.vcpu(i + 1) != keys.vcpu(i)) {
                if (isHome(server, home)) {
                    model.completes(server, run);
                }
                rules.completed(server, home, run);
                model.check();
                run = new OutcomeRows(rows.size());
            }
        }
        flush();
    }

    @Override
    public void decideAgain(int server, long home, KeyRows rows) {
        lease();
        Map<Integer, KeyRows> byVcpu = new LinkedHashMap<>();
        for (int i = 0; i < rows.size(); i++) {
            byVcpu.computeIfAbsent(rows.vcpu(i), vcpu -> new KeyRows(rows.size()))
                    .add(rows.vcpu(i), rows.vcpuEpoch(i), rows.sequence(i), rows.part(i));
        }
        for (KeyRows ofVcpu : byVcpu.values()) {
            if (isHome(server, home)) {
                model.takesBack(server, ofVcpu);
            }
            rules.decideAgain(server, home, ofVcpu);
            model.check();
        }
        flush();
    }

    @Override
    public void postedQueued(int server, long home, KeyRows rows) {
        forRuns(rows, run -> {
            if (isHome(server, home)) {
                model.queues(server, run);
            }
            rules.postedQueued(server, home, run);
        });
    }

    @Override
    public void postedDone(int server, long home, KeyRows rows) {
        forRuns(rows, run -> {
            if (isHome(server, home)) {
                model.finishesPosted(run);
            }
            rules.postedDone(server, home, run);
        });
    }

    /** What a home says that the server has left means nothing any more: what it had is asked about (D-22). */
    private boolean isHome(int server, long home) {
        return applied.homeEpoch(server) == home;
    }

    private void forRuns(KeyRows rows, Consumer<KeyRows> step) {
        lease();
        KeyRows run = new KeyRows(rows.size());
        for (int i = 0; i < rows.size(); i++) {
            run.add(rows.vcpu(i), rows.vcpuEpoch(i), rows.sequence(i), rows.part(i));
            if (i + 1 == rows.size() || rows.vcpu(i + 1) != rows.vcpu(i)) {
                step.accept(run);
                model.check();
                run = new KeyRows(rows.size());
            }
        }
        flush();
    }

    @Override
    public void recalled(int server, long recall) {
        lease();
        rules.recalled(server, recall);
        flush();
    }

    /** Whether those runs are allowed, given to the reply. */
    public void checkTypes(List<TypeRun> runs, Consumer<Optional<Refusal>> reply) {
        call(() -> reply.accept(p2m.checkTypes(runs)));
    }

    public void commitTypes(List<TypeRun> runs, Runnable done) {
        call(() -> commitTypesNow(runs, done));
    }

    private void commitTypesNow(List<TypeRun> runs, Runnable done) {
        whenDone.put(++lastToken, done);
        rules.commitTypes(runs, lastToken);
        if (world.seams.wipesOnTyping()) {
            runs.forEach(run -> wipe(run.firstGfn()));
        }
        flush();
    }

    private void wipe(long gfn) {
        for (int offset = 0; offset < 1 << Gfn.PAGE_SHIFT; offset += 8) {
            p2m.write((gfn << Gfn.PAGE_SHIFT) + offset, 8, 0);
        }
    }

    public void resetType(int x, Runnable done) {
        call(() -> resetTypeNow(x, done));
    }

    private void resetTypeNow(int x, Runnable done) {
        whenDone.put(++lastToken, done);
        rules.resetType(x, lastToken);
        flush();
    }

    @Override
    public void awaitReturned(int server, long revision, Runnable done) {
        lease();
        whenDone.put(++lastToken, done);
        rules.awaitReturned(server, revision, lastToken);
        flush();
    }

    /** F2: eight bytes, for an emulator. */
    public void write(long gpa, long value, Runnable done) {
        call(() -> {
            writeNow(gpa, value);
            done.run();
        });
    }

    private void writeNow(long gpa, long value) {
        byte[] bytes = new byte[8];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (value >>> (8 * i));
        }
        p2m.reserveSegments(new long[] {gpa}, new int[] {8}).ifPresent(why -> {
            throw new IllegalStateException(why.message());
        });
        model.emulatorWrites(gpa, 8, value);
        p2m.writeBytes(gpa, bytes, 0, 8);
        flush();
    }

    @Override
    public boolean mayTick(long nowNanos) {
        return leased != place.serves() || nowNanos >= nextTick();
    }

    @Override
    public void tickIfDue(long nowNanos) {
        lease();
        if (nowNanos >= tickAt && rules.hasQueued()) {
            tickAt = nowNanos + TICK_NANOS;
            rules.expire(nowNanos, true);
            flush();
        }
    }

    /** When it wants a tick. */
    public long nextTick() {
        return rules.hasQueued() ? tickAt : Long.MAX_VALUE;
    }

    // What its rules want.

    @Override
    public void answered(int vcpu, long vcpuEpoch, long sequence, long data, byte errno) {
        long number = world.seams.original(sequence);
        model.answered(new AccessKey(vcpu, vcpuEpoch, number), data, errno);
        Life guest = gateways.of(vcpu);
        if (guest != null) {
            answers.computeIfAbsent(guest, fresh -> new OutcomeRows(16)).add(vcpu, vcpuEpoch, number, 0, data, errno);
        }
    }

    @Override
    public void forward(
            int serverId,
            int vcpu,
            long vcpuEpoch,
            long sequence,
            int part,
            byte attributes,
            byte marks,
            byte claimedType,
            long address,
            long data,
            int count,
            int window,
            long deadlineNanos,
            long firstRevision) {
        long number = world.seams.original(sequence);
        IoreqKey key = new IoreqKey(vcpu, vcpuEpoch, number, part);
        long where = world.seams.partAddress(part, address);
        world.chance.say(() -> name() + " passes " + key + " to server " + serverId);
        model.forwarded(key, serverId, attributes, claimedType, where, data, count);
        forwards.computeIfAbsent(serverId, id -> new IoreqRows(16))
                .add(
                        vcpu,
                        vcpuEpoch,
                        number,
                        part,
                        attributes,
                        marks,
                        claimedType,
                        where,
                        data,
                        count,
                        window,
                        deadlineNanos,
                        firstRevision);
    }

    @Override
    public void ask(
            int serverId,
            int vcpu,
            long vcpuEpoch,
            long sequence,
            int part,
            byte attributes,
            byte marks,
            byte claimedType,
            long address,
            long data,
            int count,
            int window,
            long deadlineNanos,
            long firstRevision) {
        IoreqKey key = new IoreqKey(vcpu, vcpuEpoch, sequence, part);
        world.chance.say(() -> name() + " asks server " + serverId + " about " + key);
        asked.computeIfAbsent(serverId, id -> new Asked())
                .rows()
                .add(
                        vcpu,
                        vcpuEpoch,
                        sequence,
                        part,
                        attributes,
                        marks,
                        claimedType,
                        address,
                        data,
                        count,
                        window,
                        deadlineNanos,
                        firstRevision);
    }

    @Override
    public void askReturned(int serverId, int vcpu, long vcpuEpoch, long sequence) {
        asked.computeIfAbsent(serverId, id -> new Asked()).returned().add(vcpu, vcpuEpoch, sequence, 0);
    }

    @Override
    public void returned(long token) {
        isDone(token);
    }

    @Override
    public void goesOn(int serverId) {
        asked.computeIfAbsent(serverId, id -> new Asked());
    }

    @Override
    public void settled(int serverId, int vcpu, long vcpuEpoch, long through) {
        settled.computeIfAbsent(serverId, id -> new SettledRows(4)).add(vcpu, vcpuEpoch, world.seams.settled(through));
    }

    @Override
    public void postedLeft(int serverId, int vcpu, long vcpuEpoch, long sequence) {
        ServerAt server = servers.get(serverId);
        if (server != null) {
            KeyRows rows = new KeyRows(1);
            rows.add(vcpu, vcpuEpoch, sequence, 0);
            afterForwards.add(() -> node.routes()
                    .toServer(
                            name(),
                            server,
                            TrafficClass.ACCESSES,
                            () -> "does not come again: " + Texts.keys(rows),
                            (at, times) -> at.postedLeft(rows)));
        }
    }

    @Override
    public void recall(int serverId, long recall, long change, KeyRows rows, int drainMillis) {
        ServerAt server = server(serverId);
        afterForwards.add(() -> node.routes()
                .toServer(
                        name(),
                        server,
                        TrafficClass.CALLS,
                        () -> "recall " + recall + " by change " + change,
                        (at, times) -> at.recall(index, epoch, recall, change, rows, drainMillis)));
    }

    @Override
    public void moveBuffer(BufferMove move) {
        throw new IllegalStateException("no guest of the simulation names a buffer");
    }

    @Override
    public void typesChanged(long token) {
        isDone(token);
    }

    private void isDone(long token) {
        Runnable done = whenDone.remove(token);
        if (done != null) {
            acknowledgements.add(done);
        }
    }

    private ServerAt server(int id) {
        ServerAt server = servers.get(id);
        if (server == null) {
            throw new IllegalStateException("no server " + id + " that " + name() + " decided for");
        }
        return server;
    }

    private void flush() {
        model.check();
        asked.forEach((id, what) -> {
            long home = applied.homeEpoch(id);
            node.routes()
                    .toServer(
                            name(),
                            server(id),
                            TrafficClass.CALLS,
                            () -> "asked at home " + home + " about "
                                    + Texts.keys(what.rows().keys()),
                            (at, times) -> at.ask(
                                    node.life(), index, epoch, home, Rows.on(times, what.rows()), what.returned()));
        });
        asked.clear();
        for (Map.Entry<Integer, IoreqRows> forward : forwards.entrySet()) {
            ServerAt server = server(forward.getKey());
            IoreqRows rows = forward.getValue();
            SettledRows marks = settled.getOrDefault(forward.getKey(), new SettledRows(1));
            long revision = rules.revision();
            long change = rules.typeChanges();
            node.routes()
                    .toServer(
                            name(),
                            server,
                            TrafficClass.ACCESSES,
                            () -> "forward " + Texts.keys(rows.keys()) + " decided at " + revision,
                            (at, times) -> at.forward(index, epoch, revision, change, Rows.on(times, rows), marks));
        }
        forwards.clear();
        settled.clear();
        if (leased) {
            // Outcomes that are found meanwhile are told when it serves.
            answers.forEach((guest, rows) -> node.routes()
                    .toVcpus(
                            name(),
                            guest,
                            () -> "outcomes " + Texts.outcomes(rows),
                            (at, times) -> at.outcomes(index, rows)));
            answers.clear();
        }
        List<Runnable> after = List.copyOf(afterForwards);
        afterForwards.clear();
        after.forEach(Runnable::run);
        if (leased) {
            List<Runnable> ends = List.copyOf(acknowledgements);
            acknowledgements.clear();
            ends.forEach(Runnable::run);
        }
    }
}
