package io.trapline.coordinator.commit;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.LogEntry;
import io.trapline.model.Errno;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which commands travel in which log entry, and what became of each (D-4, D-5 of design 0002).
 *
 * <p>Invariant: an entry is settled by being applied, or by an applied entry that stands where it can only come too late: one of a later
 * term than any that an attempt to propose it can have had, or one of this committer that was begun when no such attempt was open any
 * more. So an answer is what the registry said, a refusal is certain to have had no effect, and nobody waits for ever while entries are
 * applied. No entry of a leadership is proposed in a later one.
 *
 * <p>A confirmation rides in the next entry that is begun after it was asked for. Where that entry is applied here, a majority has
 * accepted it since, and whatever was acknowledged anywhere before stands before it in the log.
 *
 * <p>Times are of one monotonic clock, in nanoseconds.
 */
@Pure
public final class CommitLedger {
    static final int MAX_WAITING = 16_384;
    static final int MAX_COMMANDS_PER_ENTRY = 512;
    private static final int MAX_ENTRY_BYTES = 1 << 20;
    private static final int MAX_COMMAND_BYTES = 64 << 10;

    /** How long after a failed attempt the entry is proposed again. */
    public static final long RETRY_NANOS = Duration.ofMillis(50).toNanos();

    /** How far apart entries without a command begin: 50 a second, however many nodes renew their leases. */
    public static final long EMPTY_APART_NANOS = Duration.ofMillis(20).toNanos();

    /** What comes of a step. */
    public interface Effects {
        /** Propose that entry; {@link #proposalEnded} follows. */
        void propose(LogEntry entry);

        /** The registry has answered that command. */
        void answer(long token, Answer answer);

        /** That command has had no effect and never will; or that confirmation cannot be given. */
        void refuse(long token, Refusal refusal);

        /** The coordinator has led in {@code term} since the confirmation was asked for. */
        void confirmed(long token, long term);

        /** {@link #tick} at that time. */
        void wakeAt(long nanos);
    }

    private record Waiting(long token, Command command) {}

    private static final class Entry {
        private final LogEntry entry;
        private final List<Long> commands;
        private final List<Long> confirmations;
        // No attempt to propose it can have been made in a higher term.
        private long highestTerm;
        private boolean open;
        private long retryAt;

        private Entry(LogEntry entry, List<Long> commands, List<Long> confirmations, long term) {
            this.entry = entry;
            this.commands = commands;
            this.confirmations = confirmations;
            this.highestTerm = term;
        }
    }

    private final long committer;
    private final Effects effects;
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private final List<Long> confirmations = new ArrayList<>();
    // Proposed in this leadership and not applied yet.
    private @Nullable Entry underWay;
    // Proposed in leaderships that are over.
    private final List<Entry> unsettled = new ArrayList<>();
    private long number;
    private boolean leading;
    private long term;
    private long appliedTerm;
    private String leader = "";
    private boolean emptyBegan;
    private long emptyBeganNanos;

    /** @param committer the name of this ledger in the log: another one in each life of a process */
    public CommitLedger(long committer, Effects effects) {
        this.committer = committer;
        this.effects = effects;
    }

    /** Carry a command out; {@code answer} or {@code refuse} follows. */
    public void submit(long now, long token, Command command) {
        if (!leading) {
            effects.refuse(token, NotLeading.refusal(leader));
        } else if (waiting.size() >= MAX_WAITING) {
            effects.refuse(token, tooMany("commands"));
        } else if (command.getSerializedSize() > MAX_COMMAND_BYTES) {
            effects.refuse(
                    token,
                    Refusal.invalid("command", command.getSerializedSize() + " bytes", "too long")
                            .with("limit", MAX_COMMAND_BYTES));
        } else {
            waiting.add(new Waiting(token, command));
            beginNext(now);
        }
    }

    /**
     * Does this coordinator lead, and has it applied whatever was acknowledged before? {@code confirmed} or {@code refuse} follows.
     *
     * @param alone it is the only one of its configuration: nobody else can lead
     */
    public void confirm(long now, long token, boolean alone) {
        if (!leading) {
            effects.refuse(token, NotLeading.refusal(leader));
        } else if (alone) {
            effects.confirmed(token, term);
        } else if (confirmations.size() >= MAX_WAITING) {
            effects.refuse(token, tooMany("confirmations"));
        } else {
            confirmations.add(token);
            beginNext(now);
        }
    }

    /** This coordinator leads in that term, and has applied an entry of it. */
    public void leading(long now, long newTerm) {
        if (leading && newTerm != term) {
            notLeading();
        }
        leading = true;
        term = newTerm;
        beginNext(now);
    }

    /** It leads no longer. What was never proposed is refused; so are confirmations. */
    public void notLeading() {
        if (!leading) {
            return;
        }
        leading = false;
        leader = "";
        Refusal refusal = NotLeading.refusal(leader);
        waiting.forEach(each -> effects.refuse(each.token(), refusal));
        waiting.clear();
        confirmations.forEach(token -> effects.refuse(token, refusal));
        confirmations.clear();
        Entry lost = underWay;
        underWay = null;
        if (lost != null) {
            lost.confirmations.forEach(token -> effects.refuse(token, refusal));
            lost.confirmations.clear();
            unsettled.add(lost);
            settleByTerm();
        }
    }

