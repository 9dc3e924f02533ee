package io.trapline.client;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Collects outcomes while the guest's lock is held and hands them over after it. Not thread-safe. */
final class Outcomes {
    private static final Logger LOG = LoggerFactory.getLogger(Outcomes.class);

    private final int capacity;
    private final List<AccessAnswers> answers = new ArrayList<>();
    private @Nullable List<Runnable> completions;

    /** For so many rows or more. */
    Outcomes(int capacity) {
        this.capacity = Math.max(1, capacity);
    }

    void add(Vcpu vcpu, long sequence, long data, int errno, @Nullable Refusal refusal) {
        Pending pending = vcpu.takePending(sequence);
        if (pending == null) {
            answersOf(vcpu).add(sequence, data, errno, refusal);
        } else if (pending.isAwaited()) {
            complete(pending, vcpu, sequence, data, errno, refusal);
        } else {
            if (completions == null) {
                completions = new ArrayList<>();
            }
            completions.add(() -> complete(pending, vcpu, sequence, data, errno, refusal));
        }
    }

    private AccessAnswers answersOf(Vcpu vcpu) {
        AccessAnswers collected = vcpu.collected(this);
        if (collected == null) {
            collected = new AccessAnswers(vcpu, Math.min(capacity, vcpu.window()));
            vcpu.collect(this, collected);
            answers.add(collected);
        }
        return collected;
    }

    private static void complete(
            Pending pending, Vcpu vcpu, long sequence, long data, int errno, @Nullable Refusal refusal) {
        if (errno == Errno.OK) {
            pending.future().complete(data);
        } else {
            Refusal why = refusal == null ? AccessAnswers.plain(vcpu, sequence, errno) : refusal;
            pending.future().completeExceptionally(TraplineException.refused(why));
        }
    }

    boolean isEmpty() {
        return answers.isEmpty() && completions == null;
    }

    /** Calls everybody back; without any lock held. */
    void deliver() {
        for (AccessAnswers one : answers) {
            try {
                one.vcpu().listener().answered(one);
            } catch (RuntimeException failure) {
                // One listener's bug must not keep the others from hearing.
                LOG.error("the listener of vCPU {} failed", one.vcpu().number(), failure);
            }
        }
        if (completions != null) {
            completions.forEach(Runnable::run);
        }
    }
}
