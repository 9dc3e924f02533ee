package io.trapline.node.ioreq;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.trapline.internal.v1.AttachEmulator;
import io.trapline.internal.v1.DetachEmulator;
import io.trapline.internal.v1.ExecuteRequest;
import io.trapline.internal.v1.ExecuteResponse;
import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import io.trapline.node.protocol.EmulatorLine;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ServerRoute;
import io.trapline.node.registry.DomainCalls;
import io.trapline.node.registry.DomainHandle;
import io.trapline.node.registry.NodeDirectory;
import io.trapline.node.registry.ServerHandle;
import io.trapline.rpc.Statuses;
import io.trapline.v1.AnswerRows;
import io.trapline.v1.AttachMode;
import io.trapline.v1.AttachRequest;
import io.trapline.v1.AttachResponse;
import io.trapline.v1.AttachServer;
import io.trapline.v1.KeptRows;
import io.trapline.v1.StandingBy;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One emulator's stream: first what attaches it, then, once the registry has begun its session, answers for the actor of its server, which alone writes
 * to it from then on; its end may come from any thread, and is the last that is written. The transport is asked for a message for each one that the actor
 * has taken, so that neither side queues without a bound; no handler waits for anything.
 *
 * <p>Its life: FIRST → KEPT → ATTACHING → BOUND → ENDED, and from each to ENDED. That of a standby: ATTACHING → STANDING → ATTACHING → BOUND; what decides that
 * it takes over is the registry, and what tells it to ask is the domain's entry in the node's directory (S5).
 */
final class EmulatorStream implements StreamObserver<AttachRequest>, EmulatorOutlet {
    private static final Logger LOG = LoggerFactory.getLogger(EmulatorStream.class);

    /** How many messages of one stream may be on their way to the actor. */
    private static final int MESSAGES_UNDER_WAY = 8;

    /** The transport is asked for so many at a time, since each time wakes its thread. */
    private static final int MESSAGES_ASKED_FOR = MESSAGES_UNDER_WAY / 2;

    private static final SecureRandom RANDOM = new SecureRandom();

    private enum Phase {
        FIRST,
        KEPT,
        ATTACHING,
        STANDING,
        BOUND,
        ENDED
    }

    private final ServerCallStreamObserver<AttachResponse> emulator;
    private final EmulatorGrpc service;
    private final String principal;
    private KeptRequests kept = new KeptRequests();
    /** Messages that were taken, and not asked for again. */
    private final AtomicInteger taken = new AtomicInteger();
    /** Messages that were answered by a rejection, for which others are asked once the emulator has room for it. */
    private final AtomicInteger owed = new AtomicInteger();
    /** Guarded by this, like everything that is written to the stream. */
    private Phase phase = Phase.FIRST;

    /** Names it in the registry. */
    private final long stream = name();

    private volatile Runnable unwatch = () -> {};
    private volatile @Nullable ServerRoute server;
    private volatile long sessionEpoch;
    private AttachServer attach = AttachServer.getDefaultInstance();
    private @Nullable DomainHandle domain;
    private AttachingStreams.@Nullable Server name;

    EmulatorStream(ServerCallStreamObserver<AttachResponse> emulator, EmulatorGrpc service, String principal) {
        this.emulator = emulator;
        this.service = service;
        this.principal = principal;
        emulator.disableAutoRequest();
        emulator.setOnReadyHandler(this::onReady);
        emulator.setOnCancelHandler(this::gone);
        emulator.request(1);
    }

    private static long name() {
        long random = RANDOM.nextLong();
        return random == 0 ? 1 : random;
    }

    // From the emulator.

    @Override
    public void onNext(AttachRequest request) {
        ServerRoute actor = server;
        if (actor != null) {
            onBound(actor, request);
            return;
        }
        switch (phase()) {
            case FIRST -> onFirst(request);
            case KEPT -> onKept(request);
            case ATTACHING, STANDING, BOUND, ENDED -> LOG.debug("an emulator's message after its stream's end");
        }
    }

