package io.trapline.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * SIGTERM and Ctrl-C for commands that run until they are stopped. A command that {@link #arm}s it is asked to end and given
 * {@link #GRACE}, or what it asks for; the process then leaves with the command's own exit code. For the others the process just ends.
 */
final class Interrupt {
    /** How long a command has to end, unless it asks for more. */
    static final Duration GRACE = Duration.ofSeconds(20);

    private final CountDownLatch requested = new CountDownLatch(1);
    private final CountDownLatch finished = new CountDownLatch(1);
    private volatile boolean armed;
    private volatile Duration grace = GRACE;
    private volatile int exit;
    private volatile @Nullable Runnable wake;

    /** The one that the signals of this process request. */
    static Interrupt ofProcess() {
        Interrupt interrupt = new Interrupt();
        Runtime.getRuntime().addShutdownHook(new Thread(interrupt::onShutdown, "interrupt"));
        return interrupt;
    }

    /** From now on the command wants to be asked; {@code action} is run, on another thread, when it is. */
    void arm(Runnable action) {
        wake = action;
        armed = true;
        if (isRequested()) {
            action.run();
        }
    }

    /** The command may need so long to end. */
    void grace(Duration aGrace) {
        grace = aGrace;
    }

    /** Asks the command to end. */
    void request() {
        requested.countDown();
        Runnable action = wake;
        if (action != null) {
            action.run();
        }
    }

    /** Asks the command to end, and ends the process where it does not listen. */
    void requestOrExit(int exitCode) {
        request();
        if (!armed) {
            // On a thread of its own: this one may hold what a command that is ending waits for.
            Thread.ofPlatform().name("exit").start(() -> System.exit(exitCode));
        }
    }

    /** Whether the command is to end. */
    boolean isRequested() {
        return requested.getCount() == 0;
    }

    /** Waits until the command is to end. */
    void await() throws InterruptedException {
        arm(() -> {});
        requested.await();
    }

    /** The command has ended with that exit code. */
    void finished(int exitCode) {
        exit = exitCode;
        finished.countDown();
    }

    private void onShutdown() {
        request();
        if (!armed) {
            return;
        }
        try {
            if (finished.await(grace.toMillis(), TimeUnit.MILLISECONDS)) {
                // A shutdown that a signal began would otherwise end with the signal's code.
                Runtime.getRuntime().halt(exit);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
