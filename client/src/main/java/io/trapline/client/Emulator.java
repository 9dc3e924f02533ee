package io.trapline.client;

import io.grpc.Channel;
import io.trapline.model.Errno;
import io.trapline.model.MemType;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import io.trapline.v1.AttachMode;
import io.trapline.v1.AttachResponse;
import io.trapline.v1.AttachServer;
import io.trapline.v1.AttachedSession;
import io.trapline.v1.IoreqBatch;
import io.trapline.v1.OnBehalfOf;
import io.trapline.v1.SettledThrough;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * An attached device emulator: serves one IOREQ server with a {@link DeviceModel} until it is closed, fenced or the server is gone.
 * A lost connection is resumed by itself, at the next address, with the same run: nothing is lost and nothing carried out twice
 * (F6, S5). Thread-safe.
 *
 * <p>{@code ATTACHING → ATTACHED → ATTACHING … → ENDED}; the end is final. One that stands by ({@link EmulatorOptions#standby}) waits in {@code STANDING} before its
 * first session; what the one before it had under way comes to it marked {@link Ioreq#isRedelivered redelivered}.
 */
public final class Emulator implements AutoCloseable {
    private enum State {
        ATTACHING,
        STANDING,
        ATTACHED,
        ENDED
    }

    private final TraplineConnection connection;
    private final ServerRef server;
    private final DeviceModel model;
    private final EmulatorOptions options;
    private final @Nullable ExecutorService ownThread;
    private final SerialExecutor tasks;
    private final CompletableFuture<EmulatorEnd> ended = new CompletableFuture<>();
    private final CompletableFuture<Long> active = new CompletableFuture<>();

    private final Object lock = new Object();
    // Guarded by lock.
    private final EmulatorLedger ledger = new EmulatorLedger();
    private final EmulatorOutbox outbox = new EmulatorOutbox(ledger);
    private final Backoff backoff = new Backoff();
    private State state = State.ATTACHING;
    private @Nullable EmulatorStream stream;
    /** Where it was attached when it lost its stream: tried next. */
    private @Nullable Channel again;

    private @Nullable EmulatorEnd end;
    private Optional<Refusal> lastRefusal = Optional.empty();
    private DomainRef domain;
    private long sessionEpoch;

    Emulator(TraplineConnection connection, ServerRef server, DeviceModel model, EmulatorOptions options) {
        this.connection = connection;
        this.server = server;
        this.domain = server.domain();
        this.model = model;
        this.options = options;
        Executor given = options.executor();
        if (given != null) {
            ownThread = null;
            tasks = new SerialExecutor(given);
        } else {
            ownThread = Executors.newSingleThreadExecutor(this::thread);
            tasks = new SerialExecutor(ownThread);
        }
    }

    private Thread thread(Runnable work) {
        Thread thread = new Thread(work, "trapline-emulator-" + server.domain().domid() + "-" + server.id());
        thread.setDaemon(true);
        return thread;
    }

    /** Attaches and waits for the session, or for the place in the line; ends where that fails. */
    void attach() {
        connection.streams().add(this);
        connect();
        if (awaitSessionAfter(0) || isStandingBy()) {
            return;
        }
        EmulatorEnd early;
        Optional<Refusal> refusal;
        synchronized (lock) {
            early = end;
            refusal = lastRefusal;
        }
        close();
        if (early != null && early.cause() instanceof TraplineException failure) {
            throw failure;
        }
        throw refusal.map(TraplineException::refused)
                .orElseGet(
                        () -> TraplineException.unreachable("no address let server " + server.id() + " attach", null));
    }

    /** The server that is served. */
    public ServerRef server() {
        return server;
    }

    /** Its domain, with its generation. */
    public DomainRef domain() {
        synchronized (lock) {
            return domain;
        }
    }

    /** The revision at which the session began that is active, or was last. */
    public long sessionEpoch() {
        synchronized (lock) {
            return sessionEpoch;
        }
    }

    /** Whether a session is active at this moment. */
    public boolean isAttached() {
        synchronized (lock) {
            return state == State.ATTACHED;
        }
    }

    /** Whether it waits until another one's session goes (S5). */
    public boolean isStandingBy() {
        synchronized (lock) {
            return state == State.STANDING;
        }
    }

    /** Completes with the epoch of its first session; not at all where it ends before. Never exceptionally. */
    public CompletableFuture<Long> active() {
        return active.copy();
    }

    /** What it has seen so far. */
    public EmulatorCounters counters() {
        synchronized (lock) {
            return ledger.counters();
        }
    }

    /** Completes when this emulator serves no more, with the reason; never exceptionally. */
    public CompletableFuture<EmulatorEnd> ended() {
        return ended.copy();
    }

    /** The domain's pages on behalf of the server, outside of any ioreq (F2). */
    public EmulatorMemory memory() {
        return new EmulatorMemory(this, OnBehalfOf.getDefaultInstance());
    }

    /**
     * A claim of this server was released at that revision: what was decided before is refused from now on (C4). For releases by other
     * means than {@link IoreqServers} of the same connection, which tells by itself.
     */
    public void released(MemType type, long revision) {
        synchronized (lock) {
            ledger.kept().released(type.x(), revision);
        }
    }

    /** The same for a server that was disabled or destroyed (C7). */
    public void stopped(long revision) {
        synchronized (lock) {
            ledger.kept().stopped(revision);
        }
    }

    /** Drops the connection as if it had been lost, for drills: it is resumed by itself. */
    public void dropConnection() {
        synchronized (lock) {
            EmulatorStream dropped = stream;
            if (dropped != null) {
                dropped.cancel("dropped for a drill");
                lost(dropped, new Failure(Optional.empty(), true));
            }
        }
    }

    /** Detaches. What is under way is left to the next emulator. */
    @Override
    public void close() {
        end(EmulatorEnd.Kind.CLOSED, null);
    }

    UnaryCalls calls() {
        return connection.calls();
    }

    /** Waits until a session other than that one is active; false where that does not happen within the connection's timeout. */
    boolean awaitSessionAfter(long epoch) {
        Callbacks.refuseToBlock("waiting for a session");
        long deadlineNanos = System.nanoTime() + connection.timeout().toNanos();
        synchronized (lock) {
            while (state == State.ATTACHING) {
                long leftMillis = (deadlineNanos - System.nanoTime()) / 1_000_000;
                if (leftMillis <= 0) {
                    return false;
                }
                try {
                    lock.wait(leftMillis);
                } catch (InterruptedException interruption) {
                    Thread.currentThread().interrupt();
                    return false;
                }
            }
            return state == State.ATTACHED && sessionEpoch != epoch;
        }
    }

    private void connect() {
        synchronized (lock) {
            if (state == State.ENDED) {
                return;
            }
            Channel where =
                    again == null ? connection.addresses().of(domain.domid().value()) : again;
            again = null;
            EmulatorStream next = new EmulatorStream(this, where, ledger.forAttach());
            stream = next;
            outbox.begin(options.credit());
            next.attach(AttachServer.newBuilder()
                    .setDomid(domain.domid().value())
                    .setDomainGeneration(domain.generation())
                    .setId(server.id().value())
                    .setGeneration(server.generation())
                    .setRun(options.run())
                    .setMode(
                            options.standby() && sessionEpoch == 0
                                    ? AttachMode.ATTACH_MODE_STANDBY
                                    : AttachMode.ATTACH_MODE_ACTIVE)
                    .setResume(sessionEpoch != 0)
                    .setCredit(options.credit()));
        }
    }

    void ready(EmulatorStream from) {
        synchronized (lock) {
            if (from == stream) {
                from.sendKept();
                sendAnswers();
            }
        }
    }

    void lost(EmulatorStream from, Failure failure) {
        synchronized (lock) {
            if (from != stream) {
                return;
            }
            stream = null;
            if (state == State.ENDED) {
                return;
            }
            boolean wasAttached = state == State.ATTACHED;
            state = State.ATTACHING;
            lastRefusal = failure.refusal();
            if (failure.isLost()) {
                if (wasAttached) {
                    // That node has its ioreqs. Only when it does not answer is another one to ask about them all.
                    again = from.channel();
                } else {
                    connection.addresses().failed(from.channel(), domain.domid().value());
                }
                connection.timer().after(backoff.nextMillis(), this::connect);
                return;
            }
        }
        refused(failure.refusal().orElseThrow());
    }

    private void refused(Refusal refusal) {
        EmulatorEnd.Kind kind = switch (refusal.errno()) {
            case ESTALE -> EmulatorEnd.Kind.FENCED;
            case ESRCH, ENOENT -> EmulatorEnd.Kind.GONE;
            case EPERM, EIO, EAGAIN, EBUSY, EEXIST, EINVAL, ENOSPC, EOPNOTSUPP, ETIMEDOUT -> EmulatorEnd.Kind.REFUSED;
        };
        end(kind, TraplineException.refused(refusal));
    }

    void received(EmulatorStream from, AttachResponse response) {
        switch (response.getResponseCase()) {
            case ATTACHED -> attached(from, response.getAttached());
            case IOREQS -> ioreqs(from, response.getIoreqs());
            case SETTLED -> settled(from, response.getSettled());
            case REJECTED ->
                rejected(from, Statuses.fromProto(response.getRejected().getStatus()));
            case STANDING_BY -> standingBy(from);
            case RESPONSE_NOT_SET -> {}
        }
    }

    private void standingBy(EmulatorStream from) {
        synchronized (lock) {
            if (from == stream && state == State.ATTACHING) {
                state = State.STANDING;
                backoff.reset();
                lock.notifyAll();
            }
        }
    }

    private void attached(EmulatorStream from, AttachedSession session) {
        synchronized (lock) {
            if (from != stream || state == State.ENDED) {
                return;
            }
            if (sessionEpoch != 0) {
                ledger.resumed();
            }
            state = State.ATTACHED;
            sessionEpoch = session.getSessionEpoch();
            domain = new DomainRef(domain.domid(), session.getDomainGeneration());
            backoff.reset();
            lock.notifyAll();
            sendAnswers();
        }
        active.completeAsync(session::getSessionEpoch);
    }

    private void ioreqs(EmulatorStream from, IoreqBatch batch) {
        IoreqBatchView toAct;
        synchronized (lock) {
            if (from != stream || state != State.ATTACHED) {
                return;
            }
            try {
                toAct = ledger.take(this, batch);
            } catch (IllegalArgumentException malformed) {
                end(EmulatorEnd.Kind.REFUSED, malformed);
                return;
            }
            sendAnswers();
        }
        if (toAct != null) {
            hand(toAct);
        }
    }

    private void hand(IoreqBatchView batch) {
        try {
            tasks.execute(() -> handle(batch));
        } catch (RejectedExecutionException shutDown) {
            end(EmulatorEnd.Kind.FAILED, shutDown);
        }
    }

    private void handle(IoreqBatchView batch) {
        synchronized (lock) {
            if (state == State.ENDED) {
                return;
            }
        }
        Answers answers = new Answers(this, batch);
        answers.handlerBegins();
        try {
            Callbacks.inHandler(server, () -> model.handle(batch, answers));
        } catch (RuntimeException | Error failure) {
            end(EmulatorEnd.Kind.FAILED, failure);
        } finally {
            answers.handlerEnds();
        }
    }

    private void settled(EmulatorStream from, SettledThrough settled) {
        synchronized (lock) {
            if (from != stream) {
                return;
            }
            try {
                ledger.settle(settled.getVcpuList(), settled.getVcpuEpochList(), settled.getThroughList());
            } catch (IllegalArgumentException malformed) {
                end(EmulatorEnd.Kind.REFUSED, malformed);
            }
        }
    }

    /** The stream goes on, but what was in the message is not believed: a new stream names it all again. */
    private void rejected(EmulatorStream from, Optional<Refusal> refusal) {
        if (refusal.isPresent() && refusal.get().errno() != Errno.EAGAIN) {
            refused(refusal.get());
            return;
        }
        synchronized (lock) {
            from.cancel("rejected");
            lost(from, new Failure(refusal, true));
        }
    }

    /** A row of a batch was given up, on any thread. */
    void abandoned(IoreqBatchView batch, int row) {
        synchronized (lock) {
            ledger.abandoned(batch, row);
            sendAnswers();
        }
    }

    /** Rows of a batch were carried out, on any thread. */
    void carriedOut(IoreqBatchView batch, int[] rows, long[] values, int count) {
        synchronized (lock) {
            if (state != State.ENDED) {
                ledger.carriedOut(batch, rows, values, count);
                sendAnswers();
            }
        }
    }

    // Called with the lock held.
    private void sendAnswers() {
        if (state == State.ATTACHED && stream != null) {
            outbox.send(stream);
        }
    }

    private void end(EmulatorEnd.Kind kind, @Nullable Throwable cause) {
        EmulatorEnd reason = new EmulatorEnd(kind, cause);
        synchronized (lock) {
            if (state == State.ENDED) {
                return;
            }
            if (stream != null && kind == EmulatorEnd.Kind.CLOSED && state == State.ATTACHED) {
                outbox.sendLast(stream);
                stream.complete();
            } else if (stream != null) {
                stream.cancel(kind.name());
            }
            state = State.ENDED;
            end = reason;
            stream = null;
            lock.notifyAll();
        }
        connection.streams().remove(this);
        if (ownThread != null) {
            ownThread.shutdown();
        }
        ended.completeAsync(() -> reason);
    }
}
