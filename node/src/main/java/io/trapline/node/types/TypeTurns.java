package io.trapline.node.types;

import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.FirstAnswer;
import io.trapline.node.protocol.Gate;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.Mark;
import io.trapline.node.protocol.RequestName;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ServerMessage.ShardTell;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardRoute;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.protocol.TypesMessage.KnownServer;
import io.trapline.node.protocol.TypesTxn;
import io.trapline.node.registry.DomainCalls;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out what concerns several shards of one domain, one call at a time: first every shard checks, then, where none refuses, every shard is
 * told to do it (T6, F2). Between the two no type changes, since types change through here alone. A call that is made for a server is told to the
 * shards by that server's actor, so that it is in order with the server's answers. The shards may be at several nodes: whoever decides the first one carries out
 * the calls.
 *
 * <p>The first shard of a call over several keeps it, replicated, from before the first does it until all have: when a shard's primary dies or hands over in between, whoever
 * carries out the calls then asks all of them first. What one has done, all do; what none has, none does. A shard that was asked takes nothing more of what was told
 * before, wherever that still is: so what none has done stays so.
 *
 * <p>What is asked for under a request id is answered as it was the first time (section E): the lowest shard keeps the answer, and is asked for it with the check.
 *
 * <pre>
 *   CHECKING ─▶ MARKING ─▶ COMMITTING ─▶ DROPPING ─▶ IDLE          promoted, or cut short: ASKING ─▶ FINISHING ─▶ DROPPING ─▶ ASKING ─▶ IDLE
 *   CHECKING, COMMITTING ──refused, under a request id──▶ REFUSING ─▶ IDLE
 * </pre>
 */
public final class TypeTurns {
    /** What it needs of whoever drives it: the actor, or the simulation. */
    public interface Outside {
        /** It tells itself something, behind what it was told before. Any thread. */
        void toSelf(TypesMessage message);

        /** It is to be told something after a while, in place of what of that kind it was to be told before. */
        void later(Duration delay, TypesMessage message);

        /** It is not to be told that any more which asks its shards again. */
        void cancelRecover();
    }

    private static final Logger LOG = LoggerFactory.getLogger(TypeTurns.class);
    private static final Duration ASK_AGAIN = Duration.ofMillis(50);
    /** Longer than a lease: where the shard has another copy, that one answers by then. */
    private static final Duration CHECK = Duration.ofSeconds(2);

    private final int domid;
    private final ShardMap map;
    private final List<ShardRoute> shards;
    private final DomainCalls calls;
    private final Life self;
    private final Outside outside;
    private final ArrayDeque<Work> waiting = new ArrayDeque<>();
    private Map<Integer, KnownServer> servers = Map.of();

    private int waitingCalls;
    private @Nullable Work current;
    private Phase phase = Phase.IDLE;

    /** Since when this node carries out the domain's type calls, as it knows. */
    private long term;

    /** The type calls of the domain are another node's: what callers are told. */
    private @Nullable Refusal away;
    /** Whether the shards are to be asked what was cut short, before anything else begins. */
    private boolean recovers;
    /** The shards may not know yet that they are decided here: nothing begins. */
    private boolean held;

    // Of the current call.
    private DomainCalls.@Nullable Call asked;
    /** The call that a shard keeps, and which shard. */
    private @Nullable TypesTxn txn;

    private int keeper;
    private final List<CallAnswer.Marked> found = new ArrayList<>();
    /** What the caller is told once it is kept. */
    private Optional<Refusal> refusing = Optional.empty();

    private boolean gateOwed;
    private int answersOwed;
    private final Map<Integer, Refusal> refusals = new HashMap<>();

    private enum Phase {
        IDLE,
        CHECKING,
        MARKING,
        COMMITTING,
        REFUSING,
        DROPPING,
        ASKING,
        FINISHING
    }

