package io.trapline.sim.world.cluster.check;

import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.NodeLife;
import io.trapline.model.Lease;
import io.trapline.sim.check.Violation;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** V-2 – V-5, V-10 in true time: what leaders believe of leases, and what nodes do. */
public final class LeaseChecks {
    /**
     * A node that falls silent is waited for until its lease has ended, a lease and the margin; one that goes on but does not keep up is granted no more after a
     * lease of that. On the slowest clock, and with what ticks and mailboxes take.
     */
    private static final long LONGEST_WAIT =
            Lease.LASTS.multipliedBy(2).plus(Lease.MARGIN).plusMillis(700).toNanos();

    private long returned;
    private long grants;
    private long lapses;
    private long newestTerm;

    /** A call that changed the registry has returned (V-5). */
    public void returned(long revision) {
        returned = Math.max(returned, revision);
    }

    /** A call has waited for so long until every node had applied it, at a leader that was not stopped meanwhile (G-5). */
    public void waited(String leader, long nanos) {
        if (nanos > LONGEST_WAIT) {
            throw new Violation("G-5", "a call has waited %.3f ms at %s for nodes", nanos / 1e6, leader);
        }
    }

    /** How many renewals were granted. */
    public long grants() {
        return grants;
    }

    /** How many commands that rely on a lapse were applied. */
    public long lapses() {
        return lapses;
    }

    /** After each step. */
    public void stepped(Collection<? extends Serving> nodes, Collection<? extends Leader> coordinators) {
        Leader newest = newest(coordinators);
        for (Serving node : nodes) {
            if (node.serves()) {
                mustBeInForce(node);
                if (newest != null && newest.takesForLapsed(node.life())) {
                    throw new Violation(
                            "V-2", "%s serves, and %s takes its lease for lapsed", text(node.life()), newest.name());
                }
            }
        }
    }

    /** One of an older term than some other has led in says nothing: what it believes is of no effect (D-5). */
    private @Nullable Leader newest(Collection<? extends Leader> coordinators) {
        Leader newest = null;
        for (Leader each : coordinators) {
            long term = each.leadsInTerm();
            if (term > 0 && term >= newestTerm) {
                newestTerm = term;
                newest = each;
            }
        }
        return newest;
    }

    private void mustBeInForce(Serving node) {
        if (node.appliedRevision() < returned) {
            throw new Violation(
                    "V-5",
                    "%s serves by revision %d, and a call of revision %d has returned",
                    text(node.life()),
                    node.appliedRevision(),
                    returned);
        }
    }

    /**
     * A leader grants a renewal.
     *
     * @param arrivedNanos true time at which the renewal arrived
     * @param begunNanos true time at which the entry that confirms it was begun; negative: there is none that was committed
     */
    public void granted(String leader, NodeLife life, long arrivedNanos, long begunNanos) {
        grants++;
        if (begunNanos < arrivedNanos) {
            throw new Violation(
                    "V-3",
                    "%s grants %s a renewal of %.3f ms, which no entry confirms that was begun later (%.3f ms)",
                    leader,
                    text(life),
                    arrivedNanos / 1e6,
                    begunNanos / 1e6);
        }
    }

    /** A command is in force that may rely on a lapse (V-4), or on a drain (V-10). */
    public void inForce(Command command, long revision, Collection<? extends Serving> nodes) {
        NodeLife lapsed = Lapses.of(command, nodes);
        if (lapsed != null) {
            lapses++;
            for (Serving node : nodes) {
                if (node.life().equals(lapsed) && node.serves()) {
                    throw new Violation(
                            "V-4", "%s is in force, and %s serves", command.getCommandCase(), text(node.life()));
                }
            }
        }
    }

    /** A drain is finished: what it waited for is nowhere at work (V-10). */
    public void drained(List<Long> claims, Collection<? extends Serving> nodes) {
        for (Serving node : nodes) {
            if (node.serves() && node.claimsAtWork().stream().anyMatch(claims::contains)) {
                throw new Violation(
                        "V-10", "a drain is finished, and %s is at work for the claims %s", text(node.life()), claims);
            }
        }
    }

    private static String text(NodeLife life) {
        return life.getNode() + "/" + Long.toHexString(life.getIncarnation());
    }
}
