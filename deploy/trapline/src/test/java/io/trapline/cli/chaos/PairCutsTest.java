package io.trapline.cli.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.trapline.faults.chaos.Fault;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Two nodes that have something to say to each other are cut off")
final class PairCutsTest {
    private static final List<List<String>> PAIRS =
            List.of(List.of("n1", "n2"), List.of("n1", "n3"), List.of("n2", "n3"));

    private final List<String> done = new ArrayList<>();
    private final AtomicLong held = new AtomicLong(100);

    private final class Wires implements Harm {
        private final Set<String> talkative;

        Wires(String... talkative) {
            this.talkative = Set.of(talkative);
        }

        @Override
        public void kill(long pid) {}

        @Override
        public void stop(long pid) {}

        @Override
        public void goOn(long pid) {}

        @Override
        public void hold(String from, String to) {
            done.add(from + ">" + to);
            if (talkative.contains(from) && talkative.contains(to)) {
                held.addAndGet(7);
            }
        }

        @Override
        public void heal() {
            done.add("heal");
        }
    }

    private Fault.Broken cut(boolean isBothWays, String... talkative) throws Exception {
        return new PairCuts(new Wires(talkative), held::get)
                .fault("cut", Optional.empty(), isBothWays, () -> PAIRS)
                .injection()
                .inject(new SplittableRandom(1));
    }

    @Test
    void passesOverAPairThatIsSilent() throws Exception {
        Fault.Broken broken = cut(true, "n1", "n3");

        assertThat(broken.target()).isIn("n1 and n3", "n3 and n1");
        assertThat(broken.effect()).isEqualTo("14 bytes came late");
        assertThat(done).hasSize(5);
        assertThat(done.subList(0, 2)).containsExactlyInAnyOrder("n1>n2", "n2>n1");
        assertThat(done.get(2)).isEqualTo("heal");
        assertThat(done.subList(3, 5)).containsExactlyInAnyOrder("n1>n3", "n3>n1");
    }

    @Test
    void cutsOneWayOnly() throws Exception {
        Fault.Broken broken = cut(false, "n1", "n2");

        assertThat(done).hasSize(1);
        assertThat(broken.target()).isEqualTo(done.getFirst().replace(">", " is not heard by "));
        broken.heal();
        assertThat(done).endsWith("heal");
    }

    @Test
    void hasNoEffectWhereAllAreSilent() throws Exception {
        Fault.Broken broken = cut(false);

        assertThat(broken.effect()).isEmpty();
        assertThat(done).filteredOn("heal"::equals).hasSize(PAIRS.size() - 1);
    }

    @Test
    void saysWhereThereIsNoPair() {
        Fault none = new PairCuts(new Wires(), held::get).fault("cut", Optional.empty(), true, List::of);

        assertThatIOException().isThrownBy(() -> none.injection().inject(new SplittableRandom(1)));
    }
}
