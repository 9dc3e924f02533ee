package io.trapline.client;

import com.google.protobuf.ByteString;
import io.trapline.model.Errno;
import io.trapline.model.Gpa;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import io.trapline.v1.OpenVcpu;
import io.trapline.v1.ReceivedThrough;
import io.trapline.v1.VcpuOpened;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One virtual processor that is run here. Its accesses take effect in the order in which they are submitted (A3), up to its window of
 * them may be unanswered, and each has exactly one outcome, through every lost connection (A4). Thread-safe.
 *
 * <p>{@code OPENING → OPEN → OPENING … → ENDED}; the end is final: closed, fenced by another client (A6), or its domain is gone.
 */
public final class Vcpu implements AutoCloseable {
    private enum State {
        OPENING,
        OPEN,
        ENDED
    }

    private final Guest guest;
    private final int number;
    private final AnswerListener listener;
    private final CompletableFuture<TraplineException> ended = new CompletableFuture<>();

    // Guarded by the guest's lock.
    private final Condition changed;
    private final SendWindow window;
    private final int windowSize;
    private final @Nullable Pending[] pending;
    private final Backoff backoff = new Backoff();
    private State state = State.OPENING;
    private @Nullable Refusal end;
    private ByteString token = ByteString.EMPTY;
    private long epoch;
    private long toldThrough;
    private boolean isQueued;
    private @Nullable Outcomes collector;
    private @Nullable AccessAnswers collected;

    Vcpu(Guest guest, int number, int windowSize, AnswerListener listener) {
        if (number < 0 || number >= Limit.MAX_VCPUS_PER_DOMAIN.value()) {
            throw new IllegalArgumentException("vcpu = " + number + ": 0 … 4095");
        }
        this.guest = guest;
        this.number = number;
        this.windowSize = windowSize;
        this.listener = listener;
        changed = guest.newCondition();
        window = new SendWindow(
                number, windowSize, (int) guest.options().defaultTimeout().toMillis());
        pending = new Pending[window.slots()];
    }

    /** 0 … 4095. */
    public int number() {
        return number;
    }

    /** The guest whose stream it is on. */
    public Guest guest() {
        return guest;
    }

    /** How many accesses may be unanswered, 1 … 1,024. */
    public int window() {
        return windowSize;
    }

    /** The revision at which it was opened; part of every ioreq's key (F6). */
    public long epoch() {
        return guest.locked(() -> epoch);
    }

    /** How many accesses wait for an answer, or for one before them to be answered. */
    public int outstanding() {
        return guest.locked(window::outstanding);
    }

    /** Completes when it is no longer run here, with the reason; never exceptionally. */
    public CompletableFuture<TraplineException> ended() {
        return ended.copy();
    }

    /** Reads 1, 2, 4 or 8 bytes of guest memory and waits for the value. Throws {@link TraplineException}. */
    public long read(Gpa gpa, int sizeBytes) {
        return access(Access.read(gpa, sizeBytes));
    }

    /** Writes the low 1, 2, 4 or 8 bytes of a value to guest memory and waits until it has taken effect. Throws {@link TraplineException}. */
    public void write(Gpa gpa, int sizeBytes, long value) {
        access(Access.write(gpa, sizeBytes, value));
    }

    /** Sends an access and waits for its outcome: a read's value, 0 for a write. Throws {@link TraplineException}. */
    public long access(Access access) {
        CompletableFuture<Long> answer = new CompletableFuture<>();
        submit(access, new Pending(answer, true));
        try {
            return answer.get();
        } catch (ExecutionException failure) {
            if (failure.getCause() instanceof TraplineException refused) {
                throw refused;
            }
            throw new CompletionException(failure.getCause());
        } catch (InterruptedException interruption) {
            Thread.currentThread().interrupt();
            throw TraplineException.unknown("interrupted while an access was under way", interruption);
        }
    }

    /** Reads guest memory; waits only where the window is full. */
    public CompletableFuture<Long> readAsync(Gpa gpa, int sizeBytes) {
        return send(Access.read(gpa, sizeBytes));
    }

