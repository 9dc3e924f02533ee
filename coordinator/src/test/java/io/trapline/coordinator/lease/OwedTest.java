package io.trapline.coordinator.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Lease;
import java.time.Duration;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("D-10: what a node must have applied by now")
final class OwedTest {
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void isWhatWasReachedMoreThanALeaseAgo(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long step = Duration.ofMillis(50).toNanos();
        // The clock's zero is anywhere.
        long now = Long.MAX_VALUE - Duration.ofSeconds(5).toNanos();
        Owed owed = new Owed();
        Map<Long, Long> reached = new TreeMap<>();
        for (long revision = 1; revision < 2_000; revision++) {
            now += random.nextLong(Duration.ofMillis(30).toNanos());
            if (random.nextInt(40) == 0) {
                now += random.nextLong(Duration.ofSeconds(3).toNanos());
            }
            owed.reached(now, revision);
            reached.put(revision, now);
            long overdue = owed.overdue(now);
            long surely = 0;
            long atMost = 0;
            for (Map.Entry<Long, Long> each : reached.entrySet()) {
                long age = now - each.getValue();
                surely = age > Lease.LASTS.toNanos() ? each.getKey() : surely;
                atMost = age > Lease.LASTS.toNanos() - step ? each.getKey() : atMost;
            }
            assertThat(overdue).isBetween(surely, atMost);
        }
    }
}
