package io.trapline.sim.world;

import io.trapline.model.Refusal;
import io.trapline.node.ioreq.IoreqEffects;
import io.trapline.node.ioreq.IoreqServerRules;
import io.trapline.node.ioreq.KeptRequests;
import io.trapline.node.protocol.Drain;
import io.trapline.node.protocol.Gate;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.node.rows.SettledRows;
import io.trapline.sim.check.ServerChecks;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One IOREQ server: its rules, what watches them, and the stream of its emulator. */
final class ServerActor implements IoreqEffects {
    final int id;
    final long generation;
    final ServerChecks checks;
    private final World world;
    private final IoreqServerRules rules;
    private ServerView view;
    private @Nullable EmulatorLink offered;
    private @Nullable EmulatorLink bound;
    private long boundEpoch;
    private boolean stopped;

    ServerActor(World world, ServerView view) {
        this.world = world;
        this.view = view;
        id = view.id();
        generation = view.generation();
        rules = new IoreqServerRules(id, generation, this);
        checks = new ServerChecks(
                id,
                generation,
                view.timeoutMillis(),
                world.history,
                world.promises,
                world.carriedOut,
                world.node.shards.stream().map(shard -> shard.model).toList());
    }

    String name() {
        return "server " + id + "/" + generation;
    }

    private long now() {
        return world.schedule.getAsLong();
    }

    // What it is told.

    void forward(int shard, long shardEpoch, long decidedRevision, IoreqRows rows, SettledRows settled) {
        long revision = world.seams.decidedRevision(decidedRevision, view.changedRevision());
        rules.accept(now(), shard, shardEpoch, revision, rows, settled);
    }

    void recall(int shard, long recall, KeyRows rows, int drainMillis) {
        rules.recall(now(), shard, recall, rows, drainMillis);
    }

    void postedLeft(KeyRows rows) {
        rules.postedLeft(now(), rows);
    }

    void apply(
            long revision,
            ServerView newView,
            boolean paused,
            List<VcpuOpening> opened,
            List<Drain> drains,
            Runnable applied) {
        opened.forEach(opening -> checks.fences(opening.vcpu(), opening.epoch()));
        ServerView told = world.seams.view(view, newView);
        rules.apply(now(), revision, told, paused, world.seams.openedForServers(opened), world.seams.drains(drains));
        view = newView;
        world.seams.drainsOverAtOnce(drains).forEach(drain -> drained(drain.revision()));
        applied.run();
    }

    void bind(
            EmulatorLink link, long epoch, long run, int credit, KeptRequests kept, Consumer<Optional<Refusal>> done) {
        offered = link;
        done.accept(rules.bind(now(), epoch, run, credit, kept));
    }

    void answers(long epoch, OutcomeRows rows) {
        if (world.seams.believesLateAnswers()) {
            rules.answers(now(), epoch, rows);
            tellShards("completed ", rows.keys(), (shard, keys) -> shard.completed(id, rows));
            return;
        }
        rules.answers(now(), world.seams.answersEpoch(epoch, boundEpoch), rows);
    }

    void credit(long epoch, int rows) {
        rules.addCredit(now(), epoch, rows);
    }

    void ready(long epoch) {
        rules.ready(now(), epoch);
    }

    void lost(long epoch) {
        rules.lost(epoch);
        if (boundEpoch == epoch) {
            bound = null;
        }
    }

    /** A memory call: eight bytes. */
    void gated(Gate gate, long gpa, long value, Consumer<Optional<Refusal>> reply) {
        Optional<Refusal> refusal =
                stopped ? Optional.of(Refusal.noServer(Layout.DOMID, id)) : rules.gate(world.seams.gate(gate));
        if (refusal.isPresent()) {
            reply.accept(refusal);
            return;
        }
        checks.passesGate(gate.sessionEpoch(), gate.serving());
        ShardActor shard = world.node.shards.get(Layout.shardOf(gpa));
        world.schedule.between(name(), shard.name()).tell(() -> "emulator writes " + Long.toHexString(value), () -> {
            shard.write(gpa, value);
            reply.accept(Optional.empty());
        });
    }

