package io.trapline.node.lease;

import io.trapline.internal.v1.Admission;
import io.trapline.internal.v1.Grant;
import io.trapline.internal.v1.NodeSessionRequest;
import io.trapline.internal.v1.NodeSessionResponse;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.Renewal;
import io.trapline.internal.v1.Resignation;
import io.trapline.internal.v1.SessionActivity;
import io.trapline.model.Errno;
import io.trapline.model.Lease;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.Signal;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The actor that keeps this node in touch with the coordinators: registers its life, renews its lease, opens the gate, hands changes of the registry on and
 * says what has been applied. The rules are {@link NodeLease}'s and {@link LeaderFinder}'s. It does nothing long, so that a registry that changes much
 * does not cost the lease.
 */
public final class CoordinatorLink extends AbstractMatchingBehavior<CoordinatorLink.Message> {
    /** What it is told. */
    public sealed interface Message {}

    /** Everything up to this revision is applied by every actor (rule 0). */
    public record Applied(long revision) implements Message {}

    /** A drain is done at this node (F5). */
    public record Drained(long revision) implements Message {}

    /** Client sessions that have called. */
    public record Active(List<Long> sessions) implements Message {
        public Active {
            sessions = List.copyOf(sessions);
        }
    }

    /** Up to which of its calls the client of each session has all answers, as this node has heard. */
    public record Acknowledged(Map<Long, Long> through) implements Message {
        public Acknowledged {
            through = Map.copyOf(through);
        }
    }

    /** The coordinators can be reached. */
    public record Begin() implements Message {}

    /** The node comes to its end and serves no more. {@code done} is run when no coordinator waits for its lease, or none can be told. */
    public record Resign(Runnable done) implements Message {}

    private record Heard(CoordinatorSession session, NodeSessionResponse response) implements Message {}

    private record Lost(CoordinatorSession session, Throwable why) implements Message {}

    private record Renew() implements Message {}

    private record Search() implements Message {}

    private static final Logger LOG = LoggerFactory.getLogger(CoordinatorLink.class);

    private final TimerScheduler<Message> timers;
    private final LinkSettings settings;
    private final RegistryFollower follower;
    private final NodeLease lease = new NodeLease(Lease.LASTS);
    private final LeaderFinder finder;
    private final WithoutLease without;
    private KnownCoordinators knownCoordinators = new KnownCoordinators("", List.of());
    private final Map<String, CoordinatorSession> sessions = new HashMap<>();
    private @Nullable CoordinatorSession leader;
    private long leadership;
    private String clusterId = "";
    /** The revision up to which changes have been handed on. */
    private long known;

    private boolean hasBegun;
    private boolean hasServed;
    private boolean wasServing;
    /** It never serves again. */
    private boolean over;

    private @Nullable Runnable resigned;

    private CoordinatorLink(
            ActorContext<Message> context,
            TimerScheduler<Message> timers,
            LinkSettings settings,
            RegistryFollower follower) {
        super(context);
        this.timers = timers;
        this.settings = settings;
        this.follower = follower;
        finder = new LeaderFinder(settings.coordinators(), Lease.GRANT_SILENCE, now());
        without = new WithoutLease(now());
    }

