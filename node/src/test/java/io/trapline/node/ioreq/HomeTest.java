package io.trapline.node.ioreq;

import static io.trapline.node.ioreq.ServerScene.OTHER_RUN;
import static io.trapline.node.ioreq.ServerScene.RUN;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Errno;
import io.trapline.node.protocol.Life;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.SettledRows;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

@DisplayName("D-15, D-21, D-22: a server's home changes")
final class HomeTest {
    private static final Life SHARDS = new Life("n1", 0x11);
    private static final Life MORE_SHARDS = new Life("n2", 0x22);
    private static final long PLACED = 1;
    private static final KeyRows NONE = new KeyRows(1);
    private static final long BEFORE = 9;
    private static final int LEFT_HOMES_SERVE = (int) (Expiry.LEFT_HOMES_SERVE_NANOS / 1_000_000);

    /** A server that comes to this home, with its emulator's session begun. */
    private static ServerScene come(Life... primaries) {
        ServerScene scene = new ServerScene();
        move(scene, primaries);
        scene.take();
        return scene;
    }

    private static void move(ServerScene scene, Life... primaries) {
        scene.homeEpoch = scene.revision + 1;
        scene.tellers = placed(primaries);
        scene.begin(RUN);
    }

    private static void ask(ServerScene scene, long homeEpoch, KeyRows returned, Row... rows) {
        IoreqRows columns = new IoreqRows(rows.length);
        for (Row row : rows) {
            row.since(BEFORE).addTo(columns, scene.now);
        }
        scene.rules.ask(scene.now, 0, scene.shardEpoch, homeEpoch, columns, returned);
    }

    private static void ask(ServerScene scene, Row... rows) {
        ask(scene, scene.homeEpoch, NONE, rows);
    }

    private static void told(ServerScene scene, Life by) {
        told(scene, by, PLACED);
    }

    private static void told(ServerScene scene, Life by, long shardEpoch) {
        scene.rules.homeTold(scene.now, by, scene.homeEpoch, shardEpoch);
    }

    /** Each has shards since long. */
    private static Map<Life, Long> placed(Life... lives) {
        return Stream.of(lives).collect(Collectors.toMap(life -> life, life -> PLACED));
    }

    private static void bind(ServerScene scene, long run, KeptRequests kept) {
        scene.rules.bind(scene.now, scene.session, run, 1000, kept);
    }

    @Nested
    @DisplayName("is left")
    final class IsLeft {
        @Test
        @DisplayName("and says nothing more of what it had: shards ask the next one")
        void forgetsAll() {
            ServerScene scene = ServerScene.attached();
            scene.forward(Row.of(0, 1).within(1_000), Row.of(1, 1));
            scene.lose();
            scene.forward(Row.of(0, 2));
            scene.take();

            move(scene);
            scene.after(60_000);

            assertThat(scene.take()).isEmpty();
            assertThat(scene.rules.counters().inFlight()).isZero();
        }

        @Test
        @DisplayName("and what was on its way there is dropped, since it is asked about")
        void dropsLateForwards() {
            ServerScene scene = come();
            scene.forwardFrom(0, scene.homeEpoch - 1, new SettledRows(0), Row.of(0, 1));

            assertThat(scene.take()).isEmpty();
            assertThat(scene.rules.counters().inFlight()).isZero();
        }

        @Test
        @DisplayName("and comes back: what it had in its earlier life there is not its own any more")
        void knowsNothingOfAnEarlierTime() {
            ServerScene scene = ServerScene.attached();
            scene.forward(Row.of(0, 1));
            scene.take();
            move(scene, SHARDS);
            scene.take();
            told(scene, SHARDS);
            bind(scene, RUN, new KeptRequests());

            assertThat(scene.take()).containsExactly("attached " + scene.session);
        }

        @Test
        @DisplayName("V-10: and a drain does not wait for what it forgets")
        void drainsEnd() {
            ServerScene scene = ServerScene.attached();
            scene.forward(Row.of(0, 1));
            long drain = scene.revision + 1;
            scene.change(scene.drain(0, 5_000));
            scene.take();

            move(scene);

            assertThat(scene.take()).contains("drained " + drain);
        }
    }

    @Nested
    @DisplayName("is new")
    final class IsNew {
        @Test
        @DisplayName("e before delivery, the same run: what it does not know is delivered, once and unmarked")
        void deliversWhatTheRunDoesNotKnow() {
            ServerScene scene = come(SHARDS);
            ask(scene, Row.of(0, 1), Row.of(0, 2));
            told(scene, SHARDS);
            assertThat(scene.take()).as("no emulator yet").isEmpty();

            bind(scene, RUN, new KeptRequests());

            assertThat(scene.take()).containsExactly("attached " + scene.session, "ioreqs v0#1 v0#2");
        }

