package io.trapline.node.peer;

import static io.trapline.node.peer.TrafficClass.ACCESSES;
import static io.trapline.node.peer.TrafficClass.ANSWERS;
import static io.trapline.node.peer.TrafficClass.CALLS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Each row of the sender's table (D-18), and credit. */
final class LinkSenderTest implements LinkSender.Effects<String> {
    private static final long MILLI = 1_000_000;
    private static final int MIB = 1 << 20;

    private final List<String> done = new ArrayList<>();
    private final LinkSender<String> link = new LinkSender<>(this);
    private boolean ready = true;

    @Override
    public void connect() {
        done.add("connect");
    }

    @Override
    public void disconnect() {
        done.add("disconnect");
    }

    @Override
    public boolean isReady() {
        return ready;
    }

    @Override
    public void send(TrafficClass of, long number, long ageMillis, long echo, String payload) {
        done.add(of.number() + "/" + number + " " + payload + " age " + ageMillis + " echo " + echo);
    }

    private List<String> done() {
        List<String> now = List.copyOf(done);
        done.clear();
        return now;
    }

    private static LinkMarks marks(long accessesThrough, long accessesCredit, long stamp) {
        return new LinkMarks(
                new long[] {0, 0, 0, accessesThrough}, new long[] {16 * MIB, 8 * MIB, 8 * MIB, accessesCredit}, stamp);
    }

    private void up(long nowNanos) {
        link.offer(nowNanos, ACCESSES, "first", 10);
        link.welcome(nowNanos, marks(0, 4 * MIB, 7));
        done.clear();
    }

    @Test
    @DisplayName("D-18: DOWN, something to send → CONNECTING; nothing to send costs nothing")
    void connectsOnlyForSomethingToSend() {
        link.tick(5 * MILLI);
        assertThat(done()).isEmpty();
        assertThat(link.wakeAt()).isEqualTo(LinkSender.NEVER);

        link.offer(6 * MILLI, ACCESSES, "a", 10);
        link.offer(7 * MILLI, ACCESSES, "b", 10);

        assertThat(done()).containsExactly("connect");
    }

    @Test
    void saysWhatWaitsIsUnderWayAndMayYetBeSent() {
        up(0);
        assertThat(link.reading(ACCESSES)).isEqualTo(new LinkReading(0, 10, 4 * MIB - 10));
        ready = false;
        link.offer(1, ACCESSES, "waits", 30);
        assertThat(link.reading(ACCESSES)).isEqualTo(new LinkReading(30, 10, 4 * MIB - 10));
        link.acknowledged(2, marks(1, 4 * MIB + 10, 7));

        assertThat(link.reading(ACCESSES)).isEqualTo(new LinkReading(30, 0, 4 * MIB));
        assertThat(link.reading(ACCESSES).and(new LinkReading(1, 2, 3))).isEqualTo(new LinkReading(31, 2, 3));
    }

    @Test
    @DisplayName("D-18: CONNECTING, welcome → UP, in order, the first classes first, with age and echo")
    void sendsWhatWaitsWhenItIsWelcome() {
        link.offer(0, ACCESSES, "a", 10);
        link.offer(2 * MILLI, ACCESSES, "b", 10);
        link.offer(3 * MILLI, ANSWERS, "c", 10);

        link.welcome(5 * MILLI, marks(0, 4 * MIB, 42));
        link.offer(6 * MILLI, CALLS, "d", 10);

        assertThat(done())
                .containsExactly(
                        "connect",
                        "3/1 c age 2 echo 42",
                        "5/1 a age 5 echo 42",
                        "5/2 b age 3 echo 42",
                        "4/1 d age 0 echo 42");
    }

    @Test
    @DisplayName("D-18: UP, the connection breaks → DOWN, nothing is dropped; what has arrived is not sent again")
    void sendsAgainWhatHasNotArrived() {
        up(0);
        link.offer(1 * MILLI, ACCESSES, "b", 10);
        link.offer(2 * MILLI, ACCESSES, "c", 10);
        link.lost(3 * MILLI);
        link.offer(4 * MILLI, ACCESSES, "d", 10);
        done.clear();

        link.tick(link.wakeAt() - 1);
        assertThat(done()).isEmpty();
        link.tick(53 * MILLI);
        link.welcome(60 * MILLI, marks(2, 4 * MIB, 9));

        assertThat(done()).containsExactly("connect", "5/3 c age 58 echo 9", "5/4 d age 56 echo 9");
    }

    @Test
    @DisplayName("D-18: what was acknowledged is kept no longer")
    void forgetsWhatHasArrived() {
        up(0);
        assertThat(link.unacknowledgedBytes(ACCESSES)).isEqualTo(10);

        link.acknowledged(1 * MILLI, marks(1, 4 * MIB, 8));

        assertThat(link.unacknowledgedBytes(ACCESSES)).isZero();
        link.lost(2 * MILLI);
        assertThat(link.wakeAt()).as("nothing to send").isEqualTo(LinkSender.NEVER);
    }

