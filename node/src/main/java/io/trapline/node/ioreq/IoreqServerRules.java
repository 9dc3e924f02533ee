package io.trapline.node.ioreq;

import static io.trapline.node.ioreq.IoreqTable.NONE;

import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Pure;
import io.trapline.model.RangeSet;
import io.trapline.model.Refusal;
import io.trapline.node.protocol.Drain;
import io.trapline.node.protocol.EmulatorLine;
import io.trapline.node.protocol.Gate;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.node.rows.SettledRows;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What an IOREQ server does with the rows that shards forward to it: slots and posted ring (F1, F3), delivery by credit, answers (F2), timeouts (F4), what
 * changes catch (F5), sessions and resends (F6, S5), and what is too old or too new to be taken (C7). One thread at a time calls it: the server's
 * actor, or the simulation.
 *
 * <p>Each method is a step: it changes the state and tells its {@link IoreqEffects}. Every row that was accepted gets exactly one outcome, unless its vCPU's epoch ends
 * first.
 *
 * <p>What bounds it: {@link IoreqSlots} a window of slots and as many waiting rows per vCPU, {@link PostedRing} 511 posted rows, {@link HeldForwards}
 * as many as shards have; beyond, a row is EAGAIN and was not carried out.
 */
@Pure
public final class IoreqServerRules {
    private static final int[] NO_CLAIMS = new int[Limit.MAX_CLAIMABLE_TYPES.intValue()];

    private final IoreqEffects effects;
    private final IoreqSlots slots = new IoreqSlots();
    private final IoreqTable table = slots.table;
    private final EmulatorSession session = new EmulatorSession();
    private final OpenDrains drains = new OpenDrains(table);
    private final SettledMarks marks = new SettledMarks(slots);
    private final ShardReplies replies;
    private final RowEnds ends;
    private final Delivery delivery;
    private final Expiry expiry;
    private final Catch caught;
    private final Intake intake;
    private final Resumption resumption;
    private final HomeBegin home = new HomeBegin();
    private final EarlyAsks early = new EarlyAsks();
    /** What the bound session has said that it has, until the server begins here. */
    private @Nullable KeptRequests unheard;

    private ServerView view;
    private long appliedRevision;
    private long lastSession;
    private boolean paused;
    private boolean leased = true;
    private long refusedAnswers;

    /** A server of which nothing is known yet; {@link #apply} comes first. */
    public IoreqServerRules(int id, long generation, IoreqEffects effects) {
        this.effects = effects;
        view = new ServerView(
                id,
                generation,
                "",
                false,
                false,
                0,
                NO_CLAIMS,
                RangeSet.EMPTY,
                RangeSet.EMPTY,
                RangeSet.EMPTY,
                0,
                0,
                0,
                0,
                0,
                EmulatorLine.NONE);
        HeldForwards held = new HeldForwards();
        replies = new ShardReplies(table, effects);
        ends = new RowEnds(slots, session, drains, replies);
        delivery = new Delivery(slots, session, marks, effects);
        expiry = new Expiry(slots, session, ends);
        caught = new Catch(table, drains, ends, expiry);
        intake = new Intake(slots, held, marks, replies, ends, expiry, caught, view);
        resumption = new Resumption(slots, session, ends);
    }

    /** Whether the node serves: while it does not, nothing is delivered, as while the domain is paused (D-11). It serves at first. */
    public void leased(boolean isLeased) {
        leased = isLeased;
    }

    /** Ioreqs of a shard (C7): nothing of an older epoch of it; too old ones go back, too new ones wait, the rest is taken. */
    public void accept(
            long nowNanos,
            int shard,
            long shardEpoch,
            long decidedRevision,
            long decidedChange,
            IoreqRows rows,
            SettledRows settled) {
        intake.accept(
                new HeldForwards.Held(shard, shardEpoch, decidedRevision, decidedChange, rows, settled), nowNanos);
        finish(nowNanos);
    }

    /**
     * What the server had at another home is here from now on, as what it has delivered to an emulator that is gone: by what the next one says it is done, under
     * way or delivered again (D-22, F6).
     *
     * @param shardEpoch since when the shard is where it asks; what of it is not applied here waits, since it would be told where the shard was before
     * @param homeEpoch the home's; of one that was left since it is passed over, of one to come it waits
     * @param returned posted rows that it had given back and that may come again (F3)
     */
    public void ask(long nowNanos, int shard, long shardEpoch, long homeEpoch, IoreqRows rows, KeyRows returned) {
        take(new EarlyAsks.Ask(shard, shardEpoch, homeEpoch, rows, returned), nowNanos);
        finish(nowNanos);
    }