    void tickIfDue(long nowNanos) {
        if (!stopped && nowNanos >= rules.nextDeadline()) {
            rules.tick(nowNanos);
        }
    }

    long nextTick() {
        return stopped ? Long.MAX_VALUE : rules.nextDeadline();
    }

    /** It is gone from the registry. */
    void stop() {
        stopped = true;
        EmulatorLink link = bound;
        if (link != null) {
            link.end(Refusal.noServer(Layout.DOMID, id));
        }
    }

    boolean isStopped() {
        return stopped;
    }

    /** Anything in flight, for a reader. */
    @Override
    public String toString() {
        return name() + ": " + rules.counters() + ", with emulators " + checks.inProcess() + ", session " + boundEpoch
                + (bound == null ? " lost" : "");
    }

    // What its rules want.

    @Override
    public void completed(int shard, OutcomeRows rows) {
        checks.completes(now(), rows);
        tell(shard, () -> "completed " + Texts.outcomes(rows), to -> to.completed(id, rows));
    }

    @Override
    public void decideAgain(int shard, KeyRows rows) {
        checks.givesBack(rows);
        KeyRows told = world.seams.givenBack(rows);
        tell(shard, () -> "decide again " + Texts.keys(told), to -> to.decideAgain(id, told));
    }

    @Override
    public void postedQueued(int shard, KeyRows rows) {
        tell(shard, () -> "queued " + Texts.keys(rows), to -> to.postedQueued(id, rows));
    }

    @Override
    public void postedDone(int shard, KeyRows rows) {
        checks.finishesPosted(now(), rows);
        tell(shard, () -> "posted done " + Texts.keys(rows), to -> to.postedDone(id, rows));
    }

    @Override
    public void recalled(int shard, long recall) {
        tell(shard, () -> "recalled " + recall, to -> to.recalled(id, recall));
    }

    private void tell(int shard, java.util.function.Supplier<String> what, Consumer<ShardActor> message) {
        ShardActor to = world.node.shards.get(shard);
        world.schedule.between(name(), to.name()).tell(() -> name() + " " + what.get(), () -> message.accept(to));
    }

    private void tellShards(String what, KeyRows keys, BiConsumer<ShardActor, KeyRows> message) {
        for (ShardActor shard : world.node.shards) {
            world.schedule
                    .between(name(), shard.name())
                    .tell(() -> what + Texts.keys(keys), () -> message.accept(shard, keys));
        }
    }

    @Override
    public boolean attached(long sessionEpoch) {
        EmulatorLink before = bound;
        if (before != null) {
            before.end(Refusal.of(io.trapline.model.Errno.ESTALE, "a newer session is active"));
        }
        bound = offered;
        boundEpoch = sessionEpoch;
        EmulatorLink link = bound;
        if (link != null) {
            checks.bound(sessionEpoch, link.run());
            link.attached(sessionEpoch);
        }
        return link != null && link.isReady();
    }

    @Override
    public boolean ioreqs(long decidedRevision, int shard, long shardEpoch, IoreqRows rows, SettledRows marks) {
        checks.delivers(now(), decidedRevision, rows);
        settles(marks);
        EmulatorLink link = bound;
        if (link != null) {
            link.ioreqs(decidedRevision, shard, shardEpoch, world.seams.delivered(rows), marks);
        }
        return link != null && link.isReady();
    }

    @Override
    public boolean settled(SettledRows marks) {
        settles(marks);
        EmulatorLink link = bound;
        if (link != null) {
            link.settled(marks);
        }
        return link != null && link.isReady();
    }

    private void settles(SettledRows marks) {
        for (int i = 0; i < marks.size(); i++) {
            checks.settles(marks.vcpu(i), marks.vcpuEpoch(i), marks.through(i));
        }
    }

    @Override
    public void fenced(long sessionEpoch, Refusal why) {
        EmulatorLink link = bound;
        bound = null;
        if (link != null) {
            link.end(why);
        }
    }

    @Override
    public void drained(long revision) {
        world.node.drained(this, revision);
    }
}
