package io.trapline.client;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.rpc.ReachedHost;
import io.trapline.v1.RequestId;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

/**
 * Blocking calls that are tried again while that is safe (section E): questions always, changes under their request id, EAGAIN in
 * either case. Each attempt that failed goes on with the next address. Thread-safe.
 */
final class UnaryCalls implements AutoCloseable {
    /** A host that fails in this way so often will do so again. */
    private static final int MAX_BROKEN_ATTEMPTS = 3;
    /** No domain has that id: the call is for any node. */
    private static final int ANYWHERE = 0;

    private static final String EFFECT = "effect";
    private static final String UNKNOWN = "unknown";

    private final Addresses addresses;
    private final ClientSessions sessions;
    private final Duration timeout;

    UnaryCalls(Addresses addresses, Duration timeout, Timer timer) {
        this.addresses = addresses;
        this.timeout = timeout;
        this.sessions = new ClientSessions(this, addresses, timer, timeout);
    }

    /** Asks; nothing changes. */
    <Q, R> R ask(MethodDescriptor<Q, R> method, Q request) {
        return new Attempts<>(method, request, deadline(Duration.ZERO), true, ANYWHERE).run();
    }

    /** Asks about a domain's pages, at the node that has them. */
    <Q, R> R ask(MethodDescriptor<Q, R> method, Q request, DomainRef domain) {
        return new Attempts<>(
                        method,
                        request,
                        deadline(Duration.ZERO),
                        true,
                        domain.domid().value())
                .run();
    }

    /** Changes something, at most once. */
    <Q, R> R change(MethodDescriptor<Q, R> method, Function<RequestId, Q> request) {
        return change(method, request, Duration.ZERO);
    }

    /** Changes a domain's pages, at most once, at the node that has them. */
    <Q, R> R change(MethodDescriptor<Q, R> method, Function<RequestId, Q> request, DomainRef domain) {
        return change(method, request, Duration.ZERO, domain.domid().value());
    }

    /** Changes something, at most once, where the call itself may wait so much longer. */
    <Q, R> R change(MethodDescriptor<Q, R> method, Function<RequestId, Q> request, Duration longer) {
        return change(method, request, longer, ANYWHERE);
    }

    private <Q, R> R change(MethodDescriptor<Q, R> method, Function<RequestId, Q> request, Duration longer, int domid) {
        long deadlineNanos = deadline(longer);
        while (true) {
            ClientSessions.Ticket ticket = sessions.begin();
            var attempts = new Attempts<>(method, request.apply(ticket.requestId()), deadlineNanos, false, domid);
            try {
                return attempts.run();
            } catch (TraplineException failure) {
                if (!sessions.hasEnded(ticket, failure)) {
                    throw failure;
                }
                if (attempts.isAmbiguous) {
                    // An attempt before this one may have got through while the session lived.
                    throw TraplineException.unknown(
                            "the client session ended while " + method.getFullMethodName() + " was tried again",
                            failure);
                }
            } finally {
                sessions.done(ticket);
            }
        }
    }

    @Override
    public void close() {
        sessions.close();
    }

    private long deadline(Duration longer) {
        return System.nanoTime() + timeout.plus(longer).toNanos();
    }

    /** D4: the call was under way where a shard went on elsewhere. */
    private static boolean mayBeCarriedOut(Refusal again) {
        return UNKNOWN.equals(again.metadata().get(EFFECT));
    }

    private static boolean isWithoutAnswers(Errno errno) {
        return errno == Errno.ESRCH || errno == Errno.EIO || errno == Errno.ENOSPC;
    }

    /** One call from its first attempt to its answer. */
    private final class Attempts<Q, R> {
        private final MethodDescriptor<Q, R> method;
        private final Q request;
        private final long deadlineNanos;
        private final boolean isQuestion;
        private final int domid;
        private final Backoff backoff = new Backoff();
        private int broken;
        /** An attempt reached a host and ended without its answer, or with one that leaves open what became of it. */
        private boolean isAmbiguous;

        Attempts(MethodDescriptor<Q, R> method, Q request, long deadlineNanos, boolean isQuestion, int domid) {
            this.method = method;
            this.request = request;
            this.deadlineNanos = deadlineNanos;
            this.isQuestion = isQuestion;
            this.domid = domid;
        }

        R run() {
            Callbacks.refuseToBlock(method.getFullMethodName());
            while (true) {
                Channel channel = domid == ANYWHERE ? addresses.current() : addresses.of(domid);
                ReachedHost sent = new ReachedHost();
                CallOptions options = CallOptions.DEFAULT
                        .withDeadlineAfter(Math.max(1, deadlineNanos - System.nanoTime()), TimeUnit.NANOSECONDS)
                        .withStreamTracerFactory(sent);
                try {
                    return ClientCalls.blockingUnaryCall(channel, method, options, request);
                } catch (StatusRuntimeException error) {
                    pauseOrThrow(channel, error, sent);
                }
            }
        }

        private void pauseOrThrow(Channel channel, StatusRuntimeException error, ReachedHost sent) {
            Failure failure = Failure.of(error);
            if (!failure.isLost()) {
                throw refused(failure.refusal().orElseThrow(), error);
            }
            isAmbiguous |= failure.refusal().map(UnaryCalls::mayBeCarriedOut).orElseGet(sent::isReached);
            broken += isBroken(error.getStatus()) ? 1 : 0;
            if (domid == ANYWHERE) {
                addresses.failed(channel);
            } else {
                addresses.failed(channel, domid);
            }
            long pauseNanos = TimeUnit.MILLISECONDS.toNanos(backoff.nextMillis());
            if (Thread.currentThread().isInterrupted()
                    || broken >= MAX_BROKEN_ATTEMPTS
                    || deadlineNanos - System.nanoTime() <= pauseNanos) {
                throw gaveUp(failure, error);
            }
            LockSupport.parkNanos(pauseNanos);
        }

        /**
         * What is refused was not carried out, by whichever attempt, but where nobody can know: the domain that keeps the answer is gone (ESRCH) or has lost it (EIO),
         * or answers, or pages, have no room (ENOSPC). ESTALE is final whatever became of it.
         */
        private TraplineException refused(Refusal refusal, StatusRuntimeException error) {
            boolean mayHaveBeenDone = isAmbiguous && !isQuestion && domid != ANYWHERE;
            return mayHaveBeenDone && isWithoutAnswers(refusal.errno())
                    ? TraplineException.unknown(
                            method.getFullMethodName()
                                    + ": an attempt may have been carried out; the next was refused, " + refusal.errno()
                                    + ": " + refusal.message(),
                            error)
                    : TraplineException.refused(refusal, error);
        }

        private TraplineException gaveUp(Failure failure, StatusRuntimeException error) {
            Status status = error.getStatus();
            boolean isOverdue = status.getCode() == Status.Code.DEADLINE_EXCEEDED;
            String said = status.getDescription() == null || isOverdue ? "" : " (" + status.getDescription() + ")";
            String why = method.getFullMethodName() + ": no answer: " + status.getCode() + said;
            if (isAmbiguous && !isQuestion) {
                return TraplineException.unknown(why, error);
            }
            return failure.refusal()
                    .map(refusal -> TraplineException.refused(refusal, error))
                    .orElseGet(() -> TraplineException.unreachable(why, error));
        }

        private static boolean isBroken(Status status) {
            return switch (status.getCode()) {
                case INTERNAL, UNKNOWN, DATA_LOSS, RESOURCE_EXHAUSTED -> true;
                default -> false;
            };
        }
    }
}