    @Test
    @DisplayName("D-18: UP, no acknowledgement for 1 s → DOWN; each one counts")
    void givesUpASilentConnection() {
        up(0);
        link.acknowledged(600 * MILLI, marks(0, 4 * MIB, 8));

        link.tick(1_599 * MILLI);
        assertThat(done()).isEmpty();
        link.tick(1_600 * MILLI);

        assertThat(done()).containsExactly("disconnect");
        link.tick(1_650 * MILLI);
        assertThat(done()).containsExactly("connect");
    }

    @Test
    @DisplayName("D-18: CONNECTING, not accepted for 1 s → DOWN; tries again after 50 … 500 ms")
    void triesLessOftenAfterEachFailure() {
        link.offer(0, ACCESSES, "a", 10);
        link.tick(1_000 * MILLI);
        assertThat(done()).containsExactly("connect", "disconnect");

        long now = 1_000 * MILLI;
        List<Long> waits = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            waits.add((link.wakeAt() - now) / MILLI);
            now = link.wakeAt();
            link.tick(now);
            link.lost(now);
        }

        assertThat(waits).containsExactly(50L, 100L, 200L, 400L, 500L, 500L);
        link.tick(link.wakeAt());
        link.welcome(now, marks(0, 4 * MIB, 1));
        link.lost(now);
        assertThat(link.wakeAt() - now).isEqualTo(50 * MILLI);
    }

    @Test
    @DisplayName("D-18: any state, one of the lives is over → OVER, and what is offered is dropped")
    void keepsNothingWhenItIsOver() {
        up(0);
        link.over();
        link.offer(1, ACCESSES, "b", 10);
        link.lost(2);
        link.tick(LinkSender.NEVER - 1);
        link.welcome(3, marks(0, 4 * MIB, 1));

        assertThat(done()).containsExactly("disconnect");
        assertThat(link.isOver()).isTrue();
        assertThat(link.wakeAt()).isEqualTo(LinkSender.NEVER);
        assertThat(link.unacknowledgedBytes(ACCESSES)).isZero();
    }

    @Test
    @DisplayName("V-15: never more than the credit, class by class; more credit lets more go")
    void keepsToTheCredit() {
        up(0);
        for (int i = 0; i < 5; i++) {
            link.offer(0, ACCESSES, "mib" + i, MIB);
        }
        assertThat(done()).hasSize(3);
        link.offer(0, ANSWERS, "other class", MIB);
        assertThat(done()).containsExactly("3/1 other class age 0 echo 7");

        link.acknowledged(1 * MILLI, marks(1, 4 * MIB + 10, 8));
        assertThat(done()).containsExactly("5/5 mib3 age 1 echo 8");
        link.acknowledged(2 * MILLI, marks(1, 4 * MIB, 9));
        assertThat(done()).as("an older sum").isEmpty();
    }

    @Test
    @DisplayName("V-15: what is sent again takes no credit twice")
    void chargesAFrameOnce() {
        up(0);
        for (int i = 0; i < 4; i++) {
            link.offer(0, ACCESSES, "mib" + i, MIB);
        }
        done.clear();

        link.lost(0);
        link.tick(50 * MILLI);
        link.welcome(50 * MILLI, marks(0, 4 * MIB, 9));

        assertThat(done())
                .containsExactly(
                        "connect",
                        "5/1 first age 50 echo 9",
                        "5/2 mib0 age 50 echo 9",
                        "5/3 mib1 age 50 echo 9",
                        "5/4 mib2 age 50 echo 9");
    }

    @Test
    void waitsForTheTransport() {
        up(0);
        ready = false;
        link.offer(1 * MILLI, ACCESSES, "b", 10);
        link.offer(1 * MILLI, ANSWERS, "c", 10);
        assertThat(done()).isEmpty();

        ready = true;
        link.ready(4 * MILLI);

        assertThat(done()).containsExactly("3/1 c age 3 echo 7", "5/2 b age 3 echo 7");
    }

    @Test
    void saysWhenNoMoreIsToBeAdmitted() {
        for (int i = 0; i < 4; i++) {
            assertThat(link.isCongested(ACCESSES)).isFalse();
            link.offer(0, ACCESSES, "mib", MIB);
        }
        assertThat(link.isCongested(ACCESSES)).isTrue();
        assertThat(link.isCongested(ANSWERS)).isFalse();

        link.welcome(0, marks(0, 4 * MIB, 1));

        assertThat(link.isCongested(ACCESSES)).isFalse();
    }

    @Test
    void refusesWhatCouldNeverBeSent() {
        assertThatThrownBy(() -> link.offer(0, ACCESSES, "all", 4 * MIB + 1))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
