package io.trapline.bench;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.trapline.v1.AccessBatch;
import io.trapline.v1.AccessRequest;
import io.trapline.v1.AccessResponse;
import io.trapline.v1.AnswerBatch;
import io.trapline.v1.GuestServiceGrpc;
import io.trapline.v1.OpenVcpu;
import io.trapline.v1.VcpuOpened;

/** The emulator's place on the bare side: answers every row of every batch. */
final class Echo extends GuestServiceGrpc.GuestServiceImplBase {
    @Override
    public StreamObserver<AccessRequest> access(StreamObserver<AccessResponse> responses) {
        ServerCallStreamObserver<AccessResponse> guest = (ServerCallStreamObserver<AccessResponse>) responses;
        guest.setOnCancelHandler(() -> {});
        return new StreamObserver<>() {
            @Override
            public void onNext(AccessRequest request) {
                if (request.hasOpen()) {
                    guest.onNext(AccessResponse.newBuilder()
                            .setOpened(opened(request.getOpen()))
                            .build());
                } else {
                    guest.onNext(AccessResponse.newBuilder()
                            .setAnswers(answer(request.getBatch()))
                            .build());
                }
            }

            @Override
            public void onError(Throwable failure) {
                // The guest is gone; so is its stream.
            }

            @Override
            public void onCompleted() {
                guest.onCompleted();
            }
        };
    }

    private static VcpuOpened opened(OpenVcpu open) {
        return VcpuOpened.newBuilder()
                .setVcpu(open.getVcpu())
                .setWindow(open.getWindow())
                .setNextSequence(1)
                .build();
    }

    private static AnswerBatch answer(AccessBatch batch) {
        AnswerBatch.Builder answers = AnswerBatch.newBuilder();
        int rows = batch.getSequenceCount();
        for (int i = 0; i < rows; i++) {
            answers.addVcpu(batch.getVcpu(i));
            answers.addSequence(batch.getSequence(i));
        }
        return answers.build();
    }
}
