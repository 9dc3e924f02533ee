package io.trapline.coordinator.lease;

import io.trapline.coordinator.registry.DrainRoles;
import io.trapline.internal.v1.NodeLife;
import io.trapline.model.Errno;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * When may a call return (rule 0), and when is a drain over (F5)?
 *
 * <p>A call waits for a revision: it returns when every life of a node that may hold a lease has applied it, at once where there is none.
 * A call may also wait for a drain: then it waits for the revision at which the drain ended. A drain is over when every such life is done
 * with it, and has said so since it had its copies of what is drained: what it said before is not about those (V-10). A life whose lease has lapsed is waited for no longer: it serves no more. Its stream says nothing about that (D-13). Only for the
 * pages that a drain resets somebody has to be there who has them: it waits for that life, leased or not, until it is over or another one has its place (C5).
 *
 * <p>What a life has said it has applied or is done with stays true of it, with a lease and without one.
 */
@Pure
public final class AppliedTracker {
    /** What follows. */
    public interface Effects {
        /** The call that waits under the token may return. */
        void complete(long token);

        /**
         * Every life that is waited for is done with the drain: FinishDrain is to be proposed.
         *
         * @param asOf {@link DrainRoles#asOf} of what it was decided by
         */
        void finish(long drain, long asOf);
    }

    private static final class Drain {
        // By life what it had applied when it said last that it is done.
        private final Map<NodeLife, Long> saidAt = new HashMap<>();
        private final Set<Long> tokens = new LinkedHashSet<>();
        private DrainRoles roles = NO_ROLES;
        private boolean finishing;

        /** What it said before it had all its copies, or before it was to reset the pages, is not about those (V-10, C5). */
        private boolean isDone(NodeLife life) {
            Long said = saidAt.get(life);
            return said != null && said >= roles.since().getOrDefault(life, 0L);
        }

        private boolean isDone(Set<NodeLife> leased) {
            return leased.stream().allMatch(this::isDone)
                    && roles.resetters().stream().allMatch(this::isDone);
        }

        private void over(NodeLife life) {
            saidAt.remove(life);
            Set<NodeLife> resetters = new HashSet<>(roles.resetters());
            resetters.remove(life);
            roles = new DrainRoles(roles.since(), resetters, roles.asOf());
        }
    }

    private static final DrainRoles NO_ROLES = new DrainRoles(Map.of(), Set.of(), 0);

    private final Effects effects;
    private final Map<NodeLife, Long> applied = new HashMap<>();
    private final Set<NodeLife> leased = new HashSet<>();
    private final NavigableMap<Long, Drain> drains = new TreeMap<>();
    private final NavigableMap<Long, Set<Long>> waiting = new TreeMap<>();
    // In which of the sets above each token is.
    private final Map<Long, Set<Long>> places = new HashMap<>();
    private long revision;

    public AppliedTracker(Effects effects) {
        this.effects = effects;
    }

    /** A life may hold a lease from now on. */
    public void leased(NodeLife life) {
        leased.add(life);
    }

    /** A life's lease is over. */
    public void lapsed(NodeLife life) {
        if (leased.remove(life)) {
            finishWhatIsDone();
            completeApplied();
        }
    }

    /** A life is over: nothing more is heard of it. */
    public void over(NodeLife life) {
        applied.remove(life);
        leased.remove(life);
        drains.values().forEach(drain -> drain.over(life));
        finishWhatIsDone();
        completeApplied();
    }

    private void finishWhatIsDone() {
        drains.keySet().stream().toList().forEach(this::finishIfDone);
    }

    /** A life has applied everything up to the revision; a lower one than before is ignored. */
    public void applied(NodeLife life, long appliedRevision) {
        if (appliedRevision > appliedBy(life)) {
            applied.put(life, appliedRevision);
            completeApplied();
        }
    }

    /** What that life has said it has applied. */
    public long appliedBy(NodeLife life) {
        return applied.getOrDefault(life, 0L);
    }

