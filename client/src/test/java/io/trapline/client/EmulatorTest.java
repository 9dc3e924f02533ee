package io.trapline.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.Server;
import io.trapline.model.AccessFlags;
import io.trapline.model.Errno;
import io.trapline.model.Gpa;
import io.trapline.model.IoreqAttributes;
import io.trapline.model.MemType;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import io.trapline.v1.IoreqBatch;
import io.trapline.v1.IoreqKey;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("An attached emulator (S5, F2, F5, F6, C4)")
@Timeout(120)
class EmulatorTest {
    private static final ServerRef SERVER = ServerRef.of(DomainRef.of(5), 0);
    private static final long EPOCH = 7;

    private final FakeTrapline trapline = new FakeTrapline();
    private final TraplineConnection connection =
            trapline.connection("one:1,two:2").timeout(Duration.ofSeconds(20)).build();

    /** Registers that remember what they were told, and how often. */
    private static final class Registers implements DeviceModel {
        private final Map<Long, Long> values = new ConcurrentHashMap<>();
        private final Map<Long, Integer> carriedOut = new ConcurrentHashMap<>();

        @Override
        public long read(Ioreq ioreq) {
            carriedOut.merge(ioreq.sequence(), 1, Integer::sum);
            return values.getOrDefault(ioreq.address(), 0L);
        }

        @Override
        public void write(Ioreq ioreq) {
            carriedOut.merge(ioreq.sequence(), 1, Integer::sum);
            values.put(ioreq.address(), ioreq.data());
        }
    }

    @BeforeEach
    void serve() {
        trapline.serve("one:1");
        trapline.serve("two:2");
    }

    @AfterEach
    void close() {
        connection.close();
        trapline.close();
    }

    private static IoreqBatch.Builder batch(long decidedRevision) {
        return IoreqBatch.newBuilder().setDecidedRevision(decidedRevision).setShardEpoch(1);
    }

    private static void row(IoreqBatch.Builder batch, long sequence, boolean write, long address, long data) {
        int attributes = (write ? 0 : IoreqAttributes.READ) | 3 | (IoreqAttributes.COPY << 3);
        batch.addVcpu(2)
                .addVcpuEpoch(EPOCH)
                .addSequence(sequence)
                .addAddress(address)
                .addData(data)
                .setAttributes(batch.getAttributes().concat(ByteString.copyFrom(new byte[] {(byte) attributes})));
    }

    private static IoreqBatch writes(long decidedRevision, long from, long to) {
        IoreqBatch.Builder batch = batch(decidedRevision);
        for (long sequence = from; sequence <= to; sequence++) {
            row(batch, sequence, true, sequence * 8, sequence + 100);
        }
        return batch.build();
    }

    private static IoreqBatch read(long sequence, long address) {
        IoreqBatch.Builder batch = batch(100);
        row(batch, sequence, false, address, 0);
        return batch.build();
    }

    @Test
    @DisplayName("F2: a read is answered with its value, a write is acknowledged, and the credit comes back with it")
    void answersReadsAndWrites() {
        Emulator emulator = connection.attach(SERVER, new Registers());

        trapline.emulators.send(writes(100, 1, 2));
        trapline.emulators.send(read(3, 16));

        await().until(() -> trapline.emulators.answers().size() == 3);
        assertThat(trapline.emulators.answers()).containsExactly("2/7/1.0=0", "2/7/2.0=0", "2/7/3.0=102");
        assertThat(trapline.emulators.answerMessages()).isLessThanOrEqualTo(2);
        assertThat(trapline.emulators.attaches().get(0).getGeneration()).isEqualTo(88);
        assertThat(trapline.emulators.attaches().get(0).getRun()).isNotZero();
        assertThat(emulator.counters()).isEqualTo(new EmulatorCounters(3, 3, 0, 0, 0, 0));
        assertThat(emulator.domain().generation()).isEqualTo(77);
    }

    @Test
    @DisplayName(
            "F6: after a lost connection the same run attaches, naming what it keeps, and a resend is repeated without acting")
    void resumesWithWhatItKeeps() {
        Registers registers = new Registers();
        Emulator emulator = connection.attach(SERVER, registers);
        trapline.emulators.send(writes(100, 1, 3));
        await().until(() -> trapline.emulators.answers().size() == 3);
        trapline.emulators.settle(2, EPOCH, 1);
        trapline.emulators.send(read(4, 16));
        await().until(() -> trapline.emulators.answers().size() == 4);

        trapline.emulators.cut();
        await().until(emulator::isAttached);
        await().until(() -> trapline.emulators.attaches().size() == 2);

        assertThat(trapline.emulators.kept()).containsExactly("2/7/2.0=0", "2/7/3.0=0", "2/7/4.0=102");
        assertThat(trapline.emulators.attaches().get(1).getRun())
                .isEqualTo(trapline.emulators.attaches().get(0).getRun());

        await().until(trapline.emulators::isAttached);
        trapline.emulators.send(read(4, 16));
        await().until(() -> trapline.emulators.answers().size() == 5);
        assertThat(trapline.emulators.answers().get(4)).isEqualTo("2/7/4.0=102");
        assertThat(registers.carriedOut.values()).containsOnly(1);
        assertThat(emulator.counters().repeated()).isEqualTo(1);
        assertThat(emulator.counters().resumptions()).isEqualTo(1);
        assertThat(trapline.calls).containsOnly("one:1");
    }