        @Test
        @DisplayName(
                "F3, F5: that a posted write does not come again is heard behind the ask that says that it may, however early both come")
        void hearsInOrderWhatComesEarly() {
            ServerScene scene = ServerScene.buffering();
            scene.homeEpoch = scene.revision + 1;
            ask(scene, scene.homeEpoch, Row.keys(Row.of(0, 1).post()), Row.of(0, 2));
            scene.rules.postedLeft(scene.now, Row.keys(Row.of(0, 1).post()));
            scene.tellers = placed(SHARDS);
            scene.begin(RUN);
            scene.take();
            told(scene, SHARDS);

            bind(scene, RUN, new KeptRequests());

            assertThat(scene.take()).containsExactly("attached " + scene.session, "ioreqs v0#2");
        }

        @Test
        @DisplayName(
                "e after delivery, before the answer: what is under way stays with the emulator, whose answer counts")
        void leavesWhatIsUnderWay() {
            ServerScene scene = come(SHARDS);
            ask(scene, Row.of(0, 1));
            told(scene, SHARDS);
            bind(scene, RUN, ServerScene.underWay(Row.of(0, 1)));
            assertThat(scene.take()).containsExactly("attached " + scene.session);

            scene.answer(Row.of(0, 1));

            assertThat(scene.take()).containsExactly("completed v0#1=0");
        }

        @Test
        @DisplayName("e after the answer, before Completed: the kept answer is the outcome")
        void believesKeptAnswers() {
            ServerScene scene = come(SHARDS);
            ask(scene, Row.of(0, 1).read(4));
            told(scene, SHARDS);
            bind(scene, RUN, ServerScene.carriedOut(Row.of(0, 1), 0xBEEF));

            assertThat(scene.take()).containsExactly("attached " + scene.session, "completed v0#1=beef");
        }

        @Test
        @DisplayName("F6: another run is told that the one before may have carried it out")
        void marksForAnotherRun() {
            ServerScene scene = come(SHARDS);
            scene.otherRunUntil = BEFORE + 1;
            scene.begin(OTHER_RUN);
            scene.take();
            ask(scene, Row.of(0, 1));
            told(scene, SHARDS);
            bind(scene, OTHER_RUN, new KeptRequests());

            assertThat(scene.take()).containsExactly("attached " + scene.session, "ioreqs v0#1!");
        }

        @Test
        @DisplayName("F6: what was passed after the other run was gone is not marked")
        void doesNotMarkWhatTheOtherCannotHaveHad() {
            ServerScene scene = come(SHARDS);
            scene.otherRunUntil = BEFORE;
            scene.begin(OTHER_RUN);
            scene.take();
            ask(scene, Row.of(0, 1));
            told(scene, SHARDS);
            bind(scene, OTHER_RUN, new KeptRequests());

            assertThat(scene.take()).containsExactly("attached " + scene.session, "ioreqs v0#1");
        }

        @Test
        @DisplayName("A1, F4: the time of what is asked about goes on")
        void timesOut() {
            ServerScene scene = come(SHARDS);
            ask(scene, Row.of(0, 1).within(5_000));
            told(scene, SHARDS);
            scene.after(4_999);
            assertThat(scene.take()).isEmpty();
            scene.after(1);

            assertThat(scene.take()).containsExactly("completed v0#1:ETIMEDOUT");
        }

        @Test
        @DisplayName(
                "F4: what was never delivered is not once it has timed out: not while the home that was left may serve without having heard of it")
        void doesNotTimeOutWhatTheHomeBeforeMayDeliver() {
            ServerScene scene = come(SHARDS);
            ask(scene, Row.of(0, 1).within(1_000));
            told(scene, SHARDS);
            scene.after(LEFT_HOMES_SERVE - 1);
            assertThat(scene.take()).isEmpty();
            scene.after(1);

            assertThat(scene.take()).containsExactly("completed v0#1:ETIMEDOUT");
        }

        @Test
        @DisplayName("F4: and what is passed to the server here times out as ever")
        void timesOutWhatComesHere() {
            ServerScene scene = come(SHARDS);
            told(scene, SHARDS);
            scene.forward(Row.of(0, 1).within(1_000));
            scene.after(1_000);

            assertThat(scene.take()).containsExactly("completed v0#1:ETIMEDOUT");
        }

