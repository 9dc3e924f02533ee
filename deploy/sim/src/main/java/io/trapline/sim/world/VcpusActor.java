package io.trapline.sim.world;

import io.trapline.model.Errno;
import io.trapline.node.guest.VcpuWindow;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.rows.AccessRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.sim.check.AccessKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** All vCPUs of the domain: their windows, and the streams that run them. What the actor of the node does, without its messages. */
final class VcpusActor {
    private static final long TICK_NANOS = 20_000_000;

    private final World world;
    private final Map<Integer, Open> vcpus = new TreeMap<>();
    private final Map<Integer, Long> newest = new TreeMap<>();
    private final List<GuestLink> touched = new ArrayList<>();
    private final TreeMap<Integer, AccessRows> sends = new TreeMap<>();
    private final TreeMap<Integer, AccessRows> told = new TreeMap<>();
    private boolean paused = true;
    private long appliedRevision;
    private @Nullable ShardMap map;
    private int defaultTimeoutMillis;
    private long nextToken = 1;
    private long tickAt;

    /** An open vCPU; its stream comes and goes. */
    private final class Open implements VcpuWindow.Effects {
        final VcpuWindow window;
        final long token;
        boolean asksAgain;

        @Nullable
        GuestLink link;

        Open(VcpuWindow window, long token, GuestLink link) {
            this.window = window;
            this.token = token;
            this.link = link;
        }

        @Override
        public void send(
                int shard,
                int vcpu,
                long epoch,
                long sequence,
                byte attributes,
                long address,
                long data,
                int count,
                int ofWindow,
                long deadlineNanos) {
            world.promises.mayGoOn(vcpu, epoch);
            long asTold = asksAgain ? world.seams.askedAgain(sequence) : sequence;
            sends.computeIfAbsent(shard, fresh -> new AccessRows(16))
                    .add(vcpu, epoch, sequence, attributes, address, data, count, ofWindow, deadlineNanos);
            told.computeIfAbsent(shard, fresh -> new AccessRows(16))
                    .add(vcpu, epoch, asTold, attributes, address, data, count, ofWindow, deadlineNanos);
        }

        @Override
        public void answer(int vcpu, long sequence, long data, byte errno) {
            world.history.answered(new AccessKey(vcpu, window.epoch(), sequence), data, errno);
            world.promises.mayGoOn(vcpu, window.epoch());
            if (paused) {
                window.hold(sequence);
            } else {
                world.promises.mustRun("vCPU " + vcpu + " is answered");
                reply(link, vcpu, sequence, data, errno);
            }
        }
    }

    VcpusActor(World world) {
        this.world = world;
    }

    void shards(ShardMap theMap, int theDefaultTimeoutMillis) {
        map = theMap;
        defaultTimeoutMillis = theDefaultTimeoutMillis;
    }

    private void reply(@Nullable GuestLink link, int vcpu, long sequence, long data, byte errno) {
        if (link != null) {
            link.gather(vcpu, sequence, data, errno);
            if (!touched.contains(link)) {
                touched.add(link);
            }
        }
    }

    // What streams tell.

    /** Opens a vCPU anew: the registry says when it is. */
    void open(GuestLink link, int vcpu, int window) {
        world.schedule
                .channel("node executes")
                .tell(
                        () -> "open vCPU " + vcpu,
                        () -> world.coordinator.execute(Commands.openVcpu(vcpu), false, answer -> {
                            long epoch = answer.getRevision();
                            world.promises.opened(vcpu, epoch);
                            world.schedule
                                    .channel("coordinator answers")
                                    .tell(
                                            () -> "vCPU " + vcpu + " is open at " + epoch,
                                            () -> world.schedule
                                                    .between("registry client", "vcpus")
                                                    .tell("open result", () -> opened(link, vcpu, epoch, window)));
                        }));
    }

    private void opened(GuestLink link, int vcpu, long epoch, int window) {
        if (newest.getOrDefault(vcpu, 0L) > epoch) {
            link.refused();
            return;
        }
        Open open = new Open(new VcpuWindow(vcpu, epoch, window, shardMap()), nextToken++, link);
        vcpus.put(vcpu, open);
        link.opened(epoch, open.window.nextSequence(), open.token);
    }

    private ShardMap shardMap() {
        ShardMap known = map;
        if (known == null) {
            throw new IllegalStateException("no domain yet");
        }
        return known;
    }

