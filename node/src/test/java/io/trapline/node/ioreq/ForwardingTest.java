package io.trapline.node.ioreq;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Slots and answers. */
@DisplayName("F1, F2: slots, delivery and answers")
final class ForwardingTest {
    @Test
    void passesARowOnAndItsAnswerBack() {
        ServerScene scene = ServerScene.attached();

        scene.forward(Row.of(0, 1).read(4));
        assertThat(scene.take()).containsExactly("ioreqs v0#1");

        scene.answer(0x1234, Row.of(0, 1));
        assertThat(scene.take()).containsExactly("completed v0#1=1234");
        assertThat(scene.rules.counters()).isEqualTo(new IoreqCounters(1, 1, 0, 0, 0, 0, 0, 0));
    }

    @Test
    void tellsEachShardItsOwnOutcomesOnce() {
        ServerScene scene = ServerScene.attached();
        scene.forward(Row.of(0, 1), Row.of(0, 2));
        scene.forwardFrom(3, scene.revision, ServerScene.settled(9, 1), Row.of(1, 1));
        scene.take();

        scene.answer(Row.of(1, 1), Row.of(0, 2), Row.of(0, 1));

        assertThat(scene.take()).containsExactly("completed v0#2=0 v0#1=0", "completed at 3 v1#1=0");
    }

    @ParameterizedTest(name = "size {0}: {1} becomes {2}")
    @CsvSource({
        "1, ffffffffffffffff, ff",
        "2, ffffffffffffffff, ffff",
        "4, ffffffff87654321, 87654321",
        "8, fedcba9876543210, fedcba9876543210"
    })
    @DisplayName("F2: a read's answer is masked to its size")
    void masksAReadToItsSize(int size, String answer, String value) {
        ServerScene scene = ServerScene.attached();
        scene.forward(Row.of(0, 1).read(size));
        scene.take();

        scene.answer(Long.parseUnsignedLong(answer, 16), Row.of(0, 1));

        assertThat(scene.take()).containsExactly("completed v0#1=" + value);
    }

    @Test
    @DisplayName("F2: the answer to a write, or through a pointer, holds no value")
    void answersOfWritesAndPointersHoldNoValue() {
        ServerScene scene = ServerScene.attached();
        scene.forward(Row.of(0, 1), Row.of(0, 2).read(4).toPointer());
        scene.take();

        scene.answer(0x55, Row.of(0, 1), Row.of(0, 2));

        assertThat(scene.take()).containsExactly("completed v0#1=0 v0#2=0");
    }

    static Stream<Row> answersThatFitNothing() {
        return Stream.of(
                Row.of(1, 1), // another vCPU
                Row.of(4095, 1),
                Row.of(-1, 1),
                Row.of(Integer.MAX_VALUE, 1),
                Row.of(0, 1).epoch(Row.EPOCH - 1),
                Row.of(0, 1).epoch(Row.EPOCH + 1),
                Row.of(0, 1).part(1),
                Row.of(0, 5), // the same slot, a window later
                Row.of(0, 3), // an empty slot
                Row.of(0, -1),
                Row.of(0, Long.MIN_VALUE),
                Row.of(0, 0));
    }

    @ParameterizedTest
    @MethodSource("answersThatFitNothing")
    @DisplayName("F1: an answer that fits no slot in INPROCESS is refused and counted")
    void refusesAnswersThatFitNoSlot(Row wrong) {
        ServerScene scene = ServerScene.attached();
        scene.forward(Row.of(0, 1));
        scene.take();

        scene.answer(wrong);

        assertThat(scene.take()).isEmpty();
        assertThat(scene.rules.counters().refusedAnswers()).isEqualTo(1);
        scene.answer(Row.of(0, 1));
        assertThat(scene.take()).containsExactly("completed v0#1=0");
    }

