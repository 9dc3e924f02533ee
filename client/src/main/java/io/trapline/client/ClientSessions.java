package io.trapline.client;

import com.google.common.util.concurrent.FutureCallback;
import com.google.common.util.concurrent.Futures;
import com.google.common.util.concurrent.MoreExecutors;
import io.trapline.model.Errno;
import io.trapline.v1.CloseSessionRequest;
import io.trapline.v1.OpenSessionRequest;
import io.trapline.v1.OpenSessionResponse;
import io.trapline.v1.RenewSessionRequest;
import io.trapline.v1.RenewSessionResponse;
import io.trapline.v1.RequestId;
import io.trapline.v1.SessionServiceGrpc;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The client sessions that this connection's request ids name (section E): opened when first needed, renewed in time, closed at the
 * end. One call that takes long would make Trapline keep the answers of all calls behind it, so beyond a span the next calls get a
 * session of their own. Thread-safe.
 */
final class ClientSessions implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ClientSessions.class);

    /** A quarter of what Trapline keeps for one session. */
    private static final int MAX_SPAN = 1024;

    private static final long SHORT_MILLIS = 2_000;

    /** A call's place in its session. */
    record Ticket(Session session, RequestId requestId) {}

    /** One session. */
    private static final class Session {
        private final long id;
        private final RequestNumbers numbers = new RequestNumbers();
        private @Nullable Future<?> renewal;
        private boolean isRetired;

        Session(long id) {
            this.id = id;
        }
    }

    private final UnaryCalls calls;
    private final Addresses addresses;
    private final Timer timer;
    private final Duration timeout;
    private final ReentrantLock opening = new ReentrantLock();

    // Guarded by this.
    private final Set<Session> open = new HashSet<>();
    private @Nullable Session current;

    ClientSessions(UnaryCalls calls, Addresses addresses, Timer timer, Duration timeout) {
        this.timeout = timeout;
        this.calls = calls;
        this.addresses = addresses;
        this.timer = timer;
    }

    /** The next number; opens a session where there is none. */
    Ticket begin() {
        Ticket ticket = tryBegin();
        if (ticket != null) {
            return ticket;
        }
        lockOpening();
        try {
            ticket = tryBegin();
            while (ticket == null) {
                OpenSessionResponse opened =
                        calls.ask(SessionServiceGrpc.getOpenSessionMethod(), OpenSessionRequest.getDefaultInstance());
                add(new Session(opened.getSession()), opened.getRenewEveryMs());
                ticket = tryBegin();
            }
            return ticket;
        } finally {
            opening.unlock();
        }
    }

    /** Callers that all need a session while nobody answers give up together, not one after the other. */
    private void lockOpening() {
        Callbacks.refuseToBlock("opening a client session");
        try {
            if (!opening.tryLock(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
                throw TraplineException.unreachable("no client session could be opened", null);
            }
        } catch (InterruptedException interruption) {
            Thread.currentThread().interrupt();
            throw TraplineException.unreachable("interrupted before anything was sent", interruption);
        }
    }

    private synchronized @Nullable Ticket tryBegin() {
        Session session = current;
        if (session == null) {
            return null;
        }
        if (session.numbers.span() >= MAX_SPAN) {
            current = null;
            session.isRetired = true;
            closeIfIdle(session);
            return null;
        }
        RequestId.Builder id = RequestId.newBuilder().setSession(session.id);
        return new Ticket(
                session,
                id.setNumber(session.numbers.next())
                        .setAcknowledgedThrough(session.numbers.acknowledgedThrough())
                        .build());
    }

    private synchronized void add(Session session, int renewEveryMillis) {
        open.add(session);
        current = session;
        session.renewal = timer.every(Math.max(1, renewEveryMillis * 2L / 3), () -> renew(session));
    }

    /** The call has its answer, or its caller has given up. */
    synchronized void done(Ticket ticket) {
        ticket.session.numbers.done(ticket.requestId.getNumber());
        closeIfIdle(ticket.session);
    }

    /** Whether that refusal says that the session is over, so that the call changed nothing; the next call opens another. */
    boolean hasEnded(Ticket ticket, TraplineException failure) {
        boolean ended = failure.is(Errno.ESTALE)
                && failure.refusal()
                        .orElseThrow()
                        .metadata()
                        .getOrDefault("field", "")
                        .equals("request_id.session");
        if (ended) {
            forget(ticket.session);
        }
        return ended;
    }

    private synchronized void forget(Session session) {
        open.remove(session);
        if (current == session) {
            current = null;
        }
        if (session.renewal != null) {
            session.renewal.cancel(false);
        }
    }

    private void renew(Session session) {
        var answer = SessionServiceGrpc.newFutureStub(addresses.current())
                .withDeadlineAfter(SHORT_MILLIS, TimeUnit.MILLISECONDS)
                .renewSession(
                        RenewSessionRequest.newBuilder().setSession(session.id).build());
        Futures.addCallback(
                answer,
                new FutureCallback<RenewSessionResponse>() {
                    @Override
                    public void onSuccess(@Nullable RenewSessionResponse renewed) {}

                    @Override
                    public void onFailure(Throwable error) {
                        if (!Failure.of(error).isLost()) {
                            forget(session);
                        }
                        LOG.debug("session {} was not renewed", session.id, error);
                    }
                },
                MoreExecutors.directExecutor());
    }

    // Called with the lock held.
    private void closeIfIdle(Session session) {
        if (session.isRetired && session.numbers.isIdle() && open.contains(session)) {
            forget(session);
            closeAtTrapline(session);
        }
    }

    private void closeAtTrapline(Session session) {
        var answer = SessionServiceGrpc.newFutureStub(addresses.current())
                .withDeadlineAfter(SHORT_MILLIS, TimeUnit.MILLISECONDS)
                .closeSession(
                        CloseSessionRequest.newBuilder().setSession(session.id).build());
        // Trapline ends it after its silence anyway.
        answer.addListener(() -> LOG.debug("session {} closed", session.id), MoreExecutors.directExecutor());
    }

    @Override
    public synchronized void close() {
        for (Session session : Set.copyOf(open)) {
            forget(session);
            closeAtTrapline(session);
        }
    }
}