    /** The registry has reached a revision; told before the drains that begin or end with it. */
    public void reached(long newRevision) {
        revision = Math.max(revision, newRevision);
    }

    /** A drain has begun, or others have copies of what it is of. Where a life was done with it before it had its copies, it is to say so again. */
    public void drainBegan(long drain, DrainRoles roles) {
        drains.computeIfAbsent(drain, began -> new Drain()).roles = roles;
        finishIfDone(drain);
    }

    /** A life is done with a drain, as far as it knows: by what it has said it has applied. */
    public void drained(NodeLife life, long drain) {
        Drain open = drains.get(drain);
        if (open != null) {
            open.saidAt.put(life, appliedBy(life));
            finishIfDone(drain);
        }
    }

    /**
     * Whether it is proposed to finish a drain that the life is not done with, since its lease is over. Until that is decided it gets
     * none: it would serve with what the drain had caught, while the registry takes that for gone (V-10).
     */
    public boolean isPassedOver(NodeLife life) {
        return drains.values().stream().anyMatch(drain -> drain.finishing && !drain.isDone(life));
    }

    /** FinishDrain could not be proposed, or others have copies by now: it is to be tried again. */
    public void finishFailed(long drain) {
        Drain open = drains.get(drain);
        if (open != null) {
            open.finishing = false;
            finishIfDone(drain);
        }
    }

    /** The registry has finished the drain, with the revision that was reached last. */
    public void drainEnded(long drain) {
        Drain ended = drains.remove(drain);
        if (ended != null) {
            ended.tokens.forEach(token -> waitFor(token, revision));
            completeApplied();
        }
    }

    /**
     * Why a call may not wait for that here: it is of a revision that the registry has not reached, and that a node with a lease need not have heard of. An
     * earlier leader that does not know that it is deposed would else take it for applied by the nodes that it knows.
     */
    public Optional<Refusal> ahead(long callRevision, long drain) {
        long asked = Long.compareUnsigned(callRevision, drain) >= 0 ? callRevision : drain;
        return Long.compareUnsigned(asked, revision) <= 0
                ? Optional.empty()
                : Optional.of(Refusal.of(
                                Errno.EAGAIN,
                                "revision " + Long.toUnsignedString(asked) + " is ahead of this coordinator, at "
                                        + revision)
                        .with("revision", revision));
    }

    /**
     * A call waits for what is not {@link #ahead}.
     *
     * @param token names it; fresh
     * @param callRevision what every such life must have applied; 0 = nothing
     * @param drain what must be over; 0 = nothing
     */
    public void await(long token, long callRevision, long drain) {
        Drain open = drains.get(drain);
        if (open != null) {
            put(token, open.tokens);
        } else {
            // A drain that has ended did so at the latest with the revision that was reached last.
            waitFor(token, drain == 0 ? callRevision : Math.max(callRevision, revision));
            completeApplied();
        }
    }

    /** A call waits no longer; its token is not completed. */
    public void cancel(long token) {
        Set<Long> place = places.remove(token);
        if (place != null) {
            place.remove(token);
        }
    }

    /** How many calls wait. */
    public int waiting() {
        return places.size();
    }

    private void put(long token, Set<Long> place) {
        place.add(token);
        places.put(token, place);
    }

    private void waitFor(long token, long waitRevision) {
        put(token, waiting.computeIfAbsent(waitRevision, each -> new LinkedHashSet<>()));
    }

    private void completeApplied() {
        long everywhere = leased.stream().mapToLong(this::appliedBy).min().orElse(Long.MAX_VALUE);
        var done = waiting.headMap(everywhere, true);
        List<Long> tokens = done.values().stream().flatMap(Set::stream).toList();
        done.clear();
        tokens.forEach(places::remove);
        tokens.forEach(effects::complete);
    }

    private void finishIfDone(long drain) {
        Drain open = drains.get(drain);
        if (open != null && !open.finishing && open.isDone(leased)) {
            open.finishing = true;
            effects.finish(drain, open.roles.asOf());
        }
    }
}
