package io.trapline.coordinator.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.RegisterNode;
import io.trapline.model.Errno;
import io.trapline.model.Lease;
import io.trapline.model.Refusal;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A leader and the processes of two nodes in true time: each has a clock of its own rate, messages take any time and stay in order,
 * processes are stopped and replaced, decisions come late or are refused.
 */
@DisplayName("V-2, V-3, V-4: a node that serves by its own clock is not taken for lapsed")
final class RandomLeasesTest {
    private static final long MS = Duration.ofMillis(1).toNanos();
    private static final double RATE = 0.04;

    private record Event(long at, long order, Runnable step) {}

    /** A process of a node. */
    private static final class NodeProcess {
        private final RegisterNode registration;
        private final double rate;
        private final Map<Long, Long> sentAt = new TreeMap<>();
        private long stoppedUntil;
        private long arrivesAfter;
        private long answeredAfter;
        private long number;
        private long granted;
        private boolean admitted;
        private boolean gone;

        private NodeProcess(RegisterNode registration, double rate) {
            this.registration = registration;
            this.rate = rate;
        }

        private NodeLife life() {
            return LeaseTable.life(registration);
        }

        private long clock(long now) {
            return (long) (now * rate);
        }

        private boolean serves(long now) {
            Long sent = sentAt.get(granted);
            return !gone && sent != null && clock(now) - sent < Lease.LASTS.toNanos();
        }
    }

    private static final class World implements LeaseTable.Effects {
        private final SplittableRandom random;
        private final PriorityQueue<Event> events =
                new PriorityQueue<>(Comparator.comparingLong(Event::at).thenComparingLong(Event::order));
        private final Map<NodeLife, NodeProcess> processes = new HashMap<>();
        private final Map<String, NodeLife> registered = new HashMap<>();
        private final Set<NodeLife> waitedFor = new HashSet<>();
        private final Map<NodeLife, Map<Long, Long>> receivedAt = new HashMap<>();
        private final double rate;
        private final LeaseTable table;
        private long now = 10_000 * MS;
        private long orders;
        private long lives;
        private long confirmAskedAt;
        private int lapses;
        private int replacements;
        private int ends;
        private int grants;

        private World(long seed) {
            random = new SplittableRandom(seed);
            rate = rate();
            LeaseTable.Roles roles = new LeaseTable.Roles() {
                @Override
                public boolean hasToLose(NodeLife life) {
                    return random.nextInt(3) == 0;
                }

                @Override
                public boolean isPassedOver(NodeLife life) {
                    return random.nextInt(20) == 0;
                }

                @Override
                public boolean isRegistered(RegisterNode q) {
                    return LeaseTable.life(q).equals(registered.get(q.getNode()));
                }
            };
            table = new LeaseTable(this, roles, leaderClock(), List.of());
        }

        private double rate() {
            return random.nextBoolean()
                    ? (random.nextBoolean() ? 1 - RATE : 1 + RATE)
                    : 1 - RATE + random.nextDouble() * 2 * RATE;
        }

        private long leaderClock() {
            return (long) (now * rate);
        }

        private long delay() {
            return switch (random.nextInt(20)) {
                case 0 -> random.nextLong(2_000 * MS);
                case 1 -> random.nextLong(400 * MS);
                default -> random.nextLong(5 * MS);
            };
        }

        private void at(long time, Runnable step) {
            events.add(new Event(Math.max(time, now), orders++, step));
        }

        /** From a process to the leader, in order. */
        private void toLeader(NodeProcess process, Runnable step) {
            process.arrivesAfter = Math.max(process.arrivesAfter, now + delay());
            at(process.arrivesAfter, step);
        }

        private @Nullable NodeProcess of(NodeLife life) {
            return processes.get(life);
        }

        private void toProcess(NodeLife life, Runnable step) {
            NodeProcess process = of(life);
            if (process != null) {
                process.answeredAfter = Math.max(process.answeredAfter, now + delay());
                at(process.answeredAfter, step);
            }
        }

        private void start(String node) {
            NodeProcess process = new NodeProcess(
                    RegisterNode.newBuilder()
                            .setNode(node)
                            .setIncarnation(++lives)
                            .build(),
                    rate());
            processes.put(process.life(), process);
            connect(process);
            renewLater(process);
        }

        private void connect(NodeProcess process) {
            toLeader(process, () -> table.register(leaderClock(), process.registration));
        }

        private void renewLater(NodeProcess process) {
            at(now + (long) (Lease.RENEW_EVERY.toNanos() / process.rate), () -> {
                if (process.gone) {
                    return;
                }
                if (now < process.stoppedUntil) {
                    at(process.stoppedUntil, () -> renewLater(process));
                    return;
                }
                if (process.admitted) {
                    long number = ++process.number;
                    process.sentAt.put(number, process.clock(now));
                    toLeader(process, () -> {
                        receivedAt
                                .computeIfAbsent(process.life(), life -> new HashMap<>())
                                .put(number, now);
                        table.renew(leaderClock(), process.life(), number, 0);
                    });
                }
                renewLater(process);
            });
        }

