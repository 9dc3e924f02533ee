package io.trapline.node.ioreq;

import static io.trapline.node.ioreq.IoreqTable.NONE;

import io.trapline.model.Errno;
import io.trapline.model.IoreqAttributes;
import io.trapline.model.Pure;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.SettledRows;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Takes what shards forward (C7): nothing of a shard under an older epoch than it has seen; what was decided before the server's last change, or the shard's
 * last recall, goes back, what
 * was decided beyond what is applied waits; the rest gets a slot or a place in the posted ring (F1, F3).
 */
@Pure
final class Intake {
    private final IoreqSlots slots;
    private final IoreqTable table;
    private final HeldForwards held;
    private final SettledMarks marks;
    private final ShardReplies replies;
    private final RowEnds ends;
    private final Expiry expiry;
    private final Catch caught;
    private ServerView view;
    private long appliedRevision;
    private long[] shardEpochs = new long[1];
    /** By shard: what it decided before so many type changes goes back. */
    private long[] recalledChanges = new long[1];

    Intake(
            IoreqSlots slots,
            HeldForwards held,
            SettledMarks marks,
            ShardReplies replies,
            RowEnds ends,
            Expiry expiry,
            Catch caught,
            ServerView view) {
        this.slots = slots;
        this.table = slots.table;
        this.held = held;
        this.marks = marks;
        this.replies = replies;
        this.ends = ends;
        this.expiry = expiry;
        this.caught = caught;
        this.view = view;
    }

    void accept(HeldForwards.Held forward, long nowNanos) {
        if (admits(forward.shard(), forward.shardEpoch())) {
            replies.expect(forward.rows().size());
            take(forward, nowNanos);
        }
    }

    /**
     * What the server had elsewhere is here from now on. Whether it was delivered, its emulator must say: until then it stands as if it was.
     *
     * <p>They are decided by what is applied here: what has no reason by that goes back, and the rest would be passed here again, while an emulator that has heard of
     * a change since refuses what was decided before it.
     *
     * @param returned posted rows that may come again: nothing later is delivered before (F3)
     */
    void ask(int shard, long shardEpoch, IoreqRows rows, KeyRows returned, long nowNanos) {
        if (!admits(shard, shardEpoch)) {
            return;
        }
        replies.expect(rows.size());
        HeldForwards.Held asked =
                new HeldForwards.Held(shard, shardEpoch, appliedRevision, 0, rows, new SettledRows(1));
        for (int i = 0; i < rows.size(); i++) {
            int row = place(asked, i, nowNanos);
            if (row != NONE) {
                slots.deliveredElsewhere(slots.ringOf(table.vcpu[row], table.vcpuEpoch[row]), row);
                caught.strays(row, view, nowNanos);
            }
        }
        for (int i = 0; i < returned.size(); i++) {
            slots.ringOf(returned.vcpu(i), returned.vcpuEpoch(i))
                    .caught
                    .add(returned.vcpuEpoch(i), returned.sequence(i), shard, shardEpoch);
        }
    }

    /**
     * A shard goes on at another node, and knows of these rows only that they were passed to the server here. What is here is its from now on; of what is not it is
     * told again what the one before was told; anything else was given back, or never came (D-22). So are posted writes that
     * the one before was given back, and has not said where they go.
     */
    void askAgain(int shard, long shardEpoch, IoreqRows rows) {
        if (!admits(shard, shardEpoch)) {
            return;
        }
        held.filter((forward, i) -> forward.shard() != shard || forward.shardEpoch() >= shardEpoch);
        replies.expect(rows.size());
        KeyRows keys = rows.keys();
        for (int i = 0; i < rows.size(); i++) {
            int row = slots.findAny(keys.vcpu(i), keys.vcpuEpoch(i), keys.sequence(i), keys.part(i));
            ToldOutcomes.Told told = row == NONE ? replies.told().take(keys, i) : null;
            if (row != NONE) {
                table.shardEpoch[row] = shardEpoch;
                if (table.buffered[row]) {
                    replies.postedQueued(row);
                }
            } else if (told != null) {
                replies.completed(shard, keys, i, told.data(), told.errno());
            } else if (slots.ringOf(keys.vcpu(i), keys.vcpuEpoch(i))
                    .caught
                    .tell(keys.vcpuEpoch(i), keys.sequence(i), shardEpoch)) {
                replies.decideAgain(shard, keys, i);
            }
        }
        slots.recordedBut(shard, shardEpoch, keys, marks::renew);
        giveBackAgain(shard, shardEpoch);
    }

