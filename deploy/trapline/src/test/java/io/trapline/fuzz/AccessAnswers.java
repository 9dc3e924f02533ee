package io.trapline.fuzz;

import com.google.protobuf.ByteString;
import com.google.rpc.Status;
import io.trapline.fuzz.VcpuModel.Used;
import io.trapline.model.Errno;
import io.trapline.v1.AccessRequest;
import io.trapline.v1.AccessResponse;
import io.trapline.v1.AnswerBatch;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What a guest's stream must be answered and has been. Every answer is expected by something, and everything expected comes. */
final class AccessAnswers {
    private record Key(int vcpu, long sequence) {}

    private record OpenRefusal(int vcpu, Errno errno) {}

    private final Wire<AccessRequest, AccessResponse> wire;
    private final String name;
    private final Complaints complaints;
    private final Map<Key, List<Used>> rows = new HashMap<>();
    private final ArrayDeque<Long> rejected = new ArrayDeque<>();
    private final ArrayDeque<OpenRefusal> openRefused = new ArrayDeque<>();
    private final ArrayDeque<Integer> marksRefused = new ArrayDeque<>();
    private final Set<Integer> mayBeFenced = new HashSet<>();
    private boolean wantsStatus;
    private int outstanding;

    AccessAnswers(Wire<AccessRequest, AccessResponse> wire, String name, Complaints complaints) {
        this.wire = wire;
        this.name = name;
        this.complaints = complaints;
    }

    int outstanding() {
        return outstanding;
    }

    /** Whether the next batch asks for full statuses; changes only where nothing is outstanding, so that each answer's wish is known. */
    boolean wantStatus(Dice dice) {
        if (outstanding == 0) {
            wantsStatus = dice.chance(50);
        }
        return wantsStatus;
    }

    void expect(int vcpu, long sequence, Used what) {
        rows.computeIfAbsent(new Key(vcpu, sequence), key -> new ArrayList<>()).add(what);
        outstanding++;
    }

    void expectRejected(long batchId) {
        rejected.add(batchId);
        outstanding++;
    }

    /** One wrong mark is refused by itself; everything else of its message is taken. */
    void expectMarkRefused(int vcpu) {
        marksRefused.add(vcpu);
        outstanding++;
    }

    void expectOpenRefused(int vcpu, Errno errno) {
        openRefused.add(new OpenRefusal(vcpu, errno));
        outstanding++;
    }

    void closed(VcpuModel model) {
        mayBeFenced.remove(model.vcpu);
    }

    boolean nothingExpected(int vcpu, long sequence) {
        return !rows.containsKey(new Key(vcpu, sequence));
    }

    /** Up to where every outcome has arrived. */
    long arrivedThrough(VcpuModel model) {
        long through = model.received;
        while (through + 1 < model.next && nothingExpected(model.vcpu, through + 1)) {
            through++;
        }
        return through;
    }

    /** Waits for everything that is outstanding. */
    void await() {
        while (outstanding > 0) {
            take(wire.message());
        }
    }

    /** Waits until a vCPU is open; its token. */
    ByteString awaitOpened(VcpuModel model) {
        mayBeFenced.add(model.vcpu);
        while (true) {
            AccessResponse response = wire.message();
            if (!response.hasOpened()) {
                take(response);
                continue;
            }
            var opened = response.getOpened();
            boolean right = opened.getVcpu() == model.vcpu
                    && opened.getNextSequence() == model.next
                    && opened.getWindow() == model.window;
            complaints.check(right, () -> name + ": next " + model.next + ", but " + Complaints.shown(response));
            return opened.getToken();
        }
    }

    /** Nothing else comes but the end. */
    void end() {
        switch (wire.next()) {
            case Wire.Event.Received<AccessResponse>(AccessResponse response) ->
                complaints.add(name + ": unexpected " + Complaints.shown(response));
            case Wire.Event.Ended<AccessResponse>(Optional<Throwable> failure) ->
                failure.ifPresent(why -> complaints.add(name + ": ended with " + why));
        }
    }

