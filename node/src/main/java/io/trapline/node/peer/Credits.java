package io.trapline.node.peer;

import io.trapline.model.Pure;

/**
 * Bytes of payloads by class, counted since the two lives began: how many were used, and how many may have been. Both sums only grow, so that neither a
 * message that is lost nor one that comes twice makes credit or loses it. Of a link's two ends each has one.
 */
@Pure
final class Credits {
    private final long[] used = new long[TrafficClass.count()];
    private final long[] allowed = new long[TrafficClass.count()];

    Credits() {
        for (int i = 0; i < allowed.length; i++) {
            allowed[i] = TrafficClass.at(i).initialCreditBytes();
        }
    }

    boolean allows(TrafficClass of, int bytes) {
        return bytes <= allowed[of.index()] - used[of.index()];
    }

    void use(TrafficClass of, int bytes) {
        used[of.index()] += bytes;
    }

    /** The receiver's actors have taken so many, which may be sent again. */
    void giveBack(TrafficClass of, long bytes) {
        allowed[of.index()] += bytes;
    }

    /** The other end's sum; an older one than what is known changes nothing. */
    void allow(TrafficClass of, long total) {
        allowed[of.index()] = Math.max(allowed[of.index()], total);
    }

    long used(TrafficClass of) {
        return used[of.index()];
    }

    long allowed(TrafficClass of) {
        return allowed[of.index()];
    }
}