    /** Where the services of the leader are, {@code host:port}; empty = not known. */
    public void leader(String address) {
        leader = address;
    }

    /**
     * An attempt to propose an entry is over.
     *
     * @param failed nothing is known about whether the entry will be applied
     * @param writtenTerm no attempt so far has appended an entry in a later term
     */
    public void proposalEnded(long now, long entryNumber, boolean failed, long writtenTerm) {
        Entry current = underWay;
        if (current != null && current.entry.getNumber() == entryNumber) {
            ended(current, writtenTerm);
            if (failed) {
                current.retryAt = now + RETRY_NANOS;
                effects.wakeAt(current.retryAt);
            }
            return;
        }
        for (Entry lost : unsettled) {
            if (lost.entry.getNumber() == entryNumber) {
                ended(lost, writtenTerm);
            }
        }
        settleByTerm();
        beginNext(now);
    }

    private static void ended(Entry entry, long writtenTerm) {
        entry.open = false;
        entry.highestTerm = Math.max(entry.highestTerm, writtenTerm);
    }

    /** An entry was applied, of whichever committer, with these answers. */
    public void applied(long now, long ofCommitter, long entryNumber, List<Answer> answers, long ofTerm) {
        appliedTerm = Math.max(appliedTerm, ofTerm);
        if (ofCommitter == committer) {
            Entry current = underWay;
            if (current != null && current.entry.getNumber() == entryNumber) {
                underWay = null;
                carriedOut(current, answers, ofTerm);
            }
            settle(lost -> lost.entry.getNumber() == entryNumber, lost -> carriedOut(lost, answers, ofTerm));
            settle(lost -> lost.entry.getNumber() < entryNumber, this::notCarriedOut);
        }
        settleByTerm();
        beginNext(now);
    }

    /** An entry of that term was applied, of whatever kind. */
    public void termApplied(long now, long ofTerm) {
        appliedTerm = Math.max(appliedTerm, ofTerm);
        settleByTerm();
        beginNext(now);
    }

    /** Time has passed. */
    public void tick(long now) {
        Entry current = underWay;
        if (current != null && !current.open && now - current.retryAt >= 0) {
            propose(current);
        }
        beginNext(now);
    }

    private void beginNext(long now) {
        if (!leading || underWay != null || unsettled.stream().anyMatch(lost -> lost.open)) {
            return;
        }
        if (waiting.isEmpty() && unsettled.isEmpty()) {
            if (confirmations.isEmpty()) {
                return;
            }
            if (emptyBegan && now - emptyBeganNanos < EMPTY_APART_NANOS) {
                effects.wakeAt(emptyBeganNanos + EMPTY_APART_NANOS);
                return;
            }
            emptyBegan = true;
            emptyBeganNanos = now;
        }
        Entry next = fill();
        underWay = next;
        propose(next);
    }

    /** With what waits; without anything, it shows what became of the entries that are not settled. */
    private Entry fill() {
        LogEntry.Builder entry = LogEntry.newBuilder().setCommitter(committer).setNumber(++number);
        List<Long> commands = new ArrayList<>();
        int bytes = 0;
        while (!waiting.isEmpty() && commands.size() < MAX_COMMANDS_PER_ENTRY && bytes < MAX_ENTRY_BYTES) {
            Waiting one = waiting.remove();
            commands.add(one.token());
            entry.addCommands(one.command());
            bytes += one.command().getSerializedSize();
        }
        Entry next = new Entry(entry.build(), commands, new ArrayList<>(confirmations), term);
        confirmations.clear();
        return next;
    }

    private void propose(Entry entry) {
        entry.open = true;
        effects.propose(entry.entry);
    }

    private void settleByTerm() {
        settle(lost -> !lost.open && appliedTerm > lost.highestTerm, this::notCarriedOut);
    }

    private void settle(Predicate<Entry> settled, Consumer<Entry> outcome) {
        for (Iterator<Entry> entries = unsettled.iterator(); entries.hasNext(); ) {
            Entry entry = entries.next();
            if (settled.test(entry)) {
                entries.remove();
                outcome.accept(entry);
            }
        }
    }

    private void carriedOut(Entry entry, List<Answer> answers, long ofTerm) {
        for (int i = 0; i < entry.commands.size(); i++) {
            effects.answer(entry.commands.get(i), answers.get(i));
        }
        entry.confirmations.forEach(token -> effects.confirmed(token, ofTerm));
    }

    private void notCarriedOut(Entry entry) {
        Refusal refusal = NotLeading.refusal(leader);
        entry.commands.forEach(token -> effects.refuse(token, refusal));
    }

    private static Refusal tooMany(String what) {
        return Refusal.of(Errno.EAGAIN, "the coordinator has " + MAX_WAITING + " " + what + " waiting")
                .with(NotLeading.EFFECT, NotLeading.NONE);
    }
}
