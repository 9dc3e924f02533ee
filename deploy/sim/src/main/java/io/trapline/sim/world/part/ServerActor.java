package io.trapline.sim.world.part;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.ioreq.IoreqEffects;
import io.trapline.node.ioreq.IoreqServerRules;
import io.trapline.node.ioreq.KeptRequests;
import io.trapline.node.peer.TrafficClass;
import io.trapline.node.protocol.Drain;
import io.trapline.node.protocol.Gate;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.node.rows.SettledRows;
import io.trapline.sim.check.IoreqKey;
import io.trapline.sim.check.ServerChecks;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One IOREQ server: its rules, what watches them, and the stream of its emulator. */
public final class ServerActor implements IoreqEffects {
    public final int id;
    public final long generation;
    public final ServerChecks checks;
    private final Stage world;
    private final Place place;
    private final Node node;
    /** What the emulator said, and calls for it, while the node did not serve. */
    private final List<Waiting> waiting = new ArrayList<>();

    private boolean leased = true;
    private final IoreqServerRules rules;
    private ServerView view;
    private @Nullable EmulatorLink offered;
    private @Nullable EmulatorLink bound;
    private long boundEpoch;
    private boolean stopped;
    private long appliedRevision;
    private OutcomeRows timedOut = new OutcomeRows(1);

    /** @param ofIoreqs whether it waits for the shards, too, to have asked what they have to ask (D-22) */
    private record Waiting(boolean ofIoreqs, Runnable step, Runnable onStop) {}

    public ServerActor(Stage world, Place place, Node node, ServerView view) {
        this.world = world;
        this.place = place;
        this.node = node;
        this.view = view;
        id = view.id();
        generation = view.generation();
        rules = new IoreqServerRules(id, generation, this);
        if (node.memory().hasCopies()) {
            rules.keepTold();
        }
        checks = new ServerChecks(
                id,
                generation,
                view.timeoutMillis(),
                world.history,
                world.promises,
                world.carriedOut,
                world.models,
                world.runs(generation),
                world.passed(generation),
                world.time);
    }

    public String name() {
        return serverName().toString();
    }

    public ServerName serverName() {
        return new ServerName(id, generation);
    }

    private long now() {
        return place.now();
    }

    public long appliedRevision() {
        return appliedRevision;
    }

    // What it is told.

    /** Whether the node serves, in this step (D-11). What was put aside comes first, in its order (F2). */
    public void lease() {
        boolean serves = place.serves();
        if (serves != leased && !stopped) {
            leased = serves;
            rules.leased(serves);
            if (serves) {
                takeWaiting();
                rules.tick(now());
            }
        }
    }

    private boolean mustWait(boolean ofIoreqs) {
        return !leased || (ofIoreqs && rules.awaitsShards());
    }

    private void takeWaiting() {
        List<Waiting> all = List.copyOf(waiting);
        waiting.clear();
        for (Waiting each : all) {
            if (mustWait(each.ofIoreqs())) {
                waiting.add(each);
            } else {
                each.step().run();
            }
        }
    }

    private void step(Runnable step) {
        lease();
        step.run();
        takeWaiting();
    }

    private void fromEmulator(boolean ofIoreqs, Runnable step, Runnable onStop) {
        lease();
        if (stopped) {
            onStop.run();
        } else if (mustWait(ofIoreqs)) {
            waiting.add(new Waiting(ofIoreqs, step, onStop));
        } else {
            step.run();
            takeWaiting();
        }
    }

    public void ask(Life by, int shard, long shardEpoch, long homeEpoch, IoreqRows rows, KeyRows returned) {
        step(() -> {
            if (rules.awaitsShards()) {
                world.cameAlong(rows.size());
            }
            // What is left of a primary that has been replaced since counts for nothing.
            boolean isKnown = homeEpoch == view.homeEpoch()
                    && shardEpoch <= appliedRevision
                    && node.memory().decides(by, shard);
            checks.asks(appliedRevision, homeEpoch, isKnown && !rules.awaitsShards(), rows.keys());
            rules.ask(now(), shard, shardEpoch, homeEpoch, rows, returned);
        });
    }

    /** No copy of the shard will ask about these again. */
    public void recorded(KeyRows rows) {
        lease();
        rules.recorded(now(), rows);
    }

    void homeTold(Life by, long homeEpoch, long shardEpoch) {
        step(() -> {
            checks.binding();
            rules.homeTold(now(), by, homeEpoch, world.seams.asked(shardEpoch));
            checks.bound();
        });
    }

    public void forward(
            int shard, long shardEpoch, long decidedRevision, long decidedChange, IoreqRows rows, SettledRows settled) {
        lease();
        long revision = world.seams.decidedRevision(decidedRevision, view.changedRevision());
        rules.accept(now(), shard, shardEpoch, revision, decidedChange, rows, settled);
    }

    public void recall(int shard, long shardEpoch, long recall, long change, KeyRows rows, int drainMillis) {
        lease();
        checks.recalls(now(), rows, drainMillis);
        rules.recall(now(), shard, shardEpoch, recall, change, rows, drainMillis);
    }

    public void postedLeft(KeyRows rows) {
        lease();
        rules.postedLeft(now(), rows);
    }

