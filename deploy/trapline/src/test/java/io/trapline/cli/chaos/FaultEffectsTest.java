package io.trapline.cli.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.cli.TraplineCommand;
import io.trapline.client.DomainRef;
import io.trapline.client.TraplineConnection;
import io.trapline.faults.chaos.Chaos;
import io.trapline.faults.chaos.Fault;
import io.trapline.faults.chaos.Target;
import io.trapline.faults.history.History;
import io.trapline.v1.DomainMemory;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A fault that hits nobody proves nothing, and is named. */
final class FaultEffectsTest {
    private static final int ATTEMPTS = 4;

    private static final Harm NONE = new Harm() {
        @Override
        public void kill(long pid) {}

        @Override
        public void stop(long pid) {}

        @Override
        public void goOn(long pid) {}

        @Override
        public void hold(String from, String to) {}

        @Override
        public void heal() {}
    };

    @Test
    @Tag("processes")
    @Timeout(200)
    @DisplayName("each kind of fault sees that it had no effect where nothing was done")
    void seesWhereNothingWasDone() throws Exception {
        try (ProcessTarget target = ProcessTarget.start(
                        new ProcessTarget.Cluster(
                                3, 2, DomainMemory.DOMAIN_MEMORY_VOLATILE, false, TraplineCommand.class.getName()),
                        harm -> NONE);
                TraplineConnection operator = TraplineConnection.to(target.addresses())) {
            List<Fault> kinds = target.faults(domains(operator));

            List<String> withEffect = new ArrayList<>();
            for (Fault kind : kinds) {
                if (kind.unavailable().isEmpty() && isAlwaysEffective(kind)) {
                    withEffect.add(kind.name());
                }
            }

            assertThat(kinds).filteredOn(kind -> kind.unavailable().isEmpty()).hasSizeGreaterThan(8);
            assertThat(withEffect).isEmpty();
        }
    }

    /** A machine that is busy may let a lease end by itself, once. */
    private static boolean isAlwaysEffective(Fault kind) throws IOException, InterruptedException {
        for (int i = 0; i < ATTEMPTS; i++) {
            Fault.Broken broken = kind.injection().inject(new SplittableRandom(i));
            broken.heal();
            if (broken.effect().isEmpty()) {
                return false;
            }
        }
        return true;
    }

    /** One that is to stay, and one whose only copy is elsewhere. */
    private static Target.Domains domains(TraplineConnection operator) {
        DomainRef lasting = create(operator);
        String node = node(operator, lasting);
        int passing = lasting.domid().value();
        for (int i = 0; i < 8 && node.equals(node(operator, DomainRef.of(passing))); i++) {
            passing = create(operator).domid().value();
        }
        int elsewhere = passing;
        return new Target.Domains() {
            @Override
            public int lasting() {
                return lasting.domid().value();
            }

            @Override
            public OptionalInt passing() {
                return OptionalInt.of(elsewhere);
            }
        };
    }

    private static DomainRef create(TraplineConnection operator) {
        return DomainRef.of(operator.domains().create(1L << 18, 1, DomainMemory.DOMAIN_MEMORY_VOLATILE));
    }

    private static String node(TraplineConnection operator, DomainRef domain) {
        return operator.domains().describe(domain).getShards(0).getPrimary();
    }

    @Test
    @Timeout(120)
    void namesAKindThatHadNoEffect() throws Exception {
        List<String> injected = new ArrayList<>();
        Fault harmless = new Fault("harmless", Optional.empty(), Duration.ZERO, random -> {
            injected.add("harmless");
            return new Fault.Broken() {
                @Override
                public String target() {
                    return "nobody";
                }

                @Override
                public void heal() {}

                @Override
                public String effect() {
                    return "";
                }
            };
        });
        try (EmbeddedTarget embedded = EmbeddedTarget.start()) {
            Chaos.Settings settings = new Chaos.Settings(
                    1, Duration.ofSeconds(60), note -> {}, () -> !injected.isEmpty(), Duration.ofMillis(100));
            Chaos.Result result = Chaos.run(with(embedded, harmless), settings, new History());

            assertThat(result.withoutEffect()).contains("harmless");
            assertThat(result.isFaultless()).isFalse();
            assertThat(result.report().findings()).isEmpty();
        }
    }

    private static Target with(EmbeddedTarget target, Fault fault) {
        return new Target() {
            @Override
            public String addresses() {
                return target.addresses();
            }

            @Override
            public String reach(String address) {
                return target.reach(address);
            }

            @Override
            public DomainMemory memory() {
                return target.memory();
            }

            @Override
            public List<Fault> faults(Domains domains) {
                return List.of(fault);
            }

            @Override
            public List<String> state() {
                return target.state();
            }

            @Override
            public void awaitWhole() {}

            @Override
            public Effects effects() {
                return target.effects();
            }
        };
    }
}
