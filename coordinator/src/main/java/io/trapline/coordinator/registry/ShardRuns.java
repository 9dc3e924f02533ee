package io.trapline.coordinator.registry;

import io.trapline.internal.v1.AbandonSync;
import io.trapline.internal.v1.AddBackup;
import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.BeginHandOver;
import io.trapline.internal.v1.DropBackup;
import io.trapline.internal.v1.ExecuteResponse;
import io.trapline.internal.v1.HandOver;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.PlacedDomain;
import io.trapline.internal.v1.RunName;
import io.trapline.internal.v1.ShardRun;
import io.trapline.internal.v1.StartSync;
import io.trapline.model.Errno;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;
import io.trapline.v1.ShardState;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Which lives have the shards of domains, and how that changes (D-14, D-24, D4): SOLO(p) → SYNCING(p, s) → DUAL(p, b), and LOST.
 *
 * <p>Each command names the epoch that it replaces. So of two that exclude each other, as "drop b" by a primary that hears nothing of its backup and "promote b"
 * since nobody hears of the primary, the first one wins, and the other one finds an epoch that is not its own.
 */
@Pure
final class ShardRuns {
    private final State state;
    private final Existence existence;

    ShardRuns(State state, Existence existence) {
        this.state = state;
        this.existence = existence;
    }

    /** The shards of a new domain, with a copy at each of one or two lives: nothing is in any of them yet. */
    static List<ShardRun> first(List<Placement.Part> parts, long epoch) {
        List<ShardRun> runs = new ArrayList<>(parts.size());
        int firstShard = 0;
        for (Placement.Part part : parts) {
            runs.add(first(firstShard, part, epoch));
            firstShard += part.shards();
        }
        return runs;
    }

    private static ShardRun first(int firstShard, Placement.Part part, long epoch) {
        List<NodeLife> lives = part.lives();
        ShardRun.Builder run = ShardRun.newBuilder()
                .setFirstShard(firstShard)
                .setCount(part.shards())
                .setPrimary(lives.getFirst())
                .setState(ShardState.SHARD_STATE_SOLO)
                .setEpoch(epoch)
                .setPrimaryRevision(epoch);
        return lives.size() == 1
                ? run.build()
                : run.setState(ShardState.SHARD_STATE_DUAL)
                        .setBackup(lives.get(1))
                        .build();
    }

    /** Whether each shard has two copies. */
    static boolean areDual(PlacedDomain placed) {
        return placed.getRunsList().stream().allMatch(run -> run.getState() == ShardState.SHARD_STATE_DUAL);
    }

    Answer startSync(StartSync q) {
        RunName name = q.getRun();
        return existence
                .workingDomain(name.getDomid(), name.getDomainGeneration())
                .or(() -> notInForce(name, ShardState.SHARD_STATE_SOLO))
                .or(() -> mayNotHaveIt(name, q.getSyncing()))
                .map(Answers::refused)
                .orElseGet(() -> change(
                        name,
                        run -> run.setState(ShardState.SHARD_STATE_SYNCING).setSyncing(q.getSyncing())));
    }

    /** Where no primary is named, the command rests on a leadership. */
    Answer abandonSync(AbandonSync q) {
        return check(q.getRun(), ShardState.SHARD_STATE_SYNCING)
                .or(() -> q.hasPrimary() ? notPrimary(q.getRun(), q.getPrimary()) : Optional.empty())
                .map(Answers::refused)
                .orElseGet(() -> change(q.getRun(), run -> solo(run, run.getPrimary())));
    }

    Answer addBackup(AddBackup q) {
        return check(q.getRun(), ShardState.SHARD_STATE_SYNCING)
                .or(() -> notPrimary(q.getRun(), q.getPrimary()))
                .map(Answers::refused)
                .orElseGet(() -> change(
                        q.getRun(),
                        run -> run.setState(ShardState.SHARD_STATE_DUAL)
                                .setBackup(run.getSyncing())
                                .clearSyncing()));
    }

