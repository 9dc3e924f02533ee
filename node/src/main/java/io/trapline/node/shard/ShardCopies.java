package io.trapline.node.shard;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.p2m.MemoryBudget;
import io.trapline.node.p2m.P2m;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.FirstAnswer;
import io.trapline.node.protocol.RequestName;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardMessage.Apply;
import io.trapline.node.protocol.ShardMessage.Change;
import io.trapline.node.protocol.ShardMessage.ChangeAck;
import io.trapline.node.protocol.ShardMessage.Resume;
import io.trapline.node.protocol.ShardMessage.Stop;
import io.trapline.node.protocol.ShardMessage.Tick;
import io.trapline.node.protocol.ShardPlace;
import io.trapline.node.protocol.ShardStep;
import io.trapline.node.replica.ShardReplica;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What one node has of one P2M shard: its only copy, its primary's, its backup's, or none any more; the registry says which (D-14). One thread at a time calls it:
 * the shard's actor, or the simulation.
 *
 * <pre>
 *   (none) ──Apply──▶ primary, backup        backup ──Apply──▶ primary        primary, backup ──Apply──▶ (none)
 * </pre>
 */
public final class ShardCopies {
    /** What looks on, as the simulation does: what primaries do, in the order in which they do it, and from when on that is more than what one node has done. */
    public interface Onlooker {
        /** Does not look. */
        Onlooker NOBODY = new Onlooker() {};

        /** A primary begins with nothing. */
        default void began() {}

        /**
         * A primary has done a step.
         *
         * @param base since which epoch there is another copy that is to do it, too
         * @param number under which that copy is told of it; 0 = there is none
         */
        default void did(long base, long number, ShardStep step) {}

        /** What it has done under numbers up to that one may leave its node. */
        default void released(long number) {}

        /** A primary is here no more; what it has done and was not released leaves by nobody. */
        default void ended() {}

        /** A backup, whose copy began with that epoch, has done what its primary has done up to that number. */
        default void copied(long base, long number) {}

        /**
         * A backup is to be a primary, and has done what the primary before it has done up to that number.
         *
         * @param clockOffset its clock less that of the primary before, in nanoseconds
         */
        default void promoted(long base, long number, Content content, long clockOffset) {}
    }

    /** What a copy has, to be looked at. */
    public interface Content {
        /** All but what is in the pages. */
        byte[] image();

        /** The pages. */
        P2m p2m();
    }

    /**
     * Where it is.
     *
     * @param clock monotonic, in nanoseconds
     * @param wake to be run when the node serves again: it is to be told {@link Resume} then
     * @param failed given what its copy here has failed of, when another one goes on
     */
    public record Outside(LongSupplier clock, Runnable wake, Consumer<RuntimeException> failed, Onlooker onlooker) {}

    private static final long NEVER = Long.MIN_VALUE;
    private static final Duration TICK = Duration.ofMillis(20);
    private static final Duration PROPOSE_EVERY = Duration.ofNanos(ShardReplica.PROPOSE_EVERY_NANOS);

    private final int index;
    private final P2mShard.Surroundings around;
    private final Supplier<ShardSteps> emptyCopy;
    private final Outside outside;
    private final LongSupplier clock;
    /** What came before the registry said that this node is to be told it. */
    private final ArrayDeque<ShardMessage> early = new ArrayDeque<>();
    /** Calls that came while the node did not serve, bounded by what their services let in. */
    private final List<ShardMessage.Call> waitingCalls = new ArrayList<>();

    private final KeptHere kept;

    private @Nullable PrimaryCopy primary;
    private @Nullable BackupCopy backup;
    /** The last place that it was told of; null before. */
    private @Nullable ShardPlace known;
    /** The copy has failed and is closed: the other one goes on, as if this one's host had died. */
    private boolean failed;

    private boolean leased = true;
    /** When it has said last, of {@link #known}, that it is frozen; {@link #NEVER} = not yet. */
    private long saidFrozen = NEVER;

    /**
     * Has nothing before its first {@link Apply}.
     *
     * @param index the shard's index in the domain
     * @param map where each frame is
     * @param nrPages pages of the whole domain; those of them that lie in the shard are RAM_RW and zero (T1)
     * @param outside where it is
     */
    public ShardCopies(
            int index, ShardMap map, long nrPages, MemoryBudget budget, P2mShard.Surroundings around, Outside outside) {
        this.index = index;
        this.around = around;
        this.outside = outside;
        clock = outside.clock();
        kept = new KeptHere(around.sessions(), outside.wake());
        emptyCopy = () -> new ShardSteps(index, map, nrPages, budget, around);
    }

    /** Takes a message. Throws whatever has gone wrong where the domain has lost memory by it (D4). */
    public void tell(ShardMessage message) {
        if (failed) {
            takeFailed(message);
            return;
        }
        try {
            lease();
            forgetAnswers();
            take(message);
            handOverIfFrozen();
            kept.keeps(answers());
        } catch (RuntimeException bug) {
            fail(message, bug);
        }
    }

    private int answers() {
        if (primary != null) {
            return primary.first().size();
        }
        return backup == null ? 0 : backup.answers();
    }

