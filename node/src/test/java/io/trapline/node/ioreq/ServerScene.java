package io.trapline.node.ioreq;

import io.trapline.model.AccessFlags;
import io.trapline.model.Errno;
import io.trapline.model.IoreqAttributes;
import io.trapline.model.RangeSet;
import io.trapline.model.Refusal;
import io.trapline.node.protocol.Drain;
import io.trapline.node.protocol.EmulatorLine;
import io.trapline.node.protocol.Gate;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.node.rows.SettledRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.function.IntFunction;

/** A server's rules in a small world: one that claims {@code ioreq_server[0]} and [1], and writes down all that the rules say, a sentence each. */
final class ServerScene implements IoreqEffects {
    static final int ID = 7;
    static final long GENERATION = 3;
    static final long RUN = 0xA11CE;
    static final long OTHER_RUN = 0xB0B;
    static final String PRINCIPAL = "alice";

    final IoreqServerRules rules = new IoreqServerRules(ID, GENERATION, this);
    private final List<String> said = new ArrayList<>();
    long now = 1_000_000_000L;
    long revision = 10;
    long changedRevision = 10;
    int shardEpoch = 1;
    boolean streamIsReady = true;
    boolean enabled = true;
    boolean buffers;
    boolean paused;
    int timeoutMillis = 5_000;
    int[] claims = new int[16];
    RangeSet ports = RangeSet.EMPTY;
    RangeSet memory = RangeSet.EMPTY;
    RangeSet pci = RangeSet.EMPTY;
    long session;
    long run;
    long homeEpoch = GENERATION;
    long otherRunUntil;
    Map<Life, Long> tellers = Map.of();

    ServerScene() {
        claims[0] = AccessFlags.ALL;
        claims[1] = AccessFlags.ALL;
        apply();
    }

    /** Posted writes are buffered. */
    static ServerScene buffering() {
        ServerScene scene = new ServerScene();
        scene.buffers = true;
        scene.apply();
        return scene;
    }

    static ServerScene attached() {
        ServerScene scene = new ServerScene();
        scene.attach(RUN, 1000);
        scene.take();
        return scene;
    }

    /** What was said since it was asked last. */
    List<String> take() {
        List<String> taken = List.copyOf(said);
        said.clear();
        return taken;
    }

    // What happens.

    ServerView view() {
        return new ServerView(
                ID,
                GENERATION,
                PRINCIPAL,
                enabled,
                buffers,
                timeoutMillis,
                claims.clone(),
                ports,
                memory,
                pci,
                session,
                run,
                changedRevision,
                homeEpoch,
                otherRunUntil,
                EmulatorLine.NONE);
    }

    /** The registry's revision as it is, once more. */
    void apply(Drain... drains) {
        rules.apply(now, revision, view(), tellers, paused, List.of(), List.of(drains));
    }

    /** The server has changed. */
    void change(Drain... drains) {
        changedRevision = ++revision;
        apply(drains);
    }

    void open(int vcpu, long epoch) {
        revision++;
        rules.apply(now, revision, view(), tellers, paused, List.of(new VcpuOpening(vcpu, epoch)), List.of());
    }

    /** A drain that begins with the next revision. */
    Drain drain(int x, int millis) {
        return new Drain(revision + 1, x, millis);
    }

    /** The registry begins a session; its stream is not bound yet. */
    long begin(long aRun) {
        session = revision + 1;
        run = aRun;
        change();
        return session;
    }

    Optional<Refusal> attach(long aRun, int credit) {
        return attach(aRun, credit, new KeptRequests());
    }

    Optional<Refusal> attach(long aRun, int credit, KeptRequests kept) {
        begin(aRun);
        return rules.bind(now, session, aRun, credit, kept);
    }

    /** After how many type changes of its shard a row is forwarded, and recalled. */
    long decidedChange;

    long recalledChange;

    void forward(Row... rows) {
        forwardFrom(0, revision, new SettledRows(0), rows);
    }

    void forwardFrom(int shard, long decidedRevision, SettledRows settled, Row... rows) {
        IoreqRows columns = new IoreqRows(rows.length);
        for (Row row : rows) {
            row.addTo(columns, now);
        }
        rules.accept(now, shard, shardEpoch, decidedRevision, decidedChange, columns, settled);
    }

    static SettledRows settled(int vcpu, long through) {
        SettledRows settled = new SettledRows(1);
        settled.add(vcpu, Row.EPOCH, through);
        return settled;
    }

    void answer(Row... rows) {
        answer(0, rows);
    }

