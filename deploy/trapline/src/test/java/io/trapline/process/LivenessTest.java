package io.trapline.process;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class LivenessTest {
    private static final long LONGEST = Liveness.LONGEST.toNanos();

    private final Liveness liveness = new Liveness();

    @Test
    void isAliveUntilAQuestionHasWaitedTooLong() {
        assertThat(liveness.isAlive(0)).as("nobody has asked").isTrue();

        assertThat(liveness.ask(100)).isTrue();

        assertThat(liveness.isAlive(100 + LONGEST - 1)).isTrue();
        assertThat(liveness.isAlive(100 + LONGEST)).isFalse();
    }

    @Test
    void anAnswerMakesItAliveAgainHoweverLateItIs() {
        assertThat(liveness.ask(0)).isTrue();
        assertThat(liveness.isAlive(2 * LONGEST)).isFalse();

        liveness.answered();

        assertThat(liveness.isAlive(2 * LONGEST)).isTrue();
        assertThat(liveness.ask(2 * LONGEST)).isTrue();
        assertThat(liveness.isAlive(2 * LONGEST + 1)).isTrue();
    }

    @Test
    void oneQuestionWaitsAtATimeSoThatItsAgeCounts() {
        assertThat(liveness.ask(0)).isTrue();

        assertThat(liveness.ask(LONGEST - 1)).isFalse();

        assertThat(liveness.isAlive(LONGEST)).isFalse();
    }

    @Test
    void aQuestionThatCouldNotBePutIsPutAgainAndHasWaitedSinceTheFirstTime() {
        assertThat(liveness.ask(0)).isTrue();
        liveness.notAsked();

        assertThat(liveness.ask(LONGEST - 1)).isTrue();
        assertThat(liveness.ask(LONGEST - 1)).isFalse();

        assertThat(liveness.isAlive(LONGEST)).isFalse();
        liveness.answered();
        assertThat(liveness.isAlive(LONGEST)).isTrue();
    }

    @Test
    void aClockThatPassesItsOwnEndIsNoReasonToDie() {
        assertThat(liveness.ask(Long.MAX_VALUE)).isTrue();

        assertThat(liveness.isAlive(Long.MIN_VALUE + 1)).isTrue();
    }
}
