package io.trapline.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.Server;
import io.trapline.client.FakeControl.Fate;
import io.trapline.client.TraplineException.Kind;
import io.trapline.v1.DomainMemory;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("Over TCP, as it runs for real (A4, E)")
@Timeout(120)
class TcpTest {
    private final FakeTrapline trapline = new FakeTrapline();
    private final Server first = trapline.serveTcp();
    private final Server second = trapline.serveTcp();
    private final TraplineConnection connection = TraplineConnection.builder()
            .addresses("127.0.0.1:" + first.getPort() + ",127.0.0.1:" + second.getPort())
            .timeout(Duration.ofSeconds(20))
            .build();

    @AfterEach
    void close() {
        connection.close();
        trapline.close();
    }

    @Test
    @DisplayName("A4: a server that is killed under load loses and doubles nothing")
    void goesOnWhenAServerIsKilledUnderLoad() {
        int accesses = 60_000;
        AtomicLong answered = new AtomicLong();
        AtomicLong failed = new AtomicLong();
        Guest guest = connection.guest(DomainRef.of(1));
        Vcpu vcpu = guest.openVcpu(0, 1024, answers -> {
            for (int row = 0; row < answers.size(); row++) {
                failed.addAndGet(answers.errno(row) == 0 ? 0 : 1);
            }
            answered.addAndGet(answers.size());
        });
        CompletableFuture<Void> killer = CompletableFuture.runAsync(() -> {
            await().until(() -> answered.get() > accesses / 4);
            first.shutdownNow();
        });

        AccessColumns rows = new AccessColumns(256);
        for (int sent = 0; sent < accesses; sent += 200) {
            rows.clear();
            for (int i = 0; i < 200; i++) {
                rows.addWrite(8L * (sent + i), 8, sent + i + 1);
            }
            vcpu.submit(rows);
        }

        assertThat(vcpu.awaitAnswers(Duration.ofSeconds(40))).isTrue();
        await().until(() -> answered.get() == accesses);
        assertThat(killer).isCompleted();
        assertThat(failed).hasValue(0);
        assertThat(trapline.guests.writes()).isEqualTo(accesses);
        assertThat(trapline.guests.faults()).isEmpty();
        assertThat(guest.resumptions()).isEqualTo(1);
    }

    @Test
    @DisplayName("E: a change whose answer was lost with its server happens once")
    void asksTheOtherServerForALostAnswer() {
        trapline.control.next(Fate.LOST_AFTER);
        connection.domains().create(16, 1, DomainMemory.DOMAIN_MEMORY_VOLATILE);
        assertThat(trapline.control.created()).hasSize(1);
        assertThat(trapline.control.requestIds()).hasSize(2);
    }

    @Test
    @DisplayName("E: what reached no server is unreachable, not unknown")
    void isUnreachableWhereEveryServerIsGone() throws Exception {
        String gone = "127.0.0.1:" + first.getPort();
        first.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
        try (TraplineConnection hasty = TraplineConnection.builder()
                .addresses(gone)
                .timeout(Duration.ofMillis(500))
                .build()) {
            assertThatThrownBy(() -> hasty.domains().create(16, 1, DomainMemory.DOMAIN_MEMORY_VOLATILE))
                    .isInstanceOfSatisfying(
                            TraplineException.class,
                            failure -> assertThat(failure.kind()).isEqualTo(Kind.UNREACHABLE));
        }
    }
}