    void answer(long value, Row... rows) {
        OutcomeRows answers = new OutcomeRows(rows.length);
        for (Row row : rows) {
            answers.add(row.vcpu(), row.vcpuEpoch(), row.sequence(), row.part(), value, Errno.OK);
        }
        rules.answers(now, session, answers);
    }

    void giveUp(Row... rows) {
        OutcomeRows answers = new OutcomeRows(rows.length);
        for (Row row : rows) {
            answers.add(row.vcpu(), row.vcpuEpoch(), row.sequence(), row.part(), 0, (byte) Errno.ESTALE.number());
        }
        rules.answers(now, session, answers);
    }

    void recall(long recall, int drainMillis, Row... rows) {
        rules.recall(now, 0, shardEpoch, recall, recalledChange, Row.keys(rows), drainMillis);
    }

    void lose() {
        rules.lost(session);
    }

    /** Time passes; the rules are asked whenever they said that they want to be. */
    void after(long millis) {
        long end = now + millis * 1_000_000;
        while (rules.nextDeadline() <= end) {
            now = Math.max(now, rules.nextDeadline());
            rules.tick(now);
        }
        now = end;
    }

    Optional<Refusal> gate(Row... serving) {
        return rules.gate(new Gate(PRINCIPAL, ID, GENERATION, session, Row.keys(serving)));
    }

    static KeptRequests kept(KeptRequests kept, Row row, long answer, boolean underWay) {
        kept.add(row.vcpu(), row.vcpuEpoch(), row.sequence(), row.part(), answer, underWay);
        return kept;
    }

    static KeptRequests carriedOut(Row row, long answer) {
        return kept(new KeptRequests(), row, answer, false);
    }

    static KeptRequests underWay(Row row) {
        return kept(new KeptRequests(), row, 0, true);
    }

    // What is said.

    @Override
    public void completed(int shard, OutcomeRows rows) {
        KeyRows keys = rows.keys();
        say(shard, "completed", keys, i -> {
            Optional<Errno> errno = Errno.ofNumber(rows.errno(i));
            return errno.map(e -> ":" + e).orElse("=" + Long.toHexString(rows.data(i)));
        });
    }

    @Override
    public void decideAgain(int shard, KeyRows rows) {
        say(shard, "again", rows, i -> "");
    }

    @Override
    public void postedQueued(int shard, KeyRows rows) {
        say(shard, "queued", rows, i -> "");
    }

    @Override
    public void postedDone(int shard, KeyRows rows) {
        say(shard, "done", rows, i -> "");
    }

    @Override
    public void recalled(int shard, long recall) {
        said.add("recalled " + recall);
    }

    @Override
    public boolean attached(long sessionEpoch) {
        said.add("attached " + sessionEpoch);
        return streamIsReady;
    }

    @Override
    public boolean ioreqs(long decidedRevision, int shard, long epoch, IoreqRows rows, SettledRows marks) {
        say(-1, "ioreqs", rows.keys(), i -> {
            int mark = rows.marks(i);
            return ((mark & IoreqAttributes.MARK_REDELIVERED) != 0 ? "!" : "")
                    + ((mark & IoreqAttributes.MARK_POSTED) != 0 ? "+" : "");
        });
        if (marks.size() > 0) {
            settled(marks);
        }
        return streamIsReady;
    }

    @Override
    public boolean settled(SettledRows marks) {
        StringJoiner text = new StringJoiner(" ", "settled ", "");
        for (int i = 0; i < marks.size(); i++) {
            text.add("v" + marks.vcpu(i) + "<=" + marks.through(i));
        }
        said.add(text.toString());
        return streamIsReady;
    }

    @Override
    public void fenced(long sessionEpoch, Refusal why) {
        said.add("fenced " + sessionEpoch + " " + why.errno());
    }

    @Override
    public void drained(long drain) {
        said.add("drained " + drain);
    }

    private void say(int shard, String what, KeyRows keys, IntFunction<String> more) {
        StringJoiner text = new StringJoiner(" ", what + (shard > 0 ? " at " + shard : "") + " ", "");
        for (int i = 0; i < keys.size(); i++) {
            text.add(Row.name(keys.vcpu(i), keys.vcpuEpoch(i), keys.sequence(i), keys.part(i)) + more.apply(i));
        }
        said.add(text.toString());
    }

    /** All that the server says it has done, for those who want to see it fail. */
    @Override
    public String toString() {
        return Arrays.toString(said.toArray());
    }
}
