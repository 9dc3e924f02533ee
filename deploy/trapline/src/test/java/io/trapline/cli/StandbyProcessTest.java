package io.trapline.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trapline.client.DomainRef;
import io.trapline.client.Guest;
import io.trapline.client.TraplineConnection;
import io.trapline.client.Vcpu;
import io.trapline.model.Gpa;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@Tag("processes")
@DisplayName("S5, A4: the process of an emulator is killed, and one that stands by takes over")
final class StandbyProcessTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Gpa DEVICE = new Gpa(0xfe00_0000L);
    private static final int WRITES = 500;

    @RegisterExtension
    static final EmbeddedShell CLUSTER = new EmbeddedShell();

    @Test
    void nothingIsLost() throws Exception {
        CLUSTER.json("domain create --pages 1 --domid 7");
        CLUSTER.json("server create 7 --enable");
        CLUSTER.json("server map 7 0 memory 0xfe000000 0xfe000fff");
        Jvm active = emulator("--answer", "1");
        active.awaitLine("attached to server 0");
        Jvm standby = emulator("--answer", "2", "--standby");
        try (TraplineConnection connection = TraplineConnection.to(CLUSTER.address());
                Guest guest = connection.guest(DomainRef.of(7))) {
            standby.awaitLine("standing by at server 0");
            Vcpu vcpu = guest.openVcpu(0, 16);
            assertThat(vcpu.read(DEVICE, 8)).isEqualTo(1);
            CompletableFuture<?>[] writes = new CompletableFuture<?>[WRITES];
            for (int i = 0; i < WRITES; i++) {
                writes[i] = vcpu.writeAsync(DEVICE, 8, i);
                if (i == WRITES / 2) {
                    active.kill();
                }
            }

            CompletableFuture.allOf(writes).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);

            standby.awaitLine("attached to server 0");
            assertThat(vcpu.read(DEVICE, 8)).isEqualTo(2);
            assertThat(CLUSTER.json("server info 7 0").summary().get("standbys"))
                    .isEqualTo(0L);
            // Each write came to one of them, in order; what both may have had, the second was told.
            await().atMost(PATIENCE)
                    .untilAsserted(
                            () -> assertThat(standby.text()).contains(" = 0x" + Integer.toHexString(WRITES - 1)));
        } finally {
            active.close();
            standby.close();
        }
    }

    private static Jvm emulator(String... options) throws Exception {
        String[] command = new String[options.length + 6];
        System.arraycopy(options, 0, command, 6, options.length);
        command[0] = "emulator";
        command[1] = "log";
        command[2] = "0";
        command[3] = "--domid=7";
        command[4] = "--connect";
        command[5] = CLUSTER.address();
        return new Jvm(command);
    }
}
