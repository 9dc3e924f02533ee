package io.trapline.client;

import io.trapline.model.Limit;
import java.security.SecureRandom;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * How an emulator attaches.
 *
 * @param run names this life of the device model (F6), not 0: whoever attaches with a run claims to remember what it carried out
 * @param credit how many ioreqs may be unanswered, 1 … 1,048,576
 * @param executor where the device model runs, one batch at a time; null = a thread of its own
 * @param standby whether it waits until the active session goes, behind those that came before (S5); at once active where none is
 */
public record EmulatorOptions(
        long run, int credit, @Nullable Executor executor, boolean standby) {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int DEFAULT_CREDIT = 8192;

    public EmulatorOptions {
        if (run == 0) {
            throw new IllegalArgumentException("run = 0");
        }
        if (credit < 1 || credit > Limit.MAX_CREDIT.value()) {
            throw new IllegalArgumentException("credit = " + credit + ": 1 … " + Limit.MAX_CREDIT.value());
        }
    }

    /** One that does not stand by. */
    public EmulatorOptions(long run, int credit, @Nullable Executor executor) {
        this(run, credit, executor, false);
    }

    /** A random run, 8,192 ioreqs of credit, a thread of its own. */
    public static EmulatorOptions defaults() {
        long run = RANDOM.nextLong();
        return new EmulatorOptions(run == 0 ? 1 : run, DEFAULT_CREDIT, null, false);
    }

    /** The same with that run. */
    public EmulatorOptions withRun(long newRun) {
        return new EmulatorOptions(newRun, credit, executor, standby);
    }

    /** The same with that credit. */
    public EmulatorOptions withCredit(int newCredit) {
        return new EmulatorOptions(run, newCredit, executor, standby);
    }

    /** The same on that executor. */
    public EmulatorOptions withExecutor(Executor newExecutor) {
        return new EmulatorOptions(run, credit, newExecutor, standby);
    }

    /** The same, but it stands by. */
    public EmulatorOptions asStandby() {
        return new EmulatorOptions(run, credit, executor, true);
    }
}