    /** A primary that does not serve forgets nothing: what waits for the lease may be of such a session, and is before it. */
    private void forgetAnswers() {
        PrimaryCopy copy = primary;
        if (copy != null && leased) {
            kept.takeChanged(copy.first()).forEach(copy::told);
        }
    }

    /** After what time it wants to be told {@link Tick}, if nothing else happens. */
    public Optional<Duration> nextTick() {
        if (failed) {
            return isDualPrimary() ? Optional.of(PROPOSE_EVERY) : Optional.empty();
        }
        boolean ticks = primary != null && (primary.needsTicks() || isFrozen());
        return ticks ? Optional.of(TICK) : Optional.empty();
    }

    /** The memory is given back. */
    public void close() {
        if (primary != null) {
            primary.close();
        }
        if (backup != null) {
            backup.close();
        }
        kept.unwatch();
        kept.keeps(0);
    }

    /** Nothing that the step brought about has left, or will. Where there is no other copy the domain has lost memory (D4): the actor dies of it. */
    private void fail(ShardMessage message, RuntimeException bug) {
        ShardPlace place = placeAfter(message);
        if (place == null || isOnlyCopy(place)) {
            throw bug;
        }
        outside.failed().accept(bug);
        failed = true;
        early.clear();
        leave();
        takeFailed(message);
    }

    private boolean isOnlyCopy(ShardPlace place) {
        return place.primary().equals(around.self())
                && (place.state() == ShardPlace.State.SOLO || place.state() == ShardPlace.State.SYNCING);
    }

    private @Nullable ShardPlace placeAfter(ShardMessage message) {
        return message instanceof Apply apply ? apply.place() : known;
    }

    private boolean isDualPrimary() {
        ShardPlace place = known;
        return place != null && place.primary().equals(around.self()) && place.state() == ShardPlace.State.DUAL;
    }

    /**
     * Whether its primary is here and is to hand over: from when it has applied that on nothing is decided, acknowledged or read here, as without a lease, until
     * the registry says what is now. So nobody is told anything old when the other copy goes on (V-6).
     */
    private boolean isFrozen() {
        ShardPlace place = known;
        return place != null && place.handsOver() && isDualPrimary();
    }

    /** What the other copy has not acknowledged nobody was told; but one that acknowledges is alive. */
    private void handOverIfFrozen() {
        PrimaryCopy copy = primary;
        ShardPlace place = known;
        if (copy == null || place == null || !isFrozen() || !copy.isAcknowledged()) {
            return;
        }
        long now = clock.getAsLong();
        if (saidFrozen == NEVER || now - saidFrozen >= ShardReplica.PROPOSE_EVERY_NANOS) {
            saidFrozen = now;
            around.handOver().accept(place);
        }
    }

    /** What a host that is dead would say: nothing, but that the other copy is to go on; who waits in this node is not left waiting. */
    private void takeFailed(ShardMessage message) {
        switch (message) {
            case ShardMessage.FromPeer(ShardMessage come, Runnable taken) -> {
                takeFailed(come);
                taken.run();
            }
            case Apply apply -> applyFailed(apply);
            case Tick tick -> proposeHandOver();
            case ShardMessage.AwaitReturned await -> await.returned().run();
            case ShardMessage.AwaitSent(Runnable sent) -> sent.run();
            case ShardMessage.Call call -> refuse(call);
            default -> {}
        }
    }

    private void applyFailed(Apply apply) {
        ShardPlace now = apply.place();
        known = now;
        if (isOnlyCopy(now)) {
            throw new IllegalStateException("shard " + index + " has failed, and there is no other copy");
        }
        // From when it has none on, it may be given another.
        failed = now.primary().equals(around.self()) || now.isCopy(around.self());
        proposeHandOver();
        apply.applied().run();
    }

    /** The other shards of its run may be well, and are frozen first. */
    private void proposeHandOver() {
        ShardPlace place = known;
        if (place != null && isDualPrimary()) {
            (place.handsOver() ? around.handOver() : around.beginHandOver()).accept(place);
        }
    }

    /** Whether the node serves, and the shard is not frozen, in this step. */
    private void lease() {
        boolean open = around.gate().serves();
        boolean serves = open && !isFrozen();
        if (serves != leased) {
            if (primary != null) {
                // Calls first: what a handler wrote before it answered is in the page before the access completes (F2).
                List<ShardMessage.Call> calls = List.copyOf(waitingCalls);
                waitingCalls.clear();
                calls.forEach(this::ask);
                primary.leased(serves);
            }
            leased = serves;
        }
        if (!open) {
            around.gate().whenOpen(outside.wake());
        }
    }

