package io.trapline.node.types;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Errno;
import io.trapline.model.MemType;
import io.trapline.model.Refusal;
import io.trapline.model.TypeRun;
import io.trapline.node.fixture.Shards;
import io.trapline.node.protocol.RequestName;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.rows.Segments;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.LongFunction;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Calls over several shards, at one node or two, a primary of which dies, loses its lease or hands over at any moment: all or nothing (T6, V-11). */
final class CutShortTest {
    private static final int SEEDS = 60;
    /** More than both calls need. */
    private static final int MOST_STEPS = 200;

    private static final long PAGES = Shards.PAGES;
    private static final byte VALUE = 0x5a;
    private static final byte OTHER = 0x33;

    /** What a run shows of a call: how many of its shards have it, and what its caller was told. */
    private record Shown(String call, int shards, List<Optional<Refusal>> answers) {
        boolean isHalf() {
            return shards > 0 && shards < TwoNodes.SHARDS;
        }

        boolean isLost() {
            return answers.stream().anyMatch(Optional::isEmpty) && shards < TwoNodes.SHARDS;
        }
    }

    /** Where the shards are, and how a primary of some is another one from a moment on. */
    enum Change {
        TOGETHER_DIES,
        TOGETHER_HANDS_OVER,
        TOGETHER_IS_DEPOSED,
        APART_FIRST_DIES,
        APART_FIRST_HANDS_OVER,
        APART_FIRST_IS_DEPOSED,
        APART_LAST_DIES;

        boolean isApart() {
            return switch (this) {
                case TOGETHER_DIES, TOGETHER_HANDS_OVER, TOGETHER_IS_DEPOSED -> false;
                case APART_FIRST_DIES, APART_FIRST_HANDS_OVER, APART_FIRST_IS_DEPOSED, APART_LAST_DIES -> true;
            };
        }

        /** Who carries out the domain's type calls from then on. */
        TwoNodes.At happens(TwoNodes nodes, boolean recovers) {
            switch (this) {
                case TOGETHER_DIES, APART_FIRST_DIES -> nodes.promote(recovers);
                case TOGETHER_HANDS_OVER, APART_FIRST_HANDS_OVER -> nodes.handOver(recovers);
                case TOGETHER_IS_DEPOSED, APART_FIRST_IS_DEPOSED -> nodes.depose(recovers);
                case APART_LAST_DIES -> nodes.loseOther(recovers);
            }
            return this == APART_LAST_DIES ? nodes.p : nodes.b;
        }
    }

    @ParameterizedTest
    @EnumSource(Change.class)
    @DisplayName("a type change and a write over three shards are all or nothing wherever their primary")
    void areAllOrNothing(Change change) {
        int none = 0;
        int finished = 0;
        for (int seed = 0; seed < SEEDS; seed++) {
            for (Shown shown : run(seed, change, true)) {
                assertThat(shown.isHalf()).as("seed %d: %s", seed, shown).isFalse();
                assertThat(shown.isLost()).as("seed %d: %s", seed, shown).isFalse();
                none += shown.shards() == 0 ? 1 : 0;
                finished += shown.shards() > 0 && shown.answers().stream().noneMatch(Optional::isEmpty) ? 1 : 0;
            }
        }
        // It has seen both: calls that nobody had begun, and such that the second node had to finish.
        assertThat(none).isPositive();
        assertThat(finished).isPositive();
    }

    @ParameterizedTest
    @EnumSource(Change.class)
    @DisplayName(
            "V-14: a retry at who carries out the calls by then gets the first answer, and nothing is done twice where")
    void areCarriedOutOnce(Change change) {
        int known = 0;
        int anew = 0;
        for (int seed = 0; seed < SEEDS; seed++) {
            Retried retried = retry(seed, change);
            known += retried.known();
            anew += retried.anew();
        }
        // It has seen both.
        assertThat(known).isPositive();
        assertThat(anew).isPositive();
    }

    /** How many calls had been carried out when they were made again, and how many had not. */
    private record Retried(int known, int anew) {}