    /** Where no primary is named, the command rests on a leadership. */
    Answer dropBackup(DropBackup q) {
        return check(q.getRun(), ShardState.SHARD_STATE_DUAL)
                .or(() -> q.hasPrimary() ? notPrimary(q.getRun(), q.getPrimary()) : Optional.empty())
                .map(Answers::refused)
                .orElseGet(() -> change(q.getRun(), run -> solo(run, run.getPrimary())));
    }

    /** The primary freezes; where none is named, the command rests on a leadership. Who has copies does not change, so the epoch does not either: copies go on being told of by it. */
    Answer beginHandOver(BeginHandOver q) {
        RunName name = q.getRun();
        return existence
                .workingDomain(name.getDomid(), name.getDomainGeneration())
                .or(() -> notInForce(name, ShardState.SHARD_STATE_DUAL))
                .or(() -> q.hasPrimary() ? notPrimary(name, q.getPrimary()) : Optional.empty())
                .map(Answers::refused)
                .orElseGet(() -> {
                    PlacedDomain placed = state.domain(name.getDomid());
                    int at = placed.getRunsList().indexOf(run(name).orElseThrow());
                    if (placed.getRuns(at).getHandsOver()) {
                        return Answer.newBuilder()
                                .setExecute(ExecuteResponse.getDefaultInstance())
                                .build();
                    }
                    long revision = state.begin();
                    state.putDomain(placed.toBuilder()
                            .setRuns(at, placed.getRuns(at).toBuilder().setHandsOver(true))
                            .build());
                    return Answers.done(revision)
                            .setExecute(ExecuteResponse.newBuilder().setRevision(revision))
                            .build();
                });
    }

    /** What the life that was primary has is a copy no more: nobody could tell it from an old one once the other has gone on (V-7). */
    Answer handOver(HandOver q) {
        return check(q.getRun(), ShardState.SHARD_STATE_DUAL)
                .or(() -> notPrimary(q.getRun(), q.getPrimary()))
                .map(Answers::refused)
                .orElseGet(() -> change(q.getRun(), run -> solo(run, run.getBackup())));
    }

    /** Nobody hears from that life: what another one has a copy of goes on with that one alone. The command has begun. */
    void leave(NodeLife life, long revision) {
        for (PlacedDomain placed : List.copyOf(state.domains.values())) {
            replace(placed, revision, run -> without(run, life));
        }
    }

    /**
     * That life is over: as {@link #leave}, and what it alone had is lost, with the rest of such a domain, which every node drops (D4). The command has begun.
     *
     * @return the domains that have lost memory, by id
     */
    List<PlacedDomain> lose(NodeLife life, long revision) {
        List<PlacedDomain> lost = new ArrayList<>();
        for (PlacedDomain placed : List.copyOf(state.domains.values())) {
            boolean isLost = placed.getRunsList().stream().anyMatch(run -> isOnlyCopy(run, life));
            replace(placed, revision, run -> isLost ? lost(run) : without(run, life));
            if (isLost) {
                lost.add(state.domain(placed.getDomain().getDomid()));
            }
        }
        return lost;
    }

    private void replace(PlacedDomain placed, long revision, UnaryOperator<ShardRun> change) {
        List<ShardRun> runs = placed.getRunsList().stream()
                .map(run -> {
                    ShardRun now = change.apply(run);
                    return now.equals(run) ? run : under(revision, run, now.toBuilder());
                })
                .toList();
        if (!runs.equals(placed.getRunsList())) {
            state.putDomain(placed.toBuilder().clearRuns().addAllRuns(runs).build());
        }
    }

    private static ShardRun without(ShardRun run, NodeLife life) {
        boolean isDual = run.getState() == ShardState.SHARD_STATE_DUAL;
        if (isDual && run.getPrimary().equals(life)) {
            return solo(run.toBuilder(), run.getBackup()).build();
        }
        if (run.getBackup().equals(life) || run.getSyncing().equals(life)) {
            return solo(run.toBuilder(), run.getPrimary()).build();
        }
        return run;
    }

