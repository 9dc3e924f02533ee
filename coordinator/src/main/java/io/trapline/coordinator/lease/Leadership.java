package io.trapline.coordinator.lease;

import com.google.protobuf.TextFormat;
import io.trapline.coordinator.commit.NotLeading;
import io.trapline.coordinator.place.Placer;
import io.trapline.coordinator.registry.Answers;
import io.trapline.coordinator.registry.RegistryView;
import io.trapline.coordinator.registry.UnattendedClaim;
import io.trapline.internal.v1.Admission;
import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.BeginLeadership;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.DomainRecord;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.internal.v1.EndNode;
import io.trapline.internal.v1.FinishDrain;
import io.trapline.internal.v1.Grant;
import io.trapline.internal.v1.LapseNode;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.RegisterNode;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.ReleaseUnattended;
import io.trapline.internal.v1.Renewal;
import io.trapline.internal.v1.SessionActivity;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One leadership of this replica: its nodes' streams and leases, the calls that wait, and what it proposes. The rules are
 * {@link LeaseTable}'s and {@link AppliedTracker}'s; this carries them out.
 *
 * <p>Until its BeginLeadership is applied nobody is admitted and nothing is granted or finished (D-7); calls wait for every registered
 * life, which may be serving.
 */
public final class Leadership {
    private static final Logger LOG = LoggerFactory.getLogger(Leadership.class);
    private static final Duration RETRY_AFTER = Duration.ofMillis(200);

    /** How it reaches the others. What follows runs on the actor's thread, and only while this leadership goes on. */
    public interface Outside {
        void submit(Leadership from, Command command, Consumer<Answer> reply);

        void confirm(Leadership from, Runnable confirmed, Runnable refused);

        void later(Leadership from, Duration delay, Runnable step);
    }

    private final LeaseKeeper.Settings settings;
    private final ChangeRing ring;
    private final Outside outside;
    private final Map<Object, NodeLink> links = new HashMap<>();
    private final Map<NodeLife, NodeLink> byLife = new HashMap<>();
    private final Map<Long, LeaseKeeper.Await> calls = new HashMap<>();
    private final Acknowledgements acknowledgements = new Acknowledgements();
    private final Placer placer = new Placer();
    private final GracePeriods grace = new GracePeriods();
    private final AppliedTracker tracker = new AppliedTracker(new CallsAndDrains());
    // What came before it had begun.
    private final List<LeaseKeeper.Register> early = new ArrayList<>();
    private final List<FinishDrain> earlyFinishes = new ArrayList<>();
    private final List<LeaseKeeper.AskUsable> asks = new ArrayList<>();
    private @Nullable LeaseTable table;
    private long leadership;

    public Leadership(LeaseKeeper.Settings settings, ChangeRing ring, Outside outside) {
        this.settings = settings;
        this.ring = ring;
        this.outside = outside;
    }

    /** Everything that was committed before is applied here. */
    public void begin() {
        settings.views().read(RegistryView::lives).forEach(tracker::leased);
        tracker.reached(settings.views().read(RegistryView::revision));
        settings.views().read(RegistryView::drains).forEach(this::drainBegan);
        proposeBeginning();
    }

    private void proposeBeginning() {
        Command command = Command.newBuilder()
                .setBeginLeadership(BeginLeadership.newBuilder().setPeer(settings.peer()))
                .build();
        outside.submit(this, command, answer -> {
            if (answer.hasRefusal()) {
                outside.later(this, RETRY_AFTER, this::proposeBeginning);
            } else {
                begun(answer.getRevision());
            }
        });
    }

    private void begun(long revision) {
        leadership = revision;
        LOG.info("leadership {} of coordinator {} has begun", revision, settings.peer());
        RunLog.begun(settings.views().read(RegistryView::degraded));
        LeaseTable begun = new LeaseTable(
                new Leases(), new Roles(), now(), settings.views().read(RegistryView::lives));
        table = begun;
        earlyFinishes.forEach(this::proposeFinish);
        early.forEach(register -> register(begun, register));
        earlyFinishes.clear();
        early.clear();
    }

    /** It is over: what has not been answered is not known here. */
    public void end(Refusal why) {
        early.forEach(register -> register.stream().onError(Statuses.toException(why)));
        links.values().forEach(link -> link.end(why));
        calls.values().forEach(call -> call.lost().accept(why));
        asks.forEach(ask -> ask.refused().accept(why));
    }

    private long now() {
        return settings.nanoTime().getAsLong();
    }