    private static Retried retry(int seed, Change change) {
        Random random = new Random(seed);
        TwoNodes nodes = new TwoNodes(random, change.isApart());
        TypeRun run = new TypeRun(PAGES - 2, PAGES + 4, MemType.ioreqServer(0));
        LongFunction<TypesMessage> types =
                call -> new TypesMessage.SetTypes(call, List.of(run), Optional.empty(), name(1));
        LongFunction<TypesMessage> write =
                call -> new TypesMessage.WriteAcross(call, pieces(VALUE), Optional.empty(), name(2));
        List<Optional<Refusal>> answers = new ArrayList<>();
        nodes.p.ask(types, answers::add);
        nodes.p.ask(write, answers::add);
        nodes.run(random.nextInt(MOST_STEPS));
        TwoNodes.At now = change.happens(nodes, true);
        if (random.nextBoolean()) {
            // While who carries them out asks what was cut short.
            now.ask(types, answers::add);
            now.ask(write, answers::add);
        }
        nodes.runAll();
        boolean isTyped = now.typed(new long[] {PAGES - 1, PAGES, 2 * PAGES}, MemType.ioreqServer(0)) > 0;
        boolean isWritten = now.holding(gpas(), VALUE) > 0;
        // Somebody else changes it since: whoever did it again would show.
        if (isTyped) {
            TypeRun back = new TypeRun(run.firstGfn(), run.count(), MemType.RAM_RW);
            assertThat(now.answer(nodes, call -> new TypesMessage.SetTypes(call, List.of(back), Optional.empty())))
                    .isEmpty();
        }
        if (isWritten) {
            assertThat(now.answer(nodes, call -> new TypesMessage.WriteAcross(call, pieces(OTHER), Optional.empty())))
                    .isEmpty();
        }

        assertThat(now.answer(nodes, types)).as("seed %d", seed).isEmpty();
        assertThat(now.answer(nodes, write)).as("seed %d", seed).isEmpty();

        int typed = now.typed(new long[] {PAGES - 1, PAGES, 2 * PAGES}, MemType.ioreqServer(0));
        int written = now.holding(gpas(), VALUE);
        assertThat(typed).as("seed %d: done before: %s", seed, isTyped).isEqualTo(isTyped ? 0 : TwoNodes.SHARDS);
        assertThat(written).as("seed %d: done before: %s", seed, isWritten).isEqualTo(isWritten ? 0 : TwoNodes.SHARDS);
        // Nobody was refused what another attempt had done: EAGAIN says nothing.
        assertThat(answers)
                .as("seed %d", seed)
                .allMatch(answer -> answer.isEmpty() || answer.get().errno() == Errno.EAGAIN);
        int known = (isTyped ? 1 : 0) + (isWritten ? 1 : 0);
        return new Retried(known, 2 - known);
    }

    private static Optional<RequestName> name(long number) {
        return Optional.of(new RequestName(5, number, 0, 77));
    }

    /** Where the first shard stays, nothing is carried out before it has been told to ask. */
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "APART_LAST_DIES")
    @DisplayName("without what the shards keep some of them would be half done where it")
    void wouldBeHalfDoneOtherwise(Change change) {
        int half = 0;
        for (int seed = 0; seed < SEEDS; seed++) {
            half += (int)
                    run(seed, change, false).stream().filter(Shown::isHalf).count();
        }
        assertThat(half).isPositive();
    }

    private static List<Shown> run(int seed, Change change, boolean recovers) {
        Random random = new Random(seed);
        TwoNodes nodes = new TwoNodes(random, change.isApart());
        List<Optional<Refusal>> typed = new ArrayList<>();
        List<Optional<Refusal>> written = new ArrayList<>();
        TypeRun run = new TypeRun(PAGES - 2, PAGES + 4, MemType.ioreqServer(0));
        nodes.p.ask(call -> new TypesMessage.SetTypes(call, List.of(run), Optional.empty()), typed::add);
        nodes.p.ask(call -> new TypesMessage.WriteAcross(call, pieces(VALUE), Optional.empty()), written::add);
        nodes.run(random.nextInt(MOST_STEPS));

        TwoNodes.At now = change.happens(nodes, recovers);
        List<Optional<Refusal>> next = new ArrayList<>();
        TypeRun one = new TypeRun(9, 1, MemType.RAM_RO);
        now.ask(call -> new TypesMessage.SetTypes(call, List.of(one), Optional.empty()), next::add);
        nodes.runAll();

        assertThat(next).as("seed %d: the next call is carried out", seed).containsExactly(Optional.empty());
        if (recovers) {
            assertThat(now.kept()).as("seed %d: what is over is not kept", seed).isZero();
        }
        return List.of(
                new Shown("types", now.typed(new long[] {PAGES - 1, PAGES, 2 * PAGES}, MemType.ioreqServer(0)), typed),
                new Shown("write", now.holding(gpas(), VALUE), written));
    }

    private static long[] gpas() {
        return new long[] {0x10, PAGES * 4096 + 0x3000, 2 * PAGES * 4096 + 0x5010};
    }

    private static List<TypesMessage.Piece> pieces(byte value) {
        List<TypesMessage.Piece> pieces = new ArrayList<>();
        long[] gpas = gpas();
        for (int i = 0; i < gpas.length; i++) {
            pieces.add(new TypesMessage.Piece(
                    i, new Segments(new long[] {gpas[i]}, new int[] {1}, new int[] {i}, new byte[] {value, value, value
                    })));
        }
        return pieces;
    }
}
