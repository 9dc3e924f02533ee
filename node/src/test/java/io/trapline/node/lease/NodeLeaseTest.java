package io.trapline.node.lease;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The node's side of a lease, row by row of the table (D-11). A lease lasts 100 here. */
final class NodeLeaseTest {
    private static final long LASTS = 100;
    private final NodeLease lease = new NodeLease(Duration.ofNanos(LASTS));

    private long renewed(long now, long mustHaveApplied, long leadership) {
        long number = lease.renewing(now);
        lease.granted(now, number, mustHaveApplied, leadership);
        return number;
    }

    @Test
    @DisplayName("D-11: without a grant it has no lease, however much it has applied")
    void hasNothingAtFirst() {
        lease.applied(0, 9);
        lease.renewing(0);
        assertThat(lease.stand(0)).isEqualTo(NodeLease.Stand.NONE);
        assertThat(lease.serves(0)).isFalse();
    }

    @Test
    @DisplayName("D-9: the lease counts from when the renewal was sent, and at its very end is over")
    void servesUntilALeaseAfterItAsked() {
        lease.applied(0, 9);
        long number = lease.renewing(10);
        lease.granted(70, number, 9, 1);
        assertThat(lease.serves(70)).isTrue();
        assertThat(lease.untilNanos()).isEqualTo(110);
        assertThat(lease.serves(109)).isTrue();
        assertThat(lease.serves(110)).isFalse();
        assertThat(lease.stand(110)).isEqualTo(NodeLease.Stand.NONE);
    }

    @Test
    @DisplayName("D-9: a grant that comes a lease after its renewal is worth nothing")
    void passesOverALateGrant() {
        lease.applied(0, 9);
        long number = lease.renewing(10);
        lease.granted(110, number, 9, 1);
        assertThat(lease.stand(110)).isEqualTo(NodeLease.Stand.NONE);
        lease.granted(50, 77, 9, 1);
        assertThat(lease.stand(50)).isEqualTo(NodeLease.Stand.NONE);
    }

    @Test
    @DisplayName("D-11: it catches up before it serves")
    void servesWhenItHasApplied() {
        renewed(0, 9, 1);
        assertThat(lease.stand(1)).isEqualTo(NodeLease.Stand.CATCHING_UP);
        lease.applied(2, 8);
        assertThat(lease.serves(2)).isFalse();
        lease.applied(3, 9);
        assertThat(lease.stand(3)).isEqualTo(NodeLease.Stand.SERVING);
    }

    @Test
    @DisplayName("D-11: further grants of a leadership extend it and demand nothing more")
    void isExtended() {
        lease.applied(0, 9);
        renewed(0, 9, 1);
        renewed(60, 50, 1);
        assertThat(lease.serves(159)).isTrue();
        assertThat(lease.serves(160)).isFalse();
    }

    @Test
    @DisplayName("D-9: the greatest number that was granted counts, whatever the order of the grants")
    void isNotShortenedByAnOlderGrant() {
        lease.applied(0, 9);
        long first = lease.renewing(0);
        long second = lease.renewing(60);
        lease.granted(61, second, 9, 1);
        lease.granted(62, first, 9, 1);
        assertThat(lease.serves(159)).isTrue();
    }

    @Test
    @DisplayName("D-11: after its end a lease of the same leadership begins anew, with what that demands")
    void beginsAnew() {
        lease.applied(0, 9);
        renewed(0, 9, 1);
        renewed(100, 12, 1);
        assertThat(lease.stand(101)).isEqualTo(NodeLease.Stand.CATCHING_UP);
        lease.applied(102, 12);
        assertThat(lease.serves(102)).isTrue();
    }

    @Test
    @DisplayName(
            "D-11: another leadership's grant counts from when what it demands is applied; until then the old lease runs on to its end")
    void keepsTheOldLeaseUnderANewLeader() {
        lease.applied(0, 9);
        renewed(0, 9, 1);
        renewed(50, 20, 2);
        assertThat(lease.serves(99)).isTrue();
        assertThat(lease.stand(100)).isEqualTo(NodeLease.Stand.CATCHING_UP);
        lease.applied(101, 20);
        assertThat(lease.serves(149)).isTrue();
        assertThat(lease.serves(150)).isFalse();
    }

