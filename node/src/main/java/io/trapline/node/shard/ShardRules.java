package io.trapline.node.shard;

import io.trapline.model.AccessAttributes;
import io.trapline.model.Errno;
import io.trapline.model.IoreqAttributes;
import io.trapline.model.Pure;
import io.trapline.model.TypeRun;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.p2m.P2m;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.rows.AccessRows;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import java.util.BitSet;
import java.util.List;

/**
 * Decides and orders the accesses to one shard: every access in its vCPU's order (A3), once (A4), by its page's type and the table of the
 * moment (T2, T3, T8, R2, C4). Called by the shard's actor alone.
 *
 * <p>Invariants: an access is carried out on a page, or a server has it, or it waits in its lane, or its outcome is in its lane; one that a server has is
 * decided again only when that server has given it back; nothing is decided while an older access of the same vCPU is anywhere but at the same server.
 */
@Pure
public final class ShardRules {
    /** How long ioreqs that a type change has caught may still be answered (F5). */
    public static final int TYPE_CHANGE_DRAIN_MILLIS = 5_000;

    private final Pages pages;
    private final ShardEffects effects;
    private final Recalls recalls;
    private final VcpuLanes lanes = new VcpuLanes();
    private long step;
    private boolean mayHaveQueued;

    /** A shard of the frames firstGfn … lastGfn. */
    public ShardRules(P2m p2m, long firstGfn, long lastGfn, DecisionTable table, ShardEffects effects) {
        pages = new Pages(p2m, firstGfn, lastGfn, table);
        this.effects = effects;
        recalls = new Recalls(effects);
    }

    /** The types and contents. */
    public P2m p2m() {
        return pages.p2m();
    }

    /** The revision as of which it decides now (C7). */
    public long revision() {
        return pages.table().revision();
    }

    /** Takes accesses, each vCPU's in ascending order. */
    public void accept(AccessRows rows) {
        step++;
        for (int i = 0; i < rows.size(); i++) {
            VcpuLane lane = lanes.lane(rows.vcpu(i), rows.vcpuEpoch(i), rows.window(i));
            if (lane != null) {
                accept(lane, rows, i);
            }
        }
    }

    private void accept(VcpuLane lane, AccessRows rows, int i) {
        long sequence = rows.sequence(i);
        byte attributes = rows.attributes(i);
        int place = lane.place(sequence);
        if (lane.state[place] != VcpuLane.EMPTY && lane.sequence[place] >= sequence) {
            acceptKnown(lane, place, rows, i);
            return;
        }
        lane.push(sequence, attributes, rows.address(i), rows.data(i), rows.count(i), rows.deadlineNanos(i));
        pump(lane);
    }

    private void acceptKnown(VcpuLane lane, int place, AccessRows rows, int i) {
        long sequence = rows.sequence(i);
        if (lane.sequence[place] > sequence) {
            effects.answered(lane.vcpu, lane.epoch, sequence, 0, (byte) Errno.ESTALE.number());
        } else if (!lane.sameContent(place, rows.attributes(i), rows.address(i), rows.data(i), rows.count(i))) {
            effects.answered(lane.vcpu, lane.epoch, sequence, 0, (byte) Errno.EINVAL.number());
        } else if (lane.state[place] == VcpuLane.DONE) {
            effects.answered(lane.vcpu, lane.epoch, sequence, lane.value[place], lane.errno[place]);
        }
    }

    /**
     * The registry has moved on: from here on everything is decided by the table. Servers that are not present have given back all they had.
     *
     * @param opened vCPUs whose older epochs are let go (A6)
     * @param present ids of the servers that can be forwarded to
     */
    public void apply(DecisionTable table, List<VcpuOpening> opened, BitSet present) {
        step++;
        pages.table(table);
        for (VcpuOpening opening : opened) {
            lanes.fence(opening);
        }
        recalls.onlyFrom(present);
        for (VcpuLane lane : lanes.all()) {
            if (lane.outstanding > 0 && !present.get(lane.target)) {
                takeBackAll(lane);
            }
            notePosts(lane);
            pump(lane);
        }
    }

