package io.trapline.coordinator.place;

import io.trapline.coordinator.registry.DrainedParts;
import io.trapline.coordinator.registry.RegistryView;
import io.trapline.coordinator.registry.ShardPlan;
import io.trapline.internal.v1.AbandonSync;
import io.trapline.internal.v1.BeginHandOver;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.DropBackup;
import io.trapline.internal.v1.MoveHome;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.PlacedDomain;
import io.trapline.internal.v1.RunName;
import io.trapline.internal.v1.ServerRecord;
import io.trapline.internal.v1.ShardRun;
import io.trapline.internal.v1.StartSync;
import io.trapline.model.Pure;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.ShardState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;

/**
 * Where second copies of shards are made, and how drained nodes get rid of what they have, as a leader decides it (D-24, D-27): for each run of a REPLICATED
 * domain that has one copy, and each that has its only one at a drained node, at the node with the most memory left, a few at a time, so that guests do not feel
 * it. Times are of a monotonic clock in nanoseconds. It keeps only what it has tried; what is so is in the registry.
 */
@Pure
public final class Placer {
    /** Shards that are copied at a time in the cluster, and from or to one node; a run that is longer goes alone. */
    static final int MOST_SHARDS = 64;

    static final int MOST_SHARDS_AT_A_NODE = 8;

    /** Runs whose primary hands over at a time: each is frozen for as long as two entries take to be committed and applied. */
    static final int MOST_HAND_OVERS = 32;

    /** Servers that are told to move in one step. */
    static final int MOST_HOMES = 256;

    static final long EVERY_NANOS = Duration.ofMillis(200).toNanos();

    /** After a copy was begun that did not last, the next one waits so long, and twice as long each time. */
    static final long FIRST_PAUSE_NANOS = Duration.ofSeconds(1).toNanos();

    static final int MOST_DOUBLINGS = 5;

    private static final long FORGET_NANOS = Duration.ofSeconds(60).toNanos();

    /**
     * What it goes by.
     *
     * @param degraded domains that want copies, as the registry has them
     * @param drained what is to leave drained nodes
     * @param bytesLeft memory of each node that is in no domain, by its name
     */
    public record Work(List<PlacedDomain> degraded, DrainedParts drained, Map<String, Long> bytesLeft) {
        private static final Work NONE = new Work(List.of(), DrainedParts.NONE, Map.of());

        /** As the registry is now. */
        public static Work of(RegistryView view) {
            List<PlacedDomain> degraded = view.degraded();
            DrainedParts drained = view.drainedParts();
            return degraded.isEmpty() && drained.equals(DrainedParts.NONE)
                    ? NONE
                    : new Work(degraded, drained, view.bytesLeft());
        }
    }

    private record Run(int domid, long generation, int firstShard) {}

    private record Try(int number, NodeLife at, long nanos) {
        private boolean isPausing(long now) {
            return now - nanos < FIRST_PAUSE_NANOS << Math.min(number - 1, MOST_DOUBLINGS);
        }
    }

    private final Map<Run, Try> tries = new HashMap<>();
    private long steppedNanos;
    private boolean hasStepped;

    /** Whether it is time for a step. */
    public boolean isDue(long now) {
        return !hasStepped || now - steppedNanos >= EVERY_NANOS;
    }

    /**
     * What is to be proposed now, under the leadership.
     *
     * @param usable the lives that hold a lease of the leader's
     */
    public List<Command.Builder> step(long now, Work work, List<NodeLife> usable) {
        hasStepped = true;
        steppedNanos = now;
        tries.values().removeIf(last -> now - last.nanos() > FORGET_NANOS);
        Step step = new Step(now, work, new HashSet<>(usable));
        Map<Integer, PlacedDomain> all = new TreeMap<>();
        work.degraded().forEach(placed -> all.put(placed.getDomain().getDomid(), placed));
        work.drained().domains().forEach(placed -> all.put(placed.getDomain().getDomid(), placed));
        // First what is under way already: it takes from what may be begun.
        each(all, ShardState.SHARD_STATE_SYNCING, step::underWay);
        each(all, ShardState.SHARD_STATE_DUAL, step::handingOver);
        each(all, ShardState.SHARD_STATE_DUAL, step::dual);
        each(all, ShardState.SHARD_STATE_SOLO, step::begin);
        step.moveHomes();
        return step.proposals;
    }

