package io.trapline.cli.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.faults.chaos.Chaos;
import io.trapline.faults.check.Checker;
import io.trapline.faults.check.Finding;
import io.trapline.faults.history.History;
import io.trapline.v1.DomainMemory;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A build of the processes that breaks a promise is caught by what its clients see. */
final class PlantedProcessesTest {
    private static final Duration LONGEST = Duration.ofSeconds(150);
    private static final String PLANTED = "C2";
    private static final long LOOKS_EVERY_NANOS = TimeUnit.SECONDS.toNanos(2);

    @Test
    @Tag("processes")
    @Timeout(300)
    @DisplayName("C2: a registry that gives one claim twice is found in processes")
    void isCaught() throws Exception {
        History history = new History();
        try (ProcessTarget target = ProcessTarget.start(new ProcessTarget.Cluster(
                1, 2, DomainMemory.DOMAIN_MEMORY_VOLATILE, false, Planted.ClaimedTwice.class.getName()))) {
            Chaos.Settings settings = new Chaos.Settings(1, LONGEST, note -> {}, isNoticedIn(history));

            Chaos.Result result = Chaos.run(target, settings, history);

            assertThat(result.report().findings()).extracting(Finding::rule).contains(PLANTED);
        }
    }

    /**
     * Looks every now and then; once the plant's rule is among the findings the run may end. Another rule ends nothing:
     * half a history can show losses whose cause, a fault still under way, is not yet written down.
     */
    private static BooleanSupplier isNoticedIn(History history) {
        long[] lookedAt = {System.nanoTime()};
        return () -> {
            long now = System.nanoTime();
            if (now - lookedAt[0] < LOOKS_EVERY_NANOS) {
                return false;
            }
            lookedAt[0] = now;
            return Checker.check(history.events()).findings().stream()
                    .anyMatch(finding -> finding.rule().equals(PLANTED));
        };
    }

    @Test
    void aPlantThatHasNoPlaceIsAnError() throws Exception {
        PlantingLoader loader = new PlantingLoader("io.trapline.node.ioreq.Delivery", "marks");

        assertThatThrownBy(() -> loader.loadClass("io.trapline.node.ioreq.Delivery"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no method marks");
    }
}
