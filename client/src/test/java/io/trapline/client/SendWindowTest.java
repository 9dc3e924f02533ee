package io.trapline.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.client.SendWindow.Next;
import io.trapline.client.SendWindow.Taken;
import io.trapline.model.AccessAttributes;
import io.trapline.model.Errno;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The guest's side of a vCPU (A1, A3, A4, A5, A6)")
class SendWindowTest {
    private static final long MILLI = 1_000_000;
    private static final byte WRITE = AccessAttributes.of(8, true, AccessAttributes.MEM);
    private static final int EAGAIN = Errno.EAGAIN.number();

    private final SendWindow window = new SendWindow(3, 4, 30_000);
    private final List<String> sent = new ArrayList<>();
    private final List<String> ended = new ArrayList<>();
    private long nowNanos;

    private long submit(long address) {
        return window.submit(nowNanos, address, WRITE, address + 1, 1, 0);
    }

    private List<String> take() {
        sent.clear();
        window.take(
                nowNanos,
                100,
                (vcpu, sequence, address, attributes, data, count, timeoutMillis) ->
                        sent.add(sequence + ":" + (address < 0 ? "void" : String.valueOf(address))));
        return List.copyOf(sent);
    }

    private void expire() {
        window.expire(nowNanos, (sequence, errno) -> ended.add(sequence + ":" + errno));
    }

    @Test
    @DisplayName("A1: numbers go on from where Trapline says, without gaps")
    void numbersAccessesFromWhereTraplineSays() {
        window.opened(41);

        assertThat(submit(100)).isEqualTo(41);
        assertThat(submit(200)).isEqualTo(42);
        assertThat(take()).containsExactly("41:100", "42:200");
        assertThat(window.receivedThrough()).isEqualTo(40);
    }

    @Test
    @DisplayName("A3: at most a window of accesses is outstanding, counted from the oldest that is unanswered")
    void takesNoMoreThanItsWindow() {
        window.opened(1);
        for (int i = 0; i < 4; i++) {
            assertThat(submit(i)).isEqualTo(i + 1);
        }
        take();

        assertThat(submit(9)).isZero();
        assertThat(window.answer(nowNanos, 3, 0)).isEqualTo(Taken.OUTCOME);
        assertThat(submit(9)).isZero();
        assertThat(window.answer(nowNanos, 1, 0)).isEqualTo(Taken.OUTCOME);
        assertThat(window.room()).isEqualTo(1);
        assertThat(submit(9)).isEqualTo(5);
    }

    @Test
    @DisplayName("A4: received_through stands below the first answer that is missing")
    void tellsHowFarAnswersHaveArrivedWithoutAGap() {
        window.opened(1);
        submit(0);
        submit(1);
        submit(2);
        take();

        window.answer(nowNanos, 2, 0);
        assertThat(window.receivedThrough()).isZero();
        window.answer(nowNanos, 1, 0);
        assertThat(window.receivedThrough()).isEqualTo(2);
        window.answer(nowNanos, 3, 0);
        assertThat(window.receivedThrough()).isEqualTo(3);
        assertThat(window.outstanding()).isZero();
    }

    @Test
    @DisplayName("A4: a second answer, one of a number never sent or one below the window is of no row")
    void reportsAnAnswerOnce() {
        window.opened(1);
        submit(0);
        assertThat(window.answer(nowNanos, 1, 0)).isEqualTo(Taken.UNKNOWN);
        take();

        assertThat(window.answer(nowNanos, 1, 0)).isEqualTo(Taken.OUTCOME);
        assertThat(window.answer(nowNanos, 1, 0)).isEqualTo(Taken.UNKNOWN);
        assertThat(window.answer(nowNanos, 2, 0)).isEqualTo(Taken.UNKNOWN);
        assertThat(window.answer(nowNanos, -5, 0)).isEqualTo(Taken.UNKNOWN);
    }

    @Test
    @DisplayName("A4, A6: after a lost connection the unanswered go out first, marked as resent, then the new ones")
    void resendsWhatHasNoAnswerAfterALostConnection() {
        window.opened(1);
        submit(10);
        submit(20);
        submit(30);
        take();
        window.answer(nowNanos, 2, 0);

        window.lost();
        submit(40);
        assertThat(window.next(nowNanos)).isEqualTo(Next.NOTHING);
        window.resumed();

        assertThat(window.next(nowNanos)).isEqualTo(Next.RESENT);
        assertThat(take()).containsExactly("1:10", "3:30");
        assertThat(window.next(nowNanos)).isEqualTo(Next.FRESH);
        assertThat(take()).containsExactly("4:40");
        assertThat(window.next(nowNanos)).isEqualTo(Next.NOTHING);
    }

    @Test
    @DisplayName("A5: EAGAIN goes out again under its number after a pause, before anything behind it")
    void resendsEagainUnderItsNumberAfterAPause() {
        window.opened(1);
        submit(10);
        submit(20);
        take();

        assertThat(window.answer(nowNanos, 1, EAGAIN)).isEqualTo(Taken.AGAIN);
        submit(30);
        assertThat(take()).isEmpty();
        nowNanos = window.wakeNanos();
        assertThat(nowNanos).isBetween(1 * MILLI, 500 * MILLI);

        assertThat(window.next(nowNanos)).isEqualTo(Next.FRESH);
        assertThat(take()).containsExactly("1:10", "3:30");
        assertThat(window.answer(nowNanos, 1, 0)).isEqualTo(Taken.OUTCOME);
    }