    /**
     * Of a domain with these shards.
     *
     * @param calls what this node has asked, where answers are given
     * @param self this life
     * @param term the epoch of the domain's first shard; of no interest where another node decides it
     */
    public TypeTurns(
            int domid,
            ShardMap map,
            List<ShardRoute> shards,
            DomainCalls calls,
            Life self,
            long term,
            Outside outside) {
        this.domid = domid;
        this.map = map;
        this.shards = List.copyOf(shards);
        this.calls = calls;
        this.self = self;
        this.term = term;
        this.outside = outside;
    }

    /** Takes a message. One thread at a time. */
    public void tell(TypesMessage message) {
        switch (message) {
            case TypesMessage.SetTypes call -> enter(new SetTypesWork(call, map));
            case TypesMessage.WriteAcross call -> enter(new WriteWork(call));
            case TypesMessage.Reset call -> enterReset(new ResetWork(call, shards.size()));
            case TypesMessage.Answered answered -> onAnswered(answered.answer());
            case TypesMessage.Servers known -> onServers(known.servers());
            case TypesMessage.ServerGone gone -> onServerGone(gone);
            case TypesMessage.ShardsMoved moved -> onShardsMoved(moved);
            case TypesMessage.Recover recover -> onRecover(recover.term());
            case TypesMessage.StepOverdue overdue -> onStepOverdue(overdue.call());
            case TypesMessage.Stop stop -> {}
        }
    }

    /** Whether nothing is under way or waits. */
    public boolean isIdle() {
        return phase == Phase.IDLE && waiting.isEmpty() && !recovers && !held;
    }

    private void enter(Work work) {
        if (away != null) {
            work.end(Optional.of(away), calls);
            return;
        }
        if (waitingCalls >= Limit.MAX_TYPE_CALLS_WAITING.intValue()) {
            Refusal tooMany = Refusal.overLimit(
                            Errno.EAGAIN, "type calls waiting", waitingCalls + 1L, Limit.MAX_TYPE_CALLS_WAITING)
                    .with("domid", domid);
            work.end(Optional.of(tooMany), calls);
            return;
        }
        waitingCalls++;
        waiting.add(work);
        beginNext();
    }

    /** Resets are not counted: there is one a claim at most, and they are never refused. */
    private void enterReset(ResetWork reset) {
        if (away == null) {
            waiting.add(reset);
            beginNext();
        } else {
            reset.end(Optional.of(away), calls);
        }
    }

    private void uncount(Work work) {
        if (work.isCounted()) {
            waitingCalls--;
        }
    }

    private void beginNext() {
        while (phase == Phase.IDLE && !held && (recovers || !waiting.isEmpty())) {
            if (recovers) {
                askShards();
                return;
            }
            Work work = waiting.remove();
            current = work;
            if (work.isChecked()) {
                check(work);
            } else {
                commit(work);
            }
        }
    }

    private void check(Work work) {
        long call = beginStep(Phase.CHECKING, work.size());
        outside.later(CHECK, new TypesMessage.StepOverdue(call));
        for (int i = 0; i < work.size(); i++) {
            ShardMessage.Call check = work.check(i, call);
            shards.get(work.shard(i)).tell(i == 0 ? once(work, check) : check);
        }
    }

    /** At the lowest shard, which knows whether it was carried out, or refused, before. */
    private static ShardMessage.Call once(Work work, ShardMessage.Call message) {
        return work.request()
                .<ShardMessage.Call>map(name -> new ShardMessage.Once(name, message))
                .orElse(message);
    }

    private void markOrCommit(Work work) {
        TypesMessage.Call kept = work.kept().orElse(null);
        if (kept == null || work.size() == 1) {
            commit(work);
            return;
        }
        long call = beginStep(Phase.MARKING, 1);
        TypesTxn id = name(call);
        txn = id;
        keeper = work.shard(0);
        shards.get(keeper).tell(new ShardMessage.KeepMark(call, new Mark(id, kept)));
    }