    public void apply(
            long revision,
            ServerView newView,
            Map<Life, Long> tellers,
            boolean paused,
            List<VcpuOpening> opened,
            List<Drain> drains,
            Runnable applied) {
        lease();
        checks.applies(now(), newView, opened, drains);
        ServerView before = view;
        view = newView;
        if (rules.awaitsShards()) {
            // Whom it waits for may be no primary any more, and the others have told it already.
            checks.binding();
        }
        rules.apply(
                now(),
                revision,
                world.seams.view(before, newView),
                tellers,
                world.seams.pausedAtServers(paused),
                world.seams.openedForServers(opened),
                world.seams.drains(drains));
        checks.bound();
        appliedRevision = revision;
        world.seams.drainsOverAtOnce(drains).forEach(drain -> drained(drain.revision()));
        takeWaiting();
        applied.run();
    }

    public void bind(
            EmulatorLink link, long epoch, long run, int credit, KeptRequests kept, Consumer<Optional<Refusal>> done) {
        fromEmulator(
                false,
                () -> bindNow(link, epoch, run, credit, kept, done),
                () -> done.accept(Optional.of(Refusal.noServer(Layout.DOMID, id))));
    }

    private void bindNow(
            EmulatorLink link, long epoch, long run, int credit, KeptRequests kept, Consumer<Optional<Refusal>> done) {
        offered = link;
        KeptRequests told = world.seams.kept(kept, checks.posted());
        done.accept(rules.bind(now(), epoch, run, world.seams.credit(credit), told));
        checks.bound();
    }

    public void answers(long epoch, OutcomeRows rows) {
        fromEmulator(true, () -> answersNow(epoch, rows), () -> {});
    }

    private void answersNow(long epoch, OutcomeRows rows) {
        checks.answers(epoch, rows);
        if (world.seams.believesLateAnswers()) {
            OutcomeRows late = checks.late(rows);
            for (int shard = 0; shard < world.models.size(); shard++) {
                completed(shard, late);
            }
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

    public void credit(long epoch, int rows) {
        fromEmulator(false, () -> rules.addCredit(now(), epoch, rows), () -> {});
    }

    public void ready(long epoch) {
        fromEmulator(false, () -> rules.ready(now(), epoch), () -> {});
    }

    public void lost(long epoch) {
        fromEmulator(false, () -> lostNow(epoch), () -> {});
    }

    private void lostNow(long epoch) {
        rules.lost(epoch);
        if (boundEpoch == epoch) {
            bound = null;
            checks.unbound();
        }
    }

    /** A memory call: eight bytes. */
    public void gated(Gate gate, long gpa, long value, Consumer<Optional<Refusal>> reply) {
        fromEmulator(
                true,
                () -> gatedNow(gate, gpa, value, reply),
                () -> reply.accept(Optional.of(Refusal.noServer(Layout.DOMID, id))));
    }

    private void gatedNow(Gate gate, long gpa, long value, Consumer<Optional<Refusal>> reply) {
        Optional<Refusal> refusal = rules.gate(world.seams.gate(gate, boundEpoch));
        if (refusal.isPresent()) {
            reply.accept(refusal);
            return;
        }
        checks.passesGate(gate.sessionEpoch(), gate.serving());
        node.memory().write(this, view.homeEpoch(), gpa, value, reply);
    }

    /** Whether it has something to do for the time, or its lease. */
    public boolean mayTick(long nowNanos) {
        return leased != place.serves() || nowNanos >= nextTick();
    }

    public void tickIfDue(long nowNanos) {
        if (stopped) {
            return;
        }
        lease();
        if (!leased) {
            return;
        }
        if (nowNanos >= rules.nextDeadline()) {
            rules.tick(nowNanos);
            freeTimedOut();
        }
        checks.hasLooked(nowNanos);
    }

    public long nextTick() {
        return stopped ? Long.MAX_VALUE : rules.nextDeadline();
    }

    /** It is gone from the registry. */
    public void stop() {
        stopped = true;
        waiting.forEach(each -> each.onStop().run());
        waiting.clear();
        EmulatorLink link = bound;
        if (link != null) {
            link.end(Refusal.noServer(Layout.DOMID, id));
        }
    }

    /** The node is drained (D-27). */
    void leave() {
        EmulatorLink link = bound;
        if (link != null && !stopped) {
            link.leave(this);
        }
    }

    public boolean isStopped() {
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
        long home = view.homeEpoch();
        tell(shard, () -> "completed " + Texts.outcomes(told), to -> to.completed(id, home, told));
    }

    @Override
    public void decideAgain(int shard, KeyRows rows) {
        checks.givesBack(now(), rows);
        for (int i = 0; i < rows.size(); i++) {
            world.passed(generation).remove(IoreqKey.of(rows, i));
        }
        KeyRows told = world.seams.givenBack(rows);
        long home = view.homeEpoch();
        tell(shard, () -> "decide again " + Texts.keys(told), to -> to.decideAgain(id, home, told));
    }

    @Override
    public void postedQueued(int shard, KeyRows rows) {
        long home = view.homeEpoch();
        tell(shard, () -> "queued " + Texts.keys(rows), to -> to.postedQueued(id, home, rows));
    }

    @Override
    public void postedDone(int shard, KeyRows rows) {
        checks.finishesPosted(now(), rows);
        long home = view.homeEpoch();
        tell(shard, () -> "posted done " + Texts.keys(rows), to -> to.postedDone(id, home, rows));
    }

    @Override
    public void recalled(int shard, long recall) {
        tell(shard, () -> "recalled " + recall, to -> to.recalled(id, recall));
    }

    private void tell(int shard, java.util.function.Supplier<String> what, Consumer<Shard> message) {
        node.routes()
                .toShard(
                        name(),
                        shard,
                        TrafficClass.ANSWERS,
                        () -> name() + " " + what.get(),
                        (at, times) -> message.accept(at));
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
        node.drained(this, revision);
    }
}
