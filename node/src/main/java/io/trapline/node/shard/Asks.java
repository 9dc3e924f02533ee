package io.trapline.node.shard;

import io.trapline.model.AccessAttributes;
import io.trapline.model.IoreqAttributes;
import io.trapline.model.Pure;
import io.trapline.node.rows.IoreqRows;

/**
 * Asks the new home of a server about what the one before it had, whether that has died or was left (D-22). A shard asks; it never assumes: whether a row was
 * delivered, and what came of it, nobody knows but the emulator.
 *
 * <p>Invariant: a row is at most at one home of its server; what another says of it is passed over.
 */
@Pure
final class Asks {
    /** Below every home: whoever has passed it on was elsewhere. */
    private static final long UNKNOWN_HOME = -1;

    private final Pages pages;
    private final ShardEffects effects;

    Asks(Pages pages, ShardEffects effects) {
        this.pages = pages;
        this.effects = effects;
    }

    /** Another copy has passed on what the lane has at servers: they are asked about all of it, wherever they are. */
    void forgetHomes(VcpuLane lane) {
        lane.passedHome = UNKNOWN_HOME;
        for (PostedRows.Row row : lane.posted.rows()) {
            if (row.home != PostedRows.NO_HOME) {
                row.home = UNKNOWN_HOME;
            }
        }
    }

    /** Asks for what the lane has at servers that have moved. */
    void ask(VcpuLane lane) {
        if (lane.outstanding > 0) {
            long home = pages.table().homeEpoch(lane.target);
            if (lane.passedHome < home) {
                lane.passedHome = home;
                // Nothing follows it before it is back: the new home may give it back (A3).
                lane.passedRevision = 0;
                askRows(lane);
            }
        }
        for (PostedRows.Row row : lane.posted.rows()) {
            long home = pages.table().homeEpoch(row.serverId);
            if (row.home < home) {
                row.home = home;
                ask(lane, row);
            }
        }
    }

    private void askRows(VcpuLane lane) {
        CutAccess cut = lane.cut;
        if (cut != null) {
            ask(lane, cut);
        }
        for (int i = 0; i < lane.ordered(); i++) {
            int place = lane.orderedPlace(i);
            if (lane.state[place] == VcpuLane.AT_SERVER) {
                ask(lane, place);
            }
        }
    }

    private void ask(VcpuLane lane, int place) {
        byte attributes = lane.attributes[place];
        boolean write = AccessAttributes.isWrite(attributes);
        effects.ask(
                lane.target,
                lane.vcpu,
                lane.epoch,
                lane.sequence[place],
                0,
                IoreqAttributes.fromAccess(attributes),
                LaneTurns.marks(attributes),
                lane.passedAs[place],
                lane.address[place],
                write ? lane.data[place] & AccessAttributes.mask(attributes) : 0,
                lane.count[place],
                lane.window,
                lane.deadlineNanos[place],
                lane.firstPassed[place]);
    }

    private void ask(VcpuLane lane, CutAccess cut) {
        effects.ask(
                lane.target,
                lane.vcpu,
                lane.epoch,
                cut.sequence,
                cut.part(),
                IoreqAttributes.fromAccess(cut.partAttributes()),
                (byte) 0,
                cut.passedAs(),
                cut.partAddress(),
                cut.partData(),
                cut.partCount(),
                lane.window,
                lane.deadlineNanos[cut.place],
                cut.firstPassed());
    }

    private void ask(VcpuLane lane, PostedRows.Row row) {
        if (row.returned) {
            effects.askReturned(row.serverId, lane.vcpu, row.epoch, row.sequence);
            return;
        }
        effects.ask(
                row.serverId,
                lane.vcpu,
                row.epoch,
                row.sequence,
                0,
                IoreqAttributes.fromAccess(row.attributes),
                row.marks(),
                row.claimedType,
                row.address,
                row.data,
                1,
                row.window,
                IoreqRows.NO_DEADLINE,
                row.firstPassed);
    }
}
