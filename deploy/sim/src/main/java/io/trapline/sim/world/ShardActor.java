package io.trapline.sim.world;

import io.trapline.model.Gfn;
import io.trapline.model.TypeRun;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.p2m.P2m;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.rows.AccessRows;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.node.rows.SettledRows;
import io.trapline.node.shard.BufferMove;
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
import java.util.TreeMap;
import java.util.function.Consumer;

/** One shard: its rules, the naive model that watches them, and what one step of them says, gathered into one message to each receiver. */
final class ShardActor implements ShardEffects {
    /** Ticks come that often while something waits. */
    private static final long TICK_NANOS = 20_000_000;

    final ShardModel model;
    final P2m p2m;
    private final World world;
    private final int index;
    private final long epoch;
    private final ShardRules rules;
    private Map<Integer, ServerActor> servers = Map.of();
    private final TreeMap<Integer, IoreqRows> forwards = new TreeMap<>();
    private final TreeMap<Integer, SettledRows> settled = new TreeMap<>();
    private DecisionTable applied;
    private OutcomeRows answers = new OutcomeRows(16);
    private final List<Runnable> afterForwards = new ArrayList<>();
    private final TreeMap<Long, List<Runnable>> afterApplied = new TreeMap<>();
    private final Map<Long, Runnable> onTypesChanged = new HashMap<>();
    private long lastToken;
    private long tickAt;

    ShardActor(World world, ShardMap map, int index, long epoch) {
        this.world = world;
        this.index = index;
        this.epoch = epoch;
        applied = DecisionTable.builder(0).state(DecisionTable.State.PAUSED).build();
        p2m = new P2m(map.firstGfn(index), map.lastGfn(index), Layout.NR_PAGES, new HeapBudget());
        rules = new ShardRules(p2m, map.firstGfn(index), map.lastGfn(index), applied, this);
        model = new ShardModel(index, map, world.history, world.promises, p2m, Layout.pagesOf(index));
    }

    String name() {
        return "shard " + index;
    }

    /** Does something once it decides by that revision, after all that it has said before. */
    void whenApplied(long revision, Runnable action) {
        if (applied.revision() >= revision) {
            action.run();
        } else {
            afterApplied.computeIfAbsent(revision, fresh -> new ArrayList<>()).add(action);
        }
    }

    long appliedRevision() {
        return applied.revision();
    }

    // What it is told.

    void accesses(AccessRows rows, AccessRows asTold) {
        for (int i = 0; i < rows.size(); i++) {
            model.accepts(new AccessKey(rows.vcpu(i), rows.vcpuEpoch(i), rows.sequence(i)));
        }
        rules.accept(world.seams.accepted(asTold));
        flush();
    }

