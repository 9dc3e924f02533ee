package io.trapline.coordinator.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.coordinator.registry.UnattendedClaim;
import io.trapline.v1.MemType;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("C6: grace periods without an emulator")
final class GracePeriodsTest {
    private static final UnattendedClaim CLAIM = claim(7, 0);

    private final GracePeriods grace = new GracePeriods();
    private long nowNanos = -3;

    @Test
    void areOverWhenTheyHavePassedAndNotBefore() {
        assertThat(after(100, CLAIM)).isEmpty();
        assertThat(after(300, CLAIM)).isEmpty();
        assertThat(after(300, CLAIM)).isEmpty();
        assertThat(after(300, CLAIM)).isEmpty();
        assertThat(after(99, CLAIM)).isEmpty();
        assertThat(after(1, CLAIM)).containsExactly(CLAIM);
    }

    @Test
    void areAskedForAgainWhereNothingCameOfIt() {
        after(0, CLAIM);
        for (int i = 0; i < 3; i++) {
            after(300, CLAIM);
        }

        assertThat(after(100, CLAIM)).containsExactly(CLAIM);
        assertThat(after(200, CLAIM)).isEmpty();
        assertThat(after(200, CLAIM)).isEmpty();
        assertThat(after(100, CLAIM)).containsExactly(CLAIM);
    }

    @Test
    void beginAnewWhenAnEmulatorHasBeenAttached() {
        after(0, CLAIM);
        after(400, CLAIM);
        after(400, CLAIM);

        // Between two steps one came and went.
        assertThat(after(400, claim(7, 9))).isEmpty();
        assertThat(after(400, claim(7, 9))).isEmpty();
        // One was there.
        assertThat(after(400)).isEmpty();
        assertThat(after(400, claim(7, 9))).isEmpty();
        assertThat(after(400, claim(7, 9))).isEmpty();
        assertThat(after(400, claim(7, 9))).isEmpty();
        assertThat(after(400, claim(7, 9))).containsExactly(claim(7, 9));
    }

    @Test
    void ofAnotherClaimAreItsOwn() {
        after(0, CLAIM);
        after(400, CLAIM, claim(8, 0));
        after(400, CLAIM, claim(8, 0));

        assertThat(after(200, CLAIM, claim(8, 0))).containsExactly(CLAIM);
    }

    @Test
    void doNotCountTheTimeInWhichTheLeaderWasStopped() {
        after(0, CLAIM);

        assertThat(after(3_600_000, CLAIM)).isEmpty();
        assertThat(after(400, CLAIM)).isEmpty();
        assertThat(after(200, CLAIM)).containsExactly(CLAIM);
    }

    private List<UnattendedClaim> after(long millis, UnattendedClaim... unattended) {
        nowNanos += TimeUnit.MILLISECONDS.toNanos(millis);
        return grace.step(nowNanos, List.of(unattended));
    }

    private static UnattendedClaim claim(long epoch, long since) {
        return new UnattendedClaim(1, MemType.MEM_TYPE_IOREQ_SERVER_0, epoch, since, 1_000);
    }
}
