package io.trapline.node.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.model.Errno;
import io.trapline.node.fixture.HeapBudget;
import io.trapline.node.fixture.ManualClock;
import io.trapline.node.lease.ServingGate;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardPlace;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("D-27: a healthy primary hands its shard over")
final class HandOverTest {
    private static final long GPA = 0x5000;

    private final TwoCopies two = new TwoCopies();

    @Test
    @DisplayName(
            "from when it knows, it reads and acknowledges nothing, and says so when the other copy has everything")
    void isFrozen() {
        two.p.run(TwoCopies.write(1, GPA, 42));
        two.exchange();
        two.p.run(TwoCopies.write(2, GPA, 43));
        two.place(TwoCopies.dual().handingOver());
        assertThat(two.p.handOvers).as("the other copy has not all").isEmpty();

        two.p.run(TwoCopies.read(3, GPA));
        two.p.run(new ShardMessage.ReadSegments(7, new long[] {GPA}, new int[] {1}));
        two.exchange();

        assertThat(two.p.told()).as("only what was told before").isEqualTo(1);
        assertThat(two.p.answers).isEmpty();
        assertThat(two.p.handOvers).containsExactly(TwoCopies.dual().handingOver());
        assertThat(two.p.begun).isEmpty();
    }

    @Test
    @DisplayName(
            "V-6, V-7: the other copy goes on with everything that was acknowledged, and resent accesses have one outcome")
    void goesOnAtTheOther() {
        two.p.run(TwoCopies.write(1, GPA, 42));
        two.exchange();
        two.p.run(TwoCopies.write(2, GPA, 43));
        two.place(TwoCopies.dual().handingOver());
        two.p.run(new ShardMessage.ReadSegments(7, new long[] {GPA}, new int[] {1}));
        two.exchange();

        two.place(ShardPlace.solo(TwoCopies.B, 60));

        assertThat(two.p.told()).isEqualTo(1);
        assertThat(two.p.answers)
                .as("a call that waited is refused, without effect")
                .singleElement()
                .isInstanceOfSatisfying(CallAnswer.Done.class, done -> {
                    assertThat(done.refusal().orElseThrow().errno()).isEqualTo(Errno.EAGAIN);
                    assertThat(done.refusal().orElseThrow().metadata()).containsEntry("effect", "none");
                });
        int before = two.b.told();
        two.b.run(TwoCopies.write(2, GPA, 43));
        two.b.run(TwoCopies.read(3, GPA));
        assertThat(two.b.told() - before).isEqualTo(2);
        assertThat(two.b.outcomes.getLast().data(0)).isEqualTo(43);
    }

    @Test
    @DisplayName("a primary whose backup is dropped meanwhile goes on, and tells what waited")
    void goesOnWhereThereIsNoOther() {
        two.place(TwoCopies.dual().handingOver());
        two.p.run(TwoCopies.write(1, GPA, 42));
        assertThat(two.p.told()).isZero();

        two.place(ShardPlace.solo(TwoCopies.P, 60));
        two.p.run(TwoCopies.write(1, GPA, 42));
        two.p.run(TwoCopies.read(2, GPA));

        assertThat(two.p.outcomes.getLast().data(0)).isEqualTo(42);
    }

    @Test
    @DisplayName("a primary that is frozen does not wait for a backup that is silent")
    void dropsASilentBackup() {
        ManualClock clock = new ManualClock();
        ServingGate gate = new ServingGate(clock);
        gate.open(Long.MAX_VALUE);
        TwoCopies silent = new TwoCopies(new HeapBudget(), new HeapBudget(), gate);
        silent.place(TwoCopies.dual().handingOver());
        long endNanos = System.nanoTime() + 5_000_000_000L;
        while (silent.p.drops.isEmpty() && System.nanoTime() < endNanos) {
            silent.p.run(new ShardMessage.Tick());
            Thread.onSpinWait();
        }
        assertThat(silent.p.drops).isNotEmpty();
        assertThat(silent.p.handOvers).isEmpty();
    }

    @Test
    @DisplayName("a copy that was never given what its primary has confirms nothing and decides nothing")
    void isSilentWhereItCameTooLate() {
        two.p.run(TwoCopies.write(1, GPA, 42));
        two.exchange();
        // As if the one that has handed over stayed a backup.
        two.place(new ShardPlace(0, ShardPlace.State.DUAL, TwoCopies.B, Optional.of(TwoCopies.P), 60));
        two.b.run(TwoCopies.write(2, GPA, 43));
        two.exchange();

        assertThat(two.b.told()).as("it has no backup").isZero();
        assertThatThrownBy(() -> two.p.apply(ShardPlace.solo(TwoCopies.P, 70), two.table()))
                .isInstanceOf(IllegalStateException.class);
        two.b.apply(ShardPlace.solo(TwoCopies.B, 70), two.table());
        assertThat(two.b.told()).isPositive();
    }

    @Test
    @DisplayName("without a lease it is as frozen as it was")
    void staysFrozenWithoutALease() {
        ManualClock clock = new ManualClock();
        ServingGate gate = new ServingGate(clock);
        gate.open(1_000);
        TwoCopies leased = new TwoCopies(new HeapBudget(), new HeapBudget(), gate);
        leased.place(TwoCopies.dual().handingOver());
        clock.passes(Duration.ofNanos(2_000));
        leased.p.run(TwoCopies.write(1, GPA, 42));
        gate.open(clock.getAsLong() + 1_000);
        leased.p.run(new ShardMessage.Resume());
        leased.exchange();
        assertThat(leased.p.told()).isZero();
        assertThat(leased.p.handOvers).isNotEmpty();
    }
}
