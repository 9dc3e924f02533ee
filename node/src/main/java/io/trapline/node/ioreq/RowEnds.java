package io.trapline.node.ioreq;

import static io.trapline.node.ioreq.IoreqTable.NONE;

import io.trapline.model.Errno;
import io.trapline.model.IoreqAttributes;
import io.trapline.model.Pure;
import java.util.BitSet;

/** The ways in which a row leaves a server: answered, timed out (F4), given back (F5), let go with its vCPU's epoch (A6). Counts them. */
@Pure
final class RowEnds {
    private final IoreqSlots slots;
    private final IoreqTable table;
    private final EmulatorSession session;
    private final OpenDrains drains;
    private final ShardReplies replies;
    private final BitSet returned = new BitSet();
    private long answered;
    private long timedOut;
    private long decidedAgain;

    RowEnds(IoreqSlots slots, EmulatorSession session, OpenDrains drains, ShardReplies replies) {
        this.slots = slots;
        this.table = slots.table;
        this.session = session;
        this.drains = drains;
        this.replies = replies;
    }

    /** The emulator has carried it out; a read's value is masked to its size (F2). */
    void answer(int row, long value, long nowNanos) {
        answered++;
        if (table.buffered[row]) {
            postedDone(row);
        } else {
            int attributes = table.attributes[row];
            boolean hasValue = !IoreqAttributes.isWrite(attributes) && !IoreqAttributes.isDataPtr(attributes);
            replies.completed(row, hasValue ? value & IoreqAttributes.mask(attributes) : 0, Errno.OK);
        }
        leave(row, nowNanos);
    }

    private void postedDone(int row) {
        replies.postedDone(row);
        if (replies.told().keeps()) {
            slots.toldDone(row);
        }
        slots.leftForGood(table.vcpu[row], table.vcpuEpoch[row], table.sequence[row]);
    }

    /** Its time is over. One that was delivered keeps its slot for the late answer, unless the emulator has given it up. */
    void timeOut(int row, long nowNanos) {
        timedOut++;
        if (table.buffered[row]) {
            postedDone(row);
        } else {
            replies.completed(row, 0, (byte) Errno.ETIMEDOUT.number());
        }
        boolean delivered = table.state[row] == IoreqTable.INPROCESS;
        boolean givenUp = delivered && table.givenUp[row];
        if (givenUp) {
            session.answered();
        } else if (delivered) {
            abandon(row);
        }
        if (delivered && !givenUp && !table.buffered[row]) {
            if (table.drains[row] != 0) {
                drains.gone(row);
            }
            slots.timeOut(row);
        } else {
            leave(row, nowNanos);
        }
    }

    /** A change has caught it while the emulator has it. */
    void isCaught(int row) {
        slots.mayComeAgain(row);
    }

    /**
     * It is to be decided again; a late answer to it will fit nothing. What its vCPU has behind it and was not delivered goes back with it, or it would
     * get ahead (A3).
     */
    void giveBack(int row, long nowNanos) {
        returned.set(table.vcpu[row]);
        int next = table.newer[row];
        giveBackOne(row, nowNanos);
        while (next != NONE) {
            int behind = next;
            next = table.newer[behind];
            if (table.isUndelivered(behind)) {
                giveBackOne(behind, nowNanos);
            }
        }
    }

    private void giveBackOne(int row, long nowNanos) {
        decidedAgain++;
        replies.decideAgain(row);
        slots.mayComeAgain(row);
        drop(row, nowNanos);
    }

    /** The vCPUs of which rows have gone back in this step; the caller clears it. */
    BitSet returned() {
        return returned;
    }

    /** Nobody asks for it any more. */
    void drop(int row, long nowNanos) {
        if (table.state[row] == IoreqTable.INPROCESS) {
            abandon(row);
        }
        leave(row, nowNanos);
    }

    /** What was asked about was not sent to this session. */
    private void abandon(int row) {
        if (table.run[row] == 0) {
            return;
        }
        session.abandoned(table.vcpu[row], table.vcpuEpoch[row], table.sequence[row], table.part[row]);
    }

    private void leave(int row, long nowNanos) {
        if (table.drains[row] != 0) {
            drains.gone(row);
        }
        slots.remove(row, nowNanos);
    }

    /** A row goes back that was not taken. */
    void refuse(HeldForwards.Held forward, int i) {
        decidedAgain++;
        replies.decideAgain(forward.shard(), forward.rows().keys(), i);
    }

    /** A row's time was over before it was taken: it is never delivered (F4). */
    void expire(HeldForwards.Held forward, int i) {
        timedOut++;
        replies.completed(forward.shard(), forward.rows().keys(), i, (byte) Errno.ETIMEDOUT.number());
    }

    long answered() {
        return answered;
    }

    long timedOut() {
        return timedOut;
    }

    long decidedAgain() {
        return decidedAgain;
    }
}
