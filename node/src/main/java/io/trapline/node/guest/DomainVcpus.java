package io.trapline.node.guest;

import io.trapline.model.Refusal;
import io.trapline.node.lease.ServingGate;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ShardRoute;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.protocol.VcpusMessage;
import io.trapline.node.registry.RegistryClient;
import io.trapline.rpc.Statuses;
import io.trapline.v1.AccessBatch;
import io.trapline.v1.AccessRequest;
import io.trapline.v1.AccessResponse;
import io.trapline.v1.BatchRejected;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * The actor of a domain's vCPUs: takes what guests' streams send, keeps each vCPU's order and window ({@link VcpuWindow}), passes accesses to the
 * shards in batches and delivers their outcomes. A stream of a vCPU that somebody opens anew is fenced (A6); one that is lost may be resumed with its
 * token, and nothing of it is carried out twice (A4).
 */
public final class DomainVcpus extends AbstractMatchingBehavior<VcpusMessage> {
    /** What guests' streams tell, and the actor itself. */
    sealed interface Message extends VcpusMessage.FromStream {}

    /** A batch of accesses; deadlines count from its arrival (A1). */
    record Batch(GuestStream stream, AccessBatch batch, long arrivalNanos) implements Message {}

    /** Open, received or close. */
    record Control(GuestStream stream, AccessRequest request) implements Message {}

    /** Send this, so that only the actor writes to the stream. */
    record Reply(GuestStream stream, AccessResponse response) implements Message {}

    /** The stream is lost. */
    record Gone(GuestStream stream) implements Message {}

    /** The registry has answered an open. */
    record OpenResult(VcpuOpener.Result result) implements Message {}

    /** Deadlines may have passed. */
    record Tick() implements Message {}

    /** The node serves again. */
    record Resume() implements Message {}

    private static final Duration TICK = Duration.ofMillis(20);

    private final TimerScheduler<VcpusMessage> timers;
    private final VcpuStreams<GuestStream, OpenVcpu> vcpus;
    private final VcpusOutbox outbox;
    private final BatchIntake intake;
    private final VcpuOpener opener;
    private final ServingGate gate;
    private final Runnable wake;
    /** Of batches that were taken while their way was congested; as many as the streams may have under way. */
    private final List<GuestStream> heldUp = new ArrayList<>();

    private boolean paused = true;
    private boolean leased = true;
    /** Why guests are to go to another node; empty = they are not. */
    private Optional<Refusal> leaving = Optional.empty();

    private DomainVcpus(
            ActorContext<VcpusMessage> context,
            TimerScheduler<VcpusMessage> timers,
            int domid,
            long domainGeneration,
            int nrVcpus,
            long defaultTimeoutMillis,
            ShardMap shardMap,
            List<ShardRoute> shards,
            Supplier<Optional<String>> guestsNode,
            RegistryClient registry,
            Life self,
            ServingGate gate) {
        super(context);
        this.gate = gate;
        ActorRef<VcpusMessage> me = context.getSelf();
        wake = () -> me.tell(new Resume());
        this.timers = timers;
        vcpus = new VcpuStreams<>(nrVcpus);
        outbox = new VcpusOutbox(self, domid, vcpus, shards);
        intake = new BatchIntake(vcpus, outbox, defaultTimeoutMillis);
        opener = new VcpuOpener(
                domid,
                domainGeneration,
                nrVcpus,
                shardMap,
                guestsNode,
                self,
                vcpus,
                outbox,
                (command, result) -> context.pipeToSelf(
                        registry.execute(command),
                        (response, failure) -> new OpenResult(result.apply(response, failure))));
    }

