package io.trapline.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import io.trapline.model.IoreqAttributes;
import io.trapline.v1.AnswerRows;
import io.trapline.v1.AttachRequest;
import io.trapline.v1.AttachResponse;
import io.trapline.v1.AttachedSession;
import io.trapline.v1.EmulatorServiceGrpc;
import io.trapline.v1.IoreqBatch;
import io.trapline.v1.KeptRows;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A whole emulator against a model of a server, over streams that are cut anywhere. */
@DisplayName("S5, F6: a run carries out each ioreq once, and answers all, through every cut")
@Timeout(120)
class EmulatorResumptionTest {
    private static final int ROWS = 30_000;
    private static final int WINDOW = 256;

    /** Forwards reads of 1, 2, 3 …; the answer to each is its number times three. Guarded by its monitor. */
    private static final class Model extends EmulatorServiceGrpc.EmulatorServiceImplBase {
        private enum Slot {
            READY,
            INPROCESS
        }

        private final Random random = new Random(7);
        private final TreeMap<Long, Slot> slots = new TreeMap<>();
        private final List<String> faults = new ArrayList<>();
        private @Nullable StreamObserver<AttachResponse> active;
        private long next = 1;
        private long answered;
        private int cuts;
        private long epochs = 10;

        synchronized boolean isDone() {
            return answered == ROWS;
        }

        synchronized List<String> faults() {
            return List.copyOf(faults);
        }

        synchronized int cuts() {
            return cuts;
        }

        @Override
        public StreamObserver<AttachRequest> attach(StreamObserver<AttachResponse> responses) {
            return new StreamObserver<>() {
                @Override
                public void onNext(AttachRequest request) {
                    received(responses, request);
                }

                @Override
                public void onError(Throwable lost) {}

                @Override
                public void onCompleted() {
                    responses.onCompleted();
                }
            };
        }

        private synchronized void received(StreamObserver<AttachResponse> stream, AttachRequest request) {
            switch (request.getRequestCase()) {
                case ATTACH -> {
                    active = stream;
                    slots.replaceAll((sequence, slot) -> Slot.READY);
                    kept(request.getAttach().getKept());
                }
                case KEPT -> kept(request.getKept());
                case ANSWERS -> {
                    if (stream.equals(active)) {
                        answers(request.getAnswers());
                    }
                }
                case CREDIT, REQUEST_NOT_SET -> faults.add("unexpected " + request.getRequestCase());
            }
        }

        private void kept(KeptRows rows) {
            for (int i = 0; i < rows.getSequenceCount(); i++) {
                long sequence = rows.getSequence(i);
                if (rows.getUnderWay().byteAt(i) == 0) {
                    answer(sequence, rows.getData(i));
                } else {
                    slots.replace(sequence, Slot.INPROCESS);
                }
            }
            if (!rows.getMore() && active != null) {
                active.onNext(AttachResponse.newBuilder()
                        .setAttached(AttachedSession.newBuilder().setSessionEpoch(++epochs))
                        .build());
                deliver();
            }
        }

        private void answers(AnswerRows rows) {
            for (int i = 0; i < rows.getSequenceCount(); i++) {
                answer(rows.getSequence(i), rows.getData(i));
            }
            if (random.nextInt(60) == 0) {
                cut();
            } else {
                deliver();
            }
        }

        private void answer(long sequence, long data) {
            if (slots.remove(sequence) != null) {
                answered++;
                if (data != sequence * 3) {
                    faults.add("answer " + data + " to " + sequence);
                }
            }
        }

        private void cut() {
            if (active != null) {
                cuts++;
                // Some of what is under way has just been passed on, and never arrives.
                deliver();
                active.onError(Status.UNAVAILABLE.asRuntimeException());
                active = null;
            }
        }

        private void deliver() {
            while (slots.size() < WINDOW && next <= ROWS) {
                slots.put(next++, Slot.READY);
            }
            IoreqBatch.Builder batch =
                    IoreqBatch.newBuilder().setDecidedRevision(1).setShardEpoch(1);
            ByteString.Output attributes = ByteString.newOutput();
            int most = 1 + random.nextInt(64);
            for (Map.Entry<Long, Slot> slot : slots.entrySet()) {
                if (slot.getValue() == Slot.READY && batch.getSequenceCount() < most) {
                    slot.setValue(Slot.INPROCESS);
                    batch.addVcpuEpoch(4).addSequence(slot.getKey()).addAddress(8);
                    attributes.write(IoreqAttributes.READ | 3 | (IoreqAttributes.COPY << 3));
                }
            }
            long settled = slots.isEmpty() ? next - 1 : slots.firstKey() - 1;
            batch.addSettledVcpu(0).addSettledVcpuEpoch(4).addSettledThrough(settled);
            if (active != null) {
                active.onNext(AttachResponse.newBuilder()
                        .setIoreqs(batch.setAttributes(attributes.toByteString()))
                        .build());
            }
        }
    }

    @Test
    void carriesOutEachIoreqOnceThroughManyCuts() throws Exception {
        Model model = new Model();
        ExecutorService executor = Executors.newCachedThreadPool();
        var server = InProcessServerBuilder.forName("resumption")
                .executor(executor)
                .addService(model)
                .build()
                .start();
        Map<Long, Integer> carriedOut = new ConcurrentHashMap<>();
        try (TraplineConnection connection = TraplineConnection.builder()
                .addresses("resumption:1")
                .channels(address -> InProcessChannelBuilder.forName("resumption"))
                .build()) {
            ServerRef name = new ServerRef(DomainRef.of(1), new io.trapline.model.Ioservid(0), 5);
            Emulator emulator = connection.attach(name, new DeviceModel() {
                @Override
                public long read(Ioreq ioreq) {
                    carriedOut.merge(ioreq.sequence(), 1, Integer::sum);
                    return ioreq.sequence() * 3;
                }
            });

            await().atMost(Duration.ofSeconds(90)).until(model::isDone);

            assertThat(model.faults()).isEmpty();
            assertThat(carriedOut).hasSize(ROWS);
            assertThat(carriedOut.values()).containsOnly(1);
            assertThat(model.cuts()).isGreaterThan(5);
            assertThat(emulator.counters().resumptions()).isGreaterThan(5);
        } finally {
            server.shutdownNow();
            executor.shutdownNow();
        }
    }
}
