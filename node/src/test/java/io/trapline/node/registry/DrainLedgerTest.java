package io.trapline.node.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.DrainKind;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.node.fixture.Records;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** When a node says that a drain is done (F5). */
final class DrainLedgerTest {
    private final DrainLedger ledger = new DrainLedger();

    @Test
    void aDrainIsReportedOnceAndNotBeforeItsRevisionIsAcknowledged() {
        ledger.begin(drain(5));
        ledger.finish(5);
        assertThat(ledger.report(4)).isEmpty();
        assertThat(ledger.report(5)).containsExactly(5L);
        assertThat(ledger.report(6)).isEmpty();
    }

    @Test
    void anotherSessionIsToldAgainUntilTheDrainHasEnded() {
        ledger.begin(drain(5));
        ledger.finish(5);
        ledger.report(5);
        ledger.forgetReports();
        ledger.begin(drain(5));
        assertThat(ledger.pending(5)).isEmpty();
        assertThat(ledger.report(5)).containsExactly(5L);
        ledger.forgetReports();
        ledger.retain(Set.of());
        assertThat(ledger.report(5)).isEmpty();
    }

    @Test
    void whatNobodyAskedForIsNotReported() {
        ledger.finish(9);
        assertThat(ledger.report(10)).isEmpty();
    }

    @Test
    void theEndOfAServerWaitsForTheResetOfItsReleases() {
        // C5, S4
        ledger.begin(Records.release(5, 7, 2, 0, 3, 1, true));
        ledger.begin(Records.drain(6, DrainKind.DRAIN_KIND_DESTROY, 7, 2)
                .setGeneration(3)
                .build());
        ledger.beginReset(5);
        ledger.finish(6);
        assertThat(ledger.report(6)).isEmpty();
        ledger.finish(5);
        assertThat(ledger.report(6)).containsExactly(5L, 6L);
    }

    @Test
    void whoDecidesThePagesNowResetsThemAndSaysSoAgain() {
        // C5, D-24: what a backup has said is not about the pages
        ledger.begin(Records.release(5, 7, 2, 0, 3, 1, true));
        ledger.beginReset(5);
        ledger.finish(5);
        assertThat(ledger.report(6)).containsExactly(5L);

        assertThat(ledger.regained(2, 9)).containsExactly(5L);

        assertThat(ledger.beginReset(5)).isTrue();
        assertThat(ledger.report(9)).as("has pages to reset").isEmpty();
        assertThat(ledger.endReset(5)).isFalse();
        ledger.finish(5);
        assertThat(ledger.report(8)).as("before it is known that it decides").isEmpty();
        assertThat(ledger.report(9)).containsExactly(5L);
        assertThat(ledger.regained(3, 10)).as("of another domain").isEmpty();
    }

    @Test
    void whatWasSaidBeforeACopyCameIsLookedAtAndSaidAgain() {
        // V-10
        ledger.begin(drain(5));
        ledger.begin(drain(6));
        ledger.begin(drain(7));
        ledger.look(5);
        ledger.finish(5);
        assertThat(ledger.report(7)).containsExactly(5L);
        long before = ledger.look(6);

        assertThat(ledger.regained(2, 9))
                .as("7 is looked at when its server is done")
                .containsExactly(5L, 6L);

        assertThat(ledger.pending(5)).isPresent();
        assertThat(ledger.report(9)).as("not until it was looked at").isEmpty();
        long after = ledger.look(6);
        assertThat(ledger.isLatest(6, before)).as("at what it had before").isFalse();
        assertThat(ledger.isLatest(6, after)).isTrue();
        ledger.look(5);
        ledger.finish(5);
        ledger.finish(6);
        ledger.finish(7);
        assertThat(ledger.report(8))
                .as("before the leader knows that it has the copy")
                .isEmpty();
        assertThat(ledger.report(9)).containsExactly(5L, 6L, 7L);
    }

    @Test
    void whatHasEndedWithItsDomainIsSaidAgainThoughNothingWasLookedAt() {
        ledger.begin(Records.drain(5, DrainKind.DRAIN_KIND_DESTROY_DOMAIN, 7, 2).build());
        ledger.finish(5);
        assertThat(ledger.report(5)).containsExactly(5L);

        assertThat(ledger.regained(2, 9)).containsExactly(5L);
        ledger.finish(5);
        assertThat(ledger.report(9)).containsExactly(5L);
    }

    @Test
    void aResetUnderWayAsACopyComesIsReportedAfterThat() {
        ledger.begin(Records.release(5, 7, 2, 0, 3, 1, true));
        ledger.look(5);
        ledger.beginReset(5);
        assertThat(ledger.regained(2, 9)).as("it is not done").isEmpty();
        assertThat(ledger.endReset(5)).as("it was begun without the pages").isTrue();
        assertThat(ledger.beginReset(5)).isTrue();
        assertThat(ledger.endReset(5)).isFalse();
        ledger.finish(5);
        assertThat(ledger.report(8)).isEmpty();
        assertThat(ledger.report(9)).containsExactly(5L);
    }

    @Test
    void aResetBeginsOnce() {
        ledger.begin(drain(5));
        assertThat(ledger.beginReset(5)).isTrue();
        assertThat(ledger.beginReset(5)).isFalse();
    }

    private static DrainRecord drain(long revision) {
        return Records.drain(revision, DrainKind.DRAIN_KIND_DISABLE, 7, 2).build();
    }
}
