package io.trapline.fuzz;

import com.google.protobuf.ByteString;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.trapline.model.AccessAttributes;
import io.trapline.v1.AccessBatch;
import io.trapline.v1.AccessRequest;
import io.trapline.v1.AccessResponse;
import io.trapline.v1.AnswerBatch;
import io.trapline.v1.AnswerRows;
import io.trapline.v1.AttachRequest;
import io.trapline.v1.AttachResponse;
import io.trapline.v1.AttachServer;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.CreateIoreqServerResponse;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.DomainServiceGrpc;
import io.trapline.v1.EmulatorServiceGrpc;
import io.trapline.v1.GuestServiceGrpc;
import io.trapline.v1.IoreqBatch;
import io.trapline.v1.IoreqServerServiceGrpc;
import io.trapline.v1.MemType;
import io.trapline.v1.MemoryServiceGrpc;
import io.trapline.v1.OpenVcpu;
import io.trapline.v1.SetIoreqServerStateRequest;
import io.trapline.v1.SetMemTypeRequest;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A guest and an emulator of a domain of their own that do nothing wrong: whatever others send, each access is answered rightly, the emulator sees
 * those of the claimed page in order and once, and neither stream ends.
 */
final class Bystander {
    private static final int CLAIMED_GFN = 1;
    private static final int RAM_GFN = 2;
    private static final int ROWS = 16;
    private static final long PACE_MILLIS = 5;
    private static final int TIMEOUT_MILLIS = 120_000;

    private final String name;
    private final Complaints complaints;
    private final Wire<AccessRequest, AccessResponse> guest;
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final Thread thread;
    private final AtomicLong answered = new AtomicLong();
    private final AtomicLong slowestMillis = new AtomicLong();

    private Bystander(String name, Complaints complaints, Wire<AccessRequest, AccessResponse> guest) {
        this.name = name;
        this.complaints = complaints;
        this.guest = guest;
        thread = Thread.ofPlatform().daemon().name(name).unstarted(this::run);
    }

    static Bystander start(int domid, Channel channel, Complaints complaints) throws InterruptedException {
        DomainServiceGrpc.newBlockingStub(channel)
                .createDomain(CreateDomainRequest.newBuilder()
                        .setDomid(domid)
                        .setNrPages(16)
                        .setNrVcpus(1)
                        .setMemory(DomainMemory.DOMAIN_MEMORY_VOLATILE)
                        .setDefaultTimeoutMs(TIMEOUT_MILLIS)
                        .build());
        MemoryServiceGrpc.newBlockingStub(channel)
                .setMemType(SetMemTypeRequest.newBuilder()
                        .setDomid(domid)
                        .addRuns(World.run(CLAIMED_GFN, 1, MemType.MEM_TYPE_IOREQ_SERVER_2))
                        .build());
        var servers = IoreqServerServiceGrpc.newBlockingStub(channel);
        CreateIoreqServerResponse server = servers.createIoreqServer(CreateIoreqServerRequest.newBuilder()
                .setDomid(domid)
                .setTimeoutMs(TIMEOUT_MILLIS)
                .build());
        World.claim(servers, domid, server.getId(), MemType.MEM_TYPE_IOREQ_SERVER_2, 3);
        servers.setIoreqServerState(SetIoreqServerStateRequest.newBuilder()
                .setDomid(domid)
                .setEnabled(true)
                .build());
        String name = "bystander " + domid;
        EmulatorSide emulator = new EmulatorSide(name, complaints);
        EmulatorServiceGrpc.newStub(channel).attach(emulator);
        emulator.attach(domid, server.getGeneration());

        Wire<AccessRequest, AccessResponse> guest = Wire.open(channel, GuestServiceGrpc.getAccessMethod());
        guest.send(AccessRequest.newBuilder()
                .setOpen(OpenVcpu.newBuilder().setDomid(domid).setWindow(2 * ROWS))
                .build());
        if (!guest.message().hasOpened()) {
            throw new AssertionError(name + ": the vCPU could not be opened");
        }
        Bystander bystander = new Bystander(name, complaints, guest);
        bystander.thread.start();
        return bystander;
    }

    long answered() {
        return answered.get();
    }

    /** The longest round so far. */
    long slowestMillis() {
        return slowestMillis.get();
    }

    private void run() {
        long next = 1;
        try {
            while (!stopping.await(PACE_MILLIS, TimeUnit.MILLISECONDS)) {
                long start = System.nanoTime();
                guest.send(AccessRequest.newBuilder().setBatch(batch(next)).build());
                take(next);
                next += ROWS;
                slowestMillis.accumulateAndGet((System.nanoTime() - start) / 1_000_000, Math::max);
            }
        } catch (InterruptedException | AssertionError failed) {
            complaints.add(name + ": " + failed.getMessage());
        }
    }