    void resume(GuestLink link, int vcpu, long token, long receivedThrough) {
        Open open = vcpus.get(vcpu);
        if (open == null || open.token != token) {
            link.refused();
        } else if (!open.window.receivedThrough(receivedThrough)) {
            throw new IllegalStateException("vCPU " + vcpu + ": received through " + receivedThrough);
        } else {
            flush();
            open.link = link;
            link.opened(open.window.epoch(), open.window.nextSequence(), token);
        }
    }

    void received(GuestLink link, int vcpu, long through) {
        Open open = vcpus.get(vcpu);
        if (open != null && open.link == link && !open.window.receivedThrough(through)) {
            throw new IllegalStateException("vCPU " + vcpu + ": received through " + through);
        }
    }

    void batch(GuestLink link, int vcpu, List<GuestRow> rows) {
        long now = world.schedule.getAsLong();
        Open open = vcpus.get(vcpu);
        if (open == null || open.link != link) {
            return;
        }
        for (GuestRow row : rows) {
            int timeout = row.timeoutMillis() == 0 ? defaultTimeoutMillis : row.timeoutMillis();
            boolean malformed = row.address() < 0;
            int offered = open.window.offer(
                    row.sequence(),
                    row.attributes(),
                    row.address(),
                    row.data(),
                    row.count(),
                    now + timeout * 1_000_000L,
                    malformed);
            if (offered == VcpuWindow.ASKED_AGAIN) {
                open.asksAgain = true;
                open.window.askAgain(row.sequence(), open);
                open.asksAgain = false;
            } else if (offered > 0) {
                world.history.answered(new AccessKey(vcpu, open.window.epoch(), row.sequence()), 0, (byte) offered);
                reply(link, vcpu, row.sequence(), 0, (byte) offered);
                boolean timedOut = offered == Errno.ETIMEDOUT.number();
                if (!malformed && !timedOut) {
                    throw new IllegalStateException(row + " is refused: " + Errno.ofNumber(offered));
                }
            }
        }
        pump(open);
        flush();
    }

    void gone(GuestLink link) {
        for (Open open : vcpus.values()) {
            if (open.link == link) {
                open.link = null;
            }
        }
    }

    // What the node tells.

    void outcomes(int shard, OutcomeRows rows) {
        KeyRows keys = rows.keys();
        for (int i = 0; i < rows.size(); i++) {
            Open open = vcpus.get(keys.vcpu(i));
            if (open != null && open.window.epoch() == keys.vcpuEpoch(i)) {
                open.window.answered(shard, keys.sequence(i), rows.data(i), rows.errno(i), open);
                pump(open);
            }
        }
        flush();
    }

    long appliedRevision() {
        return appliedRevision;
    }

    void apply(long revision, boolean nowPaused, List<VcpuOpening> opened, Runnable applied) {
        for (VcpuOpening opening : world.seams.openedForVcpus(opened)) {
            newest.merge(opening.vcpu(), opening.epoch(), Math::max);
            Open open = vcpus.get(opening.vcpu());
            if (open != null && open.window.epoch() < opening.epoch()) {
                vcpus.remove(opening.vcpu());
                flush();
                if (open.link != null) {
                    open.link.fenced();
                }
            }
        }
        appliedRevision = revision;
        boolean wasPaused = paused;
        paused = world.seams.pausedAtVcpus(nowPaused);
        if (wasPaused && !paused) {
            for (Open open : vcpus.values()) {
                open.window.releaseHeld(open);
                pump(open);
            }
        }
        flush();
        applied.run();
    }

    void tickIfDue(long nowNanos) {
        if (nowNanos >= nextTick()) {
            tickAt = nowNanos + TICK_NANOS;
            for (Open open : vcpus.values()) {
                open.window.expire(nowNanos, open);
                pump(open);
            }
            flush();
        }
    }

    long nextTick() {
        return vcpus.values().stream().anyMatch(open -> open.window.hasQueued()) ? tickAt : Long.MAX_VALUE;
    }

    private void pump(Open open) {
        if (!paused) {
            open.window.pump(open);
        }
    }

    private void flush() {
        sends.forEach((index, rows) -> {
            ShardActor shard = world.node.shards.get(index);
            AccessRows asTold = told.getOrDefault(index, rows);
            world.schedule
                    .between("vcpus", shard.name())
                    .tell(
                            () -> rows.size() + " accesses of vCPU " + rows.vcpu(0) + " from " + rows.sequence(0),
                            () -> shard.accesses(rows, asTold));
        });
        sends.clear();
        told.clear();
        touched.forEach(GuestLink::flush);
        touched.clear();
    }
}
