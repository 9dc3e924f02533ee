package io.trapline.client;

import com.google.protobuf.ByteString;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.trapline.model.AccessAttributes;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import io.trapline.v1.AccessBatch;
import io.trapline.v1.AccessRequest;
import io.trapline.v1.AccessResponse;
import io.trapline.v1.AnswerBatch;
import io.trapline.v1.BatchRejected;
import io.trapline.v1.GuestRoute;
import io.trapline.v1.GuestServiceGrpc;
import io.trapline.v1.OpenRefused;
import io.trapline.v1.OpenVcpu;
import io.trapline.v1.VcpuFenced;
import io.trapline.v1.VcpuOpened;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A guest service over plain memory: one 8-byte word per address. It keeps the contract of A4 and counts what breaks it. Everything is
 * guarded by the monitor of this object.
 */
final class FakeGuests extends GuestServiceGrpc.GuestServiceImplBase {
    /** The address that a call came to. */
    static final Context.Key<String> AT = Context.key("address");

    private static final class VcpuState {
        private final long epoch;
        private final ByteString token;
        private final int window;
        private final Map<Long, long[]> outcomes = new HashMap<>();
        private long next = 1;
        private long receivedThrough;
        private @Nullable StreamObserver<AccessResponse> stream;

        VcpuState(long epoch, int window) {
            this.epoch = epoch;
            this.window = window;
            token = ByteString.copyFromUtf8("token-" + epoch);
        }
    }

    private final Map<Integer, VcpuState> vcpus = new HashMap<>();
    private final List<StreamObserver<AccessResponse>> streams = new ArrayList<>();
    private final Map<StreamObserver<AccessResponse>, String> at = new HashMap<>();
    private final Map<Long, Long> memory = new HashMap<>();
    private final Map<StreamObserver<AccessResponse>, Map<Integer, List<long[]>>> held = new LinkedHashMap<>();
    private final Random random = new Random(1);
    private final Set<Integer> closed = new HashSet<>();
    private long epochs = 1000;
    private int again;
    private int rejections;
    private int openAgain;
    private String home = "";
    private boolean holding;
    private boolean shuffling;
    private int dropAfter = Integer.MAX_VALUE;

    /** Every write that took effect: {@code vcpu, sequence}. */
    private final List<long[]> writes = new ArrayList<>();

    private final List<String> faults = new ArrayList<>();
    private int batches;
    private int resentRows;

    // What tests ask and arrange.

    synchronized List<String> faults() {
        return List.copyOf(faults);
    }

    synchronized long word(long address) {
        return memory.getOrDefault(address, 0L);
    }

    synchronized void setWord(long address, long value) {
        memory.put(address, value);
    }

    synchronized int writes() {
        return writes.size();
    }

    synchronized int batches() {
        return batches;
    }

    synchronized int resentRows() {
        return resentRows;
    }

    synchronized boolean isClosed(int vcpu) {
        return closed.contains(vcpu);
    }

    synchronized long receivedThrough(int vcpu) {
        VcpuState state = vcpus.get(vcpu);
        return state == null ? -1 : state.receivedThrough;
    }

    /** The next rows are answered EAGAIN, and what stands behind one of them until that comes again. */
    synchronized void answerEagain(int rows) {
        again = rows;
    }

    synchronized void refuseOpensWithEagain(int opens) {
        openAgain = opens;
    }

    /** The node that has the domain's pages, which others name. */
    synchronized void home(String address) {
        home = address;
    }

    synchronized void rejectBatches(int count) {
        rejections = count;
    }

    /** Keeps answers back until {@link #release}. */
    synchronized void hold() {
        holding = true;
    }

    synchronized void release() {
        holding = false;
        held.forEach((stream, rows) -> rows.forEach((vcpu, answers) -> send(stream, vcpu, answers)));
        held.clear();
    }

    /** Answers leave in random order, each in its own message. */
    synchronized void shuffle() {
        shuffling = true;
    }

    /** Cuts each stream after so many rows, some of which have been carried out and not answered. */
    synchronized void cutAfter(int rows) {
        dropAfter = rows;
    }

    /** Cuts every stream; what was not sent yet is lost. */
    synchronized void cut() {
        held.clear();
        for (StreamObserver<AccessResponse> stream : List.copyOf(streams)) {
            end(stream, Status.UNAVAILABLE.withDescription("cut").asRuntimeException());
        }
    }