    private void commit(Work work) {
        long call = beginStep(Phase.COMMITTING, work.size());
        Gate gate = work.gate().orElse(null);
        if (gate == null) {
            for (int i = 0; i < work.size(); i++) {
                shards.get(work.shard(i)).tell(part(work, i, call));
            }
            return;
        }
        KnownServer server = servers.get(gate.serverId());
        if (server == null || server.generation() != gate.generation()) {
            refuse(Refusal.noServer(domid, gate.serverId()));
            return;
        }
        gateOwed = true;
        List<ShardTell> tells = new ArrayList<>(work.size());
        for (int i = 0; i < work.size(); i++) {
            tells.add(new ShardTell(work.shard(i), part(work, i, call)));
        }
        server.route().tell(new ServerMessage.Gated(call, gate, tells));
    }

    /** A call in one shard is named too: an entry that has been replaced does not carry it out behind its successor's back. */
    private ShardMessage.Call part(Work work, int piece, long call) {
        TypesTxn by = name(call);
        TypesTxn id = txn;
        ShardMessage.Call commit = work.commit(piece, call);
        return id == null ? new ShardMessage.Part(by, by, once(work, commit)) : new ShardMessage.Part(id, by, commit);
    }

    /** Nothing of it is done, and nothing will be: where a client may ask again, the refusal is kept before it is told. */
    private void refuse(Refusal why) {
        Work work = current;
        RequestName name = work == null ? null : work.request().orElse(null);
        if (work == null || name == null || !FirstAnswer.isKept(why)) {
            end(Optional.of(why));
            return;
        }
        TypesTxn id = txn;
        long call = beginStep(Phase.REFUSING, 1);
        outside.later(CHECK, new TypesMessage.StepOverdue(call));
        refusing = Optional.of(why);
        shards.get(work.shard(0))
                .tell(
                        id == null
                                ? new ShardMessage.Refused(call, name, why)
                                : new ShardMessage.DropMark(call, id, Optional.of(FirstAnswer.refused(why))));
    }

    /** The call was answered before. What was begun of it was not. */
    private void settle(FirstAnswer answer) {
        txn = null;
        end(answer.refusal());
    }

    private TypesTxn name(long call) {
        return new TypesTxn(term, self, call);
    }

    /** @param answer its first one; empty = none has done it */
    private void dropMark(TypesTxn id, Optional<FirstAnswer> answer) {
        txn = id;
        long call = beginStep(Phase.DROPPING, 1);
        shards.get(keeper).tell(new ShardMessage.DropMark(call, id, answer));
    }

    private void askShards() {
        found.clear();
        long call = beginStep(Phase.ASKING, shards.size());
        TypesTxn by = name(call);
        shards.forEach(shard -> shard.tell(new ShardMessage.GetMark(call, by)));
    }

    /** What all shards have said: one call at most was cut short, and is finished or forgotten; then they are asked again. */
    private void recover() {
        Optional<CallAnswer.Marked> marked =
                found.stream().filter(shard -> shard.kept().isPresent()).findFirst();
        if (marked.isEmpty()) {
            recovers = false;
            idle();
            return;
        }
        Mark mark = marked.get().kept().orElseThrow();
        keeper = marked.get().shard();
        Work work = switch (mark.change()) {
            case TypesMessage.SetTypes types -> new SetTypesWork(types, map);
            case TypesMessage.WriteAcross write -> new WriteWork(write);
        };
        List<Integer> left = new ArrayList<>();
        for (int i = 0; i < work.size(); i++) {
            if (!hasDone(work.shard(i), mark.id())) {
                left.add(i);
            }
        }
        if (left.isEmpty() || left.size() == work.size()) {
            dropMark(mark.id(), left.isEmpty() ? Optional.of(FirstAnswer.DONE) : Optional.empty());
            return;
        }
        txn = mark.id();
        long call = beginStep(Phase.FINISHING, left.size());
        left.forEach(i -> shards.get(work.shard(i)).tell(part(work, i, call)));
    }

    private boolean hasDone(int shard, TypesTxn id) {
        return found.stream()
                .anyMatch(of ->
                        of.shard() == shard && of.done().filter(id::equals).isPresent());
    }

