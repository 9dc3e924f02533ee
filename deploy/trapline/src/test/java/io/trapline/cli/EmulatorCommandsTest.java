package io.trapline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.client.Answers;
import io.trapline.client.DeviceModel;
import io.trapline.client.DomainRef;
import io.trapline.client.Emulator;
import io.trapline.client.Ioreq;
import io.trapline.client.IoreqBatchView;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.model.AccessFlags;
import io.trapline.model.Gfn;
import io.trapline.model.Gpa;
import io.trapline.model.MemType;
import io.trapline.v1.Bufioreq;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.DomainMemory;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Emulators that keep the rules, and some that break one each. */
final class EmulatorCommandsTest {
    @RegisterExtension
    static final EmbeddedShell CLUSTER = new EmbeddedShell();

    private static final long FIRST_GFN = 16;
    private static final int PAGES = 3;

    private final Shell shell = new Shell();
    private TraplineConnection connection;
    private DomainRef domain;
    private ServerRef server;

    @BeforeEach
    void makeADevice() {
        connection = TraplineConnection.builder()
                .addresses(CLUSTER.address())
                .principal("device")
                .build();
        domain = DomainRef.of(connection.domains().create(64, 2, DomainMemory.DOMAIN_MEMORY_VOLATILE));
        connection.memory().setMemType(domain, new Gfn(FIRST_GFN), PAGES, MemType.IOREQ_SERVER_0);
        server = connection
                .ioreqServers()
                .create(
                        domain,
                        CreateIoreqServerRequest.newBuilder()
                                .setBufioreq(Bufioreq.BUFIOREQ_ATOMIC)
                                .build());
        connection.ioreqServers().enable(server);
        connection.ioreqServers().mapMemType(server, MemType.IOREQ_SERVER_0, AccessFlags.ALL);
    }

    @AfterEach
    void destroyIt() {
        connection.domains().destroy(domain);
        connection.close();
    }

    @Test
    void findsNothingWrongWithARegisterWindow() {
        try (Emulator emulator = connection.attach(server, new Registers())) {
            int exit = CLUSTER.run(shell, "emulator verify " + emulator.server().id() + " --json");

            assertThat(shell.json())
                    .filteredOn(row -> Boolean.FALSE.equals(row.get("passed")))
                    .isEmpty();
            assertThat(exit).isEqualTo(ExitCode.DONE);
            assertThat(shell.summary().get("failed")).isEqualTo(0L);
            assertThat(Shell.count(shell.summary(), "checks")).isGreaterThanOrEqualTo(13L);
        }
    }

    static Stream<Arguments> broken() {
        return Stream.of(
                Arguments.of("F2", new Registers() {
                    @Override
                    long answer(long value, Ioreq ioreq) {
                        // As a language that has only floating-point numbers.
                        return (long) (double) value;
                    }
                }),
                Arguments.of("A1", new Registers() {
                    @Override
                    int direction(Ioreq ioreq) {
                        return 1;
                    }
                }),
                Arguments.of("A1", new Registers() {
                    @Override
                    int repetitions(Ioreq ioreq) {
                        return ioreq.isDataPtr() ? ioreq.count() : 1;
                    }
                }),
                Arguments.of("A2", new Registers() {
                    @Override
                    public void write(Ioreq ioreq) {
                        if (ioreq.part() == 0) {
                            super.write(ioreq);
                        }
                    }
                }),
                Arguments.of("F3", new Registers() {
                    @Override
                    public void write(Ioreq ioreq) {
                        if (!ioreq.isPosted()) {
                            super.write(ioreq);
                        }
                    }
                }),
                Arguments.of("F1", new Registers() {
                    private long lastVcpuEpoch;

                    @Override
                    public void write(Ioreq ioreq) {
                        // Serves the vCPU that came first and forgets the others.
                        lastVcpuEpoch = lastVcpuEpoch == 0 ? ioreq.vcpuEpoch() : lastVcpuEpoch;
                        if (ioreq.vcpuEpoch() == lastVcpuEpoch) {
                            super.write(ioreq);
                        }
                    }
                }),
                Arguments.of("A3", new Registers() {
                    @Override
                    public void handle(IoreqBatchView batch, Answers answers) {
                        // Backwards.
                        for (int row = batch.size() - 1; row >= 0; row--) {
                            Ioreq ioreq = batch.ioreq(row);
                            if (ioreq.isWrite()) {
                                write(ioreq);
                            }
                            answers.answer(row, ioreq.isWrite() ? 0 : read(ioreq));
                        }
                    }
                }));
    }