    @Test
    @DisplayName("S5: the node that it was attached at is tried again, and where that is gone the next one")
    void goesToTheNextNodeWhereItsOwnIsGone() {
        Server own = trapline.serve("own:1");
        try (TraplineConnection elsewhere = trapline.connection("own:1,two:2").build()) {
            Emulator emulator = elsewhere.attach(SERVER, new Registers());
            own.shutdownNow();

            await().until(() -> trapline.emulators.attaches().size() == 2 && emulator.isAttached());
            assertThat(trapline.calls).startsWith("own:1").endsWith("two:2");
        }
    }

    @Test
    @DisplayName("F6: what is under way when the connection is lost goes on, and is answered on the new stream")
    void goesOnWithWhatIsUnderWay() throws Exception {
        CountDownLatch mayAnswer = new CountDownLatch(1);
        CountDownLatch handling = new CountDownLatch(1);
        Emulator emulator = connection.attach(SERVER, new DeviceModel() {
            @Override
            public long read(Ioreq ioreq) {
                handling.countDown();
                awaitLatch(mayAnswer);
                return 5;
            }
        });
        trapline.emulators.send(read(1, 0));
        assertThat(handling.await(60, TimeUnit.SECONDS)).isTrue();
        trapline.emulators.cut();
        await().until(() -> trapline.emulators.attaches().size() == 2 && emulator.isAttached());

        assertThat(trapline.emulators.kept()).containsExactly("2/7/1.0 under way");
        trapline.emulators.send(read(1, 0));
        mayAnswer.countDown();

        await().until(() -> trapline.emulators.answers().equals(List.of("2/7/1.0=5")));
        assertThat(emulator.counters().carriedOut()).isEqualTo(1);
    }

    @Test
    @DisplayName("S5: what is kept goes along in messages of 4,096 rows")
    void namesManyKeptRowsInSeveralMessages() {
        Emulator emulator = connection.attach(
                SERVER, new Registers(), EmulatorOptions.defaults().withCredit(20_000));
        for (int from = 1; from <= 10_000; from += 2500) {
            trapline.emulators.send(writes(100, from, from + 2499));
        }
        await().until(() -> trapline.emulators.answers().size() == 10_000);

        emulator.dropConnection();
        await().until(() -> trapline.emulators.attaches().size() == 2 && emulator.isAttached());

        assertThat(trapline.emulators.kept()).hasSize(10_000).doesNotHaveDuplicates();
        assertThat(trapline.emulators.attaches().get(1).getKept().getSequenceCount())
                .isEqualTo(4096);
    }

    @Test
    @DisplayName("S5: ABORTED is final: it is reported and never attached again")
    void endsWhenFenced() throws Exception {
        Emulator emulator = connection.attach(SERVER, new Registers());
        trapline.emulators.end(Statuses.toException(Refusal.of(Errno.ESTALE, "a newer session is active")));

        EmulatorEnd end = emulator.ended().get(60, TimeUnit.SECONDS);
        assertThat(end.kind()).isEqualTo(EmulatorEnd.Kind.FENCED);
        assertThat(trapline.emulators.attaches()).hasSize(1);
    }

    @Test
    void endsWhenTheServerIsGone() throws Exception {
        Emulator emulator = connection.attach(SERVER, new Registers());
        trapline.emulators.end(Statuses.toException(Refusal.noServer(5, 0)));
        assertThat(emulator.ended().get(60, TimeUnit.SECONDS).kind()).isEqualTo(EmulatorEnd.Kind.GONE);
    }

    @Test
    @DisplayName("S3: an attach that is refused says why")
    void saysWhyAnAttachWasRefused() {
        trapline.emulators.refuse(Refusal.of(Errno.EPERM, "not the creator"), 1);
        assertThatThrownBy(() -> connection.attach(SERVER, new Registers()))
                .isInstanceOfSatisfying(
                        TraplineException.class,
                        failure -> assertThat(failure.is(Errno.EPERM)).isTrue());
    }