    /**
     * The vCPUs of one domain. Passes nothing on before its first Apply.
     *
     * @param defaultTimeoutMillis the timeout of an access that names none (A1)
     * @param shards the ways to the domain's shards as they are now, by index: those that change are told
     * @param guestsNode where its guests are best off, {@code host:port}; empty = here, or not known
     * @param self this life of the node
     * @param gate while it is closed nothing is passed on, no outcome goes out, and new accesses are EAGAIN (D-11)
     */
    public static Behavior<VcpusMessage> create(
            int domid,
            long domainGeneration,
            int nrVcpus,
            long defaultTimeoutMillis,
            ShardMap shardMap,
            List<ShardRoute> shards,
            Supplier<Optional<String>> guestsNode,
            RegistryClient registry,
            Life self,
            ServingGate gate) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> new DomainVcpus(
                context,
                timers,
                domid,
                domainGeneration,
                nrVcpus,
                defaultTimeoutMillis,
                shardMap,
                shards,
                guestsNode,
                registry,
                self,
                gate)));
    }

    @Override
    public Behavior<VcpusMessage> onMessage(VcpusMessage message) {
        lease(gate.serves());
        switch (message) {
            case VcpusMessage.ShardAnswers answers -> onAnswers(answers);
            case VcpusMessage.Apply apply -> onApply(apply);
            case VcpusMessage.FromPeer(VcpusMessage come, Runnable taken) -> {
                Behavior<VcpusMessage> next = onMessage(come);
                taken.run();
                return next;
            }
            case VcpusMessage.Closed(Refusal why, boolean stop) -> {
                streams().forEach(stream -> stream.fail(why));
                if (stop) {
                    return Behaviors.stopped();
                }
            }
            case VcpusMessage.Leave(var why) -> {
                leaving = why;
                List.copyOf(streams()).forEach(this::leave);
            }
            case VcpusMessage.FromStream fromStream -> onStream((Message) fromStream);
        }
        outbox.flush();
        if (!timers.isTimerActive(TICK) && hasQueued()) {
            timers.startSingleTimer(TICK, new Tick(), TICK);
        }
        return this;
    }

    /** Its guest goes on elsewhere, with its tokens; what it has under way it sends again there. */
    private void leave(GuestStream stream) {
        leaving.ifPresent(why -> {
            stream.fail(why);
            onGone(stream);
        });
    }

    /** Whether the node serves, in this step. */
    private void lease(boolean serves) {
        if (serves != leased) {
            hold(paused, serves);
        }
        if (!serves) {
            gate.whenOpen(wake);
        }
    }

    private void hold(boolean isPaused, boolean isLeased) {
        boolean held = holds();
        paused = isPaused;
        leased = isLeased;
        intake.leased(isLeased);
        outbox.holdAnswers(holds());
        if (held && !holds()) {
            outbox.askForHeld();
            pumpAll();
        }
    }

    /** While true no access is passed on and no outcome goes out (D1, D-11). */
    private boolean holds() {
        return paused || !leased;
    }

    private void onStream(Message message) {
        switch (message) {
            case Batch batch -> onBatch(batch);
            case Control control -> onControl(control);
            case Reply(GuestStream stream, AccessResponse response) -> {
                stream.send(response);
                stream.taken();
            }
            case Gone(GuestStream stream) -> onGone(stream);
            case OpenResult(VcpuOpener.Result result) -> {
                opener.answered(result);
                GuestStream stream = result.stream();
                if (stream != null) {
                    leave(stream);
                }
            }
            case Tick tick -> {
                long now = System.nanoTime();
                vcpus.all().forEach(open -> open.window.expire(now, outbox));
                pumpAll();
                takeMore();
            }
            case Resume resume -> {}
        }
    }

    private void onBatch(Batch message) {
        Refusal refusal = intake.take(message.stream(), message.batch(), message.arrivalNanos());
        if (refusal != null) {
            message.stream()
                    .send(AccessResponse.newBuilder()
                            .setRejected(BatchRejected.newBuilder()
                                    .setBatchId(message.batch().getBatchId())
                                    .setStatus(Statuses.toProto(refusal)))
                            .build());
        } else if (!holds()) {
            intake.touched().forEach(window -> window.pump(outbox));
        }
        if (outbox.isCongested()) {
            heldUp.add(message.stream());
        } else {
            message.stream().taken();
        }
    }

    /** Guests whose batches were taken may send more, once what they have sent is on its way. */
    private void takeMore() {
        if (!heldUp.isEmpty() && !outbox.isCongested()) {
            List<GuestStream> streams = List.copyOf(heldUp);
            heldUp.clear();
            streams.forEach(GuestStream::taken);
        }
    }

    private void onControl(Control control) {
        GuestStream stream = control.stream();
        AccessRequest request = control.request();
        switch (request.getRequestCase()) {
            case OPEN -> {
                if (leaving.isPresent()) {
                    leave(stream);
                } else {
                    opener.open(stream, request.getOpen());
                }
            }
            case RECEIVED -> {
                Refusal refusal = intake.received(
                        stream,
                        request.getReceived().getVcpuList(),
                        request.getReceived().getThroughList());
                if (refusal != null) {
                    reject(stream, refusal);
                }
            }
            case CLOSE -> onClose(stream, request.getClose().getVcpu());
            case BATCH, REQUEST_NOT_SET ->
                reject(stream, Refusal.invalid("request", "none", "one of its fields is set"));
        }
        stream.taken();
    }

    private static void reject(GuestStream stream, Refusal refusal) {
        stream.send(AccessResponse.newBuilder()
                .setRejected(BatchRejected.newBuilder().setStatus(Statuses.toProto(refusal)))
                .build());
    }

    private void onClose(GuestStream stream, int vcpu) {
        if (vcpus.runBy(stream, vcpu) == null) {
            reject(stream, Refusal.invalid("vcpu", Integer.toUnsignedString(vcpu), "this stream does not run it"));
            return;
        }
        opener.close(vcpu);
    }

    private void onGone(GuestStream stream) {
        stream.gone = true;
        vcpus.gone(stream);
        outbox.forget(stream);
    }

    private void onAnswers(VcpusMessage.ShardAnswers answers) {
        var rows = answers.rows();
        var keys = rows.keys();
        for (int i = 0; i < rows.size(); i++) {
            OpenVcpu open = vcpus.get(keys.vcpu(i));
            if (open == null || open.window.epoch() != keys.vcpuEpoch(i)) {
                continue;
            }
            open.window.answered(answers.shard(), keys.sequence(i), rows.data(i), rows.errno(i), outbox);
            boolean lastOfRun = i + 1 == rows.size() || keys.vcpu(i + 1) != keys.vcpu(i);
            if (lastOfRun && !holds()) {
                open.window.pump(outbox);
            }
        }
    }

    private void onApply(VcpusMessage.Apply apply) {
        for (VcpuOpening opening : apply.opened()) {
            opener.fence(opening);
        }
        apply.moved().forEach(opener::left);
        outbox.flush();
        apply.shardsMoved().forEach((shard, way) -> {
            outbox.lead(shard, way);
            vcpus.all().forEach(open -> open.window.moved(shard, outbox));
        });
        hold(apply.paused(), leased);
        outbox.flush();
        if (!apply.shardsMoved().isEmpty()) {
            opener.route().ifPresent(route -> streams().forEach(stream -> stream.send(route)));
        }
        apply.applied().run();
    }

    private Set<GuestStream> streams() {
        Set<GuestStream> streams = new HashSet<>();
        for (OpenVcpu open : vcpus.all()) {
            GuestStream stream = open.stream();
            if (stream != null) {
                streams.add(stream);
            }
        }
        return streams;
    }

    private void pumpAll() {
        if (!holds()) {
            vcpus.all().forEach(open -> open.window.pump(outbox));
        }
    }

    private boolean hasQueued() {
        if (!heldUp.isEmpty()) {
            return true;
        }
        for (OpenVcpu open : vcpus.all()) {
            if (open.window.hasQueued()) {
                return true;
            }
        }
        return false;
    }
}