    private static void each(
            Map<Integer, PlacedDomain> domains, ShardState state, BiConsumer<PlacedDomain, ShardRun> action) {
        domains.values()
                .forEach(placed -> placed.getRunsList().stream()
                        .filter(run -> run.getState() == state)
                        .forEach(run -> action.accept(placed, run)));
    }

    private final class Step {
        private final long now;
        private final Work work;
        private final Set<Integer> degraded;
        private final Map<String, Long> bytesLeft;
        private final Set<NodeLife> usable;
        private final List<Command.Builder> proposals = new ArrayList<>();
        private final Map<NodeLife, Integer> shardsAt = new HashMap<>();
        private int shards;
        private int handOvers;

        private Step(long now, Work work, Set<NodeLife> usable) {
            this.now = now;
            this.work = work;
            this.bytesLeft = new HashMap<>(work.bytesLeft());
            this.usable = usable;
            degraded = work.degraded().stream()
                    .map(placed -> placed.getDomain().getDomid())
                    .collect(Collectors.toSet());
        }

        private boolean isDrained(NodeLife life) {
            return work.drained().nodes().containsKey(life.getNode());
        }

        /** Whether the domain is to have two copies, or the run has to leave where it is. */
        private boolean wantsCopy(PlacedDomain placed, ShardRun run) {
            return degraded.contains(placed.getDomain().getDomid()) || isDrained(run.getPrimary());
        }

        private void underWay(PlacedDomain placed, ShardRun run) {
            if (usable.contains(run.getSyncing()) && !isDrained(run.getSyncing()) && wantsCopy(placed, run)) {
                count(run, run.getSyncing());
            } else {
                proposals.add(Command.newBuilder()
                        .setAbandonSync(AbandonSync.newBuilder().setRun(name(placed, run))));
            }
        }

        private void handingOver(PlacedDomain placed, ShardRun run) {
            handOvers += run.getHandsOver() ? 1 : 0;
        }

        /** A drained primary hands over; a backup that is drained, or that nobody needs any more, is dropped. */
        private void dual(PlacedDomain placed, ShardRun run) {
            boolean mustLeave = isDrained(run.getPrimary());
            if (isDrained(run.getBackup()) && (mustLeave || staysAlive(run.getBackup()))) {
                dropForAnother(placed, run);
            } else if (mustLeave) {
                beginHandOver(placed, run);
            } else if (!isReplicated(placed) && !run.getHandsOver()) {
                drop(placed, run);
            }
        }

        /** What a life that is about to end has a second copy of, its end leaves with the primary. */
        private boolean staysAlive(NodeLife life) {
            return !work.drained().nodes().getOrDefault(life.getNode(), false);
        }

        /** Only for another one: two copies, of which one is at a drained node, are better than one. */
        private void dropForAnother(PlacedDomain placed, ShardRun run) {
            boolean mayBegin = usable.contains(run.getPrimary())
                    && fits(shards, run, MOST_SHARDS)
                    && hasRoom(run.getPrimary(), run);
            if (mayBegin) {
                target(placed, run, Optional.empty(), true).ifPresent(life -> {
                    count(run, life);
                    take(placed, run, life);
                    drop(placed, run);
                });
            }
        }

        private void drop(PlacedDomain placed, ShardRun run) {
            proposals.add(
                    Command.newBuilder().setDropBackup(DropBackup.newBuilder().setRun(name(placed, run))));
        }

        private void beginHandOver(PlacedDomain placed, ShardRun run) {
            boolean mayBegin = !run.getHandsOver()
                    && handOvers < MOST_HAND_OVERS
                    && usable.contains(run.getPrimary())
                    && usable.contains(run.getBackup());
            if (mayBegin) {
                handOvers++;
                proposals.add(Command.newBuilder()
                        .setBeginHandOver(BeginHandOver.newBuilder().setRun(name(placed, run))));
            }
        }