    // From nodes.

    public void register(LeaseKeeper.Register register) {
        if (table == null) {
            early.add(register);
        } else {
            register(table, register);
        }
    }

    private void register(LeaseTable begun, LeaseKeeper.Register register) {
        NodeLife life = LeaseTable.life(register.registration());
        Optional<Refusal> wrong = settings.views().read(view -> wrong(view, life, register));
        if (wrong.isPresent()) {
            register.stream().onError(Statuses.toException(wrong.get()));
            return;
        }
        NodeLink link = new NodeLink(register.stream(), life, register.knownRevision());
        NodeLink before = byLife.put(life, link);
        links.put(link.stream(), link);
        if (before != null) {
            links.remove(before.stream());
            before.end(Refusal.of(Errno.EAGAIN, "node " + life.getNode() + " has connected anew"));
        }
        begun.register(now(), register.registration());
    }

    private Optional<Refusal> wrong(RegistryView view, NodeLife life, LeaseKeeper.Register register) {
        String cluster = register.clusterId();
        if (!cluster.isEmpty() && !cluster.equals(settings.clusterId())) {
            return Optional.of(
                    Refusal.of(Errno.ESTALE, "cluster_id = " + cluster + ": this is cluster " + settings.clusterId())
                            .with("field", "cluster_id")
                            .with("value", cluster));
        }
        if (view.isOver(life)) {
            return Optional.of(over(life));
        }
        return register.knownRevision() > view.revision()
                ? Optional.of(Refusal.of(
                                Errno.EAGAIN,
                                "known_revision = " + register.knownRevision() + ": this coordinator has reached "
                                        + view.revision())
                        .with(NotLeading.EFFECT, NotLeading.NONE))
                : Optional.empty();
    }

    public void renewed(Object stream, Renewal renewal) {
        onLink(stream, link -> {
            if (link.isAdmitted()) {
                tracker.applied(link.life(), renewal.getAppliedRevision());
                begun().renew(now(), link.life(), renewal.getNumber(), renewal.getAppliedRevision());
            }
            link.requestNext();
        });
    }

    public void applied(Object stream, long revision) {
        onLink(stream, link -> {
            if (link.isAdmitted()) {
                tracker.applied(link.life(), revision);
                begun().applied(link.life(), revision);
            }
            link.requestNext();
        });
    }

    public void drained(Object stream, long drain) {
        onLink(stream, link -> {
            if (link.isAdmitted()) {
                tracker.drained(link.life(), drain);
            }
            link.requestNext();
        });
    }

    /** Wherever a client's calls enter, its answers may be kept at any node. */
    public void acknowledged(SessionActivity said) {
        acknowledgements.heard(said);
    }

    public void resigned(Object stream) {
        onLink(stream, link -> {
            LOG.info("node {} comes to its end", link.life().getNode());
            begun().resign(now(), link.life());
            link.requestNext();
        });
    }

    void ready(Object stream) {
        onLink(stream, NodeLink::flush);
    }

    public void gone(Object stream) {
        early.removeIf(register -> register.stream().equals(stream));
        onLink(stream, link -> {
            link.gone();
            drop(link);
        });
    }

    private void onLink(Object stream, Consumer<NodeLink> action) {
        NodeLink link = links.get(stream);
        if (link != null) {
            action.accept(link);
        }
    }

    private void drop(NodeLink link) {
        links.remove(link.stream());
        if (byLife.remove(link.life(), link)) {
            begun().gone(link.life());
        }
    }

    // From the coordinator.

    public void changed(RegistryChange change) {
        tracker.reached(change.getRevision());
        if (table != null) {
            table.reached(now(), change.getRevision());
        }
        for (NodeLink link : List.copyOf(links.values())) {
            if (link.isAdmitted()) {
                link.send(change);
                dropIfEnded(link);
            }
        }
        change.getDrainsList().forEach(this::drainBegan);
        change.getDomainsList().forEach(this::placed);
        change.getEndedDrainsList().forEach(tracker::drainEnded);
    }

    /** Others may have copies now, and are to say again what they have of drains. */
    private void placed(DomainRecord domain) {
        int domid = domain.getDomain().getDomid();
        settings.views().read(view -> view.drainsOf(domid)).forEach(this::drainBegan);
    }

    private void drainBegan(DrainRecord drain) {
        tracker.drainBegan(drain.getRevision(), settings.views().read(view -> view.drainRoles(drain)));
    }

