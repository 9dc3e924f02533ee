package io.trapline.node.shard;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.node.shard.CopiesWorld.Plant;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("D-23, D-24: copies of a shard that are lost and made anew at every step, against a model")
final class CopiesRandomTest {
    private static final int SEEDS = 60;
    private static final int STEPS = 500;

    /** Until what had gone wrong had to be seen, or the domain was lost with its only copy. */
    private static Map<String, Integer> run(long seed, Plant plant, boolean waits) {
        CopiesWorld world = new CopiesWorld(seed, plant, waits);
        if (world.run(STEPS)) {
            world.heal();
            world.readAllAtTheBackup();
        }
        return new TreeMap<>(world.seen());
    }

    @ParameterizedTest(name = "on_degraded = WAIT: {0}")
    @ValueSource(booleans = {false, true})
    @DisplayName(
            "V-6, V-7, V-13: what was acknowledged is read, whoever is lost whenever; D4: with WAIT by two copies only")
    void whatWasAcknowledgedIsThere(boolean waits) {
        Map<String, Integer> seen = new TreeMap<>();
        for (long seed = 1; seed <= SEEDS; seed++) {
            try {
                run(seed, Plant.NONE, waits).forEach((what, times) -> seen.merge(what, times, Integer::sum));
            } catch (RuntimeException | AssertionError broken) {
                throw new AssertionError("seed " + seed, broken);
            }
        }
        assertThat(seen)
                .as("what there was")
                .containsKeys("DUAL loses one", "SYNCING loses one", "SOLO loses one", "promotions", "images", "chunks")
                .containsKey("LOST");
        assertThat(seen.containsKey("SOLO tells")).isEqualTo(!waits);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    @DisplayName("each bug between the copies that would lose what was acknowledged is noticed")
    void noticesPlants(Plant plant) {
        int noticed = 0;
        for (long seed = 1; seed <= SEEDS && noticed == 0; seed++) {
            try {
                run(seed, plant, false);
            } catch (CopiesWorld.Broken broken) {
                noticed++;
            } catch (IllegalStateException broken) {
                assertThat(broken).hasMessage("a copy that is not whole is to decide");
                noticed++;
            }
        }
        assertThat(noticed).isPositive();
    }

    @Test
    @DisplayName("a seed is the same run again")
    void isTheSameAgain() {
        assertThat(run(3, Plant.NONE, false)).isEqualTo(run(3, Plant.NONE, false));
    }
}
