package io.trapline.node.ioreq;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.AccessFlags;
import io.trapline.model.Errno;
import io.trapline.model.IoreqAttributes;
import io.trapline.model.RangeSet;
import io.trapline.model.Refusal;
import io.trapline.node.ioreq.NaiveServer.RowEntry;
import io.trapline.node.ioreq.NaiveServer.RowKey;
import io.trapline.node.ioreq.NaiveServer.State;
import io.trapline.node.protocol.Drain;
import io.trapline.node.protocol.EmulatorLine;
import io.trapline.node.protocol.Gate;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.node.rows.SettledRows;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules against {@link NaiveServer}: random steps, everything that is said compared after each. */
@DisplayName("F1, F2, F3, F4, F5, F6, S5, C7, A6 against a naive model")
final class IoreqServerRandomTest implements IoreqEffects {
    private static final int STEPS = 3_000;
    private static final int VCPUS = 3;
    private static final RangeSet RANGE = RangeSet.of(new long[] {0x8000}, new long[] {0x9FFF});

    private SplittableRandom random = new SplittableRandom(0);
    private IoreqServerRules rules = new IoreqServerRules(ServerScene.ID, ServerScene.GENERATION, this);
    private int window;
    private long now = 1_000_000_000L;
    private long revision = 10;
    private long changed = 10;
    private long session;
    private long run;
    private boolean enabled = true;
    private boolean paused;
    private boolean ready = true;
    private boolean mapped = true;
    private int timeoutMillis = 500;
    private final int[] claims = new int[16];
    private NaiveServer model = new NaiveServer(1, view());
    private final Map<String, String> said = new LinkedHashMap<>();
    private final List<Long> drained = new ArrayList<>();
    private final long[] epoch = new long[VCPUS];
    private final long[] nextSequence = new long[VCPUS];
    private final Map<RowKey, Row> toForwardAgain = new TreeMap<>();
    /** What went back and does not come again. */
    private final List<RowKey> goneElsewhere = new ArrayList<>();

    private final Set<RowKey> tookEffect = new HashSet<>();
    private final List<Delivered> delivered = new ArrayList<>();
    private long recall;
    private String step = "";

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void saysWhatTheModelSays(long seed) {
        run(seed);
    }