        /** Something happens to a process now and then. */
        private void disturb() {
            List<NodeProcess> running =
                    processes.values().stream().filter(each -> !each.gone).toList();
            if (!running.isEmpty()) {
                NodeProcess one = running.get(random.nextInt(running.size()));
                switch (random.nextInt(4)) {
                    case 0 -> one.stoppedUntil = now + random.nextLong(3_000 * MS);
                    case 1 -> {
                        one.gone = true;
                        at(now + random.nextLong(500 * MS), () -> start(one.registration.getNode()));
                    }
                    case 2 -> {
                        one.admitted = false;
                        connect(one);
                    }
                    default -> {
                        one.gone = true;
                        toLeader(one, () -> table.resign(leaderClock(), one.life()));
                        at(now + random.nextLong(3_000 * MS), () -> start(one.registration.getNode()));
                    }
                }
            }
            at(now + random.nextLong(4_000 * MS), this::disturb);
        }

        private void tick() {
            table.tick(leaderClock());
            at(now + (random.nextInt(200) == 0 ? random.nextLong(1_500 * MS) : 50 * MS), this::tick);
        }

        private void run(long seconds) {
            start("a");
            start("b");
            tick();
            disturb();
            long end = now + seconds * 1_000 * MS;
            while (now < end) {
                Event event = events.remove();
                now = event.at();
                event.step().run();
                check();
            }
        }

        private void check() {
            for (NodeProcess process : processes.values()) {
                if (process.serves(now)) {
                    assertThat(waitedFor).as("serves at %d ms", now / MS).contains(process.life());
                }
            }
            assertThat(waitedFor).containsAll(table.leased());
        }

        @Override
        public void confirm(long round) {
            confirmAskedAt = now;
            at(now + delay(), () -> {
                if (random.nextInt(20) == 0) {
                    table.unconfirmed(round);
                } else {
                    table.confirmed(leaderClock(), round);
                }
            });
        }

        @Override
        public void leased(NodeLife life) {
            assertThat(waitedFor.add(life)).isTrue();
        }

        @Override
        public void lapsed(NodeLife life) {
            lapses++;
            assertThat(waitedFor.remove(life)).isTrue();
        }

        @Override
        public void grant(NodeLife life, long number) {
            grants++;
            // V-3: the confirmation was asked for when the renewal had arrived.
            assertThat(Objects.requireNonNull(receivedAt.get(life)).get(number)).isLessThanOrEqualTo(confirmAskedAt);
            assertThat(registered).containsValue(life);
            toProcess(life, () -> {
                NodeProcess process = of(life);
                if (process != null) {
                    process.granted = Math.max(process.granted, number);
                }
            });
        }

        @Override
        public void admit(NodeLife life, boolean waiting) {
            toProcess(life, () -> {
                NodeProcess process = of(life);
                if (process != null) {
                    process.admitted = !waiting;
                }
            });
        }

        @Override
        public void refuse(NodeLife life, Refusal why) {
            toProcess(life, () -> {
                NodeProcess process = of(life);
                if (process != null && !process.gone) {
                    if (why.errno() == Errno.ESTALE) {
                        process.gone = true;
                        start(life.getNode());
                    } else {
                        at(now + 250 * MS, () -> connect(process));
                    }
                }
            });
        }

        @Override
        public void over(NodeLife life) {
            assertThat(waitedFor).doesNotContain(life);
            refuse(life, Refusal.of(Errno.ESTALE, "over"));
        }

        /** A proposal is applied or refused a while later. V-4: the life that it is about does not serve, then nor since. */
        private void decided(NodeLife ended, Runnable applied, Runnable refused) {
            at(now + delay(), () -> {
                assertThat(waitedFor).doesNotContain(ended);
                NodeProcess process = of(ended);
                assertThat(process != null && process.serves(now)).isFalse();
                if (random.nextInt(10) == 0) {
                    refused.run();
                } else {
                    applied.run();
                }
            });
        }

        @Override
        public void proposeLapse(NodeLife life) {
            decided(life, () -> table.lapseDecided(life), () -> table.lapseDecided(life));
        }

        @Override
        public void proposeEnd(NodeLife life) {
            decided(
                    life,
                    () -> {
                        ends++;
                        registered.remove(life.getNode(), life);
                        table.endDecided(life, true);
                    },
                    () -> table.endDecided(life, false));
        }

        @Override
        public void proposeRegister(RegisterNode q, boolean replaces) {
            NodeLife before = registered.get(q.getNode());
            NodeLife next = LeaseTable.life(q);
            Runnable refused = () -> table.notRegistered(q, Refusal.of(Errno.EAGAIN, "full"));
            if (replaces) {
                assertThat(before).isNotNull().isNotEqualTo(next);
                decided(Objects.requireNonNull(before), () -> register(q), refused);
                replacements++;
            } else {
                at(now + delay(), () -> {
                    NodeLife present = registered.get(q.getNode());
                    // As the registry does.
                    if (present == null || present.equals(next)) {
                        register(q);
                    } else {
                        refused.run();
                    }
                });
            }
        }

        private void register(RegisterNode q) {
            registered.put(q.getNode(), LeaseTable.life(q));
            table.registered(leaderClock(), q);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void keepsWhatLeasesPromise(long seed) {
        World world = new World(seed);

        world.run(600);

        assertThat(world.grants).isGreaterThan(1_000);
        assertThat(world.lapses).isGreaterThan(20);
        assertThat(world.replacements).isGreaterThan(3);
        assertThat(world.ends).isGreaterThan(3);
    }
}
