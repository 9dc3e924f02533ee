package io.trapline.node.protocol;

import io.trapline.model.Pure;
import io.trapline.model.RangeSet;

/**
 * What an IOREQ server's actor must know of the registry, at one revision.
 *
 * @param enabled whether it is passed anything (S2); false also while it is being destroyed
 * @param buffers whether posted writes are buffered (F3)
 * @param timeoutMillis how long a slot may stay unanswered, 0 = for ever (F4)
 * @param claims per X of {@code ioreq_server[X]} the access flags of a claim that it holds (state HELD), 0 otherwise; 16 entries, not to be changed
 * @param sessionEpoch the epoch of its active session, 0 = none (S5)
 * @param run the run of that session
 * @param changedRevision the revision of its own last change of claims, ranges, state or session: nothing decided before it is accepted (C7)
 * @param homeEpoch the revision at which it came to where it is: nobody there knows of what was decided before (D-22)
 * @param otherRunUntil until which revision a run other than that of the present or last session was attached; 0 = none ever was (F6)
 * @param line its emulators' streams (S5)
 */
@Pure
public record ServerView(
        int id,
        long generation,
        String principal,
        boolean enabled,
        boolean buffers,
        int timeoutMillis,
        int[] claims,
        RangeSet ports,
        RangeSet memory,
        RangeSet pci,
        long sessionEpoch,
        long run,
        long changedRevision,
        long homeEpoch,
        long otherRunUntil,
        EmulatorLine line) {}
