package io.trapline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.client.DomainRef;
import io.trapline.client.Emulator;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.model.AccessFlags;
import io.trapline.model.Gfn;
import io.trapline.model.MemType;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.DomainMemory;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Emulators whose own connection is cut. The whole domain is the device, so no repetition takes its elements from a plain page. */
final class EmulatorCutTest {
    @RegisterExtension
    static final EmbeddedShell CLUSTER = new EmbeddedShell();

    /** Long for a machine that is busy, short for a test that waits for it once. */
    private static final int TIMEOUT_MILLIS = 8_000;

    private final Shell shell = new Shell();
    private TraplineConnection connection;
    private DomainRef domain;
    private ServerRef server;

    @BeforeEach
    void makeADevice() {
        connection = connect(CLUSTER.address());
        domain = DomainRef.of(connection
                .domains()
                .create(CreateDomainRequest.newBuilder()
                        .setNrPages(Registers.PAGES)
                        .setNrVcpus(2)
                        .setMemory(DomainMemory.DOMAIN_MEMORY_VOLATILE)
                        .setDefaultTimeoutMs(TIMEOUT_MILLIS)
                        .build()));
        connection.memory().setMemType(domain, new Gfn(0), Registers.PAGES, MemType.IOREQ_SERVER_0);
        server = connection.ioreqServers().create(domain);
        connection.ioreqServers().enable(server);
        connection.ioreqServers().mapMemType(server, MemType.IOREQ_SERVER_0, AccessFlags.ALL);
    }

    @AfterEach
    void destroyIt() {
        connection.domains().destroy(domain);
        connection.close();
    }

    @Test
    void findsNothingWrongWithAnEmulatorThatKeepsItsAnswersAndForgetsThem() throws Exception {
        // F6
        CompletableFuture<Integer> exit = verify();
        try (TraplineConnection throughRelay = connect(relay(exit));
                Emulator emulator = throughRelay.attach(server, new Registers(0))) {
            assertThat(exit.get(120, TimeUnit.SECONDS)).as(shell.out()).isEqualTo(ExitCode.DONE);
            assertThat((List<?>) shell.summary().get("broken_rules")).isEmpty();
            assertThat(emulator.counters().resumptions()).isEqualTo(3);
            assertThat(shell.out()).contains("its own connection is cut");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "NOTHING, F6, its own connection is cut",
        "EVERYTHING, F6, keeps no answer that is settled",
        "NOTHING_AND_SENDS_TWICE, F1, answers each ioreq once"
    })
    void namesTheRuleThatAnEmulatorBreaks(RawEmulator.Keeping keeping, String rule, String check) throws Exception {
        CompletableFuture<Integer> exit = verify();
        try (RawEmulator emulator = new RawEmulator(relay(exit), server, 0, keeping)) {
            emulator.start();

            assertThat(exit.get(120, TimeUnit.SECONDS)).as(shell.out()).isEqualTo(ExitCode.CHECK_FAILED);
            assertThat((List<?>) shell.summary().get("broken_rules")).first().isEqualTo(rule);
            assertThat(shell.json())
                    .filteredOn(row -> Boolean.FALSE.equals(row.get("passed")))
                    .first()
                    .satisfies(row -> assertThat(row.get("check")).asString().startsWith(check));
        }
    }

    @Test
    void saysThatAnEmulatorIsNotOnTheRelay() throws Exception {
        CompletableFuture<Integer> exit = verify();
        String relay = relay(exit);
        try (TraplineConnection somebodyElse = connect(relay)) {
            somebodyElse.domains().list();
            try (Emulator emulator = connection.attach(server, new Registers(0))) {
                assertThat(exit.get(120, TimeUnit.SECONDS)).isEqualTo(ExitCode.CHECK_FAILED);
                assertThat(shell.err()).contains("is not connected through the relay");
                assertThat(emulator.isAttached()).isTrue();
            }
        }
    }

    private CompletableFuture<Integer> verify() {
        return CompletableFuture.supplyAsync(
                () -> CLUSTER.run(shell, "emulator verify " + server.id() + " --relay 127.0.0.1:0 --json"));
    }

    private String relay(CompletableFuture<Integer> exit) {
        Awaitility.await()
                .atMost(60, TimeUnit.SECONDS)
                .failFast(exit::isDone)
                .until(() -> shell.err().endsWith("attach there\n"));
        return shell.err().substring("relay: ".length(), shell.err().indexOf(';'));
    }

    private static TraplineConnection connect(String address) {
        return TraplineConnection.builder()
                .addresses(address)
                .principal("device")
                .build();
    }
}