    /** A server's answers, or its timeouts. Rows that it does not have are passed over. */
    public void completed(int serverId, OutcomeRows rows) {
        step++;
        KeyRows keys = rows.keys();
        for (int i = 0; i < rows.size(); i++) {
            VcpuLane lane = lanes.known(keys.vcpu(i));
            if (lane != null && !completed(lane, serverId, keys, i, rows.data(i), rows.errno(i))) {
                postedDone(lane, serverId, keys.vcpuEpoch(i), keys.sequence(i));
            }
            pumpAtEndOfRun(keys, i);
        }
    }

    private boolean completed(VcpuLane lane, int serverId, KeyRows keys, int i, long data, byte errno) {
        if (keys.vcpuEpoch(i) != lane.epoch || lane.target != serverId) {
            return false;
        }
        int place = lane.find(keys.sequence(i), VcpuLane.AT_SERVER);
        if (place >= 0) {
            lane.outstanding--;
            done(lane, place, data, errno);
            return true;
        }
        CutAccess cut = lane.cut;
        if (cut == null || cut.sequence != keys.sequence(i) || cut.part() != keys.part(i) || lane.outstanding == 0) {
            return false;
        }
        lane.outstanding = 0;
        cut.completed(data, errno);
        if (errno == Errno.ETIMEDOUT.number()) {
            finishCut(lane, cut);
        } else {
            lane.cutWaits = true;
            lane.cutAgain = false;
        }
        return true;
    }

    /** A server gives rows back: they are decided anew, in order. */
    public void decideAgain(int serverId, KeyRows keys) {
        step++;
        for (int i = 0; i < keys.size(); i++) {
            VcpuLane lane = lanes.known(keys.vcpu(i));
            if (lane != null) {
                decideAgain(lane, serverId, keys, i);
            }
        }
        // Only now: what came back is decided in the order of the vCPU, whatever the order in which it came.
        for (int i = 0; i < keys.size(); i++) {
            pumpAtEndOfRun(keys, i);
        }
    }

    private void decideAgain(VcpuLane lane, int serverId, KeyRows keys, int i) {
        if (keys.vcpuEpoch(i) == lane.epoch && lane.target == serverId && lane.outstanding > 0) {
            int place = lane.find(keys.sequence(i), VcpuLane.AT_SERVER);
            if (place >= 0) {
                lane.outstanding--;
                lane.requeue(place);
                return;
            }
            CutAccess cut = lane.cut;
            if (cut != null && cut.sequence == keys.sequence(i) && cut.part() == keys.part(i)) {
                takeBack(lane);
                return;
            }
        }
        PostedRows.Row row = lane.posted.find(serverId, keys.vcpuEpoch(i), keys.sequence(i));
        if (row != null) {
            row.returned = true;
            notePosts(lane);
        }
    }

    /** Posted rows have taken effect: the guest is answered, and the row is kept until it is carried out (F3). */
    public void postedQueued(int serverId, KeyRows keys) {
        step++;
        for (int i = 0; i < keys.size(); i++) {
            VcpuLane lane = lanes.known(keys.vcpu(i));
            if (lane != null) {
                postedQueued(lane, serverId, keys.vcpuEpoch(i), keys.sequence(i));
            }
            pumpAtEndOfRun(keys, i);
        }
    }

    private void postedQueued(VcpuLane lane, int serverId, long epoch, long sequence) {
        int place = epoch == lane.epoch && lane.target == serverId ? lane.find(sequence, VcpuLane.AT_SERVER) : -1;
        PostedRows.Row known = lane.posted.find(serverId, epoch, sequence);
        if (place >= 0) {
            lane.outstanding--;
            lane.posted.add(new PostedRows.Row(
                    serverId,
                    epoch,
                    sequence,
                    lane.attributes[place],
                    lane.address[place],
                    lane.data[place] & AccessAttributes.mask(lane.attributes[place]),
                    lane.window,
                    lane.passedRevision,
                    true));
            done(lane, place, 0, Errno.OK);
        } else if (known != null) {
            known.queued = true;
        }
        notePosts(lane);
    }

