package io.trapline.sim.world.part;

import io.trapline.model.Gfn;
import io.trapline.model.MemType;
import io.trapline.model.TypeRun;
import io.trapline.sim.check.TypeChecks;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The domain's type calls, one at a time: what the shards have checked still holds when they are told to do it (T6). */
public final class TypesActor {
    private final Stage world;
    private final Place place;
    private final List<ShardActor> all;
    private final ArrayDeque<Call> calls = new ArrayDeque<>();
    private boolean busy;
    private final TypeChecks checks;
    /** Shards that have refused the call under way. */
    private final Set<ShardActor> refused = new HashSet<>();

    private int waiting;

    /** A change of two neighbouring pages at most; with {@code x} ≥ 0 a reset of that type. */
    private record Call(List<TypeRun> runs, int x, Runnable done) {}

    public TypesActor(Stage world, Place place, List<ShardActor> all) {
        this.world = world;
        this.place = place;
        this.all = all;
        checks = new TypeChecks(
                Layout.PAGES,
                gfn -> MemType.ofCode(
                        all.get(Layout.shardOf(gfn << Gfn.PAGE_SHIFT)).p2m.typeOf(gfn)));
    }

    /** Turns pages into another type, where that is allowed. */
    public void set(long firstGfn, int count, MemType type, Runnable done) {
        List<TypeRun> runs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            runs.add(new TypeRun(firstGfn + i, 1, type));
        }
        calls.add(new Call(runs, -1, done));
        next();
    }

    /** Turns the pages of {@code ioreq_server[x]} into RAM_RW (C5). */
    public void reset(int x, Runnable done) {
        calls.add(new Call(List.of(), x, done));
        next();
    }

    private void next() {
        if (busy || calls.isEmpty()) {
            return;
        }
        busy = true;
        refused.clear();
        Call call = calls.remove();
        world.promises.types().changing(gfns(call));
        if (call.x >= 0) {
            forAll(call, shard -> shard.resetType(call.x, answer(call, shard)));
        } else {
            forAll(call, shard -> {
                shard.checkTypes(
                        runsOf(call, shard),
                        refusal -> toTypes(shard, () -> checked(call, shard, refusal.isPresent())));
            });
        }
    }

    private interface Step {
        void at(ShardActor shard);
    }

    private void forAll(Call call, Step step) {
        List<ShardActor> concerned = all.stream()
                .filter(shard -> call.x >= 0 || !runsOf(call, shard).isEmpty())
                .filter(shard -> !refused.contains(shard))
                .toList();
        waiting = concerned.size();
        for (ShardActor shard : concerned) {
            place.between("types", shard.name()).tell(() -> "types " + call.runs + " " + call.x, () -> step.at(shard));
        }
    }

    private List<TypeRun> runsOf(Call call, ShardActor shard) {
        return call.runs.stream().filter(run -> shardOf(run) == shard).toList();
    }

    private ShardActor shardOf(TypeRun run) {
        return all.get(Layout.shardOf(run.firstGfn() << Gfn.PAGE_SHIFT));
    }

    private void checked(Call call, ShardActor shard, boolean isRefused) {
        if (isRefused) {
            refused.add(shard);
        }
        if (--waiting > 0) {
            return;
        }
        boolean someAgree = call.runs.stream().anyMatch(run -> !refused.contains(shardOf(run)));
        if (!refused.isEmpty() && !(someAgree && world.seams.changesWhatAgrees())) {
            finish(call);
        } else {
            forAll(call, agreeing -> agreeing.commitTypes(runsOf(call, agreeing), answer(call, agreeing)));
        }
    }

    private Runnable answer(Call call, ShardActor shard) {
        return () -> toTypes(shard, () -> {
            if (--waiting == 0) {
                finish(call);
            }
        });
    }

    private void toTypes(ShardActor shard, Runnable arrive) {
        place.between(shard.name(), "types").tell("types answered", arrive);
    }

    private void finish(Call call) {
        busy = false;
        if (call.x >= 0) {
            checks.reset(call.x);
            world.promises.types().reset(call.x);
        } else {
            checks.changed(call.runs, !refused.isEmpty());
        }
        world.promises.types().changed(gfns(call), refused.isEmpty() ? call.runs : List.of());
        call.done.run();
        next();
    }

    private static List<Long> gfns(Call call) {
        return call.x >= 0
                ? Layout.PAGES
                : call.runs.stream().map(TypeRun::firstGfn).toList();
    }

    /** Whether a call is under way. */
    public boolean isBusy() {
        return busy;
    }
}