    private void onFirst(AttachRequest request) {
        if (!request.hasAttach()) {
            end(Refusal.invalid("request", request.getRequestCase(), "the first message is an attach"));
            return;
        }
        attach = request.getAttach().toBuilder().clearKept().build();
        Optional<Refusal> refusal = EmulatorShape.check(attach);
        if (refusal.isEmpty()) {
            refusal = find().or(service.directory()::leaving);
        }
        if (refusal.isEmpty() && advance(Phase.FIRST, Phase.KEPT)) {
            AttachingStreams.Server aName =
                    new AttachingStreams.Server(attach.getDomid(), attach.getId(), attach.getGeneration());
            name = aName;
            service.attaching().begin(aName, this);
            refusal = keep(request.getAttach().getKept());
        }
        refusal.ifPresent(this::end);
    }

    /** Existence, then ownership (section E). */
    private Optional<Refusal> find() {
        switch (service.directory().find(attach.getDomid(), attach.getDomainGeneration())) {
            case NodeDirectory.Lookup.Refused(Refusal why) -> {
                return Optional.of(why);
            }
            case NodeDirectory.Lookup.Found(DomainHandle found) -> domain = found;
        }
        return handle().filter(handle -> handle.generation() == attach.getGeneration())
                .map(handle -> handle.principal().equals(principal)
                        ? Optional.<Refusal>empty()
                        : Optional.of(Refusal.of(Errno.EPERM, "another principal created the server")
                                .with("domid", attach.getDomid())
                                .with("id", attach.getId())))
                .orElseGet(() -> Optional.of(Refusal.noServer(attach.getDomid(), attach.getId())
                        .with("generation", attach.getGeneration())));
    }

    private Optional<ServerHandle> handle() {
        DomainHandle found = domain;
        return found == null
                ? Optional.empty()
                : Optional.ofNullable(found.servers().get(attach.getId()));
    }

    private void onKept(AttachRequest request) {
        Optional<Refusal> refusal = request.hasKept()
                ? keep(request.getKept())
                : Optional.of(Refusal.invalid("request", request.getRequestCase(), "a kept message was announced"));
        refusal.ifPresent(this::end);
    }

    private Optional<Refusal> keep(KeptRows rows) {
        Optional<Refusal> refusal = EmulatorShape.check(rows);
        if (refusal.isPresent()) {
            return refusal;
        }
        DomainHandle found = domain;
        // F6: an emulator keeps at most a window of answers per vCPU and what is behind its posted writes, one access
        // of it in parts (A2).
        long ofVcpu = Limit.MAX_WINDOW.value() + Limit.MAX_POSTED_WAITING.value() + Limit.MAX_PARTS_PER_ACCESS.value();
        long most = found == null ? 0 : Math.min(found.nrVcpus() * ofVcpu, Limit.MAX_KEPT_ROWS.value());
        long sum = (long) kept.size() + rows.getSequenceCount();
        if (sum > most) {
            return Optional.of(Refusal.invalid(
                            "kept",
                            sum + " rows",
                            "at most " + most + ", a window, the posted writes and the parts of one access per vCPU")
                    .with("limit", most));
        }
        if (standsBy() && rows.getSequenceCount() > 0) {
            return Optional.of(
                    Refusal.invalid("kept", rows.getSequenceCount() + " rows", "a standby has carried out nothing"));
        }
        EmulatorShape.addTo(kept, rows);
        if (rows.getMore()) {
            emulator.request(1);
        } else if (advance(Phase.KEPT, Phase.ATTACHING)) {
            propose();
        }
        return Optional.empty();
    }

    private void propose() {
        DomainHandle found = domain;
        AttachEmulator.Builder command = AttachEmulator.newBuilder()
                .setPrincipal(principal)
                .setDomid(attach.getDomid())
                .setDomainGeneration(found == null ? attach.getDomainGeneration() : found.generation())
                .setId(attach.getId())
                .setGeneration(attach.getGeneration())
                .setRun(attach.getRun())
                .setNode(service.nodeId())
                .setStream(stream)
                .setStandby(standsBy())
                .setResume(attach.getResume());
        service.registry()
                .execute(ExecuteRequest.newBuilder().setAttachEmulator(command).build())
                .whenComplete((response, failure) -> {
                    if (failure != null) {
                        end(Refusal.of(Errno.EAGAIN, "whether the session has begun is not known: attach again"));
                        // If it has, nobody serves it.
                        detach();
                    } else if (response.getStandsBy()) {
                        standBy();
                    } else {
                        proposed(response);
                    }
                });
    }

    private boolean standsBy() {
        return attach.getMode() == AttachMode.ATTACH_MODE_STANDBY;
    }

