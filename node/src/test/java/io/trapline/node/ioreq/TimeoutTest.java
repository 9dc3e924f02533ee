package io.trapline.node.ioreq;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("F4: timeouts")
final class TimeoutTest {
    @ParameterizedTest(name = "server {0} ms, access {1} ms: fails after {2} ms")
    @CsvSource({"5000, 30000, 5000", "5000, 1000, 1000", "0, 30000, 30000", "100, 100, 100", "1, 3600000, 1"})
    void aDeliveredRowFailsAtTheEarlierOfBothTimes(int server, long access, long fails) {
        ServerScene scene = ServerScene.attached();
        scene.timeoutMillis = server;
        scene.apply();
        scene.forward(Row.of(0, 1).within(access));
        assertThat(scene.take()).containsExactly("ioreqs v0#1");

        scene.after(fails - 1);
        assertThat(scene.take()).isEmpty();
        scene.after(1);

        assertThat(scene.take()).containsExactly("completed v0#1:ETIMEDOUT");
        assertThat(scene.rules.counters().timedOut()).isEqualTo(1);
    }

    @Test
    void theServersTimeCountsFromDelivery() {
        ServerScene scene = new ServerScene();
        scene.attach(ServerScene.RUN, 1);
        scene.forward(Row.of(0, 1), Row.of(0, 2));
        scene.after(3_000);
        scene.answer(Row.of(0, 1));
        scene.take();

        scene.after(4_999);
        assertThat(scene.take()).isEmpty();
        scene.after(1);
        assertThat(scene.take()).containsExactly("completed v0#2:ETIMEDOUT");
    }

    @Test
    @DisplayName(
            "F4: a row is not delivered beyond its time when an answer comes before the tick: its shard may have given it up")
    void aReadyRowIsNotDeliveredLateForAnAnswer() {
        ServerScene scene = new ServerScene();
        scene.timeoutMillis = 0;
        scene.attach(ServerScene.RUN, 1);
        scene.forward(
                Row.of(0, 1).within(5_000),
                Row.of(0, 2).within(1_000),
                Row.of(0, 3).within(5_000));
        assertThat(scene.take()).contains("ioreqs v0#1");

        scene.now += 3_500_000_000L;
        scene.answer(Row.of(0, 1));

        assertThat(scene.take()).containsExactly("completed v0#1=0 v0#2:ETIMEDOUT", "ioreqs v0#3");
    }

    @Test
    @DisplayName("F4: a row that timed out before it was delivered never is")
    void aReadyRowThatTimesOutIsNeverDelivered() {
        ServerScene scene = new ServerScene();
        scene.attach(ServerScene.RUN, 1);
        scene.forward(Row.of(0, 1), Row.of(0, 2));
        scene.take();

        scene.after(5_000);
        assertThat(scene.take()).containsExactly("completed v0#1:ETIMEDOUT v0#2:ETIMEDOUT");
        scene.rules.addCredit(scene.now, scene.session, 10);

        assertThat(scene.take()).isEmpty();
        scene.forward(Row.of(0, 6));
        assertThat(scene.take()).containsExactly("ioreqs v0#6");
    }

    @Test
    @DisplayName("F4: while no emulator is attached only the access' own time ends")
    void theServersTimeIsSuspendedWhileNobodyIsAttached() {
        ServerScene scene = ServerScene.attached();
        scene.forward(Row.of(0, 1).within(60_000));
        scene.take();
        scene.after(4_000);
        scene.lose();
        scene.forward(Row.of(0, 2).within(8_000));

        scene.after(7_999);
        assertThat(scene.take()).isEmpty();
        scene.after(1);
        assertThat(scene.take()).containsExactly("completed v0#2:ETIMEDOUT");

        scene.attach(ServerScene.RUN, 10);
        assertThat(scene.take()).containsExactly("attached 12", "ioreqs v0#1");
        scene.after(4_999);
        assertThat(scene.take()).isEmpty();
        scene.after(1);
        assertThat(scene.take()).containsExactly("completed v0#1:ETIMEDOUT");
    }

    @Test
    @DisplayName("F4: the slot of a delivered row stays taken until its late answer, which is refused")
    void theNextAccessWaitsForTheLateAnswer() {
        ServerScene scene = ServerScene.attached();
        scene.forward(Row.of(0, 1));
        scene.after(5_000);
        scene.take();
        assertThat(scene.rules.counters().inFlight()).isEqualTo(1);

        scene.forward(Row.of(0, 5), Row.of(0, 6));
        assertThat(scene.take()).isEmpty();
        scene.answer(Row.of(0, 1));

        assertThat(scene.take()).containsExactly("ioreqs v0#5 v0#6");
        assertThat(scene.rules.counters().refusedAnswers()).isEqualTo(1);
        assertThat(scene.rules.counters().answered()).isZero();
    }

