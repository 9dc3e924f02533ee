package io.trapline.node.registry;

import io.trapline.internal.v1.DrainKind;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.model.Errno;
import io.trapline.model.MemType;
import io.trapline.model.Refusal;
import io.trapline.node.lease.CoordinatorLink;
import io.trapline.node.lease.LinkSettings;
import io.trapline.node.lease.RegistryFollower;
import io.trapline.node.protocol.Life;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.ChildFailed;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.Signal;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The actor that follows the registry: has every domain's actors apply each change that the {@link CoordinatorLink} brings, and acknowledges a
 * revision when all of them have (rule 0). It starts and stops those actors; one that dies by itself takes its domain with it, and nothing else.
 */
public final class NodeRegistry extends AbstractMatchingBehavior<NodeRegistry.Message> {
    /** What it is told. */
    public sealed interface Message {}

    /** The coordinators can be reached; see {@link CoordinatorLink.Begin}. */
    public record Begin() implements Message {}

    /** The node comes to its end; see {@link CoordinatorLink.Resign}. */
    public record Resign(Runnable done) implements Message {}

    /** {@code reply} is run when what was told before is done. */
    public record Answer(Runnable reply) implements Message {}

    /** {@code reply} is given what others would miss of this node. */
    public record AskParts(Consumer<Parts> reply) implements Message {}

    /**
     * What others would miss of this node.
     *
     * @param isOpen whether another node is there that is not drained
     * @param left how many shards this node decides, and servers it is the home of
     */
    public record Parts(boolean isOpen, int left) {}

    private record Admitted() implements Message {}

    private record Changed(RegistryChange change, Runnable taken) implements Message {}

    /** All actors of a domain have applied a change. */
    private record Applied(RunningDomain domain, long revision) implements Message {}

    /** A server has reported a drain. */
    private record Drained(long revision) implements Message {}

    /** Nothing of the server's that the drain has caught is anywhere at this node. */
    private record Returned(long revision, long look) implements Message {}

    private record ResetDone(long revision) implements Message {}

    /** Something that a domain has to do on this actor. */
    private record Step(Runnable step) implements Message {}

    private record ReportActivity() implements Message {}

    private record TellAcknowledged() implements Message {}

    private record Acknowledged(Map<Long, Long> through) implements Message {}

    private static final Logger LOG = LoggerFactory.getLogger(NodeRegistry.class);
    private static final Duration ACTIVITY_PERIOD = Duration.ofSeconds(10);
    private static final Duration ACKNOWLEDGED_PERIOD = Duration.ofSeconds(1);

    private final LinkSettings settings;
    private final ActorRef<CoordinatorLink.Message> link;
    private final DomainActors actors;
    private final NodeDirectory directory;
    private final ClientSessions sessions;
    private final Peers peers;
    private final Arrivals arrivals;
    private final Life self;

    private final RegistryView view;
    private final AppliedQueue<Runnable> applying = new AppliedQueue<>();
    private final DrainLedger drains = new DrainLedger();
    private final OwnCopies copies;
    /** By generation; until it is removed from the registry and its actors are gone. */
    private final Map<Long, RunningDomain> domains = new HashMap<>();

    private final Map<ActorRef<?>, RunningDomain> owners = new HashMap<>();
    private boolean isOtherOpen;
    private long acknowledged;

    private NodeRegistry(
            ActorContext<Message> context,
            LinkSettings settings,
            DomainActors actors,
            NodeDirectory directory,
            ClientSessions sessions,
            Peers peers,
            Arrivals arrivals) {
        super(context);
        this.settings = settings;
        this.actors = actors;
        this.directory = directory;
        this.sessions = sessions;
        this.peers = peers;
        this.arrivals = arrivals;
        self = new Life(settings.register().getNode(), settings.register().getIncarnation());
        copies = new OwnCopies(self);
        view = new RegistryView();
        ActorRef<Message> me = context.getSelf();
        RegistryFollower follower = new RegistryFollower() {
            @Override
            public void admitted() {
                me.tell(new Admitted());
            }

            @Override
            public void changed(RegistryChange change, Runnable taken) {
                me.tell(new Changed(change, taken));
            }

            @Override
            public void acknowledged(Map<Long, Long> through) {
                me.tell(new Acknowledged(through));
            }
        };
        // On a thread of its own: whatever the others are busy with, a lease is renewed in time.
        link = context.spawn(
                CoordinatorLink.create(settings, follower),
                "coordinator-link",
                DispatcherSelector.fromConfig("trapline-lease-dispatcher"));
        context.watch(link);
    }

