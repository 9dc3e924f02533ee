package io.trapline.coordinator.backup;

import io.trapline.coordinator.registry.Registry;
import io.trapline.internal.v1.BeginGeneration;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.Snapshot;
import io.trapline.model.Pure;
import java.util.Optional;
import java.util.OptionalInt;

/** In which generation a backup may be restored, so that no revision is given out twice (V-12), and how that begins (D-8). */
@Pure
public final class Generations {
    /** The highest there may be. */
    public static final int MAX = 0x7FFF;

    private static final int SHIFT = 48;

    private Generations() {}

    /**
     * What is known of earlier restores of a file.
     *
     * @param generation the last one's
     * @param sha256 of the backup that it was
     */
    public record Noted(int generation, String sha256) {}

    /** Whether, and in which. */
    public sealed interface Decision {}

    /** In that one. */
    public record Begin(int generation) implements Decision {}

    /** Not without being asked for a greater one: it was restored in that one before. */
    public record RestoredBefore(int generation) implements Decision {}

    /** There is none above {@link #MAX}; it would be that. */
    public record Exhausted(int generation) implements Decision {}

    /**
     * Decides: above that of the backup and of whatever was restored before, not below the days (so that a file that is restored twice
     * without the note is, most days, in two), not below what is asked for.
     *
     * @param revision the last one in the backup
     * @param sha256 of the backup
     * @param noted of the file's earlier restores
     * @param days since 2025-01-01; negative where the clock is wrong
     * @param asked 1 … {@link #MAX}; empty = whichever
     */
    public static Decision choose(long revision, String sha256, Optional<Noted> noted, long days, OptionalInt asked) {
        int last = noted.map(Noted::generation).orElse(0);
        boolean isSame = noted.map(Noted::sha256).filter(sha256::equals).isPresent();
        if (isSame && asked.orElse(0) <= last) {
            return new RestoredBefore(last);
        }
        int floor = Math.max((int) (revision >>> SHIFT), last) + 1;
        int generation = Math.max(Math.max(floor, asked.orElse(0)), Math.clamp(days, 0, MAX));
        return generation > MAX ? new Exhausted(generation) : new Begin(generation);
    }

    /**
     * The registry as its new generation begins. Throws {@link IllegalArgumentException} for a format that this version does not know.
     *
     * @param generation as {@link #choose} says
     */
    public static Snapshot begin(Snapshot backup, int generation) {
        Registry registry = Registry.restore(backup);
        Command begin = Command.newBuilder()
                .setBeginGeneration(BeginGeneration.newBuilder().setGeneration(generation))
                .build();
        if (registry.apply(backup.getAppliedIndex() + 1, begin).answer().hasRefusal()) {
            throw new IllegalStateException("generation " + generation + " is not above that of the backup");
        }
        return registry.snapshot();
    }
}