    @ParameterizedTest
    @MethodSource("broken")
    void namesTheRuleThatAnEmulatorBreaks(String rule, DeviceModel model) {
        try (Emulator emulator = connection.attach(server, model)) {
            int exit = CLUSTER.run(shell, "emulator verify " + emulator.server().id() + " --json");

            assertThat(exit).isEqualTo(ExitCode.CHECK_FAILED);
            assertThat((List<?>) shell.summary().get("broken_rules")).asString().contains(rule);
        }
    }

    @Test
    void saysThatNoEmulatorIsAttached() {
        assertThat(CLUSTER.run(shell, "emulator verify " + server.id())).isEqualTo(ExitCode.CHECK_FAILED);
        assertThat(shell.err()).contains("no emulator is attached");
    }

    @Test
    void logsWhatItIsPassedAndAnswersAConstant() throws Exception {
        Shell logging = new Shell();
        CompletableFuture<Integer> exit = CompletableFuture.supplyAsync(() -> CLUSTER.run(
                logging,
                "emulator log " + server.id()
                        + " --answer 0x8000000000000001 --ioreqs 2 --for 60s --principal device --json"));

        assertThat(CLUSTER.run(shell, "guest write " + domain.domid() + " 0x10008 4 0xfefefefe"))
                .isEqualTo(ExitCode.DONE);
        assertThat(CLUSTER.run(shell, "guest read " + domain.domid() + " 0x10008 8"))
                .isEqualTo(ExitCode.DONE);

        assertThat(shell.out()).isEqualTo("0x8000000000000001\n");
        assertThat(exit.get(60, TimeUnit.SECONDS)).isEqualTo(ExitCode.DONE);
        assertThat(logging.json()).hasSize(3);
        assertThat(logging.json().getFirst().get("data")).isEqualTo("0xfefefefe");
        assertThat(logging.json().getFirst().get("address")).isEqualTo("0x10008");
        assertThat(logging.summary().get("ioreqs")).isEqualTo(2L);
    }

    @Test
    void logEndsWhenItIsFenced() throws Exception {
        // S5
        Shell logging = new Shell();
        CompletableFuture<Integer> exit = CompletableFuture.supplyAsync(
                () -> CLUSTER.run(logging, "emulator log " + server.id() + " --principal device"));
        Awaitility.await()
                .atMost(30, TimeUnit.SECONDS)
                .until(() -> logging.err().contains("attached"));

        try (Emulator newer = connection.attach(server, new Registers())) {
            assertThat(exit.get(60, TimeUnit.SECONDS)).isEqualTo(ExitCode.REFUSED);
            assertThat(logging.err()).contains("trapline: ESTALE: ");
            assertThat(newer.isAttached()).isTrue();
        }
    }

    /** Holds what is written to it. */
    static class Registers implements DeviceModel {
        private final byte[] bytes = new byte[PAGES * 4096];

        @Override
        public void write(Ioreq ioreq) {
            for (int i = 0; i < repetitions(ioreq); i++) {
                long value = ioreq.isDataPtr() ? element(ioreq, i) : ioreq.data();
                int at = at(ioreq, i);
                for (int b = 0; b < ioreq.sizeBytes(); b++) {
                    bytes[at + b] = (byte) (value >>> (8 * b));
                }
            }
        }

        @Override
        public long read(Ioreq ioreq) {
            long value = 0;
            for (int i = 0; i < repetitions(ioreq); i++) {
                int at = at(ioreq, i);
                value = 0;
                for (int b = ioreq.sizeBytes() - 1; b >= 0; b--) {
                    value = value << 8 | (bytes[at + b] & 0xFF);
                }
                if (ioreq.isDataPtr()) {
                    ioreq.memory().write(buffer(ioreq, i), value, ioreq.sizeBytes());
                }
            }
            return ioreq.isDataPtr() ? 0 : answer(value, ioreq);
        }

        long answer(long value, Ioreq ioreq) {
            return value;
        }

        int repetitions(Ioreq ioreq) {
            return ioreq.count();
        }

        int direction(Ioreq ioreq) {
            return ioreq.isDf() ? -1 : 1;
        }

        private int at(Ioreq ioreq, int element) {
            long at = ioreq.address() - FIRST_GFN * 4096 + (long) direction(ioreq) * element * ioreq.sizeBytes();
            return (int) Math.max(0, Math.min(at, bytes.length - ioreq.sizeBytes()));
        }

        private static Gpa buffer(Ioreq ioreq, int element) {
            int step = ioreq.isDf() ? -ioreq.sizeBytes() : ioreq.sizeBytes();
            return new Gpa(ioreq.data() + (long) step * element);
        }

        private static long element(Ioreq ioreq, int element) {
            byte[] read = ioreq.memory().read(buffer(ioreq, element), ioreq.sizeBytes());
            long value = 0;
            for (int b = read.length - 1; b >= 0; b--) {
                value = value << 8 | (read[b] & 0xFF);
            }
            return value;
        }
    }
}
