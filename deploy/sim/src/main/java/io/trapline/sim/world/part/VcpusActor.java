package io.trapline.sim.world.part;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.ExecuteResponse;
import io.trapline.model.Errno;
import io.trapline.node.guest.VcpuStreams;
import io.trapline.node.guest.VcpuWindow;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.peer.TrafficClass;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.VcpuMove;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.rows.AccessRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.sim.check.AccessKey;
import io.trapline.sim.check.Violation;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** All vCPUs of the domain: their windows, and the streams that run them. What the actor of the node does, without its messages. */
public final class VcpusActor {
    private static final long TICK_NANOS = 20_000_000;

    private final Stage world;
    private final Place place;
    private final Node node;
    private final VcpuStreams<GuestLink, Open> vcpus;
    private final Set<GuestLink> gone = new HashSet<>();
    private final List<GuestLink> touched = new ArrayList<>();
    private final TreeMap<Integer, AccessRows> sends = new TreeMap<>();
    private final TreeMap<Integer, AccessRows> told = new TreeMap<>();
    /** Who decides each shard, as far as this actor has heard. */
    private final List<Life> primaries = new ArrayList<>();

    private boolean paused = true;
    private long appliedRevision;
    private @Nullable ShardMap map;
    private int defaultTimeoutMillis;
    private boolean leaving;
    private boolean leased = true;
    private long tickAt;

    /** An open vCPU; its stream comes and goes. */
    private final class Open extends VcpuStreams.Opened<GuestLink> implements VcpuWindow.Effects {
        final long token;

        boolean asksAgain;
        /** Whether a shard has told what is answered now. */
        boolean fromShard;

        Open(VcpuWindow window, long token, long gatewayRevision, GuestLink link) {
            super(window, gatewayRevision, link);
            this.token = token;
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
            if (leased) {
                world.promises.mayGoOn(vcpu, epoch);
            }
            long asTold = asksAgain ? world.seams.askedAgain(sequence) : sequence;
            sends.computeIfAbsent(shard, fresh -> new AccessRows(16))
                    .add(
                            vcpu,
                            epoch,
                            sequence,
                            attributes,
                            address,
                            data,
                            count,
                            ofWindow,
                            deadlineNanos,
                            gatewayRevision());
            told.computeIfAbsent(shard, fresh -> new AccessRows(16))
                    .add(
                            vcpu,
                            epoch,
                            asTold,
                            attributes,
                            address,
                            data,
                            count,
                            ofWindow,
                            deadlineNanos,
                            gatewayRevision());
        }

        @Override
        public void answer(int vcpu, long sequence, long data, byte errno) {
            AccessKey key = new AccessKey(vcpu, window.epoch(), sequence);
            if (fromShard) {
                world.history.answered(key, data, errno);
            } else {
                world.history.givenUp(key);
            }
            if (holds()) {
                window.hold(sequence);
            } else {
                world.promises.mayGoOn(vcpu, window.epoch());
                world.promises.mustRun("vCPU " + vcpu + " is answered");
                reply(stream(), vcpu, sequence, data, errno, fromShard);
            }
        }
    }

    public VcpusActor(Stage world, Place place, Node node, int nrVcpus) {
        this.world = world;
        this.place = place;
        this.node = node;
        vcpus = new VcpuStreams<>(nrVcpus);
    }

    public void shards(ShardMap theMap, List<Life> thePrimaries, int theDefaultTimeoutMillis) {
        map = theMap;
        primaries.addAll(thePrimaries);
        defaultTimeoutMillis = theDefaultTimeoutMillis;
    }

    private void reply(@Nullable GuestLink link, int vcpu, long sequence, long data, byte errno, boolean fromShard) {
        if (link != null) {
            link.gather(vcpu, sequence, data, errno, fromShard);
            if (!touched.contains(link)) {
                touched.add(link);
            }
        }
    }

    /** Whether the node serves, in this step (D-11). */
    public void lease() {
        boolean serves = place.serves();
        if (serves != leased) {
            boolean held = holds();
            leased = serves;
            goOn(held);
            flush();
        }
    }

    /** While true no access is passed on and no outcome goes out (D1, D-11). */
    private boolean holds() {
        return paused || !leased;
    }

    private void goOn(boolean held) {
        if (held && !holds()) {
            for (Open open : vcpus.all()) {
                open.window.releaseHeld(open);
                pump(open);
            }
        }
    }

    // What streams tell.

    /** Opens a vCPU anew: the registry says when it is. */
    public void open(GuestLink link, int vcpu, int window) {
        lease();
        if (leaving) {
            link.putOff();
            return;
        }
        long token = world.chance.random().nextLong() | 1;
        Command command = Commands.openVcpu(vcpu, place.life().node(), window, token);
        place.execute(() -> "open vCPU " + vcpu, command, answer -> {
            Optional<Answer> done = answer.filter(of -> !of.hasRefusal());
            done.ifPresent(of -> world.promises.opened(vcpu, of.getRevision()));
            place.between("registry client", "vcpus").tell("open result", () -> {
                lease();
                done.ifPresentOrElse(of -> opened(link, vcpu, window, token, of), link::putOff);
            });
        });
    }

