package io.trapline.fuzz;

import io.trapline.model.Errno;
import java.util.EnumSet;
import java.util.Set;

/**
 * One thing that makes a request certainly wrong, whatever the rest of it says.
 *
 * @param label for complaints
 * @param key flaws with the same key touch the same fields; a request gets one of them
 * @param stage which check finds it
 * @param errnos what it is refused with, one of them
 * @param change puts it into a request
 */
record Flaw(String label, String key, Stage stage, Set<Errno> errnos, Change change) {
    /** The order of checks (section E); what is found in no set order comes last. */
    enum Stage {
        SHAPE,
        EXISTENCE,
        OWNERSHIP,
        CONFLICT,
        ANY
    }

    /** Puts the flaw into a request. */
    interface Change {
        void to(Draft draft, Dice dice);
    }

    static Flaw shape(String label, String key, Change change) {
        return new Flaw(label, key, Stage.SHAPE, Set.of(Errno.EINVAL), change);
    }

    static Flaw existence(Errno errno, String label, String key, Change change) {
        return new Flaw(label, key, Stage.EXISTENCE, Set.of(errno), change);
    }

    static Flaw ownership(Change change) {
        return new Flaw("another principal", "principal", Stage.OWNERSHIP, Set.of(Errno.EPERM), change);
    }

    static Flaw conflict(Errno errno, String label, String key, Change change) {
        return new Flaw(label, key, Stage.CONFLICT, Set.of(errno), change);
    }

    static Flaw any(Set<Errno> errnos, String label, String key, Change change) {
        return new Flaw(label, key, Stage.ANY, errnos, change);
    }

    /** What a request with these flaws is refused with: what the earliest check finds. */
    static Set<Errno> expected(Iterable<Flaw> flaws) {
        Stage first = Stage.ANY;
        boolean unordered = false;
        for (Flaw flaw : flaws) {
            first = flaw.stage.compareTo(first) < 0 ? flaw.stage : first;
            unordered |= flaw.stage == Stage.ANY;
        }
        EnumSet<Errno> expected = EnumSet.noneOf(Errno.class);
        for (Flaw flaw : flaws) {
            if (unordered || flaw.stage == first) {
                expected.addAll(flaw.errnos);
            }
        }
        return expected;
    }
}