    /** The domain's pages move there, and whoever is elsewhere is told. */
    synchronized void move(String address) {
        home = address;
        for (StreamObserver<AccessResponse> stream : streams) {
            stream.onNext(AccessResponse.newBuilder()
                    .setRoute(GuestRoute.newBuilder().setAddress(address))
                    .build());
        }
    }

    /** Somebody else opens the vCPU. */
    synchronized void fence(int vcpu) {
        VcpuState state = vcpus.remove(vcpu);
        if (state != null && state.stream != null) {
            state.stream.onNext(AccessResponse.newBuilder()
                    .setFenced(VcpuFenced.newBuilder()
                            .setVcpu(vcpu)
                            .setStatus(Statuses.toProto(Refusal.of(Errno.ESTALE, "opened by another"))))
                    .build());
        }
    }

    /** Ends every stream for good. */
    synchronized void endAll(Refusal why) {
        for (StreamObserver<AccessResponse> stream : List.copyOf(streams)) {
            end(stream, Statuses.toException(why));
        }
    }

    private void end(StreamObserver<AccessResponse> stream, RuntimeException why) {
        streams.remove(stream);
        vcpus.values().forEach(state -> state.stream = stream.equals(state.stream) ? null : state.stream);
        stream.onError(why);
    }

    // The service.

    @Override
    public StreamObserver<AccessRequest> access(StreamObserver<AccessResponse> responses) {
        synchronized (this) {
            streams.add(responses);
            at.put(responses, AT.get());
        }
        return new StreamObserver<>() {
            @Override
            public void onNext(AccessRequest request) {
                received(responses, request);
            }

            @Override
            public void onError(Throwable lost) {
                gone(responses);
            }

            @Override
            public void onCompleted() {
                gone(responses);
                responses.onCompleted();
            }
        };
    }

    private synchronized void gone(StreamObserver<AccessResponse> stream) {
        streams.remove(stream);
        held.remove(stream);
        vcpus.values().forEach(state -> state.stream = stream.equals(state.stream) ? null : state.stream);
    }

    private synchronized void received(StreamObserver<AccessResponse> stream, AccessRequest request) {
        if (!streams.contains(stream)) {
            return;
        }
        switch (request.getRequestCase()) {
            case OPEN -> open(stream, request.getOpen());
            case BATCH -> batch(stream, request.getBatch());
            case RECEIVED ->
                told(request.getReceived().getVcpuList(), request.getReceived().getThroughList());
            case CLOSE -> {
                closed.add(request.getClose().getVcpu());
                vcpus.remove(request.getClose().getVcpu());
            }
            case REQUEST_NOT_SET -> faults.add("an empty request");
        }
    }

    private void open(StreamObserver<AccessResponse> stream, OpenVcpu open) {
        if (openAgain > 0) {
            openAgain--;
            refuse(stream, open.getVcpu(), Refusal.of(Errno.EAGAIN, "later"));
            return;
        }
        VcpuState state = vcpus.get(open.getVcpu());
        if (!open.getToken().isEmpty()) {
            if (state == null || !state.token.equals(open.getToken())) {
                refuse(stream, open.getVcpu(), Refusal.of(Errno.ESTALE, "opened by another since"));
                return;
            }
            state.receivedThrough = Math.max(state.receivedThrough, open.getReceivedThrough());
        } else {
            fence(open.getVcpu());
            state = new VcpuState(++epochs, open.getWindow());
            vcpus.put(open.getVcpu(), state);
        }
        state.stream = stream;
        stream.onNext(AccessResponse.newBuilder()
                .setOpened(VcpuOpened.newBuilder()
                        .setVcpu(open.getVcpu())
                        .setVcpuEpoch(state.epoch)
                        .setNextSequence(state.next)
                        .setToken(state.token)
                        .setWindow(state.window)
                        .setDomainGeneration(77)
                        .setRoute(home.equals(at.get(stream)) ? "" : home))
                .build());
    }

    private static void refuse(StreamObserver<AccessResponse> stream, int vcpu, Refusal why) {
        stream.onNext(AccessResponse.newBuilder()
                .setOpenRefused(OpenRefused.newBuilder().setVcpu(vcpu).setStatus(Statuses.toProto(why)))
                .build());
    }

