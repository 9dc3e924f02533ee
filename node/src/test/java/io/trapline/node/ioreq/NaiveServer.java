package io.trapline.node.ioreq;

import io.trapline.model.IoreqAttributes;
import io.trapline.node.protocol.Drain;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.rows.IoreqRows;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What {@link IoreqServerRules} must do, as plainly as it can be said: a map of rows by key, everything found by looking at all of them. What it says in a
 * step is in {@link #said} and {@link #drained}; delivery, which has a choice, is checked instead of foretold.
 */
final class NaiveServer {
    record RowKey(int vcpu, long epoch, long sequence, int part) implements Comparable<RowKey> {
        private static final Comparator<RowKey> ORDER = Comparator.comparingInt(RowKey::vcpu)
                .thenComparingLong(RowKey::epoch)
                .thenComparingLong(RowKey::sequence)
                .thenComparingInt(RowKey::part);

        @Override
        public int compareTo(RowKey other) {
            return ORDER.compare(this, other);
        }
    }

    enum State {
        HELD,
        WAITING,
        READY,
        INPROCESS,
        TIMED_OUT
    }

    static final class RowEntry {
        final RowKey key;
        final Row row;
        boolean buffered;
        boolean marked;
        State state = State.WAITING;
        long decided;
        int shard;
        boolean goesBack;
        int shardEpoch;
        long deadline;
        long since;
        long drainDeadline = Long.MAX_VALUE;
        final Set<Long> drains = new HashSet<>();
        long run;

        RowEntry(RowKey key, Row row) {
            this.key = key;
            this.row = row;
        }

        boolean delivered() {
            return state == State.INPROCESS;
        }

        boolean undelivered() {
            return state == State.READY || state == State.WAITING;
        }
    }

    final TreeMap<RowKey, RowEntry> rows = new TreeMap<>();
    final Map<Integer, Long> epochs = new HashMap<>();
    final Map<String, String> said = new LinkedHashMap<>();
    final TreeSet<Long> openDrains = new TreeSet<>();
    final List<Long> drained = new ArrayList<>();
    private final Set<Integer> returned = new HashSet<>();
    /** Posted writes that went back: they may come again (F3, F6). */
    private final Set<RowKey> mayComeAgain = new HashSet<>();

    private final int window;
    ServerView view;
    long applied;
    boolean paused;
    long lastSession;
    long bound;
    long run;
    long granted;
    long unanswered;
    /** What was passed in this session and has its outcome without an answer, as often as that was. */
    final List<RowKey> abandoned = new ArrayList<>();

    long answered;
    long refused;
    long timedOut;
    long decidedAgain;

    NaiveServer(int window, ServerView view) {
        this.window = window;
        this.view = view;
    }

    void say(RowKey key, String what) {
        said.merge(name(key), what, (a, b) -> a + " and " + b);
    }

    static String name(RowKey key) {
        return Row.name(key.vcpu(), key.epoch(), key.sequence(), key.part());
    }

    // Steps.

    void forward(long now, int shard, int shardEpoch, long decided, Row row) {
        RowKey key = new RowKey(row.vcpu(), row.vcpuEpoch(), row.sequence(), row.part());
        RowEntry entry = new RowEntry(key, row);
        entry.shard = shard;
        entry.shardEpoch = shardEpoch;
        entry.decided = decided;
        entry.deadline = row.deadlineNanos(now);
        if (decided > applied) {
            entry.state = State.HELD;
            rows.put(key, entry);
        } else {
            take(now, entry);
        }
    }

    private void take(long now, RowEntry entry) {
        RowKey key = entry.key;
        rows.remove(key);
        if (entry.decided < view.changedRevision() || entry.goesBack) {
            decidedAgain++;
            say(key, "again");
            return;
        }
        if (entry.deadline <= now) {
            timedOut++;
            say(key, "ETIMEDOUT");
            return;
        }
        if (key.epoch() > epochs.getOrDefault(key.vcpu(), 0L)) {
            open(key.vcpu(), key.epoch());
        }
        boolean effective = entry.deadline == Long.MAX_VALUE;
        if (key.epoch() < epochs.getOrDefault(key.vcpu(), 0L) && !effective) {
            return;
        }
        boolean posted = entry.row.posted() && view.buffers();
        entry.buffered = effective || (posted && waitingPosts() + weight(entry) <= 511);
        entry.since = now;
        entry.state = State.WAITING;
        mayComeAgain.remove(key);
        if (entry.buffered) {
            entry.deadline = Long.MAX_VALUE;
            say(key, "queued");
        } else if (rows.values().stream()
                        .filter(e -> e.key.vcpu() == key.vcpu() && e.state == State.WAITING)
                        .count()
                >= window) {
            say(key, "EAGAIN");
            return;
        }
        rows.put(key, entry);
        settleSlots(now);
    }

    private static int weight(RowEntry entry) {
        return entry.row.sizeBytes() == 8 ? 2 : 1;
    }

    long waitingPosts() {
        return rows.values().stream()
                .filter(e -> e.buffered && e.state != State.HELD)
                .mapToLong(NaiveServer::weight)
                .sum();
    }

    long slotsInUse() {
        return rows.values().stream()
                .filter(e -> !e.buffered && e.state != State.HELD && e.state != State.WAITING)
                .count();
    }

    /** WAITING rows take what is free, in the order of their vCPU, until one of it cannot. */
    private void settleSlots(long now) {
        Set<Integer> blocked = new HashSet<>();
        for (RowEntry entry : rows.values()) {
            if (entry.state != State.WAITING || blocked.contains(entry.key.vcpu())) {
                continue;
            }
            if (!entry.buffered && slotTaken(entry)) {
                blocked.add(entry.key.vcpu());
            } else {
                entry.state = State.READY;
                entry.since = now;
            }
        }
    }

    private boolean slotTaken(RowEntry entry) {
        return rows.values().stream()
                .anyMatch(e -> e != entry
                        && !e.buffered
                        && e.state != State.WAITING
                        && e.state != State.HELD
                        && e.key.vcpu() == entry.key.vcpu()
                        && e.key.sequence() % window == entry.key.sequence() % window);
    }

    void open(int vcpu, long epoch) {
        if (epoch <= epochs.getOrDefault(vcpu, 0L)) {
            return;
        }
        epochs.put(vcpu, epoch);
        for (RowEntry entry : List.copyOf(rows.values())) {
            boolean effective = entry.buffered || entry.deadline == Long.MAX_VALUE;
            if (entry.key.vcpu() == vcpu && entry.key.epoch() < epoch && !effective) {
                leave(entry);
            }
        }
    }

    /** The row is gone. */
    private void leave(RowEntry entry) {
        if (entry.delivered()) {
            abandoned.add(entry.key);
        }
        rows.remove(entry.key);
        endDrains(entry);
    }

    private void endDrains(RowEntry entry) {
        Set<Long> waited = new TreeSet<>(entry.drains);
        entry.drains.clear();
        for (long drain : waited) {
            if (rows.values().stream().noneMatch(e -> e.drains.contains(drain)) && openDrains.remove(drain)) {
                drained.add(drain);
            }
        }
    }

    void apply(long now, long revision, ServerView newView, boolean isPaused, List<Drain> drains) {
        ServerView before = view;
        view = newView;
        applied = revision;
        paused = isPaused;
        lastSession = Math.max(lastSession, newView.sessionEpoch());
        if (bound != newView.sessionEpoch()) {
            bound = 0;
        }
        if (!drains.isEmpty() || ForwardReason.mayBeLost(before, newView)) {
            drains.forEach(drain -> openDrains.add(drain.revision()));
            for (RowEntry entry : List.copyOf(rows.values())) {
                if (entry.state != State.HELD && entry.state != State.TIMED_OUT) {
                    caught(now, entry, drains);
                }
            }
            for (Drain drain : drains) {
                if (rows.values().stream().noneMatch(e -> e.drains.contains(drain.revision()))
                        && openDrains.remove(drain.revision())) {
                    drained.add(drain.revision());
                }
            }
        }
        giveBackHeld();
        settleSlots(now);
        for (RowEntry entry : List.copyOf(rows.values())) {
            if (entry.state == State.HELD && entry.decided <= revision) {
                take(now, entry);
            }
        }
    }

    private void caught(long now, RowEntry entry, List<Drain> drains) {
        List<Drain> its = drains.stream()
                .filter(drain -> drain.x() == -1 || drain.x() == entry.row.claimedType())
                .toList();
        if (its.isEmpty()
                && ForwardReason.holds(
                        view,
                        (byte) entry.row.claimedType(),
                        entry.row.attributes(),
                        entry.row.address(),
                        entry.row.count())) {
            return;
        }
        int millis = its.stream().mapToInt(Drain::drainMillis).min().orElse(5_000);
        catchOne(now, entry, millis, its.stream().map(Drain::revision).toList());
    }

    private void catchOne(long now, RowEntry entry, int millis, List<Long> drains) {
        if (!rows.containsKey(entry.key)) {
            return;
        }
        if (entry.undelivered()) {
            giveBack(entry);
        } else {
            entry.drainDeadline = Math.min(entry.drainDeadline, now + millis * 1_000_000L);
            entry.drains.addAll(drains);
        }
    }

    /** With what its vCPU has behind it and was not delivered; what is held of it follows when the step has given back all it does (A3). */
    private void giveBack(RowEntry entry) {
        returned.add(entry.key.vcpu());
        giveBackOne(entry);
        for (RowEntry behind : List.copyOf(rows.tailMap(entry.key, false).values())) {
            if (behind.key.vcpu() == entry.key.vcpu() && behind.undelivered()) {
                giveBackOne(behind);
            }
        }
    }

    private void giveBackOne(RowEntry entry) {
        decidedAgain++;
        say(entry.key, "again");
        if (entry.buffered) {
            mayComeAgain.add(entry.key);
        }
        leave(entry);
    }

    void postedLeft(RowKey key) {
        mayComeAgain.remove(key);
    }

    private boolean waitsForReturn(RowKey key) {
        boolean isOut = rows.values().stream()
                .anyMatch(post -> post.buffered
                        && post.delivered()
                        && post.drainDeadline != Long.MAX_VALUE
                        && post.key.vcpu() == key.vcpu()
                        && post.key.compareTo(key) < 0);
        return isOut || mayComeAgain.stream().anyMatch(post -> post.vcpu() == key.vcpu() && post.compareTo(key) < 0);
    }

    private void giveBackHeld() {
        for (RowEntry entry : List.copyOf(rows.values())) {
            if (entry.state == State.HELD && returned.contains(entry.key.vcpu())) {
                entry.goesBack = true;
            }
        }
        returned.clear();
    }

    void recall(long now, int shard, RowKey key, int millis) {
        RowEntry entry = rows.get(key);
        if (entry == null || entry.state == State.TIMED_OUT) {
            return;
        }
        if (entry.state != State.HELD) {
            catchOne(now, entry, millis, List.of());
        } else if (entry.shard == shard) {
            returned.add(key.vcpu());
        }
        giveBackHeld();
        settleSlots(now);
    }

    void bind(long now, long epoch, long aRun, int credit, Map<RowKey, Boolean> kept, Map<RowKey, Long> values) {
        bound = epoch;
        run = aRun;
        granted = credit;
        unanswered = 0;
        abandoned.clear();
        rows.values().removeIf(entry -> entry.state == State.TIMED_OUT);
        settleSlots(now);
        Set<RowKey> underWay = new HashSet<>();
        kept.forEach((key, isUnderWay) -> {
            RowEntry entry = rows.get(key);
            if (entry == null || entry.state == State.HELD || (entry.state == State.WAITING && !entry.buffered)) {
                return;
            }
            if (!isUnderWay) {
                complete(entry, values.getOrDefault(key, 0L));
                settleSlots(now);
            } else if (entry.state != State.WAITING) {
                underWay.add(key);
                entry.run = aRun;
            }
        });
        for (RowEntry entry : List.copyOf(rows.values())) {
            if (entry.state == State.HELD) {
                continue;
            }
            entry.since = now;
            if (underWay.contains(entry.key)) {
                entry.state = State.INPROCESS;
                unanswered++;
            } else if (entry.delivered()) {
                entry.state = State.READY;
            }
        }
        for (RowEntry entry : List.copyOf(rows.values())) {
            if (rows.containsKey(entry.key) && entry.undelivered() && entry.drainDeadline != Long.MAX_VALUE) {
                giveBack(entry);
            }
        }
        giveBackHeld();
        settleSlots(now);
    }

    private void complete(RowEntry entry, long value) {
        answered++;
        int attributes = entry.row.attributes();
        boolean hasValue = !IoreqAttributes.isWrite(attributes) && !IoreqAttributes.isDataPtr(attributes);
        say(entry.key, entry.buffered ? "done" : "=" + (hasValue ? value & IoreqAttributes.mask(attributes) : 0));
        rows.remove(entry.key);
        endDrains(entry);
    }

    void answer(long now, long epoch, RowKey key, long value) {
        RowEntry entry = rows.get(key);
        if (bound == 0 || bound != epoch) {
            refused++;
            return;
        }
        if (entry != null && entry.delivered()) {
            unanswered--;
            complete(entry, value);
        } else {
            refused++;
            if (abandoned.remove(key)) {
                unanswered--;
            }
            if (entry != null && entry.state == State.TIMED_OUT) {
                rows.remove(key);
            }
        }
        settleSlots(now);
    }

    void tick(long now) {
        for (RowEntry entry : List.copyOf(rows.values())) {
            if (entry.state == State.TIMED_OUT || entry.state == State.HELD) {
                continue;
            }
            if (endsAt(entry) <= now) {
                timeOut(entry);
            }
        }
        for (RowEntry entry : List.copyOf(rows.values())) {
            if (rows.containsKey(entry.key) && entry.state != State.TIMED_OUT && entry.drainDeadline <= now) {
                giveBack(entry);
            }
        }
        giveBackHeld();
        settleSlots(now);
    }

    long endsAt(RowEntry entry) {
        boolean serverCounts = bound != 0
                && view.timeoutMillis() > 0
                && (entry.delivered() || (entry.state == State.READY && !entry.buffered));
        return Math.min(
                entry.deadline, serverCounts ? entry.since + view.timeoutMillis() * 1_000_000L : Long.MAX_VALUE);
    }

    private void timeOut(RowEntry entry) {
        timedOut++;
        say(entry.key, entry.buffered ? "done" : "ETIMEDOUT");
        if (entry.delivered() && !entry.buffered) {
            abandoned.add(entry.key);
            entry.state = State.TIMED_OUT;
            endDrains(entry);
        } else {
            leave(entry);
        }
    }

    /** The earliest time at which something must be looked at; {@link Long#MAX_VALUE} = never. */
    long nextDeadline() {
        return rows.values().stream()
                .filter(entry -> entry.state != State.TIMED_OUT && entry.state != State.HELD)
                .mapToLong(entry -> Math.min(endsAt(entry), entry.drainDeadline))
                .min()
                .orElse(Long.MAX_VALUE);
    }

    // Delivery, which is checked.

    /** The first row of its vCPU that may be delivered now, by vCPU. */
    private Map<Integer, RowEntry> heads() {
        Map<Integer, RowEntry> heads = new HashMap<>();
        Map<Integer, RowEntry> oldest = new HashMap<>();
        Set<Integer> seen = new HashSet<>();
        for (RowEntry entry : rows.values()) {
            if (entry.state == State.HELD || entry.state == State.TIMED_OUT) {
                continue;
            }
            oldest.putIfAbsent(entry.key.vcpu(), entry);
            if (entry.undelivered() && seen.add(entry.key.vcpu())) {
                RowEntry before = oldest.get(entry.key.vcpu());
                boolean first = entry.key.epoch() == before.key.epoch()
                        && !waitsForReturn(entry.key)
                        && !(before.buffered && entry.key.part() > 0);
                if (entry.state == State.READY && first) {
                    heads.put(entry.key.vcpu(), entry);
                }
            }
        }
        return heads;
    }

    /** A row was passed to the emulator: why that was wrong, or null; whether it must be marked comes back in its entry. */
    String delivered(long now, IoreqRows batch, int i, long decided, int shard, long shardEpoch) {
        RowKey key = new RowKey(
                batch.keys().vcpu(i),
                batch.keys().vcpuEpoch(i),
                batch.keys().sequence(i),
                batch.keys().part(i));
        RowEntry entry = rows.get(key);
        if (entry == null || heads().get(key.vcpu()) != entry) {
            return name(key) + " was not next";
        }
        if (paused || bound == 0 || unanswered >= granted) {
            return name(key) + " while nothing may be delivered";
        }
        if (entry.decided != decided || entry.shard != shard || entry.shardEpoch != shardEpoch) {
            return name(key) + " in a batch of another revision or shard";
        }
        entry.marked |= entry.run != 0 && entry.run != run;
        boolean marked = (batch.marks(i) & IoreqAttributes.MARK_REDELIVERED) != 0;
        if (marked != entry.marked) {
            return name(key) + " marked " + marked;
        }
        entry.state = State.INPROCESS;
        entry.since = now;
        entry.run = run;
        unanswered++;
        return "";
    }

    /** Whether something could have been delivered. */
    boolean couldDeliver() {
        return !paused && bound != 0 && unanswered < granted && !heads().isEmpty();
    }
}
