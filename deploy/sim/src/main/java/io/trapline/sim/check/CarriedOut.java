package io.trapline.sim.check;

import io.trapline.model.IoreqAttributes;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What emulators have carried out: each run a request once (A4, F6), those of a vCPU in order (A3, F3). */
public final class CarriedOut {
    private final History history;
    private final Map<IoreqKey, Map<Long, Act>> acts = new HashMap<>();
    private long count;

    /** That a run has carried an ioreq out, at which server, and what it answers. */
    record Act(int server, long value) {}

    /** Of those accesses. */
    public CarriedOut(History history) {
        this.history = history;
    }

    /** A run carries an ioreq out and will answer that value, of which the low bytes count. */
    public void act(int server, long run, IoreqKey key, int marks, long value) {
        GuestAccess access = history.of(key.access());
        Map<Long, Act> before = acts.computeIfAbsent(key, fresh -> new HashMap<>());
        // F6: one that another server has had in between may be another to its emulator, and says so.
        boolean returns = access.hasMoved && (marks & IoreqAttributes.MARK_REDELIVERED) != 0;
        if (before.containsKey(run) && !returns) {
            throw new Violation("A4, F6", "%s: run %x carries it out a second time", access, run);
        }
        if (!access.hasTakenEffect) {
            checkOrder(access, server);
        }
        before.put(run, new Act(server, value));
        access.hasTakenEffect = true;
        count++;
    }

    /** A run gives one up that the server has completed otherwise: should it come again, it is carried out then (F2, F5). */
    public void abandons(long run, IoreqKey key) {
        Map<Long, Act> of = acts.get(key);
        if (of != null) {
            of.remove(run);
        }
    }

    private void checkOrder(GuestAccess access, int server) {
        GuestAccess waiting = history.earlier(
                access,
                earlier -> !earlier.hasTakenEffect
                        && !earlier.hasOutcome()
                        && !earlier.isEnded
                        && !earlier.isRefused
                        && earlier.overtakenThrough < access.key.sequence());
        if (waiting != null) {
            throw new Violation("A3", "%s is carried out by server %d before %s", access, server, waiting);
        }
        GuestAccess posted = history.earlier(
                access, earlier -> earlier.postedAt == server && !earlier.hasTakenEffect && !earlier.hasMoved);
        if (posted != null) {
            throw new Violation("F3", "%s reaches server %d before the posted %s", access, server, posted);
        }
    }

    /** What that run has made of it, or null. */
    @Nullable
    Act by(long run, IoreqKey key) {
        Map<Long, Act> of = acts.get(key);
        return of == null ? null : of.get(run);
    }

    /** Whether anybody has carried it out. */
    boolean byAnybody(IoreqKey key) {
        return acts.containsKey(key);
    }

    /** How often an access was carried out by emulators, each run of one counted once. */
    public int times(AccessKey key) {
        return acts.entrySet().stream()
                .filter(of -> of.getKey().access().equals(key))
                .mapToInt(of -> of.getValue().size())
                .sum();
    }

    /** How many requests were carried out. */
    public long count() {
        return count;
    }
}