    private void take(EarlyAsks.Ask ask, long nowNanos) {
        if (ask.homeEpoch() > view.homeEpoch() || ask.shardEpoch() > appliedRevision) {
            early.add(ask);
        } else if (ask.homeEpoch() == view.homeEpoch() && home.isBegun(view)) {
            // All that was to be asked when the server came here has been asked: what is asked now was passed to it
            // here.
            intake.askAgain(ask.shard(), ask.shardEpoch(), ask.rows());
        } else if (ask.homeEpoch() == view.homeEpoch()) {
            intake.ask(ask.shard(), ask.shardEpoch(), ask.rows(), ask.returned(), nowNanos);
        }
    }

    /** The domain's shards may have another copy: what they are told is kept until {@link #recorded}. */
    public void keepTold() {
        replies.told().keep();
    }

    /** Every copy of a shard has what it was told of these rows. */
    public void recorded(long nowNanos, KeyRows rows) {
        replies.told().recorded(rows);
        for (int i = 0; i < rows.size(); i++) {
            SlotRing ring = slots.recorded(rows.vcpu(i), rows.vcpuEpoch(i), rows.sequence(i));
            if (ring != null) {
                marks.renew(ring);
            }
        }
        finish(nowNanos);
    }

    /** All shards at that life whose placements began by {@code shardEpoch} have asked what they have to ask at that home. */
    public void homeTold(long nowNanos, Life by, long homeEpoch, long shardEpoch) {
        home.told(by, homeEpoch, shardEpoch);
        beginHere(nowNanos);
        finish(nowNanos);
    }

    private void beginHere(long nowNanos) {
        if (home.begins(view)) {
            KeptRequests kept = unheard;
            unheard = null;
            if (kept != null && session.isBound()) {
                resume(kept, nowNanos);
            }
        }
    }

    /** Whether shards have yet to ask: until they have, no answer and no call of the emulator can be judged, and is not to be told ({@link #answers}, {@link #gate}). */
    public boolean awaitsShards() {
        return !home.isBegun(view);
    }

    /**
     * A shard wants these rows back, since their pages have changed (F5).
     *
     * @param shardEpoch since when the shard is where it recalls them; one of what is not applied here waits, since it would be answered where the shard was before,
     *     and nobody would hear of it
     * @param change how often pages of the shard have changed: what it had decided before goes back when it arrives
     */
    public void recall(
            long nowNanos, int shard, long shardEpoch, long recall, long change, KeyRows rows, int drainMillis) {
        EarlyAsks.Recall asked = new EarlyAsks.Recall(shard, shardEpoch, recall, change, rows, drainMillis);
        if (early.has(shard) || shardEpoch > appliedRevision) {
            early.add(asked);
        } else {
            take(asked, nowNanos);
        }
        finish(nowNanos);
    }

    private void take(EarlyAsks.Recall recall, long nowNanos) {
        KeyRows rows = recall.rows();
        for (int i = 0; i < rows.size(); i++) {
            int row = slots.findAny(rows.vcpu(i), rows.vcpuEpoch(i), rows.sequence(i), rows.part(i));
            if (row != NONE) {
                caught.row(row, nowNanos, recall.drainMillis(), 0);
            }
        }
        intake.recall(recall.shard(), recall.change(), rows);
        intake.giveBackBehind();
        replies.flush();
        effects.recalled(recall.shard(), recall.recall());
    }

    /** Posted writes that this server gave back do not come to it again (F5): nothing waits for them any more (F3, F6). */
    public void postedLeft(long nowNanos, KeyRows rows) {
        if (early.isEmpty()) {
            left(rows);
        } else {
            early.add(new EarlyAsks.Left(rows));
        }
        finish(nowNanos);
    }

    private void left(KeyRows rows) {
        for (int i = 0; i < rows.size(); i++) {
            SlotRing ring = slots.leftForGood(rows.vcpu(i), rows.vcpuEpoch(i), rows.sequence(i));
            if (ring != null) {
                marks.renew(ring);
            }
        }
    }