    /** What was given back to the life before, that may have taken to its grave where it goes: its vCPU would wait for that for ever (F3). */
    private void giveBackAgain(int shard, long shardEpoch) {
        KeyRows again = new KeyRows(4);
        slots.forEachReturned(shard, shardEpoch, (ring, vcpuEpoch, sequence) -> {
            ring.caught.tell(vcpuEpoch, sequence, shardEpoch);
            again.add(ring.vcpu, vcpuEpoch, sequence, 0);
        });
        for (int i = 0; i < again.size(); i++) {
            replies.decideAgain(shard, again, i);
        }
    }

    /** Another home has all that is here: shards ask it. */
    void forget(long nowNanos) {
        for (int row = 0; row < table.end(); row++) {
            if (table.state[row] == IoreqTable.TIMED_OUT) {
                slots.remove(row, nowNanos);
            } else if (table.state[row] != IoreqTable.FREE) {
                ends.drop(row, nowNanos);
            }
        }
        slots.forgetCaught();
        replies.told().forget();
    }

    private boolean admits(int shard, long shardEpoch) {
        know(shard);
        if (shardEpoch < shardEpochs[shard]) {
            return false;
        }
        shardEpochs[shard] = shardEpoch;
        return true;
    }

    private void know(int shard) {
        if (shard >= shardEpochs.length) {
            int length = Math.max(shard + 1, 2 * shardEpochs.length);
            shardEpochs = Arrays.copyOf(shardEpochs, length);
            recalledChanges = Arrays.copyOf(recalledChanges, length);
        }
    }

    private void take(HeldForwards.Held forward, long nowNanos) {
        if (forward.decidedRevision() > appliedRevision) {
            held.add(forward);
            return;
        }
        if (forward.decidedRevision() < view.homeEpoch() || forward.shardEpoch() < shardEpochs[forward.shard()]) {
            // It was for another home, or of a primary that is none any more: its shard asks for it, if here is the
            // next (D-22).
            return;
        }
        boolean isTooOld = forward.decidedRevision() < view.changedRevision()
                || forward.decidedChange() < recalledChanges[forward.shard()];
        for (int i = 0; i < forward.rows().size(); i++) {
            if (isTooOld || forward.back().get(i)) {
                ends.refuse(forward, i);
            } else if (forward.rows().deadlineNanos(i) <= nowNanos) {
                ends.expire(forward, i);
            } else {
                place(forward, i, nowNanos);
            }
        }
        marks.note(forward.settled());
    }

    /** The row that it is from now on; NONE where it is none, or was here. */
    private int place(HeldForwards.Held forward, int i, long nowNanos) {
        IoreqRows rows = forward.rows();
        KeyRows keys = rows.keys();
        long vcpuEpoch = keys.vcpuEpoch(i);
        SlotRing ring = slots.ringOf(keys.vcpu(i), vcpuEpoch);
        if (vcpuEpoch > ring.epoch) {
            fence(ring, vcpuEpoch, nowNanos);
        }
        boolean hasTakenEffect = rows.deadlineNanos(i) == IoreqRows.NO_DEADLINE;
        if (vcpuEpoch < ring.epoch && !hasTakenEffect) {
            return NONE;
        }
        if (ring.slots.length == 0 && vcpuEpoch == ring.epoch) {
            ring.window(rows.window(i));
        }
        int present = slots.findAny(keys.vcpu(i), vcpuEpoch, keys.sequence(i), keys.part(i));
        if (present != NONE) {
            join(present, forward);
            return NONE;
        }
        boolean posted = (rows.marks(i) & IoreqAttributes.MARK_POSTED) != 0 && view.buffers();
        boolean buffered = hasTakenEffect || (posted && slots.posted.hasRoom(rows.attributes(i)));
        if (!buffered && !slots.mayWait(ring)) {
            replies.completed(forward.shard(), keys, i, (byte) Errno.EAGAIN.number());
            return NONE;
        }
        int row = table.take();
        fill(row, forward, i);
        table.marks[row] = (byte)
                ((rows.marks(i) & IoreqAttributes.MARK_REDELIVERED) | (buffered ? IoreqAttributes.MARK_POSTED : 0));
        // A posted write has taken effect with this: its access' time cannot end any more (F3).
        table.deadline[row] = buffered ? IoreqRows.NO_DEADLINE : rows.deadlineNanos(i);
        table.since[row] = nowNanos;
        ring.caught.remove(vcpuEpoch, keys.sequence(i));
        expiry.note(table.deadline[row]);
        slots.add(ring, row, buffered);
        if (buffered) {
            replies.postedQueued(row);
        }
        return row;
    }

