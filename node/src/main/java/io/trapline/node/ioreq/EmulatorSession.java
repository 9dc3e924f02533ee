package io.trapline.node.ioreq;

import io.trapline.model.Pure;
import java.util.HashMap;
import java.util.Map;

/**
 * The emulator that is bound to a server, if any: its credit, and whether its stream takes more (S5). Credit comes back with each answer, also with one
 * that is refused because its row was completed otherwise meanwhile; an answer that nothing was sent for gives none.
 */
@Pure
final class EmulatorSession {
    private boolean bound;
    private boolean ready;
    private long epoch;
    private long run;
    private long granted;
    private long unanswered;
    /** Of those unanswered, the ones that have their outcome already, and how often; they are no more than the credit. */
    private final Map<Key, Integer> abandoned = new HashMap<>();

    private record Key(int vcpu, long vcpuEpoch, long sequence, int part) {}

    boolean isBound() {
        return bound;
    }

    /** Its epoch while it is bound. */
    boolean is(long anEpoch) {
        return bound && epoch == anEpoch;
    }

    long epoch() {
        return epoch;
    }

    /** The run that is or was bound last; 0 = none yet. */
    long run() {
        return run;
    }

    void bind(long anEpoch, long aRun, int credit, boolean isReady) {
        bound = true;
        epoch = anEpoch;
        run = aRun;
        granted = credit;
        ready = isReady;
        unanswered = 0;
        abandoned.clear();
    }

    void unbind() {
        bound = false;
        ready = false;
    }

    void ready(boolean isReady) {
        ready = isReady;
    }

    boolean takesMore() {
        return bound && ready;
    }

    /** How many rows it may be passed now. */
    int credit() {
        return (int) Math.max(0, granted - unanswered);
    }

    long granted() {
        return granted;
    }

    void grant(int rows) {
        granted += rows;
    }

    void sent(int rows) {
        unanswered += rows;
    }

    void answered() {
        unanswered--;
    }

    /** A delivered row has its outcome without an answer. */
    void abandoned(int vcpu, long vcpuEpoch, long sequence, int part) {
        abandoned.merge(new Key(vcpu, vcpuEpoch, sequence, part), 1, Integer::sum);
    }

    /** An answer fits nothing; it may be late. */
    void answeredLate(int vcpu, long vcpuEpoch, long sequence, int part) {
        Key key = new Key(vcpu, vcpuEpoch, sequence, part);
        Integer times = abandoned.get(key);
        if (times != null) {
            unanswered--;
            abandoned.compute(key, (k, before) -> times == 1 ? null : times - 1);
        }
    }
}
