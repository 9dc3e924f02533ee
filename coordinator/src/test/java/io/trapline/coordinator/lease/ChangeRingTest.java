package io.trapline.coordinator.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.RegistryChange;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("D-13: what is new to a node that knows a revision")
final class ChangeRingTest {
    private static RegistryChange change(long revision) {
        return RegistryChange.newBuilder().setRevision(revision).build();
    }

    private static Optional<List<Long>> since(ChangeRing ring, long revision) {
        return ring.since(revision)
                .map(changes ->
                        changes.stream().map(RegistryChange::getRevision).toList());
    }

    @Test
    void hasNothingForANodeThatKnowsNothing() {
        ChangeRing ring = new ChangeRing(10, 1_000);
        assertThat(since(ring, 0)).isEmpty();
        ring.add(change(1));

        assertThat(since(ring, 0)).isEmpty();
        assertThat(since(ring, 1)).contains(List.of());
    }

    @Test
    void knowsNothingOfWhatWasBeforeItsFirstChange() {
        ChangeRing ring = new ChangeRing(10, 1_000);
        ring.add(change(8));

        assertThat(since(ring, 6)).isEmpty();
        assertThat(since(ring, 7)).contains(List.of(8L));
    }

    @Test
    void startsAnewAfterAGap() {
        ChangeRing ring = new ChangeRing(10, 1_000);
        ring.add(change(1));
        ring.add(change(2));
        ring.add(change((1L << 48) + 1));

        assertThat(since(ring, 1)).isEmpty();
        assertThat(since(ring, 2)).isEmpty();
        assertThat(since(ring, 1L << 48)).contains(List.of((1L << 48) + 1));
    }

    @Test
    void isBoundedByItsBytes() {
        RegistryChange large = change(1).toBuilder()
                .addAllSessions(java.util.Collections.nCopies(100, 1L))
                .build();
        ChangeRing ring = new ChangeRing(1_000, 3L * large.getSerializedSize());
        for (int revision = 1; revision <= 10; revision++) {
            ring.add(large.toBuilder().setRevision(revision).build());
        }

        assertThat(since(ring, 6)).isEmpty();
        assertThat(since(ring, 7)).contains(List.of(8L, 9L, 10L));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void holdsTheLastChangesWithoutAGap(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        ChangeRing ring = new ChangeRing(20, 1_000_000);
        List<Long> all = new ArrayList<>();
        long revision = random.nextLong(100);
        int contiguous = 0;
        for (int step = 0; step < 2_000; step++) {
            boolean gap = random.nextInt(50) == 0;
            revision += gap ? 2 + random.nextInt(5) : 1;
            contiguous = gap ? 1 : contiguous + 1;
            ring.add(change(revision));
            all.add(revision);

            long known = Math.max(1, revision - random.nextInt(30));
            boolean kept = known >= revision - Math.min(contiguous, 20);
            assertThat(since(ring, known))
                    .isEqualTo(
                            kept
                                    ? Optional.of(all.stream()
                                            .filter(each -> each > known)
                                            .toList())
                                    : Optional.empty());
        }
    }
}
