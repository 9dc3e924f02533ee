package io.trapline.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** What all clients together were told: every revision is granted once (C7), and a type has one holder at a time (C2). */
final class DurabilityLedger {
    private final Set<Long> revisions = new HashSet<>();
    private final Map<Integer, String> holders = new HashMap<>();

    /** A revision was acknowledged as a generation, an epoch or a release. */
    synchronized void granted(long revision) {
        assertThat(revisions.add(revision))
                .as("revision %d granted once", revision)
                .isTrue();
    }

    /** A claim was acknowledged. */
    synchronized void held(int type, String holder) {
        assertThat(holders.put(type, holder))
                .as("holder of type %d before %s", type, holder)
                .isNull();
    }

    /** A release is about to be sent. */
    synchronized void releasing(int type, String holder) {
        assertThat(holders.remove(type)).isEqualTo(holder);
    }

    synchronized long granted() {
        return revisions.size();
    }
}
