package io.trapline.sim.world.cluster.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.DomainRecord;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.ShardRun;
import io.trapline.sim.check.Violation;
import io.trapline.v1.Domain;
import io.trapline.v1.DomainState;
import io.trapline.v1.ShardState;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Each run of a domain's shards is looked at by itself. */
@DisplayName("V-6, V-7, V-13: the checks of copies look at every run of a domain")
final class CopyChecksTest {
    private static final NodeLife ONE = life("n1");
    private static final NodeLife TWO = life("n2");
    private static final NodeLife THREE = life("n3");
    private static final ShardRun FIRST = run(0, ShardState.SHARD_STATE_DUAL, ONE, TWO, 5);
    private static final ShardRun SECOND = run(1, ShardState.SHARD_STATE_DUAL, TWO, THREE, 5);

    private final CopyChecks checks = new CopyChecks();

    private static NodeLife life(String node) {
        return NodeLife.newBuilder().setNode(node).setIncarnation(1).build();
    }

    private static ShardRun run(int first, ShardState state, NodeLife primary, NodeLife backup, long epoch) {
        return ShardRun.newBuilder()
                .setFirstShard(first)
                .setCount(1)
                .setState(state)
                .setPrimary(primary)
                .setBackup(backup)
                .setEpoch(epoch)
                .build();
    }

    private void becomes(DomainState state, ShardRun... runs) {
        DomainRecord.Builder record = DomainRecord.newBuilder()
                .setDomain(Domain.newBuilder().setGeneration(5).setState(state));
        for (ShardRun run : runs) {
            record.addRuns(run);
        }
        checks.inForce(
                Command.getDefaultInstance(),
                RegistryChange.newBuilder().addDomains(record).build());
    }

    @Test
    void countsThePromotionsOfAll() {
        becomes(DomainState.DOMAIN_STATE_RUNNING, FIRST, SECOND);

        becomes(
                DomainState.DOMAIN_STATE_RUNNING,
                run(0, ShardState.SHARD_STATE_SOLO, TWO, NodeLife.getDefaultInstance(), 9),
                run(1, ShardState.SHARD_STATE_SOLO, THREE, NodeLife.getDefaultInstance(), 9));

        assertThat(checks.promotions()).isEqualTo(2);
    }

    @Test
    void noticesADomainThatLosesWhatHasTwoCopies() {
        becomes(DomainState.DOMAIN_STATE_RUNNING, FIRST, SECOND);

        assertBreaks(
                "V-13",
                () -> becomes(
                        DomainState.DOMAIN_STATE_CRASHED,
                        run(0, ShardState.SHARD_STATE_LOST, ONE, NodeLife.getDefaultInstance(), 9),
                        run(1, ShardState.SHARD_STATE_LOST, TWO, NodeLife.getDefaultInstance(), 9)));
    }

    @Test
    void passesOneThatLosesTheOnlyCopyOfALaterRun() {
        becomes(
                DomainState.DOMAIN_STATE_RUNNING,
                FIRST,
                run(1, ShardState.SHARD_STATE_SOLO, TWO, NodeLife.getDefaultInstance(), 6));

        becomes(
                DomainState.DOMAIN_STATE_CRASHED,
                run(0, ShardState.SHARD_STATE_LOST, ONE, NodeLife.getDefaultInstance(), 9),
                run(1, ShardState.SHARD_STATE_LOST, TWO, NodeLife.getDefaultInstance(), 9));

        assertThat(checks.promotions()).isZero();
    }

    @Test
    void noticesALaterRunThatGoesBack() {
        becomes(DomainState.DOMAIN_STATE_RUNNING, FIRST, SECOND);

        assertBreaks(
                "V-6",
                () -> becomes(
                        DomainState.DOMAIN_STATE_RUNNING, FIRST, run(1, ShardState.SHARD_STATE_DUAL, TWO, THREE, 4)));
    }

    @Test
    void noticesOneThatDecidesALaterRunWithoutACopy() {
        becomes(DomainState.DOMAIN_STATE_RUNNING, FIRST, SECOND);

        assertBreaks(
                "V-7",
                () -> becomes(
                        DomainState.DOMAIN_STATE_RUNNING,
                        FIRST,
                        run(1, ShardState.SHARD_STATE_SOLO, ONE, NodeLife.getDefaultInstance(), 9)));
    }

    @Test
    void noticesADomainThatIsGivenUpAndHasLostNothing() {
        becomes(DomainState.DOMAIN_STATE_RUNNING, FIRST, SECOND);

        assertBreaks("V-13", () -> becomes(DomainState.DOMAIN_STATE_CRASHED, FIRST, SECOND));
    }

    private static void assertBreaks(String rule, ThrowingCallable step) {
        assertThatThrownBy(step)
                .isInstanceOfSatisfying(
                        Violation.class,
                        violation -> assertThat(violation.rule()).isEqualTo(rule));
    }
}