    @Test
    @DisplayName("F1: only a slot in INPROCESS takes an answer")
    void refusesAnAnswerToARowThatWasNotDeliveredOrWasAnswered() {
        ServerScene scene = new ServerScene();
        scene.attach(ServerScene.RUN, 1);
        scene.forward(Row.of(0, 1), Row.of(0, 2));
        scene.take();

        scene.answer(Row.of(0, 2));
        assertThat(scene.take()).isEmpty();
        scene.answer(Row.of(0, 1));
        assertThat(scene.take()).containsExactly("completed v0#1=0", "ioreqs v0#2");
        scene.answer(Row.of(0, 1));
        assertThat(scene.take()).isEmpty();
        assertThat(scene.rules.counters().refusedAnswers()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({"1", "2", "3", "4", "7", "1000", "1024"})
    @DisplayName("F1: a vCPU has one slot per place in its window")
    void aRowWaitsForTheSlotOfItsPlaceInTheWindow(int window) {
        ServerScene scene = ServerScene.attached();
        Row first = Row.of(0, 1).window(window);
        Row sameSlot = Row.of(0, 1 + window).window(window);
        scene.forward(first, sameSlot);
        assertThat(scene.take()).containsExactly("ioreqs v0#1");

        scene.answer(first);

        assertThat(scene.take()).containsExactly("completed v0#1=0", "ioreqs " + sameSlot);
    }

    @Test
    @DisplayName("A3: what stands behind a row that waits for its slot waits, too")
    void keepsTheOrderOfAVcpuBehindATakenSlot() {
        ServerScene scene = ServerScene.attached();
        scene.forward(Row.of(0, 1).window(2));
        scene.forward(Row.of(0, 3).window(2), Row.of(0, 4).window(2), Row.of(1, 1));
        assertThat(scene.take()).containsExactly("ioreqs v0#1", "ioreqs v1#1");

        scene.answer(Row.of(0, 1));

        assertThat(scene.take()).containsExactly("completed v0#1=0", "ioreqs v0#3 v0#4");
    }

    @Test
    void refusesMoreWaitingRowsThanAWindowWithEagain() {
        ServerScene scene = ServerScene.attached();
        for (int sequence = 1; sequence <= 6; sequence += 1) {
            scene.forward(Row.of(0, sequence).window(1));
        }

        assertThat(scene.take())
                .containsExactly(
                        "ioreqs v0#1",
                        "completed v0#3:EAGAIN",
                        "completed v0#4:EAGAIN",
                        "completed v0#5:EAGAIN",
                        "completed v0#6:EAGAIN");
    }

    @Test
    @DisplayName("S5: no more rows are unanswered than the credit says")
    void deliversByCredit() {
        ServerScene scene = new ServerScene();
        scene.attach(ServerScene.RUN, 2);
        scene.forward(Row.of(0, 1), Row.of(0, 2), Row.of(0, 3), Row.of(0, 4));
        assertThat(scene.take()).containsExactly("attached 11", "ioreqs v0#1 v0#2");

        scene.answer(Row.of(0, 2));
        assertThat(scene.take()).containsExactly("completed v0#2=0", "ioreqs v0#3");

        assertThat(scene.rules.addCredit(scene.now, scene.session, 5)).isEmpty();
        assertThat(scene.take()).containsExactly("ioreqs v0#4");
    }

    @Test
    void refusesCreditAboveTheLimitAndGoesOn() {
        ServerScene scene = ServerScene.attached();

        assertThat(scene.rules.addCredit(scene.now, scene.session, (1 << 20) - 1000))
                .isEmpty();
        assertThat(scene.rules.addCredit(scene.now, scene.session, 1))
                .hasValueSatisfying(refusal -> assertThat(refusal.metadata())
                        .containsEntry("field", "rows")
                        .containsEntry("limit", "1048576"));

        scene.forward(Row.of(0, 1));
        assertThat(scene.take()).containsExactly("ioreqs v0#1");
    }

    @Test
    void aRefusedAnswerGivesNoCreditUnlessItsRowWasCompletedOtherwise() {
        ServerScene scene = new ServerScene();
        scene.attach(ServerScene.RUN, 1);
        scene.forward(Row.of(0, 1), Row.of(1, 2));
        scene.take();
        scene.answer(Row.of(3, 3));
        assertThat(scene.take()).isEmpty();

        scene.recall(1, 100, Row.of(0, 1));
        scene.after(100);
        assertThat(scene.take()).containsExactly("recalled 1", "again v0#1");
        scene.answer(Row.of(0, 1));
        assertThat(scene.take()).containsExactly("ioreqs v1#2");
    }

    @Test
    void waitsForTheStreamToTakeMore() {
        ServerScene scene = ServerScene.attached();
        scene.streamIsReady = false;
        scene.forward(Row.of(0, 1));
        scene.forward(Row.of(0, 2));
        assertThat(scene.take()).containsExactly("ioreqs v0#1");

        scene.rules.ready(scene.now, scene.session);

        assertThat(scene.take()).containsExactly("ioreqs v0#2");
    }

    @Test
    @DisplayName("C7: a batch holds rows of one decided revision and shard epoch")
    void cutsBatchesWhereTheRevisionChanges() {
        ServerScene scene = new ServerScene();
        scene.forward(Row.of(0, 1), Row.of(1, 1));
        scene.revision++;
        scene.apply();
        scene.forward(Row.of(0, 2));
        scene.shardEpoch = 2;
        scene.forward(Row.of(0, 3));
        scene.changedRevision = scene.revision - 1;
        scene.session = 12;
        scene.run = ServerScene.RUN;
        scene.apply();

        scene.rules.bind(scene.now, 12, ServerScene.RUN, 100, new KeptRequests());

        assertThat(scene.take())
                .containsExactly("attached 12", "ioreqs v0#1", "ioreqs v1#1", "ioreqs v0#2", "ioreqs v0#3");
    }

    @Test
    @DisplayName("L: a batch holds at most 4,096 rows")
    void cutsBatchesAtTheLimit() {
        ServerScene scene = new ServerScene();
        for (int vcpu = 0; vcpu < 5; vcpu++) {
            Row[] rows = new Row[1000];
            for (int i = 0; i < rows.length; i++) {
                rows[i] = Row.of(vcpu, i + 1).window(1024);
            }
            scene.forward(rows);
        }

        scene.attach(ServerScene.RUN, 1 << 20);

        assertThat(scene.take().stream().map(sentence -> sentence.split(" ").length - 1))
                .containsExactly(1, 4096, 904);
    }

    @Test
    void vcpusTakeTurnsWhenCreditIsShort() {
        ServerScene scene = new ServerScene();
        scene.forward(Row.of(0, 1), Row.of(0, 2), Row.of(0, 3));
        scene.forward(Row.of(1, 1), Row.of(1, 2));
        scene.forward(Row.of(2, 1));
        scene.attach(ServerScene.RUN, 1);
        scene.take();

        scene.answer(Row.of(0, 1));
        scene.answer(Row.of(1, 1));
        scene.answer(Row.of(2, 1));
        scene.answer(Row.of(0, 2));

        assertThat(scene.take())
                .containsExactly(
                        "completed v0#1=0", "ioreqs v1#1",
                        "completed v1#1=0", "ioreqs v2#1",
                        "completed v2#1=0", "ioreqs v0#2",
                        "completed v0#2=0", "ioreqs v1#2");
    }

    @Test
    @DisplayName("D1: nothing is delivered while the domain is paused, and answers are taken")
    void pausesDelivery() {
        ServerScene scene = ServerScene.attached();
        scene.forward(Row.of(0, 1));
        scene.paused = true;
        scene.apply();
        scene.forward(Row.of(0, 2));
        scene.answer(Row.of(0, 1));
        assertThat(scene.take()).containsExactly("ioreqs v0#1", "completed v0#1=0");

        scene.paused = false;
        scene.apply();

        assertThat(scene.take()).containsExactly("ioreqs v0#2");
    }
}