    private void dropIfEnded(NodeLink link) {
        if (link.hasEnded()) {
            drop(link);
        }
    }

    public void tick() {
        if (table != null) {
            table.tick(now());
            answerAsks();
            place(table);
            releaseUnattended();
        }
        tellAcknowledged();
    }

    private void tellAcknowledged() {
        List<SessionActivity> told = acknowledgements.take(now());
        if (told.isEmpty()) {
            return;
        }
        for (NodeLink link : List.copyOf(links.values())) {
            if (link.isAdmitted()) {
                told.forEach(link::send);
                dropIfEnded(link);
            }
        }
    }

    /** C6. What was proposed rests on what was read here; the registry looks once more. */
    private void releaseUnattended() {
        List<UnattendedClaim> unattended = settings.views().read(RegistryView::unattended);
        for (UnattendedClaim claim : grace.step(now(), unattended)) {
            LOG.info("no emulator came for {} of domain {} in {} ms", claim.type(), claim.domid(), claim.graceMillis());
            Command command = Command.newBuilder()
                    .setReleaseUnattended(ReleaseUnattended.newBuilder()
                            .setDomid(claim.domid())
                            .setType(claim.type())
                            .setEpoch(claim.epoch())
                            .setUnattendedSince(claim.since()))
                    .setLeadership(leadership)
                    .build();
            outside.submit(this, command, answer -> {});
        }
    }

    /** What came of a proposal is in the registry, which is asked the next time. */
    private void place(LeaseTable begun) {
        if (!begun.isInGrace() && placer.isDue(now())) {
            Placer.Work work = settings.views().read(Placer.Work::of);
            placer.step(now(), work, begun.leased()).forEach(proposal -> {
                Command command = proposal.setLeadership(leadership).build();
                if (LOG.isInfoEnabled()) {
                    LOG.info(
                            "placing: {}",
                            TextFormat.printer().emittingSingleLine(true).printToString(command));
                }
                outside.submit(this, command, answer -> {});
            });
        }
    }

    public void await(LeaseKeeper.Await await) {
        Optional<Refusal> ahead = tracker.ahead(await.revision(), await.drain());
        if (ahead.isPresent()) {
            await.lost().accept(ahead.get().with(NotLeading.EFFECT, NotLeading.NONE));
            return;
        }
        calls.put(await.token(), await);
        tracker.await(await.token(), await.revision(), await.drain());
    }

    void cancel(long token) {
        calls.remove(token);
        tracker.cancel(token);
    }

    /** What a leadership that has just begun does not know is no reason to refuse anything. */
    void usable(LeaseKeeper.AskUsable ask) {
        asks.add(ask);
        answerAsks();
    }

    private void answerAsks() {
        if (table != null && !table.isInGrace()) {
            List<LeaseKeeper.AskUsable> answered = List.copyOf(asks);
            asks.clear();
            answered.forEach(ask -> ask.reply().accept(begun().leased()));
        }
    }

    public List<LeaseKeeper.LeasedNode> leased() {
        return table == null
                ? List.of()
                : table.leased().stream()
                        .map(life -> new LeaseKeeper.LeasedNode(life, tracker.appliedBy(life)))
                        .toList();
    }

    /** Whether calls wait for that life, since it may be serving; true also before this leadership has begun. */
    public boolean mayServe(NodeLife life) {
        return table == null || table.mayServe(life);
    }

    private void proposeFinish(FinishDrain finish) {
        Command command = Command.newBuilder()
                .setFinishDrain(finish)
                .setLeadership(leadership)
                .build();
        outside.submit(this, command, answer -> {
            if (answer.hasRefusal() && !Answers.leadershipIsOver(answer)) {
                outside.later(this, RETRY_AFTER, () -> tracker.finishFailed(finish.getRevision()));
            }
        });
    }

    private final class Roles implements LeaseTable.Roles {
        @Override
        public boolean hasToLose(NodeLife life) {
            return settings.views().read(view -> view.hasRolesToLose(life.getNode()));
        }

        @Override
        public boolean isPassedOver(NodeLife life) {
            return tracker.isPassedOver(life);
        }

        @Override
        public boolean isRegistered(RegisterNode q) {
            return settings.views().read(view -> view.isRegistered(q));
        }
    }

    private final class CallsAndDrains implements AppliedTracker.Effects {
        @Override
        public void complete(long token) {
            LeaseKeeper.Await call = calls.remove(token);
            if (call != null) {
                call.done().run();
            }
        }