    /** Connects when it is told to begin, and again whenever a leader is lost. */
    public static Behavior<Message> create(LinkSettings settings, RegistryFollower follower) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            CoordinatorLink link = new CoordinatorLink(context, timers, settings, follower);
            timers.startTimerWithFixedDelay(new Renew(), Lease.RENEW_EVERY);
            return link;
        }));
    }

    @Override
    public Behavior<Message> onMessage(Message message) {
        switch (message) {
            case Heard heard -> {
                if (sessions.get(heard.session().address()) == heard.session()) {
                    onHeard(heard.session(), heard.response());
                }
            }
            case Lost lost -> {
                if (sessions.remove(lost.session().address(), lost.session())) {
                    onLost(lost.session(), lost.why());
                }
            }
            case Applied applied -> onApplied(applied.revision());
            case Drained drained -> say(NodeSessionRequest.newBuilder().setDrainedRevision(drained.revision()));
            case Active active ->
                say(NodeSessionRequest.newBuilder()
                        .setActivity(SessionActivity.newBuilder().addAllSessions(active.sessions())));
            case Acknowledged acknowledged ->
                say(NodeSessionRequest.newBuilder()
                        .setActivity(SessionActivity.newBuilder()
                                .addAllSessions(acknowledged.through().keySet())
                                .addAllAcknowledgedThrough(
                                        acknowledged.through().values())));
            case Renew renew -> onRenew();
            case Begin begin -> {
                hasBegun = true;
                search();
            }
            case Search search -> search();
            case Resign resign -> resign(resign.done());
        }
        return this;
    }

    @Override
    public Behavior<Message> onSignal(Signal signal) {
        if (signal instanceof PostStop) {
            settings.gate().close();
            closeAll();
        }
        return this;
    }

    // To the coordinators.

    private void search() {
        if (!hasBegun || over) {
            return;
        }
        for (String address : finder.step(now())) {
            open(address);
        }
        scheduleSearch();
    }

    private void scheduleSearch() {
        long next = finder.nextStep();
        if (next != LeaderFinder.NEVER) {
            timers.startSingleTimer(new Search(), Duration.ofNanos(Math.max(1, next - now())));
        }
    }

    private void open(String address) {
        ActorRef<Message> self = getContext().getSelf();
        NodeSessionRequest first = NodeSessionRequest.newBuilder()
                .setRegister(settings.register())
                .setClusterId(clusterId)
                .setKnownRevision(known)
                .setSilentLeader(finder.silentLeader())
                .build();
        sessions.put(
                address,
                CoordinatorSession.open(
                        address,
                        settings.channels().apply(address),
                        first,
                        (from, response) -> self.tell(new Heard(from, response)),
                        (from, why) -> self.tell(new Lost(from, why))));
    }

    private void onRenew() {
        if (over) {
            return;
        }
        for (CoordinatorSession session : List.copyOf(sessions.values())) {
            renew(session);
        }
        noteServing();
        if (wasServing) {
            without.serves(now());
        } else {
            without.due(now()).ifPresent(LOG::warn);
        }
        search();
    }

    private void renew(CoordinatorSession session) {
        if (!session.isAdmitted() || over) {
            return;
        }
        // Before it is handed to the transport: the lease counts from here (D-9).
        long number = lease.renewing(now());
        session.send(NodeSessionRequest.newBuilder()
                .setRenew(Renewal.newBuilder().setNumber(number).setAppliedRevision(lease.applied()))
                .build());
    }

    private void onApplied(long revision) {
        lease.applied(now(), revision);
        // First, so that whoever hears of a call that has returned finds a node that serves.
        publish();
        say(NodeSessionRequest.newBuilder().setAppliedRevision(revision));
    }

    private void say(NodeSessionRequest.Builder message) {
        NodeSessionRequest built = message.build();
        sessions.values().stream().filter(CoordinatorSession::isAdmitted).forEach(session -> session.send(built));
    }

    private void resign(Runnable done) {
        over = true;
        settings.gate().close();
        List<CoordinatorSession> told = sessions.values().stream()
                .filter(CoordinatorSession::isAdmitted)
                .toList();
        if (told.isEmpty()) {
            done.run();
            return;
        }
        resigned = done;
        NodeSessionRequest resignation = NodeSessionRequest.newBuilder()
                .setResign(Resignation.getDefaultInstance())
                .build();
        told.forEach(session -> session.send(resignation));
    }

    // From the coordinators.

    private void onHeard(CoordinatorSession session, NodeSessionResponse response) {
        switch (response.getMessageCase()) {
            case ADMITTED -> onAdmitted(session, response.getAdmitted());
            case GRANTED -> onGranted(session, response.getGranted());
            case CHANGE -> onChange(session, response.getChange());
            case ACKNOWLEDGED -> {
                session.more();
                follower.acknowledged(acknowledged(response.getAcknowledged()));
            }
            case MESSAGE_NOT_SET -> session.more();
        }
    }

    private static Map<Long, Long> acknowledged(SessionActivity said) {
        Map<Long, Long> through = new HashMap<>();
        for (int i = 0; i < Math.min(said.getSessionsCount(), said.getAcknowledgedThroughCount()); i++) {
            through.merge(said.getSessions(i), said.getAcknowledgedThrough(i), Math::max);
        }
        return through;
    }

    private void onAdmitted(CoordinatorSession session, Admission admission) {
        session.more();
        if (!clusterId.isEmpty() && !clusterId.equals(admission.getClusterId())) {
            end(Refusal.of(Errno.ESTALE, "the coordinators are of another cluster than this life of the node")
                    .with("cluster_id", admission.getClusterId()));
            return;
        }
        clusterId = admission.getClusterId();
        if (admission.getWaiting()) {
            without.refused(
                    session.address(),
                    "node = " + settings.register().getNode()
                            + ": another life has its lease; while that goes on, the id is in use");
            return;
        }
        session.admit();
        renew(session);
        follower.admitted();
    }

    private void onChange(CoordinatorSession session, RegistryChange part) {
        RegistryChange change = session.whole(part).orElse(null);
        boolean isNew =
                change != null && (change.getSnapshot() ? change.getRevision() >= known : change.getRevision() > known);
        if (change == null || !isNew) {
            session.more();
            return;
        }
        known = change.getRevision();
        follower.changed(change, session::more);
    }

    private void onGranted(CoordinatorSession session, Grant grant) {
        session.more();
        if (over) {
            return;
        }
        long now = now();
        lease.granted(now, grant.getNumber(), grant.getRevision(), grant.getLeadership());
        if (grant.getLeadership() >= leadership) {
            leadership = grant.getLeadership();
            if (leader != session) {
                leader = session;
                LOG.info("coordinator {} leads", session.address());
                settings.onLeader().accept(Optional.of(session.channel()));
            }
            finder.granted(now, session.address()).forEach(this::close);
            know(new KnownCoordinators(session.address(), grant.getCoordinatorsList()));
            scheduleSearch();
        }
        publish();
    }

    private void know(KnownCoordinators now) {
        if (!now.equals(knownCoordinators)) {
            knownCoordinators = now;
            finder.members(now.all());
            settings.onCoordinators().accept(now);
        }
    }

    private void close(String address) {
        CoordinatorSession session = sessions.remove(address);
        if (session != null) {
            session.close();
        }
    }

    private void onLost(CoordinatorSession session, Throwable why) {
        session.close();
        Optional<Refusal> refusal = Statuses.fromThrowable(why);
        if (over) {
            resignedIfUnheard();
            return;
        }
        if (refusal.isPresent() && refusal.get().errno() == Errno.ESTALE) {
            end(refusal.get());
            return;
        }
        if (session == leader) {
            leader = null;
            settings.onLeader().accept(Optional.empty());
            LOG.warn("no session with coordinator {} any more ({})", session.address(), why.getMessage());
        } else {
            LOG.debug("coordinator {} does not admit this node ({})", session.address(), why.getMessage());
        }
        without.refused(
                session.address(), refusal.map(Refusal::message).orElseGet(() -> String.valueOf(why.getMessage())));
        String named =
                refusal.map(said -> said.metadata().getOrDefault("leader", "")).orElse("");
        finder.lost(now(), session.address(), named);
        search();
    }

    private void resignedIfUnheard() {
        Runnable done = resigned;
        if (done != null && sessions.values().stream().noneMatch(CoordinatorSession::isAdmitted)) {
            resigned = null;
            done.run();
        }
    }

    /** This life is over; another process begins another. */
    private void end(Refusal why) {
        over = true;
        settings.gate().close();
        closeAll();
        LOG.error("this life of the node is over: {}", why.message());
        settings.onOver().accept(why);
    }

    private void closeAll() {
        List<CoordinatorSession> all = new ArrayList<>(sessions.values());
        sessions.clear();
        all.forEach(CoordinatorSession::close);
    }

    // The gate.

    private void publish() {
        if (over) {
            return;
        }
        if (lease.serves(now())) {
            settings.gate().open(lease.untilNanos());
            if (!hasServed) {
                hasServed = true;
                settings.onServing().run();
            }
        }
        noteServing();
    }

    private void noteServing() {
        boolean serves = !over && lease.serves(now());
        if (serves != wasServing) {
            wasServing = serves;
            if (serves) {
                LOG.info("the node serves, as of revision {}", lease.applied());
            } else {
                LOG.warn("the node's lease has ended: it serves nobody until it has another");
            }
        }
    }

    private long now() {
        return settings.clock().getAsLong();
    }
}
