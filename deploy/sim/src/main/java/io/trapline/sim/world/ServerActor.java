package io.trapline.sim.world;

import io.trapline.model.Errno;
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
import io.trapline.sim.check.IoreqKey;
import io.trapline.sim.check.ServerChecks;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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
    private long appliedRevision;
    private OutcomeRows timedOut = new OutcomeRows(1);

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

    long appliedRevision() {
        return appliedRevision;
    }

    // What it is told.

    void forward(
            int shard, long shardEpoch, long decidedRevision, long decidedChange, IoreqRows rows, SettledRows settled) {
        long revision = world.seams.decidedRevision(decidedRevision, view.changedRevision());
        rules.accept(now(), shard, shardEpoch, revision, decidedChange, rows, settled);
    }

    void recall(int shard, long recall, long change, KeyRows rows, int drainMillis) {
        checks.recalls(now(), rows, drainMillis);
        rules.recall(now(), shard, recall, change, rows, drainMillis);
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
        checks.applies(now(), newView, opened, drains);
        rules.apply(
                now(),
                revision,
                world.seams.view(view, newView),
                Set.of(),
                world.seams.pausedAtServers(paused),
                world.seams.openedForServers(opened),
                world.seams.drains(drains));
        view = newView;
        appliedRevision = revision;
        world.seams.drainsOverAtOnce(drains).forEach(drain -> drained(drain.revision()));
        applied.run();
    }

    void bind(
            EmulatorLink link, long epoch, long run, int credit, KeptRequests kept, Consumer<Optional<Refusal>> done) {
        offered = link;
        KeptRequests told = world.seams.kept(kept, checks.posted());
        done.accept(rules.bind(now(), epoch, run, world.seams.credit(credit), told));
        checks.bound();
    }

    void answers(long epoch, OutcomeRows rows) {
        checks.answers(epoch, rows);
        if (world.seams.believesLateAnswers()) {
            OutcomeRows late = checks.late(rows);
            world.node.shards.forEach(shard -> completed(world.node.shards.indexOf(shard), late));
        }
        rules.answers(now(), world.seams.answersEpoch(epoch, boundEpoch), rows);
        freeTimedOut();
    }

    private void freeTimedOut() {
        OutcomeRows rows = timedOut;
        timedOut = new OutcomeRows(1);
        if (world.seams.freesTimedOutSlots() && !rows.isEmpty()) {
            rules.answers(now(), boundEpoch, rows);
        }
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
            checks.unbound();
        }
    }

    /** A memory call: eight bytes. */
    void gated(Gate gate, long gpa, long value, Consumer<Optional<Refusal>> reply) {
        Optional<Refusal> refusal = stopped
                ? Optional.of(Refusal.noServer(Layout.DOMID, id))
                : rules.gate(world.seams.gate(gate, boundEpoch));
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
        if (stopped) {
            return;
        }
        if (nowNanos >= rules.nextDeadline()) {
            rules.tick(nowNanos);
            freeTimedOut();
        }
        checks.hasLooked(nowNanos);
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
        OutcomeRows told = world.seams.completed(rows);
        checks.completes(now(), told);
        for (int i = 0; i < rows.size(); i++) {
            if (rows.errno(i) == Errno.ETIMEDOUT.number()) {
                IoreqKey key = IoreqKey.of(rows.keys(), i);
                timedOut.add(key.vcpu(), key.epoch(), key.sequence(), key.part(), 0, Errno.OK);
            }
        }
        tell(shard, () -> "completed " + Texts.outcomes(told), to -> to.completed(id, view.homeEpoch(), told));
    }

    @Override
    public void decideAgain(int shard, KeyRows rows) {
        checks.givesBack(now(), rows);
        KeyRows told = world.seams.givenBack(rows);
        tell(shard, () -> "decide again " + Texts.keys(told), to -> to.decideAgain(id, view.homeEpoch(), told));
    }

    @Override
    public void postedQueued(int shard, KeyRows rows) {
        tell(shard, () -> "queued " + Texts.keys(rows), to -> to.postedQueued(id, view.homeEpoch(), rows));
    }

    @Override
    public void postedDone(int shard, KeyRows rows) {
        checks.finishesPosted(now(), rows);
        tell(shard, () -> "posted done " + Texts.keys(rows), to -> to.postedDone(id, view.homeEpoch(), rows));
    }

    @Override
    public void recalled(int shard, long recall) {
        tell(shard, () -> "recalled " + recall, to -> to.recalled(id, recall));
    }

    private void tell(int shard, java.util.function.Supplier<String> what, Consumer<ShardActor> message) {
        ShardActor to = world.node.shards.get(shard);
        world.schedule.between(name(), to.name()).tell(() -> name() + " " + what.get(), () -> message.accept(to));
    }

    @Override
    public boolean attached(long sessionEpoch) {
        EmulatorLink before = bound;
        if (before != null && world.seams.endsFencedStreams()) {
            before.end(Refusal.of(Errno.ESTALE, "a newer session is active"));
        }
        bound = offered;
        boundEpoch = sessionEpoch;
        EmulatorLink link = bound;
        if (link != null) {
            checks.binds(now(), sessionEpoch, link.run(), link.underWay());
            link.attached(sessionEpoch);
        }
        return takesMore(link);
    }

    @Override
    public boolean ioreqs(long decidedRevision, int shard, long shardEpoch, IoreqRows rows, SettledRows marks) {
        IoreqRows delivered = world.seams.delivered(rows);
        checks.delivers(now(), decidedRevision, delivered);
        settles(marks);
        EmulatorLink link = bound;
        if (link != null) {
            link.ioreqs(decidedRevision, shard, shardEpoch, delivered, marks);
        }
        return takesMore(link);
    }

    @Override
    public boolean settled(SettledRows marks) {
        settles(marks);
        EmulatorLink link = bound;
        if (link != null) {
            link.settled(marks);
        }
        return takesMore(link);
    }

    private boolean takesMore(@Nullable EmulatorLink link) {
        return link != null && world.seams.takesMore(link.isReady());
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
        checks.unbound();
        if (link != null && world.seams.endsFencedStreams()) {
            link.end(why);
        }
    }

    @Override
    public void drained(long revision) {
        world.node.drained(this, revision);
    }
}