    void apply(DecisionTable table, List<VcpuOpening> opened, Map<Integer, ServerActor> present, Runnable done) {
        BitSet ids = new BitSet();
        present.keySet().forEach(ids::set);
        servers = present;
        Map<Integer, Long> generations = new HashMap<>();
        present.forEach((id, server) -> generations.put(id, server.generation));
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

    void completed(int server, long home, OutcomeRows rows) {
        KeyRows keys = rows.keys();
        OutcomeRows run = new OutcomeRows(rows.size());
        for (int i = 0; i < rows.size(); i++) {
            run.add(keys.vcpu(i), keys.vcpuEpoch(i), keys.sequence(i), keys.part(i), rows.data(i), rows.errno(i));
            if (i + 1 == rows.size() || keys.vcpu(i + 1) != keys.vcpu(i)) {
                model.completes(server, run);
                rules.completed(server, home, run);
                model.check();
                run = new OutcomeRows(rows.size());
            }
        }
        flush();
    }

    void decideAgain(int server, long home, KeyRows rows) {
        Map<Integer, KeyRows> byVcpu = new LinkedHashMap<>();
        for (int i = 0; i < rows.size(); i++) {
            byVcpu.computeIfAbsent(rows.vcpu(i), vcpu -> new KeyRows(rows.size()))
                    .add(rows.vcpu(i), rows.vcpuEpoch(i), rows.sequence(i), rows.part(i));
        }
        for (KeyRows ofVcpu : byVcpu.values()) {
            model.takesBack(server, ofVcpu);
            rules.decideAgain(server, home, ofVcpu);
            model.check();
        }
        flush();
    }

    void postedQueued(int server, long home, KeyRows rows) {
        forRuns(rows, run -> {
            model.queues(server, run);
            rules.postedQueued(server, home, run);
        });
    }

    void postedDone(int server, long home, KeyRows rows) {
        forRuns(rows, run -> {
            model.finishesPosted(run);
            rules.postedDone(server, home, run);
        });
    }

    private void forRuns(KeyRows rows, Consumer<KeyRows> step) {
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

    void recalled(int server, long recall) {
        rules.recalled(server, recall);
        flush();
    }

    void commitTypes(List<TypeRun> runs, Runnable done) {
        onTypesChanged.put(++lastToken, done);
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

    void resetType(int x, Runnable done) {
        onTypesChanged.put(++lastToken, done);
        rules.resetType(x, lastToken);
        flush();
    }

    /** F2: eight bytes, for an emulator. */
    void write(long gpa, long value) {
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

    void tickIfDue(long nowNanos) {
        if (nowNanos >= tickAt && rules.hasQueued()) {
            tickAt = nowNanos + TICK_NANOS;
            rules.expire(nowNanos, true);
            flush();
        }
    }

    /** When it wants a tick. */
    long nextTick() {
        return rules.hasQueued() ? tickAt : Long.MAX_VALUE;
    }

    // What its rules want.

    @Override
    public void answered(int vcpu, long vcpuEpoch, long sequence, long data, byte errno) {
        long number = world.seams.original(sequence);
        model.answered(new AccessKey(vcpu, vcpuEpoch, number), data, errno);
        answers.add(vcpu, vcpuEpoch, number, 0, data, errno);
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
        world.schedule.say(() -> name() + " passes " + key + " to server " + serverId);
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
        throw new IllegalStateException("no server of this world changes its home");
    }

    @Override
    public void askReturned(int serverId, int vcpu, long vcpuEpoch, long sequence) {
        throw new IllegalStateException("no server of this world changes its home");
    }

    @Override
    public void returned(long token) {
        throw new IllegalStateException("nobody waits for it in this world");
    }

    @Override
    public void settled(int serverId, int vcpu, long vcpuEpoch, long through) {
        settled.computeIfAbsent(serverId, id -> new SettledRows(4)).add(vcpu, vcpuEpoch, world.seams.settled(through));
    }

    @Override
    public void postedLeft(int serverId, int vcpu, long vcpuEpoch, long sequence) {
        ServerActor server = servers.get(serverId);
        if (server != null) {
            KeyRows rows = new KeyRows(1);
            rows.add(vcpu, vcpuEpoch, sequence, 0);
            afterForwards.add(() -> world.schedule
                    .between(name(), server.name())
                    .tell(() -> "does not come again: " + Texts.keys(rows), () -> server.postedLeft(rows)));
        }
    }

    @Override
    public void recall(int serverId, long recall, long change, KeyRows rows, int drainMillis) {
        afterForwards.add(() -> {
            ServerActor server = server(serverId);
            world.schedule
                    .between(name(), server.name())
                    .tell("recall " + recall, () -> server.recall(index, recall, change, rows, drainMillis));
        });
    }

    @Override
    public void moveBuffer(BufferMove move) {
        throw new IllegalStateException("no guest of the simulation names a buffer");
    }

    @Override
    public void typesChanged(long token) {
        Runnable done = onTypesChanged.remove(token);
        if (done != null) {
            afterForwards.add(done);
        }
    }

    private ServerActor server(int id) {
        ServerActor server = servers.get(id);
        if (server == null) {
            throw new IllegalStateException("no server " + id + " that " + name() + " decided for");
        }
        return server;
    }

    private void flush() {
        model.check();
        for (Map.Entry<Integer, IoreqRows> forward : forwards.entrySet()) {
            ServerActor server = server(forward.getKey());
            IoreqRows rows = forward.getValue();
            SettledRows marks = settled.getOrDefault(forward.getKey(), new SettledRows(1));
            long revision = rules.revision();
            long change = rules.typeChanges();
            world.schedule
                    .between(name(), server.name())
                    .tell(
                            () -> "forward " + Texts.keys(rows.keys()) + " decided at " + revision,
                            () -> server.forward(index, epoch, revision, change, rows, marks));
        }
        forwards.clear();
        settled.clear();
        if (!answers.isEmpty()) {
            OutcomeRows rows = answers;
            answers = new OutcomeRows(16);
            world.schedule
                    .between(name(), "vcpus")
                    .tell(() -> "outcomes " + Texts.outcomes(rows), () -> world.node.vcpus.outcomes(index, rows));
        }
        List<Runnable> after = List.copyOf(afterForwards);
        afterForwards.clear();
        after.forEach(Runnable::run);
    }
}