        private void begin(PlacedDomain placed, ShardRun run) {
            boolean mustLeave = isDrained(run.getPrimary());
            Run named =
                    new Run(placed.getDomain().getDomid(), placed.getDomain().getGeneration(), run.getFirstShard());
            Optional<Try> last = Optional.ofNullable(tries.get(named));
            boolean mayBegin = (mustLeave || degraded.contains(named.domid()))
                    && usable.contains(run.getPrimary())
                    && fits(shards, run, MOST_SHARDS)
                    && hasRoom(run.getPrimary(), run)
                    && last.filter(tried -> tried.isPausing(now)).isEmpty();
            if (mayBegin) {
                target(placed, run, last, mustLeave).ifPresent(life -> {
                    int number = last.map(Try::number).orElse(0) + 1;
                    tries.put(named, new Try(number, life, now));
                    begin(placed, run, life);
                });
            }
        }

        /** @param needsMemory whether only a node will do that has so much in no domain */
        private Optional<NodeLife> target(PlacedDomain placed, ShardRun run, Optional<Try> last, boolean needsMemory) {
            return usable.stream()
                    .filter(life -> !isDrained(life)
                            && !life.equals(run.getPrimary())
                            && !life.equals(run.getBackup())
                            && hasRoom(life, run)
                            && (!needsMemory || bytesLeft(life) >= ShardPlan.bytes(placed, run)))
                    .min(Comparator.<NodeLife>comparingInt(life -> wasTriedLast(last, life))
                            .thenComparingLong(life -> -bytesLeft(life))
                            .thenComparing(NodeLife::getNode));
        }

        private void begin(PlacedDomain placed, ShardRun run, NodeLife at) {
            count(run, at);
            take(placed, run, at);
            proposals.add(Command.newBuilder()
                    .setStartSync(
                            StartSync.newBuilder().setRun(name(placed, run)).setSyncing(at)));
        }

        private void take(PlacedDomain placed, ShardRun run, NodeLife at) {
            bytesLeft.merge(at.getNode(), -ShardPlan.bytes(placed, run), Long::sum);
        }

        private void moveHomes() {
            List<ServerRecord> homes = work.drained().homes();
            for (ServerRecord server : homes.subList(0, Math.min(homes.size(), MOST_HOMES))) {
                proposals.add(Command.newBuilder()
                        .setMoveHome(MoveHome.newBuilder()
                                .setDomid(server.getServer().getDomid())
                                .setId(server.getServer().getId())
                                .setHomeEpoch(server.getHomeEpoch())));
            }
        }

        private void count(ShardRun run, NodeLife at) {
            shards += run.getCount();
            shardsAt.merge(run.getPrimary(), run.getCount(), Integer::sum);
            shardsAt.merge(at, run.getCount(), Integer::sum);
        }

        private boolean hasRoom(NodeLife life, ShardRun run) {
            return fits(shardsAt.getOrDefault(life, 0), run, MOST_SHARDS_AT_A_NODE);
        }

        private long bytesLeft(NodeLife life) {
            return bytesLeft.getOrDefault(life.getNode(), 0L);
        }
    }

    private static boolean isReplicated(PlacedDomain placed) {
        return placed.getDomain().getMemory() == DomainMemory.DOMAIN_MEMORY_REPLICATED;
    }

    private static boolean fits(int underWay, ShardRun run, int most) {
        return underWay == 0 || underWay + run.getCount() <= most;
    }

    private static int wasTriedLast(Optional<Try> last, NodeLife life) {
        return last.filter(tried -> tried.at().equals(life)).isPresent() ? 1 : 0;
    }

    private static RunName name(PlacedDomain placed, ShardRun run) {
        return RunName.newBuilder()
                .setDomid(placed.getDomain().getDomid())
                .setDomainGeneration(placed.getDomain().getGeneration())
                .setFirstShard(run.getFirstShard())
                .setEpoch(run.getEpoch())
                .build();
    }
}
