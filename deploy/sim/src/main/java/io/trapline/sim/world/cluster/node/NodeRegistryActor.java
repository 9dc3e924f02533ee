package io.trapline.sim.world.cluster.node;

import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.DomainRecord;
import io.trapline.internal.v1.DrainKind;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.RunName;
import io.trapline.node.protocol.Life;
import io.trapline.node.registry.AppliedQueue;
import io.trapline.node.registry.DomainChange;
import io.trapline.node.registry.DomainView;
import io.trapline.node.registry.DrainLedger;
import io.trapline.node.registry.OwnCopies;
import io.trapline.node.registry.RegistryView;
import io.trapline.sim.world.cluster.check.CopyChecks;
import io.trapline.sim.world.cluster.check.DrainReports;
import io.trapline.sim.world.cluster.host.Agenda;
import io.trapline.sim.world.cluster.host.Mailbox;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.sim.world.cluster.node.NodeProcess.Follower;
import io.trapline.sim.world.cluster.node.NodeProcess.Told;
import io.trapline.sim.world.cluster.seam.ClusterSeams;
import io.trapline.v1.Claim;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Follows the registry at a node, as {@code NodeRegistry} does: domains apply each change some time later, and it is acknowledged when all have. */
public final class NodeRegistryActor implements Follower {
    private static final int SLOW = 400;
    private static final long SLOWEST = 2_000_000_000;
    private static final long MILLIS = 1_000_000;

    /** How a node reaches the others, and proposes to coordinators. */
    public interface Peers {
        /** A single message to whatever life the other node has when it arrives. */
        void send(SimHost from, String node, Supplier<String> what, Consumer<NodeRegistryActor> arrive);

        /** Asks that coordinator once. */
        void propose(SimHost from, String coordinator, Command command);

        /** What copies are checked by. */
        CopyChecks checks();

        /** What drains are checked by. */
        DrainReports drainReports();
    }

    private final Agenda agenda;
    private final SimHost host;
    private final ClusterSeams seams;
    private final NodeLife self;
    private final Peers peers;
    private final BooleanSupplier serves;
    private final Told told;
    private final Mailbox actors;
    private final RegistryView view;
    private final AppliedQueue<String> applying = new AppliedQueue<>();
    private final DrainLedger drains = new DrainLedger();
    private final OwnCopies ownCopies;
    /** By generation. */
    private final Map<Long, DomainActor> domains = new HashMap<>();
    /** By generation. */
    private final Map<Long, Copy> copies = new TreeMap<>();

    private final StandingClaims claims = new StandingClaims();

    private long acknowledged;

    /** Begins to follow at a life of the host. */
    public NodeRegistryActor(
            Agenda agenda,
            SimHost host,
            ClusterSeams seams,
            NodeLife self,
            Peers peers,
            BooleanSupplier serves,
            Told told) {
        this.agenda = agenda;
        this.host = host;
        this.seams = seams;
        this.self = self;
        this.peers = peers;
        this.serves = serves;
        this.told = told;
        actors = new Mailbox(agenda, host, SLOW, SLOWEST);
        view = new RegistryView();
        ownCopies = new OwnCopies(new Life(self.getNode(), self.getIncarnation()));
        accessLater();
    }

    @Override
    public long acknowledged() {
        return acknowledged;
    }

    @Override
    public List<Long> claimsAtWork() {
        return domains.values().stream()
                .flatMap(domain -> domain.accesses().stream())
                .map(access -> access.claimEpoch)
                .toList();
    }

    private Optional<Copy> copy(long generation) {
        return Optional.ofNullable(copies.get(generation));
    }

    private Copy newCopy(RunName name) {
        return new Copy(agenda, host, seams, self, name, serves, new Copies() {
            @Override
            public void send(NodeLife to, long generation, Supplier<String> what, Consumer<Copy> arrive) {
                peers.send(host, to.getNode(), what, node -> {
                    if (node.self.equals(to)) {
                        node.copy(generation).ifPresent(arrive);
                    }
                });
            }

            @Override
            public void propose(Command command) {
                peers.propose(host, told.coordinator(), command);
            }

            @Override
            public CopyChecks checks() {
                return peers.checks();
            }
        });
    }

