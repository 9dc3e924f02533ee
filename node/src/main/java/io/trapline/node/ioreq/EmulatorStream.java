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
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ServerRoute;
import io.trapline.node.registry.DomainCalls;
import io.trapline.node.registry.DomainHandle;
import io.trapline.node.registry.NodeDirectory;
import io.trapline.node.registry.ServerHandle;
import io.trapline.rpc.Statuses;
import io.trapline.v1.AnswerRows;
import io.trapline.v1.AttachRequest;
import io.trapline.v1.AttachResponse;
import io.trapline.v1.AttachServer;
import io.trapline.v1.KeptRows;
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
 * <p>Its life: FIRST → KEPT → ATTACHING → BOUND → ENDED, and from each to ENDED.
 */
final class EmulatorStream implements StreamObserver<AttachRequest>, EmulatorOutlet {
    private static final Logger LOG = LoggerFactory.getLogger(EmulatorStream.class);

    /** How many messages of one stream may be on their way to the actor. */
    private static final int MESSAGES_UNDER_WAY = 8;

    /** The transport is asked for so many at a time, since each time wakes its thread. */
    private static final int MESSAGES_ASKED_FOR = MESSAGES_UNDER_WAY / 2;

    private enum Phase {
        FIRST,
        KEPT,
        ATTACHING,
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
            case ATTACHING, BOUND, ENDED -> LOG.debug("an emulator's message after its stream's end");
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
                .setNode(service.nodeId());
        service.registry()
                .execute(ExecuteRequest.newBuilder().setAttachEmulator(command).build())
                .whenComplete((response, failure) -> {
                    if (failure != null) {
                        end(Refusal.of(Errno.EAGAIN, "whether the session has begun is not known: attach again"));
                    } else {
                        proposed(response);
                    }
                });
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
        DomainCalls.Call call = calls.begin(handle, refusal -> refusal.ifPresent(this::end));
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
        if (close(emulator::onCompleted) == Phase.BOUND) {
            detach();
        }
    }

    private void gone() {
        if (close(() -> {}) == Phase.BOUND) {
            tellLost();
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
        if (close(() -> emulator.onError(Statuses.toException(why))) == Phase.BOUND) {
            // The actor may be about to bind it, when it is another one that ends it.
            tellLost();
            if (why.errno() != Errno.ESTALE) {
                detach();
            }
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
        return before;
    }

    private void noLongerAttaching() {
        AttachingStreams.Server aName = name;
        if (aName != null) {
            service.attaching().end(aName, this);
        }
    }

    private void detach() {
        DetachEmulator.Builder command = DetachEmulator.newBuilder()
                .setDomid(attach.getDomid())
                .setDomainGeneration(domain == null ? 0 : domain.generation())
                .setId(attach.getId())
                .setGeneration(attach.getGeneration())
                .setSessionEpoch(sessionEpoch);
        service.registry()
                .execute(ExecuteRequest.newBuilder().setDetachEmulator(command).build())
                .whenComplete((response, failure) -> {
                    if (failure != null) {
                        // It stays the active session, which nobody serves, until the next one begins.
                        LOG.info(
                                "session {} of server {} was not ended: {}",
                                sessionEpoch,
                                attach.getId(),
                                failure.toString());
                    }
                });
    }
}
