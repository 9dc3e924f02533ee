package io.trapline.node.shard;

import io.trapline.model.Pure;
import java.util.ArrayList;
import java.util.List;

/**
 * Drains of servers that wait until nothing decided before them is at the server that does not belong there any more (V-10): the server's home says when that is
 * so there, but a home that has died says nothing, and the next one knows only what shards ask it about (D-22).
 */
@Pure
final class OpenReturns {
    private record Open(int serverId, long revision, long token) {}

    private final Pages pages;
    private final ShardEffects effects;
    private final List<Open> open = new ArrayList<>();

    OpenReturns(Pages pages, ShardEffects effects) {
        this.pages = pages;
        this.effects = effects;
    }

    void await(int serverId, long revision, long token) {
        open.add(new Open(serverId, revision, token));
    }

    /** A step ends. */
    void look(VcpuLanes lanes) {
        for (int i = open.size() - 1; i >= 0; i--) {
            Open each = open.get(i);
            if (knows(each) && lanes.all().stream().noneMatch(lane -> has(each, lane))) {
                open.remove(i);
                effects.returned(each.token());
            }
        }
    }

    /** A backup goes by what its primary has told it: before that is of the drain, it may be told of what was decided before. */
    private boolean knows(Open each) {
        return pages.table().revision() >= each.revision();
    }

    private boolean has(Open each, VcpuLane lane) {
        if (lane.outstanding > 0
                && lane.target == each.serverId()
                && lane.passedRevision < each.revision()
                && hasStray(lane)) {
            return true;
        }
        for (PostedRows.Row row : lane.posted.rows()) {
            if (!row.returned
                    && row.serverId == each.serverId()
                    && row.revision < each.revision()
                    && !Pages.goesTo(pages.decide(row), row.serverId, row.claimedType)) {
                return true;
            }
        }
        return false;
    }

    private boolean hasStray(VcpuLane lane) {
        CutAccess cut = lane.cut;
        if (cut != null) {
            int decision = pages.decide(cut.partAttributes(), cut.partAddress(), cut.partBytes(), cut.partCount());
            return !Pages.goesTo(decision, lane.target, cut.passedAs());
        }
        for (int i = 0; i < lane.ordered(); i++) {
            int place = lane.orderedPlace(i);
            if (lane.state[place] == VcpuLane.AT_SERVER
                    && !Pages.goesTo(pages.decide(lane, place), lane.target, lane.passedAs[place])) {
                return true;
            }
        }
        return false;
    }
}
