package io.trapline.cli;

import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.MetadataUtils;
import io.trapline.client.ServerRef;
import io.trapline.v1.AnswerRows;
import io.trapline.v1.AttachRequest;
import io.trapline.v1.AttachResponse;
import io.trapline.v1.AttachServer;
import io.trapline.v1.EmulatorServiceGrpc;
import io.trapline.v1.IoreqBatch;
import io.trapline.v1.KeptRows;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** An emulator from the contract alone, a window of registers, that does with its answers what an author may get wrong (F6, F1). */
final class RawEmulator implements AutoCloseable {
    /** What it does with the answers that it has sent. */
    enum Keeping {
        /** Forgets them: what is passed again is carried out again. */
        NOTHING,
        /** Never forgets one. */
        EVERYTHING,
        /** Forgets them, and sends each twice. */
        NOTHING_AND_SENDS_TWICE
    }

    private static final Set<Status.Code> RESUMABLE =
            Set.of(Status.Code.UNAVAILABLE, Status.Code.INTERNAL, Status.Code.CANCELLED, Status.Code.UNKNOWN);
    private static final int KEPT_ROWS = 4096;
    private static final int BYTES = 4 * 4096;

    private final ManagedChannel channel;
    private final ServerRef server;
    private final long base;
    private final Keeping keeping;
    private final byte[] registers = new byte[BYTES];
    private final List<Answer> kept = new ArrayList<>();
    private final CountDownLatch attached = new CountDownLatch(1);
    private volatile boolean isClosed;

    private record Answer(int vcpu, long vcpuEpoch, long sequence, int part, long data) {}

    RawEmulator(String address, ServerRef server, long base, Keeping keeping) {
        this.channel = ManagedChannelBuilder.forTarget(address).usePlaintext().build();
        this.server = server;
        this.base = base;
        this.keeping = keeping;
    }

    /** Returns when it is attached. */
    RawEmulator start() throws InterruptedException {
        attach();
        if (!attached.await(60, TimeUnit.SECONDS)) {
            throw new AssertionError("not attached");
        }
        return this;
    }

    @Override
    public void close() {
        isClosed = true;
        channel.shutdownNow();
    }

    private void attach() {
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("trapline-principal", Metadata.ASCII_STRING_MARSHALLER), "device");
        EmulatorServiceGrpc.newStub(channel)
                .withWaitForReady()
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
                .attach(new Session());
    }

    /** One stream; its callbacks come one after the other. */
    private final class Session implements ClientResponseObserver<AttachRequest, AttachResponse> {
        private @Nullable ClientCallStreamObserver<AttachRequest> requests;

        @Override
        public void beforeStart(ClientCallStreamObserver<AttachRequest> stream) {
            requests = stream;
            stream.setOnReadyHandler(this::attachOnce);
        }

        private boolean isAsked;

        private void attachOnce() {
            if (isAsked) {
                return;
            }
            isAsked = true;
            List<KeptRows> rows = keptRows();
            send(AttachRequest.newBuilder()
                    .setAttach(AttachServer.newBuilder()
                            .setDomid(server.domain().domid().value())
                            .setId(server.id().value())
                            .setGeneration(server.generation())
                            .setRun(77)
                            .setCredit(4096)
                            .setKept(rows.getFirst())));
            rows.stream()
                    .skip(1)
                    .forEach(more -> send(AttachRequest.newBuilder().setKept(more)));
        }

        @Override
        public void onNext(AttachResponse response) {
            if (response.hasAttached()) {
                attached.countDown();
            } else if (response.hasIoreqs()) {
                AttachRequest.Builder answers = AttachRequest.newBuilder().setAnswers(answersTo(response.getIoreqs()));
                send(answers);
                if (keeping == Keeping.NOTHING_AND_SENDS_TWICE) {
                    send(answers);
                }
            }
        }

        @Override
        public void onError(Throwable lost) {
            // Anything else is Trapline's word, and final.
            if (!isClosed && RESUMABLE.contains(Status.fromThrowable(lost).getCode())) {
                attach();
            }
        }

        @Override
        public void onCompleted() {
            onError(new IllegalStateException("ended"));
        }

        private void send(AttachRequest.Builder request) {
            Objects.requireNonNull(requests).onNext(request.build());
        }
    }

    private List<KeptRows> keptRows() {
        List<KeptRows> messages = new ArrayList<>();
        for (int from = 0; from == 0 || from < kept.size(); from += KEPT_ROWS) {
            int to = Math.min(kept.size(), from + KEPT_ROWS);
            KeptRows.Builder rows = KeptRows.newBuilder().setMore(to < kept.size());
            for (Answer answer : kept.subList(from, to)) {
                rows.addVcpu(answer.vcpu)
                        .addVcpuEpoch(answer.vcpuEpoch)
                        .addSequence(answer.sequence)
                        .addPart(answer.part)
                        .addData(answer.data);
            }
            messages.add(rows.build());
        }
        return messages;
    }

    private AnswerRows answersTo(IoreqBatch batch) {
        AnswerRows.Builder answers = AnswerRows.newBuilder();
        for (int row = 0; row < batch.getSequenceCount(); row++) {
            Answer answer = new Answer(
                    batch.getVcpuCount() == 0 ? 0 : batch.getVcpu(row),
                    batch.getVcpuEpoch(row),
                    batch.getSequence(row),
                    batch.getPartCount() == 0 ? 0 : batch.getPart(row),
                    carryOut(batch, row));
            if (keeping == Keeping.EVERYTHING) {
                kept.add(answer);
            }
            answers.addVcpu(answer.vcpu)
                    .addVcpuEpoch(answer.vcpuEpoch)
                    .addSequence(answer.sequence)
                    .addPart(answer.part)
                    .addData(answer.data);
        }
        return answers.build();
    }

    private long carryOut(IoreqBatch batch, int row) {
        int attributes = batch.getAttributes().byteAt(row);
        int size = 1 << (attributes & 3);
        boolean isRead = (attributes & 4) != 0;
        int step = (attributes & 0x40) != 0 ? -size : size;
        int count = batch.getCountCount() == 0 ? 1 : batch.getCount(row);
        long data = batch.getDataCount() == 0 ? 0 : batch.getData(row);
        long value = 0;
        for (int element = 0; element < count; element++) {
            int at = (int) (batch.getAddress(row) - base) + element * step;
            value = 0;
            for (int i = size - 1; i >= 0; i--) {
                if (!isRead) {
                    registers[at + i] = (byte) (data >>> (8 * i));
                }
                value = value << 8 | (registers[at + i] & 0xFF);
            }
        }
        return isRead ? value : 0;
    }
}
