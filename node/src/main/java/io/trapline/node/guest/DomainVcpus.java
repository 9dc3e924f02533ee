package io.trapline.node.guest;

import com.google.protobuf.ByteString;
import io.trapline.internal.v1.ExecuteRequest;
import io.trapline.internal.v1.ExecuteResponse;
import io.trapline.internal.v1.MoveVcpu;
import io.trapline.internal.v1.OpenVcpuStream;
import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import io.trapline.node.guest.OpenVcpus.OpenVcpu;
import io.trapline.node.lease.ServingGate;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ShardRoute;
import io.trapline.node.protocol.VcpuMove;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.protocol.VcpusMessage;
import io.trapline.node.registry.RegistryClient;
import io.trapline.rpc.Statuses;
import io.trapline.v1.AccessBatch;
import io.trapline.v1.AccessRequest;
import io.trapline.v1.AccessResponse;
import io.trapline.v1.BatchRejected;
import io.trapline.v1.VcpuFenced;
import io.trapline.v1.VcpuOpened;
import java.security.SecureRandom;
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
import org.apache.pekko.japi.function.Function2;
import org.jspecify.annotations.Nullable;

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

    /** What the registry said of an open; {@code stream} is null when the vCPU is being closed. */
    record OpenResult(
            @Nullable GuestStream stream,
            io.trapline.v1.OpenVcpu asked,
            byte[] token,
            @Nullable ExecuteResponse response,
            @Nullable Throwable failure)
            implements Message {}

    /** Deadlines may have passed. */
    record Tick() implements Message {}

    /** The node serves again. */
    record Resume() implements Message {}

    private static final Duration TICK = Duration.ofMillis(20);
    private static final int MAX_OPENS_UNDER_WAY = 4096;
    private static final int TOKEN_BYTES = 16;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final int domid;
    private final long domainGeneration;
    private final int nrVcpus;
    private final ShardMap shardMap;
    private final Supplier<Optional<String>> guestsNode;
    private final RegistryClient registry;
    private final Life self;
    private final TimerScheduler<VcpusMessage> timers;
    private final OpenVcpus vcpus;
    private final VcpusOutbox outbox;
    private final BatchIntake intake;
    private final ServingGate gate;
    private final Runnable wake;
    /** Of batches that were taken while their way was congested; as many as the streams may have under way. */
    private final List<GuestStream> heldUp = new ArrayList<>();

    private boolean paused = true;
    private boolean leased = true;
    /** Why guests are to go to another node; empty = they are not. */
    private Optional<Refusal> leaving = Optional.empty();

    private int opensUnderWay;

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
        this.domid = domid;
        this.domainGeneration = domainGeneration;
        this.nrVcpus = nrVcpus;
        this.shardMap = shardMap;
        this.guestsNode = guestsNode;
        this.registry = registry;
        this.self = self;
        vcpus = new OpenVcpus(nrVcpus);
        outbox = new VcpusOutbox(self, domid, vcpus, shards);
        intake = new BatchIntake(vcpus, outbox, defaultTimeoutMillis);
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
            case OpenResult result -> {
                onOpenResult(result);
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
            case OPEN -> onOpen(stream, request.getOpen());
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

    private void onOpen(GuestStream stream, io.trapline.v1.OpenVcpu asked) {
        Refusal refusal = check(asked);
        if (leaving.isPresent()) {
            leave(stream);
        } else if (refusal != null) {
            stream.send(GuestStream.refused(asked.getVcpu(), refusal));
        } else if (asked.getToken().isEmpty()) {
            propose(stream, asked);
        } else {
            resume(stream, asked);
        }
    }

    @Nullable
    private Refusal check(io.trapline.v1.OpenVcpu asked) {
        if (asked.getVcpu() < 0 || asked.getVcpu() >= nrVcpus) {
            return Refusal.invalid(
                            "vcpu",
                            Integer.toUnsignedString(asked.getVcpu()),
                            "domain " + domid + " has 0 … " + (nrVcpus - 1))
                    .with("limit", nrVcpus - 1);
        }
        if (asked.getDomainGeneration() != 0 && asked.getDomainGeneration() != domainGeneration) {
            return Refusal.otherDomainGeneration(domid, asked.getDomainGeneration(), domainGeneration);
        }
        int window = asked.getWindow();
        boolean mayBeNone = !asked.getToken().isEmpty();
        if (window < (mayBeNone ? 0 : 1) || window > Limit.MAX_WINDOW.value()) {
            return Refusal.invalid("window", Integer.toUnsignedString(window), "1 … " + Limit.MAX_WINDOW.value())
                    .with("limit", Limit.MAX_WINDOW.value());
        }
        if (opensUnderWay >= MAX_OPENS_UNDER_WAY) {
            return Refusal.of(Errno.EAGAIN, "too many vCPUs are being opened").with("limit", MAX_OPENS_UNDER_WAY);
        }
        return null;
    }

    private void propose(@Nullable GuestStream stream, io.trapline.v1.OpenVcpu asked) {
        byte[] token = new byte[stream == null ? 0 : TOKEN_BYTES];
        RANDOM.nextBytes(token);
        opensUnderWay++;
        if (stream != null) {
            stream.opening++;
        }
        ExecuteRequest command = ExecuteRequest.newBuilder()
                .setOpenVcpu(OpenVcpuStream.newBuilder()
                        .setDomid(domid)
                        .setDomainGeneration(domainGeneration)
                        .setVcpu(asked.getVcpu())
                        .setNode(self.node())
                        .setWindow(asked.getWindow())
                        .setToken(ByteString.copyFrom(token)))
                .build();
        execute(command, (response, failure) -> new OpenResult(stream, asked, token, response, failure));
    }

    /** The guest has opened the vCPU at another node, and goes on here if the registry knows its token. */
    private void proposeMove(GuestStream stream, io.trapline.v1.OpenVcpu asked) {
        opensUnderWay++;
        stream.opening++;
        ExecuteRequest command = ExecuteRequest.newBuilder()
                .setMoveVcpu(MoveVcpu.newBuilder()
                        .setDomid(domid)
                        .setDomainGeneration(domainGeneration)
                        .setVcpu(asked.getVcpu())
                        .setToken(asked.getToken())
                        .setNode(self.node()))
                .build();
        byte[] token = asked.getToken().toByteArray();
        execute(command, (response, failure) -> new OpenResult(stream, asked, token, response, failure));
    }

    private void execute(
            ExecuteRequest command, Function2<@Nullable ExecuteResponse, @Nullable Throwable, VcpusMessage> result) {
        getContext().pipeToSelf(registry.execute(command), result);
    }

    private void onOpenResult(OpenResult result) {
        opensUnderWay--;
        GuestStream stream = result.stream();
        ExecuteResponse response = result.response();
        if (stream == null) {
            return;
        }
        int vcpu = result.asked().getVcpu();
        if (response != null
                && !response.hasRefusal()
                && vcpus.openings.mayRun(vcpu, epoch(response), response.getRevision())) {
            // A node without a lease is not waited for: it may hear of the opening by the registry later.
            fence(new VcpuOpening(vcpu, epoch(response)));
        }
        stream.opening--;
        if (response == null) {
            Refusal unknown = Refusal.of(Errno.EAGAIN, "the registry did not answer: " + result.failure());
            stream.send(GuestStream.refused(vcpu, unknown));
            return;
        }
        if (response.hasRefusal()) {
            stream.send(AccessResponse.newBuilder()
                    .setOpenRefused(io.trapline.v1.OpenRefused.newBuilder()
                            .setVcpu(vcpu)
                            .setStatus(response.getRefusal()))
                    .build());
            return;
        }
        boolean moved = response.getVcpuEpoch() != 0;
        long epoch = epoch(response);
        if (stream.gone && vcpus.runsUnder(vcpu, epoch)) {
            // Its guest has come again since, and is not taken from the stream that it has now.
            return;
        }
        if (!vcpus.openings.mayRun(vcpu, epoch, response.getRevision())) {
            stream.send(GuestStream.refused(vcpu, fencedBy(vcpu)));
            return;
        }
        VcpuWindow window = moved
                ? VcpuWindow.arriving(
                        vcpu,
                        epoch,
                        response.getWindow(),
                        shardMap,
                        result.asked().getReceivedThrough())
                : new VcpuWindow(vcpu, epoch, result.asked().getWindow(), shardMap);
        OpenVcpu before = vcpus.get(vcpu);
        if (moved && before != null && before.stream != stream) {
            letGo(before);
        }
        OpenVcpu open = new OpenVcpu(window, result.token(), response.getRevision(), stream);
        vcpus.put(open);
        sendOpened(open, stream);
    }

    /** Of a vCPU that was opened, or that has moved here under the epoch that it has. */
    private static long epoch(ExecuteResponse opened) {
        return opened.getVcpuEpoch() != 0 ? opened.getVcpuEpoch() : opened.getRevision();
    }

    private void resume(GuestStream stream, io.trapline.v1.OpenVcpu asked) {
        OpenVcpu open = vcpus.get(asked.getVcpu());
        long received = asked.getReceivedThrough();
        if (received < 0 || received == Long.MAX_VALUE) {
            refuseAhead(stream, asked);
        } else if (open == null) {
            proposeMove(stream, asked);
        } else if (!open.isToken(asked.getToken().toByteArray())) {
            stream.send(GuestStream.refused(asked.getVcpu(), fencedBy(asked.getVcpu())));
        } else if (asked.getWindow() != 0 && asked.getWindow() != open.window.window()) {
            Refusal other = Refusal.invalid("window", asked.getWindow(), "it was opened with " + open.window.window());
            stream.send(GuestStream.refused(asked.getVcpu(), other));
        } else if (open.window.receivedThrough(received)) {
            outbox.flush();
            open.stream = stream;
            sendOpened(open, stream);
        } else if (stream.equals(open.stream)) {
            refuseAhead(stream, asked);
        } else {
            // It got more elsewhere, perhaps at a node that had not heard that the guest had left it: not even the
            // registry knows of that.
            proposeMove(stream, asked);
        }
    }

    private static void refuseAhead(GuestStream stream, io.trapline.v1.OpenVcpu asked) {
        Refusal ahead = Refusal.invalid(
                "received_through", Long.toUnsignedString(asked.getReceivedThrough()), "no such outcome was sent");
        stream.send(GuestStream.refused(asked.getVcpu(), ahead));
    }

    private void sendOpened(OpenVcpu open, GuestStream stream) {
        stream.send(AccessResponse.newBuilder()
                .setOpened(VcpuOpened.newBuilder()
                        .setVcpu(open.window.vcpu())
                        .setVcpuEpoch(open.window.epoch())
                        .setNextSequence(open.window.nextSequence())
                        .setToken(ByteString.copyFrom(open.token()))
                        .setWindow(open.window.window())
                        .setDomainGeneration(domainGeneration)
                        .setRoute(guestsNode.get().orElse("")))
                .build());
    }

    private void onClose(GuestStream stream, int vcpu) {
        if (vcpus.runBy(stream, vcpu) == null) {
            reject(stream, Refusal.invalid("vcpu", Integer.toUnsignedString(vcpu), "this stream does not run it"));
            return;
        }
        vcpus.remove(vcpu);
        // A new epoch that nobody runs: what is under way is let go as when somebody else opens the vCPU (A6).
        propose(null, io.trapline.v1.OpenVcpu.newBuilder().setVcpu(vcpu).build());
    }

    private void onGone(GuestStream stream) {
        stream.gone = true;
        for (OpenVcpu open : vcpus.all()) {
            if (open.stream == stream) {
                open.stream = null;
            }
        }
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
            fence(opening);
        }
        apply.moved().forEach(this::left);
        outbox.flush();
        apply.shardsMoved().forEach((shard, way) -> {
            outbox.lead(shard, way);
            vcpus.all().forEach(open -> open.window.moved(shard, outbox));
        });
        hold(apply.paused(), leased);
        outbox.flush();
        apply.applied().run();
    }

    /** The guest goes on at another node; a stream of it that is here will find it there. */
    private void left(VcpuMove move) {
        vcpus.openings.left(move.vcpu(), move.revision());
        OpenVcpu open = vcpus.get(move.vcpu());
        if (open == null || open.gatewayRevision() >= move.revision()) {
            return;
        }
        letGo(open);
    }

    /** The guest goes on elsewhere, or has done so and is here again. */
    private void letGo(OpenVcpu open) {
        int vcpu = open.window.vcpu();
        vcpus.remove(vcpu);
        GuestStream stream = open.stream;
        if (stream != null) {
            outbox.forget(stream);
            stream.fail(Refusal.of(Errno.EAGAIN, "vcpu = " + vcpu + ": its guest goes on at another node")
                    .with("domid", domid)
                    .with("vcpu", vcpu));
        }
    }

    private void fence(VcpuOpening opening) {
        vcpus.openings.opened(opening.vcpu(), opening.epoch());
        OpenVcpu open = vcpus.get(opening.vcpu());
        if (open == null || open.window.epoch() >= opening.epoch()) {
            return;
        }
        vcpus.remove(opening.vcpu());
        GuestStream stream = open.stream;
        if (stream != null) {
            outbox.flush();
            Refusal why = fencedBy(opening.vcpu());
            stream.send(AccessResponse.newBuilder()
                    .setFenced(VcpuFenced.newBuilder().setVcpu(opening.vcpu()).setStatus(Statuses.toProto(why)))
                    .build());
            if (!vcpus.runsAny(stream) && stream.opening == 0) {
                outbox.forget(stream);
                stream.fail(why);
            }
        }
    }

    private Refusal fencedBy(int vcpu) {
        return Refusal.of(Errno.ESTALE, "vcpu = " + vcpu + ": opened by somebody else since, or closed")
                .with("domid", domid)
                .with("vcpu", vcpu);
    }

    private Set<GuestStream> streams() {
        Set<GuestStream> streams = new HashSet<>();
        for (OpenVcpu open : vcpus.all()) {
            if (open.stream != null) {
                streams.add(open.stream);
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
