package io.trapline.node.ioreq;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.rows.SettledRows;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("S5, F6: sessions, resends and settled marks")
final class SessionTest {
    private static ServerScene withThreeDelivered() {
        ServerScene scene = ServerScene.attached();
        scene.forward(Row.of(0, 1).read(4), Row.of(0, 2), Row.of(1, 1));
        scene.take();
        return scene;
    }

    @Test
    @DisplayName("F4: rows wait for an emulator")
    void rowsWaitForAnEmulator() {
        ServerScene scene = new ServerScene();
        scene.forward(Row.of(0, 1));
        assertThat(scene.take()).isEmpty();

        assertThat(scene.attach(ServerScene.RUN, 10)).isEmpty();

        assertThat(scene.take()).containsExactly("attached 11", "ioreqs v0#1");
    }

    @Test
    @DisplayName("F6: resent to the same run a row is not marked")
    void resendsToTheSameRunUnmarked() {
        ServerScene scene = withThreeDelivered();
        scene.lose();

        scene.attach(ServerScene.RUN, 10);

        assertThat(scene.take()).containsExactly("attached 12", "ioreqs v0#1 v0#2 v1#1");
        assertThat(scene.rules.counters().delivered()).isEqualTo(3);
        assertThat(scene.rules.counters().redelivered()).isEqualTo(3);
    }

    @Test
    @DisplayName("F6: resent to another run it is marked, if it was delivered before")
    void marksWhatAnotherRunMayHaveCarriedOut() {
        ServerScene scene = new ServerScene();
        scene.attach(ServerScene.RUN, 2);
        scene.forward(Row.of(0, 1), Row.of(0, 2), Row.of(0, 3));
        scene.take();

        scene.attach(ServerScene.OTHER_RUN, 10);

        assertThat(scene.take()).containsExactly("fenced 11 ESTALE", "attached 12", "ioreqs v0#1! v0#2! v0#3");
    }

    @Test
    @DisplayName("F6: and stays marked in later resends, even to the run that had it first")
    void keepsTheMark() {
        ServerScene scene = withThreeDelivered();
        scene.attach(ServerScene.OTHER_RUN, 10);
        scene.attach(ServerScene.OTHER_RUN, 10);
        scene.take();

        scene.attach(ServerScene.RUN, 10);

        assertThat(scene.take()).endsWith("ioreqs v0#1! v0#2! v1#1!");
    }

    @Test
    @DisplayName("S5: what the run has carried out is completed by its kept answer, masked as any other")
    void believesKeptAnswers() {
        ServerScene scene = withThreeDelivered();
        scene.lose();

        scene.attach(ServerScene.RUN, 10, ServerScene.carriedOut(Row.of(0, 1), 0xAB_1234_5678L));

        assertThat(scene.take()).containsExactly("attached 12", "completed v0#1=12345678", "ioreqs v0#2 v1#1");
        scene.answer(Row.of(0, 1));
        assertThat(scene.rules.counters().refusedAnswers()).isEqualTo(1);
        assertThat(scene.rules.counters().answered()).isEqualTo(1);
    }

    @Test
    @DisplayName("S5: what the run has under way is not resent, and its answer comes by the new stream")
    void leavesWhatIsUnderWay() {
        ServerScene scene = withThreeDelivered();
        scene.lose();

        scene.attach(ServerScene.RUN, 2, ServerScene.underWay(Row.of(0, 2)));
        assertThat(scene.take()).containsExactly("attached 12", "ioreqs v0#1");
        scene.answer(Row.of(0, 2));

        assertThat(scene.take()).containsExactly("completed v0#2=0", "ioreqs v1#1");
    }

    @Test
    @DisplayName("S5: a row that this server has never delivered may be under way or carried out all the same")
    void believesWhatItDidNotDeliverItself() {
        ServerScene scene = new ServerScene();
        scene.forward(Row.of(0, 1), Row.of(0, 2), Row.of(0, 3));
        KeptRequests kept = ServerScene.carriedOut(Row.of(0, 1), 0);
        ServerScene.kept(kept, Row.of(0, 2), 0, true);

        scene.attach(ServerScene.RUN, 10, kept);

        assertThat(scene.take()).containsExactly("attached 11", "completed v0#1=0", "ioreqs v0#3");
        scene.answer(Row.of(0, 2));
        assertThat(scene.take()).containsExactly("completed v0#2=0");
    }

