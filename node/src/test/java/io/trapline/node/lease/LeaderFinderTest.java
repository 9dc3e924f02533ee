package io.trapline.node.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Where a node looks for the coordinator that leads (D-6). Times in milliseconds. */
final class LeaderFinderTest {
    private final LeaderFinder finder = new LeaderFinder(List.of("a", "b", "c"), Duration.ofMillis(450), 0);

    private static long nanos(long millis) {
        return Duration.ofMillis(millis).toNanos();
    }

    /** All that is opened until then, as the link does it. */
    private List<String> until(long millis) {
        List<String> opened = new ArrayList<>();
        for (long due = finder.nextStep(); due <= nanos(millis); due = finder.nextStep()) {
            opened.addAll(finder.step(due));
        }
        return opened;
    }

    @Test
    void needsSomebodyToAsk() {
        assertThatThrownBy(() -> new LeaderFinder(List.of(), Duration.ofMillis(1), 0))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    @DisplayName("D-6: at first it tries the configured ones in order, side by side, until one grants")
    void triesAllInOrder() {
        assertThat(until(0)).containsExactly("a");
        assertThat(until(50)).containsExactly("b");
        assertThat(until(10_000)).containsExactly("c");
        assertThat(finder.nextStep()).isEqualTo(LeaderFinder.NEVER);
        assertThat(finder.granted(nanos(10_000), "b")).containsExactly("a", "c");
        assertThat(finder.step(nanos(10_001))).isEmpty();
    }

    @Test
    @DisplayName("D-6: who is named as leading is tried at once, also where it is not configured")
    void followsHints() {
        until(0);
        finder.lost(nanos(1), "a", "x");
        assertThat(finder.step(nanos(1))).containsExactly("x");
        // Named again while it is open: nothing new.
        finder.step(nanos(51));
        finder.lost(nanos(52), "b", "x");
        assertThat(until(52)).containsExactly("c");
    }

    @Test
    @DisplayName(
            "D-6: whoever the last leader counted as a coordinator is tried before the configured ones, which may all have been replaced")
    void triesThoseThatThereAre() {
        until(0);
        finder.granted(nanos(1), "a");
        finder.members(List.of("x", "a", "y"));
        finder.lost(nanos(2), "a", "");

        assertThat(until(102)).containsExactly("x", "a", "y");
    }

    @Test
    @DisplayName("D-6: who has refused is asked again after a while that grows, also if somebody names it")
    void backsOff() {
        finder.lost(0, "a", "");
        finder.lost(0, "b", "a");
        finder.lost(0, "c", "a");
        assertThat(finder.step(nanos(49))).isEmpty();
        assertThat(finder.step(nanos(50))).containsExactly("a");
        finder.lost(nanos(51), "a", "");
        assertThat(until(120)).containsExactly("b");
        assertThat(until(150)).containsExactly("c");
        assertThat(until(199)).isEmpty();
        assertThat(until(200)).containsExactly("a");
    }

    @Test
    @DisplayName("D-6: it names the leader that it has lost, until another grants")
    void namesTheLeaderThatIsSilent() {
        assertThat(finder.silentLeader()).isEmpty();
        until(100);
        finder.granted(nanos(100), "c");
        assertThat(finder.silentLeader()).isEmpty();
        finder.lost(nanos(200), "c", "");
        assertThat(finder.silentLeader()).isEqualTo("c");
        until(300);
        finder.granted(nanos(300), "b");
        assertThat(finder.silentLeader()).isEmpty();

        finder.step(nanos(749));
        assertThat(finder.silentLeader()).isEmpty();
        finder.step(nanos(750));
        assertThat(finder.silentLeader()).isEqualTo("b");
    }

    @Test
    @DisplayName("D-6: when the leader's stream breaks, it is the first that is tried again")
    void triesTheLastLeaderFirst() {
        until(100);
        finder.granted(nanos(100), "c");
        finder.lost(nanos(200), "c", "");
        assertThat(finder.step(nanos(200))).containsExactly("a");
        assertThat(until(250)).containsExactly("c");
    }

    @Test
    @DisplayName(
            "D-6: a leader that grants nothing for 450 ms keeps its stream while others are asked; who grants first is it")
    void looksForAnotherWhenTheLeaderIsSilent() {
        until(0);
        finder.granted(nanos(10), "a");
        assertThat(finder.step(nanos(459))).isEmpty();
        assertThat(until(600)).containsExactly("b", "c");
        assertThat(finder.granted(nanos(601), "a")).containsExactly("b", "c");
        assertThat(finder.step(nanos(1_000))).isEmpty();
        assertThat(until(1_200)).containsExactly("b", "c");
        assertThat(finder.granted(nanos(1_201), "c")).containsExactlyInAnyOrder("a", "b");
    }
}
