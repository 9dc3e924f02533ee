package io.trapline.sim.world.part;

import io.trapline.node.rows.AccessRows;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;
import java.util.function.LongUnaryOperator;

/** Rows with their deadlines on another clock. */
public final class Rows {
    private Rows() {}

    /** Accesses. */
    public static AccessRows on(LongUnaryOperator times, AccessRows rows) {
        AccessRows timed = new AccessRows(rows.size());
        for (int i = 0; i < rows.size(); i++) {
            long deadline = rows.deadlineNanos(i);
            timed.add(
                    rows.vcpu(i),
                    rows.vcpuEpoch(i),
                    rows.sequence(i),
                    rows.attributes(i),
                    rows.address(i),
                    rows.data(i),
                    rows.count(i),
                    rows.window(i),
                    deadline == AccessRows.TIMED_OUT ? deadline : times.applyAsLong(deadline),
                    rows.gatewayRevision(i));
        }
        return timed;
    }

    /** Ioreqs. */
    public static IoreqRows on(LongUnaryOperator times, IoreqRows rows) {
        IoreqRows timed = new IoreqRows(rows.size());
        KeyRows keys = rows.keys();
        for (int i = 0; i < rows.size(); i++) {
            long deadline = rows.deadlineNanos(i);
            timed.add(
                    keys.vcpu(i),
                    keys.vcpuEpoch(i),
                    keys.sequence(i),
                    keys.part(i),
                    rows.attributes(i),
                    rows.marks(i),
                    rows.claimedType(i),
                    rows.address(i),
                    rows.data(i),
                    rows.count(i),
                    rows.window(i),
                    deadline == IoreqRows.NO_DEADLINE ? deadline : times.applyAsLong(deadline),
                    rows.firstRevision(i));
        }
        return timed;
    }
}
