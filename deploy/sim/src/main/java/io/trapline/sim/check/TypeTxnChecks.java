package io.trapline.sim.check;

import io.trapline.node.p2m.P2m;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.protocol.TypesTxn;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * T6, V-11: what shards are told of type calls over several of them, as they do it: before anything else is done of another call, or one is forgotten, all have done
 * it or none has; and none does it twice.
 */
public final class TypeTxnChecks {
    private record Kept(int keeper, Set<Integer> shards) {}

    private final ShardMap map;
    private final Map<TypesTxn, Kept> kept = new HashMap<>();
    private final Map<TypesTxn, Set<Integer>> done = new HashMap<>();
    /** By shard, below which name nothing is taken. */
    private final Map<Integer, TypesTxn> fences = new HashMap<>();

    private @Nullable TypesTxn begun;
    private long finished;

    /** Of a domain with these shards. */
    public TypeTxnChecks(ShardMap map) {
        this.map = map;
    }

    /** How many calls over several shards all of them have done. */
    public long finished() {
        return finished;
    }

    /** Whether one is kept that none has done. */
    public boolean isKept() {
        return kept.keySet().stream().anyMatch(id -> !done.containsKey(id));
    }

    /** Whether some have done one, and others have not. */
    public boolean isHalfDone() {
        return begun != null;
    }

    /** A shard is told a call, and does it next. */
    public void told(int shard, ShardMessage.Call call, P2m pages) {
        switch (call) {
            case ShardMessage.GetMark get -> fences.merge(shard, get.by(), (was, now) -> was.isBefore(now) ? now : was);
            case ShardMessage.KeepMark keep -> {
                if (!isLate(shard, keep.mark().id())) {
                    mustBeWhole(keep.mark().id());
                    kept.put(
                            keep.mark().id(), new Kept(shard, shards(keep.mark().change())));
                }
            }
            case ShardMessage.Part part -> {
                boolean isRefused = part.inner() instanceof ShardMessage.CommitTypes commit
                        && pages.checkTypes(commit.runs()).isPresent();
                if (!isLate(shard, part.by()) && !isRefused) {
                    does(shard, part.id());
                }
            }
            case ShardMessage.DropMark drop -> {
                Kept was = kept.get(drop.id());
                if (was != null && was.keeper() == shard) {
                    mustBeWhole(null);
                    kept.remove(drop.id());
                }
            }
            default -> {}
        }
    }

    private Set<Integer> shards(TypesMessage.Call call) {
        Stream<Integer> touched = switch (call) {
            case TypesMessage.SetTypes types ->
                types.runs().stream()
                        .flatMap(run -> LongStream.range(run.firstGfn(), run.firstGfn() + run.count())
                                .boxed())
                        .map(map::shardOf);
            case TypesMessage.WriteAcross write -> write.pieces().stream().map(TypesMessage.Piece::shard);
        };
        return touched.collect(Collectors.toCollection(TreeSet::new));
    }

    /** Whether a shard has been asked since by a later entry, and takes nothing more of what is told under that name. */
    public boolean isLate(int shard, TypesTxn by) {
        TypesTxn fence = fences.get(shard);
        return fence != null && by.isBefore(fence);
    }

    private void does(int shard, TypesTxn id) {
        mustBeWhole(id);
        Kept call = kept.get(id);
        if (call == null) {
            return;
        }
        begun = id;
        Set<Integer> by = done.computeIfAbsent(id, fresh -> new TreeSet<>());
        if (!by.add(shard)) {
            throw new Violation("T6", "shard %d does its part of %s twice", shard, id);
        }
        if (by.equals(call.shards())) {
            finished++;
            begun = null;
        }
    }

    /** What was begun last is done by all, unless it is that one. */
    private void mustBeWhole(@Nullable TypesTxn next) {
        TypesTxn last = begun;
        if (last != null && !last.equals(next)) {
            throw new Violation(
                    "T6",
                    "of %s, which touches the shards %s, only %s have done their part",
                    last,
                    Objects.requireNonNull(kept.get(last)).shards(),
                    Objects.requireNonNull(done.get(last)));
        }
    }

    /** Nothing is under way. */
    public void end() {
        mustBeWhole(null);
    }
}
