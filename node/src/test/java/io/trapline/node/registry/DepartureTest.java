package io.trapline.node.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("D-27: how long a life that is about to end stays")
final class DepartureTest {
    private static final long SECOND = 1_000_000_000;
    private static final long BEGIN = 7;

    private final Departure departure = new Departure(BEGIN, Duration.ofSeconds(30));

    @Test
    void waitsUntilItIsHeardAndNothingIsLeft() {
        assertThat(departure.mayGain(true, 0)).as("nobody has heard it").isTrue();

        departure.heard();

        assertThat(departure.mayGain(true, 1)).isTrue();
        assertThat(departure.mayGain(true, 0)).isFalse();
    }

    @Test
    void waitsForNothingWhereNobodyCouldHaveIt() {
        assertThat(departure.mayGain(false, 5)).isFalse();
    }

    @Test
    void staysNoLongerThanItMay() {
        assertThat(departure.isOver(BEGIN + 30 * SECOND - 1, true)).isFalse();
        assertThat(departure.isOver(BEGIN + 30 * SECOND, true)).isTrue();
        assertThat(departure.isLate(BEGIN + 30 * SECOND)).isTrue();
    }

    @Test
    void staysForAWhileWithoutALease() {
        assertThat(departure.isOver(BEGIN + 2 * SECOND, true)).isFalse();
        assertThat(departure.isOver(BEGIN + 5 * SECOND - 1, false)).isFalse();
        assertThat(departure.isOver(BEGIN + 5 * SECOND, false)).isTrue();
        assertThat(departure.isLate(BEGIN + 5 * SECOND)).isFalse();
    }
}