    @Test
    void attachesAgainWhereTraplineSaysEagain() {
        trapline.emulators.refuse(Refusal.of(Errno.EAGAIN, "leaderless"), 3);
        assertThat(connection.attach(SERVER, new Registers()).isAttached()).isTrue();
        assertThat(trapline.emulators.attaches()).hasSize(4);
    }

    @Test
    void answersLaterFromAnotherThreadInAnyOrder() {
        ExecutorService later = Executors.newSingleThreadExecutor();
        try {
            connection.attach(SERVER, new DeviceModel() {
                @Override
                public void handle(IoreqBatchView batch, Answers answers) {
                    later.execute(() -> {
                        for (int row = batch.size() - 1; row >= 0; row--) {
                            answers.answer(row, batch.data(row) * 2);
                        }
                    });
                }
            });
            trapline.emulators.send(writes(100, 1, 3));
            await().until(() -> trapline.emulators.answers().size() == 3);
            assertThat(trapline.emulators.answers()).containsExactly("2/7/3.0=206", "2/7/2.0=204", "2/7/1.0=202");
        } finally {
            later.shutdownNow();
        }
    }

    @Test
    void refusesASecondAnswerToTheSameRow() {
        BlockingQueue<Answers> handed = new ArrayBlockingQueue<>(1);
        connection.attach(SERVER, new DeviceModel() {
            @Override
            public void handle(IoreqBatchView batch, Answers answers) {
                handed.add(answers);
            }
        });
        trapline.emulators.send(writes(100, 1, 1));
        Answers answers = take(handed);
        answers.acknowledge(0);
        assertThatThrownBy(() -> answers.acknowledge(0)).isInstanceOf(IllegalStateException.class);
        assertThat(answers.unanswered()).isZero();
    }

    @Test
    @DisplayName("F2: a batch is put into its pages by one memory call, which names the session and every ioreq")
    void makesOneMemoryCallForABatch() {
        Emulator emulator = connection.attach(SERVER, new DeviceModel() {
            @Override
            public void handle(IoreqBatchView batch, Answers answers) {
                WriteSegments pages = new WriteSegments(batch.size(), batch.size() * 8);
                for (int row = 0; row < batch.size(); row++) {
                    pages.addValue(batch.address(row), batch.data(row), batch.sizeBytes(row));
                }
                batch.memory().write(pages);
                answers.acknowledgeAll();
            }
        });
        trapline.emulators.send(writes(100, 1, 200));

        await().until(() -> trapline.emulators.answers().size() == 200);
        assertThat(trapline.control.onBehalfOf()).hasSize(1);
        var onBehalfOf = trapline.control.onBehalfOf().get(0);
        assertThat(onBehalfOf.getSessionEpoch()).isEqualTo(emulator.sessionEpoch());
        assertThat(onBehalfOf.getGeneration()).isEqualTo(88);
        assertThat(onBehalfOf.getServingList()).hasSize(200);
        assertThat(onBehalfOf.getServing(199))
                .isEqualTo(IoreqKey.newBuilder()
                        .setVcpu(2)
                        .setVcpuEpoch(EPOCH)
                        .setSequence(200)
                        .build());
        assertThat(trapline.control.byteAt(1600)).isEqualTo((byte) 300);
        assertThat(trapline.control.byteAt(1601)).isEqualTo((byte) 1);
    }

    @Test
    @DisplayName(
            "F2, F4: a row over which a memory call is ESTALE is given up, which is said, so that its slot is free")
    void abandonsARowThatWasCompletedOtherwise() {
        Emulator emulator = connection.attach(SERVER, new DeviceModel() {
            @Override
            public void write(Ioreq ioreq) {
                ioreq.memory().write(new Gpa(ioreq.address()), ioreq.data(), ioreq.sizeBytes());
            }
        });
        trapline.control.staleMemoryCalls(1);
        trapline.emulators.send(writes(100, 1, 2));

        await().until(() -> trapline.emulators.answers().size() == 1);
        assertThat(trapline.emulators.answers()).containsExactly("2/7/2.0=0");
        await().untilAsserted(() -> assertThat(trapline.emulators.givenUp()).containsExactly("2/7/1.0"));
        assertThat(trapline.emulators.credit()).isZero();
        assertThat(emulator.isAttached()).isTrue();
    }