    /** It has its place in the line, from which the registry takes it when the active session goes (S5). */
    private void standBy() {
        if (!advance(Phase.ATTACHING, Phase.STANDING)) {
            detach();
            return;
        }
        noLongerAttaching();
        send(AttachResponse.newBuilder()
                .setStandingBy(StandingBy.getDefaultInstance())
                .build());
        Runnable watch = service.directory().watch(attach.getDomid(), this::lookForItsTurn);
        unwatch = watch;
        lookForItsTurn();
        if (phase() != Phase.STANDING) {
            watch.run();
        }
    }

    /** The domain has changed. Whatever the node has heard, it is the registry that says whether its session has begun. */
    private void lookForItsTurn() {
        if (phase() != Phase.STANDING) {
            return;
        }
        DomainHandle began = domain;
        Optional<DomainHandle> now = service.directory()
                .domain(attach.getDomid())
                .filter(found -> began != null && found.generation() == began.generation());
        Optional<EmulatorLine> line = now.map(found -> found.servers().get(attach.getId()))
                .filter(found -> found.generation() == attach.getGeneration())
                .map(ServerHandle::line);
        if (now.filter(DomainHandle::crashed).isPresent()) {
            end(DomainHandle.crashed(attach.getDomid()));
        } else if (line.isEmpty()) {
            end(Refusal.noServer(attach.getDomid(), attach.getId()));
        } else if (line.get().active() == stream) {
            if (advance(Phase.STANDING, Phase.ATTACHING)) {
                unwatch.run();
                propose();
            }
        } else if (service.directory().leaving().isPresent()) {
            // Its turn would come where the server is not to be.
            end(service.directory().leaving().get());
        } else if (!line.get().hasWaiting(stream)) {
            // Its node was not heard of for a while, or its run stands by elsewhere.
            end(
                    line.get().hasRun(attach.getRun())
                            ? Refusal.of(Errno.ESTALE, "the run stands by at another stream")
                            : Refusal.of(Errno.EAGAIN, "the place in the line is lost: attach again"));
        }
    }

    private void proposed(ExecuteResponse response) {
        if (response.hasRefusal()) {
            end(Statuses.fromProto(response.getRefusal())
                    .orElseGet(() -> Refusal.of(Errno.EAGAIN, "the registry refused without a reason")));
            return;
        }
        sessionEpoch = response.getRevision();
        // As of now, not as of the first message: the server may be gone meanwhile, or the lease.
        Optional<Refusal> refusal = find();
        ServerHandle handle = handle().orElse(null);
        DomainHandle found = domain;
        if (refusal.isPresent() || handle == null || found == null) {
            end(refusal.orElseGet(() -> Refusal.noServer(attach.getDomid(), attach.getId())));
            detach();
            return;
        }
        if (!bind(found.calls(), handle)) {
            // The emulator has gone while its session began.
            detach();
        }
    }

    /** One thing with the end of the stream, so that the actor hears of a stream that is bound before it hears that it is lost. */
    private synchronized boolean bind(DomainCalls calls, ServerHandle handle) {
        if (phase != Phase.ATTACHING) {
            return false;
        }
        phase = Phase.BOUND;
        server = handle.here();
        DomainCalls.Call call = calls.whileHere(handle, refusal -> refusal.ifPresent(this::end));
        if (call.hasEnded()) {
            return true;
        }
        Consumer<Optional<Refusal>> bound = refusal -> {
            call.answer(refusal);
            if (refusal.isEmpty()) {
                attached();
            }
        };
        handle.here().tell(new IoreqServer.Bind(this, sessionEpoch, attach.getRun(), attach.getCredit(), kept, bound));
        kept = new KeptRequests();
        // Who was attached when the node began to be drained was told; this one is told here where it came too late for
        // that.
        service.directory().leaving().ifPresent(why -> handle.here().tell(new ServerMessage.Leave(why)));
        return true;
    }

    private void attached() {
        noLongerAttaching();
        emulator.request(MESSAGES_UNDER_WAY);
    }

