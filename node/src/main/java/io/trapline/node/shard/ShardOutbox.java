package io.trapline.node.shard;

import io.trapline.model.Limit;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ServerRoute;
import io.trapline.node.protocol.VcpusMessage;
import io.trapline.node.protocol.VcpusRoute;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.node.rows.SettledRows;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Gathers what one message to a shard's actor brought about, so that it leaves as one message to each receiver. */
final class ShardOutbox implements ShardEffects {
    private static final int ROWS = 256;

    private final int shard;
    private final Function<Life, VcpusRoute> vcpus;
    private final Gateways gateways;
    private final BufferCalls buffers;
    private Map<Integer, ServerRoute> servers = Map.of();
    private final @Nullable IoreqRows[] forwards = new IoreqRows[Limit.MAX_SERVERS_PER_DOMAIN.intValue()];
    private final @Nullable SettledRows[] settled = new SettledRows[Limit.MAX_SERVERS_PER_DOMAIN.intValue()];
    private final BitSet forwarded = new BitSet();
    private final TreeMap<Integer, KeyRows> left = new TreeMap<>();
    private final TreeMap<Integer, Asked> asked = new TreeMap<>();
    private final TreeMap<Integer, KeyRows> recorded = new TreeMap<>();
    private final List<RecallTold> recalls = new ArrayList<>();
    private final Map<Long, Runnable> whenDone = new HashMap<>();
    private final Map<Long, Runnable> whenReturned = new HashMap<>();
    /** What is told of a change once everything that it caught is on its way. */
    private final List<Runnable> acknowledgements = new ArrayList<>();

    private final List<Runnable> last = new ArrayList<>();

    private record RecallTold(int serverId, long recall, long change, KeyRows rows, int drainMillis) {}

    private final Map<Life, OutcomeRows> answers = new LinkedHashMap<>();
    private DecisionTable table = DecisionTable.builder(0).build();

    /** What a server is asked. */
    private record Asked(IoreqRows rows, KeyRows returned) {
        Asked() {
            this(new IoreqRows(ROWS), new KeyRows(4));
        }
    }

    /**
     * @param vcpus the way to guests at a life of a node
     * @param gateways where the guests are
     */
    ShardOutbox(int shard, Function<Life, VcpusRoute> vcpus, Gateways gateways, BufferCalls buffers) {
        this.shard = shard;
        this.vcpus = vcpus;
        this.gateways = gateways;
        this.buffers = buffers;
    }

    void servers(Map<Integer, ServerRoute> present, DecisionTable now) {
        servers = present;
        table = now;
    }

    /** What to run when that which was begun under the token is over everywhere. */
    void whenDone(long token, Runnable done) {
        whenDone.merge(token, done, (before, also) -> () -> {
            before.run();
            also.run();
        });
    }

    /** What to run, in this node, when that which was begun under the token has been returned. */
    void whenReturned(long token, Runnable returned) {
        whenReturned.put(token, returned);
    }

    @Override
    public void answered(int vcpu, long vcpuEpoch, long sequence, long data, byte errno) {
        Life at = gateways.of(vcpu);
        if (at == null) {
            throw new IllegalStateException("an outcome for vCPU " + vcpu + ", which nobody has asked for");
        }
        answers.computeIfAbsent(at, life -> new OutcomeRows(ROWS)).add(vcpu, vcpuEpoch, sequence, 0, data, errno);
    }

    @Override
    public void forward(
            int serverId,
            int vcpu,
            long vcpuEpoch,
            long sequence,
            int part,
            byte attributes,
            byte marks,
            byte claimedType,
            long address,
            long data,
            int count,
            int window,
            long deadlineNanos,
            long firstRevision) {
        IoreqRows rows = forwards[serverId];
        if (rows == null) {
            rows = new IoreqRows(ROWS);
            forwards[serverId] = rows;
            forwarded.set(serverId);
        }
        rows.add(
                vcpu,
                vcpuEpoch,
                sequence,
                part,
                attributes,
                marks,
                claimedType,
                address,
                data,
                count,
                window,
                deadlineNanos,
                firstRevision);
    }

    @Override
    public void ask(
            int serverId,
            int vcpu,
            long vcpuEpoch,
            long sequence,
            int part,
            byte attributes,
            byte marks,
            byte claimedType,
            long address,
            long data,
            int count,
            int window,
            long deadlineNanos,
            long firstRevision) {
        asked.computeIfAbsent(serverId, id -> new Asked())
                .rows()
                .add(
                        vcpu,
                        vcpuEpoch,
                        sequence,
                        part,
                        attributes,
                        marks,
                        claimedType,
                        address,
                        data,
                        count,
                        window,
                        deadlineNanos,
                        firstRevision);
    }

    @Override
    public void askReturned(int serverId, int vcpu, long vcpuEpoch, long sequence) {
        asked.computeIfAbsent(serverId, id -> new Asked()).returned().add(vcpu, vcpuEpoch, sequence, 0);
    }

    @Override
    public void goesOn(int serverId) {
        asked.computeIfAbsent(serverId, id -> new Asked());
    }

    @Override
    public void settled(int serverId, int vcpu, long vcpuEpoch, long through) {
        SettledRows rows = settled[serverId];
        if (rows == null) {
            rows = new SettledRows(4);
            settled[serverId] = rows;
        }
        rows.add(vcpu, vcpuEpoch, through);
    }