    @Test
    @DisplayName("F5: a handler cannot wait for its own server's drain, and may release without waiting")
    void refusesToWaitForItsOwnDrainInsideAHandler() {
        AtomicReference<Throwable> refused = new AtomicReference<>();
        connection.attach(SERVER, new DeviceModel() {
            @Override
            public void write(Ioreq ioreq) {
                try {
                    connection.ioreqServers().release(SERVER, MemType.IOREQ_SERVER_0);
                } catch (IllegalStateException failure) {
                    refused.set(failure);
                }
                connection.ioreqServers().release(SERVER, MemType.IOREQ_SERVER_0, false, Drain.NO_WAIT);
                connection
                        .ioreqServers()
                        .release(ServerRef.of(DomainRef.of(5), 1), MemType.IOREQ_SERVER_1, false, Drain.DEFAULT);
            }
        });
        trapline.emulators.send(writes(100, 1, 1));
        await().until(() -> trapline.emulators.answers().size() == 1);
        assertThat(refused.get()).hasMessageContaining("NO_WAIT");
    }

    @Test
    @DisplayName(
            "C4: what was decided before a release that this connection made is refused, and its credit given back")
    void refusesWhatWasDecidedBeforeItsRelease() {
        Registers registers = new Registers();
        Emulator emulator = connection.attach(SERVER, registers);
        connection.ioreqServers().mapMemType(SERVER, MemType.IOREQ_SERVER_3, AccessFlags.WRITE);
        long released = connection.ioreqServers().release(SERVER, MemType.IOREQ_SERVER_3);

        trapline.emulators.send(writes(released - 1, 1, 5).toBuilder()
                .setClaimedType(ByteString.copyFrom(new byte[] {3, 3, 3, 4, -1}))
                .build());

        await().until(() -> trapline.emulators.answers().size() == 2);
        await().until(() -> trapline.emulators.credit() == 3);
        assertThat(registers.carriedOut).containsOnlyKeys(4L, 5L);
        assertThat(emulator.counters().refused()).isEqualTo(3);
    }

    @Test
    @DisplayName("C7: an older epoch is refused of the shard that has a newer one, and of no other")
    void refusesAnOlderEpochOfTheSameShardOnly() {
        Emulator emulator = connection.attach(SERVER, new Registers());

        trapline.emulators.send(
                writes(100, 1, 1).toBuilder().setShard(1).setShardEpoch(9).build());
        trapline.emulators.send(
                writes(100, 2, 2).toBuilder().setShard(0).setShardEpoch(1).build());
        trapline.emulators.send(
                writes(100, 3, 3).toBuilder().setShard(1).setShardEpoch(8).build());

        await().until(() -> emulator.counters().refused() == 1);
        await().until(() -> trapline.emulators.answers().size() == 2);
    }

    @Test
    @DisplayName("C7: what was decided before a disable that this connection made is refused")
    void refusesWhatWasDecidedBeforeItsDisable() {
        Emulator emulator = connection.attach(SERVER, new Registers());
        long disabled = connection.ioreqServers().disable(SERVER, Drain.DEFAULT);
        trapline.emulators.send(writes(disabled - 1, 1, 2));
        trapline.emulators.send(writes(disabled + 1, 3, 3));
        await().until(() -> trapline.emulators.answers().equals(List.of("2/7/3.0=0")));
        assertThat(emulator.counters().refused()).isEqualTo(2);
    }

    @Test
    void failsWhereTheDeviceModelThrows() throws Exception {
        Emulator emulator = connection.attach(SERVER, new DeviceModel() {
            @Override
            public void write(Ioreq ioreq) {
                throw new UnsupportedOperationException(ioreq.toString());
            }
        });
        trapline.emulators.send(writes(100, 1, 1));
        EmulatorEnd end = emulator.ended().get(60, TimeUnit.SECONDS);
        assertThat(end.kind()).isEqualTo(EmulatorEnd.Kind.FAILED);
        assertThat(end.cause()).hasMessage("vcpu 2 #1 COPY write 8 bytes at 0x8 = 0x65");
    }

    @Test
    void endsOnABatchThatIsNoneOfTheContract() throws Exception {
        Emulator emulator = connection.attach(SERVER, new Registers());
        trapline.emulators.send(writes(100, 1, 2).toBuilder().addAddress(0).build());
        assertThat(emulator.ended().get(60, TimeUnit.SECONDS).kind()).isEqualTo(EmulatorEnd.Kind.REFUSED);
    }

    @Test
    void isClosedOnce() throws Exception {
        Emulator emulator = connection.attach(SERVER, new Registers());
        emulator.close();
        emulator.close();
        assertThat(emulator.ended().get(60, TimeUnit.SECONDS).kind()).isEqualTo(EmulatorEnd.Kind.CLOSED);
        await().until(() -> !trapline.emulators.isAttached());
    }

    private static <T> T take(BlockingQueue<T> queue) {
        await().until(() -> !queue.isEmpty());
        return queue.remove();
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interruption) {
            Thread.currentThread().interrupt();
        }
    }
}