    private void onBound(ServerRoute actor, AttachRequest request) {
        long epoch = sessionEpoch;
        switch (request.getRequestCase()) {
            case ANSWERS -> {
                AnswerRows answers = request.getAnswers();
                EmulatorShape.check(answers)
                        .ifPresentOrElse(
                                why -> actor.tell(new IoreqServer.Malformed(this, epoch, answers.getBatchId(), why)),
                                () -> actor.tell(new IoreqServer.Answers(this, epoch, EmulatorShape.columns(answers))));
            }
            case CREDIT -> {
                long rows = EmulatorShape.unsigned(request.getCredit().getRows());
                if (rows > Limit.MAX_CREDIT.value()) {
                    Refusal why = Refusal.overLimit(Errno.EINVAL, "credit.rows", rows, Limit.MAX_CREDIT);
                    actor.tell(new IoreqServer.Malformed(this, epoch, 0, why));
                } else {
                    actor.tell(new IoreqServer.Credit(this, epoch, (int) rows));
                }
            }
            case ATTACH, KEPT, REQUEST_NOT_SET -> {
                Refusal why = Refusal.invalid("request", request.getRequestCase(), "answers or credit");
                actor.tell(new IoreqServer.Malformed(this, epoch, 0, why));
            }
        }
    }

    @Override
    public void onError(Throwable failure) {
        gone();
    }

    @Override
    public void onCompleted() {
        ServerRoute actor = server;
        if (actor != null) {
            // The actor writes to the stream, so it ends it.
            actor.tell(new IoreqServer.Finished(this, sessionEpoch));
        } else {
            finish();
        }
    }

    @Override
    public void finish() {
        leave(close(emulator::onCompleted));
    }

    private void gone() {
        Phase before = close(() -> {});
        if (before == Phase.BOUND) {
            tellLost();
        }
        leave(before);
    }

    /** Whoever is in between asks when it has its answer. */
    private void leave(Phase before) {
        if (before == Phase.BOUND || before == Phase.STANDING) {
            detach();
        }
    }

    private void tellLost() {
        ServerRoute actor = server;
        if (actor != null) {
            actor.tell(new IoreqServer.Lost(sessionEpoch));
        }
    }

    private void onReady() {
        requestOwed();
        ServerRoute actor = server;
        if (actor != null) {
            actor.tell(new IoreqServer.Ready(sessionEpoch));
        }
    }

    // To the emulator.

    @Override
    public synchronized boolean send(AttachResponse response) {
        if (phase == Phase.ENDED || emulator.isCancelled()) {
            return false;
        }
        emulator.onNext(response);
        return emulator.isReady();
    }

    @Override
    public void taken() {
        if (taken.incrementAndGet() >= MESSAGES_ASKED_FOR) {
            emulator.request(taken.getAndSet(0));
        }
    }

    @Override
    public void takenRejected(AttachResponse response) {
        send(response);
        owed.incrementAndGet();
        requestOwed();
    }

    private void requestOwed() {
        if (emulator.isReady()) {
            int messages = owed.getAndSet(0);
            if (messages > 0) {
                emulator.request(messages);
            }
        }
    }

    @Override
    public void end(Refusal why) {
        Phase before = close(() -> emulator.onError(Statuses.toException(why)));
        if (before == Phase.BOUND) {
            // The actor may be about to bind it, when it is another one that ends it.
            tellLost();
        }
        if (why.errno() != Errno.ESTALE) {
            leave(before);
        }
    }

    private synchronized Phase phase() {
        return phase;
    }

    private synchronized boolean advance(Phase from, Phase to) {
        if (phase != from) {
            return false;
        }
        phase = to;
        return true;
    }

    /** Ends it; {@code last} is written where the emulator is there. Returns what it was before. */
    private Phase close(Runnable last) {
        Phase before;
        synchronized (this) {
            before = phase;
            phase = Phase.ENDED;
            if (before != Phase.ENDED && !emulator.isCancelled()) {
                last.run();
            }
        }
        noLongerAttaching();
        unwatch.run();
        return before;
    }

    private void noLongerAttaching() {
        AttachingStreams.Server aName = name;
        if (aName != null) {
            service.attaching().end(aName, this);
        }
    }

    private void detach() {
        Departures.tell(
                service.registry(),
                DetachEmulator.newBuilder()
                        .setDomid(attach.getDomid())
                        .setDomainGeneration(domain == null ? 0 : domain.generation())
                        .setId(attach.getId())
                        .setGeneration(attach.getGeneration())
                        .setSessionEpoch(sessionEpoch)
                        .setStream(stream)
                        .build());
    }
}