        @Test
        @DisplayName("F5: nor does what a recall has caught go back before")
        void doesNotGiveBackWhatTheHomeBeforeMayDeliver() {
            ServerScene scene = come(SHARDS);
            ask(scene, Row.of(0, 1).within(60_000));
            told(scene, SHARDS);
            scene.recall(4, 0, Row.of(0, 1));
            scene.after(LEFT_HOMES_SERVE - 1);
            assertThat(scene.take()).containsExactly("recalled 4");
            scene.after(1);

            assertThat(scene.take()).containsExactly("again v0#1");
        }

        @Test
        @DisplayName(
                "rule 0, F4: an attach that has returned was heard of by every node that serves, the home before too")
        void timesOutOnceAnAttachHasReturned() {
            ServerScene scene = come(SHARDS, MORE_SHARDS);
            ask(scene, Row.of(0, 1).within(1_000));
            told(scene, SHARDS);
            scene.after(1_200);
            assertThat(scene.take()).isEmpty();
            bind(scene, RUN, new KeptRequests());
            scene.after(1);

            assertThat(scene.take()).containsExactly("attached " + scene.session, "completed v0#1:ETIMEDOUT");
        }

        @Test
        @DisplayName("F5: what it does not cover any more waits for an emulator as long as a drain does, and goes back")
        void givesBackWhatItDoesNotCover() {
            ServerScene scene = come(SHARDS);
            ask(scene, Row.of(0, 1).claimed(9).within(60_000));
            told(scene, SHARDS);
            scene.after(4_999);
            assertThat(scene.take()).isEmpty();
            scene.after(1);

            assertThat(scene.take()).containsExactly("again v0#1");
        }

        @Test
        @DisplayName("F5: and is not delivered once more")
        void doesNotDeliverWhatItDoesNotCover() {
            ServerScene scene = come(SHARDS);
            ask(scene, Row.of(0, 1).claimed(9));
            told(scene, SHARDS);
            bind(scene, RUN, new KeptRequests());

            assertThat(scene.take()).containsExactly("attached " + scene.session, "again v0#1");
        }

        @Test
        @DisplayName("F3: a posted write is queued here, and done when the run has carried it out")
        void queuesPostedWrites() {
            ServerScene scene = come(SHARDS);
            ask(scene, Row.of(0, 1).post().within(Row.FOR_EVER));
            told(scene, SHARDS);
            assertThat(scene.take()).containsExactly("queued v0#1");
            bind(scene, RUN, ServerScene.carriedOut(Row.of(0, 1), 0));

            assertThat(scene.take()).containsExactly("attached " + scene.session, "done v0#1");
        }

        @Test
        @DisplayName("F3: nothing later of the vCPU is delivered before a posted write that may come again")
        void waitsForReturnedPosts() {
            ServerScene scene = come(SHARDS);
            ask(scene, scene.homeEpoch, Row.keys(Row.of(0, 1)), Row.of(0, 2));
            told(scene, SHARDS);
            bind(scene, RUN, new KeptRequests());
            assertThat(scene.take()).containsExactly("attached " + scene.session);

            scene.rules.postedLeft(scene.now, Row.keys(Row.of(0, 1)));

            assertThat(scene.take()).containsExactly("ioreqs v0#2");
        }

        @Test
        @DisplayName("F5: a recall finds what was asked about")
        void recallsWhatWasAsked() {
            ServerScene scene = come(SHARDS);
            ask(scene, Row.of(0, 1).within(60_000));
            scene.recall(4, 5_000, Row.of(0, 1));
            told(scene, SHARDS);
            assertThat(scene.take()).containsExactly("recalled 4");
            bind(scene, RUN, new KeptRequests());

            assertThat(scene.take()).containsExactly("attached " + scene.session, "again v0#1");
        }
    }

    @Nested
    @DisplayName("begins when all have asked")
    final class Begins {
        @Test
        @DisplayName("A3, F3: before the last node with shards has, nothing is delivered and nothing is believed")
        void waitsForAllNodes() {
            ServerScene scene = come(SHARDS, MORE_SHARDS);
            bind(scene, RUN, ServerScene.carriedOut(Row.of(0, 2), 0));
            scene.forward(Row.of(0, 3));
            ask(scene, Row.of(0, 1));
            told(scene, SHARDS);
            assertThat(scene.rules.awaitsShards()).isTrue();
            assertThat(scene.take()).containsExactly("attached " + scene.session);

            ask(scene, Row.of(0, 2));
            told(scene, MORE_SHARDS);

            assertThat(scene.rules.awaitsShards()).isFalse();
            assertThat(scene.take()).containsExactly("completed v0#2=0", "ioreqs v0#1 v0#3");
        }

