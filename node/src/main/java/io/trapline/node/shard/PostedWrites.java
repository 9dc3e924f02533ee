package io.trapline.node.shard;

import io.trapline.model.AccessAttributes;
import io.trapline.model.Errno;
import io.trapline.model.IoreqAttributes;
import io.trapline.model.Pure;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.replica.StateImage;
import io.trapline.node.rows.IoreqRows;
import java.util.BitSet;

/**
 * What becomes of a shard's posted writes after they have taken effect: they wait at their servers (F3), come back when a change catches them (F5) and
 * are decided again before anything younger of their vCPU (A3).
 *
 * <p>After a step that says something of a lane's posted writes, {@link #note} comes before anything of that lane is decided.
 */
@Pure
final class PostedWrites {
    private final Pages pages;
    private final ShardEffects effects;
    private final LaneOutcomes outcomes;
    /** Servers that have had any. */
    private final BitSet servers = new BitSet();

    PostedWrites(Pages pages, ShardEffects effects, LaneOutcomes outcomes) {
        this.pages = pages;
        this.effects = effects;
        this.outcomes = outcomes;
    }

    /** A server has queued the write: the guest is answered, and the row is kept until it is carried out. */
    void queued(VcpuLane lane, int serverId, long homeEpoch, long epoch, long sequence) {
        boolean isHere = epoch == lane.epoch && lane.isWith(serverId, homeEpoch);
        int place = isHere ? lane.find(sequence, VcpuLane.AT_SERVER) : -1;
        PostedRows.Row known = lane.posted.find(serverId, homeEpoch, epoch, sequence);
        if (place >= 0) {
            lane.outstanding--;
            servers.set(serverId);
            lane.posted.add(new PostedRows.Row(
                    serverId,
                    epoch,
                    sequence,
                    lane.attributes[place],
                    lane.address[place],
                    lane.data[place] & AccessAttributes.mask(lane.attributes[place]),
                    lane.window,
                    lane.passedRevision,
                    homeEpoch,
                    lane.passedAs[place],
                    lane.firstPassed[place],
                    lane.passedTo[place],
                    true));
            outcomes.done(lane, place, 0, Errno.OK);
        } else if (known != null) {
            known.queued = true;
        }
    }

    /** Those of {@code present} that may have given writes back to the copy that decided before. */
    BitSet servers(BitSet present) {
        BitSet had = (BitSet) servers.clone();
        had.and(present);
        return had;
    }

    /** The emulator has carried the write out, or never will. */
    void done(VcpuLane lane, int serverId, long homeEpoch, long epoch, long sequence) {
        PostedRows.Row row = lane.posted.find(serverId, homeEpoch, epoch, sequence);
        if (row != null) {
            lane.posted.remove(row);
        }
    }

    /** A server gives the write back. */
    void returned(VcpuLane lane, int serverId, long homeEpoch, long epoch, long sequence) {
        PostedRows.Row row = lane.posted.find(serverId, homeEpoch, epoch, sequence);
        if (row != null) {
            row.returned = true;
        }
    }

    /** Looks which posted rows are on their way, and which servers may give some back, so that nothing younger gets ahead of them (A3, F3). */
    void note(VcpuLane lane) {
        PostedRows posted = lane.posted;
        posted.firstUnderWay = null;
        posted.mayGiveBack = 0;
        for (PostedRows.Row row : posted.rows()) {
            if (row.returned) {
                continue;
            }
            if (posted.firstUnderWay == null && !(row.queued && Pages.goesTo(pages.decide(row), row.serverId))) {
                posted.firstUnderWay = row;
            }
            if (row.revision < pages.changedRevision(row.serverId)) {
                posted.mayGiveBack |= 1L << row.serverId;
            }
        }
    }

    /**
     * Carries out a posted write that came back; false when it must wait for those before it, or for memory: the guest was told that it is done, so that it
     * cannot fail any more (F3).
     */
    boolean carryOut(VcpuLane lane, PostedRows.Row row) {
        int decision = pages.decide(row);
        int server = DecisionTable.isServer(decision) ? DecisionTable.server(decision) : DecisionTable.NONE;
        if (lane.hasOpenBefore(row.epoch, row.sequence) && !mayJoin(lane, server)) {
            return false;
        }
        if (decision == DecisionTable.MEMORY && write(row) != Errno.OK) {
            return false;
        }
        lane.posted.remove(row);
        if (server != row.serverId) {
            effects.postedLeft(row.serverId, lane.vcpu, row.epoch, row.sequence);
        }
        if (server != DecisionTable.NONE) {
            PostedRows.Row there = row.at(decision, pages.table());
            lane.posted.add(there);
            servers.set(server);
            effects.forward(
                    server,
                    lane.vcpu,
                    row.epoch,
                    row.sequence,
                    0,
                    IoreqAttributes.fromAccess(row.attributes),
                    there.marks(),
                    there.claimedType,
                    row.address,
                    row.data,
                    1,
                    row.window,
                    IoreqRows.NO_DEADLINE,
                    row.wasPassedTo(server) ? row.firstPassed : 0);
        }
        note(lane);
        return true;
    }

    private byte write(PostedRows.Row row) {
        return pages.write(row.attributes, row.address, AccessAttributes.sizeBytes(row.attributes), 1, row.data);
    }

    private boolean mayJoin(VcpuLane lane, int server) {
        return server != DecisionTable.NONE && lane.mayJoin(server, pages.changedRevision(server));
    }

    /** All that a fresh copy has to have of it, both ways (D-24). */
    void image(StateImage image) {
        image.of(servers);
    }
}
