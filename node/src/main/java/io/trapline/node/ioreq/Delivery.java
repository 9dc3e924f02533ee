package io.trapline.node.ioreq;

import io.trapline.model.IoreqAttributes;
import io.trapline.model.Limit;
import io.trapline.model.Pure;
import io.trapline.node.rows.IoreqRows;

/**
 * Passes rows on to the emulator: as many as its credit and its stream allow, vCPUs taking turns, a batch holding rows of one decided revision, shard
 * and shard epoch (C7).
 */
@Pure
final class Delivery {
    private final IoreqSlots slots;
    private final IoreqTable table;
    private final EmulatorSession session;
    private final SettledMarks marks;
    private final IoreqEffects effects;
    private long otherRunUntil;
    private long delivered;
    private long redelivered;

    Delivery(IoreqSlots slots, EmulatorSession session, SettledMarks marks, IoreqEffects effects) {
        this.slots = slots;
        this.table = slots.table;
        this.session = session;
        this.marks = marks;
        this.effects = effects;
    }

    /** @param aRunEnded the view's {@link io.trapline.node.protocol.ServerView#otherRunUntil} */
    void deliver(long nowNanos, boolean paused, long aRunEnded) {
        otherRunUntil = aRunEnded;
        while (!paused && session.takesMore() && session.credit() > 0) {
            SlotRing ring = slots.turn();
            if (ring == null) {
                break;
            }
            send(ring, nowNanos);
        }
    }

    /** Passes the marks on that no row has carried (F6). */
    void settle() {
        if (session.takesMore() && !marks.isEmpty()) {
            var alone = marks.take();
            if (alone.size() > 0) {
                session.ready(effects.settled(alone));
            }
        }
    }

    private void send(SlotRing first, long nowNanos) {
        int most = Math.min(session.credit(), Limit.MAX_ROWS_PER_BATCH.intValue());
        IoreqRows batch = new IoreqRows(Math.min(most, slots.undelivered()));
        long decidedRevision = table.decidedRevision[first.next];
        int shard = table.shard[first.next];
        long shardEpoch = table.shardEpoch[first.next];
        SlotRing ring = first;
        while (ring != null && batch.size() < most) {
            int before = batch.size();
            if (fill(batch, most, decidedRevision, shard, shardEpoch, ring, nowNanos)) {
                ring = slots.turn();
                continue;
            }
            if (batch.size() > before) {
                slots.rotate(ring);
            }
            break;
        }
        session.sent(batch.size());
        session.ready(effects.ioreqs(decidedRevision, shard, shardEpoch, batch, marks.take()));
    }

    /** Adds what the vCPU has for this batch; false when the batch must go. */
    private boolean fill(
            IoreqRows batch, int most, long decidedRevision, int shard, long shardEpoch, SlotRing ring, long nowNanos) {
        while (ring.mayDeliver(table)) {
            int row = ring.next;
            if (batch.size() == most
                    || table.decidedRevision[row] != decidedRevision
                    || table.shard[row] != shard
                    || table.shardEpoch[row] != shardEpoch) {
                return false;
            }
            mark(row);
            batch.add(
                    ring.vcpu,
                    table.vcpuEpoch[row],
                    table.sequence[row],
                    table.part[row],
                    table.attributes[row],
                    table.marks[row],
                    table.claimedType[row],
                    table.address[row],
                    table.data[row],
                    table.count[row],
                    0,
                    0);
            slots.delivered(ring, nowNanos, session.run());
        }
        return true;
    }

    /** F6: resent to the same run it is not marked; once another run may have carried it out it stays marked. */
    private void mark(int row) {
        long before = table.run[row];
        if (before == 0) {
            delivered++;
            if (table.firstRevision[row] != 0 && table.firstRevision[row] < otherRunUntil) {
                table.marks[row] |= IoreqAttributes.MARK_REDELIVERED;
            }
            return;
        }
        redelivered++;
        if (before != session.run()) {
            table.marks[row] |= IoreqAttributes.MARK_REDELIVERED;
        }
    }

    long delivered() {
        return delivered;
    }

    long redelivered() {
        return redelivered;
    }
}