    private void told(List<Integer> of, List<Long> through) {
        for (int i = 0; i < of.size(); i++) {
            VcpuState state = vcpus.get(of.get(i));
            if (state != null) {
                if (through.get(i) >= state.next) {
                    faults.add("received_through beyond what was answered");
                }
                state.receivedThrough = Math.max(state.receivedThrough, through.get(i));
            }
        }
    }

    private void batch(StreamObserver<AccessResponse> stream, AccessBatch batch) {
        batches++;
        if (rejections > 0) {
            rejections--;
            stream.onNext(AccessResponse.newBuilder()
                    .setRejected(BatchRejected.newBuilder()
                            .setBatchId(batch.getBatchId())
                            .setStatus(Statuses.toProto(Refusal.of(Errno.EINVAL, "rejected for a test"))))
                    .build());
            return;
        }
        told(batch.getReceivedVcpuList(), batch.getReceivedThroughList());
        Map<Integer, List<long[]>> answers = new LinkedHashMap<>();
        for (int row = 0; row < batch.getSequenceCount(); row++) {
            int vcpu = batch.getVcpuCount() == 0 ? 0 : batch.getVcpu(row);
            long[] answer = row(stream, batch, row, vcpu);
            if (answer != null) {
                answers.computeIfAbsent(vcpu, any -> new ArrayList<>()).add(answer);
            }
            if (--dropAfter == 0) {
                dropAfter = 50 + random.nextInt(200);
                end(stream, Status.UNAVAILABLE.withDescription("cut").asRuntimeException());
                return;
            }
        }
        answers.forEach((vcpu, rows) -> answer(stream, vcpu, rows));
    }

    private long @Nullable [] row(StreamObserver<AccessResponse> stream, AccessBatch batch, int row, int vcpu) {
        VcpuState state = vcpus.get(vcpu);
        long sequence = batch.getSequence(row);
        if (state == null || !stream.equals(state.stream)) {
            return new long[] {sequence, 0, Errno.EINVAL.number()};
        }
        resentRows += batch.getResent() ? 1 : 0;
        if (sequence <= state.receivedThrough || sequence > state.receivedThrough + state.window) {
            faults.add("outside the window");
        }
        long[] known = state.outcomes.get(sequence);
        if (known != null) {
            if (!batch.getResent()) {
                faults.add("answered before and not marked as resent");
            }
            return known;
        }
        if (again > 0 || sequence > state.next) {
            again = Math.max(0, again - 1);
            return new long[] {sequence, 0, Errno.EAGAIN.number()};
        }
        state.next++;
        long[] outcome = carryOut(vcpu, sequence, batch, row);
        state.outcomes.put(sequence, outcome);
        return outcome;
    }

    private long[] carryOut(int vcpu, long sequence, AccessBatch batch, int row) {
        long address = batch.getAddress(row);
        int attributes = batch.getAttributes().byteAt(row);
        if (address < 0) {
            return new long[] {sequence, 0, Errno.EINVAL.number()};
        }
        if (!AccessAttributes.isWrite(attributes)) {
            return new long[] {sequence, memory.getOrDefault(address, 0L) & AccessAttributes.mask(attributes), 0};
        }
        writes.add(new long[] {vcpu, sequence});
        memory.put(address, batch.getDataCount() == 0 ? 0 : batch.getData(row));
        return new long[] {sequence, 0, 0};
    }

    private void answer(StreamObserver<AccessResponse> stream, int vcpu, List<long[]> rows) {
        if (holding) {
            held.computeIfAbsent(stream, any -> new LinkedHashMap<>())
                    .computeIfAbsent(vcpu, any -> new ArrayList<>())
                    .addAll(rows);
            return;
        }
        if (!shuffling) {
            send(stream, vcpu, rows);
            return;
        }
        Collections.shuffle(rows, random);
        rows.forEach(row -> send(stream, vcpu, List.of(row)));
    }

    private static void send(StreamObserver<AccessResponse> stream, int vcpu, List<long[]> rows) {
        AnswerBatch.Builder answers = AnswerBatch.newBuilder();
        byte[] errno = new byte[rows.size()];
        for (int i = 0; i < rows.size(); i++) {
            answers.addVcpu(vcpu).addSequence(rows.get(i)[0]).addData(rows.get(i)[1]);
            errno[i] = (byte) rows.get(i)[2];
        }
        stream.onNext(AccessResponse.newBuilder()
                .setAnswers(answers.setErrno(ByteString.copyFrom(errno)))
                .build());
    }
}