    private void idle() {
        endStep();
        txn = null;
        phase = Phase.IDLE;
        beginNext();
    }

    /** Shards here have been told that they are decided here; those elsewhere may refuse still. */
    private void onRecover(long now) {
        if (away == null) {
            // One of before may come behind that with which this began.
            // Shards that were asked under a later term refuse an earlier one for ever.
            term = Math.max(term, now);
            held = false;
            recovers = true;
            beginNext();
        }
    }

    /** A shard that was asked is not decided where it is thought to be, or not yet: nothing begins until all have been asked again. */
    private void askLater() {
        held = true;
        recovers = true;
        outside.later(ASK_AGAIN, new TypesMessage.Recover(term));
        idle();
    }

    /** It cannot be refused: what it has not come to yet it comes to when that is known to be here. */
    private void beginAgain(ResetWork reset) {
        current = null;
        waiting.addFirst(reset);
    }

    /** The number under which its answers come. */
    private long beginStep(Phase next, int answers) {
        endStep();
        phase = next;
        answersOwed = answers;
        gateOwed = false;
        // Refused with the whole domain, which ends this actor too, or as shards move, which it is told.
        DomainCalls.Call step = calls.begin(refusal -> {});
        step.onAnswer(answer -> outside.toSelf(new TypesMessage.Answered(answer)));
        asked = step;
        return step.number();
    }

    private void endStep() {
        DomainCalls.Call step = asked;
        asked = null;
        refusals.clear();
        if (step != null) {
            step.answer(Optional.empty());
        }
    }

    private void onAnswered(CallAnswer answer) {
        DomainCalls.Call step = asked;
        if (step == null || answer.call() != step.number()) {
            return;
        }
        switch (answer) {
            case CallAnswer.Done done -> {
                done.refusal().ifPresent(refusal -> refusals.put(done.shard(), refusal));
                answersOwed--;
                advance();
            }
            case CallAnswer.GatePassed passed -> {
                boolean hasPassed = !gateOwed;
                gateOwed = false;
                passed.refusal().ifPresentOrElse(why -> onGateRefused(why, hasPassed), this::advance);
            }
            case CallAnswer.Marked marked -> {
                found.add(marked);
                answersOwed--;
                advance();
            }
            case CallAnswer.Settled settled -> settle(settled.answer());
            case CallAnswer.Read read -> throw new IllegalArgumentException("nothing was to be read: " + read);
            case CallAnswer.Listed listed -> throw new IllegalArgumentException("nothing was to be listed: " + listed);
            case CallAnswer.Ended ended -> throw new IllegalArgumentException("no call of a step: " + ended);
        }
    }

    private void onServers(Map<Integer, KnownServer> known) {
        Map<Integer, KnownServer> before = servers;
        servers = known;
        Work work = current;
        if (work != null && gateOwed) {
            // Its gate is elsewhere now, and the one that was asked may say nothing any more.
            work.gate()
                    .filter(by -> known.containsKey(by.serverId())
                            && !Objects.equals(known.get(by.serverId()), before.get(by.serverId())))
                    .ifPresent(by -> end(Optional.of(DomainCalls.moved(domid, by.serverId()))));
        }
    }

    /** A shard's node is silent. Nothing is done yet, so that calls that do not need it need not wait until it is there again, or its life is over. */
    private void onStepOverdue(long call) {
        DomainCalls.Call step = asked;
        if (step == null || step.number() != call) {
            return;
        }
        Refusal silent = Refusal.of(Errno.EAGAIN, "a node that decides pages of the call does not answer")
                .with("domid", domid);
        if (phase == Phase.CHECKING) {
            end(Optional.of(silent.with("effect", "none")));
        } else if (phase == Phase.REFUSING) {
            // The refusal may yet be kept.
            end(Optional.of(FirstAnswer.notKept(silent)));
        }
    }

