package io.trapline.coordinator.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.coordinator.registry.Registry;
import io.trapline.internal.v1.Snapshot;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("V-12: a backup is restored in a generation that was never before")
final class GenerationsTest {
    private static final long OF_GENERATION_3 = (3L << 48) + 17;
    private static final OptionalInt ANY = OptionalInt.empty();

    private static Generations.Decision choose(
            long revision, Optional<Generations.Noted> noted, long days, OptionalInt asked) {
        return Generations.choose(revision, "a", noted, days, asked);
    }

    private static Optional<Generations.Noted> noted(int generation, String sha256) {
        return Optional.of(new Generations.Noted(generation, sha256));
    }

    @Test
    void isAboveThatOfTheBackup() {
        assertThat(choose(17, Optional.empty(), 0, ANY)).isEqualTo(new Generations.Begin(1));
        assertThat(choose(OF_GENERATION_3, Optional.empty(), 0, ANY)).isEqualTo(new Generations.Begin(4));
        assertThat(choose(OF_GENERATION_3, Optional.empty(), 0, OptionalInt.of(2)))
                .isEqualTo(new Generations.Begin(4));
    }

    @Test
    void isNotBelowTheDaysOrWhatIsAskedFor() {
        assertThat(choose(OF_GENERATION_3, Optional.empty(), 100, ANY)).isEqualTo(new Generations.Begin(100));
        assertThat(choose(OF_GENERATION_3, Optional.empty(), 100, OptionalInt.of(500)))
                .isEqualTo(new Generations.Begin(500));
        assertThat(choose(OF_GENERATION_3, Optional.empty(), -9_000, ANY))
                .as("a clock that is wrong")
                .isEqualTo(new Generations.Begin(4));
        assertThat(choose(OF_GENERATION_3, Optional.empty(), Long.MAX_VALUE, ANY))
                .as("a clock that is wrong")
                .isEqualTo(new Generations.Begin(Generations.MAX));
    }

    @Test
    void isAskedForWhereTheSameBackupWasRestoredBefore() {
        assertThat(choose(17, noted(100, "a"), 200, ANY)).isEqualTo(new Generations.RestoredBefore(100));
        assertThat(choose(17, noted(100, "a"), 200, OptionalInt.of(100)))
                .isEqualTo(new Generations.RestoredBefore(100));
        assertThat(choose(17, noted(100, "a"), 0, OptionalInt.of(101))).isEqualTo(new Generations.Begin(101));
    }

    @Test
    void isAboveThatOfAnotherBackupOfTheSameName() {
        assertThat(choose(17, noted(100, "b"), 100, ANY)).isEqualTo(new Generations.Begin(101));
    }

    @Test
    void isNeverBeyondWhatARevisionHasRoomFor() {
        assertThat(choose(17, noted(Generations.MAX, "b"), 0, ANY))
                .isEqualTo(new Generations.Exhausted(Generations.MAX + 1));
    }

    @Test
    void beginsAboveEveryRevisionOfTheBackup() {
        Snapshot backup = Registry.empty().snapshot().toBuilder()
                .setRevision(OF_GENERATION_3)
                .build();

        assertThat(Generations.begin(backup, 4).getRevision()).isEqualTo((4L << 48) + 1);
        assertThatThrownBy(() -> Generations.begin(backup, 3)).isInstanceOf(IllegalStateException.class);
    }
}
