package io.trapline.node.shard;

import io.trapline.model.AccessAttributes;
import io.trapline.model.Errno;
import io.trapline.model.Pure;
import io.trapline.model.TypeRun;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.p2m.P2m;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.replica.StateImage;
import io.trapline.node.rows.AccessRows;
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

    /**
     * How long after its timeout an ioreq is given up that a server has said nothing of, which may be cut off: nothing that this node has told another is older than 2 s
     * when it acts there, so that by then the ioreq has ended there, too, or never will be delivered (D-18).
     */
    public static final long GIVE_UP_NANOS = 2_200_000_000L;

    private final Pages pages;
    private final ShardEffects effects;
    private final Recalls recalls;
    private final VcpuLanes lanes = new VcpuLanes();
    private final LaneOutcomes outcomes;
    private final PostedWrites posts;
    private final LaneTurns turns;
    private boolean promoted;
    private final Asks asks;
    private final OpenReturns returns;

    /** A shard of the frames firstGfn … lastGfn. */
    public ShardRules(P2m p2m, long firstGfn, long lastGfn, DecisionTable table, ShardEffects effects) {
        pages = new Pages(p2m, firstGfn, lastGfn, table);
        this.effects = effects;
        recalls = new Recalls(effects);
        outcomes = new LaneOutcomes(effects);
        posts = new PostedWrites(pages, effects, outcomes);
        turns = new LaneTurns(pages, effects, outcomes, posts);
        asks = new Asks(pages, effects);
        returns = new OpenReturns(pages, effects);
    }

    /** The types and contents. */
    public P2m p2m() {
        return pages.p2m();
    }

    /** The revision as of which it decides now (C7). */
    public long revision() {
        return pages.table().revision();
    }

    /** Since which revision a server has been where it is (D-22). */
    public long homeEpoch(int server) {
        return pages.table().homeEpoch(server);
    }

    /** Whether the node serves: while it does not, nothing is decided, as while the domain is paused (D-11). It serves at first. */
    public void leased(boolean isLeased) {
        pages.leased(isLeased);
        if (isLeased) {
            turns.beginStep();
            for (VcpuLane lane : lanes.all()) {
                turns.pump(lane);
            }
        }
    }

    /** Takes accesses, each vCPU's in ascending order. */
    public void accept(AccessRows rows) {
        turns.beginStep();
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
        if (rows.deadlineNanos(i) == AccessRows.TIMED_OUT) {
            outcomes.done(lane, place, 0, (byte) Errno.ETIMEDOUT.number());
            lane.trim();
        }
        turns.pump(lane);
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
     * The registry has moved on, by one revision or by many: from here on everything is decided by the table. Servers that are not present any more have given back all
     * they had, whatever other ones have their ids by now: nobody is left to be asked, nor to answer (F5).
     *
     * @param opened vCPUs whose older epochs are let go (A6)
     * @param present ids of the servers that can be forwarded to
     */
    public void apply(DecisionTable table, List<VcpuOpening> opened, BitSet present) {
        turns.beginStep();
        BitSet stay = staying(table, present);
        BitSet moved = promoted ? present : moved(table, present);
        if (promoted) {
            posts.servers(present).stream().forEach(effects::goesOn);
        }
        pages.table(table);
        for (VcpuOpening opening : opened) {
            lanes.fence(opening);
        }
        recalls.onlyFrom(stay);
        for (VcpuLane lane : lanes.all()) {
            if (lane.outstanding > 0 && !stay.get(lane.target)) {
                lane.takeBackAll();
            }
            lane.posted.takeBackFromAllBut(stay);
            if (promoted) {
                asks.forgetHomes(lane);
            }
            asks.ask(lane);
        }
        promoted = false;
        recalls.moved(moved, lanes, pages, TYPE_CHANGE_DRAIN_MILLIS);
        for (VcpuLane lane : lanes.all()) {
            posts.note(lane);
            turns.pump(lane);
        }
        returns.look(lanes);
    }

    /** The servers that are present and are the ones of their ids that there were before. */
    private BitSet staying(DecisionTable table, BitSet present) {
        BitSet stay = (BitSet) present.clone();
        present.stream()
                .filter(id -> table.generation(id) != pages.table().generation(id))
                .forEach(stay::clear);
        return stay;
    }

    private BitSet moved(DecisionTable table, BitSet present) {
        BitSet moved = (BitSet) present.clone();
        present.stream()
                .filter(id -> table.homeEpoch(id) == pages.table().homeEpoch(id))
                .forEach(moved::clear);
        return moved;
    }

    /**
     * Says {@link ShardEffects#returned} when the revision has been applied and nothing is at the server that was decided before it and does not go there any
     * more (V-10).
     */
    public void awaitReturned(int serverId, long revision, long token) {
        returns.await(serverId, revision, token);
        returns.look(lanes);
    }

    /**
     * A server's answers, or its timeouts. Rows that it does not have are passed over.
     *
     * @param homeEpoch the revision at which the server came to where it says so, here and below: what it says of rows that another home has is passed over
     */
    public void completed(int serverId, long homeEpoch, OutcomeRows rows) {
        turns.beginStep();
        KeyRows keys = rows.keys();
        for (int i = 0; i < rows.size(); i++) {
            VcpuLane lane = lanes.known(keys.vcpu(i));
            boolean isHere = lane != null && lane.epoch == keys.vcpuEpoch(i) && lane.isWith(serverId, homeEpoch);
            if (lane != null && !(isHere && completed(lane, keys, i, rows.data(i), rows.errno(i)))) {
                posts.done(lane, serverId, homeEpoch, keys.vcpuEpoch(i), keys.sequence(i));
            }
            pumpAtEndOfRun(keys, i);
        }
        returns.look(lanes);
    }

    private boolean completed(VcpuLane lane, KeyRows keys, int i, long data, byte errno) {
        int place = lane.find(keys.sequence(i), VcpuLane.AT_SERVER);
        if (place >= 0) {
            lane.outstanding--;
            outcomes.done(lane, place, data, errno);
            return true;
        }
        CutAccess cut = lane.cut;
        if (cut == null || cut.sequence != keys.sequence(i) || cut.part() != keys.part(i)) {
            return false;
        }
        lane.outstanding = 0;
        cut.completed(data, errno);
        if (errno == Errno.ETIMEDOUT.number()) {
            turns.finishCut(lane, cut);
        } else {
            lane.cutWaits = true;
            lane.cutAgain = false;
        }
        return true;
    }

    /** A server gives rows back: they are decided anew, in order. */
    public void decideAgain(int serverId, long homeEpoch, KeyRows keys) {
        turns.beginStep();
        for (int i = 0; i < keys.size(); i++) {
            VcpuLane lane = lanes.known(keys.vcpu(i));
            boolean isHome = homeEpoch == pages.table().homeEpoch(serverId);
            if (lane != null && !decideAgain(lane, serverId, homeEpoch, keys, i) && isHome) {
                // Let go with its vCPU's epoch before the server had said that it was queued; or gone elsewhere, as the
                // copy that decided before had said, or not.
                effects.postedLeft(serverId, lane.vcpu, keys.vcpuEpoch(i), keys.sequence(i));
            }
        }
        // Only now: what came back is decided in the order of the vCPU, whatever the order in which it came.
        for (int i = 0; i < keys.size(); i++) {
            pumpAtEndOfRun(keys, i);
        }
        returns.look(lanes);
    }

    /** False where the shard knows nothing of the row. */
    private boolean decideAgain(VcpuLane lane, int serverId, long homeEpoch, KeyRows keys, int i) {
        if (keys.vcpuEpoch(i) == lane.epoch && lane.isWith(serverId, homeEpoch)) {
            int place = lane.find(keys.sequence(i), VcpuLane.AT_SERVER);
            if (place >= 0) {
                lane.outstanding--;
                lane.requeue(place);
                return true;
            }
            CutAccess cut = lane.cut;
            if (cut != null && cut.sequence == keys.sequence(i) && cut.part() == keys.part(i)) {
                lane.takeBackCut();
                return true;
            }
        }
        posts.returned(lane, serverId, homeEpoch, keys.vcpuEpoch(i), keys.sequence(i));
        return lane.posted.isOf(serverId, keys.vcpuEpoch(i), keys.sequence(i));
    }

    /** Posted rows have taken effect: the guest is answered, and the row is kept until it is carried out (F3). */
    public void postedQueued(int serverId, long homeEpoch, KeyRows keys) {
        turns.beginStep();
        for (int i = 0; i < keys.size(); i++) {
            VcpuLane lane = lanes.known(keys.vcpu(i));
            if (lane != null) {
                posts.queued(lane, serverId, homeEpoch, keys.vcpuEpoch(i), keys.sequence(i));
            }
            pumpAtEndOfRun(keys, i);
        }
    }

    /** Posted rows have been carried out, or never will be. */
    public void postedDone(int serverId, long homeEpoch, KeyRows keys) {
        turns.beginStep();
        for (int i = 0; i < keys.size(); i++) {
            VcpuLane lane = lanes.known(keys.vcpu(i));
            if (lane != null) {
                posts.done(lane, serverId, homeEpoch, keys.vcpuEpoch(i), keys.sequence(i));
            }
            pumpAtEndOfRun(keys, i);
        }
        returns.look(lanes);
    }

    /** Carries out a type change that was checked; {@link ShardEffects#typesChanged} follows when nothing that it caught can be delivered any more. */
    public void commitTypes(List<TypeRun> runs, long token) {
        turns.beginStep();
        pages.p2m().applyTypes(runs);
        afterTypeChange(token);
    }

    /** Turns the pages of {@code ioreq_server[x]} into RAM_RW (C5). */
    public void resetType(int x, long token) {
        turns.beginStep();
        pages.p2m().resetType(x);
        afterTypeChange(token);
    }

    private void afterTypeChange(long token) {
        recalls.begin(token);
        for (VcpuLane lane : lanes.all()) {
            recalls.addCaught(lane, pages);
            posts.note(lane);
        }
        recalls.send(TYPE_CHANGE_DRAIN_MILLIS);
        for (VcpuLane lane : lanes.all()) {
            // What was on its way back may be where it belongs again, and what waited for it need not.
            turns.pump(lane);
        }
    }

    /** How many type changes there have been: what is forwarded now was decided after them. */
    public long typeChanges() {
        return recalls.changes();
    }

    /** Whether {@link ShardEffects#typesChanged} is to follow for that token. */
    boolean isChanging(long token) {
        return recalls.isWaiting(token);
    }

    /** A server has sent back what it had not delivered of a recall. */
    public void recalled(int serverId, long recall) {
        recalls.answered(serverId, recall);
    }

    /** The buffer of a part has been moved, or not: a page of it is not plain memory for that direction. */
    public void bufferMoved(BufferMove move, boolean ok) {
        turns.beginStep();
        VcpuLane lane = lanes.known(move.vcpu());
        CutAccess cut = lane == null ? null : lane.cut;
        if (lane != null
                && cut != null
                && lane.epoch == move.vcpuEpoch()
                && cut.sequence == move.sequence()
                && cut.part() == move.part()) {
            if (isRunning()) {
                turns.goOn(lane, cut, cut.bufferMoved(pages, ok, move.bytes()));
            } else {
                // D1: what was fetched before may not be what the buffer holds afterwards.
                lane.cutWaits = true;
                lane.cutAgain = true;
            }
            turns.pump(lane);
        }
    }

    /** Whether accesses may take effect; while false, no {@link #moveBufferHere} may be called (D1). */
    public boolean isRunning() {
        return pages.isRunning();
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

    /** Whether anything waits here for its turn, so that {@link #expire} has something to look at. */
    public boolean hasQueued() {
        return turns.hasQueued(lanes);
    }

    /** Whether servers have anything, so that {@link #isOverdue} has something to look at. */
    public boolean hasOutstanding() {
        for (VcpuLane lane : lanes.all()) {
            if (lane.outstanding > 0) {
                return true;
            }
        }
        return false;
    }

    /** Whether {@link #expire} would give up something that a server has. */
    public boolean isOverdue(long nowNanos) {
        for (VcpuLane lane : lanes.all()) {
            for (int i = 0; lane.outstanding > 0 && i < lane.ordered(); i++) {
                if (isOverdue(lane, lane.orderedPlace(i), nowNanos)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean isOverdue(VcpuLane lane, int place, long nowNanos) {
        boolean isAway = lane.state[place] == VcpuLane.AT_SERVER
                || (lane.state[place] == VcpuLane.CUT && lane.cut != null && !lane.cutWaits);
        // A posted write may be queued there, which is for good (F3).
        return isAway
                && !AccessAttributes.isPosted(lane.attributes[place])
                && lane.deadlineNanos[place] + GIVE_UP_NANOS - nowNanos <= 0;
    }

    /** Fails what has waited here beyond its own timeout (A1, F4), and what servers should have failed long ago. */
    public void expire(long nowNanos, boolean givesUp) {
        turns.beginStep();
        for (VcpuLane lane : lanes.all()) {
            if (expire(lane, nowNanos, givesUp)) {
                // Posted writes that came back may have waited for it.
                turns.pump(lane);
            }
        }
    }

    private boolean expire(VcpuLane lane, long nowNanos, boolean givesUp) {
        boolean some = false;
        CutAccess cut = lane.cut;
        if (cut != null && lane.cutWaits && lane.deadlineNanos[cut.place] - nowNanos <= 0) {
            cut.fail((byte) Errno.ETIMEDOUT.number());
            turns.finishCut(lane, cut);
            some = true;
        }
        for (int i = 0; givesUp && lane.outstanding > 0 && i < lane.ordered(); i++) {
            int place = lane.orderedPlace(i);
            if (isOverdue(lane, place, nowNanos)) {
                giveUp(lane, place);
                some = true;
            }
        }
        for (int i = 0; lane.nextQueued() >= 0 && i < lane.ordered(); i++) {
            int place = lane.orderedPlace(i);
            if (lane.state[place] == VcpuLane.QUEUED && lane.deadlineNanos[place] - nowNanos <= 0) {
                outcomes.done(lane, place, 0, (byte) Errno.ETIMEDOUT.number());
                some = true;
            }
        }
        lane.trim();
        return some;
    }

    /**
     * This copy decides from now on, and the one before it does not (D-24): times are by another clock, and by the next table servers are asked about all that they
     * were passed, and recalled what they were recalled.
     *
     * @param clockOffset this clock less the one before, in nanoseconds
     */
    public void promoted(long clockOffset) {
        promoted = true;
        for (VcpuLane lane : lanes.all()) {
            lane.shiftDeadlines(clockOffset);
        }
    }

    private void giveUp(VcpuLane lane, int place) {
        CutAccess cut = lane.cut;
        lane.outstanding--;
        if (cut != null && cut.place == place) {
            cut.fail((byte) Errno.ETIMEDOUT.number());
            turns.finishCut(lane, cut);
        } else {
            outcomes.done(lane, place, 0, (byte) Errno.ETIMEDOUT.number());
        }
    }

    private void pumpAtEndOfRun(KeyRows keys, int i) {
        int vcpu = keys.vcpu(i);
        if (i + 1 == keys.size() || keys.vcpu(i + 1) != vcpu) {
            VcpuLane lane = lanes.known(vcpu);
            if (lane != null) {
                lane.trim();
                posts.note(lane);
                turns.pump(lane);
            }
        }
    }

    /** All that a fresh copy has to have, both ways, but for what is in the pages (D-24). Of drains each node waits for its own. */
    public void image(StateImage image) {
        pages.image(image);
        recalls.image(image);
        lanes.image(image);
        posts.image(image);
        turns.image(image);
        promoted = image.of(promoted);
    }
}