    /**
     * Connects when it is told to begin.
     *
     * @param settings this life of the node, and how it reaches coordinators
     * @param peers the ways to other nodes
     * @param arrivals what comes from them, which waits for what the registry says
     */
    public static Behavior<Message> create(
            LinkSettings settings,
            DomainActors actors,
            NodeDirectory directory,
            ClientSessions sessions,
            Peers peers,
            Arrivals arrivals) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            timers.startTimerWithFixedDelay(new ReportActivity(), ACTIVITY_PERIOD);
            timers.startTimerWithFixedDelay(new TellAcknowledged(), ACKNOWLEDGED_PERIOD);
            return new NodeRegistry(context, settings, actors, directory, sessions, peers, arrivals);
        }));
    }

    @Override
    public Behavior<Message> onMessage(Message message) {
        switch (message) {
            case Admitted admitted -> {
                drains.forgetReports();
                reportDrains();
                sessions.reportAgain();
            }
            case Changed changed -> onChanged(changed);
            case Begin begin -> link.tell(new CoordinatorLink.Begin());
            case Resign resign -> link.tell(new CoordinatorLink.Resign(resign.done()));
            case Answer answer -> answer.reply().run();
            case AskParts ask ->
                ask.reply()
                        .accept(new Parts(
                                isOtherOpen,
                                domains.values().stream()
                                        .mapToInt(RunningDomain::parts)
                                        .sum()));
            case Applied applied -> applied.domain().applied(applied.revision());
            case Drained drained -> look(drained.revision());
            case Returned returned -> onReturned(returned.revision(), returned.look());
            case ResetDone reset -> onReset(reset.revision());
            case ReportActivity report -> reportActivity();
            case TellAcknowledged tell -> tellAcknowledged();
            case Acknowledged heard -> heard.through().forEach(sessions::acknowledged);
            case Step(Runnable step) -> step.run();
        }
        return this;
    }

    @Override
    public Behavior<Message> onSignal(Signal signal) {
        switch (signal) {
            case Terminated terminated -> onTerminated(terminated);
            case PostStop postStop -> onPostStop();
            default -> {}
        }
        return this;
    }

    private void onChanged(Changed changed) {
        RegistryView.Effects effects = view.apply(changed.change());
        AppliedQueue.Entry<Runnable> entry = applying.begin(effects.revision(), changed.taken());
        // Before shards are told that they are decided here: the primary before may have forgotten what it had of a
        // session.
        sessions.change(effects.revision(), effects.sessions(), effects.endedSessions());
        effects.nodes().ifPresent(nodes -> know(effects.revision(), nodes));
        effects.removed().forEach((domid, generation) -> remove(domid, generation, entry));
        effects.changed().forEach(change -> apply(change, entry));
        effects.drains().forEach(this::beginDrain);
        arrivals.advance(effects.revision());
        drains.retain(view.drains());
        done(entry);
    }

    private void know(long revision, List<PeerNode> nodes) {
        peers.know(revision, nodes);
        isOtherOpen = nodes.stream()
                .anyMatch(node -> !node.life().equals(self) && node.life().incarnation() != 0 && !node.draining());
        boolean isDrained = nodes.stream().anyMatch(node -> node.life().equals(self) && node.draining());
        Optional<Refusal> leaving = isDrained && isOtherOpen
                ? Optional.of(Refusal.of(Errno.EAGAIN, "node = " + self.node() + ": is drained, and others are not"))
                : Optional.empty();
        if (!leaving.equals(directory.leaving())) {
            // Before actors are told: whoever comes meanwhile looks here when its actor knows of it.
            directory.leave(leaving);
            domains.values().forEach(domain -> domain.leave(leaving));
        }
    }

    private void apply(DomainChange change, AppliedQueue.Entry<Runnable> entry) {
        try {
            switch (change.view().state()) {
                case RUNNING, PAUSED -> serve(change, entry);
                case CRASHED -> crash(change.view(), entry);
                case DESTROYING -> destroy(change.view(), entry);
            }
        } catch (RuntimeException bug) {
            LOG.error(
                    "domain {} cannot follow the registry; it fails at this node",
                    change.view().domid(),
                    bug);
            crash(change.view(), entry);
        }
        // Its actors have been told.
        if (copies.gains(change.view())) {
            drains.regained(change.view().generation(), change.view().table().revision())
                    .forEach(this::look);
        }
    }

    private void serve(DomainChange change, AppliedQueue.Entry<Runnable> entry) {
        RunningDomain domain = domains.get(change.view().generation());
        if (domain == null) {
            domain = start(change.view());
        }
        if (!domain.isServing()) {
            waitUntilStopped(domain, entry);
            return;
        }
        entry.owe();
        ActorRef<Message> me = getContext().getSelf();
        RunningDomain served = domain;
        long revision = change.view().table().revision();
        served.apply(change, () -> me.tell(new Applied(served, revision)), () -> done(entry));
        directory.put(served.handle(false));
    }

    private RunningDomain start(DomainView created) {
        ActorRef<Message> me = getContext().getSelf();
        RunningDomain domain = new RunningDomain(
                getContext(),
                actors,
                self,
                peers,
                created,
                directory.leaving(),
                step -> me.tell(new Step(step)),
                (owner, actor) -> owners.put(actor, owner),
                revision -> me.tell(new Drained(revision)));
        domains.put(created.generation(), domain);
        domain.whenStopped(() -> drains.pendingOf(created.generation()).forEach(this::finishDrain));
        return domain;
    }

    private void crash(DomainView crashed, AppliedQueue.Entry<Runnable> entry) {
        RunningDomain domain = domains.get(crashed.generation());
        if (domain == null) {
            directory.put(DomainHandle.withoutActors(crashed));
            return;
        }
        directory.put(domain.handle(true));
        domain.stop(DomainHandle.crashed(crashed.domid()));
        waitUntilStopped(domain, entry);
    }

    private void destroy(DomainView destroyed, AppliedQueue.Entry<Runnable> entry) {
        leaveDirectory(destroyed.domid(), destroyed.generation());
        RunningDomain domain = domains.get(destroyed.generation());
        if (domain != null) {
            domain.stop(Refusal.noDomain(destroyed.domid()));
            waitUntilStopped(domain, entry);
        }
    }

    private void remove(int domid, long generation, AppliedQueue.Entry<Runnable> entry) {
        leaveDirectory(domid, generation);
        copies.forget(generation);
        RunningDomain domain = domains.get(generation);
        if (domain != null) {
            domain.stop(Refusal.noDomain(domid));
            waitUntilStopped(domain, entry);
            domain.whenStopped(() -> domains.remove(generation));
        }
    }

    private void waitUntilStopped(RunningDomain domain, AppliedQueue.Entry<Runnable> entry) {
        entry.owe();
        domain.whenStopped(() -> done(entry));
    }

    private void leaveDirectory(int domid, long generation) {
        directory
                .domain(domid)
                .filter(handle -> handle.generation() == generation)
                .ifPresent(handle -> directory.remove(domid));
    }

    private void beginDrain(DrainRecord drain) {
        drains.begin(drain);
        RunningDomain domain = domains.get(drain.getDomainGeneration());
        boolean waits = domain != null
                && (drain.getKind() == DrainKind.DRAIN_KIND_DESTROY_DOMAIN
                        ? !domain.hasStopped()
                        : domain.hasServer(drain.getId(), drain.getGeneration()));
        if (!waits) {
            look(drain.getRevision());
        }
    }

    /** The server has nothing of it here; its shards here may have something of it elsewhere, which then is not drained (V-10). */
    private void look(long revision) {
        DrainRecord drain = drains.pending(revision).orElse(null);
        if (drain == null) {
            return;
        }
        long look = drains.look(revision);
        RunningDomain domain = domains.get(drain.getDomainGeneration());
        if (domain == null || !domain.isServing() || drain.getKind() == DrainKind.DRAIN_KIND_DESTROY_DOMAIN) {
            onReturned(revision, look);
            return;
        }
        ActorRef<Message> me = getContext().getSelf();
        domain.awaitReturned(drain.getId(), revision, () -> me.tell(new Returned(revision, look)));
    }

    private void onReturned(long revision, long look) {
        DrainRecord drain = drains.pending(revision).orElse(null);
        if (drain == null || !drains.isLatest(revision, look)) {
            return;
        }
        RunningDomain domain = domains.get(drain.getDomainGeneration());
        boolean resets = drain.getKind() == DrainKind.DRAIN_KIND_RELEASE && drain.getReset();
        if (!resets || domain == null || !domain.isServing()) {
            finishDrain(revision);
        } else if (drains.beginReset(revision)) {
            ActorRef<Message> me = getContext().getSelf();
            domain.reset(MemType.ofCode(drain.getTypeValue()).x(), () -> me.tell(new ResetDone(revision)));
        }
    }

    private void onReset(long revision) {
        if (drains.endReset(revision)) {
            look(revision);
        } else {
            finishDrain(revision);
        }
    }

    private void finishDrain(long revision) {
        drains.finish(revision);
        reportDrains();
    }

    private void done(AppliedQueue.Entry<Runnable> entry) {
        entry.done();
        boolean moved = false;
        for (var next = applying.take(); next != null; next = applying.take()) {
            acknowledged = next.revision();
            moved = true;
            next.source().run();
        }
        if (moved) {
            link.tell(new CoordinatorLink.Applied(acknowledged));
            reportDrains();
        }
    }

    private void reportDrains() {
        drains.report(acknowledged).forEach(revision -> link.tell(new CoordinatorLink.Drained(revision)));
    }

    private void reportActivity() {
        List<Long> active = sessions.takeActive();
        if (!active.isEmpty()) {
            link.tell(new CoordinatorLink.Active(active));
        }
    }

    /** Shards at other nodes keep answers of the same sessions: the leader tells them. */
    private void tellAcknowledged() {
        Map<Long, Long> heard = sessions.takeAcknowledged();
        if (!heard.isEmpty()) {
            link.tell(new CoordinatorLink.Acknowledged(heard));
        }
        sessions.tellAcknowledged();
    }

    private void onTerminated(Terminated terminated) {
        if (terminated.getRef().path().equals(link.path())) {
            settings.onOver().accept(Refusal.of(Errno.EAGAIN, "the link to the coordinators has died"));
            return;
        }
        RunningDomain domain = owners.remove(terminated.getRef());
        if (domain == null || domain.terminated(terminated.getRef())) {
            return;
        }
        Throwable cause = terminated instanceof ChildFailed failed ? failed.cause() : null;
        LOG.error(
                "{} died ({}); domain {} fails at this node",
                terminated.getRef().path().name(),
                cause == null ? "stopped by itself" : cause.toString(),
                domain.domid(),
                cause);
        if (directory
                .domain(domain.domid())
                .filter(handle -> handle.generation() == domain.generation())
                .isPresent()) {
            directory.put(domain.handle(true));
        }
        domain.stop(DomainHandle.crashed(domain.domid()));
    }

    private void onPostStop() {
        Refusal why = Refusal.of(Errno.EAGAIN, "the node stops").with("effect", "unknown");
        domains.values().forEach(domain -> domain.abandon(why));
    }
}