    @Test
    @DisplayName("A5: pauses between EAGAINs grow and stay below half a second")
    void pausesLongerEachTime() {
        window.opened(1);
        submit(10);
        long longest = 0;
        for (int attempt = 0; attempt < 20; attempt++) {
            take();
            window.answer(nowNanos, 1, EAGAIN);
            long pause = window.wakeNanos() - nowNanos;
            assertThat(pause).isGreaterThanOrEqualTo(longest).isLessThanOrEqualTo(500 * MILLI);
            longest = pause;
            nowNanos += pause;
        }
        assertThat(longest).isEqualTo(500 * MILLI);
    }

    @Test
    @DisplayName(
            "A5: EAGAIN beyond the access' timeout is reported, and its number is filled by an access that touches nothing")
    void reportsEagainBeyondItsTimeoutAndFillsTheNumber() {
        window.opened(1);
        window.submit(nowNanos, 10, WRITE, 0, 1, 100);
        take();
        nowNanos = 100 * MILLI;

        assertThat(window.answer(nowNanos, 1, EAGAIN)).isEqualTo(Taken.OUTCOME);
        expire();
        assertThat(ended).isEmpty();
        nowNanos = window.wakeNanos();
        assertThat(take()).containsExactly("1:void");
        assertThat(window.answer(nowNanos, 1, Errno.EINVAL.number())).isEqualTo(Taken.LATE);
        assertThat(window.outstanding()).isZero();
    }

    @Test
    @DisplayName(
            "A5: what was never sent within its timeout had no effect (EAGAIN), what was sent has an unknown one (ETIMEDOUT)")
    void expiresWhileDisconnected() {
        window.opened(1);
        submit(10);
        take();
        window.lost();
        submit(20);
        nowNanos = 29_999 * MILLI;
        expire();
        assertThat(ended).isEmpty();

        nowNanos = 30_000 * MILLI;
        expire();
        expire();
        assertThat(ended).containsExactly("1:ETIMEDOUT", "2:EAGAIN");

        window.resumed();
        assertThat(take()).containsExactly("1:10");
        assertThat(take()).containsExactly("2:void");
        assertThat(window.answer(nowNanos, 1, 0)).isEqualTo(Taken.LATE);
        assertThat(window.answer(nowNanos, 2, Errno.EINVAL.number())).isEqualTo(Taken.LATE);
    }

    @Test
    @DisplayName("F4: while it is connected Trapline times accesses, so they expire here only long after")
    void leavesTimeoutsToTraplineWhileConnected() {
        window.opened(1);
        submit(10);
        take();
        nowNanos = 34_999 * MILLI;
        expire();
        assertThat(ended).isEmpty();
        nowNanos = 35_000 * MILLI;
        expire();
        assertThat(ended).containsExactly("1:ETIMEDOUT");
    }

    @Test
    @DisplayName("A6: the end reports what was not reported yet, and nothing goes out any more")
    void endsWithEveryRowReportedOnce() {
        window.opened(1);
        submit(10);
        submit(20);
        submit(30);
        take();
        window.answer(nowNanos, 2, 0);

        window.end(Errno.ESTALE, (sequence, errno) -> ended.add(sequence + ":" + errno));

        assertThat(ended).containsExactly("1:ESTALE", "3:ESTALE");
        assertThat(take()).isEmpty();
        assertThat(window.answer(nowNanos, 1, 0)).isEqualTo(Taken.UNKNOWN);
    }

    @Test
    void refusesAWindowOutOfRange() {
        assertThatThrownBy(() -> new SendWindow(0, 0, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new SendWindow(0, 1025, 1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    @DisplayName(
            "A4, A5: of what was under way on a stream that was lost a later EAGAIN says nothing: it goes on as what it is, and its effect is unknown")
    void believesNoEagainOfWhatWasUnderWayBefore() {
        window.opened(1);
        submit(100);
        take();
        window.lost();
        window.resumed();
        assertThat(window.next(nowNanos)).isEqualTo(Next.RESENT);
        take();

        assertThat(window.answer(nowNanos, 1, EAGAIN)).isEqualTo(Taken.AGAIN);
        nowNanos += 10 * MILLI;
        assertThat(window.next(nowNanos)).isEqualTo(Next.RESENT);
        assertThat(take()).containsExactly("1:100");

        nowNanos = 30_001 * MILLI;
        assertThat(window.answer(nowNanos, 1, EAGAIN)).isEqualTo(Taken.AGAIN);
        expire();
        assertThat(ended).containsExactly("1:ETIMEDOUT");
        nowNanos += 1_000 * MILLI;
        assertThat(take()).containsExactly("1:100");
        assertThat(window.answer(nowNanos, 1, 0)).isEqualTo(Taken.LATE);
    }
}
