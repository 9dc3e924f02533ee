package io.trapline.node.registry;

import io.trapline.internal.v1.DrainKind;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.internal.v1.RegisterNode;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.RegistryServiceGrpc.RegistryServiceStub;
import io.trapline.model.Errno;
import io.trapline.model.MemType;
import io.trapline.model.Refusal;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.ChildFailed;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.Signal;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The actor that follows the registry: keeps this node's session with the coordinator, has every domain's actors apply each change, and acknowledges a
 * revision when all of them have (rule 0). It starts and stops those actors; one that dies by itself takes its domain with it, and nothing else.
 */
public final class NodeRegistry extends AbstractMatchingBehavior<NodeRegistry.Message> {
    /** What it is told. */
    public sealed interface Message {}

    private record Connect() implements Message {}

    private record Changed(NodeSession session, RegistryChange change) implements Message {}

    private record Lost(NodeSession session, Throwable why) implements Message {}

    /** All actors of a domain have applied a change. */
    private record Applied(RunningDomain domain, long revision) implements Message {}

    /** A server has reported a drain. */
    private record Drained(long revision) implements Message {}

    private record ResetDone(long revision) implements Message {}

    /** Something that a domain has to do on this actor. */
    private record Step(Runnable step) implements Message {}

    private record ReportActivity() implements Message {}

    private static final Logger LOG = LoggerFactory.getLogger(NodeRegistry.class);
    private static final Duration FIRST_BACKOFF = Duration.ofMillis(50);
    private static final Duration LONGEST_BACKOFF = Duration.ofSeconds(2);
    private static final Duration ACTIVITY_PERIOD = Duration.ofSeconds(10);

    private final TimerScheduler<Message> timers;
    private final RegistryServiceStub coordinator;
    private final RegisterNode register;
    private final DomainActors actors;
    private final NodeDirectory directory;
    private final ClientSessions sessions;
    private final CompletableFuture<Void> registered;

    private final RegistryView view;
    private final AppliedQueue<NodeSession> applying = new AppliedQueue<>();
    private final DrainLedger drains = new DrainLedger();
    /** By generation; until it is removed from the registry and its actors are gone. */
    private final Map<Long, RunningDomain> domains = new HashMap<>();

    private final Map<ActorRef<?>, RunningDomain> owners = new HashMap<>();
    private @Nullable NodeSession session;
    private Duration backoff = FIRST_BACKOFF;
    private long acknowledged;

    private NodeRegistry(
            ActorContext<Message> context,
            TimerScheduler<Message> timers,
            RegistryServiceStub coordinator,
            RegisterNode register,
            DomainActors actors,
            NodeDirectory directory,
            ClientSessions sessions,
            CompletableFuture<Void> registered) {
        super(context);
        this.timers = timers;
        this.coordinator = coordinator;
        this.register = register;
        this.actors = actors;
        this.directory = directory;
        this.sessions = sessions;
        this.registered = registered;
        view = new RegistryView(register.getNode());
    }