    private void opened(GuestLink link, int vcpu, int window, long token, Answer answer) {
        long epoch = answer.getRevision();
        came(
                link,
                vcpu,
                epoch,
                epoch,
                () -> new Open(new VcpuWindow(vcpu, epoch, window, shardMap()), token, epoch, link));
    }

    private void came(GuestLink link, int vcpu, long epoch, long revision, Supplier<Open> opened) {
        switch (vcpus.came(vcpu, epoch, revision, gone.contains(link))) {
            case OVERTAKEN -> {}
            case FENCED -> link.refused();
            case RUNS -> {
                fence(List.of(new VcpuOpening(vcpu, epoch)));
                Open open = opened.get();
                end(vcpus.put(open));
                opened(open, link);
            }
        }
    }

    private void opened(Open open, GuestLink link) {
        link.opened(open.window.epoch(), open.window.nextSequence(), open.token);
        leaveNow(link);
    }

    /** The node is drained, or is not any more (D-27). */
    public void leave(boolean leaves) {
        leaving = leaves;
        vcpus.all().stream()
                .map(Open::stream)
                .filter(Objects::nonNull)
                .map(Objects::requireNonNull)
                .toList()
                .forEach(this::leaveNow);
    }

    private void leaveNow(GuestLink link) {
        if (leaving) {
            link.putOff();
            gone(link);
        }
    }

    /** The guest has opened the vCPU at another node, and goes on here if the registry knows its token. */
    private void move(GuestLink link, int vcpu, long token, long receivedThrough) {
        place.execute(
                () -> "move vCPU " + vcpu,
                Commands.moveVcpu(vcpu, place.life().node(), token),
                answer -> place.between("registry client", "vcpus").tell("move result", () -> {
                    lease();
                    answer.ifPresentOrElse(of -> moved(link, vcpu, token, receivedThrough, of), link::putOff);
                }));
    }

    private void moved(GuestLink link, int vcpu, long token, long receivedThrough, Answer answer) {
        ExecuteResponse moved = answer.getExecute();
        long epoch = moved.getVcpuEpoch();
        if (answer.hasRefusal() && answer.getRefusal().getErrno() == Errno.EAGAIN.number()) {
            link.putOff();
        } else if (answer.hasRefusal()) {
            link.refused();
        } else {
            came(
                    link,
                    vcpu,
                    epoch,
                    moved.getRevision(),
                    () -> new Open(
                            VcpuWindow.arriving(vcpu, epoch, moved.getWindow(), shardMap(), receivedThrough),
                            token,
                            moved.getRevision(),
                            link));
        }
    }

    private ShardMap shardMap() {
        ShardMap known = map;
        if (known == null) {
            throw new IllegalStateException("no domain yet");
        }
        return known;
    }

    public void resume(GuestLink link, int vcpu, long token, long receivedThrough) {
        lease();
        if (leaving) {
            link.putOff();
            return;
        }
        Open open = vcpus.get(vcpu);
        switch (vcpus.resume(link, vcpu, open != null && open.token == token, 0, receivedThrough)) {
            case MOVES -> move(link, vcpu, token, receivedThrough);
            case GOES_ON -> {
                Open its = Objects.requireNonNull(open);
                flush();
                end(vcpus.run(its, link));
                opened(its, link);
            }
            case AHEAD, FENCED, OTHER_WINDOW -> link.refused();
        }
    }

    /** Its guest goes on by another stream; if it still listens to that one, it comes again. */
    private static void end(@Nullable GuestLink before) {
        if (before != null) {
            before.putOff();
        }
    }

    public void received(GuestLink link, int vcpu, long through) {
        lease();
        Open open = vcpus.runBy(link, vcpu);
        if (open != null) {
            // A window whose guest has come from elsewhere may not know yet what the guest has: the mark comes again.
            open.window.receivedThrough(through);
        }
    }

    /** Rows arrive; {@code resent}: they were sent before. */
    public void batch(GuestLink link, int vcpu, boolean resent, List<GuestRow> rows) {
        lease();
        Open open = vcpus.runBy(link, vcpu);
        if (open == null) {
            return;
        }
        for (GuestRow row : rows) {
            offer(link, open, resent, row);
        }
        pump(open);
        flush();
    }

