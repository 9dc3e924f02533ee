package io.trapline.bench;

import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.trapline.v1.AnswerRows;
import io.trapline.v1.AttachRequest;
import io.trapline.v1.AttachResponse;
import io.trapline.v1.AttachServer;
import io.trapline.v1.EmulatorServiceGrpc;
import io.trapline.v1.IoreqBatch;
import java.util.concurrent.CountDownLatch;

/** The emulator of a benchmark: answers every ioreq and does nothing else, as the echo does on the bare side. */
final class LeanEmulator implements ClientResponseObserver<AttachRequest, AttachResponse> {
    private static final int CREDIT = 1 << 16;

    private final CountDownLatch attached = new CountDownLatch(1);
    private ClientCallStreamObserver<AttachRequest> requests;

    @SuppressWarnings("NullAway.Init")
    private LeanEmulator() {}

    /** Attaches; returns when the session is active. */
    static void attach(ManagedChannel channel, int domid, int id, long generation) throws InterruptedException {
        LeanEmulator emulator = new LeanEmulator();
        EmulatorServiceGrpc.newStub(channel).attach(emulator);
        emulator.requests.onNext(AttachRequest.newBuilder()
                .setAttach(AttachServer.newBuilder()
                        .setDomid(domid)
                        .setId(id)
                        .setGeneration(generation)
                        .setRun(ProcessHandle.current().pid())
                        .setCredit(CREDIT))
                .build());
        emulator.attached.await();
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
                        .setAnswers(answer(response.getIoreqs()))
                        .build());
            case SETTLED -> {}
            default -> throw new IllegalStateException("unexpected: " + response);
        }
    }

    private static AnswerRows answer(IoreqBatch batch) {
        AnswerRows.Builder answers = AnswerRows.newBuilder();
        int rows = batch.getSequenceCount();
        boolean hasVcpu = batch.getVcpuCount() > 0;
        for (int i = 0; i < rows; i++) {
            if (hasVcpu) {
                answers.addVcpu(batch.getVcpu(i));
            }
            answers.addVcpuEpoch(batch.getVcpuEpoch(i));
            answers.addSequence(batch.getSequence(i));
        }
        return answers.build();
    }

    @Override
    public void onError(Throwable failure) {
        throw new IllegalStateException("the session ended", failure);
    }

    @Override
    public void onCompleted() {
        throw new IllegalStateException("the session ended");
    }
}
