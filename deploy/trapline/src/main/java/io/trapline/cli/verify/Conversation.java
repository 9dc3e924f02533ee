package io.trapline.cli.verify;

import io.trapline.client.Access;
import io.trapline.client.AccessAnswers;
import io.trapline.client.AccessColumns;
import io.trapline.client.Guest;
import io.trapline.client.TraplineException;
import io.trapline.client.Vcpu;
import io.trapline.model.AccessAttributes;
import io.trapline.model.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** Runs scripts on one vCPU and compares each answer. Used by one thread. */
final class Conversation {
    /** How many accesses go out at once, so that the emulator is passed several in a batch. */
    private static final int TOGETHER_ROWS = 32;

    private final Vcpu vcpu;
    private final ConcurrentMap<Long, CompletableFuture<Long>> outcomes = new ConcurrentHashMap<>();
    private volatile boolean isLate;

    Conversation(Guest guest, int number, int window) {
        vcpu = guest.openVcpu(number, window, this::answered);
    }

    /** What happens between two accesses. */
    @FunctionalInterface
    interface Interlude {
        void before(int step);
    }

    /** Each access waits for the one before, so their order cannot matter. */
    Difference oneByOne(Script script) {
        return run(script, 1, step -> {});
    }

    /** As many at once as the window allows. */
    Difference together(Script script) {
        return together(script, step -> {});
    }

    /** The same with something else going on. */
    Difference together(Script script, Interlude interlude) {
        return run(script, TOGETHER_ROWS, interlude);
    }

    /** Sends a script that fits the window, to be compared later. */
    Sent send(Script script) {
        return new Sent(script.steps(), send(script.steps()));
    }

    /**
     * What is under way.
     *
     * @param steps what was sent
     * @param answers one for each
     */
    record Sent(List<Script.Step> steps, List<CompletableFuture<Long>> answers) {
        /** Whether there is an answer to any of them. */
        boolean isAnyAnswered() {
            return answers.stream().anyMatch(CompletableFuture::isDone);
        }

        /** Waits for all answers; the first that differs. */
        Difference await() {
            Difference first = Difference.NONE;
            for (int step = 0; step < answers.size(); step++) {
                Difference difference = difference(steps.get(step), answers.get(step));
                first = first.text().isEmpty() ? difference : first;
            }
            return first;
        }
    }

    /** One access; what was answered. Throws {@link TraplineException} where it failed. */
    long make(Access access) {
        return vcpu.access(access);
    }

    private Difference run(Script script, int atOnce, Interlude interlude) {
        List<Script.Step> steps = script.steps();
        List<CompletableFuture<Long>> answers = new ArrayList<>();
        isLate = false;
        // An emulator that lets one access time out may do so with all, and each takes seconds.
        for (int from = 0; from < steps.size() && !isLate; from += atOnce) {
            interlude.before(from);
            answers.addAll(send(steps.subList(from, Math.min(steps.size(), from + atOnce))));
            if (atOnce == 1) {
                answers.getLast().handle((value, failure) -> true).join();
            }
        }
        return new Sent(steps.subList(0, answers.size()), answers).await();
    }

    private List<CompletableFuture<Long>> send(List<Script.Step> steps) {
        AccessColumns rows = new AccessColumns(steps.size());
        for (Script.Step step : steps) {
            Access access = step.access();
            rows.add(access.address(), access.attributes(), access.data(), access.count(), access.timeoutMillis());
        }
        vcpu.submit(rows);
        List<CompletableFuture<Long>> answers = new ArrayList<>();
        for (int row = 0; row < rows.size(); row++) {
            long sequence = rows.sequence(row);
            answers.add(outcome(sequence).whenComplete((value, failure) -> outcomes.remove(sequence)));
        }
        return answers;
    }

    private void answered(AccessAnswers answers) {
        for (int row = 0; row < answers.size(); row++) {
            CompletableFuture<Long> outcome = outcome(answers.sequence(row));
            if (answers.errno(row) == 0) {
                outcome.complete(answers.data(row));
            } else {
                TraplineException refused =
                        TraplineException.refused(answers.refusal(row).orElseThrow());
                if (refused.is(Errno.ETIMEDOUT)) {
                    isLate = true;
                }
                outcome.completeExceptionally(refused);
            }
        }
    }

    /** An answer may come before its access was heard to be sent. */
    private CompletableFuture<Long> outcome(long sequence) {
        return outcomes.computeIfAbsent(sequence, unknown -> new CompletableFuture<>());
    }

    private static Difference difference(Script.Step step, CompletableFuture<Long> answer) {
        try {
            long value = answer.join();
            return value == step.wanted()
                    ? Difference.NONE
                    : new Difference(
                            describe(step.access()) + " returned 0x" + Long.toHexString(value) + ", not 0x"
                                    + Long.toHexString(step.wanted()),
                            false);
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof TraplineException refused) {
                return refused.is(Errno.ETIMEDOUT)
                        ? new Difference(describe(step.access()) + " was not answered in time", true)
                        : new Difference(describe(step.access()) + " failed: " + refused.getMessage(), false);
            }
            throw failed;
        }
    }

    /** For a person. */
    static String describe(Access access) {
        int attributes = access.attributes();
        String where = AccessAttributes.sizeBytes(attributes) + " bytes at 0x" + Long.toHexString(access.address())
                + (access.count() == 1 ? "" : ", " + access.count() + " times")
                + (AccessAttributes.isDf(attributes) ? " downwards" : "");
        String data = AccessAttributes.isDataPtr(attributes) ? ", buffer at 0x" : " = 0x";
        boolean shown = AccessAttributes.isDataPtr(attributes) || AccessAttributes.isWrite(attributes);
        return (AccessAttributes.isWrite(attributes) ? "a write of " : "a read of ")
                + where
                + (shown ? data + Long.toHexString(access.data()) : "");
    }
}
