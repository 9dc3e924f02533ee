package io.trapline.coordinator.place;

import io.trapline.internal.v1.AbandonSync;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.PlacedDomain;
import io.trapline.internal.v1.RunName;
import io.trapline.internal.v1.ShardRun;
import io.trapline.internal.v1.StartSync;
import io.trapline.model.Pure;
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

/**
 * Where second copies of shards are made, as a leader decides it (D-24): for each run of a REPLICATED domain that has one, at the node with the most memory left,
 * a few at a time, so that guests do not feel it. Times are of a monotonic clock in nanoseconds. It keeps only what it has tried; what is so is in the registry.
 */
@Pure
public final class Placer {
    /** Shards that are copied at a time in the cluster, and from or to one node; a run that is longer goes alone. */
    static final int MOST_SHARDS = 64;

    static final int MOST_SHARDS_AT_A_NODE = 8;

    static final long EVERY_NANOS = Duration.ofMillis(200).toNanos();

    /** After a copy was begun that did not last, the next one waits so long, and twice as long each time. */
    static final long FIRST_PAUSE_NANOS = Duration.ofSeconds(1).toNanos();

    static final int MOST_DOUBLINGS = 5;

    private static final long PAGE_BYTES = 4096;
    private static final long FORGET_NANOS = Duration.ofSeconds(60).toNanos();

    /**
     * What it goes by.
     *
     * @param domains those that want copies, as the registry has them
     * @param bytesLeft memory of each node that is in no domain, by its name
     */
    public record Degraded(List<PlacedDomain> domains, Map<String, Long> bytesLeft) {
        /** Nothing is to be done. */
        public static final Degraded NONE = new Degraded(List.of(), Map.of());
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
    public List<Command.Builder> step(long now, Degraded degraded, List<NodeLife> usable) {
        hasStepped = true;
        steppedNanos = now;
        tries.values().removeIf(last -> now - last.nanos() > FORGET_NANOS);
        Step step = new Step(now, degraded.bytesLeft(), new HashSet<>(usable));
        // First what is under way already: it takes from what may be begun.
        degraded.domains()
                .forEach(placed -> placed.getRunsList().stream()
                        .filter(run -> run.getState() == ShardState.SHARD_STATE_SYNCING)
                        .forEach(run -> step.underWay(placed, run)));
        degraded.domains()
                .forEach(placed -> placed.getRunsList().stream()
                        .filter(run -> run.getState() == ShardState.SHARD_STATE_SOLO)
                        .forEach(run -> step.begin(placed, run)));
        return step.proposals;
    }

    private final class Step {
        private final long now;
        private final Map<String, Long> bytesLeft;
        private final Set<NodeLife> usable;
        private final List<Command.Builder> proposals = new ArrayList<>();
        private final Map<NodeLife, Integer> shardsAt = new HashMap<>();
        private int shards;

        private Step(long now, Map<String, Long> bytesLeft, Set<NodeLife> usable) {
            this.now = now;
            this.bytesLeft = new HashMap<>(bytesLeft);
            this.usable = usable;
        }

        private void underWay(PlacedDomain placed, ShardRun run) {
            if (usable.contains(run.getSyncing())) {
                count(run, run.getSyncing());
            } else {
                proposals.add(Command.newBuilder()
                        .setAbandonSync(AbandonSync.newBuilder().setRun(name(placed, run))));
            }
        }

        private void begin(PlacedDomain placed, ShardRun run) {
            Run named =
                    new Run(placed.getDomain().getDomid(), placed.getDomain().getGeneration(), run.getFirstShard());
            Optional<Try> last = Optional.ofNullable(tries.get(named));
            boolean mayBegin = usable.contains(run.getPrimary())
                    && fits(shards, run, MOST_SHARDS)
                    && hasRoom(run.getPrimary(), run)
                    && last.filter(tried -> tried.isPausing(now)).isEmpty();
            if (mayBegin) {
                usable.stream()
                        .filter(life -> !life.equals(run.getPrimary()) && hasRoom(life, run))
                        .min(Comparator.<NodeLife>comparingInt(life -> wasTriedLast(last, life))
                                .thenComparingLong(life -> -bytesLeft(life))
                                .thenComparing(NodeLife::getNode))
                        .ifPresent(life -> {
                            int number = last.map(Try::number).orElse(0) + 1;
                            tries.put(named, new Try(number, life, now));
                            begin(placed, run, life);
                        });
            }
        }

        private void begin(PlacedDomain placed, ShardRun run, NodeLife at) {
            count(run, at);
            bytesLeft.merge(at.getNode(), -bytes(placed, run), Long::sum);
            proposals.add(Command.newBuilder()
                    .setStartSync(
                            StartSync.newBuilder().setRun(name(placed, run)).setSyncing(at)));
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

    private static boolean fits(int underWay, ShardRun run, int most) {
        return underWay == 0 || underWay + run.getCount() <= most;
    }

    private static int wasTriedLast(Optional<Try> last, NodeLife life) {
        return last.filter(tried -> tried.at().equals(life)).isPresent() ? 1 : 0;
    }

    /** No more than so much: the last shard may be shorter than the others. */
    private static long bytes(PlacedDomain placed, ShardRun run) {
        return Math.min(
                        run.getCount() * placed.getShardPages(),
                        placed.getDomain().getNrPages())
                * PAGE_BYTES;
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