    /** Writes guest memory; waits only where the window is full. */
    public CompletableFuture<Long> writeAsync(Gpa gpa, int sizeBytes, long value) {
        return send(Access.write(gpa, sizeBytes, value));
    }

    /** Sends an access; waits only where the window is full. The future fails with {@link TraplineException}. */
    public CompletableFuture<Long> send(Access access) {
        CompletableFuture<Long> answer = new CompletableFuture<>();
        submit(access, new Pending(answer, false));
        return answer;
    }

    /** Sends an access unless the window is full; never waits. */
    public Optional<CompletableFuture<Long>> trySend(Access access) {
        CompletableFuture<Long> answer = new CompletableFuture<>();
        return guest.locked(() -> {
            refuseWhenEnded();
            if (!put(access, new Pending(answer, false))) {
                return Optional.empty();
            }
            guest.sendRowsOf(this);
            return Optional.of(answer);
        });
    }

    /**
     * Sends rows from {@code from} on as far as the window has room, and returns how many; never waits. Their outcomes go to the
     * vCPU's listener. Throws {@link TraplineException} when the vCPU is ended.
     */
    public int offer(AccessColumns rows, int from) {
        return guest.locked(() -> {
            refuseWhenEnded();
            return put(rows, from);
        });
    }

    /** Sends all rows, waiting for room in the window. Throws {@link TraplineException} when the vCPU is or becomes ended. */
    public void submit(AccessColumns rows) {
        Callbacks.refuseToBlock("Vcpu.submit");
        guest.locked(() -> {
            int sent = 0;
            while (sent < rows.size()) {
                awaitRoom();
                sent += put(rows, sent);
            }
            return sent;
        });
    }

    /** Waits until every access has its outcome; false where that does not happen in that time. */
    public boolean awaitAnswers(Duration timeout) {
        Callbacks.refuseToBlock("Vcpu.awaitAnswers");
        return guest.locked(() -> await(timeout.toNanos(), () -> window.outstanding() == 0));
    }

    /** Runs it here no longer: what it has outstanding is let go, its outcomes are reported as ESTALE. */
    @Override
    public void close() {
        guest.close(this);
    }

    private void submit(Access access, Pending caller) {
        Callbacks.refuseToBlock("Vcpu.send");
        guest.locked(() -> {
            awaitRoom();
            put(access, caller);
            guest.sendRowsOf(this);
            return true;
        });
    }

    private boolean put(Access access, Pending caller) {
        long sequence = window.submit(
                guest.nowNanos(),
                access.address(),
                access.attributes(),
                access.data(),
                access.count(),
                access.timeoutMillis());
        if (sequence != 0) {
            pending[window.slot(sequence)] = caller;
        }
        return sequence != 0;
    }

    private int put(AccessColumns rows, int from) {
        int sent = 0;
        long nowNanos = guest.nowNanos();
        while (from + sent < rows.size() && rows.submitTo(window, from + sent, nowNanos)) {
            sent++;
        }
        if (sent > 0) {
            guest.sendRowsOf(this);
        }
        return sent;
    }

    private void awaitRoom() {
        await(Long.MAX_VALUE, () -> end != null || window.room() > 0);
        refuseWhenEnded();
    }

    private boolean await(long timeoutNanos, BooleanSupplier condition) {
        long leftNanos = timeoutNanos;
        try {
            while (!condition.getAsBoolean()) {
                if (leftNanos <= 0) {
                    return false;
                }
                leftNanos = changed.awaitNanos(leftNanos);
            }
            return true;
        } catch (InterruptedException interruption) {
            Thread.currentThread().interrupt();
            throw TraplineException.unknown("interrupted while accesses were under way", interruption);
        }
    }

    private void refuseWhenEnded() {
        if (end != null) {
            throw TraplineException.refused(end);
        }
    }

    // From here on: for the guest, with its lock held.

    AnswerListener listener() {
        return listener;
    }