    @Test
    @DisplayName(
            "F2, F4: a row that the emulator gives up, since it has timed out, frees its slot, and is no wrong answer")
    void whatIsGivenUpFreesItsSlot() {
        ServerScene scene = ServerScene.attached();
        scene.forward(Row.of(0, 1));
        scene.after(5_000);
        scene.forward(Row.of(0, 5));
        scene.take();

        scene.giveUp(Row.of(0, 1));

        assertThat(scene.take()).containsExactly("ioreqs v0#5");
        assertThat(scene.rules.counters().refusedAnswers()).isZero();
        assertThat(scene.rules.counters().inFlight()).isEqualTo(1);
    }

    @Test
    @DisplayName(
            "F2, F4: a row that is given up before it has an outcome keeps no slot when its time is over; its credit comes back then")
    void whatIsGivenUpUnansweredKeepsNoSlot() {
        ServerScene scene = ServerScene.attached();
        scene.attach(ServerScene.RUN, 1);
        scene.forward(Row.of(0, 1));
        scene.take();

        scene.giveUp(Row.of(0, 1));
        scene.after(4_999);
        assertThat(scene.take()).isEmpty();
        scene.after(1);

        assertThat(scene.take()).containsExactly("completed v0#1:ETIMEDOUT");
        scene.forward(Row.of(0, 5));
        assertThat(scene.take()).containsExactly("ioreqs v0#5");
        // What is given up again, or was never here, is over already.
        scene.giveUp(Row.of(0, 1), Row.of(1, 9));
        assertThat(scene.take()).isEmpty();
        scene.answer(Row.of(0, 5));
        assertThat(scene.take()).containsExactly("completed v0#5=0");
    }

    @Test
    @DisplayName("F4: the next access waits for a free slot within its own timeout")
    void theNextAccessWaitsWithinItsOwnTime() {
        ServerScene scene = ServerScene.attached();
        scene.forward(Row.of(0, 1));
        scene.after(5_000);
        scene.take();

        scene.forward(Row.of(0, 5).within(9_000));
        scene.after(8_999);
        assertThat(scene.take()).isEmpty();
        scene.after(1);

        assertThat(scene.take()).containsExactly("completed v0#5:ETIMEDOUT");
        scene.forward(Row.of(0, 6));
        assertThat(scene.take()).containsExactly("ioreqs v0#6");
    }

    @Test
    @DisplayName("F4: a new session empties the slots")
    void aNewSessionEmptiesTheSlots() {
        ServerScene scene = ServerScene.attached();
        scene.forward(Row.of(0, 1));
        scene.after(5_000);
        scene.forward(Row.of(0, 5));
        scene.take();

        scene.attach(ServerScene.RUN, 10);
        assertThat(scene.take()).containsExactly("fenced 11 ESTALE", "attached 12", "ioreqs v0#5");
        scene.answer(Row.of(0, 1));

        assertThat(scene.take()).isEmpty();
        scene.answer(Row.of(0, 5));
        assertThat(scene.take()).containsExactly("completed v0#5=0");
    }

    @Test
    @DisplayName("D1: timeouts go on while the domain is paused")
    void goOnDuringAPause() {
        ServerScene scene = ServerScene.attached();
        scene.forward(Row.of(0, 1));
        scene.paused = true;
        scene.apply();
        scene.forward(Row.of(0, 2));
        scene.take();

        scene.after(5_000);

        assertThat(scene.take()).containsExactly("completed v0#1:ETIMEDOUT v0#2:ETIMEDOUT");
    }

    @Test
    void asksForNoTickWhileNothingIsInFlight() {
        ServerScene scene = ServerScene.attached();
        assertThat(scene.rules.nextDeadline()).isEqualTo(Deadlines.NEVER);

        scene.forward(Row.of(0, 1));
        assertThat(scene.rules.nextDeadline()).isEqualTo(scene.now + 5_000_000_000L);
        scene.answer(Row.of(0, 1));

        assertThat(scene.rules.nextDeadline()).isEqualTo(Deadlines.NEVER);
    }

    @Test
    void looksAtManyRowsNoMoreOftenThanIsInProportion() {
        Deadlines deadlines = new Deadlines();
        deadlines.look(1_000);
        deadlines.note(1_001);

        assertThat(deadlines.next(1_000_000)).isEqualTo(1_000 + 100_000_000);
        assertThat(deadlines.next(0)).isEqualTo(Deadlines.NEVER);
    }
}
