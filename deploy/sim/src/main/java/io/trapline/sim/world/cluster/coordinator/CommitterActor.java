package io.trapline.sim.world.cluster.coordinator;

import io.trapline.coordinator.commit.CommitLedger;
import io.trapline.coordinator.raft.Applied;
import io.trapline.coordinator.registry.Answers;
import io.trapline.coordinator.registry.Result;
import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.LogEntry;
import io.trapline.model.Refusal;
import io.trapline.sim.world.cluster.host.Agenda;
import io.trapline.sim.world.cluster.host.Mailbox;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.sim.world.cluster.raft.SimReplica;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** Carries out what the real {@link CommitLedger} says, as {@code Committer} does. */
final class CommitterActor {
    private static final int SLOW = 2_000;
    private static final long SLOWEST = 50_000_000;

    private record Confirm(LongConsumer confirmed, Runnable refused) {}

    private final SimHost host;
    private final Mailbox mailbox;
    private final CommitLedger ledger;
    private final Map<Long, Consumer<Answer>> submits = new HashMap<>();
    private final Map<Long, Confirm> confirms = new HashMap<>();
    private final boolean isAlone;
    private @Nullable SimReplica replica;
    private long appliedBegunNanos = -1;
    private long tokens;

    /** @param isAlone whether it is the only replica */
    CommitterActor(Agenda agenda, SimHost host, boolean isAlone) {
        this.host = host;
        this.isAlone = isAlone;
        mailbox = new Mailbox(agenda, host, SLOW, SLOWEST);
        ledger = new CommitLedger(agenda.name(), new Carrying());
    }

    /** Where its entries go; before it is told anything. */
    void log(SimReplica log) {
        replica = log;
    }

    private long now() {
        return host.clock().getAsLong();
    }

    /** @param reply gets the answer in this actor's step */
    void submit(Command command, Consumer<Answer> reply) {
        mailbox.tell(() -> {
            submits.put(++tokens, reply);
            ledger.submit(now(), tokens, command);
        });
    }

    /** @param confirmed gets the true time at which the entry was begun that confirms it */
    void confirm(LongConsumer confirmed, Runnable refused) {
        mailbox.tell(() -> {
            confirms.put(++tokens, new Confirm(confirmed, refused));
            ledger.confirm(now(), tokens, isAlone);
        });
    }

    /** @param begunNanos true time at which a leader appended it */
    void applied(Applied applied, long begunNanos) {
        mailbox.tell(() -> {
            appliedBegunNanos = begunNanos;
            ledger.applied(
                    now(),
                    applied.committer(),
                    applied.number(),
                    applied.results().stream().map(Result::answer).toList(),
                    applied.term());
        });
    }

    void termApplied(long term) {
        mailbox.tell(() -> ledger.termApplied(now(), term));
    }

    void leading(long term) {
        mailbox.tell(() -> ledger.leading(now(), term));
    }

    void notLeading() {
        mailbox.tell(ledger::notLeading);
    }

    void leader(String address) {
        mailbox.tell(() -> ledger.leader(address));
    }

    /** How many wait for an answer. */
    int waiting() {
        return submits.size() + confirms.size();
    }

    private final class Carrying implements CommitLedger.Effects {
        @Override
        public void propose(LogEntry entry) {
            Objects.requireNonNull(replica)
                    .propose(
                            entry,
                            (failed, term) ->
                                    mailbox.tell(() -> ledger.proposalEnded(now(), entry.getNumber(), failed, term)));
        }

        @Override
        public void answer(long token, Answer answer) {
            Consumer<Answer> reply = submits.remove(token);
            if (reply != null) {
                reply.accept(answer);
            }
        }

        @Override
        public void refuse(long token, Refusal refusal) {
            Confirm confirm = confirms.remove(token);
            if (confirm != null) {
                confirm.refused().run();
            } else {
                answer(token, Answers.refused(refusal));
            }
        }

        @Override
        public void confirmed(long token, long term) {
            Confirm confirm = confirms.remove(token);
            if (confirm != null) {
                confirm.confirmed().accept(appliedBegunNanos);
            }
        }

        @Override
        public void wakeAt(long nanos) {
            host.after(Math.max(0, nanos - now()), () -> mailbox.tell(() -> ledger.tick(now())));
        }
    }
}