    private static boolean isOnlyCopy(ShardRun run, NodeLife life) {
        return run.getPrimary().equals(life)
                && (run.getState() == ShardState.SHARD_STATE_SOLO || run.getState() == ShardState.SHARD_STATE_SYNCING);
    }

    private static ShardRun lost(ShardRun run) {
        return run.toBuilder()
                .setState(ShardState.SHARD_STATE_LOST)
                .clearBackup()
                .clearSyncing()
                .clearHandsOver()
                .build();
    }

    private static ShardRun.Builder solo(ShardRun.Builder run, NodeLife primary) {
        return run.setState(ShardState.SHARD_STATE_SOLO)
                .setPrimary(primary)
                .clearBackup()
                .clearSyncing()
                .clearHandsOver();
    }

    /** The run as the command has changed it. */
    private static ShardRun under(long revision, ShardRun was, ShardRun.Builder now) {
        if (!now.getPrimary().equals(was.getPrimary())) {
            now.setPrimaryRevision(revision);
        }
        return now.setEpoch(revision).build();
    }

    private Answer change(RunName name, UnaryOperator<ShardRun.Builder> change) {
        PlacedDomain placed = state.domain(name.getDomid());
        int at = placed.getRunsList().indexOf(run(name).orElseThrow());
        long revision = state.begin();
        ShardRun was = placed.getRuns(at);
        state.putDomain(placed.toBuilder()
                .setRuns(at, under(revision, was, change.apply(was.toBuilder())))
                .build());
        return Answers.done(revision)
                .setExecute(ExecuteResponse.newBuilder()
                        .setRevision(revision)
                        .setDomainGeneration(placed.getDomain().getGeneration()))
                .build();
    }

    private Optional<Refusal> check(RunName name, ShardState expected) {
        return existence.domain(name.getDomid(), name.getDomainGeneration()).or(() -> notInForce(name, expected));
    }

    private Optional<ShardRun> run(RunName name) {
        return state.domain(name.getDomid()).getRunsList().stream()
                .filter(run -> run.getFirstShard() == name.getFirstShard())
                .findFirst();
    }

    private Optional<Refusal> notInForce(RunName name, ShardState expected) {
        Optional<ShardRun> run = run(name);
        if (run.filter(found -> found.getEpoch() == name.getEpoch() && found.getState() == expected)
                .isPresent()) {
            return Optional.empty();
        }
        String now = run.map(found -> found.getState() + " under epoch " + found.getEpoch())
                .orElse("no first shard of a run");
        return Optional.of(Refusal.of(
                        Errno.ESTALE,
                        "epoch = " + name.getEpoch() + " of shard " + name.getFirstShard() + " of domain "
                                + name.getDomid() + ": it is " + now)
                .with("field", "epoch")
                .with("value", name.getEpoch())
                .with("domid", name.getDomid()));
    }

    private Optional<Refusal> notPrimary(RunName name, NodeLife proposer) {
        return run(name)
                .filter(run -> !run.getPrimary().equals(proposer))
                .map(run -> Refusal.of(
                                Errno.ESTALE, "primary = " + text(proposer) + ": it is " + text(run.getPrimary()))
                        .with("field", "primary")
                        .with("value", text(proposer)));
    }

    private Optional<Refusal> mayNotHaveIt(RunName name, NodeLife life) {
        if (run(name).filter(run -> run.getPrimary().equals(life)).isPresent()) {
            return Optional.of(Refusal.invalid("syncing", text(life), "the primary itself"));
        }
        if (NodeDrains.isDraining(state, life.getNode())) {
            return Optional.of(Refusal.of(Errno.EAGAIN, "syncing = " + text(life) + ": is drained")
                    .with("field", "syncing")
                    .with("value", text(life))
                    .with(Answers.EFFECT, Answers.NONE));
        }
        return Nodes.isPresent(state, life)
                ? Optional.empty()
                : Optional.of(Refusal.of(Errno.EAGAIN, "syncing = " + text(life) + ": that life is over")
                        .with(Answers.EFFECT, Answers.NONE));
    }

    private static String text(NodeLife life) {
        return life.getNode() + "/" + Long.toUnsignedString(life.getIncarnation());
    }
}