    static LongStream manySeeds() {
        return LongStream.range(100, 400);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("manySeeds")
    @Tag("simulation")
    void saysWhatTheModelSaysForManySeeds(long seed) {
        run(seed);
    }

    private void run(long seed) {
        random = new SplittableRandom(seed);
        window = 1 + random.nextInt(6);
        claims[0] = AccessFlags.ALL;
        claims[1] = AccessFlags.ALL;
        model = new NaiveServer(window, view());
        for (int vcpu = 0; vcpu < VCPUS; vcpu++) {
            open(vcpu);
        }
        change();
        for (int i = 0; i < STEPS; i++) {
            step = "seed " + seed + " step " + i + ": ";
            oneStep();
            compare();
        }
        assertThat(model.answered).isGreaterThan(50);
        assertThat(model.timedOut).isGreaterThan(10);
        assertThat(model.decidedAgain).isGreaterThan(10);
    }

    private void oneStep() {
        int choice = random.nextInt(100);
        if (choice < 32) {
            forward();
        } else if (choice < 62) {
            answer();
        } else if (choice < 72) {
            pass();
        } else if (choice < 76) {
            attach();
        } else if (choice < 78) {
            step += "lost";
            rules.lost(session);
            model.bound = 0;
        } else if (choice < 81) {
            recall();
        } else if (choice < 88) {
            changeSomething();
        } else if (choice < 90) {
            open(random.nextInt(VCPUS));
        } else if (choice < 93) {
            addCredit();
        } else if (choice < 95) {
            postedLeft();
        } else {
            ready = random.nextBoolean();
            step += "ready " + ready;
            if (ready && model.bound != 0) {
                rules.ready(now, model.bound);
            }
        }
    }

    // Steps, each told to both.

    private void forward() {
        int vcpu = random.nextInt(VCPUS);
        List<Row> rows = new ArrayList<>();
        for (RowKey key : List.copyOf(toForwardAgain.keySet())) {
            Row row = toForwardAgain.get(key);
            if (row != null && row.vcpu() == vcpu && model.rows.get(key) == null) {
                toForwardAgain.remove(key);
                rows.add(row);
            }
        }
        for (int i = random.nextInt(4); i > 0 && mayStart(vcpu, rows); i--) {
            rows.add(randomRow(vcpu, nextSequence[vcpu]++));
        }
        long decided = random.nextInt(10) > 0 ? revision : Math.max(1, revision - 1 + random.nextInt(3));
        step += "forward " + rows + " decided " + decided;
        IoreqRows columns = new IoreqRows(rows.size());
        rows.forEach(row -> row.addTo(columns, now));
        int shard = random.nextInt(2);
        SettledRows settled = new SettledRows(1);
        rules.accept(now, shard, 1, decided, 0, columns, settled);
        rows.forEach(row -> model.forward(now, shard, 1, decided, row));
    }

    /** A guest has at most a window of accesses without an outcome; posted ones have theirs when queued. */
    private boolean mayStart(int vcpu, List<Row> underWay) {
        long oldest = nextSequence[vcpu];
        for (Row row : underWay) {
            if (row.vcpuEpoch() == epoch[vcpu]) {
                oldest = Math.min(oldest, row.sequence());
            }
        }
        for (RowEntry entry : model.rows.values()) {
            boolean owes = !entry.buffered && entry.state != State.TIMED_OUT;
            if (owes && entry.key.vcpu() == vcpu && entry.key.epoch() == epoch[vcpu]) {
                oldest = Math.min(oldest, entry.key.sequence());
            }
        }
        for (RowKey key : toForwardAgain.keySet()) {
            if (key.vcpu() == vcpu && key.epoch() == epoch[vcpu]) {
                oldest = Math.min(oldest, key.sequence());
            }
        }
        return nextSequence[vcpu] < oldest + window;
    }

    private Row randomRow(int vcpu, long sequence) {
        int size = 1 << random.nextInt(4);
        Row row = Row.of(vcpu, sequence)
                .epoch(epoch[vcpu])
                .window(window)
                .size(size)
                .within(50 + random.nextInt(2_000))
                .claimed(random.nextInt(2));
        if (random.nextInt(3) == 0) {
            row = row.read(size);
        } else if (random.nextInt(2) == 0) {
            row = row.post();
        }
        return random.nextInt(4) == 0 ? row.ranged(IoreqAttributes.COPY, 0x8000 + random.nextInt(0x1000)) : row;
    }

    private void answer() {
        List<RowKey> keys = new ArrayList<>();
        for (RowEntry entry : model.rows.values()) {
            if (random.nextInt(3) == 0 && entry.state != State.HELD && (entry.delivered() || random.nextInt(4) == 0)) {
                keys.add(entry.key);
            }
        }
        if (random.nextInt(5) == 0) {
            keys.add(new RowKey(
                    random.nextInt(VCPUS + 1), 1 + random.nextInt(9), random.nextInt(20), random.nextInt(2)));
        }
        Collections.shuffle(keys, new java.util.Random(random.nextLong()));
        long to = random.nextInt(20) == 0 ? session - 1 : session;
        step += "answer " + keys + " to session " + to;
        OutcomeRows answers = new OutcomeRows(keys.size());
        long value = random.nextLong();
        keys.forEach(key -> answers.add(key.vcpu(), key.epoch(), key.sequence(), key.part(), value, Errno.OK));
        rules.answers(now, to, answers);
        keys.forEach(key -> model.answer(now, to, key, value));
    }

    private void pass() {
        long next = model.nextDeadline();
        assertThat(rules.nextDeadline())
                .as(step + "next deadline")
                .isLessThanOrEqualTo(next == Long.MAX_VALUE ? next : Math.max(next, now + 100_000));
        now += random.nextInt(200) * 1_000_000L;
        step += "tick at " + now;
        rules.tick(now);
        model.tick(now);
    }

    private void attach() {
        revision++;
        changed = revision;
        session = revision;
        boolean sameRun = random.nextBoolean();
        run = sameRun && run != 0 ? run : random.nextLong() | 1;
        apply(List.of(), List.of());
        compare();
        if (random.nextInt(5) == 0) {
            return;
        }
        Map<RowKey, Boolean> kept = new LinkedHashMap<>();
        Map<RowKey, Long> values = new HashMap<>();
        KeptRequests requests = new KeptRequests();
        for (RowEntry entry : model.rows.values()) {
            if (random.nextInt(3) == 0) {
                boolean underWay = random.nextBoolean();
                kept.put(entry.key, underWay);
                values.put(entry.key, entry.key.sequence() * 77);
                requests.add(
                        entry.key.vcpu(),
                        entry.key.epoch(),
                        entry.key.sequence(),
                        entry.key.part(),
                        entry.key.sequence() * 77,
                        underWay);
            }
        }
        int credit = random.nextInt(4) == 0 ? 1 + random.nextInt(3) : 1000;
        step += "bind " + session + " credit " + credit + " kept " + kept;
        model.bind(now, session, run, credit, kept, values);
        assertThat(rules.bind(now, session, run, credit, requests)).isEmpty();
    }

    private void recall() {
        KeyRows keys = new KeyRows(4);
        List<RowKey> recalled = new ArrayList<>();
        for (RowEntry entry : model.rows.values()) {
            if (random.nextInt(3) == 0) {
                recalled.add(entry.key);
                keys.add(entry.key.vcpu(), entry.key.epoch(), entry.key.sequence(), entry.key.part());
            }
        }
        int millis = random.nextInt(300);
        int shard = random.nextInt(2);
        step += "recall " + recalled + " within " + millis;
        long before = ++recall;
        rules.recall(now, shard, 0, recall, 0, keys, millis);
        assertThat(recall).as("recalled").isEqualTo(-before);
        recall = before;
        recalled.forEach(key -> model.recall(now, shard, key, millis));
    }

    private void changeSomething() {
        List<Drain> drains = new ArrayList<>();
        revision++;
        int millis = random.nextInt(400);
        boolean serverChanges = true;
        switch (random.nextInt(6)) {
            case 0 -> {
                enabled = !enabled;
                if (!enabled) {
                    drains.add(new Drain(revision, -1, millis));
                }
            }
            case 1, 2 -> {
                int x = random.nextInt(2);
                claims[x] = claims[x] == 0 ? 1 + random.nextInt(3) : 0;
                if (claims[x] == 0) {
                    drains.add(new Drain(revision, x, millis));
                }
            }
            case 3 -> mapped = !mapped;
            case 4 -> {
                paused = !paused;
                serverChanges = false;
            }
            default -> {
                timeoutMillis = random.nextInt(3) == 0 ? 0 : 100 + random.nextInt(500);
                serverChanges = false;
            }
        }
        changed = serverChanges ? revision : changed;
        step += "change to enabled " + enabled + " claims " + claims[0] + " " + claims[1] + " mapped " + mapped
                + " paused " + paused + " drains " + drains;
        apply(List.of(), drains);
    }

    private void change() {
        changed = ++revision;
        apply(List.of(), List.of());
    }

    private void open(int vcpu) {
        revision++;
        epoch[vcpu] = revision;
        nextSequence[vcpu] = 1;
        toForwardAgain
                .keySet()
                .removeIf(key -> key.vcpu() == vcpu && key.epoch() < epoch[vcpu] && !tookEffect.contains(key));
        step += "open " + vcpu + " as " + revision;
        apply(List.of(new VcpuOpening(vcpu, revision)), List.of());
    }

    private void postedLeft() {
        step += "left " + goneElsewhere;
        KeyRows keys = new KeyRows(goneElsewhere.size());
        for (RowKey key : goneElsewhere) {
            keys.add(key.vcpu(), key.epoch(), key.sequence(), key.part());
            model.postedLeft(key);
        }
        goneElsewhere.clear();
        rules.postedLeft(now, keys);
    }

    private void addCredit() {
        int rows = random.nextInt(3);
        step += "credit " + rows;
        assertThat(rules.addCredit(now, session, rows)).isEmpty();
        if (model.bound == session && session != 0) {
            model.granted += rows;
        }
    }

    private ServerView view() {
        return new ServerView(
                ServerScene.ID,
                ServerScene.GENERATION,
                ServerScene.PRINCIPAL,
                enabled,
                true,
                timeoutMillis,
                claims.clone(),
                RangeSet.EMPTY,
                mapped ? RANGE : RangeSet.EMPTY,
                RangeSet.EMPTY,
                session,
                run,
                changed,
                0,
                0,
                EmulatorLine.NONE);
    }

    private void apply(List<VcpuOpening> opened, List<Drain> drains) {
        opened.forEach(opening -> model.open(opening.vcpu(), opening.epoch()));
        // The model delivers nothing by itself: what it frees must be free before the rules say what they deliver.
        model.apply(now, revision, view(), paused, drains);
        rules.apply(now, revision, view(), Map.of(), paused, opened, drains);
    }

    // What the rules say, and whether it is what the model says.

    private void compare() {
        for (Delivered batch : delivered) {
            for (int i = 0; i < batch.rows.size(); i++) {
                assertThat(model.delivered(now, batch.rows, i, batch.decidedRevision, batch.shard, batch.shardEpoch))
                        .as(step)
                        .isEmpty();
            }
        }
        delivered.clear();
        for (String name : said.keySet()) {
            assertThat(said.get(name)).as(step + " " + name).isEqualTo(model.said.get(name));
        }
        assertThat(said.keySet()).as(step).isEqualTo(model.said.keySet());
        assertThat(drained).as(step + " drained").containsExactlyInAnyOrderElementsOf(model.drained);
        assertThat(ready && model.couldDeliver())
                .as(step + " could deliver more")
                .isFalse();
        IoreqCounters counters = rules.counters();
        assertThat(counters.answered()).as(step).isEqualTo(model.answered);
        assertThat(counters.refusedAnswers()).as(step).isEqualTo(model.refused);
        assertThat(counters.timedOut()).as(step).isEqualTo(model.timedOut);
        assertThat(counters.decidedAgain()).as(step).isEqualTo(model.decidedAgain);
        assertThat(counters.postedWaiting()).as(step).isEqualTo(model.waitingPosts());
        assertThat(counters.inFlight()).as(step).isEqualTo(model.slotsInUse());
        for (RowEntry entry : model.rows.values()) {
            KeyRows key = new KeyRows(1);
            key.add(entry.key.vcpu(), entry.key.epoch(), entry.key.sequence(), entry.key.part());
            boolean passes = rules.gate(new Gate(ServerScene.PRINCIPAL, ServerScene.ID, 0, session, key))
                    .isEmpty();
            assertThat(passes).as(step + " gate " + entry.key).isEqualTo(entry.delivered() && session != 0);
        }
        said.clear();
        model.said.clear();
        drained.clear();
        model.drained.clear();
    }

    private void say(KeyRows keys, int i, String what) {
        said.merge(
                Row.name(keys.vcpu(i), keys.vcpuEpoch(i), keys.sequence(i), keys.part(i)),
                what,
                (a, b) -> a + " and " + b);
    }

    private void again(KeyRows keys, int i) {
        say(keys, i, "again");
        RowKey key = new RowKey(keys.vcpu(i), keys.vcpuEpoch(i), keys.sequence(i), keys.part(i));
        if (random.nextInt(3) > 0) {
            Row row = randomRow(key.vcpu(), key.sequence()).epoch(key.epoch()).part(key.part());
            toForwardAgain.put(key, tookEffect.contains(key) ? row.post().within(Row.FOR_EVER) : row);
        } else {
            goneElsewhere.add(key);
        }
    }

    @Override
    public void completed(int shard, OutcomeRows rows) {
        for (int i = 0; i < rows.size(); i++) {
            long value = rows.data(i);
            say(rows.keys(), i, Errno.ofNumber(rows.errno(i)).map(Errno::name).orElse("=" + value));
            RowKey key = new RowKey(
                    rows.keys().vcpu(i),
                    rows.keys().vcpuEpoch(i),
                    rows.keys().sequence(i),
                    rows.keys().part(i));
            boolean goesOn = rows.errno(i) == Errno.OK && key.part() < 2 && random.nextInt(5) == 0;
            if (goesOn && key.epoch() == epoch[key.vcpu()]) {
                // The next part of an access that was cut (A2).
                toForwardAgain.put(
                        new RowKey(key.vcpu(), key.epoch(), key.sequence(), key.part() + 1),
                        randomRow(key.vcpu(), key.sequence()).part(key.part() + 1));
            }
        }
    }

    @Override
    public void decideAgain(int shard, KeyRows rows) {
        for (int i = 0; i < rows.size(); i++) {
            again(rows, i);
        }
    }

    @Override
    public void postedQueued(int shard, KeyRows rows) {
        for (int i = 0; i < rows.size(); i++) {
            say(rows, i, "queued");
            tookEffect.add(new RowKey(rows.vcpu(i), rows.vcpuEpoch(i), rows.sequence(i), rows.part(i)));
        }
    }

    @Override
    public void postedDone(int shard, KeyRows rows) {
        for (int i = 0; i < rows.size(); i++) {
            say(rows, i, "done");
        }
    }

    @Override
    public void recalled(int shard, long aRecall) {
        assertThat(aRecall).isEqualTo(recall);
        recall = -recall;
    }

    @Override
    public boolean attached(long sessionEpoch) {
        assertThat(sessionEpoch).isEqualTo(session);
        return ready;
    }

    private record Delivered(long decidedRevision, int shard, long shardEpoch, IoreqRows rows) {}

    @Override
    public boolean ioreqs(long decidedRevision, int shard, long shardEpoch, IoreqRows rows, SettledRows settled) {
        delivered.add(new Delivered(decidedRevision, shard, shardEpoch, rows));
        return ready;
    }

    @Override
    public boolean settled(SettledRows marks) {
        return ready;
    }

    @Override
    public void fenced(long sessionEpoch, Refusal why) {
        assertThat(why.errno()).isEqualTo(Errno.ESTALE);
    }

    @Override
    public void drained(long aRevision) {
        drained.add(aRevision);
    }
}