    SendWindow.Next next(long nowNanos) {
        return state == State.OPEN ? window.next(nowNanos) : SendWindow.Next.NOTHING;
    }

    void take(long nowNanos, AccessBatchColumns rows) {
        window.take(nowNanos, AccessBatchColumns.MAX_ROWS - rows.rows(), rows);
        if (window.receivedThrough() != toldThrough) {
            toldThrough = window.receivedThrough();
            rows.receivedThrough(number, toldThrough);
        }
    }

    /** Tells how far answers have arrived, unless that was told (step 5). */
    void tell(ReceivedThrough.Builder received) {
        if (state == State.OPEN && window.receivedThrough() != toldThrough) {
            toldThrough = window.receivedThrough();
            received.addVcpu(number).addThrough(toldThrough);
        }
    }

    boolean isOpen() {
        return state == State.OPEN;
    }

    boolean hasToken() {
        return !token.isEmpty();
    }

    boolean isOpening() {
        return state == State.OPENING;
    }

    Backoff backoff() {
        return backoff;
    }

    /** Waits for the first opening or the end of it; false where neither comes in that time. */
    boolean awaitOpening(Duration timeout) {
        await(timeout.toNanos(), () -> state != State.OPENING);
        refuseWhenEnded();
        return state == State.OPEN;
    }

    OpenVcpu openRequest() {
        return OpenVcpu.newBuilder()
                .setDomid(guest.domain().domid().value())
                .setDomainGeneration(guest.domain().generation())
                .setVcpu(number)
                .setWindow(windowSize)
                .setToken(token)
                .setReceivedThrough(token.isEmpty() ? 0 : window.receivedThrough())
                .build();
    }

    void opened(VcpuOpened answer) {
        if (token.isEmpty()) {
            window.opened(answer.getNextSequence());
        } else {
            window.resumed();
        }
        token = answer.getToken();
        epoch = answer.getVcpuEpoch();
        toldThrough = window.receivedThrough();
        state = State.OPEN;
        backoff.reset();
        changed.signalAll();
    }

    void streamLost() {
        if (state == State.OPEN) {
            state = State.OPENING;
            window.lost();
        }
    }

    void finish(Refusal reason, Outcomes outcomes) {
        if (state == State.ENDED) {
            return;
        }
        state = State.ENDED;
        end = reason;
        window.end(reason.errno(), (sequence, errno) -> outcomes.add(this, sequence, 0, errno.number(), reason));
        changed.signalAll();
        ended.completeAsync(() -> TraplineException.refused(reason));
    }

    void answered(long nowNanos, long sequence, long data, int errno, @Nullable Refusal refusal, Outcomes outcomes) {
        if (window.answer(nowNanos, sequence, errno) == SendWindow.Taken.OUTCOME) {
            outcomes.add(this, sequence, data, errno, refusal);
        }
    }

    /** Time has passed; returns whether there may be something to send. */
    boolean wake(long nowNanos, Outcomes outcomes) {
        if (nowNanos < window.wakeNanos()) {
            return false;
        }
        window.expire(nowNanos, (sequence, errno) -> outcomes.add(this, sequence, 0, errno.number(), null));
        return true;
    }

    void signalRoom() {
        changed.signalAll();
    }

    @Nullable
    Pending takePending(long sequence) {
        int slot = window.slot(sequence);
        Pending caller = pending[slot];
        pending[slot] = null;
        return caller;
    }

    @Nullable
    AccessAnswers collected(Outcomes by) {
        return by.equals(collector) ? collected : null;
    }

    void collect(Outcomes by, AccessAnswers answers) {
        collector = by;
        collected = answers;
    }

    boolean isQueued() {
        return isQueued;
    }

    void setQueued(boolean queued) {
        isQueued = queued;
    }

    /** Whether time passing alone may make a difference to it. */
    boolean needsTime() {
        return window.outstanding() > 0 || window.receivedThrough() != toldThrough;
    }

    static Refusal closedByClient() {
        return Refusal.of(Errno.ESTALE, "closed by its own client");
    }
}
