package io.trapline.node.registry;

import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.ServerRecord;
import io.trapline.model.Limit;
import io.trapline.model.Pure;
import io.trapline.model.RangeSet;
import io.trapline.node.protocol.Drain;
import io.trapline.node.protocol.EmulatorLine;
import io.trapline.node.protocol.ServerView;
import io.trapline.v1.Bufioreq;
import io.trapline.v1.Claim;
import io.trapline.v1.IoRange;
import io.trapline.v1.IoRangeType;
import io.trapline.v1.IoreqServer;
import io.trapline.v1.IoreqServerState;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a node knows of one server, and the view that its actor is given, rebuilt only when something of it has changed.
 */
@Pure
final class ServerState {
    private static final int ALL = -1;

    private ServerRecord record;
    private final int[] claims = new int[Limit.MAX_CLAIMABLE_TYPES.intValue()];
    private long changedRevision;
    private @Nullable ServerView view;

    // Since the last missedDrain(): what it was passed ioreqs for and is not any more, and which of that has a drain.
    private final BitSet lost = new BitSet();
    private boolean disabled;
    private final BitSet drained = new BitSet();
    private boolean drainedAll;

    ServerState(ServerRecord record) {
        this.record = record;
        changedRevision = record.getChangedRevision();
    }

    int id() {
        return record.getServer().getId();
    }

    /** Where it is. */
    NodeLife home() {
        return record.getHome();
    }

    long generation() {
        return record.getServer().getGeneration();
    }

    /** Takes what it is now; false where that is nothing new. */
    boolean record(ServerRecord now) {
        if (record.equals(now)) {
            return false;
        }
        disabled |= isEnabled(record) && !isEnabled(now);
        record = now;
        changed(now.getChangedRevision());
        return true;
    }

    void gained(int x, Claim claim) {
        claims[x] = claim.getFlags();
        changed(claim.getEpoch());
    }

    void lost(int x, long revision) {
        claims[x] = 0;
        lost.set(x);
        changed(revision);
    }

    /** @param x of a release, -1 = everything */
    void drain(int x, long revision) {
        if (x == ALL) {
            drainedAll = true;
        } else {
            drained.set(x);
        }
        changed(revision);
    }

    /** A drain for what was lost without one. */
    Optional<Drain> missedDrain(long revision) {
        lost.andNot(drained);
        boolean missed = !drainedAll && (disabled || !lost.isEmpty());
        int x = disabled || lost.cardinality() != 1 ? ALL : lost.nextSetBit(0);
        lost.clear();
        drained.clear();
        disabled = false;
        drainedAll = false;
        return missed ? Optional.of(new Drain(revision, x, 0)) : Optional.empty();
    }

    ServerView view() {
        ServerView current = view;
        if (current == null) {
            current = build();
            view = current;
        }
        return current;
    }

    private void changed(long revision) {
        changedRevision = Math.max(changedRevision, revision);
        view = null;
    }

    private ServerView build() {
        IoreqServer server = record.getServer();
        return new ServerView(
                server.getId(),
                server.getGeneration(),
                server.getPrincipal(),
                isEnabled(record),
                server.getBufioreq() == Bufioreq.BUFIOREQ_LEGACY || server.getBufioreq() == Bufioreq.BUFIOREQ_ATOMIC,
                server.getTimeoutMs(),
                claims.clone(),
                ranges(server.getRangesList(), IoRangeType.IO_RANGE_TYPE_PORT),
                ranges(server.getRangesList(), IoRangeType.IO_RANGE_TYPE_MEMORY),
                ranges(server.getRangesList(), IoRangeType.IO_RANGE_TYPE_PCI),
                server.getSessionEpoch(),
                server.getRun(),
                changedRevision,
                record.getHomeEpoch(),
                record.getOtherRunUntil(),
                line(record));
    }

    private static EmulatorLine line(ServerRecord record) {
        return new EmulatorLine(
                record.getSessionStream(),
                record.getStandbysList().stream()
                        .map(each -> new EmulatorLine.Waiting(each.getStream(), each.getRun()))
                        .toList());
    }

    private static boolean isEnabled(ServerRecord record) {
        return record.getServer().getState() == IoreqServerState.IOREQ_SERVER_STATE_ENABLED;
    }

    private static RangeSet ranges(List<IoRange> ranges, IoRangeType type) {
        List<IoRange> ofType =
                ranges.stream().filter(range -> range.getType() == type).toList();
        return RangeSet.of(
                ofType.stream().mapToLong(IoRange::getStart).toArray(),
                ofType.stream().mapToLong(IoRange::getEnd).toArray());
    }
}