    @Override
    public void postedLeft(int serverId, int vcpu, long vcpuEpoch, long sequence) {
        if (servers.containsKey(serverId)) {
            left.computeIfAbsent(serverId, id -> new KeyRows(4)).add(vcpu, vcpuEpoch, sequence, 0);
        }
    }

    @Override
    public void recall(int serverId, long recall, long change, KeyRows rows, int drainMillis) {
        recalls.add(new RecallTold(serverId, recall, change, rows, drainMillis));
    }

    @Override
    public void moveBuffer(BufferMove move) {
        buffers.begin(move);
    }

    @Override
    public void typesChanged(long token) {
        isDone(token);
    }

    @Override
    public void returned(long token) {
        Runnable returned = whenReturned.remove(token);
        if (returned != null) {
            returned.run();
        }
    }

    private void isDone(long token) {
        Runnable done = whenDone.remove(token);
        if (done != null) {
            acknowledgements.add(done);
        }
    }

    /** What that server has told of these rows is known by now; it matters to those only that keep it. */
    void recorded(int serverId, KeyRows rows) {
        recorded.put(serverId, rows);
    }

    /** What is sent behind everything else of the step. */
    void last(Runnable send) {
        last.add(send);
    }

    /** Nobody is told what comes of what was begun under a token. */
    void forgetCalls() {
        whenDone.clear();
    }

    /** Nothing is at any server of what is here: there is nothing here. */
    void leave() {
        whenReturned.values().forEach(Runnable::run);
        whenReturned.clear();
    }

    /** Forgets what has been gathered: another copy sends it. */
    void discard() {
        for (int id = forwarded.nextSetBit(0); id >= 0; id = forwarded.nextSetBit(id + 1)) {
            forwards[id] = null;
            settled[id] = null;
        }
        forwarded.clear();
        asked.clear();
        left.clear();
        recorded.clear();
        answers.clear();
        recalls.clear();
        buffers.takeTells();
        acknowledgements.clear();
        last.clear();
    }

    /** Takes what has been gathered, to be sent by {@link Sealed#send} later, to the servers and guests as they are known now. */
    Sealed seal(long shardEpoch, long revision, long change) {
        List<Runnable> sends = new ArrayList<>();
        gathered(shardEpoch, revision, change, true, sends::add);
        return new Sealed(sends);
    }

    /** What one step brought about. */
    record Sealed(List<Runnable> sends) {
        boolean isEmpty() {
            return sends.isEmpty();
        }

        void send() {
            sends.forEach(Runnable::run);
        }
    }

    /**
     * Sends what has been gathered.
     *
     * @param revision by what it was decided
     * @param change after how many type changes it was decided
     * @param acknowledges while false, outcomes and the ends of type changes are kept (D-11)
     */
    void flush(long shardEpoch, long revision, long change, boolean acknowledges) {
        gathered(shardEpoch, revision, change, acknowledges, Runnable::run);
    }

    /** In order: what is asked and ioreqs first, so that a recall finds them. */
    private void gathered(long shardEpoch, long revision, long change, boolean acknowledges, Consumer<Runnable> sends) {
        asked.forEach((id, what) -> tell(
                id,
                new ServerMessage.Ask(shard, shardEpoch, table.homeEpoch(id), what.rows(), what.returned()),
                sends));
        asked.clear();
        for (int id = forwarded.nextSetBit(0); id >= 0; id = forwarded.nextSetBit(id + 1)) {
            IoreqRows rows = forwards[id];
            SettledRows marks = settled[id];
            forwards[id] = null;
            settled[id] = null;
            if (rows != null) {
                SettledRows known = marks == null ? new SettledRows(1) : marks;
                tell(id, new ServerMessage.Forward(shard, shardEpoch, revision, change, rows, known), sends);
            }
        }
        forwarded.clear();
        left.forEach((id, rows) -> tell(id, new ServerMessage.PostedLeft(rows), sends));
        left.clear();
        recorded.forEach((id, rows) -> {
            if (servers.containsKey(id)) {
                tell(id, new ServerMessage.Recorded(rows), sends);
            }
        });
        recorded.clear();
        if (acknowledges && !answers.isEmpty()) {
            answers.forEach((life, rows) ->
                    sends.accept(() -> vcpus.apply(life).tell(new VcpusMessage.ShardAnswers(shard, rows))));
            answers.clear();
        }
        if (!recalls.isEmpty()) {
            recalls.forEach(of -> tell(
                    of.serverId(),
                    new ServerMessage.Recall(shard, shardEpoch, of.recall(), of.change(), of.rows(), of.drainMillis()),
                    sends));
            recalls.clear();
        }
        buffers.takeTells().forEach(sends);
        if (acknowledges && !acknowledgements.isEmpty()) {
            acknowledgements.forEach(sends);
            acknowledgements.clear();
        }
        if (!last.isEmpty()) {
            last.forEach(sends);
            last.clear();
        }
    }

    private void tell(int serverId, ServerMessage message, Consumer<Runnable> sends) {
        ServerRoute server = servers.get(serverId);
        if (server == null) {
            throw new IllegalStateException("domain has no server " + serverId + " that a shard decided for");
        }
        sends.accept(() -> server.tell(message));
    }
}