    /**
     * The registry has moved on (rule 0); an older revision than the last changes nothing.
     *
     * @param tellers the lives that have shards of the domain, each with the last revision at which the placement of one of them began; none where this is not
     *     the server's home
     */
    public void apply(
            long nowNanos,
            long revision,
            ServerView newView,
            Map<Life, Long> tellers,
            boolean isPaused,
            List<VcpuOpening> opened,
            List<Drain> begun) {
        if (revision < appliedRevision) {
            return;
        }
        ServerView before = view;
        view = newView;
        appliedRevision = revision;
        paused = isPaused;
        lastSession = Math.max(lastSession, newView.sessionEpoch());
        intake.apply(revision, newView);
        if (newView.homeEpoch() != before.homeEpoch()) {
            intake.forget(nowNanos);
            unheard = null;
            if (newView.homeEpoch() > newView.generation()) {
                expiry.cameHere(nowNanos);
            }
        }
        home.tellers(tellers);
        expiry.timeoutMillis(newView.timeoutMillis(), nowNanos);
        for (VcpuOpening opening : opened) {
            intake.fence(opening.vcpu(), opening.epoch(), nowNanos);
        }
        if (session.isBound() && !session.is(newView.sessionEpoch())) {
            session.unbind();
            effects.fenced(
                    session.epoch(), newView.sessionEpoch() == 0 ? over(session.epoch()) : fenced(session.epoch()));
        }
        if (!begun.isEmpty() || ForwardReason.mayBeLost(before, newView)) {
            caught.all(newView, begun, nowNanos);
        }
        intake.release(nowNanos);
        for (EarlyAsks.Said said : early.take(newView.homeEpoch(), revision)) {
            switch (said) {
                case EarlyAsks.Ask ask -> take(ask, nowNanos);
                case EarlyAsks.Recall recall -> take(recall, nowNanos);
                case EarlyAsks.Left(KeyRows rows) -> left(rows);
            }
        }
        beginHere(nowNanos);
        finish(nowNanos);
    }

    /**
     * A stream serves from now on under the registry's active session (S5): what its run has carried out is done, what it has under way stays with it, the
     * rest of what was delivered is delivered again (F6), slots of rows that have timed out are emptied (F4).
     *
     * @param credit 1 … 1,048,576
     * @return why not: ESTALE when a newer session is active, EAGAIN when this node has not heard of this one yet, or when it has ended and none has
     *     taken its place
     */
    public Optional<Refusal> bind(long nowNanos, long epoch, long run, int credit, KeptRequests kept) {
        if (epoch > lastSession) {
            return Optional.of(Refusal.of(Errno.EAGAIN, "the session is not known here yet")
                    .with("session_epoch", epoch));
        }
        if (epoch != view.sessionEpoch() || session.is(epoch)) {
            boolean hasSuccessor = view.sessionEpoch() != 0 || epoch != lastSession;
            return Optional.of(hasSuccessor ? fenced(epoch) : over(epoch));
        }
        boolean ready = effects.attached(epoch);
        session.bind(epoch, run, credit, ready);
        if (epoch >= view.homeEpoch()) {
            expiry.allHaveHeard(nowNanos);
        }
        unheard = null;
        if (awaitsShards()) {
            unheard = kept;
        } else {
            resume(kept, nowNanos);
        }
        finish(nowNanos);
        return Optional.empty();
    }

    private void resume(KeptRequests kept, long nowNanos) {
        replies.expect(kept.size());
        resumption.resume(kept, nowNanos);
        marks.renew();
    }

    /**
     * Answers of the emulator; those that fit no slot in INPROCESS are refused and counted (F1), as are those of a session that is not bound (S5). A row with
     * the outcome ESTALE is given up, since it was completed otherwise (F2): its slot is free (F4), or, where it was not, is when its time is over.
     */
    public void answers(long nowNanos, long epoch, OutcomeRows rows) {
        if (!session.is(epoch)) {
            refusedAnswers += rows.size();
            return;
        }
        replies.expect(rows.size());
        KeyRows keys = rows.keys();
        for (int i = 0; i < rows.size(); i++) {
            int row = slots.find(keys.vcpu(i), keys.vcpuEpoch(i), keys.sequence(i), keys.part(i));
            boolean isOpen = row != NONE && table.state[row] == IoreqTable.INPROCESS;
            if (rows.errno(i) != Errno.OK) {
                if (isOpen) {
                    table.givenUp[row] = true;
                } else {
                    isOver(keys, i, nowNanos);
                }
            } else if (isOpen) {
                session.answered();
                ends.answer(row, rows.data(i), nowNanos);
            } else {
                refusedAnswers++;
                isOver(keys, i, nowNanos);
            }
        }
        finish(nowNanos);
    }

    /** The emulator has it no more, whatever came of it. */
    private void isOver(KeyRows keys, int i, long nowNanos) {
        session.answeredLate(keys.vcpu(i), keys.vcpuEpoch(i), keys.sequence(i), keys.part(i));
        int late = slots.findTimedOut(keys.vcpu(i), keys.vcpuEpoch(i), keys.sequence(i), keys.part(i));
        if (late != NONE) {
            slots.remove(late, nowNanos);
        }
    }

