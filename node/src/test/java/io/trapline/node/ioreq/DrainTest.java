package io.trapline.node.ioreq;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.IoreqAttributes;
import io.trapline.model.RangeSet;
import io.trapline.node.protocol.Drain;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("F5: what a change catches")
final class DrainTest {
    private static final int DRAIN_MILLIS = 2_000;
    private static final RangeSet DEVICE = RangeSet.of(new long[] {0x1000}, new long[] {0x1FFF});

    /** What catches the row v0#1, which is there for {@code ioreq_server[0]}. */
    enum Change {
        RELEASE,
        DISABLE,
        DESTROY,
        UNMAP,
        RECALL;

        boolean hasDrain() {
            return this != UNMAP && this != RECALL;
        }

        int drainMillis() {
            return this == UNMAP ? Catch.DEFAULT_DRAIN_MILLIS : DRAIN_MILLIS;
        }

        Row row() {
            return this == UNMAP ? Row.of(0, 1).ranged(IoreqAttributes.COPY, 0x1004) : Row.of(0, 1);
        }

        void happen(ServerScene scene) {
            switch (this) {
                case RELEASE -> {
                    scene.claims[0] = 0;
                    scene.change(scene.drain(0, DRAIN_MILLIS));
                }
                case DISABLE -> {
                    scene.enabled = false;
                    scene.change(scene.drain(-1, DRAIN_MILLIS));
                }
                case DESTROY -> {
                    scene.enabled = false;
                    scene.claims[0] = 0;
                    scene.claims[1] = 0;
                    scene.change(scene.drain(-1, DRAIN_MILLIS));
                }
                case UNMAP -> {
                    scene.memory = RangeSet.EMPTY;
                    scene.change();
                }
                case RECALL -> scene.recall(77, DRAIN_MILLIS, row());
            }
        }

        /** What the server says besides the row. */
        List<String> ends(ServerScene scene) {
            return hasDrain() ? List.of("drained " + scene.revision) : List.of();
        }
    }

    private static ServerScene scene(Change change, int credit) {
        ServerScene scene = new ServerScene();
        scene.memory = DEVICE;
        scene.apply();
        scene.attach(ServerScene.RUN, credit);
        scene.forward(change.row());
        return scene;
    }

    private static List<String> with(List<String> first, List<String> more) {
        List<String> all = new ArrayList<>(first);
        all.addAll(more);
        return all;
    }

