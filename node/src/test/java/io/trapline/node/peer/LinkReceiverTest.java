package io.trapline.node.peer;

import static io.trapline.node.peer.LinkReceiver.Verdict.DROP;
import static io.trapline.node.peer.LinkReceiver.Verdict.REFUSE;
import static io.trapline.node.peer.LinkReceiver.Verdict.STALE;
import static io.trapline.node.peer.LinkReceiver.Verdict.TAKE;
import static io.trapline.node.peer.TrafficClass.ACCESSES;
import static io.trapline.node.peer.TrafficClass.ANSWERS;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What becomes of frames, and when the sender hears of it (D-18). */
final class LinkReceiverTest {
    private static final long MILLI = 1_000_000;
    private static final int MIB = 1 << 20;

    private final LinkReceiver link = new LinkReceiver();

    @Test
    @DisplayName("D-18: each number once and in order, by class")
    void takesEachFrameOnce() {
        link.connected(0);

        assertThat(link.frame(0, ACCESSES, 1, 0, 10)).isEqualTo(TAKE);
        assertThat(link.frame(0, ACCESSES, 1, 0, 10)).isEqualTo(DROP);
        assertThat(link.frame(0, ANSWERS, 1, 0, 10)).isEqualTo(TAKE);
        assertThat(link.frame(0, ACCESSES, 2, 0, 10)).isEqualTo(TAKE);
        assertThat(link.acknowledge(5).receivedThrough()).containsExactly(0, 1, 0, 2);
    }

    @Test
    @DisplayName("D-18: a gap, which no sender makes, is refused and changes nothing")
    void refusesAGap() {
        link.connected(0);
        assertThat(link.frame(0, ACCESSES, 2, 0, 10)).isEqualTo(REFUSE);
        assertThat(link.frame(0, ACCESSES, 1, 0, 10)).isEqualTo(TAKE);
    }

    @Test
    @DisplayName("D-18: an echo 2 s old or older is not taken; the frame may come again")
    void takesNothingThatMayHaveBeenUnderWayForLong() {
        link.connected(0);
        assertThat(link.frame(2_000 * MILLI, ACCESSES, 1, 0, 10)).isEqualTo(STALE);
        assertThat(link.frame(1_999 * MILLI, ACCESSES, 1, 0, 10)).isEqualTo(TAKE);
        assertThat(link.frame(0, ACCESSES, 2, 1, 10))
                .as("a stamp of the future")
                .isEqualTo(REFUSE);
    }

    @Test
    @DisplayName("V-15: more than the credit is refused; what the actors took is credit again")
    void takesNoMoreThanItsCredit() {
        link.connected(0);
        for (int i = 1; i <= 4; i++) {
            assertThat(link.frame(0, ACCESSES, i, 0, MIB)).isEqualTo(TAKE);
        }
        assertThat(link.heldBytes(ACCESSES)).isEqualTo(4 * MIB);
        assertThat(link.frame(0, ACCESSES, 5, 0, 1)).isEqualTo(REFUSE);

        link.taken(ACCESSES, MIB);

        assertThat(link.frame(0, ACCESSES, 5, 0, MIB)).isEqualTo(TAKE);
        assertThat(link.acknowledge(0).creditBytes()).containsExactly(16 * MIB, 8 * MIB, 8 * MIB, 5 * MIB);
    }

    @Test
    @DisplayName("D-18: it acknowledges every 500 ms while there is a connection, and for each 64 KiB taken")
    void acknowledgesByTimeAndByBytes() {
        assertThat(link.wakeAt()).isEqualTo(LinkReceiver.NEVER);
        link.connected(100 * MILLI);
        assertThat(link.wakeAt()).isEqualTo(600 * MILLI);
        link.frame(100 * MILLI, ACCESSES, 1, 100 * MILLI, 70_000);

        assertThat(link.taken(ACCESSES, 60_000)).isFalse();
        assertThat(link.taken(ACCESSES, 10_000)).isTrue();
        assertThat(link.acknowledge(300 * MILLI).stamp()).isEqualTo(300 * MILLI);
        assertThat(link.wakeAt()).isEqualTo(800 * MILLI);
        assertThat(link.taken(ACCESSES, 1)).isFalse();

        link.lost();
        assertThat(link.wakeAt()).isEqualTo(LinkReceiver.NEVER);
        assertThat(link.taken(ACCESSES, 100_000)).as("nobody to tell").isFalse();
    }
}
