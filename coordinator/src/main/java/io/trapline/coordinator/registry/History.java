package io.trapline.coordinator.registry;

import io.trapline.model.Limit;
import io.trapline.model.Pure;
import io.trapline.v1.Claim;
import java.util.ArrayDeque;
import java.util.List;

/**
 * Claims that have ended (C8): the newest {@link Limit#MAX_CLAIM_HISTORY} of each domain, oldest first. It goes with its domain; the
 * end of a domain's last claims is seen in the watch.
 */
@Pure
final class History {
    private History() {}

    static void add(State state, Claim ended) {
        ArrayDeque<Claim> claims = state.history.computeIfAbsent(ended.getDomid(), domid -> new ArrayDeque<>());
        if (claims.size() == Limit.MAX_CLAIM_HISTORY.intValue()) {
            claims.removeFirst();
        }
        claims.addLast(ended);
    }

    /** Those that ended after (revision, type code), oldest first: one revision ends a type at most once. */
    static List<Claim> after(State state, int domid, long revision, int typeCode, int most) {
        return state.history.getOrDefault(domid, new ArrayDeque<>()).stream()
                .filter(claim -> claim.getEndedRevision() > revision
                        || (claim.getEndedRevision() == revision && claim.getTypeValue() > typeCode))
                .limit(most)
                .toList();
    }
}