    @ParameterizedTest
    @EnumSource
    void whatWasNotDeliveredIsDecidedAgainAtOnce(Change change) {
        ServerScene scene = scene(change, 10);
        scene.answer(Row.of(0, 1));
        scene.paused = true;
        scene.apply();
        scene.forward(change.row());
        scene.take();

        change.happen(scene);

        List<String> recalled = change == Change.RECALL ? List.of("recalled 77") : List.of();
        assertThat(scene.take()).isEqualTo(with(with(List.of("again v0#1"), recalled), change.ends(scene)));
        scene.paused = false;
        scene.apply();
        assertThat(scene.take()).isEmpty();
        assertThat(scene.rules.counters().decidedAgain()).isEqualTo(1);
        assertThat(scene.rules.counters().inFlight()).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void whatWasDeliveredIsCompletedByItsAnswer(Change change) {
        ServerScene scene = scene(change, 10);
        scene.take();
        change.happen(scene);
        scene.take();
        scene.after(change.drainMillis() - 1);
        assertThat(scene.take()).isEmpty();

        scene.answer(Row.of(0, 1));

        assertThat(scene.take()).isEqualTo(with(List.of("completed v0#1=0"), change.ends(scene)));
        scene.after(60_000);
        assertThat(scene.take()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void whatIsNotAnsweredInTimeIsDecidedAgainAndItsLateAnswerRefused(Change change) {
        ServerScene scene = scene(change, 10);
        scene.timeoutMillis = 0;
        scene.apply();
        scene.take();
        change.happen(scene);
        scene.take();

        scene.after(change.drainMillis());

        assertThat(scene.take()).isEqualTo(with(List.of("again v0#1"), change.ends(scene)));
        assertThat(scene.gate(Row.of(0, 1))).isPresent();
        scene.answer(Row.of(0, 1));
        assertThat(scene.take()).isEmpty();
        assertThat(scene.rules.counters().refusedAnswers()).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("F4, F5: one whose own time ends first fails, and the drain goes on without it")
    void whatTimesOutDuringADrainFails(Change change) {
        ServerScene scene = scene(change, 10);
        scene.timeoutMillis = 1_000;
        scene.apply();
        scene.take();
        change.happen(scene);
        scene.take();

        scene.after(1_000);

        assertThat(scene.take()).isEqualTo(with(List.of("completed v0#1:ETIMEDOUT"), change.ends(scene)));
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("F5, S5: what was caught is not delivered a second time")
    void whatTheNextSessionDoesNotHaveIsDecidedAgain(Change change) {
        ServerScene scene = scene(change, 10);
        scene.take();
        change.happen(scene);
        scene.take();
        long drain = scene.revision;

        scene.attach(ServerScene.RUN, 10);

        List<String> ends = change.hasDrain() ? List.of("drained " + drain) : List.of();
        assertThat(scene.take())
                .isEqualTo(with(List.of("fenced 11 ESTALE", "attached " + scene.session, "again v0#1"), ends));
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("F5, S5: a run that still has it under way may still answer")
    void whatTheNextSessionHasUnderWayIsCompletedByItsAnswer(Change change) {
        ServerScene scene = scene(change, 10);
        scene.take();
        change.happen(scene);
        long drain = scene.revision;
        scene.attach(ServerScene.RUN, 10, ServerScene.underWay(Row.of(0, 1)));
        scene.take();

        scene.answer(Row.of(0, 1));

        List<String> ends = change.hasDrain() ? List.of("drained " + drain) : List.of();
        assertThat(scene.take()).isEqualTo(with(List.of("completed v0#1=0"), ends));
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("A6: an epoch that ends ends the drain, too")
    void aDrainDoesNotWaitForAVcpuThatWasOpenedAnew(Change change) {
        ServerScene scene = scene(change, 10);
        scene.take();
        change.happen(scene);
        long drain = scene.revision;
        scene.take();

        scene.open(0, Row.EPOCH + 1);

        assertThat(scene.take()).isEqualTo(change.hasDrain() ? List.of("drained " + drain) : List.of());
    }

    @Test
    void aReleaseCatchesItsOwnTypeOnly() {
        ServerScene scene = ServerScene.attached();
        scene.forward(Row.of(0, 1).claimed(0), Row.of(0, 2).claimed(1));
        scene.claims[0] = 0;
        scene.change(scene.drain(0, DRAIN_MILLIS));
        scene.take();

        scene.after(DRAIN_MILLIS);
        assertThat(scene.take()).containsExactly("again v0#1", "drained 12");
        scene.answer(Row.of(0, 2));
        assertThat(scene.take()).containsExactly("completed v0#2=0");
    }

    @Test
    @DisplayName("A3, F5: what stands behind a row that goes back, and was not delivered, goes back with it")
    void whatIsBehindARowThatGoesBackGoesBackWithIt() {
        ServerScene scene = ServerScene.buffering();
        scene.attach(ServerScene.RUN, 1);
        scene.forward(
                Row.of(0, 1).claimed(1),
                Row.of(0, 2).claimed(0),
                Row.of(0, 3).claimed(1),
                Row.of(0, 4).claimed(1).post(),
                Row.of(1, 1).claimed(1));
        scene.take();

        Change.RELEASE.happen(scene);
        assertThat(scene.take()).containsExactly("again v0#2 v0#3 v0#4", "drained 12");
        scene.answer(Row.of(0, 1));
        assertThat(scene.take()).as("nobody else waits").containsExactly("completed v0#1=0", "ioreqs v1#1");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @DisplayName("A3, F5: the same when a delivered one goes back, because its time ends or nobody is left who has it")
    void whatIsBehindADeliveredRowThatGoesBackGoesBackWithIt(boolean isLost) {
        ServerScene scene = new ServerScene();
        scene.timeoutMillis = 0;
        scene.apply();
        scene.attach(ServerScene.RUN, 1);
        scene.forward(Row.of(0, 1).claimed(0), Row.of(0, 2).claimed(1));
        Change.RELEASE.happen(scene);
        scene.take();

        if (isLost) {
            scene.attach(ServerScene.OTHER_RUN, 1);
        } else {
            scene.after(DRAIN_MILLIS);
        }

        assertThat(scene.take()).contains("again v0#1 v0#2").doesNotContain("ioreqs v0#2");
    }

    @Test
    void aDrainThatCatchesNothingIsOverAtOnce() {
        ServerScene scene = ServerScene.attached();

        Change.DISABLE.happen(scene);

        assertThat(scene.take()).containsExactly("drained 12");
    }

    @Test
    void aPostedWriteThatWasCaughtGoesBackOrIsDone() {
        ServerScene scene = ServerScene.buffering();
        scene.attach(ServerScene.RUN, 2);
        scene.forward(Row.of(0, 1).post(), Row.of(0, 2).post(), Row.of(0, 3).post());
        scene.take();

        Change.RELEASE.happen(scene);
        assertThat(scene.take()).containsExactly("again v0#3");
        scene.answer(Row.of(0, 1));
        assertThat(scene.take()).containsExactly("done v0#1");
        scene.after(DRAIN_MILLIS);
        assertThat(scene.take()).containsExactly("again v0#2", "drained 12");
    }

    @Test
    void drainsThatOverlapEachWaitForTheirOwn() {
        ServerScene scene = ServerScene.attached();
        scene.timeoutMillis = 0;
        scene.forward(Row.of(0, 1).claimed(0));
        scene.claims[0] = 0;
        scene.change(scene.drain(0, 3_000));
        scene.forward(Row.of(1, 1).claimed(1));
        scene.enabled = false;
        scene.change(scene.drain(-1, 5_000));
        scene.take();

        scene.after(3_000);
        assertThat(scene.take()).containsExactly("again v0#1", "drained 12");
        scene.after(2_000);
        assertThat(scene.take()).containsExactly("again v1#1", "drained 13");
    }

    @Test
    void moreDrainsThanThereAreBitsAllEnd() {
        ServerScene scene = ServerScene.attached();
        scene.timeoutMillis = 0;
        scene.forward(Row.of(0, 1));
        scene.take();
        for (int i = 0; i < 100; i++) {
            scene.enabled = false;
            scene.change(scene.drain(-1, DRAIN_MILLIS));
            scene.enabled = true;
            scene.change();
            scene.forward(Row.of(1, i + 1).window(1024));
        }
        scene.after(DRAIN_MILLIS);

        assertThat(scene.take().stream().filter(sentence -> sentence.startsWith("drained")))
                .hasSize(100)
                .doesNotHaveDuplicates();
    }

    @Test
    void theSameDrainMayBeNamedAgain() {
        ServerScene scene = ServerScene.attached();
        scene.forward(Row.of(0, 1));
        scene.enabled = false;
        Drain drain = scene.drain(-1, DRAIN_MILLIS);
        scene.change(drain);
        scene.take();
        scene.apply(drain);
        assertThat(scene.take()).isEmpty();

        scene.answer(Row.of(0, 1));

        assertThat(scene.take()).containsExactly("completed v0#1=0", "drained 12");
    }

    @Test
    void aRecallPassesOverWhatIsNotHere() {
        ServerScene scene = ServerScene.attached();
        scene.forward(Row.of(0, 1));
        scene.answer(Row.of(0, 1));
        scene.take();

        scene.recall(5, 100, Row.of(0, 1), Row.of(3, 1), Row.of(0, 1).epoch(99));

        assertThat(scene.take()).containsExactly("recalled 5");
    }

    @Test
    void aRecallFindsRowsThatWaitForASlot() {
        ServerScene scene = ServerScene.attached();
        scene.forward(Row.of(0, 1).window(1));
        scene.forward(Row.of(0, 2).window(1));
        scene.take();

        scene.recall(5, 100, Row.of(0, 2));

        assertThat(scene.take()).containsExactly("again v0#2", "recalled 5");
    }

    /** Type, address, size, count, df; what the range 0x1000 … 0x1fff of that space still covers. */
    @ParameterizedTest
    @CsvSource({
        "1, 1000, 4, 1, false, true",
        "1, 1ffc, 4, 1, false, true",
        "1, 1ffd, 4, 1, false, false",
        "1, ffc, 4, 1, false, false",
        "1, 1000, 4, 1024, false, true",
        "1, 1000, 4, 1025, false, false",
        "1, 1ffc, 4, 1024, true, true",
        "1, 1ffc, 4, 1025, true, false",
        "1, 1ff8, 8, 512, true, true",
        "0, 1000, 1, 1, false, true",
        "0, 1fff, 1, 1000, false, true",
        "0, 1fff, 2, 1, false, false",
        "2, 100000000000, 4, 1, false, true",
        "2, 1fff00000ffc, 4, 1, false, true",
        "2, 200000000000, 4, 1, false, false"
    })
    @DisplayName("R2, F5: a row stays while a range covers it whole")
    void whatARangeStillCoversStays(int type, String address, int size, int count, boolean df, boolean stays) {
        ServerScene scene = new ServerScene();
        Row row = Row.of(0, 1)
                .size(size)
                .ranged(type, Long.parseLong(address, 16))
                .rep(count, df);
        scene.forward(row);

        scene.memory = type == IoreqAttributes.COPY ? DEVICE : RangeSet.EMPTY;
        scene.ports = type == IoreqAttributes.PIO ? DEVICE : RangeSet.EMPTY;
        scene.pci = type == IoreqAttributes.PCI_CONFIG ? DEVICE : RangeSet.EMPTY;
        scene.change();

        assertThat(scene.take()).isEqualTo(stays ? List.of() : List.of("again v0#1"));
    }

    @ParameterizedTest
    @CsvSource({
        "1, true, false",
        "2, true, true",
        "1, false, true",
        "2, false, false",
        "3, true, true",
        "3, false, true"
    })
    @DisplayName("C1, F5: a row stays while a claim takes its direction")
    void whatAClaimStillTakesStays(int flags, boolean write, boolean stays) {
        ServerScene scene = new ServerScene();
        scene.forward(write ? Row.of(0, 1) : Row.of(0, 1).read(4));

        scene.claims[0] = flags;
        scene.change();

        assertThat(scene.take()).isEqualTo(stays ? List.of() : List.of("again v0#1"));
    }
}
