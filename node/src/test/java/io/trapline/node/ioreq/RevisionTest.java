package io.trapline.node.ioreq;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.node.rows.SettledRows;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("C7: what is too old or too new to be taken")
final class RevisionTest {
    private static void forward(ServerScene scene, long decidedRevision, Row... rows) {
        scene.forwardFrom(0, decidedRevision, new SettledRows(0), rows);
    }

    @Test
    void givesBackWhatWasDecidedBeforeItsLastChange() {
        ServerScene scene = ServerScene.attached();
        scene.change();
        assertThat(scene.changedRevision).isEqualTo(12);

        forward(scene, 11, Row.of(0, 1), Row.of(0, 2).post());
        assertThat(scene.take()).containsExactly("again v0#1 v0#2");
        forward(scene, 12, Row.of(0, 1));

        assertThat(scene.take()).containsExactly("ioreqs v0#1");
        assertThat(scene.rules.counters().decidedAgain()).isEqualTo(2);
    }

    @Test
    void takesWhatWasDecidedSinceThoughOthersHaveChanged() {
        ServerScene scene = ServerScene.attached();
        scene.revision = 20;
        scene.apply();

        forward(scene, 11, Row.of(0, 1));

        assertThat(scene.take()).containsExactly("ioreqs v0#1");
    }

    @Test
    void holdsWhatWasDecidedBeyondWhatIsApplied() {
        ServerScene scene = ServerScene.attached();
        forward(scene, 13, Row.of(0, 1));
        scene.revision = 12;
        scene.apply();
        assertThat(scene.take()).isEmpty();

        scene.revision = 13;
        scene.apply();

        assertThat(scene.take()).containsExactly("ioreqs v0#1");
    }

    @Test
    void givesBackWhatItHeldWhenAChangeHasOvertakenIt() {
        ServerScene scene = ServerScene.attached();
        forward(scene, 13, Row.of(0, 1));

        scene.revision = 14;
        scene.changedRevision = 14;
        scene.apply();

        assertThat(scene.take()).containsExactly("again v0#1");
    }

    @Test
    @DisplayName(
            "F4, F5, A6: what is held times out, is recalled and is fenced like the rest, but nothing is said of it before its view: it may be for another home (D-22)")
    void looksAfterWhatItHolds() {
        ServerScene scene = ServerScene.attached();
        forward(scene, 13, Row.of(0, 1).within(1_000), Row.of(1, 1), Row.of(2, 1), Row.of(2, 2));

        scene.after(1_000);
        assertThat(scene.take()).isEmpty();
        scene.recall(5, 100, Row.of(2, 2));
        assertThat(scene.take()).containsExactly("recalled 5");
        scene.open(1, Row.EPOCH + 1);
        scene.revision = 13;
        scene.apply();

        assertThat(scene.take()).containsExactly("completed v0#1:ETIMEDOUT", "again v2#1 v2#2");
    }

    @Test
    void takesNothingOfAShardUnderAnOlderEpoch() {
        ServerScene scene = ServerScene.attached();
        scene.shardEpoch = 5;
        scene.forward(Row.of(0, 1));
        scene.shardEpoch = 4;
        scene.forward(Row.of(0, 2));
        assertThat(scene.take()).containsExactly("ioreqs v0#1");

        scene.forwardFrom(1, scene.revision, new SettledRows(0), Row.of(0, 2));

        assertThat(scene.take()).containsExactly("ioreqs v0#2");
    }

    @Test
    @DisplayName("F6: a resend of a row that is here joins it")
    void aResendJoinsARowThatIsHere() {
        ServerScene scene = ServerScene.buffering();
        scene.attach(ServerScene.RUN, 10);
        scene.forward(Row.of(0, 1), Row.of(0, 2).post());
        scene.take();

        scene.shardEpoch = 9;
        scene.forwardFrom(
                1,
                scene.revision,
                new SettledRows(0),
                Row.of(0, 1),
                Row.of(0, 2).post());
        assertThat(scene.take()).containsExactly("queued at 1 v0#2");
        scene.answer(Row.of(0, 1), Row.of(0, 2));

        assertThat(scene.take()).containsExactly("completed at 1 v0#1=0", "done at 1 v0#2");
    }

    @Test
    @DisplayName("A6: rows of an older epoch of their vCPU are let go, and their answers refused")
    void letsGoRowsOfAnOlderEpoch() {
        ServerScene scene = new ServerScene();
        scene.attach(ServerScene.RUN, 1);
        scene.forward(Row.of(0, 1), Row.of(0, 2), Row.of(1, 1));
        scene.take();

        scene.open(0, 9);
        scene.forward(Row.of(0, 3), Row.of(0, 1).epoch(9));
        assertThat(scene.take()).isEmpty();
        scene.answer(Row.of(0, 1));

        assertThat(scene.take()).containsExactly("ioreqs v1#1");
        scene.answer(Row.of(1, 1));
        assertThat(scene.take()).containsExactly("completed v1#1=0", "ioreqs v0@9#1");
        assertThat(scene.rules.counters().refusedAnswers()).isEqualTo(1);
    }

    @Test
    @DisplayName("A6: a row of a newer epoch fences the older even before the registry's word is here")
    void aNewerRowFencesTheOlderEpoch() {
        ServerScene scene = ServerScene.attached();
        scene.forward(Row.of(0, 1));
        scene.after(5_000);
        scene.forward(Row.of(0, 2));
        scene.take();

        scene.forward(Row.of(0, 1).epoch(9).window(2));
        scene.open(0, 8);
        assertThat(scene.take()).containsExactly("ioreqs v0@9#1");
        scene.answer(Row.of(0, 2));
        scene.answer(Row.of(0, 1).epoch(9));

        assertThat(scene.take()).containsExactly("completed v0@9#1=0");
    }

    @Test
    void anOlderRevisionChangesNothing() {
        ServerScene scene = ServerScene.attached();
        scene.forward(Row.of(0, 1));
        scene.take();
        scene.revision = 5;
        scene.enabled = false;
        scene.session = 0;

        scene.apply();

        assertThat(scene.take()).isEmpty();
    }

    @Test
    @DisplayName("D-21: a recall may overtake what its shard had decided before")
    void givesBackWhatAlreadyWasRecalledWhenItArrives() {
        ServerScene scene = ServerScene.attached();
        scene.recalledChange = 3;
        scene.recall(9, 100, Row.of(0, 1));
        assertThat(scene.take()).containsExactly("recalled 9");

        scene.decidedChange = 2;
        scene.forward(Row.of(0, 1), Row.of(1, 7));
        assertThat(scene.take()).containsExactly("again v0#1 v1#7");
        scene.decidedChange = 3;
        scene.forward(Row.of(0, 1));
        assertThat(scene.take()).containsExactly("ioreqs v0#1");
    }
}
