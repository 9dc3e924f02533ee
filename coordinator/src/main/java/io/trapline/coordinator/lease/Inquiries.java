package io.trapline.coordinator.lease;

import io.grpc.Channel;
import io.grpc.Context;
import io.grpc.stub.StreamObserver;
import io.trapline.internal.v1.AwaitRequest;
import io.trapline.internal.v1.AwaitResponse;
import io.trapline.internal.v1.RegistryServiceGrpc;
import io.trapline.internal.v1.RegistryServiceGrpc.RegistryServiceStub;
import io.trapline.model.Errno;
import io.trapline.rpc.Statuses;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks whichever coordinator leads whether what was decided is in force; {@link Inquiry} says for how long. Any thread may call it; nothing blocks. */
public final class Inquiries {
    private static final Logger LOG = LoggerFactory.getLogger(Inquiries.class);

    private final RegistryServiceStub leader;
    private final LongSupplier nanoTime;
    private final Executor later = CompletableFuture.delayedExecutor(Inquiry.PAUSE.toNanos(), TimeUnit.NANOSECONDS);

    /**
     * Asks through a channel.
     *
     * @param leader leads to whoever leads ({@link io.trapline.rpc.ControlRelay})
     * @param nanoTime a monotonic clock
     */
    public Inquiries(Channel leader, LongSupplier nanoTime) {
        this.leader = RegistryServiceGrpc.newStub(leader);
        this.nanoTime = nanoTime;
    }

    /**
     * Asks until it is known. One of the two runs, on any thread, and must not block.
     *
     * @param revision as {@code AwaitRequest} has it, like the drain
     * @param inForce it is
     * @param unknown nobody could say that
     * @return asks no longer, and lets neither run that has not begun to
     */
    Runnable begin(long revision, long drain, Runnable inForce, Runnable unknown) {
        AwaitRequest question =
                AwaitRequest.newBuilder().setRevision(revision).setDrain(drain).build();
        Asking asking = new Asking(question, inForce, unknown);
        asking.ask();
        return asking::cancel;
    }

    private final class Asking {
        private final AwaitRequest question;
        private final Runnable inForce;
        private final Runnable unknown;
        // Guarded by this.
        private final Inquiry inquiry = new Inquiry(nanoTime.getAsLong());
        private Context.@Nullable CancellableContext attempt;
        private boolean isOver;

        Asking(AwaitRequest question, Runnable inForce, Runnable unknown) {
            this.question = question;
            this.inForce = inForce;
            this.unknown = unknown;
        }

        void ask() {
            Context.CancellableContext next = Context.ROOT.withCancellation();
            synchronized (this) {
                if (isOver) {
                    return;
                }
                attempt = next;
                inquiry.asked(nanoTime.getAsLong());
            }
            next.run(() -> leader.await(question, new StreamObserver<>() {
                private boolean isAnswered;

                @Override
                public void onNext(AwaitResponse response) {
                    isAnswered = true;
                }

                @Override
                public void onError(Throwable error) {
                    next.cancel(null);
                    failed(error);
                }

                @Override
                public void onCompleted() {
                    next.cancel(null);
                    if (isAnswered && end()) {
                        inForce.run();
                    }
                }
            }));
        }

        private void failed(Throwable error) {
            boolean again;
            synchronized (this) {
                again = isPassing(error) && inquiry.failed(nanoTime.getAsLong());
            }
            if (again) {
                later.execute(this::ask);
            } else if (end()) {
                LOG.warn("nobody says whether revision {} is in force", question.getRevision(), error);
                unknown.run();
            }
        }

        void cancel() {
            Context.CancellableContext last;
            synchronized (this) {
                isOver = true;
                last = attempt;
            }
            if (last != null) {
                last.cancel(null);
            }
        }

        private synchronized boolean end() {
            boolean first = !isOver;
            isOver = true;
            return first;
        }
    }

    /** No coordinator leads, or one was lost that did; anything else would be said again. */
    private static boolean isPassing(Throwable error) {
        return Statuses.fromThrowable(error)
                .map(refusal -> refusal.errno() == Errno.EAGAIN)
                .orElse(true);
    }
}