    /** Posted rows have been carried out, or never will be. */
    public void postedDone(int serverId, KeyRows keys) {
        step++;
        for (int i = 0; i < keys.size(); i++) {
            VcpuLane lane = lanes.known(keys.vcpu(i));
            if (lane != null) {
                postedDone(lane, serverId, keys.vcpuEpoch(i), keys.sequence(i));
            }
            pumpAtEndOfRun(keys, i);
        }
    }

    private void postedDone(VcpuLane lane, int serverId, long epoch, long sequence) {
        PostedRows.Row row = lane.posted.find(serverId, epoch, sequence);
        if (row != null) {
            lane.posted.remove(row);
        }
        notePosts(lane);
    }

    /** Carries out a type change that was checked; {@link ShardEffects#typesChanged} follows when nothing that it caught can be delivered any more. */
    public void commitTypes(List<TypeRun> runs, long token) {
        step++;
        pages.p2m().applyTypes(runs);
        afterTypeChange(token);
    }

    /** Turns the pages of {@code ioreq_server[x]} into RAM_RW (C5). */
    public void resetType(int x, long token) {
        step++;
        pages.p2m().resetType(x);
        afterTypeChange(token);
    }

    private void afterTypeChange(long token) {
        recalls.begin(token);
        for (VcpuLane lane : lanes.all()) {
            recallCaught(lane);
            notePosts(lane);
        }
        recalls.send(TYPE_CHANGE_DRAIN_MILLIS);
    }

    /** A server has sent back what it had not delivered of a recall. */
    public void recalled(int serverId, long recall) {
        recalls.answered(serverId, recall);
    }

    /** The buffer of a part has been moved, or not: a page of it is not plain memory for that direction. */
    public void bufferMoved(BufferMove move, boolean ok) {
        step++;
        VcpuLane lane = lanes.known(move.vcpu());
        CutAccess cut = lane == null ? null : lane.cut;
        if (lane != null
                && cut != null
                && lane.epoch == move.vcpuEpoch()
                && cut.sequence == move.sequence()
                && cut.part() == move.part()) {
            if (isRunning()) {
                goOn(lane, cut, cut.bufferMoved(pages, ok, move.bytes()));
            } else {
                // D1: what was fetched before may not be what the buffer holds afterwards.
                lane.cutWaits = true;
                lane.cutAgain = true;
            }
            pump(lane);
        }
    }

    /** Whether accesses may take effect; while false, no {@link #moveBufferHere} may be called (D1). */
    public boolean isRunning() {
        return pages.table().state() == DecisionTable.State.RUNNING;
    }

    /** Does the same for another shard, as far as the buffer lies here; false when a page of it is not plain memory for that direction. */
    public boolean moveBufferHere(BufferMove move) {
        if (lanes.isFenced(move.vcpu(), move.vcpuEpoch())
                || !pages.isPlainBufferHere(move.gpa(), move.gpa() + move.sizeBytes() - 1, move.into())) {
            return false;
        }
        if (move.bytes().length == 0) {
            return true;
        }
        if (move.into()) {
            return pages.writeBytes(move.gpa(), move.bytes()) == Errno.OK;
        }
        pages.p2m().readBytes(move.gpa(), move.bytes(), 0, move.sizeBytes());
        return true;
    }

    /** Fails what has waited here beyond its own timeout (A1, F4). */
    public void expire(long nowNanos) {
        step++;
        for (VcpuLane lane : lanes.all()) {
            if (expire(lane, nowNanos)) {
                // Posted writes that came back may have waited for it.
                pump(lane);
            }
        }
    }

    private boolean expire(VcpuLane lane, long nowNanos) {
        boolean some = false;
        CutAccess cut = lane.cut;
        if (cut != null && lane.cutWaits && lane.deadlineNanos[cut.place] - nowNanos <= 0) {
            cut.fail((byte) Errno.ETIMEDOUT.number());
            finishCut(lane, cut);
            some = true;
        }
        for (int i = 0; lane.nextQueued() >= 0 && i < lane.ordered(); i++) {
            int place = lane.orderedPlace(i);
            if (lane.state[place] == VcpuLane.QUEUED && lane.deadlineNanos[place] - nowNanos <= 0) {
                done(lane, place, 0, (byte) Errno.ETIMEDOUT.number());
                some = true;
            }
        }
        lane.trim();
        return some;
    }