    private void take(AccessResponse response) {
        switch (response.getResponseCase()) {
            case ANSWERS -> take(response.getAnswers());
            case REJECTED -> {
                boolean expected =
                        rejected.removeFirstOccurrence(response.getRejected().getBatchId());
                settle(expected, response, response.getRejected().getStatus(), Errno.EINVAL);
            }
            case RECEIVED_REFUSED -> {
                boolean expected = marksRefused.removeFirstOccurrence(
                        response.getReceivedRefused().getVcpu());
                settle(expected, response, response.getReceivedRefused().getStatus(), Errno.EINVAL);
            }
            case OPEN_REFUSED -> {
                Status status = response.getOpenRefused().getStatus();
                OpenRefusal refusal = openRefused.poll();
                boolean expected = refusal != null
                        && refusal.vcpu == response.getOpenRefused().getVcpu();
                settle(expected, response, status, refusal == null ? Errno.EINVAL : refusal.errno);
            }
            case FENCED -> {
                boolean expected = mayBeFenced.contains(response.getFenced().getVcpu());
                complaints.check(expected, () -> name + ": unexpected " + Complaints.shown(response));
            }
            case OPENED, EVENT, ROUTE, RESPONSE_NOT_SET ->
                complaints.add(name + ": unexpected " + Complaints.shown(response));
        }
    }

    private void settle(boolean expected, AccessResponse response, Status status, Errno errno) {
        if (expected) {
            outstanding--;
        }
        OutcomeForm.Seen seen = OutcomeForm.of(status);
        boolean right = expected && seen.wrong().isEmpty() && seen.errno().equals(Optional.of(errno));
        complaints.check(
                right, () -> name + ": expected " + errno + ", got " + seen.wrong() + " " + Complaints.shown(response));
    }

    private void take(AnswerBatch batch) {
        int size = batch.getSequenceCount();
        boolean even = size > 0
                && fits(batch.getVcpuCount(), size)
                && fits(batch.getDataCount(), size)
                && fits(batch.getErrno().size(), size);
        if (!even) {
            complaints.add(name + ": uneven " + Complaints.shown(batch));
            return;
        }
        Set<Integer> explained = new HashSet<>();
        batch.getStatusList().forEach(row -> {
            explained.add(row.getRow());
            OutcomeForm.Seen seen = OutcomeForm.of(row.getStatus());
            boolean same = seen.errno().map(Errno::number).equals(Optional.of(errno(batch, row.getRow())));
            complaints.check(seen.wrong().isEmpty() && same, () -> name + ": row status " + seen);
        });
        for (int i = 0; i < size; i++) {
            boolean asked = wantsStatus && errno(batch, i) != 0;
            take(
                    batch.getVcpuCount() == 0 ? 0 : batch.getVcpu(i),
                    batch.getSequence(i),
                    errno(batch, i),
                    batch.getDataCount() == 0 ? 0 : batch.getData(i),
                    !asked || explained.contains(i));
        }
    }

    private void take(int vcpu, long sequence, int errno, long data, boolean explained) {
        Key key = new Key(vcpu, sequence);
        List<Used> expected = rows.getOrDefault(key, List.of());
        Optional<Used> met = expected.stream()
                .filter(used -> !used.loose() && used.errno() == errno && used.data() == data)
                .findFirst()
                .or(() -> expected.stream()
                        .filter(used -> used.loose() && isKnown(errno))
                        .findFirst());
        if (met.isPresent()) {
            expected.remove(met.get());
            outstanding--;
            if (expected.isEmpty()) {
                rows.remove(key);
            }
            complaints.check(
                    explained || met.get().loose(),
                    () -> name + ": " + key + ": errno " + errno + " without the status that was asked for");
            return;
        }
        complaints.add(name + ": " + key + " answered errno " + errno + ", data " + data + "; expected " + expected);
        if (!expected.isEmpty()) {
            outstanding -= expected.size();
            rows.remove(key);
        }
    }

    /** Of an access that may be anything: done, wrong (a buffer that is no plain memory), too late, or the node's memory is full. */
    private static boolean isKnown(int errno) {
        return errno == 0
                || errno == Errno.EINVAL.number()
                || errno == Errno.ENOSPC.number()
                || errno == Errno.ETIMEDOUT.number();
    }

    private static int errno(AnswerBatch batch, int row) {
        return batch.getErrno().isEmpty() || row >= batch.getErrno().size()
                ? 0
                : batch.getErrno().byteAt(row);
    }

    private static boolean fits(int length, int rows) {
        return length == 0 || length == rows;
    }
}
