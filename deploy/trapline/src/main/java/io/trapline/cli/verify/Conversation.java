package io.trapline.cli.verify;

import io.trapline.client.Access;
import io.trapline.client.TraplineException;
import io.trapline.client.Vcpu;
import io.trapline.model.AccessAttributes;
import io.trapline.model.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Runs scripts on one vCPU, as many accesses at once as its window allows, and compares each answer. */
final class Conversation {
    private final Vcpu vcpu;

    Conversation(Vcpu vcpu) {
        this.vcpu = vcpu;
    }

    /** What happens between two accesses. */
    @FunctionalInterface
    interface Interlude {
        void before(int step);
    }

    /** Runs a script; the first answer that differs, or empty. */
    String run(Script script) {
        return run(script, step -> {});
    }

    /** The same with something else going on. */
    String run(Script script, Interlude interlude) {
        List<CompletableFuture<Long>> answers = new ArrayList<>();
        for (int step = 0; step < script.steps().size(); step++) {
            interlude.before(step);
            answers.add(vcpu.send(script.steps().get(step).access()));
        }
        String first = "";
        for (int step = 0; step < answers.size(); step++) {
            String difference = difference(script.steps().get(step), answers.get(step));
            first = first.isEmpty() ? difference : first;
        }
        return first;
    }

    /** One access; what was answered. Throws {@link TraplineException} where it failed. */
    long make(Access access) {
        return vcpu.access(access);
    }

    private static String difference(Script.Step step, CompletableFuture<Long> answer) {
        try {
            long value = answer.join();
            return value == step.wanted()
                    ? ""
                    : describe(step.access()) + " returned 0x" + Long.toHexString(value) + ", not 0x"
                            + Long.toHexString(step.wanted());
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof TraplineException refused) {
                return describe(step.access())
                        + (refused.is(Errno.ETIMEDOUT)
                                ? " was not answered in time"
                                : " failed: " + refused.getMessage());
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