    @Test
    void passesOverKeptRowsThatFitNothing() {
        ServerScene scene = withThreeDelivered();
        scene.lose();
        KeptRequests kept = ServerScene.carriedOut(Row.of(7, 1), 0);
        ServerScene.kept(kept, Row.of(0, 1).epoch(99), 5, false);
        ServerScene.kept(kept, Row.of(0, 1).part(1), 5, false);
        ServerScene.kept(kept, Row.of(0, 9), 5, true);
        ServerScene.kept(kept, Row.of(0, 2), 0, true);
        ServerScene.kept(kept, Row.of(0, 2), 0, false);

        scene.attach(ServerScene.RUN, 10, kept);

        assertThat(scene.take()).containsExactly("attached 12", "ioreqs v0#1 v1#1");
    }

    @Test
    @DisplayName("F3, F6: posted writes are resumed like others")
    void resumesPostedWrites() {
        ServerScene scene = ServerScene.buffering();
        scene.attach(ServerScene.RUN, 10);
        scene.forward(Row.of(0, 1).post(), Row.of(0, 2).post(), Row.of(0, 3).post());
        scene.take();
        KeptRequests kept = ServerScene.carriedOut(Row.of(0, 2), 0);
        ServerScene.kept(kept, Row.of(0, 3), 0, true);

        scene.attach(ServerScene.OTHER_RUN, 10, kept);

        assertThat(scene.take()).containsExactly("fenced 11 ESTALE", "attached 12", "done v0#2", "ioreqs v0#1!+");
        scene.answer(Row.of(0, 3), Row.of(0, 1));
        assertThat(scene.take()).containsExactly("done v0#3 v0#1");
    }

    @Test
    @DisplayName("S5: the registry's newer session fences the bound one before its stream is bound")
    void fencesTheEarlierSession() {
        ServerScene scene = withThreeDelivered();
        long first = scene.session;

        scene.begin(ServerScene.OTHER_RUN);
        assertThat(scene.take()).containsExactly("fenced 11 ESTALE");
        scene.session = first;
        scene.answer(Row.of(0, 1));
        scene.rules.ready(scene.now, first);
        scene.forward(Row.of(0, 3));

        assertThat(scene.take()).isEmpty();
        assertThat(scene.rules.counters().refusedAnswers()).isEqualTo(1);
    }

    @Test
    void bindsOnlyTheRegistrysActiveSession() {
        ServerScene scene = ServerScene.attached();
        scene.attach(ServerScene.OTHER_RUN, 10);
        scene.take();

        assertThat(errno(scene.rules.bind(scene.now, 11, ServerScene.RUN, 10, new KeptRequests())))
                .contains(Errno.ESTALE);
        assertThat(errno(scene.rules.bind(scene.now, 12, ServerScene.RUN, 10, new KeptRequests())))
                .contains(Errno.ESTALE);
        assertThat(errno(scene.rules.bind(scene.now, 13, ServerScene.RUN, 10, new KeptRequests())))
                .contains(Errno.EAGAIN);
        assertThat(scene.take()).isEmpty();
        scene.session = 0;
        scene.change();
        // Nobody has taken its place: the emulator comes again by itself.
        assertThat(scene.take()).containsExactly("fenced 12 EAGAIN");
        assertThat(errno(scene.rules.bind(scene.now, 12, ServerScene.RUN, 10, new KeptRequests())))
                .contains(Errno.EAGAIN);
        assertThat(errno(scene.rules.bind(scene.now, 11, ServerScene.RUN, 10, new KeptRequests())))
                .contains(Errno.ESTALE);
    }

    private static Optional<Errno> errno(Optional<Refusal> refusal) {
        return refusal.map(Refusal::errno);
    }

