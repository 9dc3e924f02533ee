package io.trapline.coordinator.commit;

import io.trapline.coordinator.raft.Applied;
import io.trapline.coordinator.raft.Log;
import io.trapline.coordinator.registry.Answers;
import io.trapline.coordinator.registry.Result;
import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.LogEntry;
import io.trapline.model.Refusal;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Puts commands into the log, and asks through the log whether this coordinator leads. Commands that arrive while an entry is under way
 * travel together in the next one, so that the rate of commits does not bound the rate of commands. {@link CommitLedger} decides.
 */
public final class Committer extends AbstractMatchingBehavior<Committer.Message> {
    /** What it is told. */
    public sealed interface Message {}

    /**
     * Carry a command out.
     *
     * @param command well formed by itself
     * @param reply gets the answer, on this actor's thread; must not block. A refusal with {@link NotLeading#EFFECT} has had none.
     */
    public record Submit(Command command, Consumer<Answer> reply) implements Message {}

    /**
     * Does this coordinator lead? Either is called once, on this actor's thread, and must not block.
     *
     * @param confirmed it has led since it took this message, and has applied whatever was acknowledged anywhere before
     * @param refused that cannot be said
     */
    public record Confirm(Runnable confirmed, Consumer<Refusal> refused) implements Message {}

    /** The replica has applied an entry, of whichever committer. */
    public record EntryApplied(Applied applied) implements Message {}

    /** The replica has applied an entry of that term, of whatever kind. */
    public record TermApplied(long term) implements Message {}

    /** This replica leads in that term. */
    public record Leading(long term) implements Message {}

    /** This replica leads no longer. */
    public record Deposed() implements Message {}

    /** Where the leader's services are, {@code host:port}; empty = not known. */
    public record Leader(String address) implements Message {}

    /** The coordinator ends. */
    public record Stop() implements Message {}

    private record ProposalEnded(long number, boolean failed, long writtenTerm) implements Message {}

    private record Wake() implements Message {}

    private final TimerScheduler<Message> timers;
    private final Log log;
    private final LongSupplier nanoTime;
    private final CommitLedger ledger;
    private final Map<Long, Submit> submits = new HashMap<>();
    private final Map<Long, Confirm> confirms = new HashMap<>();
    private long tokens;

    private Committer(
            ActorContext<Message> context,
            TimerScheduler<Message> timers,
            long committer,
            Log log,
            LongSupplier nanoTime) {
        super(context);
        this.timers = timers;
        this.log = log;
        this.nanoTime = nanoTime;
        this.ledger = new CommitLedger(committer, new Carrying());
    }

    /**
     * A committer.
     *
     * @param committer its name in the log: random, fresh for each process
     * @param log where its entries go
     * @param nanoTime a monotonic clock
     */
    public static Behavior<Message> create(long committer, Log log, LongSupplier nanoTime) {
        return Behaviors.setup(
                context -> Behaviors.withTimers(timers -> new Committer(context, timers, committer, log, nanoTime)));
    }

    @Override
    public Behavior<Message> onMessage(Message message) {
        long now = nanoTime.getAsLong();
        switch (message) {
            case Submit submit -> {
                submits.put(++tokens, submit);
                ledger.submit(now, tokens, submit.command());
            }
            case Confirm confirm -> {
                confirms.put(++tokens, confirm);
                ledger.confirm(now, tokens, log.isAlone());
            }
            case EntryApplied(Applied applied) ->
                ledger.applied(
                        now,
                        applied.committer(),
                        applied.number(),
                        applied.results().stream().map(Result::answer).toList(),
                        applied.term());
            case TermApplied applied -> ledger.termApplied(now, applied.term());
            case Leading leading -> ledger.leading(now, leading.term());
            case Deposed deposed -> ledger.notLeading();
            case Leader leader -> ledger.leader(leader.address());
            case ProposalEnded ended -> ledger.proposalEnded(now, ended.number(), ended.failed(), ended.writtenTerm());
            case Wake wake -> ledger.tick(now);
            case Stop stop -> {
                return Behaviors.stopped();
            }
        }
        return this;
    }

    /** What the ledger wants, done. */
    private final class Carrying implements CommitLedger.Effects {
        @Override
        public void propose(LogEntry entry) {
            log.propose(entry)
                    .whenComplete((done, failure) -> getContext()
                            .getSelf()
                            .tell(new ProposalEnded(entry.getNumber(), failure != null, log.writtenTerm())));
        }

        @Override
        public void answer(long token, Answer answer) {
            Submit submit = submits.remove(token);
            if (submit != null) {
                submit.reply().accept(answer);
            }
        }

        @Override
        public void refuse(long token, Refusal refusal) {
            Confirm confirm = confirms.remove(token);
            if (confirm != null) {
                confirm.refused().accept(refusal);
            } else {
                answer(token, Answers.refused(refusal));
            }
        }

        @Override
        public void confirmed(long token, long term) {
            Confirm confirm = confirms.remove(token);
            if (confirm != null) {
                confirm.confirmed().run();
            }
        }

        @Override
        public void wakeAt(long nanos) {
            timers.startSingleTimer(nanos, new Wake(), Duration.ofNanos(Math.max(0, nanos - nanoTime.getAsLong())));
        }
    }
}
