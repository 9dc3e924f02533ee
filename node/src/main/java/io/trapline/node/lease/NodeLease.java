package io.trapline.node.lease;

import io.trapline.model.Pure;
import java.time.Duration;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The lease of one life of a node, by its own clock alone (D-9, D-11): it serves while a renewal that was granted was sent less than a lease ago, and
 * once it has applied what that grant's leadership demands.
 * <pre>
 *   NONE ──granted──▶ CATCHING_UP ──applied──▶ SERVING ──now ≥ sent + lease──▶ NONE
 * </pre>
 * A grant of another leadership is used from when what it demands is applied; the lease that stands runs on to its end meanwhile.
 *
 * <p>Times are nanoseconds of one monotonic clock, read in the step that names them.
 */
@Pure
public final class NodeLease {
    /** Where it stands. */
    public enum Stand {
        /** No lease. */
        NONE,
        /** It has a lease, and has not applied what the registry was when that began. */
        CATCHING_UP,
        /** It may serve. */
        SERVING
    }

    /** What one leadership has granted: until when, and what must be applied first. */
    private record Held(long leadership, long mustHaveApplied, long untilNanos) {}

    private final long leaseNanos;
    /** When each renewal was sent that could still be worth something. */
    private final TreeMap<Long, Long> sent = new TreeMap<>();

    private long lastNumber;
    private long applied;
    private @Nullable Held current;
    /** Of a later leadership than the current one; used once its revision is applied, or the current one has ended. */
    private @Nullable Held next;

    /** One that nobody has granted anything. */
    public NodeLease(Duration lease) {
        leaseNanos = lease.toNanos();
    }

    /** A renewal is about to be handed to a transport; returns its number, 1 and up. */
    public long renewing(long nowNanos) {
        sent.values().removeIf(at -> nowNanos - at >= leaseNanos);
        sent.put(++lastNumber, nowNanos);
        return lastNumber;
    }

    /**
     * A coordinator has granted a renewal. One that was sent a lease ago or longer is worth nothing, and so is one of an older leadership than one that has
     * granted since.
     *
     * @param mustHaveApplied the registry's revision when it was granted
     */
    public void granted(long nowNanos, long number, long mustHaveApplied, long leadership) {
        advance(nowNanos);
        Long sentAt = sent.get(number);
        if (sentAt == null || nowNanos - sentAt >= leaseNanos) {
            return;
        }
        long until = sentAt + leaseNanos;
        Held held = current;
        Held following = next;
        if (held == null || held.leadership == leadership) {
            current = extended(held, leadership, mustHaveApplied, until);
        } else if (leadership > held.leadership && (following == null || leadership >= following.leadership)) {
            boolean same = following != null && following.leadership == leadership;
            next = extended(same ? following : null, leadership, mustHaveApplied, until);
        }
        advance(nowNanos);
    }

    private static Held extended(@Nullable Held held, long leadership, long mustHaveApplied, long until) {
        if (held == null) {
            return new Held(leadership, mustHaveApplied, until);
        }
        return until - held.untilNanos > 0 ? new Held(leadership, held.mustHaveApplied, until) : held;
    }

    /** Everything up to that revision is applied. */
    public void applied(long nowNanos, long revision) {
        applied = Math.max(applied, revision);
        advance(nowNanos);
    }

    /** Whether it may serve at that moment; at the lease's very end no more. */
    public boolean serves(long nowNanos) {
        return stand(nowNanos) == Stand.SERVING;
    }

    /** Where it stands at that moment. */
    public Stand stand(long nowNanos) {
        advance(nowNanos);
        Held held = current;
        if (held == null) {
            return Stand.NONE;
        }
        return applied >= held.mustHaveApplied ? Stand.SERVING : Stand.CATCHING_UP;
    }

    /** While it serves: the moment from which it does not. */
    public long untilNanos() {
        Held held = current;
        if (held == null) {
            throw new IllegalStateException("there is no lease");
        }
        return held.untilNanos;
    }

    /** What it has acknowledged. */
    public long applied() {
        return applied;
    }

    private void advance(long nowNanos) {
        current = unlessOver(current, nowNanos);
        next = unlessOver(next, nowNanos);
        Held following = next;
        if (following != null && (current == null || applied >= following.mustHaveApplied)) {
            current = current == null ? following : notShortened(current, following);
            next = null;
        }
    }

    /** The end of a lease that stood is not brought forward. */
    private Held notShortened(Held before, Held following) {
        boolean stood = applied >= before.mustHaveApplied && before.untilNanos - following.untilNanos > 0;
        return stood ? new Held(following.leadership, following.mustHaveApplied, before.untilNanos) : following;
    }

    private static @Nullable Held unlessOver(@Nullable Held held, long nowNanos) {
        return held != null && nowNanos - held.untilNanos < 0 ? held : null;
    }
}
