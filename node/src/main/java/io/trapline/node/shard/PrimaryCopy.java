package io.trapline.node.shard;

import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardPlace;
import io.trapline.node.protocol.ShardRoute;
import io.trapline.node.protocol.ShardStep;
import io.trapline.node.replica.ShardReplica;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The copy of a shard that decides its accesses. Where there is another one, that is told of each step, and what the step brought about leaves this node only
 * when the other copy has done it (D-23).
 */
final class PrimaryCopy implements ShardReplica.Effects {
    /** Ticks that are further apart than that were late. */
    private static final long STALL_NANOS = 100_000_000L;

    private static final int[] NONE_REFUSED = {};

    /** @param mayLeave whether it tells nobody anything: it only waits for what is before it */
    private record Held(long number, ShardOutbox.Sealed output, boolean mayLeave) {
        Held(long number, ShardOutbox.Sealed output) {
            this(number, output, false);
        }
    }

    private final ShardSteps steps;
    private final P2mShard.Surroundings around;
    private final ShardReplica replica;
    private @Nullable CatchUp catchUp;
    private final ArrayDeque<Held> held = new ArrayDeque<>();
    private Optional<Life> other = Optional.empty();
    private @Nullable ShardRoute toOther;
    private @Nullable ShardPlace place;
    /**
     * What servers are told it by: the epoch at which this primary began. Whatever other copies come and go since, what it has passed on stands, and is not taken for
     * another primary's (C7).
     */
    private long shardEpoch;

    private long acknowledged;
    private final LongSupplier clock;
    private final ShardCopies.Onlooker onlooker;
    private long leasedSince;
    private long ticked;
    private boolean leased;

    PrimaryCopy(ShardSteps steps, P2mShard.Surroundings around, ShardCopies.Outside outside, boolean leased) {
        this.steps = steps;
        this.around = around;
        clock = outside.clock();
        onlooker = outside.onlooker();
        leasedSince = clock.getAsLong();
        ticked = leasedSince;
        replica = new ShardReplica(this, around.waitsForCopy());
        this.leased = leased;
    }

    /** The registry has moved on, and this copy is a primary's. */
    void apply(ShardMessage.Apply apply, BitSet servers) {
        place(apply.place());
        steps.outbox().servers(apply.servers(), apply.table());
        if (!leased && steps.isLeased()) {
            step(new ShardStep.Leased(false));
        }
        step(new ShardStep.Applied(apply.table(), apply.opened(), servers));
        if (leased && !steps.isLeased()) {
            // The primary before it had lost its lease.
            step(new ShardStep.Leased(true));
        }
    }

    private void place(ShardPlace now) {
        if (place == null) {
            shardEpoch = now.epoch();
        }
        place = now;
        Optional<Life> copy = now.copy();
        if (copy.isEmpty()) {
            other = copy;
            toOther = null;
            endCatchUp();
            replica.alone();
            onlooker.released(Long.MAX_VALUE);
            keepAs(replica.keptAlone());
            release();
        } else if (now.state() == ShardPlace.State.SYNCING) {
            if (!copy.equals(other) || replica.base() != now.epoch()) {
                begin(copy.get());
                replica.syncing(now.epoch());
                catchUp = new CatchUp(steps);
                goOnCatchingUp();
            }
        } else if (!copy.equals(other)) {
            begin(copy.get());
            replica.copied(now.epoch());
        } else {
            replica.added();
        }
    }

    /** What comes from here on another life is told. */
    private void begin(Life copy) {
        endCatchUp();
        replica.alone();
        onlooker.released(Long.MAX_VALUE);
        other = Optional.of(copy);
        toOther = around.copies().apply(copy);
        acknowledged = 0;
        keepAs(replica.keptAlone());
    }

    /** What is still held waits for that, and for the lease. */
    private void keepAs(long number) {
        List<Held> before = List.copyOf(held);
        held.clear();
        before.forEach(each -> held.add(new Held(number, each.output(), each.mayLeave())));
    }

    private void endCatchUp() {
        CatchUp before = catchUp;
        if (before != null) {
            before.end();
            catchUp = null;
        }
    }

    /** Between two steps: the fresh copy is given what may be on its way, and the rest once that is little. */
    private void goOnCatchingUp() {
        CatchUp fresh = catchUp;
        while (fresh != null && replica.underWay() < CatchUp.IN_FLIGHT && !fresh.isNearEnd()) {
            give(fresh.chunk());
        }
        if (fresh != null && fresh.isOutrun()) {
            replica.slow();
        }
        // While the node does not serve, what it has not told yet is in the outbox.
        if (fresh != null && fresh.isNearEnd() && leased) {
            fresh.rest(this::give);
            catchUp = null;
            replica.aligned();
            keepAs(replica.last());
        }
    }

    private void give(ShardStep part) {
        long now = clock.getAsLong();
        tell(replica.step(now), now, NONE_REFUSED, part);
    }

