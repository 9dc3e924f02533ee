package io.trapline.node.types;

import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.Gate;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ServerMessage.ShardTell;
import io.trapline.node.protocol.ShardRoute;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.protocol.TypesMessage.KnownServer;
import io.trapline.node.registry.DomainCalls;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;

/**
 * Carries out what concerns several shards of one domain, one call at a time: first every shard checks, then, where none refuses, every shard is
 * told to do it (T6, F2). Between the two no type changes, since types change through here alone. A call that is made for a server is told to the
 * shards by that server's actor, so that it is in order with the server's answers.
 */
public final class TypeCalls extends AbstractMatchingBehavior<TypesMessage> {
    private final int domid;
    private final ShardMap map;
    private final List<ShardRoute> shards;
    private final DomainCalls calls;
    private final ArrayDeque<Work> waiting = new ArrayDeque<>();
    private Map<Integer, KnownServer> servers = Map.of();

    private int waitingCalls;
    private @Nullable Work current;

    // Of the current call.
    private DomainCalls.@Nullable Call asked;
    private boolean committing;
    private boolean gateOwed;
    private int answersOwed;
    private final Map<Integer, Refusal> refusals = new HashMap<>();

    private TypeCalls(
            ActorContext<TypesMessage> context, int domid, ShardMap map, List<ShardRoute> shards, DomainCalls calls) {
        super(context);
        this.domid = domid;
        this.map = map;
        this.shards = List.copyOf(shards);
        this.calls = calls;
    }

    /**
     * The actor of a domain with these shards.
     *
     * @param calls what this node has asked, where answers are given
     */
    public static Behavior<TypesMessage> create(int domid, ShardMap map, List<ShardRoute> shards, DomainCalls calls) {
        return Behaviors.setup(context -> new TypeCalls(context, domid, map, shards, calls));
    }

    @Override
    public Behavior<TypesMessage> onMessage(TypesMessage message) {
        switch (message) {
            case TypesMessage.SetTypes call -> enter(new SetTypesWork(call, map));
            case TypesMessage.WriteAcross call -> enter(new WriteWork(call));
            case TypesMessage.Reset call -> enterUncounted(new ResetWork(call, shards.size()));
            case TypesMessage.Answered answered -> onAnswered(answered.answer());
            case TypesMessage.Servers known -> onServers(known.servers());
            case TypesMessage.ServerGone gone -> onServerGone(gone);
            case TypesMessage.ShardsMoved moved -> onShardsMoved(moved);
            case TypesMessage.Stop stop -> {
                return Behaviors.stopped();
            }
        }
        return this;
    }

    private void enter(Work work) {
        if (waitingCalls >= Limit.MAX_TYPE_CALLS_WAITING.intValue()) {
            Refusal tooMany = Refusal.overLimit(
                            Errno.EAGAIN, "type calls waiting", waitingCalls + 1L, Limit.MAX_TYPE_CALLS_WAITING)
                    .with("domid", domid);
            work.end(Optional.of(tooMany), calls);
            return;
        }
        waitingCalls++;
        enterUncounted(work);
    }

    /** Resets are not counted: there is one a claim at most, and they are never refused. */
    private void enterUncounted(Work work) {
        waiting.add(work);
        beginNext();
    }

    private void beginNext() {
        while (current == null && !waiting.isEmpty()) {
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
        committing = false;
        long call = beginStep(work.size());
        for (int i = 0; i < work.size(); i++) {
            shards.get(work.shard(i)).tell(work.check(i, call));
        }
    }

    private void commit(Work work) {
        committing = true;
        long call = beginStep(work.size());
        Gate gate = work.gate().orElse(null);
        if (gate == null) {
            for (int i = 0; i < work.size(); i++) {
                shards.get(work.shard(i)).tell(work.commit(i, call));
            }
            return;
        }
        KnownServer server = servers.get(gate.serverId());
        if (server == null || server.generation() != gate.generation()) {
            end(Optional.of(Refusal.noServer(domid, gate.serverId())));
            return;
        }
        gateOwed = true;
        List<ShardTell> tells = new ArrayList<>(work.size());
        for (int i = 0; i < work.size(); i++) {
            tells.add(new ShardTell(work.shard(i), work.commit(i, call)));
        }
        server.route().tell(new ServerMessage.Gated(call, gate, tells));
    }

    /** The number under which its answers come. */
    private long beginStep(int answers) {
        endStep();
        answersOwed = answers;
        gateOwed = false;
        // Refused with the whole domain, which ends this actor too, or as shards move, which it is told.
        DomainCalls.Call step = calls.begin(refusal -> {});
        ActorRef<TypesMessage> self = getContext().getSelf();
        step.onAnswer(answer -> self.tell(new TypesMessage.Answered(answer)));
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
                gateOwed = false;
                if (passed.refusal().isPresent()) {
                    end(passed.refusal());
                } else {
                    advance();
                }
            }
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

    private void onShardsMoved(TypesMessage.ShardsMoved moved) {
        List<Work> refused = moved.away() ? List.copyOf(waiting) : List.of();
        waiting.removeAll(refused);
        if (current != null) {
            end(Optional.of(moved.why()));
        }
        for (Work work : refused) {
            if (work.isCounted()) {
                waitingCalls--;
            }
            work.end(Optional.of(moved.why()), calls);
        }
    }

    private void onServerGone(TypesMessage.ServerGone gone) {
        Work work = current;
        if (work != null && gateOwed) {
            work.gate()
                    .filter(by -> by.serverId() == gone.id() && by.generation() == gone.generation())
                    .ifPresent(by -> end(Optional.of(Refusal.noServer(domid, gone.id()))));
        }
    }

    private void advance() {
        Work work = current;
        if (work == null || answersOwed > 0 || gateOwed) {
            return;
        }
        Optional<Refusal> refusal = refusals.isEmpty() ? Optional.empty() : Optional.of(work.first(refusals));
        if (committing || refusal.isPresent()) {
            end(refusal);
        } else {
            commit(work);
        }
    }

    /** Answers of the call that come later are of an older step. */
    private void end(Optional<Refusal> refusal) {
        Work work = current;
        current = null;
        endStep();
        if (work != null) {
            if (work.isCounted()) {
                waitingCalls--;
            }
            work.end(refusal, calls);
        }
        beginNext();
    }
}
