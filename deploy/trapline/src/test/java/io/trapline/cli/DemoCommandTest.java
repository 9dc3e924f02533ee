package io.trapline.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trapline.cli.text.Json;
import io.trapline.client.DeviceModel;
import io.trapline.client.DomainRef;
import io.trapline.client.Emulator;
import io.trapline.client.Ioreq;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.v1.Claim;
import io.trapline.v1.IoreqServer;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

final class DemoCommandTest {
    @RegisterExtension
    static final EmbeddedShell CLUSTER = new EmbeddedShell();

    private final Shell shell = new Shell();

    @Test
    void tellsTheWholeStoryToAProgram() {
        // C2, C4, C5, F6, A4
        int exit = shell.run("demo", "--accesses", "60000", "--gtt-pages", "64", "--json");

        Json summary = shell.summary();
        assertThat(shell.err()).isEmpty();
        assertThat(summary.get("checks_failed")).asString().isEqualTo("[]");
        assertThat(exit).isEqualTo(ExitCode.DONE);
        assertThat(summary.get("second_claim")).isEqualTo("EBUSY");
        assertThat(Shell.count(summary, "forwarded")).isGreaterThan(60_000L);
        assertThat(summary.get("unforwarded")).isEqualTo(0L);
        assertThat(summary.get("mismatches")).isEqualTo(0L);
        assertThat(summary.get("duplicates")).isEqualTo(0L);
        assertThat(summary.get("forwarded_after_release")).isEqualTo(0L);
        assertThat(Shell.count(summary, "resumptions")).isPositive();
        assertThat(summary.get("redelivered")).isInstanceOf(Long.class);
        assertThat(Shell.fraction(summary, "accesses_per_second")).isPositive();
        assertThat(Shell.count(Shell.inner(summary, "latency_us"), "p50")).isPositive();
        assertThat(Shell.count(Shell.inner(summary, "latency_us"), "p99")).isPositive();
    }

    @Test
    void tellsItToAPersonOnAClusterThatIsThere() {
        int exit = CLUSTER.run(shell, "demo --accesses 3000 --vcpus 3 --gtt-pages 8 --window 16 --seed 42");

        assertThat(shell.err()).isEmpty();
        assertThat(shell.out())
                .contains("EBUSY, which names the holder: server 0")
                .contains("entry by entry")
                .contains("carried out twice")
                .doesNotContain("✗")
                .endsWith("checks passed\n");
        assertThat(exit).isEqualTo(ExitCode.DONE);
        assertThat(CLUSTER.json("domain list").summary().get("domains")).isEqualTo(0L);
    }

    @Test
    @Timeout(180)
    void saysWhoIsGoneWhereTheStoryCannotGoOn() throws Exception {
        try (TraplineConnection another = TraplineConnection.builder()
                        .addresses(CLUSTER.address())
                        .principal("gpu-mediator")
                        .timeout(Duration.ofSeconds(60))
                        .build();
                ExecutorService teller = Executors.newSingleThreadExecutor()) {
            Future<Integer> exit = teller.submit(() -> CLUSTER.run(shell, "demo --accesses 20000000 --gtt-pages 64"));
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> !another.ioreqServers().listClaims(null).isEmpty());
            Claim claim = another.ioreqServers().listClaims(null).getFirst();
            IoreqServer server =
                    another.ioreqServers().list(DomainRef.of(claim.getDomid())).getFirst();

            // The newest session wins (S5).
            try (Emulator _ = another.attach(ServerRef.of(server), new Nothing())) {
                assertThat(exit.get()).isEqualTo(ExitCode.CHECK_FAILED);
            }
        }
        assertThat(shell.err()).contains("the mediator serves no more: FENCED");
    }

    private static final class Nothing implements DeviceModel {
        @Override
        public long read(Ioreq ioreq) {
            return 0;
        }

        @Override
        public void write(Ioreq ioreq) {}
    }
}