    /**
     * Connects at once, and again whenever the session is lost.
     *
     * @param register this node and this life of its process
     * @param registered completed when the registry is applied for the first time
     */
    public static Behavior<Message> create(
            RegistryServiceStub coordinator,
            RegisterNode register,
            DomainActors actors,
            NodeDirectory directory,
            ClientSessions sessions,
            CompletableFuture<Void> registered) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            NodeRegistry registry =
                    new NodeRegistry(context, timers, coordinator, register, actors, directory, sessions, registered);
            timers.startTimerWithFixedDelay(new ReportActivity(), ACTIVITY_PERIOD);
            registry.connect();
            return registry;
        }));
    }

    @Override
    public Behavior<Message> onMessage(Message message) {
        switch (message) {
            case Connect connect -> connect();
            case Changed changed -> onChanged(changed);
            case Lost lost -> onLost(lost);
            case Applied applied -> applied.domain().applied(applied.revision());
            case Drained drained -> onDrained(drained.revision());
            case ResetDone reset -> finishDrain(reset.revision());
            case ReportActivity report -> reportActivity();
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

    private void connect() {
        ActorRef<Message> self = getContext().getSelf();
        drains.forgetReports();
        session = NodeSession.open(
                coordinator,
                register,
                (from, change) -> self.tell(new Changed(from, change)),
                (from, why) -> self.tell(new Lost(from, why)));
    }

    private void onLost(Lost lost) {
        if (lost.session() != session) {
            return;
        }
        session = null;
        // While everything starts it is no news that the coordinator does not lead yet.
        LOG.atLevel(registered.isDone() ? Level.WARN : Level.INFO)
                .log(
                        "no session with the coordinator ({}); again in {} ms",
                        lost.why().getMessage(),
                        backoff.toMillis());
        timers.startSingleTimer(new Connect(), backoff);
        Duration doubled = backoff.multipliedBy(2);
        backoff = doubled.compareTo(LONGEST_BACKOFF) > 0 ? LONGEST_BACKOFF : doubled;
    }

    private void onChanged(Changed changed) {
        if (changed.session() != session) {
            return;
        }
        backoff = FIRST_BACKOFF;
        RegistryView.Effects effects = view.apply(changed.change());
        AppliedQueue.Entry<NodeSession> entry = applying.begin(effects.revision(), changed.session());
        effects.removed().forEach((domid, generation) -> remove(domid, generation, entry));
        effects.changed().forEach(change -> apply(change, entry));
        effects.drains().forEach(this::beginDrain);
        drains.retain(view.drains());
        sessions.change(effects.revision(), effects.sessions(), effects.endedSessions());
        done(entry);
    }

    private void apply(DomainChange change, AppliedQueue.Entry<NodeSession> entry) {
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
    }

    private void serve(DomainChange change, AppliedQueue.Entry<NodeSession> entry) {
        RunningDomain domain = domains.get(change.view().generation());
        if (domain == null && !change.view().placedHere()) {
            LOG.warn(
                    "domain {} is placed at other nodes; it is not served here",
                    change.view().domid());
            return;
        }
        if (domain == null) {
            domain = start(change.view());
        }
        if (!domain.isServing()) {
            waitUntilStopped(domain, entry);
            return;
        }
        entry.owe();
        ActorRef<Message> self = getContext().getSelf();
        RunningDomain served = domain;
        long revision = change.view().table().revision();
        served.apply(change, () -> self.tell(new Applied(served, revision)), () -> done(entry));
        directory.put(served.handle(false));
    }

    private RunningDomain start(DomainView created) {
        ActorRef<Message> self = getContext().getSelf();
        RunningDomain domain = new RunningDomain(
                getContext(),
                actors,
                created,
                step -> self.tell(new Step(step)),
                (owner, actor) -> owners.put(actor, owner),
                revision -> self.tell(new Drained(revision)));
        domains.put(created.generation(), domain);
        domain.whenStopped(() -> drains.pendingOf(created.generation()).forEach(this::finishDrain));
        return domain;
    }

    private void crash(DomainView crashed, AppliedQueue.Entry<NodeSession> entry) {
        RunningDomain domain = domains.get(crashed.generation());
        if (domain == null) {
            directory.put(DomainHandle.withoutActors(crashed));
            return;
        }
        directory.put(domain.handle(true));
        domain.stop(DomainHandle.crashed(crashed.domid()));
        waitUntilStopped(domain, entry);
    }

    private void destroy(DomainView destroyed, AppliedQueue.Entry<NodeSession> entry) {
        leaveDirectory(destroyed.domid(), destroyed.generation());
        RunningDomain domain = domains.get(destroyed.generation());
        if (domain != null) {
            domain.stop(Refusal.noDomain(destroyed.domid()));
            waitUntilStopped(domain, entry);
        }
    }

    private void remove(int domid, long generation, AppliedQueue.Entry<NodeSession> entry) {
        leaveDirectory(domid, generation);
        RunningDomain domain = domains.get(generation);
        if (domain != null) {
            domain.stop(Refusal.noDomain(domid));
            waitUntilStopped(domain, entry);
            domain.whenStopped(() -> domains.remove(generation));
        }
    }

    private void waitUntilStopped(RunningDomain domain, AppliedQueue.Entry<NodeSession> entry) {
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
            onDrained(drain.getRevision());
        }
    }

    private void onDrained(long revision) {
        DrainRecord drain = drains.pending(revision).orElse(null);
        if (drain == null) {
            return;
        }
        RunningDomain domain = domains.get(drain.getDomainGeneration());
        boolean resets = drain.getKind() == DrainKind.DRAIN_KIND_RELEASE && drain.getReset();
        if (!resets || domain == null || !domain.isServing()) {
            finishDrain(revision);
        } else if (drains.beginReset(revision)) {
            ActorRef<Message> self = getContext().getSelf();
            domain.reset(MemType.ofCode(drain.getTypeValue()).x(), () -> self.tell(new ResetDone(revision)));
        }
    }

    private void finishDrain(long revision) {
        drains.finish(revision);
        reportDrains();
    }

    private void done(AppliedQueue.Entry<NodeSession> entry) {
        entry.done();
        boolean moved = false;
        for (var next = applying.take(); next != null; next = applying.take()) {
            acknowledged = next.revision();
            moved = true;
            if (next.source() == session) {
                next.source().more();
            }
        }
        NodeSession to = session;
        if (moved && to != null) {
            to.applied(acknowledged);
            registered.complete(null);
            reportDrains();
        }
    }

    private void reportDrains() {
        NodeSession to = session;
        if (to != null) {
            drains.report(acknowledged).forEach(to::drained);
        }
    }

    private void reportActivity() {
        NodeSession to = session;
        if (to != null) {
            List<Long> active = sessions.takeActive();
            if (!active.isEmpty()) {
                to.active(active);
            }
        }
    }

    private void onTerminated(Terminated terminated) {
        RunningDomain domain = owners.remove(terminated.getRef());
        if (domain == null || domain.terminated(terminated.getRef())) {
            return;
        }
        String cause = terminated instanceof ChildFailed failed ? failed.cause().toString() : "stopped by itself";
        LOG.error(
                "{} died ({}); domain {} fails at this node",
                terminated.getRef().path().name(),
                cause,
                domain.domid());
        if (directory
                .domain(domain.domid())
                .filter(handle -> handle.generation() == domain.generation())
                .isPresent()) {
            directory.put(domain.handle(true));
        }
        domain.stop(DomainHandle.crashed(domain.domid()));
    }

    private void onPostStop() {
        if (session != null) {
            session.close();
        }
        Refusal why = Refusal.of(Errno.EAGAIN, "the node stops");
        domains.values().forEach(domain -> domain.abandon(why));
    }
}
