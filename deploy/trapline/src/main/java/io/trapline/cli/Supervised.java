package io.trapline.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A process with a supervisor ends with it, however that one ends: it holds the other end of this one's standard input. */
final class Supervised {
    private static final Logger LOG = LoggerFactory.getLogger(Supervised.class);

    private static final String VARIABLE = "TRAPLINE_SUPERVISED";
    private static final long GRACE_SECONDS = 20;

    private Supervised() {}

    /** Asks the command to end when its supervisor is gone, where it has one; ends the process where that takes too long. */
    static void watch(Interrupt interrupt) {
        if (System.getenv(VARIABLE) != null) {
            Thread.ofPlatform().daemon().name("supervised").start(() -> watch(System.in, interrupt));
        }
    }

    private static void watch(InputStream input, Interrupt interrupt) {
        try {
            while (input.read() >= 0) {
                LOG.debug("nobody listens to what a supervisor says");
            }
            interrupt.request();
            TimeUnit.SECONDS.sleep(GRACE_SECONDS);
            Runtime.getRuntime().halt(1);
        } catch (IOException broken) {
            LOG.warn("the supervisor is not there: {}", broken.getMessage());
            interrupt.request();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
