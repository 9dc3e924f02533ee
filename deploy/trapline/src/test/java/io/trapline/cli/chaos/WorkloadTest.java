package io.trapline.cli.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.client.TraplineConnection;
import io.trapline.faults.history.Event;
import io.trapline.faults.history.History;
import io.trapline.faults.workload.Doors;
import io.trapline.faults.workload.Workload;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

final class WorkloadTest {
    @Test
    @Timeout(120)
    @DisplayName("G-1: who has come to no end is named, and nobody waits for it")
    void namesWhoHasComeToNoEnd() throws Exception {
        History history = new History();
        try (EmbeddedTarget target = EmbeddedTarget.start();
                TraplineConnection operator = TraplineConnection.to(target.addresses())) {
            UnaryOperator<String> straight = UnaryOperator.identity();
            Doors doors = new Doors(target.addresses(), straight, straight, straight);
            try (Workload workload = Workload.begin(doors, target.memory(), target.longestPause(), 1, history)) {
                Awaitility.await()
                        .until(() -> history.events().stream().anyMatch(event -> event instanceof Event.Access));
                // Accesses of a paused domain wait until it goes on (D1).
                operator.domains().pause(workload.domain());

                workload.finish(Duration.ofSeconds(1));

                assertThat(workload.broken())
                        .extracting(Throwable::getMessage)
                        .anyMatch(message -> message.startsWith("G-1: the guest of vCPU 0 has come to no end"))
                        .allMatch(message -> message.contains("domain 1: the outcome of vCPU"));
            }
        }
    }
}
