package io.trapline.client;

import com.google.rpc.Status;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import io.trapline.v1.AccessRequest;
import io.trapline.v1.AccessResponse;
import io.trapline.v1.AnswerBatch;
import io.trapline.v1.CloseVcpu;
import io.trapline.v1.OpenRefused;
import io.trapline.v1.ReceivedRefused;
import io.trapline.v1.ReceivedThrough;
import io.trapline.v1.RowStatus;
import io.trapline.v1.VcpuFenced;
import io.trapline.v1.VcpuOpened;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One Access stream: any number of vCPUs of one domain. A lost connection is resumed by itself, at the next address, each vCPU with
 * its token, and what has no answer is sent again (the guest's procedure, step 6). Thread-safe.
 */
public final class Guest implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Guest.class);
    private static final long TICK_MILLIS = 20;
    private static final int MAX_REJECTIONS = 3;
    private static final AnswerListener NOBODY = answers -> {};
    private static final long ORIGIN_NANOS = System.nanoTime();

    private final TraplineConnection connection;
    private final GuestOptions options;
    private final OutcomeDelivery delivery;

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock.
    private final VcpuTable vcpus = new VcpuTable();
    private final SendQueue queue = new SendQueue();
    private final Backoff backoff = new Backoff();
    private DomainRef domain;
    private @Nullable GuestStream stream;
    private Optional<Refusal> lastRefusal = Optional.empty();
    private int rejections;
    private boolean isConnecting;
    private boolean isClosed;
    private boolean isSending;
    private boolean isTicking;
    private long resumptions;
    private @Nullable GuestStream resumed;

    Guest(TraplineConnection connection, DomainRef domain, GuestOptions options) {
        this.connection = connection;
        this.domain = domain;
        this.options = options;
        delivery = new OutcomeDelivery(options, "trapline-guest-" + domain.domid());
        connection.streams().add(this);
    }

    /** The domain, with its generation once a vCPU is open. */
    public DomainRef domain() {
        return locked(() -> domain);
    }

    /** How often a lost connection was resumed. */
    public long resumptions() {
        return locked(() -> resumptions);
    }

    /** Opens a vCPU for accesses one by one; see {@link #openVcpu(int, int, AnswerListener)}. */
    public Vcpu openVcpu(int vcpu, int window) {
        return openVcpu(vcpu, window, NOBODY);
    }

    /**
     * Opens a vCPU and waits until it is open; whoever ran it before is fenced (A6).
     *
     * @param vcpu 0 … the domain's nr_vcpus-1
     * @param window how many accesses may be unanswered, 1 … 1,024
     * @param listener hears the outcomes of accesses submitted in columns
     */
    public Vcpu openVcpu(int vcpu, int window, AnswerListener listener) {
        Callbacks.refuseToBlock("Guest.openVcpu");
        return locked(() -> {
            if (isClosed || vcpus.get(vcpu) != null) {
                throw new IllegalStateException(isClosed ? "the guest is closed" : "vCPU " + vcpu + " is open here");
            }
            Vcpu opening = new Vcpu(this, vcpu, window, listener);
            vcpus.put(opening);
            if (stream != null) {
                stream.send(AccessRequest.newBuilder().setOpen(opening.openRequest()));
            } else if (!isConnecting) {
                connect();
            }
            if (opening.awaitOpening(connection.timeout())) {
                return opening;
            }
            close(opening);
            throw lastRefusal
                    .map(TraplineException::refused)
                    .orElseGet(() -> TraplineException.unreachable("no address opened vCPU " + vcpu, null));
        });
    }

    /** Drops the connection as if it had been lost, for drills: it is resumed by itself. */
    public void dropConnection() {
        GuestStream dropped = locked(() -> stream);
        if (dropped != null) {
            dropped.cancel("dropped for a drill");
            lost(dropped, new Failure(Optional.empty(), true));
        }
    }

    /** Closes every vCPU and the stream. */
    @Override
    public void close() {
        withOutcomes(1, null, outcomes -> {
            if (isClosed) {
                return;
            }
            isClosed = true;
            vcpus.finishAll(Vcpu.closedByClient(), outcomes);
            if (stream != null) {
                stream.complete();
                stream = null;
            }
        });
        connection.streams().remove(this);
        delivery.close();
    }

    // For the vCPUs.

    GuestOptions options() {
        return options;
    }

    Condition newCondition() {
        return lock.newCondition();
    }

    <T> T locked(Supplier<T> work) {
        lock.lock();
        try {
            return work.get();
        } finally {
            lock.unlock();
        }
    }

    long nowNanos() {
        return System.nanoTime() - ORIGIN_NANOS;
    }

    void close(Vcpu vcpu) {
        withOutcomes(vcpu.window(), null, outcomes -> {
            if (stream != null && vcpu.isOpen() && vcpus.holds(vcpu)) {
                stream.send(AccessRequest.newBuilder()
                        .setClose(CloseVcpu.newBuilder().setVcpu(vcpu.number())));
            }
            vcpus.finish(vcpu, Vcpu.closedByClient(), outcomes);
        });
    }

    /** The vCPU has rows to send. With the lock held. */
    void sendRowsOf(Vcpu vcpu) {
        queue.add(vcpu);
        send();
        tick();
    }

    // Called with the lock held.
    private void connect() {
        isConnecting = false;
        if (isClosed || stream != null) {
            return;
        }
        GuestStream next =
                new GuestStream(this, connection.addresses().of(domain.domid().value()));
        stream = next;
        next.open();
        vcpus.forEach(vcpu -> next.send(AccessRequest.newBuilder().setOpen(vcpu.openRequest())));
    }

    // Called with the lock held.
    private void send() {
        GuestStream to = stream;
        // An in-process transport may call back into this method while it sends.
        if (isSending || to == null) {
            return;
        }
        isSending = true;
        try {
            while (to.equals(stream) && to.isReady()) {
                AccessRequest.Builder batch = queue.next(nowNanos());
                if (batch == null) {
                    break;
                }
                to.send(batch);
            }
        } finally {
            isSending = false;
        }
    }

    // From here on: what the stream and the timer call.

    void ready(GuestStream from) {
        locked(() -> {
            if (from.equals(stream)) {
                send();
            }
            return true;
        });
    }

    void lost(GuestStream from, Failure failure) {
        withOutcomes(1, null, outcomes -> {
            if (!from.equals(stream)) {
                return;
            }
            stream = null;
            lastRefusal = failure.refusal();
            if (!failure.isLost()) {
                vcpus.finishAll(failure.refusal().orElseThrow(), outcomes);
                return;
            }
            vcpus.forEach(Vcpu::streamLost);
            if (!isClosed) {
                connection.addresses().failed(from.channel(), domain.domid().value());
                isConnecting = true;
                connection
                        .timer()
                        .after(
                                backoff.nextMillis(),
                                () -> locked(() -> {
                                    connect();
                                    return true;
                                }));
                tick();
            }
        });
    }

    void received(GuestStream from, AccessResponse response) {
        withOutcomes(response.getAnswers().getSequenceCount(), from, outcomes -> {
            if (!from.equals(stream)) {
                return;
            }
            switch (response.getResponseCase()) {
                case OPENED -> opened(from, response.getOpened());
                case OPEN_REFUSED -> openRefused(from, response.getOpenRefused(), outcomes);
                case ANSWERS -> answers(response.getAnswers(), outcomes);
                case REJECTED -> rejected(from, refusal(response.getRejected().getStatus()), outcomes);
                case FENCED -> fenced(response.getFenced(), outcomes);
                case ROUTE -> routed(from, response.getRoute().getAddress());
                case RECEIVED_REFUSED -> receivedRefused(response.getReceivedRefused(), outcomes);
                // Nothing that this version listens to.
                case EVENT, RESPONSE_NOT_SET -> {}
            }
        });
    }

    private void opened(GuestStream from, VcpuOpened opened) {
        Vcpu vcpu = vcpus.get(opened.getVcpu());
        if (vcpu == null || !vcpu.isOpening()) {
            return;
        }
        if (vcpu.hasToken() && !from.equals(resumed)) {
            resumed = from;
            resumptions++;
        }
        domain = new DomainRef(domain.domid(), opened.getDomainGeneration());
        backoff.reset();
        vcpu.opened(opened);
        if (!opened.getRoute().isEmpty()) {
            routed(from, opened.getRoute());
        }
        if (!goOn(from)) {
            sendRowsOf(vcpu);
        }
    }

    /** That node has the domain's pages, and the guest goes on there once it can be reached. */
    private void routed(GuestStream from, String route) {
        if (!options.followsRoute() || !from.isNewlyNamed(route)) {
            return;
        }
        connection.addresses().reach(route, from.channel(), () -> {
            // The channel tells this under locks of its own.
            connection
                    .timer()
                    .after(
                            0,
                            () -> locked(() -> {
                                if (from.isNamed(route)) {
                                    from.routeTo(route);
                                    goOn(from);
                                }
                                return true;
                            }));
        });
    }

    /**
     * Leaves the stream for the node that has the domain's pages, once that can be reached (the guest's procedure, step 9); whether it has. What has no
     * answer is sent again there. A vCPU that is being opened would be opened twice, and the later one could be this one: that is waited for.
     */
    private boolean goOn(GuestStream from) {
        String route = from.route();
        if (route == null || !from.equals(stream) || vcpus.isAnyOpening()) {
            return false;
        }
        connection.addresses().route(domain.domid().value(), route);
        from.complete();
        stream = null;
        vcpus.forEach(Vcpu::streamLost);
        connect();
        // Nothing was lost.
        resumed = stream;
        return true;
    }

    private void openRefused(GuestStream from, OpenRefused refused, Outcomes outcomes) {
        Vcpu vcpu = vcpus.get(refused.getVcpu());
        if (vcpu == null) {
            return;
        }
        Refusal why = refusal(refused.getStatus());
        if (why.errno() != Errno.EAGAIN) {
            vcpus.finish(vcpu, why, outcomes);
            return;
        }
        lastRefusal = Optional.of(why);
        connection
                .timer()
                .after(
                        vcpu.backoff().nextMillis(),
                        () -> locked(() -> {
                            if (from.equals(stream) && vcpu.isOpening()) {
                                from.send(AccessRequest.newBuilder().setOpen(vcpu.openRequest()));
                            }
                            return true;
                        }));
    }

    private void answers(AnswerBatch batch, Outcomes outcomes) {
        Map<Integer, Refusal> refusals = new HashMap<>();
        for (RowStatus status : batch.getStatusList()) {
            refusals.put(status.getRow(), refusal(status.getStatus()));
        }
        rejections = 0;
        long nowNanos = nowNanos();
        boolean hasVcpu = batch.getVcpuCount() > 0;
        boolean hasData = batch.getDataCount() > 0;
        boolean hasErrno = !batch.getErrno().isEmpty();
        Vcpu last = null;
        for (int row = 0; row < batch.getSequenceCount(); row++) {
            Vcpu vcpu = vcpus.get(hasVcpu ? batch.getVcpu(row) : 0);
            if (vcpu == null) {
                continue;
            }
            vcpu.answered(
                    nowNanos,
                    batch.getSequence(row),
                    hasData ? batch.getData(row) : 0,
                    hasErrno ? batch.getErrno().byteAt(row) : Errno.OK,
                    refusals.get(row),
                    outcomes);
            if (last != null && !last.equals(vcpu)) {
                last.signalRoom();
            }
            last = vcpu;
        }
        if (last != null) {
            last.signalRoom();
        }
    }

    /**
     * Nothing of the batch was executed, for instance since one of its vCPUs was being fenced: a new stream finds out whose rows are to be
     * sent again. A batch that is rejected again and again is a fault.
     */
    private void rejected(GuestStream from, Refusal why, Outcomes outcomes) {
        LOG.warn("a batch was rejected: {}", why);
        rejections++;
        from.cancel("rejected");
        if (rejections <= MAX_REJECTIONS) {
            lost(from, new Failure(Optional.of(why), true));
        } else {
            stream = null;
            vcpus.finishAll(why, outcomes);
        }
    }

    private void fenced(VcpuFenced fenced, Outcomes outcomes) {
        Vcpu vcpu = vcpus.get(fenced.getVcpu());
        if (vcpu != null) {
            vcpus.finish(vcpu, refusal(fenced.getStatus()), outcomes);
        }
    }

    /** One that was fenced meanwhile is gone from here already. Else the two sides do not agree on what was answered, and never will. */
    private void receivedRefused(ReceivedRefused refused, Outcomes outcomes) {
        Vcpu vcpu = vcpus.get(refused.getVcpu());
        if (vcpu != null && vcpu.isOpen()) {
            vcpus.finish(vcpu, refusal(refused.getStatus()), outcomes);
        }
    }

    private static Refusal refusal(Status status) {
        return Statuses.fromProto(status).orElseGet(() -> Refusal.of(Errno.EINVAL, status.getMessage()));
    }

    // Called with the lock held.
    private void tick() {
        if (!isTicking && !isClosed) {
            isTicking = true;
            connection.timer().after(TICK_MILLIS, () -> Callbacks.inStream(this::onTick));
        }
    }

    private void onTick() {
        withOutcomes(1, null, outcomes -> {
            isTicking = false;
            long nowNanos = nowNanos();
            boolean canTell = stream != null && stream.isReady();
            ReceivedThrough.Builder received = ReceivedThrough.newBuilder();
            boolean[] again = {false};
            vcpus.forEach(vcpu -> {
                if (vcpu.wake(nowNanos, outcomes)) {
                    queue.add(vcpu);
                }
                if (canTell) {
                    vcpu.tell(received);
                }
                again[0] |= vcpu.needsTime();
            });
            if (stream != null && received.getVcpuCount() > 0) {
                stream.send(AccessRequest.newBuilder().setReceived(received));
            }
            send();
            if (again[0]) {
                tick();
            }
        });
    }

    /** Does something under the lock, then hands the outcomes to the callbacks, then lets the stream send its next message. */
    private void withOutcomes(int capacity, @Nullable GuestStream from, Consumer<Outcomes> work) {
        Outcomes outcomes = new Outcomes(capacity);
        lock.lock();
        try {
            work.accept(outcomes);
        } finally {
            lock.unlock();
        }
        delivery.deliver(outcomes, from);
    }
}