        @Test
        @DisplayName(
                "F3, F4: before that the server's time does not run: what its emulator was perhaps never passed is passed to it then")
        void timesNothingOutBefore() {
            ServerScene scene = come(SHARDS);
            ask(scene, Row.of(0, 1).post().within(Row.FOR_EVER));
            scene.take();
            bind(scene, RUN, new KeptRequests());
            scene.after(60_000);
            assertThat(scene.take()).containsExactly("attached " + scene.session);

            told(scene, SHARDS);

            assertThat(scene.take()).containsExactly("ioreqs v0#1+");
        }

        @Test
        @DisplayName(
                "F6: before that no mark is passed on: what has yet to be asked about the emulator must know, should it attach once more")
        void passesNoMarksBefore() {
            ServerScene scene = come(SHARDS, MORE_SHARDS);
            bind(scene, RUN, new KeptRequests());
            ask(scene, Row.of(0, 3));
            told(scene, SHARDS);
            scene.forwardFrom(0, scene.revision, ServerScene.settled(0, 2));
            assertThat(scene.take()).containsExactly("attached " + scene.session);

            ask(scene, Row.of(0, 1).post().within(Row.FOR_EVER));
            told(scene, MORE_SHARDS);

            assertThat(scene.take()).containsExactly("queued v0#1", "ioreqs v0#1+ v0#3");
        }

        @Test
        @DisplayName("by the shards of now: who has none any more is not waited for")
        void followsThePrimaries() {
            ServerScene scene = come(SHARDS, MORE_SHARDS);
            told(scene, SHARDS);
            assertThat(scene.rules.awaitsShards()).isTrue();

            scene.tellers = placed(SHARDS);
            scene.revision++;
            scene.apply();

            assertThat(scene.rules.awaitsShards()).isFalse();
        }

        @Test
        @DisplayName(
                "does not begin by what a node said before another node's shard came to it: that one has not asked yet (A3, F1)")
        void waitsForWhatAPromotedCopyAsks() {
            ServerScene scene = come(SHARDS, MORE_SHARDS);
            told(scene, SHARDS);

            scene.revision++;
            scene.tellers = Map.of(SHARDS, scene.revision);
            scene.apply();
            assertThat(scene.rules.awaitsShards()).isTrue();

            told(scene, SHARDS, scene.revision);
            assertThat(scene.rules.awaitsShards()).isFalse();
        }

        @Test
        @DisplayName("is not forgotten to be told by whom knows of it before it does itself")
        void remembersWhoKnewEarlier() {
            ServerScene scene = new ServerScene();
            scene.rules.homeTold(scene.now, SHARDS, scene.revision + 2, PLACED);
            scene.revision++;
            scene.apply();

            move(scene, SHARDS);

            assertThat(scene.rules.awaitsShards()).isFalse();
        }

        @Test
        @DisplayName("what is asked of a home to come waits until it is one, and a recall behind it too")
        void waitsForItsView() {
            ServerScene scene = new ServerScene();
            long home = scene.revision + 1;
            ask(scene, home, NONE, Row.of(0, 1).within(60_000));
            scene.recall(1, 5_000, Row.of(0, 1));
            scene.rules.homeTold(scene.now, SHARDS, home, PLACED);
            assertThat(scene.take()).isEmpty();

            move(scene, SHARDS);
            assertThat(scene.take()).containsExactly("recalled 1");
            bind(scene, RUN, new KeptRequests());

            assertThat(scene.take()).containsExactly("attached " + scene.session, "again v0#1");
        }

        @Test
        @DisplayName("what is asked of a home that was left since is passed over")
        void passesOverOldQuestions() {
            ServerScene scene = come(SHARDS);
            ask(scene, scene.homeEpoch - 1, NONE, Row.of(0, 1));

            assertThat(scene.take()).isEmpty();
            assertThat(scene.rules.counters().inFlight()).isZero();
        }

        @Test
        @DisplayName("at once where it has always been, and where it is not")
        void elsewhereAtOnce() {
            assertThat(new ServerScene().rules.awaitsShards()).isFalse();
            ServerScene scene = come();
            assertThat(scene.rules.awaitsShards()).isFalse();
            assertThat(scene.gate(Row.of(0, 1)).map(refusal -> refusal.errno())).hasValue(Errno.ESTALE);
        }
    }
}
