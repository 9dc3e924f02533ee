package io.trapline.node.shard;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Errno;
import io.trapline.model.MemType;
import io.trapline.model.TypeRun;
import io.trapline.node.fixture.Gates;
import io.trapline.node.fixture.HeapBudget;
import io.trapline.node.p2m.MemoryBudget;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardPlace;
import io.trapline.node.protocol.ShardStep;
import io.trapline.node.rows.OutcomeRows;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A shard whose second copy is made while the first goes on, message by message (D-24). */
final class FreshCopyTest {
    private static final long GPA = 0x5000;
    private static final long SYNCING = 40;
    private static final long DUAL = 50;

    private final HeapBudget ofB = new HeapBudget();
    private final TwoCopies two = alone(ofB);

    private static TwoCopies alone(HeapBudget ofB) {
        TwoCopies two = new TwoCopies(new HeapBudget(), ofB, Gates.open());
        two.exchange();
        two.place(ShardPlace.solo(TwoCopies.P, 20));
        return two;
    }

    private static ShardPlace syncing(long epoch) {
        return new ShardPlace(0, ShardPlace.State.SYNCING, TwoCopies.P, Optional.of(TwoCopies.B), epoch);
    }

    private static ShardPlace dual() {
        return new ShardPlace(0, ShardPlace.State.DUAL, TwoCopies.P, Optional.of(TwoCopies.B), DUAL);
    }

    @Test
    @DisplayName("D4: what was there before, pages, types and outcomes, is at the fresh copy when that is promoted")
    void hasWhatWasThereBefore() {
        two.p.run(TwoCopies.write(1, GPA, 42));
        two.p.run(TwoCopies.write(2, GPA + MemoryBudget.CHUNK_BYTES, 43));
        two.p.run(new ShardMessage.CommitTypes(2, List.of(new TypeRun(7, 1, MemType.RAM_RO))));
        two.p.run(TwoCopies.portRead(3));
        two.place(syncing(SYNCING));
        two.exchange();
        assertThat(two.p.added).isNotEmpty().allMatch(syncing(SYNCING)::equals);
        two.place(dual());
        two.p.run(TwoCopies.write(4, GPA + 8, 44));
        OutcomeRows outcome = new OutcomeRows(1);
        outcome.add(0, TwoCopies.EPOCH, 3, 0, 0x77, Errno.OK);
        two.p.run(new ShardMessage.Completed(1, 0, outcome));
        two.exchange();
        two.promote();

        two.b.run(TwoCopies.write(1, GPA, 42));
        two.b.run(TwoCopies.portRead(3));
        two.b.run(TwoCopies.read(5, GPA));
        two.b.run(TwoCopies.read(6, GPA + MemoryBudget.CHUNK_BYTES));
        two.b.run(TwoCopies.read(7, GPA + 8));
        two.b.run(new ShardMessage.ListTypes(3, 7, 1, 1));

        assertThat(two.b.outcomes).extracting(rows -> rows.data(0)).containsExactly(0L, 0x77L, 42L, 43L, 44L);
        assertThat(two.b.toServer).noneMatch(ServerMessage.Forward.class::isInstance);
        assertThat(((CallAnswer.Listed) two.b.answers.getLast())
                        .runs()
                        .getFirst()
                        .type())
                .isEqualTo(MemType.RAM_RO);
    }

    @Test
    @DisplayName("D-24: the primary goes on alone while chunks are on their way, and what it changes is given again")
    void goesOnMeanwhile() {
        for (int chunk = 0; chunk < 8; chunk++) {
            two.p.run(TwoCopies.write(chunk + 1, GPA + (long) chunk * MemoryBudget.CHUNK_BYTES, 1));
        }
        int told = two.p.told();
        two.place(syncing(SYNCING));
        assertThat(two.p.under).as("chunks on their way").hasSize(CatchUp.IN_FLIGHT);

        two.p.run(TwoCopies.write(20, GPA, 42));

        assertThat(two.p.told()).as("acknowledged alone").isEqualTo(told + 1);
        two.exchange();
        two.place(dual());
        two.exchange();
        two.promote();
        two.b.run(TwoCopies.read(21, GPA));
        assertThat(two.b.outcomes.getFirst().data(0)).isEqualTo(42);
    }