        @Override
        public void finish(long drain, long asOf) {
            FinishDrain finish =
                    FinishDrain.newBuilder().setRevision(drain).setAsOf(asOf).build();
            if (table == null) {
                earlyFinishes.add(finish);
            } else {
                proposeFinish(finish);
            }
        }
    }

    /** What follows for leases; it comes from a table only, which there is once the leadership has begun. */
    private final class Leases implements LeaseTable.Effects {
        @Override
        public void confirm(long round) {
            outside.confirm(Leadership.this, () -> begun().confirmed(now(), round), () -> begun().unconfirmed(round));
        }

        @Override
        public void leased(NodeLife life) {
            tracker.leased(life);
        }

        @Override
        public void lapsed(NodeLife life) {
            LOG.info("the lease of node {}, incarnation {}, is over", life.getNode(), name(life));
            settings.lapsed().run();
            tracker.lapsed(life);
        }

        @Override
        public void grant(NodeLife life, long number) {
            NodeLink link = byLife.get(life);
            if (link != null && link.isAdmitted()) {
                link.grant(Grant.newBuilder()
                        .setNumber(number)
                        .setRevision(settings.views().read(RegistryView::revision))
                        .setLeadership(leadership)
                        .addAllCoordinators(settings.coordinators().get())
                        .build());
                dropIfEnded(link);
            }
        }

        @Override
        public void admit(NodeLife life, boolean waiting) {
            NodeLink link = byLife.get(life);
            if (link == null) {
                return;
            }
            Admission admission = Admission.newBuilder()
                    .setClusterId(settings.clusterId())
                    .setLeadership(leadership)
                    .setWaiting(waiting)
                    .build();
            boolean isFirst = !link.isToldToWait();
            if (waiting) {
                link.keepWaiting(admission);
            } else {
                LOG.info("node {}, incarnation {}, is admitted", life.getNode(), name(life));
                link.admit(admission, changesFor(link));
            }
            if (isFirst) {
                link.requestNext();
            }
        }

        @Override
        public void refuse(NodeLife life, Refusal why) {
            NodeLink link = byLife.get(life);
            if (link != null) {
                link.end(why);
                drop(link);
            }
        }

        @Override
        public void over(NodeLife life) {
            LOG.info("node {}, incarnation {}, is over", life.getNode(), name(life));
            tracker.over(life);
            refuse(life, Leadership.over(life));
        }

        @Override
        public void proposeLapse(NodeLife life) {
            Command.Builder command =
                    Command.newBuilder().setLapseNode(LapseNode.newBuilder().setLife(life));
            propose(command, answer -> begun().lapseDecided(life));
        }

        @Override
        public void proposeEnd(NodeLife life) {
            Command.Builder command =
                    Command.newBuilder().setEndNode(EndNode.newBuilder().setLife(life));
            propose(command, answer -> begun().endDecided(life, !answer.hasRefusal()));
        }

        @Override
        public void proposeRegister(RegisterNode registration, boolean replaces) {
            Command.Builder command = Command.newBuilder().setRegisterNode(registration);
            Consumer<Answer> decided = answer -> Answers.refusal(answer)
                    .ifPresentOrElse(
                            why -> begun().notRegistered(registration, why),
                            () -> begun().registered(now(), registration));
            if (replaces) {
                propose(command, decided);
            } else {
                outside.submit(Leadership.this, command.build(), decided);
            }
        }

        /** What rests on what this leadership saw. Where that is over nothing follows here: it is about to be told. */
        private void propose(Command.Builder command, Consumer<Answer> decided) {
            outside.submit(Leadership.this, command.setLeadership(leadership).build(), answer -> {
                if (!Answers.leadershipIsOver(answer)) {
                    decided.accept(answer);
                }
            });
        }
    }

    private List<RegistryChange> changesFor(NodeLink link) {
        return ring.since(link.knownRevision())
                .orElseGet(() -> List.of(settings.views().read(RegistryView::everything)));
    }

    private LeaseTable begun() {
        LeaseTable begun = table;
        if (begun == null) {
            throw new IllegalStateException("a table of leases whose leadership has not begun");
        }
        return begun;
    }

    private static Refusal over(NodeLife life) {
        return Refusal.of(Errno.ESTALE, "incarnation of node " + life.getNode() + ": is over")
                .with("field", "incarnation")
                .with("value", name(life));
    }

    private static String name(NodeLife life) {
        return Long.toUnsignedString(life.getIncarnation());
    }
}
