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

    /** Long for a machine that is busy, short for a test that waits for it once. */
    private static final int TIMEOUT_MILLIS = 3_000;

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
        connection.memory().setMemType(domain, new Gfn(Registers.FIRST_GFN), Registers.PAGES, MemType.IOREQ_SERVER_0);
        server = connection
                .ioreqServers()
                .create(
                        domain,
                        CreateIoreqServerRequest.newBuilder()
                                .setBufioreq(Bufioreq.BUFIOREQ_ATOMIC)
                                .setTimeoutMs(TIMEOUT_MILLIS)
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
                Arguments.of("F2", "takes every write for 8 bytes", new Registers() {
                    @Override
                    int bytesWritten(Ioreq ioreq) {
                        return 8;
                    }
                }),
                Arguments.of("F2", "has only floating-point numbers", new Registers() {
                    @Override
                    long answer(long value, Ioreq ioreq) {
                        return (long) (double) value;
                    }
                }),
                Arguments.of("F2", "has only 32 bits", new Registers() {
                    @Override
                    long answer(long value, Ioreq ioreq) {
                        return (int) value;
                    }
                }),
                Arguments.of("A1", "does not know df", new Registers() {
                    @Override
                    int direction(Ioreq ioreq) {
                        return 1;
                    }
                }),
                Arguments.of("A1", "does not know REP", new Registers() {
                    @Override
                    int repetitions(Ioreq ioreq) {
                        return ioreq.isDataPtr() ? ioreq.count() : 1;
                    }
                }),
                Arguments.of("A1", "takes a pointer for the value", new Registers() {
                    @Override
                    public void write(Ioreq ioreq) {
                        if (!ioreq.isDataPtr()) {
                            super.write(ioreq);
                        }
                    }
                }),
                Arguments.of("A2", "carries out the first part only", new Registers() {
                    @Override
                    public void write(Ioreq ioreq) {
                        if (ioreq.part() == 0) {
                            super.write(ioreq);
                        }
                    }
                }),
                Arguments.of("A3", "handles a batch backwards", new Registers() {
                    @Override
                    public void handle(IoreqBatchView batch, Answers answers) {
                        for (int row = batch.size() - 1; row >= 0; row--) {
                            serve(batch.ioreq(row), row, answers);
                        }
                    }
                }),
                Arguments.of("A3", "reads before it writes", new Registers() {
                    @Override
                    public void handle(IoreqBatchView batch, Answers answers) {
                        for (boolean write : new boolean[] {false, true}) {
                            for (int row = 0; row < batch.size(); row++) {
                                if (batch.ioreq(row).isWrite() == write) {
                                    serve(batch.ioreq(row), row, answers);
                                }
                            }
                        }
                    }
                }),
                Arguments.of("F3", "forgets posted writes", new Registers() {
                    @Override
                    public void write(Ioreq ioreq) {
                        if (!ioreq.isPosted()) {
                            super.write(ioreq);
                        }
                    }
                }),
                Arguments.of("F1", "serves the vCPU that came first", new Registers() {
                    private long firstVcpuEpoch;

                    @Override
                    public void write(Ioreq ioreq) {
                        firstVcpuEpoch = firstVcpuEpoch == 0 ? ioreq.vcpuEpoch() : firstVcpuEpoch;
                        if (ioreq.vcpuEpoch() == firstVcpuEpoch) {
                            super.write(ioreq);
                        }
                    }
                }),
                Arguments.of("F4", "does not answer what crosses a page", new Registers() {
                    @Override
                    public void handle(IoreqBatchView batch, Answers answers) {
                        for (int row = 0; row < batch.size(); row++) {
                            if (batch.ioreq(row).part() == 0) {
                                serve(batch.ioreq(row), row, answers);
                            } else {
                                answers.abandon(row);
                            }
                        }
                    }
                }));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("broken")
    void namesTheRuleThatAnEmulatorBreaks(String rule, String how, DeviceModel model) {
        try (Emulator emulator = connection.attach(server, model)) {
            int exit = CLUSTER.run(shell, "emulator verify " + emulator.server().id() + " --json");

            assertThat(shell.json().getFirst().get("rule")).as(how).isNotNull();
            assertThat((List<?>) shell.summary().get("broken_rules"))
                    .first()
                    .as(shell.out())
                    .isEqualTo(rule);
            assertThat(exit).isEqualTo(ExitCode.CHECK_FAILED);
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
}
