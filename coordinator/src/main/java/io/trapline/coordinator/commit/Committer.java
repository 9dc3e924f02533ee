package io.trapline.coordinator.commit;

import io.trapline.coordinator.raft.Applied;
import io.trapline.coordinator.registry.Answers;
import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.LogEntry;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/**
 * Puts commands into the log. Commands that arrive while an entry is under way travel together in the next one, so that the rate of
 * commits does not bound the rate of commands.
 *
 * <p>Invariant: one entry is under way at a time, and it is proposed again under its number until it is known to be applied; the registry
 * applies it once. So an answer is either what the registry said, or EAGAIN for a command that never went into the log. What became of a
 * command in the log is never guessed: its caller waits.
 */
public final class Committer extends AbstractMatchingBehavior<Committer.Message> {
    private static final int MAX_WAITING = 16_384;
    private static final int MAX_COMMANDS_PER_ENTRY = 512;
    private static final int MAX_ENTRY_BYTES = 1 << 20;
    private static final int MAX_COMMAND_BYTES = 64 << 10;
    private static final Duration RETRY_AFTER = Duration.ofMillis(50);

    /** What it is told. */
    public sealed interface Message {}

    /**
     * Carry a command out.
     *
     * @param command well formed by itself
     * @param reply gets the answer, on this actor's thread; must not block
     */
    public record Submit(Command command, Consumer<Answer> reply) implements Message {}

    /** The replica has applied an entry, of whichever committer. */
    public record EntryApplied(Applied applied) implements Message {}

    /** Whether this replica leads. */
    public record Leading(boolean leads) implements Message {}

    /** The coordinator ends. */
    public record Stop() implements Message {}

    private record ProposalFailed(long number) implements Message {}

    private record Retry(long number) implements Message {}

    private record UnderWay(LogEntry entry, List<Submit> submits) {}

    private final TimerScheduler<Message> timers;
    private final long committer;
    private final Function<LogEntry, CompletionStage<Void>> log;
    private final ArrayDeque<Submit> waiting = new ArrayDeque<>();
    private @Nullable UnderWay underWay;
    private boolean leading;
    private long number;

    private Committer(
            ActorContext<Message> context,
            TimerScheduler<Message> timers,
            long committer,
            Function<LogEntry, CompletionStage<Void>> log) {
        super(context);
        this.timers = timers;
        this.committer = committer;
        this.log = log;
    }

    /**
     * A committer.
     *
     * @param committer its name in the log: random, fresh for each process
     * @param log appends an entry; may fail without telling whether the entry will be applied
     */
    public static Behavior<Message> create(long committer, Function<LogEntry, CompletionStage<Void>> log) {
        return Behaviors.setup(
                context -> Behaviors.withTimers(timers -> new Committer(context, timers, committer, log)));
    }

    @Override
    public Behavior<Message> onMessage(Message message) {
        switch (message) {
            case Submit submit -> submit(submit);
            case EntryApplied applied -> applied(applied.applied());
            case Leading now -> leading(now.leads());
            case ProposalFailed failed -> timers.startSingleTimer(new Retry(failed.number()), RETRY_AFTER);
            case Retry retry -> retry(retry.number());
            case Stop stop -> {
                return Behaviors.stopped();
            }
        }
        return this;
    }

    private void submit(Submit submit) {
        if (!leading) {
            refuse(submit, Refusal.of(Errno.EAGAIN, "this coordinator does not lead"));
        } else if (waiting.size() >= MAX_WAITING) {
            refuse(submit, Refusal.of(Errno.EAGAIN, "the coordinator has " + MAX_WAITING + " commands waiting"));
        } else if (submit.command().getSerializedSize() > MAX_COMMAND_BYTES) {
            refuse(
                    submit,
                    Refusal.invalid("command", submit.command().getSerializedSize() + " bytes", "too long")
                            .with("limit", MAX_COMMAND_BYTES));
        } else {
            waiting.add(submit);
            proposeNext();
        }
    }

    private void proposeNext() {
        if (underWay != null || waiting.isEmpty()) {
            return;
        }
        LogEntry.Builder entry = LogEntry.newBuilder().setCommitter(committer).setNumber(++number);
        List<Submit> submits = new ArrayList<>();
        int bytes = 0;
        while (!waiting.isEmpty() && submits.size() < MAX_COMMANDS_PER_ENTRY && bytes < MAX_ENTRY_BYTES) {
            Submit submit = waiting.remove();
            submits.add(submit);
            entry.addCommands(submit.command());
            bytes += submit.command().getSerializedSize();
        }
        underWay = new UnderWay(entry.build(), submits);
        propose(underWay.entry());
    }

    private void propose(LogEntry entry) {
        log.apply(entry).whenComplete((done, failure) -> {
            if (failure != null) {
                getContext().getSelf().tell(new ProposalFailed(entry.getNumber()));
            }
        });
    }

    private void retry(long failed) {
        if (underWay != null && underWay.entry().getNumber() == failed) {
            propose(underWay.entry());
        }
    }

    private void applied(Applied applied) {
        UnderWay entry = underWay;
        if (entry == null
                || applied.committer() != committer
                || applied.number() != entry.entry().getNumber()) {
            return;
        }
        underWay = null;
        for (int i = 0; i < entry.submits().size(); i++) {
            entry.submits().get(i).reply().accept(applied.results().get(i).answer());
        }
        proposeNext();
    }

    private void leading(boolean leads) {
        leading = leads;
        if (!leads) {
            // Never proposed: certainly not applied.
            waiting.forEach(submit -> refuse(submit, Refusal.of(Errno.EAGAIN, "this coordinator leads no longer")));
            waiting.clear();
        }
    }

    private static void refuse(Submit submit, Refusal refusal) {
        submit.reply().accept(Answers.refused(refusal));
    }
}
