package io.trapline.sim.check;

import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.OutcomeRows;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;

/** One stream of an emulator: what the server delivers arrives, once and in order (F1), and not more than there is credit for (I-11). */
public final class StreamChecks {
    private final String name;
    private final ArrayDeque<IoreqKey> underWay = new ArrayDeque<>();
    private final Set<IoreqKey> unanswered = new HashSet<>();
    private long granted;

    /** A stream of that name that begins with so much credit. */
    public StreamChecks(String name, int credit) {
        this.name = name;
        granted = credit;
    }

    /** The server delivers; {@code ready}: the stream takes it. */
    public void delivers(IoreqRows rows, boolean ready) {
        if (!ready) {
            throw new Violation("I-11", "%s is passed %d ioreqs, and takes nothing now", name, rows.size());
        }
        for (int i = 0; i < rows.size(); i++) {
            underWay.add(IoreqKey.of(rows.keys(), i));
        }
    }

    /** The emulator is passed that. */
    public void arrives(IoreqRows rows) {
        for (int i = 0; i < rows.size(); i++) {
            IoreqKey key = IoreqKey.of(rows.keys(), i);
            if (!key.equals(underWay.poll())) {
                throw new Violation("F1", "%s is passed %s, which was not delivered now", name, key);
            }
            unanswered.add(key);
        }
        if (unanswered.size() > granted) {
            throw new Violation("I-11", "%s has %d ioreqs, with credit for %d", name, unanswered.size(), granted);
        }
    }

    /** Nothing of what was delivered so far is missing. */
    public void hasAll(int messages) {
        if (messages == 0 && !underWay.isEmpty()) {
            throw new Violation("F1", "%s was not passed %s, which was delivered", name, underWay.peek());
        }
    }

    /** The emulator answers. */
    public void answers(OutcomeRows rows) {
        for (int i = 0; i < rows.size(); i++) {
            unanswered.remove(IoreqKey.of(rows.keys(), i));
        }
    }

    /** The emulator gives credit for what it does not answer. */
    public void grants(int rows) {
        granted += rows;
    }
}