    @Test
    void theLossOfAnEarlierStreamDoesNotTouchTheLaterOne() {
        ServerScene scene = ServerScene.attached();
        scene.attach(ServerScene.RUN, 10);
        scene.take();

        scene.rules.lost(11);
        scene.forward(Row.of(0, 1));

        assertThat(scene.take()).containsExactly("ioreqs v0#1");
    }

    @Test
    @DisplayName("F6: settled marks go with the next ioreqs, or alone where there are none")
    void passesSettledMarksOn() {
        ServerScene scene = ServerScene.attached();
        scene.forward(Row.of(0, 1), Row.of(1, 1));
        scene.answer(Row.of(0, 1), Row.of(1, 1));
        scene.take();

        scene.forwardFrom(0, scene.revision, ServerScene.settled(0, 1), Row.of(0, 2));
        assertThat(scene.take()).containsExactly("ioreqs v0#2", "settled v0<=1");
        scene.forwardFrom(0, scene.revision, ServerScene.settled(1, 1));
        assertThat(scene.take()).containsExactly("settled v1<=1");
        scene.forwardFrom(0, scene.revision, ServerScene.settled(1, 1));
        assertThat(scene.take()).isEmpty();
    }

    @Test
    @DisplayName("F6: a settled mark stays below what is still out, whatever another shard says")
    void keepsSettledMarksBelowWhatIsOut() {
        ServerScene scene = ServerScene.buffering();
        scene.attach(ServerScene.RUN, 10);
        scene.forward(Row.of(0, 1), Row.of(0, 2).post(), Row.of(0, 3));
        scene.answer(Row.of(0, 1), Row.of(0, 3));
        scene.take();

        scene.forwardFrom(1, scene.revision, ServerScene.settled(0, 3), Row.of(0, 4));

        assertThat(scene.take()).containsExactly("ioreqs v0#4", "settled v0<=1");
    }

    /** A posted write is with the emulator when a change gives it back to its shard. */
    private static ServerScene withAPostedWriteGivenBack(Row post) {
        ServerScene scene = ServerScene.buffering();
        scene.attach(ServerScene.RUN, 10);
        scene.forward(post);
        scene.recall(1, 0, post);
        scene.after(1);
        assertThat(scene.take()).endsWith("recalled 1", "again " + post);
        return scene;
    }

    @Test
    @DisplayName("F6, A4: no settled mark passes a posted write that was given back and may come again")
    void keepsSettledMarksBelowWhatMayComeAgain() {
        Row post = Row.of(0, 1).post();
        ServerScene scene = withAPostedWriteGivenBack(post);

        scene.forwardFrom(1, scene.revision, ServerScene.settled(0, 1), Row.of(1, 1));
        assertThat(scene.take()).containsExactly("ioreqs v1#1");

        scene.forward(post.within(Row.FOR_EVER));
        scene.answer(post);
        scene.forwardFrom(1, scene.revision, ServerScene.settled(0, 2), Row.of(0, 3));
        assertThat(scene.take())
                .containsExactly("queued v0#1", "ioreqs v0#1+", "done v0#1", "ioreqs v0#3", "settled v0<=2");
    }

    @Test
    @DisplayName("F6: the mark goes on once the posted write has gone elsewhere")
    void passesTheMarkOnWhenAPostedWriteHasGoneElsewhere() {
        Row post = Row.of(0, 1).post();
        ServerScene scene = withAPostedWriteGivenBack(post);
        scene.forwardFrom(1, scene.revision, ServerScene.settled(0, 1), Row.of(1, 1));
        scene.take();

        scene.rules.postedLeft(scene.now, Row.keys(post));

        assertThat(scene.take()).containsExactly("settled v0<=1");
    }

    @Test
    @DisplayName("F3: what another shard decided for the vCPU later waits for a posted write that may come again")
    void whatIsLaterWaitsForWhatMayComeAgain() {
        ServerScene scene = ServerScene.buffering();
        Row post = Row.of(0, 2).post();
        scene.forward(post);
        scene.recall(1, 0, post);
        scene.attach(ServerScene.RUN, 10);
        scene.take();

        scene.forwardFrom(1, scene.revision, new SettledRows(0), Row.of(0, 1), Row.of(0, 3));
        assertThat(scene.take()).containsExactly("ioreqs v0#1");
        scene.forward(post.within(Row.FOR_EVER));

        assertThat(scene.take()).containsExactly("queued v0#2", "ioreqs v0#2+", "ioreqs v0#3");
    }