    private void onShardsMoved(TypesMessage.ShardsMoved moved) {
        outside.cancelRecover();
        List<Work> refused = moved.away() ? List.copyOf(waiting) : List.of();
        waiting.removeAll(refused);
        away = moved.away() ? moved.why() : null;
        if (away == null && current instanceof ResetWork reset) {
            beginAgain(reset);
        }
        // Nothing begins until it is known what becomes of the rest, and until the shards that are decided here now
        // have heard of it: Recover.
        held = true;
        end(Optional.of(moved.why()));
        recovers &= !moved.away();
        held = !moved.away();
        for (Work work : refused) {
            uncount(work);
            work.end(Optional.of(moved.why()), calls);
        }
        beginNext();
    }

    private void onServerGone(TypesMessage.ServerGone gone) {
        Work work = current;
        if (work != null && gateOwed) {
            work.gate()
                    .filter(by -> by.serverId() == gone.id() && by.generation() == gone.generation())
                    .ifPresent(by -> onGateGone(Refusal.noServer(domid, gone.id())));
        }
    }

    /** It may have let the call pass before: the one shard says what becomes of it, or the mark does. */
    private void onGateGone(Refusal why) {
        if (txn == null) {
            refuse(why);
        } else {
            cutShort(why);
        }
    }

    /** {@code hasPassed}: it had let the call pass, and then the domain ended where it is. What it told shards may be done. */
    private void onGateRefused(Refusal why, boolean hasPassed) {
        if (hasPassed) {
            cutShort(why);
        } else {
            refuse(why);
        }
    }

    private void cutShort(Refusal why) {
        end(Optional.of(
                Refusal.of(Errno.EAGAIN, why.message()).with("domid", domid).with("effect", "unknown")));
    }

    private void advance() {
        if (answersOwed > 0 || gateOwed) {
            return;
        }
        Work work = current;
        if (work != null && phase == Phase.REFUSING) {
            endRefusal();
            return;
        }
        if (work != null) {
            Optional<Refusal> refusal = refusals.isEmpty() ? Optional.empty() : Optional.of(refusal(work));
            if (work instanceof ResetWork reset && refusal.isPresent()) {
                beginAgain(reset);
                askLater();
            } else if (refusal.isPresent()) {
                refuse(refusal.get());
            } else if (phase == Phase.COMMITTING) {
                end(refusal);
            } else if (phase == Phase.CHECKING) {
                markOrCommit(work);
            } else {
                commit(work);
            }
            return;
        }
        TypesTxn id = txn;
        if (!refusals.isEmpty()) {
            LOG.debug("domain {}: a call that was cut short is not finished yet: {}", domid, refusals);
            askLater();
        } else if (phase == Phase.ASKING) {
            recover();
        } else if (phase == Phase.FINISHING && id != null) {
            dropMark(id, Optional.of(FirstAnswer.DONE));
        } else {
            idle();
        }
    }

    private void endRefusal() {
        Optional<Refusal> notKept = refusals.values().stream().findFirst();
        if (notKept.isEmpty()) {
            txn = null;
        }
        end(notKept.map(FirstAnswer::notKept).or(() -> refusing));
    }

    private Refusal refusal(Work work) {
        if (phase == Phase.COMMITTING && txn != null) {
            // It was checked: a shard is decided elsewhere by now, and what others have done it may yet do.
            return Refusal.of(Errno.EAGAIN, "a shard of the domain goes on at another node")
                    .with("domid", domid)
                    .with("effect", "unknown");
        }
        return phase == Phase.MARKING ? refusals.values().iterator().next() : work.first(refusals);
    }

    /** Answers of the call that come later are of an older step. */
    private void end(Optional<Refusal> refusal) {
        Work work = current;
        TypesTxn id = txn;
        current = null;
        endStep();
        txn = null;
        phase = Phase.IDLE;
        if (work != null) {
            uncount(work);
            work.end(refusal, calls);
        }
        if (id != null && refusal.isEmpty()) {
            dropMark(id, Optional.of(FirstAnswer.DONE));
            return;
        }
        // Some may have done it.
        recovers |= id != null;
        beginNext();
    }
}