    private void fill(int row, HeldForwards.Held forward, int i) {
        IoreqRows rows = forward.rows();
        KeyRows keys = rows.keys();
        table.vcpu[row] = keys.vcpu(i);
        table.vcpuEpoch[row] = keys.vcpuEpoch(i);
        table.sequence[row] = keys.sequence(i);
        table.part[row] = keys.part(i);
        table.attributes[row] = rows.attributes(i);
        table.claimedType[row] = rows.claimedType(i);
        table.count[row] = rows.count(i);
        table.address[row] = rows.address(i);
        table.data[row] = rows.data(i);
        table.shard[row] = forward.shard();
        table.shardEpoch[row] = forward.shardEpoch();
        table.decidedRevision[row] = forward.decidedRevision();
        table.firstRevision[row] = rows.firstRevision(i);
    }

    /** A resend of a row that is here gets the same outcome (F6). */
    private void join(int row, HeldForwards.Held forward) {
        table.shard[row] = forward.shard();
        table.shardEpoch[row] = forward.shardEpoch();
        table.decidedRevision[row] = forward.decidedRevision();
        if (table.buffered[row]) {
            replies.postedQueued(row);
        }
    }

    /** A shard recalls rows: what it has decided before goes back when it arrives; of what is held, everything of their vCPUs goes back with them, by {@link #giveBackBehind} (A3). */
    void recall(int shard, long change, KeyRows rows) {
        know(shard);
        recalledChanges[shard] = Math.max(recalledChanges[shard], change);
        held.forEach((forward, i) -> {
            if (forward.shard() == shard && rows.contains(forward.rows().keys(), i)) {
                ends.returned().set(forward.rows().keys().vcpu(i));
            }
        });
    }

    /** Of what is held, gives back what is behind rows that have just gone back (A3). */
    void giveBackBehind() {
        BitSet returned = ends.returned();
        if (!returned.isEmpty()) {
            held.giveBack(returned);
        }
        returned.clear();
    }

    /** From now on this is applied. */
    void apply(long revision, ServerView newView) {
        appliedRevision = revision;
        view = newView;
    }

    /** Takes what was held for a revision that is applied now. */
    void release(long nowNanos) {
        giveBackBehind();
        if (!held.isEmpty()) {
            for (HeldForwards.Held forward : held.release(appliedRevision)) {
                take(forward, nowNanos);
            }
        }
    }

    /** A vCPU was opened anew: lets go what it has here under older epochs (A6), but for posted writes, which have taken effect. */
    void fence(int vcpu, long epoch, long nowNanos) {
        SlotRing ring = slots.ringOf(vcpu, epoch);
        if (epoch > ring.epoch) {
            fence(ring, epoch, nowNanos);
        }
    }

    private void fence(SlotRing ring, long epoch, long nowNanos) {
        for (int row = ring.oldest; row != NONE; ) {
            int after = table.newer[row];
            if (!table.buffered[row]) {
                ends.drop(row, nowNanos);
            }
            row = after;
        }
        for (int row : ring.slots) {
            if (row != NONE) {
                slots.remove(row, nowNanos);
            }
        }
        ring.open(epoch);
        if (!held.isEmpty()) {
            held.filter((forward, i) -> forward.rows().keys().vcpu(i) != ring.vcpu
                    || forward.rows().keys().vcpuEpoch(i) >= epoch
                    || forward.rows().deadlineNanos(i) == IoreqRows.NO_DEADLINE);
        }
    }
}
