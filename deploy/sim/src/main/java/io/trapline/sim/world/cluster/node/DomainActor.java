package io.trapline.sim.world.cluster.node;

import io.trapline.internal.v1.RegistryChange;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.protocol.Drain;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.registry.DomainChange;
import io.trapline.node.registry.DomainView;
import io.trapline.sim.world.cluster.host.Agenda;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.v1.Claim;
import io.trapline.v1.ClaimState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;

/**
 * The actors of one domain at a node, as one: goes by a view, passes accesses on to the servers that the view names, and gives back what a change catches
 * (F5). What it does in a step it may do only while the node serves (D-11).
 */
final class DomainActor {
    private static final int TYPES = 2;

    private static final long MILLIS = 1_000_000;

    private final Agenda agenda;
    private final SimHost host;
    private final BooleanSupplier serves;
    private final LongConsumer drained;
    private final List<Access> accesses = new ArrayList<>();
    private final Map<Long, List<Access>> draining = new HashMap<>();
    private final Map<Integer, Long> heldClaims = new HashMap<>();
    private DomainView view;
    private DomainView told;
    private boolean hasStopped;

    DomainActor(Agenda agenda, SimHost host, DomainView view, BooleanSupplier serves, LongConsumer drained) {
        this.agenda = agenda;
        this.host = host;
        this.view = view;
        told = view;
        this.serves = serves;
        this.drained = drained;
    }

    boolean hasServer(int id, long generation) {
        return !hasStopped
                && told.servers().stream().anyMatch(server -> server.id() == id && server.generation() == generation);
    }

    boolean hasStopped() {
        return hasStopped;
    }

    List<Access> accesses() {
        return accesses;
    }

    /** It has been told, and goes by that some time later. */
    void told(DomainView now) {
        told = now;
    }

    /** From now on it goes by that. */
    void apply(DomainChange change, List<Claim> claims) {
        view = change.view();
        for (Claim claim : claims) {
            int x = claim.getTypeValue() - FIRST_TYPE;
            if (claim.getState() == ClaimState.CLAIM_STATE_HELD) {
                heldClaims.put(x, claim.getEpoch());
            } else {
                heldClaims.remove(x, claim.getEpoch());
            }
        }
        Set<Integer> present = view.servers().stream().map(ServerView::id).collect(Collectors.toSet());
        accesses.removeIf(access -> !present.contains(access.server));
        for (ServerView server : view.servers()) {
            change.drainsOf(server.id()).forEach(drain -> drain(server.id(), drain));
        }
        draining.keySet().stream().toList().forEach(this::reportIfDrained);
    }

    static final int FIRST_TYPE = 16;

    /** Claims as the whole registry has them. */
    static List<Claim> claimsOf(RegistryChange change, int domid) {
        return change.getClaimsList().stream()
                .filter(claim -> claim.getDomid() == domid)
                .toList();
    }

    private void drain(int server, Drain drain) {
        List<Access> caught = new ArrayList<>(accesses.stream()
                .filter(access -> access.server == server
                        && (drain.x() < 0 || drain.x() == access.x)
                        && access.decidedRevision < drain.revision())
                .toList());
        agenda.say(() -> host.name() + ": drain " + drain.revision() + " of server " + server + " has caught "
                + caught.size() + ", " + drain.drainMillis() + " ms");
        // What was not delivered goes back at once.
        caught.removeIf(access -> !access.isDelivered && accesses.remove(access));
        draining.put(drain.revision(), caught);
        host.after(drain.drainMillis() * MILLIS, () -> {
            accesses.removeAll(caught);
            reportIfDrained(drain.revision());
        });
    }

    private void reportIfDrained(long revision) {
        List<Access> caught = draining.get(revision);
        if (caught != null && caught.stream().noneMatch(accesses::contains)) {
            draining.remove(revision);
            agenda.say(() -> host.name() + ": drain " + revision + " is over here");
            drained.accept(revision);
        }
    }

    /** A guest accesses a page of some type. */
    void access() {
        int x = agenda.upTo(TYPES - 1);
        if (hasStopped || !serves.getAsBoolean() || view.state() != DecisionTable.State.RUNNING) {
            return;
        }
        int server = view.table().claimant(x, true);
        Long epoch = heldClaims.get(x);
        if (server == DecisionTable.NONE || epoch == null || accesses.size() >= MOST) {
            return;
        }
        Access access = new Access(epoch, server, x, view.table().revision());
        accesses.add(access);
        agenda.say(() -> host.name() + ": an access for server " + server + " by claim " + epoch
                + ", decided by revision " + access.decidedRevision);
        host.after(agenda.between(0, MILLIS), () -> deliver(access));
    }

    private static final int MOST = 8;

    private void deliver(Access access) {
        if (!accesses.contains(access)) {
            return;
        }
        if (serves.getAsBoolean()) {
            access.isDelivered = true;
            answerLater(access);
        } else {
            host.after(50 * MILLIS, () -> deliver(access));
        }
    }

    private void answerLater(Access access) {
        host.after(agenda.between(MILLIS, agenda.oneIn(4) ? 3_000 * MILLIS : 20 * MILLIS), () -> {
            if (!accesses.contains(access)) {
                return;
            }
            // What an emulator says is not read while the node does not serve.
            if (serves.getAsBoolean()) {
                accesses.remove(access);
                draining.keySet().stream().toList().forEach(this::reportIfDrained);
            } else {
                answerLater(access);
            }
        });
    }

    /** Its memory is lost, or it goes. */
    void stop() {
        hasStopped = true;
        accesses.clear();
        draining.keySet().stream().toList().forEach(this::reportIfDrained);
    }
}
