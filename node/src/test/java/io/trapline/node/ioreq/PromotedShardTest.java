package io.trapline.node.ioreq;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.AccessFlags;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.SettledRows;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("D-22: a shard goes on at another node, and asks a server that has stayed where it is")
final class PromotedShardTest {
    private final ServerScene scene = ServerScene.buffering();

    @BeforeEach
    void keep() {
        scene.rules.keepTold();
        scene.attach(ServerScene.RUN, 1000);
        scene.take();
    }

    private void ask(Row... rows) {
        IoreqRows columns = new IoreqRows(rows.length);
        for (Row row : rows) {
            row.addTo(columns, scene.now);
        }
        scene.shardEpoch++;
        scene.rules.ask(scene.now, 0, scene.shardEpoch, scene.homeEpoch, columns, new KeyRows(1));
    }

    private static Row read(long sequence) {
        return Row.of(0, sequence).read(4);
    }

    private static Row posted(long sequence) {
        return Row.of(0, sequence).post();
    }

    @Test
    @DisplayName("what is here stays: its answer is the one outcome, and it is not delivered again")
    void leavesWhatIsHere() {
        scene.forward(read(1));
        assertThat(scene.take()).containsExactly("ioreqs v0#1");

        ask(read(1));
        assertThat(scene.take()).isEmpty();

        scene.answer(0x42, read(1));
        assertThat(scene.take()).containsExactly("completed v0#1=42");
    }

    @Test
    @DisplayName("what was told, and perhaps heard by nobody, is told again; until every copy has it")
    void tellsAgain() {
        scene.forward(read(1), read(2));
        scene.answer(0x42, read(1));
        scene.answer(0x43, read(2));
        scene.rules.recorded(scene.now, Row.keys(read(2)));
        scene.take();

        ask(read(1), read(2));

        assertThat(scene.take()).containsExactly("completed v0#1=42", "again v0#2");
    }

    @Test
    @DisplayName(
            "F6, A4: no mark passes a posted write that is done until every copy of its shard has that: whoever asks, only the emulator could say that it was carried out")
    void keepsMarksBelowWhatIsToldAndNotRecorded() {
        scene.forward(posted(1), read(2));
        scene.answer(posted(1), read(2));
        scene.take();
        scene.forwardFrom(1, scene.revision, ServerScene.settled(0, 2), read(3));
        assertThat(scene.take()).containsExactly("ioreqs v0#3");

        scene.rules.recorded(scene.now, Row.keys(posted(1)));

        assertThat(scene.take()).containsExactly("settled v0<=2");
    }

    @Test
    @DisplayName(
            "F6: whoever decides the shard now knows of all that it does not ask about: marks pass that, and not what it does")
    void marksPassWhatIsNotAskedAbout() {
        scene.forward(posted(1), posted(2), posted(3));
        scene.answer(posted(1), posted(2), posted(3));
        scene.forwardFrom(1, scene.revision, ServerScene.settled(0, 3));
        scene.take();

        ask(posted(2));
        assertThat(scene.take()).containsExactly("completed v0#2=0", "settled v0<=1");

        scene.rules.recorded(scene.now, Row.keys(posted(2)));
        assertThat(scene.take()).containsExactly("settled v0<=3");
    }

    @Test
    @DisplayName(
            "F6: an emulator keeps a bounded number of answers behind a posted write that is done and not recorded")
    void deliversNoMoreBehindThanAnEmulatorKeeps() {
        scene.forward(posted(1));
        scene.answer(posted(1));
        scene.take();
        long far = 1 + Row.WINDOW + 511;
        scene.forward(read(far - 1), read(far));
        assertThat(scene.take()).containsExactly("ioreqs v0#" + (far - 1));

        scene.rules.recorded(scene.now, Row.keys(posted(1)));

        assertThat(scene.take()).contains("ioreqs v0#" + far);
    }

