package io.trapline.node.shard;

import io.trapline.model.AccessAttributes;
import io.trapline.model.Errno;
import io.trapline.model.IoreqAttributes;
import io.trapline.model.Pure;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.replica.StateImage;

/**
 * Decides what a lane's turn is, in the order of its vCPU (A3): to the page, to a server, nowhere; whole or part by part (A2). What it cannot decide yet
 * waits.
 */
@Pure
final class LaneTurns {
    private final Pages pages;
    private final ShardEffects effects;
    private final LaneOutcomes outcomes;
    private final PostedWrites posts;
    private long step;
    private boolean mayHaveQueued;

    LaneTurns(Pages pages, ShardEffects effects, LaneOutcomes outcomes, PostedWrites posts) {
        this.pages = pages;
        this.effects = effects;
        this.outcomes = outcomes;
        this.posts = posts;
    }

    /** A step begins: settled marks are noted once in each. */
    void beginStep() {
        step++;
    }

    /** Whether anything of these lanes waits for its turn. */
    boolean hasQueued(VcpuLanes lanes) {
        if (!mayHaveQueued) {
            return false;
        }
        for (VcpuLane lane : lanes.all()) {
            if (lane.cutWaits || lane.nextQueued() >= 0) {
                return true;
            }
        }
        mayHaveQueued = false;
        return false;
    }

    /** Decides what may be decided, in order. */
    void pump(VcpuLane lane) {
        if (!pages.isRunning()) {
            mayHaveQueued = true;
            return;
        }
        while (decideNext(lane)) {
            // The next one.
        }
        mayHaveQueued |= lane.cutWaits || lane.nextQueued() >= 0;
        lane.trim();
    }

    /** Decides what is first in order; false when it must wait, or there is nothing. */
    private boolean decideNext(VcpuLane lane) {
        CutAccess cut = lane.cutWaits ? lane.cut : null;
        int place = cut == null ? lane.nextQueued() : cut.place;
        PostedRows.Row returned = lane.posted.isEmpty() ? null : lane.posted.firstReturned();
        PostedRows.Row underWay = lane.posted.firstUnderWay;
        if (returned != null && (place < 0 || returned.isBefore(lane.epoch, lane.sequence[place]))) {
            boolean isFirst = underWay == null || returned.isBefore(underWay.epoch, underWay.sequence);
            return isFirst && posts.carryOut(lane, returned);
        }
        if (place < 0 || (underWay != null && underWay.isBefore(lane.epoch, lane.sequence[place]))) {
            return false;
        }
        if (cut != null) {
            lane.cutWaits = false;
            goOn(lane, cut, lane.cutAgain ? cut.again(pages) : cut.advance(pages));
            return !lane.cutWaits;
        }
        return lane.cut == null && decide(lane, place);
    }

    /** Decides one row; false when it must wait for those before it. */
    private boolean decide(VcpuLane lane, int place) {
        byte attributes = lane.attributes[place];
        long address = lane.address[place];
        int count = lane.count[place];
        if (CutAccess.isNeeded(attributes, address, count)) {
            return lane.outstanding == 0 && beginCut(lane, place);
        }
        int sizeBytes = AccessAttributes.sizeBytes(attributes);
        int decision = pages.decide(attributes, address, sizeBytes, count);
        if (DecisionTable.isServer(decision)) {
            int server = DecisionTable.server(decision);
            boolean waits = (lane.posted.mayGiveBack >>> server & 1) != 0;
            if (waits || (lane.outstanding > 0 && !lane.mayJoin(server, pages.changedRevision(server)))) {
                return false;
            }
            pass(lane, place, decision);
            return true;
        }
        if (lane.waitsForServer()) {
            return false;
        }
        if (AccessAttributes.isWrite(attributes)) {
            byte errno = decision == DecisionTable.MEMORY
                    ? pages.write(attributes, address, sizeBytes, count, lane.data[place])
                    : Errno.OK;
            outcomes.done(lane, place, 0, errno);
        } else {
            long value = decision == DecisionTable.ONES ? -1L : pages.read(attributes, address, sizeBytes, count);
            outcomes.done(lane, place, value & AccessAttributes.mask(attributes), Errno.OK);
        }
        return true;
    }

    private void pass(VcpuLane lane, int place, int decision) {
        lane.outstandingAt(DecisionTable.server(decision), pages.table());
        long before = lane.passed(place, decision, pages.table().revision());
        byte attributes = lane.attributes[place];
        boolean write = AccessAttributes.isWrite(attributes);
        effects.forward(
                lane.target,
                lane.vcpu,
                lane.epoch,
                lane.sequence[place],
                0,
                IoreqAttributes.fromAccess(attributes),
                marks(attributes),
                lane.passedAs[place],
                lane.address[place],
                write ? lane.data[place] & AccessAttributes.mask(attributes) : 0,
                lane.count[place],
                lane.window,
                lane.deadlineNanos[place],
                before);
        noteSettled(lane);
    }

    static byte marks(byte attributes) {
        return AccessAttributes.isPosted(attributes) ? (byte) IoreqAttributes.MARK_POSTED : 0;
    }

    private void noteSettled(VcpuLane lane) {
        if (lane.settledStep != step) {
            lane.settledStep = step;
            effects.settled(lane.target, lane.vcpu, lane.epoch, lane.settledThrough());
        }
    }

    private boolean beginCut(VcpuLane lane, int place) {
        CutAccess cut = new CutAccess(lane, place);
        if (!cut.mayBegin(pages)) {
            outcomes.done(lane, place, 0, (byte) Errno.EINVAL.number());
            return true;
        }
        lane.cut = cut;
        lane.state[place] = VcpuLane.CUT;
        goOn(lane, cut, cut.advance(pages));
        return true;
    }

    void goOn(VcpuLane lane, CutAccess cut, int decision) {
        if (decision == CutAccess.FINISHED) {
            finishCut(lane, cut);
            return;
        }
        if (decision == CutAccess.ELSEWHERE) {
            effects.moveBuffer(cut.bufferMove(pages, lane));
            return;
        }
        int server = DecisionTable.server(decision);
        if ((lane.posted.mayGiveBack >>> server & 1) != 0) {
            lane.cutWaits = true;
            lane.cutAgain = true;
            return;
        }
        lane.outstandingAt(server, pages.table());
        long before = cut.passed(decision, pages.table().revision());
        effects.forward(
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
                before);
        noteSettled(lane);
    }

    void finishCut(VcpuLane lane, CutAccess cut) {
        lane.cut = null;
        lane.cutWaits = false;
        outcomes.done(lane, cut.place, cut.value(), cut.errno());
    }

    /** All that a fresh copy has to have of it, both ways (D-24). */
    void image(StateImage image) {
        step = image.of(step);
        mayHaveQueued = image.of(mayHaveQueued);
    }
}
