package io.trapline.node.ioreq;

import static io.trapline.node.ioreq.IoreqTable.NONE;

import io.trapline.model.Pure;
import io.trapline.node.rows.KeyRows;

/**
 * What a new session finds (S5, F6): what its run has carried out is done, what it has under way stays with it, what else was delivered is delivered
 * again; slots of rows that have timed out are emptied (F4).
 */
@Pure
final class Resumption {
    private final IoreqSlots slots;
    private final IoreqTable table;
    private final EmulatorSession session;
    private final RowEnds ends;

    Resumption(IoreqSlots slots, EmulatorSession session, RowEnds ends) {
        this.slots = slots;
        this.table = slots.table;
        this.session = session;
        this.ends = ends;
    }

    void resume(KeptRequests kept, long nowNanos) {
        emptySlots(nowNanos);
        believe(kept, nowNanos);
        deliverAgain(nowNanos);
        giveBackCaught(nowNanos);
    }

    private void emptySlots(long nowNanos) {
        for (int row = 0; row < table.end(); row++) {
            if (table.state[row] == IoreqTable.TIMED_OUT) {
                slots.remove(row, nowNanos);
            }
        }
    }

    private void believe(KeptRequests kept, long nowNanos) {
        KeyRows keys = kept.keys();
        for (int i = 0; i < kept.size(); i++) {
            int row = slots.find(keys.vcpu(i), keys.vcpuEpoch(i), keys.sequence(i), keys.part(i));
            if (row == NONE || table.state[row] == IoreqTable.UNDER_WAY) {
                continue;
            }
            if (!kept.isUnderWay(i)) {
                ends.answer(row, kept.data(i), nowNanos);
            } else if (table.state[row] != IoreqTable.WAITING) {
                slots.underWay(row, session.run());
            }
        }
    }

    private void deliverAgain(long nowNanos) {
        for (int row = 0; row < table.end(); row++) {
            byte state = table.state[row];
            if (state == IoreqTable.FREE) {
                continue;
            }
            table.since[row] = nowNanos;
            table.givenUp[row] = false;
            if (state == IoreqTable.UNDER_WAY) {
                table.state[row] = IoreqTable.INPROCESS;
                session.sent(1);
            } else if (state == IoreqTable.INPROCESS) {
                slots.undo(row);
            }
        }
        slots.rewind();
    }

    /** What a change has caught is not delivered a second time, and nobody is left who could still answer it (F5). */
    private void giveBackCaught(long nowNanos) {
        for (int row = 0; row < table.end(); row++) {
            if (table.isUndelivered(row) && table.drainDeadline[row] != IoreqTable.NOT_CAUGHT) {
                ends.giveBack(row, nowNanos);
            }
        }
    }
}