    private void take(ShardMessage message) {
        switch (message) {
            case ShardMessage.FromPeer(ShardMessage come, Runnable taken) -> {
                take(come);
                taken.run();
            }
            case Apply apply -> apply(apply);
            case Change change -> onChange(change);
            case ChangeAck ack -> {
                if (primary != null) {
                    primary.acknowledged(ack);
                }
            }
            case Tick tick -> {
                if (primary != null) {
                    primary.tick(around.gate().serves());
                }
            }
            case ShardMessage.AwaitReturned await -> awaitReturned(await);
            case ShardMessage.AwaitSent(Runnable sent) -> {
                if (primary == null) {
                    sent.run();
                } else {
                    primary.whenSent(sent);
                }
            }
            case Resume resume -> {}
            case Stop stop -> {}
            case ShardMessage.Call call -> {
                if (primary == null) {
                    refuse(call);
                } else if (leased) {
                    ask(call);
                } else {
                    waitingCalls.add(call);
                }
            }
            default -> {
                if (primary == null) {
                    early.add(message);
                } else {
                    primary.told(message);
                }
            }
        }
    }

    /** The primary is here, and may be asked. */
    private void ask(ShardMessage.Call call) {
        PrimaryCopy copy = Objects.requireNonNull(primary);
        RequestName name = call.request().orElse(null);
        FirstAnswer refused =
                name == null ? null : kept.refuse(name, copy.first()).orElse(null);
        if (refused != null) {
            around.answers().tell(new CallAnswer.Settled(call.call(), index, refused));
            return;
        }
        copy.told(call);
        if (name != null && ShardCalls.changes(call)) {
            kept.watch(name.session());
        }
    }

    /** The backup's copy has what its primary's had at servers, as far as that was passed to them. */
    private void awaitReturned(ShardMessage.AwaitReturned await) {
        if (primary != null) {
            primary.awaitReturned(await);
        } else if (backup != null) {
            backup.awaitReturned(await);
        } else {
            await.returned().run();
        }
    }

    private void onChange(Change change) {
        ShardPlace place = known;
        if (place == null || change.base() > place.epoch()) {
            early.add(change);
        } else if (backup != null) {
            backup.take(change);
        }
    }

    private void apply(Apply apply) {
        ShardPlace now = apply.place();
        BackupCopy before = backup;
        if (!now.equals(known)) {
            saidFrozen = NEVER;
        }
        known = now;
        if (now.primary().equals(around.self()) && now.state() != ShardPlace.State.LOST) {
            applyAsPrimary(apply);
        } else if (now.isCopy(around.self())) {
            applyAsBackup(now);
        } else {
            leave();
        }
        // Frozen before the revision is acknowledged, or on again.
        lease();
        takeEarly(before != null && before == backup);
        apply.applied().run();
    }

    private void applyAsPrimary(Apply apply) {
        PrimaryCopy mine = primary;
        if (mine == null) {
            BackupCopy was = backup;
            backup = null;
            mine = new PrimaryCopy(was == null ? begun() : was.promoted(), around, outside, leased);
            primary = mine;
            kept.watch(mine.first().sessions());
        }
        BitSet servers = new BitSet();
        apply.servers().keySet().forEach(servers::set);
        mine.apply(apply, servers);
    }

    private ShardSteps begun() {
        outside.onlooker().began();
        return emptyCopy.get();
    }

    private void applyAsBackup(ShardPlace now) {
        if (primary != null) {
            leave();
        }
        BackupCopy known = backup;
        boolean isFresh = now.state() == ShardPlace.State.SYNCING;
        if (known != null && !(known.isOf(now.primary()) && (!isFresh || known.base() == now.epoch()))) {
            leave();
            known = null;
        }
        if (known == null) {
            // Its primary began with nothing only where the domain did: any other one has what this copy was never
            // given, and hears nothing of it.
            BackupCopy.Begin begin = isFresh
                    ? BackupCopy.Begin.IS_GIVEN
                    : now.epoch() == around.born() ? BackupCopy.Begin.WITH_NOTHING : BackupCopy.Begin.TOO_LATE;
            backup = new BackupCopy(emptyCopy.get(), now.primary(), now.epoch(), begin, around.copies(), outside);
        }
    }

    /** This node's copy, if it has one, is not one any more: nobody could tell it from an old one. */
    private void leave() {
        if (primary != null) {
            primary.close();
            primary = null;
        }
        if (backup != null) {
            backup.close();
            backup = null;
        }
        kept.unwatch();
        kept.keeps(0);
        waitingCalls.forEach(this::refuse);
        waitingCalls.clear();
    }

    /**
     * What waited for this view: what is of another one still is lost, and whoever told it is asked, or tells it again. Not so accesses: a gateway that has applied
     * the view by which this copy decides tells it what the primary before owes once, and there may be views between that one and this.
     */
    private void takeEarly(boolean isBackupAsBefore) {
        List<ShardMessage> waiting = List.copyOf(early);
        early.clear();
        for (ShardMessage message : waiting) {
            if (message instanceof Change || primary != null) {
                take(message);
            } else if (isBackupAsBefore && message instanceof ShardMessage.Accesses) {
                early.add(message);
            }
        }
    }

    private void refuse(ShardMessage.Call call) {
        Refusal elsewhere =
                Refusal.of(Errno.EAGAIN, "the shard is at another node").with("effect", "none");
        around.answers().tell(new CallAnswer.Done(call.call(), index, Optional.of(elsewhere)));
    }
}