    @Test
    @DisplayName("F3, C4: and for one that is with the emulator still, which may take it for too old")
    void whatIsLaterWaitsForWhatIsCaughtWithTheEmulator() {
        ServerScene scene = ServerScene.buffering();
        scene.attach(ServerScene.RUN, 10);
        scene.forward(Row.of(0, 1).post());
        scene.change(scene.drain(0, 5_000));
        scene.take();

        scene.forward(Row.of(0, 2), Row.of(1, 1));
        assertThat(scene.take()).containsExactly("ioreqs v1#1");
        scene.answer(Row.of(0, 1));

        assertThat(scene.take()).containsExactly("done v0#1", "ioreqs v0#2", "drained 12");
    }

    @Test
    @DisplayName("F3: and no longer once it has gone elsewhere")
    void whatIsLaterGoesOnOnceItHasGoneElsewhere() {
        Row post = Row.of(0, 1).post();
        ServerScene scene = withAPostedWriteGivenBack(post);
        scene.forward(Row.of(0, 2));
        assertThat(scene.take()).isEmpty();

        scene.rules.postedLeft(scene.now, Row.keys(post));

        assertThat(scene.take()).containsExactly("ioreqs v0#2");
    }

    @Test
    @DisplayName("F6, A6: a newer epoch of its vCPU waits for a posted write that may come again")
    void aNewerEpochWaitsForWhatMayComeAgain() {
        Row post = Row.of(0, 1).post();
        ServerScene scene = withAPostedWriteGivenBack(post);
        Row newer = Row.of(0, 1).epoch(Row.EPOCH + 9);
        scene.open(0, Row.EPOCH + 9);
        scene.forward(newer, Row.of(1, 1));
        assertThat(scene.take()).containsExactly("ioreqs v1#1");

        scene.rules.postedLeft(scene.now, Row.keys(post));

        assertThat(scene.take()).containsExactly("ioreqs " + newer);
    }

    @Test
    @DisplayName(
            "S5: an answer to what was passed in an earlier session gives no credit for what is passed in this one")
    void givesNoCreditForWhatWasNotPassedInThisSession() {
        ServerScene scene = new ServerScene();
        Row ofBefore = Row.of(0, 1).within(1);
        scene.forward(ofBefore);
        scene.attach(ServerScene.RUN, 1);
        scene.after(1);
        scene.attach(ServerScene.RUN, 1, ServerScene.underWay(ofBefore));
        Row abandoned = Row.of(0, 2);
        scene.forward(abandoned, Row.of(1, 1));
        scene.recall(1, 0, abandoned);
        scene.after(1);
        assertThat(scene.take()).endsWith("ioreqs v0#2", "recalled 1", "again v0#2");

        scene.answer(ofBefore);
        assertThat(scene.take()).isEmpty();

        scene.answer(abandoned);
        assertThat(scene.take()).containsExactly("ioreqs v1#1");
    }

    @Test
    void tellsANewSessionTheSettledMarksAgain() {
        ServerScene scene = ServerScene.attached();
        scene.forward(Row.of(0, 1));
        scene.answer(Row.of(0, 1));
        scene.forwardFrom(0, scene.revision, ServerScene.settled(0, 1));
        scene.take();

        scene.attach(ServerScene.RUN, 10);

        assertThat(scene.take()).containsExactly("fenced 11 ESTALE", "attached 12", "settled v0<=1");
    }

    @Test
    void passesOverSettledMarksOfOtherEpochs() {
        ServerScene scene = ServerScene.attached();
        scene.forward(Row.of(0, 1).epoch(Row.EPOCH + 1));
        scene.take();

        scene.forwardFrom(0, scene.revision, ServerScene.settled(0, 9));

        assertThat(scene.take()).isEmpty();
    }
}