    @Test
    @DisplayName(
            "F6: nothing of a newer epoch is delivered before a posted write of an older one is recorded: by that its emulator forgets it")
    void deliversNothingOfANewerEpochBefore() {
        scene.forward(posted(1));
        scene.answer(posted(1));
        scene.open(0, 77);
        scene.take();
        scene.forward(Row.of(0, 1).epoch(77));
        assertThat(scene.take()).isEmpty();

        scene.rules.recorded(scene.now, Row.keys(posted(1)));

        assertThat(scene.take()).containsExactly("ioreqs v0@77#1");
    }

    @Test
    @DisplayName(
            "what is asked before the server knows where the shard is now waits for that: an answer would go where it was")
    void waitsUntilItKnowsWhereTheShardIs() {
        scene.forward(read(1), read(2));
        scene.answer(0x42, read(1));
        scene.take();
        scene.shardEpoch = (int) scene.revision;

        ask(read(1), read(2), read(3));
        scene.rules.recall(scene.now, 0, scene.shardEpoch, 1, 1, Row.keys(read(3)), 5_000);
        assertThat(scene.take()).isEmpty();

        scene.open(1, 77);
        assertThat(scene.take()).containsExactly("completed v0#1=42", "again v0#3", "recalled 1");
        assertThat(scene.rules.counters().inFlight()).isEqualTo(1);
    }

    @Test
    @DisplayName(
            "F5: what is recalled by a shard that had nothing to ask waits as well until the server knows where that is now: a type change waits for the answer")
    void waitsForAShardThatHasAskedNothing() {
        scene.forward(read(1));
        scene.take();

        scene.rules.recall(scene.now, 0, scene.revision + 1, 1, 1, Row.keys(read(2)), 5_000);
        assertThat(scene.take()).isEmpty();

        scene.open(1, 77);
        assertThat(scene.take()).containsExactly("recalled 1");
    }

    @Test
    @DisplayName("what never came is decided again; and what comes late from the shard before, or was held, is none")
    void givesBackWhatNeverCame() {
        scene.forwardFrom(0, scene.revision + 1, new SettledRows(0), read(1));
        int before = scene.shardEpoch;

        ask(read(1), read(2));
        assertThat(scene.take()).containsExactly("again v0#1 v0#2");

        int now = scene.shardEpoch;
        scene.shardEpoch = before;
        scene.forward(read(2));
        scene.shardEpoch = now;
        scene.change();
        assertThat(scene.take()).isEmpty();
        assertThat(scene.rules.counters().inFlight()).isZero();
    }

    @Test
    @DisplayName(
            "F3: a posted write that the life before was given back is given back again, once; until it is said where it goes nothing later is delivered")
    void givesBackAgainWhatMayComeAgain() {
        scene.timeoutMillis = 0;
        scene.apply();
        scene.forward(posted(1));
        scene.claims[0] = 0;
        scene.change();
        scene.after(5_000);
        scene.claims[0] = AccessFlags.ALL;
        scene.change();
        scene.forward(read(2));
        assertThat(scene.take()).contains("again v0#1").doesNotContain("ioreqs v0#2");

        ask(read(2));
        assertThat(scene.take()).containsExactly("again v0#1");
        scene.rules.ask(scene.now, 0, scene.shardEpoch, scene.homeEpoch, new IoreqRows(1), new KeyRows(1));
        assertThat(scene.take()).as("the same life again").isEmpty();
        scene.rules.postedLeft(scene.now, Row.keys(posted(1)));

        assertThat(scene.take()).containsExactly("ioreqs v0#2");
    }

    @Test
    @DisplayName("F3: a posted write that is here is queued, and one that was carried out is done")
    void knowsPostedWrites() {
        scene.forward(posted(1), posted(2));
        scene.answer(posted(1));
        scene.take();

        ask(posted(1), posted(2));

        assertThat(scene.take()).containsExactlyInAnyOrder("completed v0#1=0", "queued v0#2");
    }
}