    /** More credit for the session; EINVAL when the sum passes 1,048,576. Of another session it is passed over. */
    public Optional<Refusal> addCredit(long nowNanos, long epoch, int rows) {
        if (!session.is(epoch)) {
            return Optional.empty();
        }
        long sum = session.granted() + rows;
        if (rows < 0 || sum > Limit.MAX_CREDIT.value()) {
            return Optional.of(Refusal.overLimit(Errno.EINVAL, "rows", sum, Limit.MAX_CREDIT));
        }
        session.grant(rows);
        finish(nowNanos);
        return Optional.empty();
    }

    /** The session's stream takes more. */
    public void ready(long nowNanos, long epoch) {
        if (session.is(epoch)) {
            session.ready(true);
            finish(nowNanos);
        }
    }

    /** The session's stream is lost: everything waits for the next (F4). */
    public void lost(long epoch) {
        if (session.is(epoch)) {
            session.unbind();
        }
    }

    /** Deadlines may have passed. */
    public void tick(long nowNanos) {
        expiry.expire(nowNanos, !awaitsShards());
        finish(nowNanos);
    }

    /** How many answers it has refused. */
    public long refusedAnswers() {
        return refusedAnswers;
    }

    /** When {@link #tick} is due on the clock of the other steps; {@link Deadlines#NEVER} while nothing is in flight. */
    public long nextDeadline() {
        return expiry.next();
    }

    /**
     * Whether a call may be made for this server (F2): its session is not fenced and every row that it serves is with that emulator. ENOENT, EPERM, ESTALE.
     */
    public Optional<Refusal> gate(Gate gate) {
        if (gate.generation() != 0 && gate.generation() != view.generation()) {
            return refusal(
                    Errno.ENOENT, "the server has generation " + view.generation(), "generation", gate.generation());
        }
        if (!gate.principal().equals(view.principal())) {
            return refusal(Errno.EPERM, "another principal created the server", "principal", gate.principal());
        }
        if (gate.sessionEpoch() == 0 || gate.sessionEpoch() != lastSession) {
            return refusal(Errno.ESTALE, "the session is not active", "session_epoch", gate.sessionEpoch());
        }
        KeyRows keys = gate.serving();
        for (int i = 0; i < keys.size(); i++) {
            int row = slots.find(keys.vcpu(i), keys.vcpuEpoch(i), keys.sequence(i), keys.part(i));
            if (row == NONE || table.state[row] != IoreqTable.INPROCESS) {
                return refusal(
                        Errno.ESTALE,
                        "the ioreq is not under way: vcpu %d, sequence %d, part %d"
                                .formatted(keys.vcpu(i), keys.sequence(i), keys.part(i)),
                        "serving",
                        i);
            }
        }
        return Optional.empty();
    }

    private Optional<Refusal> refusal(Errno errno, String message, String field, Object value) {
        return Optional.of(Refusal.of(errno, "id = " + view.id() + ": " + message)
                .with("id", view.id())
                .with("field", field)
                .with("value", value));
    }

    /** Nobody has taken its place: the emulator may come again. */
    private Refusal over(long epoch) {
        return Refusal.of(
                        Errno.EAGAIN,
                        "session " + epoch + " has ended, as when the node was without a lease: attach again")
                .with("id", view.id())
                .with("session_epoch", epoch);
    }

    private Refusal fenced(long epoch) {
        return Refusal.of(Errno.ESTALE, "session " + epoch + " is fenced: a newer one is active or it has ended")
                .with("id", view.id())
                .with("session_epoch", epoch);
    }

    /** What it has done so far. */
    public IoreqCounters counters() {
        return new IoreqCounters(
                delivery.delivered(),
                ends.answered(),
                refusedAnswers,
                delivery.redelivered(),
                ends.timedOut(),
                ends.decidedAgain(),
                slots.inUse(),
                slots.posted.waiting());
    }

    /** Whether the bound session has this epoch. */
    public boolean serves(long epoch) {
        return session.is(epoch);
    }

    private void finish(long nowNanos) {
        boolean delivers = !paused && leased && !awaitsShards();
        if (delivers) {
            expiry.expireUndelivered(nowNanos);
        }
        intake.giveBackBehind();
        replies.flush();
        delivery.deliver(nowNanos, !delivers, view.otherRunUntil());
        if (!awaitsShards()) {
            // Of what a shard has yet to ask the emulator must know still, should it attach once more.
            delivery.settle();
        }
        expiry.finish(nowNanos);
        for (long revision : drains.takeEnded()) {
            effects.drained(revision);
        }
    }
}