    private void tell(long number, long now, int[] refused, ShardStep step) {
        Objects.requireNonNull(toOther)
                .tell(new ShardMessage.Change(replica.base(), number, false, now, refused, step));
    }

    /** It is told something. Without another copy nothing is made of it for one. */
    void told(ShardMessage message) {
        if (!replica.isCopied()) {
            steps.memory().begin();
            steps.told(message);
            if (ShardCalls.changes(message)) {
                onlooker.did(replica.base(), 0, new ShardStep.Told(message));
            }
            flushOrKeep(ShardCalls.changes(message));
        } else if (ShardCalls.changes(message)) {
            step(new ShardStep.Told(message));
        } else {
            steps.told(message);
            hold(replica.last());
        }
    }

    /** What was answered under request ids. */
    Answers first() {
        return steps.first();
    }

    /** V-10. */
    void awaitReturned(ShardMessage.AwaitReturned await) {
        steps.awaitReturned(await);
    }

    /** Runs something once all that was brought about so far has left. */
    void whenSent(Runnable sent) {
        if (held.isEmpty()) {
            sent.run();
        } else {
            held.add(new Held(held.getLast().number(), new ShardOutbox.Sealed(List.of(sent)), true));
        }
    }

    void leased(boolean serves) {
        leased = serves;
        leasedSince = clock.getAsLong();
        step(new ShardStep.Leased(serves));
        release();
        goOnCatchingUp();
    }

    /** Whether the other copy has done every step. */
    boolean isAcknowledged() {
        return replica.isCopied() && !replica.isWaiting();
    }

    /** @param open whether the node serves: a primary that is frozen goes on watching the other copy */
    void tick(boolean open) {
        long now = clock.getAsLong();
        long stalled = now - ticked - STALL_NANOS;
        ticked = now;
        if (stalled > 0) {
            // What this node did not look at is not the other copy's silence.
            replica.stalled(stalled);
        }
        if (open) {
            replica.tick(now);
        }
        // Servers here were without a lease as well: what they have put aside they have yet to look at.
        boolean mayGiveUp = leased
                && now - leasedSince >= ShardRules.GIVE_UP_NANOS
                && steps.rules().isOverdue(now);
        if (steps.rules().hasQueued() || mayGiveUp) {
            step(new ShardStep.Expired(now, mayGiveUp), now);
        }
        goOnCatchingUp();
    }

    /** Whether {@link #tick} has something to look at. */
    boolean needsTicks() {
        return steps.rules().hasQueued()
                || steps.rules().hasOutstanding()
                || replica.isWaiting()
                || replica.isSyncing();
    }

    void acknowledged(ShardMessage.ChangeAck ack) {
        replica.acknowledged(ack.base(), ack.through(), clock.getAsLong());
        goOnCatchingUp();
    }

    private void step(ShardStep step) {
        step(step, clock.getAsLong());
    }

    /** @param now by which the step is told to the other copy; what looks at the time looks at this one in both */
    private void step(ShardStep step, long now) {
        steps.memory().begin();
        steps.step(step);
        if (!replica.isCopied()) {
            onlooker.did(replica.base(), 0, step);
            flushOrKeep(true);
            return;
        }
        long number = replica.step(now);
        onlooker.did(replica.base(), number, step);
        tell(number, now, steps.memory().refused(), step);
        hold(number);
    }

    /** What only looked waits for what is before it (D4). */
    private void flushOrKeep(boolean changes) {
        if (changes && replica.keeps()) {
            hold(ShardReplica.UNTIL_WHOLE);
            return;
        }
        if (!held.isEmpty()) {
            hold(0);
            return;
        }
        steps.outbox().flush(shardEpoch, steps.rules().revision(), steps.rules().typeChanges(), leased);
    }

    private void hold(long number) {
        ShardOutbox.Sealed output = steps.outbox()
                .seal(shardEpoch, steps.rules().revision(), steps.rules().typeChanges());
        // What brought nothing about is not kept: a shard may wait for long.
        if (!output.isEmpty()) {
            held.add(new Held(number, output));
        }
        release();
    }

    @Override
    public void release(long through) {
        acknowledged = through;
        onlooker.released(through);
        release();
    }

    /** While the node does not serve, nothing is acknowledged (D-11). */
    private void release() {
        while (leased && !held.isEmpty() && held.element().number() <= acknowledged) {
            held.remove().output().send();
        }
    }

    @Override
    public void proposeDrop(long silentNanos) {
        around.dropBackup().accept(Objects.requireNonNull(place), silentNanos);
    }

    @Override
    public void proposeAdd() {
        around.caughtUp().accept(Objects.requireNonNull(place));
    }

    @Override
    public void proposeAbandon(long silentNanos) {
        around.abandonSync().accept(Objects.requireNonNull(place), silentNanos);
    }

    /** What is held never leaves: whoever decides the shard now tells it. Nobody here waits for it any more. */
    void close() {
        List<Held> before = List.copyOf(held);
        held.clear();
        before.stream().filter(Held::mayLeave).forEach(each -> each.output().send());
        onlooker.ended();
        steps.close();
    }
}