    @Test
    @DisplayName(
            "V-7: from the image on nothing is acknowledged before the copy has it, and it is proposed only when it has the image")
    void countsOnlyOnceItHasTheImage() {
        two.p.run(TwoCopies.write(1, GPA, 41));
        int told = two.p.told();
        two.place(syncing(SYNCING));
        assertThat(two.p.under)
                .anyMatch(message ->
                        message instanceof ShardMessage.Change change && change.step() instanceof ShardStep.Image);
        two.p.run(TwoCopies.write(2, GPA, 42));

        assertThat(two.p.told()).isEqualTo(told);
        assertThat(two.p.added).isEmpty();

        two.exchange();
        assertThat(two.p.told()).isEqualTo(told + 1);
        assertThat(two.p.added).isNotEmpty();
    }

    @Test
    @DisplayName(
            "6.2: AbandonSync acknowledges what waited, and what is on its way for that copy is dropped by its epoch")
    void isGivenUp() {
        two.p.run(TwoCopies.write(1, GPA, 41));
        two.place(syncing(SYNCING));
        two.p.run(TwoCopies.write(2, GPA, 42));
        int told = two.p.told();
        TwoCopies.deliver(two.p, two.b);

        two.place(ShardPlace.solo(TwoCopies.P, SYNCING + 1));
        assertThat(two.p.told()).isEqualTo(told + 1);
        two.place(syncing(SYNCING + 2));
        two.exchange();

        assertThat(two.p.added).isNotEmpty().allMatch(syncing(SYNCING + 2)::equals);
        two.place(dual());
        two.exchange();
        two.promote();
        two.b.run(TwoCopies.read(3, GPA));
        assertThat(two.b.outcomes.getFirst().data(0)).isEqualTo(42);
    }

    @Test
    @DisplayName("6.2: a node without memory for the copy never has it proposed")
    void needsMemory() {
        two.p.run(TwoCopies.write(1, GPA, 41));
        ofB.isUsedUp = true;
        two.place(syncing(SYNCING));
        two.exchange();
        assertThat(two.p.added).isEmpty();
    }

    @Test
    @DisplayName("D-24: a guest that writes faster than the copy is given waits, and what is under way stays bounded")
    void slowsTheGuestDown() {
        long[] expected = new long[8];
        for (int chunk = 0; chunk < expected.length; chunk++) {
            two.p.run(TwoCopies.write(chunk + 1, at(2 * chunk), 1));
        }
        two.place(syncing(SYNCING));
        long sequence = expected.length;
        int most = 0;
        // As much as its window allows, and more than arrives: without being kept waiting it would go on so for ever.
        for (int round = 0; round < 400 && two.p.added.isEmpty(); round++) {
            for (int chunk = 0; chunk < expected.length && sequence - two.p.told() < TwoCopies.WINDOW; chunk++) {
                expected[chunk] = ++sequence;
                two.p.run(TwoCopies.write(sequence, at(2 * chunk), sequence));
            }
            most = Math.max(most, (int) two.p.under.stream()
                    .filter(message ->
                            message instanceof ShardMessage.Change change && change.step() instanceof ShardStep.Chunk)
                    .count());
            TwoCopies.deliver(two.p, two.b);
            TwoCopies.deliver(two.b, two.p);
        }
        assertThat(two.p.added).isNotEmpty();
        assertThat(most).as("chunks under way").isBetween(CatchUp.IN_FLIGHT, 2 * CatchUp.IN_FLIGHT);

        two.exchange();
        assertThat((long) two.p.told()).isEqualTo(sequence);
        two.place(dual());
        two.promote();
        for (int chunk = 0; chunk < expected.length; chunk++) {
            two.b.run(TwoCopies.read(++sequence, at(2 * chunk)));
            assertThat(two.b.outcomes.getLast().data(0)).as("chunk %s", chunk).isEqualTo(expected[chunk]);
        }
    }

    @Test
    @DisplayName("D4: with on_degraded = WAIT nothing is acknowledged by one copy, and all of it by two")
    void waitsWhileItIsAlone() {
        TwoCopies waiting = new TwoCopies(new HeapBudget(), new HeapBudget(), Gates.open(), true);
        waiting.exchange();
        waiting.p.run(TwoCopies.write(1, GPA, 41));
        waiting.exchange();
        assertThat(waiting.p.told()).isEqualTo(1);

        waiting.p.run(TwoCopies.write(2, GPA, 42));
        waiting.place(ShardPlace.solo(TwoCopies.P, 20));
        waiting.p.run(TwoCopies.write(3, GPA, 43));
        waiting.place(syncing(SYNCING));
        waiting.p.run(TwoCopies.read(4, GPA));
        waiting.exchange();
        assertThat(waiting.p.added).isNotEmpty();
        assertThat(waiting.p.told())
                .as("the registry does not count the copy yet")
                .isEqualTo(1);

        waiting.place(dual());
        waiting.exchange();
        assertThat(waiting.p.told()).isEqualTo(4);
        assertThat(waiting.p.outcomes.getLast().data(0)).isEqualTo(43);
    }

