package io.trapline.sim.world.cluster.raft;

import io.trapline.coordinator.raft.Succession;
import java.util.List;

/** A leader that leaves on purpose (1.2.6), in the order of the real {@link Succession}: each follower has some time to take over, and where none does the leader steps down. */
final class LeaderTransfer {
    private static final long LOOKS_EVERY = 20_000_000;

    private final SimReplica leader;
    private final long term;
    private final Runnable left;
    private final List<String> successors;

    /** @param left it leads no longer */
    LeaderTransfer(SimReplica leader, Runnable left) {
        this.leader = leader;
        this.left = left;
        term = leader.term();
        successors = Succession.successors(leader.followers());
    }

    void begin() {
        ask(0);
    }

    private void ask(int next) {
        if (next == successors.size()) {
            leader.stepDown(term);
            left.run();
        } else {
            look(next, leader.host().clock().getAsLong() + Succession.EACH.toNanos(), false);
        }
    }

    /** One that has all of the log is asked to stand at once. */
    private void look(int next, long until, boolean wasAsked) {
        if (!leader.leads() || leader.term() != term) {
            left.run();
            return;
        }
        if (leader.host().clock().getAsLong() - until >= 0) {
            ask(next + 1);
            return;
        }
        boolean isAsked = wasAsked || leader.asksToStand(successors.get(next));
        leader.host().after(LOOKS_EVERY, () -> look(next, until, isAsked));
    }
}