    /** Whether anything waits here for its turn, so that {@link #expire} has something to look at. */
    public boolean hasQueued() {
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

    /** Asks back what a server has and would no longer be passed. */
    private void recallCaught(VcpuLane lane) {
        CutAccess cut = lane.cut;
        if (cut != null) {
            int decision = pages.decide(cut.partAttributes(), cut.partAddress(), cut.partBytes(), cut.partCount());
            if (lane.outstanding > 0 && !goesTo(decision, lane.target)) {
                recalls.add(lane.target, lane.vcpu, lane.epoch, cut.sequence, cut.part());
            }
        }
        for (int i = 0; i < lane.ordered(); i++) {
            int place = lane.orderedPlace(i);
            if (lane.state[place] == VcpuLane.AT_SERVER && !goesTo(decisionOf(lane, place), lane.target)) {
                recalls.add(lane.target, lane.vcpu, lane.epoch, lane.sequence[place], 0);
            }
        }
        for (PostedRows.Row row : lane.posted.rows()) {
            if (!row.returned && !goesTo(decisionOf(row), row.serverId)) {
                recalls.add(row.serverId, lane.vcpu, row.epoch, row.sequence, 0);
            }
        }
    }

    /** Looks which posted rows are on their way, and which servers may give some back, so that nothing younger gets ahead of them (A3, F3). */
    private void notePosts(VcpuLane lane) {
        PostedRows posted = lane.posted;
        posted.firstUnderWay = null;
        posted.mayGiveBack = 0;
        for (PostedRows.Row row : posted.rows()) {
            if (row.returned) {
                continue;
            }
            if (posted.firstUnderWay == null && !(row.queued && goesTo(decisionOf(row), row.serverId))) {
                posted.firstUnderWay = row;
            }
            if (row.revision < pages.table().changedRevision(row.serverId)) {
                posted.mayGiveBack |= 1L << row.serverId;
            }
        }
    }

    /** Carries out a posted write that came back; false when it must wait for those before it. */
    private boolean carryOutPosted(VcpuLane lane, PostedRows.Row row) {
        int decision = decisionOf(row);
        int server = DecisionTable.isServer(decision) ? DecisionTable.server(decision) : DecisionTable.NONE;
        if (lane.hasOpenBefore(row.epoch, row.sequence) && !mayJoin(lane, server)) {
            return false;
        }
        lane.posted.remove(row);
        if (server != row.serverId) {
            effects.postedLeft(row.serverId, lane.vcpu, row.epoch, row.sequence);
        }
        if (decision == DecisionTable.MEMORY) {
            pages.write(row.attributes, row.address, AccessAttributes.sizeBytes(row.attributes), 1, row.data);
        } else if (server != DecisionTable.NONE) {
            boolean wasThere = row.wasThereBefore(server);
            lane.posted.add(row.at(server, revision()));
            effects.forward(
                    server,
                    lane.vcpu,
                    row.epoch,
                    row.sequence,
                    0,
                    IoreqAttributes.fromAccess(row.attributes),
                    (byte) (IoreqAttributes.MARK_POSTED | (wasThere ? IoreqAttributes.MARK_REDELIVERED : 0)),
                    DecisionTable.claimedType(decision),
                    row.address,
                    row.data,
                    1,
                    row.window,
                    IoreqRows.NO_DEADLINE);
        }
        notePosts(lane);
        return true;
    }

    /**
     * Whether a row may follow those that the lane has at a server: they are at the same one, and it will not give back for its age what is still on its way
     * there (C7), which would then be behind.
     */
    private boolean mayJoin(VcpuLane lane, int server) {
        return lane.cut == null
                && lane.target == server
                && lane.passedRevision >= pages.table().changedRevision(server);
    }

    private void takeBackAll(VcpuLane lane) {
        for (int i = 0; i < lane.ordered(); i++) {
            int place = lane.orderedPlace(i);
            if (lane.state[place] == VcpuLane.AT_SERVER) {
                lane.requeue(place);
            }
        }
        takeBack(lane);
    }

    private static void takeBack(VcpuLane lane) {
        lane.outstanding = 0;
        if (lane.cut != null) {
            lane.cutWaits = true;
            lane.cutAgain = true;
        }
    }

    private int decisionOf(VcpuLane lane, int place) {
        byte attributes = lane.attributes[place];
        return pages.decide(attributes, lane.address[place], AccessAttributes.sizeBytes(attributes), lane.count[place]);
    }

    private int decisionOf(PostedRows.Row row) {
        return pages.decide(row.attributes, row.address, AccessAttributes.sizeBytes(row.attributes), 1);
    }

    private static boolean goesTo(int decision, int serverId) {
        return DecisionTable.isServer(decision) && DecisionTable.server(decision) == serverId;
    }

    private void pumpAtEndOfRun(KeyRows keys, int i) {
        int vcpu = keys.vcpu(i);
        if (i + 1 == keys.size() || keys.vcpu(i + 1) != vcpu) {
            VcpuLane lane = lanes.known(vcpu);
            if (lane != null) {
                lane.trim();
                pump(lane);
            }
        }
    }

    /** Decides what may be decided, in order. */
    private void pump(VcpuLane lane) {
        if (!isRunning()) {
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
            return isFirst && carryOutPosted(lane, returned);
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
            if (waits || (lane.outstanding > 0 && !mayJoin(lane, server))) {
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
            done(lane, place, 0, errno);
        } else {
            long value = decision == DecisionTable.ONES ? -1L : pages.read(attributes, address, sizeBytes, count);
            done(lane, place, value & AccessAttributes.mask(attributes), Errno.OK);
        }
        return true;
    }

    private void pass(VcpuLane lane, int place, int decision) {
        lane.target = DecisionTable.server(decision);
        if (lane.outstanding++ == 0) {
            lane.passedRevision = revision();
        }
        lane.state[place] = VcpuLane.AT_SERVER;
        byte attributes = lane.attributes[place];
        boolean write = AccessAttributes.isWrite(attributes);
        effects.forward(
                lane.target,
                lane.vcpu,
                lane.epoch,
                lane.sequence[place],
                0,
                IoreqAttributes.fromAccess(attributes),
                AccessAttributes.isPosted(attributes) ? (byte) IoreqAttributes.MARK_POSTED : 0,
                DecisionTable.claimedType(decision),
                lane.address[place],
                write ? lane.data[place] & AccessAttributes.mask(attributes) : 0,
                lane.count[place],
                lane.window,
                lane.deadlineNanos[place]);
        noteSettled(lane);
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
            done(lane, place, 0, (byte) Errno.EINVAL.number());
            return true;
        }
        lane.cut = cut;
        lane.state[place] = VcpuLane.CUT;
        goOn(lane, cut, cut.advance(pages));
        return true;
    }

    private void goOn(VcpuLane lane, CutAccess cut, int decision) {
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
        lane.target = server;
        lane.outstanding = 1;
        lane.passedRevision = revision();
        effects.forward(
                lane.target,
                lane.vcpu,
                lane.epoch,
                cut.sequence,
                cut.part(),
                IoreqAttributes.fromAccess(cut.partAttributes()),
                (byte) 0,
                DecisionTable.claimedType(decision),
                cut.partAddress(),
                cut.partData(),
                cut.partCount(),
                lane.window,
                lane.deadlineNanos[cut.place]);
        noteSettled(lane);
    }

    private void finishCut(VcpuLane lane, CutAccess cut) {
        lane.cut = null;
        lane.cutWaits = false;
        done(lane, cut.place, cut.value(), cut.errno());
    }

    private void done(VcpuLane lane, int place, long value, byte errno) {
        if (errno == Errno.EAGAIN.number()) {
            effects.answered(lane.vcpu, lane.epoch, lane.sequence[place], 0, errno);
            lane.forget(place);
            return;
        }
        lane.state[place] = VcpuLane.DONE;
        lane.value[place] = value;
        lane.errno[place] = errno;
        effects.answered(lane.vcpu, lane.epoch, lane.sequence[place], value, errno);
    }
}
