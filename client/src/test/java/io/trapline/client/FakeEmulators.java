package io.trapline.client;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import io.trapline.v1.AnswerRows;
import io.trapline.v1.AttachRequest;
import io.trapline.v1.AttachResponse;
import io.trapline.v1.AttachServer;
import io.trapline.v1.AttachedSession;
import io.trapline.v1.EmulatorServiceGrpc;
import io.trapline.v1.IoreqBatch;
import io.trapline.v1.KeptRows;
import io.trapline.v1.SettledThrough;
import io.trapline.v1.StandingBy;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An emulator service whose ioreqs a test sends by hand. Everything is guarded by the monitor of this object. */
final class FakeEmulators extends EmulatorServiceGrpc.EmulatorServiceImplBase {
    private @Nullable StreamObserver<AttachResponse> active;
    private @Nullable Refusal refusal;
    private int refusals;
    private boolean waits;
    private @Nullable StreamObserver<AttachResponse> waiting;
    private long epochs = 500;

    private final List<AttachServer> attaches = new ArrayList<>();
    private final List<String> kept = new ArrayList<>();
    private final List<String> answers = new ArrayList<>();
    private final List<String> givenUp = new ArrayList<>();
    private int answerMessages;
    private int credit;

    synchronized List<AttachServer> attaches() {
        return List.copyOf(attaches);
    }

    /** The kept rows of the last attach: {@code vcpu/epoch/sequence.part=data} or {@code … under way}. */
    synchronized List<String> kept() {
        return List.copyOf(kept);
    }

    /** Every answer that arrived: {@code vcpu/epoch/sequence.part=data}. */
    synchronized List<String> answers() {
        return List.copyOf(answers);
    }

    /** Every row that was given up: {@code vcpu/epoch/sequence.part}. */
    synchronized List<String> givenUp() {
        return List.copyOf(givenUp);
    }

    synchronized int answerMessages() {
        return answerMessages;
    }

    /** What AddCredit gave since the last attach. */
    synchronized int credit() {
        return credit;
    }

    synchronized boolean isAttached() {
        return active != null;
    }

    /** The next attaches are refused. */
    synchronized void refuse(Refusal why, int times) {
        refusal = why;
        refusals = times;
    }

    synchronized void send(IoreqBatch batch) {
        if (active != null) {
            active.onNext(AttachResponse.newBuilder().setIoreqs(batch).build());
        }
    }

    synchronized void settle(int vcpu, long vcpuEpoch, long through) {
        if (active != null) {
            active.onNext(AttachResponse.newBuilder()
                    .setSettled(SettledThrough.newBuilder()
                            .addVcpu(vcpu)
                            .addVcpuEpoch(vcpuEpoch)
                            .addThrough(through))
                    .build());
        }
    }

    synchronized void cut() {
        end(Status.UNAVAILABLE.withDescription("cut").asRuntimeException());
    }

    synchronized void end(RuntimeException why) {
        StreamObserver<AttachResponse> ended = active;
        active = null;
        if (ended != null) {
            ended.onError(why);
        }
    }

    @Override
    public StreamObserver<AttachRequest> attach(StreamObserver<AttachResponse> responses) {
        return new StreamObserver<>() {
            @Override
            public void onNext(AttachRequest request) {
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

    private synchronized void gone(StreamObserver<AttachResponse> stream) {
        if (stream.equals(active)) {
            active = null;
        }
    }

    private synchronized void received(StreamObserver<AttachResponse> stream, AttachRequest request) {
        switch (request.getRequestCase()) {
            case ATTACH -> {
                attaches.add(request.getAttach());
                kept.clear();
                keep(stream, request.getAttach().getKept());
            }
            case KEPT -> keep(stream, request.getKept());
            case ANSWERS -> answered(stream, request.getAnswers());
            case CREDIT -> credit += request.getCredit().getRows();
            case REQUEST_NOT_SET -> throw new IllegalArgumentException("an empty request");
        }
    }

    private void keep(StreamObserver<AttachResponse> stream, KeptRows rows) {
        for (int i = 0; i < rows.getSequenceCount(); i++) {
            kept.add(key(rows.getVcpu(i), rows.getVcpuEpoch(i), rows.getSequence(i), rows.getPart(i))
                    + (rows.getUnderWay().byteAt(i) == 1 ? " under way" : "=" + rows.getData(i)));
        }
        if (rows.getMore()) {
            return;
        }
        if (refusals > 0 && refusal != null) {
            refusals--;
            stream.onError(Statuses.toException(refusal));
            return;
        }
        if (waits) {
            waiting = stream;
            stream.onNext(AttachResponse.newBuilder()
                    .setStandingBy(StandingBy.getDefaultInstance())
                    .build());
            return;
        }
        begin(stream);
    }

    /** The next attaches stand by. */
    synchronized void standBy(boolean next) {
        waits = next;
    }

    /** Who stands by takes over. */
    synchronized void takeOver() {
        StreamObserver<AttachResponse> next = waiting;
        waiting = null;
        if (next != null) {
            begin(next);
        }
    }

    /** The stream that stands by is lost. */
    synchronized void cutWaiting() {
        StreamObserver<AttachResponse> ended = waiting;
        waiting = null;
        if (ended != null) {
            ended.onError(Status.UNAVAILABLE.withDescription("cut").asRuntimeException());
        }
    }

    synchronized boolean hasWaiting() {
        return waiting != null;
    }

    private void begin(StreamObserver<AttachResponse> stream) {
        active = stream;
        credit = 0;
        stream.onNext(AttachResponse.newBuilder()
                .setAttached(AttachedSession.newBuilder()
                        .setSessionEpoch(++epochs)
                        .setTimeoutMs(5000)
                        .setDomainGeneration(77))
                .build());
    }

    private void answered(StreamObserver<AttachResponse> stream, AnswerRows rows) {
        if (!stream.equals(active)) {
            return;
        }
        answerMessages++;
        for (int i = 0; i < rows.getSequenceCount(); i++) {
            if (!rows.getGivenUp().isEmpty() && rows.getGivenUp().byteAt(i) == 1) {
                givenUp.add(key(rows.getVcpu(i), rows.getVcpuEpoch(i), rows.getSequence(i), rows.getPart(i)));
                continue;
            }
            answers.add(key(rows.getVcpu(i), rows.getVcpuEpoch(i), rows.getSequence(i), rows.getPart(i)) + "="
                    + rows.getData(i));
        }
    }

    private static String key(int vcpu, long vcpuEpoch, long sequence, int part) {
        return vcpu + "/" + vcpuEpoch + "/" + sequence + "." + part;
    }
}