    @Test
    @DisplayName("D-11: it goes over to the new leadership without a pause where it has caught up in time")
    void goesOverWithoutAPause() {
        lease.applied(0, 9);
        renewed(0, 9, 1);
        renewed(50, 20, 2);
        lease.applied(60, 20);
        assertThat(lease.serves(149)).isTrue();
        renewed(140, 30, 2);
        assertThat(lease.serves(239)).isTrue();
    }

    @Test
    @DisplayName("D-13: a grant of an older leadership changes nothing while a later one's lease stands")
    void passesOverADeposedLeader() {
        lease.applied(0, 20);
        long old = lease.renewing(0);
        renewed(10, 20, 2);
        lease.granted(20, old, 9, 1);
        assertThat(lease.serves(109)).isTrue();
        long late = lease.renewing(30);
        lease.granted(40, late, 9, 1);
        assertThat(lease.serves(110)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    @DisplayName("V-2: in any order of grants it serves when, and only when, the plain reading of the rule says so")
    void agreesWithAPlainReading(long seed) {
        Random random = new Random(seed);
        for (int run = 0; run < 300; run++) {
            NodeLease real = new NodeLease(Duration.ofNanos(LASTS));
            Plain plain = new Plain();
            List<Long> pending = new ArrayList<>();
            long now = random.nextLong() >> 8;
            long leadership = 1;
            long revision = 5;
            for (int step = 0; step < 200; step++) {
                now += random.nextInt(40);
                switch (random.nextInt(6)) {
                    case 0, 1 -> {
                        long number = real.renewing(now);
                        plain.sent.put(number, now);
                        pending.add(number);
                    }
                    case 2, 3 -> {
                        if (!pending.isEmpty()) {
                            long number = pending.remove(random.nextInt(pending.size()));
                            real.granted(now, number, revision, leadership);
                            plain.granted(now, number, revision, leadership);
                        }
                    }
                    case 4 -> {
                        plain.applied(now, Math.max(plain.applied, revision - random.nextInt(6)));
                        real.applied(now, plain.applied);
                    }
                    default -> {
                        revision += random.nextInt(4);
                        if (random.nextInt(8) == 0) {
                            leadership++;
                            // A renewal that another leader had is not granted by this one.
                            pending.clear();
                        }
                    }
                }
                assertThat(real.serves(now)).as("run %d, step %d", run, step).isEqualTo(plain.serves(now));
            }
        }
    }

    /** Of each leadership one unbroken lease; it serves while one that stands has what it demands. */
    private static final class Plain {
        private record Chain(long must, long until) {}

        final Map<Long, Long> sent = new TreeMap<>();
        private final TreeMap<Long, Chain> chains = new TreeMap<>();
        long applied;

        void granted(long now, long number, long must, long leadership) {
            settle(now);
            long until = Objects.requireNonNull(sent.get(number)) + LASTS;
            if (now - until >= 0) {
                return;
            }
            // Of leaderships that are caught up with still, only the last one's is kept.
            if (chains.size() == 2 && !chains.containsKey(leadership)) {
                chains.pollLastEntry();
            }
            chains.merge(leadership, new Chain(must, until), (old, more) -> new Chain(old.must, later(old, more)));
            settle(now);
        }

        void applied(long now, long revision) {
            applied = revision;
            settle(now);
        }

        /** What is over is gone; the last that has what it demands stands for those before it. */
        private void settle(long now) {
            chains.values().removeIf(chain -> now - chain.until >= 0);
            for (long each : List.copyOf(chains.descendingKeySet())) {
                Chain chain = Objects.requireNonNull(chains.get(each));
                if (applied >= chain.must) {
                    for (Chain before : List.copyOf(chains.headMap(each).values())) {
                        chain = new Chain(chain.must, later(before, chain));
                    }
                    chains.headMap(each).clear();
                    chains.put(each, chain);
                    return;
                }
            }
        }

        private static long later(Chain one, Chain other) {
            return one.until - other.until > 0 ? one.until : other.until;
        }

        boolean serves(long now) {
            settle(now);
            return chains.values().stream().anyMatch(chain -> now - chain.until < 0 && applied >= chain.must);
        }
    }
}
