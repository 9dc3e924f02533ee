package io.trapline.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.rpc.RelayRetry.Failure;
import io.trapline.rpc.RelayRetry.Next;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RelayRetryTest {
    @ParameterizedTest
    @CsvSource({
        "true,  NOT_REACHED,     AGAIN",
        "true,  NOT_CARRIED_OUT, AGAIN",
        "true,  BROKEN,          AGAIN",
        "false, NOT_REACHED,     AGAIN",
        "false, NOT_CARRIED_OUT, AGAIN",
        "false, BROKEN,          GIVE_UP_UNKNOWN"
    })
    void triesAgainWhatIsSafe(boolean isRepeatable, Failure failure, Next next) {
        RelayRetry retry = new RelayRetry(isRepeatable);
        retry.begun(0);
        assertThat(retry.failed(0, failure, RelayRetry.NO_DEADLINE)).isEqualTo(next);
    }

    @Test
    void waitsLongerEachTimeUpToALimitAndGivesUpAfterTheWindow() {
        RelayRetry retry = new RelayRetry(true);
        long now = 0;
        retry.begun(now);
        long longest = 0;
        while (retry.failed(now, Failure.NOT_CARRIED_OUT, RelayRetry.NO_DEADLINE) == Next.AGAIN) {
            assertThat(retry.delayNanos()).isGreaterThanOrEqualTo(longest);
            longest = retry.delayNanos();
            now += retry.delayNanos();
            retry.begun(now);
        }
        assertThat(now).isLessThan(RelayRetry.WINDOW.toNanos());
        assertThat(Duration.ofNanos(longest)).isEqualTo(Duration.ofMillis(200));
        assertThat(retry.failed(now, Failure.NOT_CARRIED_OUT, RelayRetry.NO_DEADLINE))
                .isEqualTo(Next.GIVE_UP);
    }

    @Test
    void saysWhatIsKnownBeforeItsCallersTimeIsOver() {
        RelayRetry retry = new RelayRetry(false);
        retry.begun(0);
        long enough =
                RelayRetry.BEFORE_DEADLINE.toNanos() + Duration.ofMillis(25).toNanos() + 1;
        assertThat(retry.failed(0, Failure.NOT_CARRIED_OUT, enough)).isEqualTo(Next.AGAIN);
        retry.begun(1);
        assertThat(retry.failed(1, Failure.NOT_CARRIED_OUT, enough)).isEqualTo(Next.GIVE_UP);
    }

    @Test
    void whatMayHaveBeenCarriedOutIsNeverGivenUpAsRefused() {
        RelayRetry retry = new RelayRetry(true);
        retry.begun(0);
        assertThat(retry.failed(0, Failure.BROKEN, RelayRetry.NO_DEADLINE)).isEqualTo(Next.AGAIN);
        long late = RelayRetry.WINDOW.toNanos() - 1;
        retry.begun(late);
        assertThat(retry.failed(late, Failure.NOT_CARRIED_OUT, RelayRetry.NO_DEADLINE))
                .isEqualTo(Next.GIVE_UP_UNKNOWN);
    }

    @Test
    void whatWasWorkedOnForLongHasTheWholeWindowAgain() {
        RelayRetry retry = new RelayRetry(true);
        retry.begun(0);
        assertThat(retry.failed(0, Failure.NOT_CARRIED_OUT, RelayRetry.NO_DEADLINE))
                .isEqualTo(Next.AGAIN);
        long begun = Duration.ofSeconds(1).toNanos();
        retry.begun(begun);
        long broken = begun + Duration.ofSeconds(30).toNanos();
        assertThat(retry.failed(broken, Failure.BROKEN, RelayRetry.NO_DEADLINE)).isEqualTo(Next.AGAIN);
    }
}
