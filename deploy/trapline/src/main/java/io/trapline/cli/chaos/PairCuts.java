package io.trapline.cli.chaos;

import io.trapline.faults.chaos.Fault;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Two nodes that do not hear each other, or one of them the other. Nodes connect when they have something to say, so a pair is looked for of which one had
 * something to say to the other.
 */
final class PairCuts {
    private static final Duration APART = Duration.ofMillis(1_500);

    /** Longer than a link that stands is silent (D-18). */
    private static final Duration SILENCE = Duration.ofMillis(700);

    private static final long POLL_MILLIS = 20;

    private final Harm harm;
    private final LongSupplier heldBytes;

    /** @param heldBytes how much was held back between processes so far */
    PairCuts(Harm harm, LongSupplier heldBytes) {
        this.harm = harm;
        this.heldBytes = heldBytes;
    }

    /** Nodes that can be cut off from each other, the most rewarding first. */
    @FunctionalInterface
    interface Pairs {
        List<List<String>> now() throws IOException, InterruptedException;
    }

    Fault fault(String name, Optional<String> unavailable, boolean isBothWays, Pairs pairs) {
        return new Fault(name, unavailable, APART, random -> {
            long before = heldBytes.getAsLong();
            boolean isReversed = random.nextBoolean();
            Broken last = null;
            for (List<String> pair : pairs.now()) {
                if (last != null) {
                    last.heal();
                }
                last = new Broken(isReversed ? pair.reversed() : pair, isBothWays, before);
                last.cut();
                if (last.awaitEffect()) {
                    break;
                }
            }
            if (last == null) {
                throw new IOException("there are no two nodes to be cut off from each other");
            }
            return last;
        });
    }

    private final class Broken implements Fault.Broken {
        private final List<String> pair;
        private final boolean isBothWays;
        private final long before;

        Broken(List<String> pair, boolean isBothWays, long before) {
            this.pair = pair;
            this.isBothWays = isBothWays;
            this.before = before;
        }

        void cut() {
            harm.hold(pair.getFirst(), pair.getLast());
            if (isBothWays) {
                harm.hold(pair.getLast(), pair.getFirst());
            }
        }

        boolean awaitEffect() throws InterruptedException {
            long begunNanos = System.nanoTime();
            while (effect().isEmpty()) {
                if (System.nanoTime() - begunNanos > SILENCE.toNanos()) {
                    return false;
                }
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            }
            return true;
        }

        @Override
        public String target() {
            return String.join(isBothWays ? " and " : " is not heard by ", pair);
        }

        @Override
        public void heal() {
            harm.heal();
        }

        @Override
        public String effect() {
            long held = heldBytes.getAsLong() - before;
            return held == 0 ? "" : held + " bytes came late";
        }
    }
}