    @Test
    @DisplayName("D4: with on_degraded = WAIT a copy that is given up acknowledges nothing")
    void waitsOnWhenTheCopyIsGivenUp() {
        TwoCopies waiting = new TwoCopies(new HeapBudget(), new HeapBudget(), Gates.open(), true);
        waiting.exchange();
        waiting.place(ShardPlace.solo(TwoCopies.P, 20));
        waiting.p.run(TwoCopies.write(1, GPA, 41));
        waiting.place(syncing(SYNCING));
        waiting.p.run(TwoCopies.write(2, GPA, 42));
        waiting.exchange();
        waiting.place(ShardPlace.solo(TwoCopies.P, SYNCING + 1));
        assertThat(waiting.p.told()).isZero();

        waiting.place(syncing(SYNCING + 2));
        waiting.exchange();
        waiting.place(dual());
        assertThat(waiting.p.told()).isEqualTo(2);
    }

    @Test
    @DisplayName("D-24: a piece of no chunk is refused, and the copy that was given it is silent")
    void refusesAPieceOfNoChunk() {
        for (ShardStep.Chunk wrong : List.of(
                new ShardStep.Chunk(8, 0, new byte[1]),
                new ShardStep.Chunk(-1, 0, new byte[0]),
                new ShardStep.Chunk(0, -1, new byte[1]),
                new ShardStep.Chunk(0, Integer.MAX_VALUE, new byte[1]),
                new ShardStep.Chunk(0, MemoryBudget.CHUNK_BYTES, new byte[1]))) {
            TwoCopies given = alone(new HeapBudget());
            given.place(syncing(SYNCING));
            given.p.under.clear();
            given.b.run(new ShardMessage.Change(SYNCING, 1, false, 0, new int[0], wrong));
            assertThat(given.b.under).as("%s", wrong).isEmpty();
        }
    }

    @Test
    @DisplayName("D-24: an image that is none is refused, and the copy that was given it is silent")
    void refusesAnImageThatIsNone() {
        for (byte[] wrong : List.of(new byte[0], new byte[7], new byte[100_000])) {
            TwoCopies given = alone(new HeapBudget());
            given.place(syncing(SYNCING));
            given.p.under.clear();
            given.b.run(new ShardMessage.Change(SYNCING, 1, false, 0, new int[0], new ShardStep.Image(wrong, false)));
            assertThat(given.b.under).isEmpty();
        }
    }

    @Test
    @DisplayName("V-10: a drain waits at a copy that is being made until that knows what its primary has passed on")
    void drainsWhenItIsWhole() {
        two.p.run(TwoCopies.write(1, GPA, 41));
        two.place(syncing(SYNCING));
        boolean[] returned = {false};
        two.b.run(new ShardMessage.AwaitReturned(1, 1, () -> returned[0] = true));
        assertThat(returned[0]).isFalse();
        two.exchange();
        assertThat(returned[0]).isTrue();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    @DisplayName("D4: whatever is written while the copy is made, it reads as the primary would have")
    void readsAsThePrimary(long seed) {
        Random random = new Random(seed);
        long[] expected = new long[12];
        long sequence = 0;
        for (int i = 0; i < 200; i++) {
            int page = random.nextInt(expected.length);
            expected[page] = random.nextLong();
            two.p.run(TwoCopies.write(++sequence, at(page), expected[page]));
            if (i == 60) {
                two.place(syncing(SYNCING));
            }
            for (int left = random.nextInt(3); i > 60 && left > 0; left--) {
                TwoCopies.deliver(two.p, two.b);
                TwoCopies.deliver(two.b, two.p);
            }
        }
        two.exchange();
        assertThat(two.p.added).isNotEmpty();
        assertThat((long) two.p.told()).isEqualTo(sequence);
        two.place(dual());
        two.exchange();
        two.promote();

        for (int page = 0; page < expected.length; page++) {
            two.b.run(TwoCopies.read(++sequence, at(page)));
            assertThat(two.b.outcomes.getLast().data(0)).as("page %s", page).isEqualTo(expected[page]);
        }
    }

    /** In chunks 0 … 5. */
    private static long at(int page) {
        return (long) page * MemoryBudget.CHUNK_BYTES / 2 + 0x100;
    }
}
