package io.trapline.node.types;

import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ServerMessage.ShardTell;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.TypesMessage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
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
    private final List<ActorRef<ShardMessage>> shards;
    private final ArrayDeque<Work> waiting = new ArrayDeque<>();
    /** By id the newest generation whose actor is gone. */
    private final Map<Integer, Long> goneServers = new HashMap<>();

    private int waitingCalls;
    private @Nullable Work current;

    // Of the current call.
    private long step;
    private boolean committing;
    private boolean gateOwed;
    private int answersOwed;
    private final Map<Integer, Refusal> refusals = new HashMap<>();

    private TypeCalls(
            ActorContext<TypesMessage> context, int domid, ShardMap map, List<ActorRef<ShardMessage>> shards) {
        super(context);
        this.domid = domid;
        this.map = map;
        this.shards = List.copyOf(shards);
    }

    /** The actor of a domain with these shards. */
    public static Behavior<TypesMessage> create(int domid, ShardMap map, List<ActorRef<ShardMessage>> shards) {
        return Behaviors.setup(context -> new TypeCalls(context, domid, map, shards));
    }

    @Override
    public Behavior<TypesMessage> onMessage(TypesMessage message) {
        switch (message) {
            case TypesMessage.SetTypes call -> enter(new SetTypesWork(call, map));
            case TypesMessage.WriteAcross call -> enter(new WriteWork(call));
            case TypesMessage.Reset call -> enterUncounted(new ResetWork(call, shards.size()));
            case TypesMessage.ShardAnswered answered -> onShardAnswered(answered);
            case TypesMessage.GatePassed passed -> onGatePassed(passed);
            case TypesMessage.ServerGone gone -> onServerGone(gone);
            case TypesMessage.Stop stop -> {
                return Behaviors.stopped();
            }
        }
        return this;
    }

    private void enter(Work work) {
        if (waitingCalls >= Limit.MAX_TYPE_CALLS_WAITING.intValue()) {
            work.end(Optional.of(Refusal.overLimit(
                            Errno.EAGAIN, "type calls waiting", waitingCalls + 1L, Limit.MAX_TYPE_CALLS_WAITING)
                    .with("domid", domid)));
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
        beginStep(work.size());
        for (int i = 0; i < work.size(); i++) {
            shards.get(work.shard(i)).tell(work.check(i, answer(i)));
        }
    }

    private void commit(Work work) {
        committing = true;
        beginStep(work.size());
        TypesMessage.GatedBy gate = work.gate().orElse(null);
        if (gate == null) {
            for (int i = 0; i < work.size(); i++) {
                shards.get(work.shard(i)).tell(work.commit(i, answer(i)));
            }
            return;
        }
        long generation = gate.gate().generation();
        if (generation <= goneServers.getOrDefault(gate.gate().serverId(), -1L)) {
            end(Optional.of(Refusal.noServer(domid, gate.gate().serverId())));
            return;
        }
        gateOwed = true;
        List<ShardTell> tells = new ArrayList<>(work.size());
        for (int i = 0; i < work.size(); i++) {
            tells.add(new ShardTell(work.shard(i), work.commit(i, answer(i))));
        }
        long ofStep = step;
        ActorRef<TypesMessage> self = getContext().getSelf();
        gate.server()
                .tell(new ServerMessage.Gated(
                        gate.gate(), tells, refusal -> self.tell(new TypesMessage.GatePassed(ofStep, refusal))));
    }

    private void beginStep(int answers) {
        step++;
        answersOwed = answers;
        gateOwed = false;
        refusals.clear();
    }

    private Consumer<Optional<Refusal>> answer(int i) {
        long ofStep = step;
        ActorRef<TypesMessage> self = getContext().getSelf();
        return refusal -> self.tell(new TypesMessage.ShardAnswered(ofStep, i, refusal));
    }

    private void onShardAnswered(TypesMessage.ShardAnswered answered) {
        if (answered.step() == step) {
            answered.refusal().ifPresent(refusal -> refusals.put(answered.piece(), refusal));
            answersOwed--;
            advance();
        }
    }

    private void onGatePassed(TypesMessage.GatePassed passed) {
        if (passed.step() != step) {
            return;
        }
        gateOwed = false;
        if (passed.refusal().isPresent()) {
            end(passed.refusal());
        } else {
            advance();
        }
    }

    private void onServerGone(TypesMessage.ServerGone gone) {
        goneServers.merge(gone.id(), gone.generation(), Math::max);
        Work work = current;
        if (work != null && gateOwed) {
            work.gate()
                    .filter(by -> by.gate().serverId() == gone.id() && by.gate().generation() == gone.generation())
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
        step++;
        refusals.clear();
        if (work != null) {
            if (work.isCounted()) {
                waitingCalls--;
            }
            work.end(refusal);
        }
        beginNext();
    }
}