    private void offer(GuestLink link, Open open, boolean resent, GuestRow row) {
        int vcpu = open.window.vcpu();
        int timeout = row.timeoutMillis() == 0 ? defaultTimeoutMillis : row.timeoutMillis();
        boolean malformed = row.address() < 0;
        open.window.arrives(row.sequence(), resent);
        int offered = !leased && !malformed && open.window.putOff(row.sequence())
                ? Errno.EAGAIN.number()
                : open.window.offer(
                        row.sequence(),
                        row.attributes(),
                        row.address(),
                        row.data(),
                        row.count(),
                        place.now() + timeout * 1_000_000L,
                        malformed);
        if (offered == VcpuWindow.ASKED_AGAIN) {
            open.asksAgain = true;
            open.window.askAgain(row.sequence(), open);
            open.asksAgain = false;
        } else if (offered > 0) {
            mayBeRefused(open, row, malformed, offered);
            if (offered != Errno.EAGAIN.number()) {
                world.history.givenUp(new AccessKey(vcpu, open.window.epoch(), row.sequence()));
            }
            reply(link, vcpu, row.sequence(), 0, (byte) offered, false);
        }
    }

    private static void mayBeRefused(Open open, GuestRow row, boolean malformed, int offered) {
        boolean expected = malformed || offered == Errno.ETIMEDOUT.number() || offered == Errno.EAGAIN.number();
        if (!expected) {
            throw new Violation(
                    "A4",
                    "vCPU %d: %s is refused, %s; next is %d, received %d",
                    open.window.vcpu(),
                    row,
                    Errno.ofNumber(offered),
                    open.window.nextSequence(),
                    open.window.received());
        }
    }

    public void gone(GuestLink link) {
        gone.add(link);
        vcpus.gone(link);
    }

    // What the node tells.

    public void outcomes(int shard, OutcomeRows rows) {
        lease();
        KeyRows keys = rows.keys();
        for (int i = 0; i < rows.size(); i++) {
            Open open = vcpus.get(keys.vcpu(i));
            if (open != null && open.window.epoch() == keys.vcpuEpoch(i)) {
                open.fromShard = true;
                open.window.answered(shard, keys.sequence(i), rows.data(i), rows.errno(i), open);
                open.fromShard = false;
                pump(open);
            }
        }
        flush();
    }

    public long appliedRevision() {
        return appliedRevision;
    }

    public void apply(
            long revision,
            boolean nowPaused,
            List<VcpuOpening> opened,
            List<VcpuMove> moved,
            Map<Integer, Life> shardsMoved,
            Runnable applied) {
        lease();
        fence(opened);
        moved.forEach(this::left);
        flush();
        shardsMoved.forEach((shard, primary) -> {
            primaries.set(shard, primary);
            vcpus.all().forEach(open -> open.window.moved(shard, open));
        });
        appliedRevision = revision;
        boolean held = holds();
        paused = world.seams.pausedAtVcpus(nowPaused);
        goOn(held);
        flush();
        applied.run();
    }

    private void fence(List<VcpuOpening> opened) {
        for (VcpuOpening opening : world.seams.openedForVcpus(opened)) {
            fence(opening.vcpu(), opening.epoch());
        }
    }

    private void fence(int vcpu, long epoch) {
        Open before = vcpus.fence(vcpu, epoch);
        if (before != null) {
            flush();
            GuestLink link = before.stream();
            if (link != null) {
                link.fenced();
            }
        }
    }

    /** The guest goes on at another node; a stream of it that is here will find it there. */
    private void left(VcpuMove move) {
        Open before = vcpus.left(move.vcpu(), move.revision());
        if (before != null) {
            flush();
            end(before.stream());
        }
    }

    /** Whether it has something to do for the time, or its lease. */
    public boolean mayTick(long nowNanos) {
        return leased != place.serves() || nowNanos >= nextTick();
    }

    public void tickIfDue(long nowNanos) {
        lease();
        if (nowNanos >= nextTick()) {
            tickAt = nowNanos + TICK_NANOS;
            for (Open open : vcpus.all()) {
                open.window.expire(nowNanos, open);
                pump(open);
            }
            flush();
        }
    }

    public long nextTick() {
        return vcpus.all().stream().anyMatch(open -> open.window.hasQueued()) ? tickAt : Long.MAX_VALUE;
    }

    private void pump(Open open) {
        if (!holds()) {
            open.window.pump(open);
        }
    }

    private void flush() {
        Life here = place.life();
        sends.forEach((index, rows) -> {
            AccessRows asTold = told.getOrDefault(index, rows);
            node.routes()
                    .toShardAt(
                            primaries.get(index),
                            "vcpus",
                            index,
                            TrafficClass.ACCESSES,
                            () -> rows.size() + " accesses of vCPU " + rows.vcpu(0) + " from " + rows.sequence(0),
                            (at, times) -> at.accesses(here, Rows.on(times, rows), Rows.on(times, asTold)));
        });
        sends.clear();
        told.clear();
        touched.forEach(GuestLink::flush);
        touched.clear();
    }
}