    private void accessLater() {
        host.after(agenda.between(2 * MILLIS, 30 * MILLIS), () -> {
            if (!domains.isEmpty()) {
                agenda.oneOf(List.copyOf(domains.values())).access();
            }
            if (!copies.isEmpty()) {
                agenda.oneOf(List.copyOf(copies.values())).write();
            }
            accessLater();
        });
    }

    @Override
    public void admitted() {
        drains.forgetReports();
        reportDrains();
    }

    @Override
    public void acknowledged(long session, long through) {
        // Its shards keep no answers.
    }

    @Override
    public void changed(RegistryChange change) {
        RegistryView.Effects effects = view.apply(change);
        AppliedQueue.Entry<String> entry = applying.begin(effects.revision(), "");
        claims.take(change);
        effects.removed()
                .forEach((domid, generation) -> later(entry, () -> {
                    ownCopies.forget(generation);
                    copy(generation).ifPresent(Copy::stop);
                    copies.remove(generation);
                    leave(generation);
                }));
        change.getDomainsList().forEach(record -> place(record, entry));
        effects.changed().forEach(each -> apply(each, change, entry));
        effects.changed().forEach(each -> sayAgain(each.view()));
        effects.drains().forEach(this::begin);
        drains.retain(view.drains());
        done(entry);
    }

    private void apply(DomainChange change, RegistryChange whole, AppliedQueue.Entry<String> entry) {
        long generation = change.view().generation();
        if (change.view().primaries().stream().noneMatch(this::isSelf)) {
            // Another one decides it now: what was under way here is given up.
            later(entry, () -> leave(generation));
            return;
        }
        int domid = change.view().domid();
        List<Claim> heard = domains.containsKey(generation) ? DomainActor.claimsOf(whole, domid) : claims.of(domid);
        DomainActor domain = domains.computeIfAbsent(
                generation,
                fresh -> new DomainActor(agenda, host, change.view(), serves, revision -> finish(revision)));
        domain.told(change.view());
        later(entry, () -> {
            if (change.view().alive()) {
                domain.apply(change, heard);
            } else {
                domain.stop();
                drains.pendingOf(generation).forEach(this::finish);
            }
        });
    }

    /** A copy that comes has nothing of before here: what it had at a server is not modelled. */
    private void sayAgain(DomainView now) {
        if (ownCopies.gains(now)) {
            drains.regained(now.generation(), now.table().revision()).forEach(this::finish);
        }
    }

    private boolean isSelf(Life life) {
        return life.node().equals(self.getNode()) && life.incarnation() == self.getIncarnation();
    }

    private void leave(long generation) {
        DomainActor gone = domains.remove(generation);
        if (gone != null) {
            gone.stop();
            drains.pendingOf(generation).forEach(this::finish);
        }
    }

    private void place(DomainRecord record, AppliedQueue.Entry<String> entry) {
        RunName name = RunName.newBuilder()
                .setDomid(record.getDomain().getDomid())
                .setDomainGeneration(record.getDomain().getGeneration())
                .build();
        Copy copy = copies.computeIfAbsent(name.getDomainGeneration(), fresh -> newCopy(name));
        later(entry, () -> copy.apply(record.getRuns(0)));
    }

    /** Actors take a while, and keep the order. */
    private void later(AppliedQueue.Entry<String> entry, Runnable step) {
        entry.owe();
        actors.tell(() -> {
            step.run();
            done(entry);
        });
    }

    private void begin(DrainRecord drain) {
        drains.begin(drain);
        DomainActor domain = domains.get(drain.getDomainGeneration());
        boolean waits = domain != null
                && (drain.getKind() == DrainKind.DRAIN_KIND_DESTROY_DOMAIN
                        ? !domain.hasStopped()
                        : domain.hasServer(drain.getId(), drain.getGeneration()));
        if (!waits) {
            finish(drain.getRevision());
        }
    }

    private void finish(long revision) {
        drains.finish(revision);
        reportDrains();
    }

    private void done(AppliedQueue.Entry<String> entry) {
        entry.done();
        boolean moved = false;
        for (var next = applying.take(); next != null; next = applying.take()) {
            acknowledged = next.revision();
            moved = true;
        }
        if (moved) {
            told.applied(acknowledged);
            reportDrains();
        }
    }

    private void reportDrains() {
        drains.report(acknowledged).forEach(drain -> {
            peers.drainReports().said(self, drain, acknowledged);
            told.drained(drain);
        });
    }
}