    /** By turns: the claimed page written and read, plain memory written and read. */
    private static AccessBatch batch(long first) {
        AccessBatch.Builder batch = AccessBatch.newBuilder().addReceivedVcpu(0).addReceivedThrough(first - 1);
        byte[] attributes = new byte[ROWS];
        for (int i = 0; i < ROWS; i++) {
            long sequence = first + i;
            int turn = (int) (sequence & 3);
            batch.addSequence(sequence)
                    .addAddress((turn < 2 ? CLAIMED_GFN : RAM_GFN) * 4096L + 8)
                    .addData(written(sequence));
            attributes[i] = AccessAttributes.of(8, (turn & 1) == 0, AccessAttributes.MEM);
        }
        return batch.setAttributes(ByteString.copyFrom(attributes)).build();
    }

    private void take(long first) {
        long missing = ROWS;
        boolean[] seen = new boolean[ROWS];
        while (missing > 0) {
            AccessResponse response = guest.message();
            if (!response.hasAnswers()) {
                throw new AssertionError("not an answer: " + Complaints.shown(response));
            }
            AnswerBatch answers = response.getAnswers();
            for (int i = 0; i < answers.getSequenceCount(); i++) {
                long sequence = answers.getSequence(i);
                int place = (int) (sequence - first);
                boolean expected = place >= 0 && place < ROWS && !seen[place];
                long data = answers.getDataCount() == 0 ? 0 : answers.getData(i);
                int errno =
                        answers.getErrno().isEmpty() ? 0 : answers.getErrno().byteAt(i);
                if (!expected || errno != 0 || data != answer(sequence)) {
                    throw new AssertionError("#" + sequence + ": errno " + errno + ", data " + data + ", expected "
                            + (expected ? answer(sequence) : "nothing"));
                }
                seen[place] = true;
                missing--;
            }
        }
        answered.addAndGet(ROWS);
    }

    private static long written(long sequence) {
        return sequence * 0x9E37_79B9_7F4A_7C15L;
    }

    private static long answer(long sequence) {
        return switch ((int) (sequence & 3)) {
            case 1 -> read(sequence);
            case 3 -> written(sequence - 1);
            default -> 0;
        };
    }

    /** What the emulator lets the guest read. */
    private static long read(long sequence) {
        return Long.reverse(sequence) ^ sequence;
    }

    /** Ends it after the round that is under way. */
    void stop() throws InterruptedException {
        stopping.countDown();
        thread.join();
        guest.close();
    }

    private static final class EmulatorSide implements ClientResponseObserver<AttachRequest, AttachResponse> {
        private final String name;
        private final Complaints complaints;
        private final CountDownLatch attached = new CountDownLatch(1);
        private ClientCallStreamObserver<AttachRequest> requests;
        private long last;

        @SuppressWarnings("NullAway.Init")
        EmulatorSide(String name, Complaints complaints) {
            this.name = name + "'s emulator";
            this.complaints = complaints;
        }

        void attach(int domid, long generation) throws InterruptedException {
            requests.onNext(AttachRequest.newBuilder()
                    .setAttach(AttachServer.newBuilder()
                            .setDomid(domid)
                            .setGeneration(generation)
                            .setRun(domid)
                            .setCredit(1000))
                    .build());
            if (!attached.await(60, TimeUnit.SECONDS)) {
                throw new AssertionError(name + " was not attached");
            }
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<AttachRequest> stream) {
            requests = stream;
        }

        @Override
        public void onNext(AttachResponse response) {
            switch (response.getResponseCase()) {
                case ATTACHED -> attached.countDown();
                case IOREQS ->
                    requests.onNext(AttachRequest.newBuilder()
                            .setAnswers(answers(response.getIoreqs()))
                            .build());
                case SETTLED -> {}
                case STANDING_BY, REJECTED, RESPONSE_NOT_SET ->
                    complaints.add(name + ": " + Complaints.shown(response));
            }
        }

        private AnswerRows answers(IoreqBatch batch) {
            AnswerRows.Builder answers = AnswerRows.newBuilder();
            for (int i = 0; i < batch.getSequenceCount(); i++) {
                long sequence = batch.getSequence(i);
                long expected = last + ((last & 3) == 1 ? 3 : 1);
                boolean write = (batch.getAttributes().byteAt(i) & AccessAttributes.READ) == 0;
                long data = batch.getDataCount() == 0 ? 0 : batch.getData(i);
                boolean right = sequence == expected
                        && batch.getMarks().isEmpty()
                        && write == ((sequence & 3) == 0)
                        && data == (write ? written(sequence) : 0);
                complaints.check(right, () -> name + ": #" + sequence + " after #" + last + ", data " + data);
                last = sequence;
                answers.addVcpuEpoch(batch.getVcpuEpoch(i))
                        .addSequence(sequence)
                        .addData(write ? 0 : read(sequence));
            }
            return answers.build();
        }

        @Override
        public void onError(Throwable failure) {
            // The test closes its connections last.
            Status status = Status.fromThrowable(failure);
            if (status.getCode() != Status.Code.UNAVAILABLE
                    || !"Channel shutdownNow invoked".equals(status.getDescription())) {
                complaints.add(name + " lost its stream: " + status);
            }
        }

        @Override
        public void onCompleted() {
            complaints.add(name + " lost its stream");
        }
    }
}
