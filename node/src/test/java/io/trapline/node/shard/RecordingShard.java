package io.trapline.node.shard;

import io.trapline.model.AccessAttributes;
import io.trapline.model.AccessFlags;
import io.trapline.model.MemType;
import io.trapline.model.RangeSet;
import io.trapline.model.TypeRun;
import io.trapline.node.fixture.HeapBudget;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.p2m.P2m;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.rows.AccessRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** A shard of 64 pages under test: its effects as lines that read as a story. Server 1 claims ioreq_server[0], server 2 has a range above the pages. */
final class RecordingShard implements ShardEffects, AutoCloseable {
    static final long RAM = 0x1000;
    static final long CLAIMED = 0x2000;
    static final long RANGED = 0x10_0000;
    static final long EPOCH = 7;

    final List<String> story = new ArrayList<>();
    final List<BufferMove> moves = new ArrayList<>();
    final HeapBudget budget = new HeapBudget();
    final P2m p2m = new P2m(0, (1L << 40) - 1, 64, budget);
    final ShardRules rules;
    private long revision = 100;
    int window = 16;
    /** Whether a forward says since when the server may have it. */
    boolean tellsSince;

    RecordingShard() {
        this((1L << 40) - 1);
    }

    /** One that is followed by other shards. */
    RecordingShard(long lastGfn) {
        rules = new ShardRules(p2m, 0, lastGfn, table(AccessFlags.ALL), this);
        p2m.applyTypes(List.of(new TypeRun(2, 2, MemType.IOREQ_SERVER_0)));
    }

    DecisionTable.Builder builder() {
        return DecisionTable.builder(++revision);
    }

    static RangeSet ranged() {
        return RangeSet.of(new long[] {RANGED}, new long[] {RANGED + 0xFFF});
    }

    DecisionTable table(int flags) {
        DecisionTable.Builder builder = builder()
                .enabledServer(1, RangeSet.EMPTY, RangeSet.EMPTY, RangeSet.EMPTY)
                .enabledServer(2, ranged(), RangeSet.of(new long[] {0x60}, new long[] {0x64}), RangeSet.EMPTY);
        return flags == 0 ? builder.build() : builder.heldClaim(0, 1, flags).build();
    }

    void apply(DecisionTable table) {
        rules.apply(table, List.of(), present(1, 2));
    }

    void open(long epoch) {
        rules.apply(table(AccessFlags.ALL), List.of(new VcpuOpening(0, epoch)), present(1, 2));
    }

    static BitSet present(int... ids) {
        BitSet set = new BitSet();
        for (int id : ids) {
            set.set(id);
        }
        return set;
    }

    RecordingShard write(long sequence, long address, long value) {
        return row(sequence, AccessAttributes.of(8, true, AccessAttributes.MEM), address, value, 1);
    }

    RecordingShard posted(long sequence, long address, long value) {
        byte bits = AccessAttributes.of(8, true, AccessAttributes.MEM);
        return row(sequence, (byte) (bits | AccessAttributes.POSTED), address, value, 1);
    }

    RecordingShard read(long sequence, long address) {
        return row(sequence, AccessAttributes.of(8, false, AccessAttributes.MEM), address, 0, 1);
    }

    RecordingShard row(long sequence, byte attributes, long address, long data, int count) {
        return row(EPOCH, sequence, attributes, address, data, count);
    }

    RecordingShard row(long epoch, long sequence, byte attributes, long address, long data, int count) {
        AccessRows rows = new AccessRows(1);
        rows.add(0, epoch, sequence, attributes, address, data, count, window, 1_000);
        rules.accept(rows);
        return this;
    }

    RecordingShard answer(int server, long sequence, long value) {
        return complete(server, sequence, 0, value, 0);
    }

    RecordingShard complete(int server, long sequence, int part, long value, int errno) {
        OutcomeRows rows = new OutcomeRows(1);
        rows.add(0, EPOCH, sequence, part, value, (byte) errno);
        rules.completed(server, 0, rows);
        return this;
    }

    RecordingShard giveBack(int server, long... sequences) {
        rules.decideAgain(server, 0, keys(sequences));
        return this;
    }

    static KeyRows keys(long... sequences) {
        KeyRows keys = new KeyRows(1);
        for (long sequence : sequences) {
            keys.add(0, EPOCH, sequence, 0);
        }
        return keys;
    }

    /** What has happened since the last call. */
    List<String> told() {
        List<String> told = List.copyOf(story);
        story.clear();
        return told;
    }

    @Override
    public void answered(int vcpu, long vcpuEpoch, long sequence, long data, byte errno) {
        story.add("answer " + sequence + " = " + Long.toHexString(data) + (errno == 0 ? "" : " errno " + errno));
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
            int aWindow,
            long deadlineNanos,
            long firstRevision) {
        story.add("forward " + sequence + (part == 0 ? "" : "." + part) + " to " + serverId + " at "
                + Long.toHexString(address) + " = " + Long.toHexString(data) + (count == 1 ? "" : " x" + count)
                + (marks == 0 ? "" : " marks " + marks)
                + (tellsSince && firstRevision != 0 ? " had since " + firstRevision : ""));
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
            int aWindow,
            long deadlineNanos,
            long firstRevision) {
        story.add("ask " + serverId + " for " + sequence + (part == 0 ? "" : "." + part) + " at "
                + Long.toHexString(address) + " = " + Long.toHexString(data) + (count == 1 ? "" : " x" + count)
                + (marks == 0 ? "" : " marks " + marks) + " by " + claimedType + " had since " + firstRevision);
    }

    @Override
    public void askReturned(int serverId, int vcpu, long vcpuEpoch, long sequence) {
        story.add("tell " + serverId + " that " + sequence + " may come again");
    }

    @Override
    public void returned(long token) {
        story.add("returned " + token);
    }

    @Override
    public void goesOn(int serverId) {
        story.add("goes on, says to " + serverId);
    }

    @Override
    public void settled(int serverId, int vcpu, long vcpuEpoch, long through) {
        if (through > 0) {
            story.add("settled " + through + " at " + serverId);
        }
    }

    @Override
    public void postedLeft(int serverId, int vcpu, long vcpuEpoch, long sequence) {
        story.add("left " + sequence + " for " + serverId);
    }

    @Override
    public void recall(int serverId, long recall, long change, KeyRows rows, int drainMillis) {
        StringBuilder line = new StringBuilder("recall " + recall + " from " + serverId + ":");
        for (int i = 0; i < rows.size(); i++) {
            line.append(' ').append(rows.sequence(i));
        }
        story.add(line.toString());
    }

    @Override
    public void moveBuffer(BufferMove move) {
        story.add("move " + (move.into() ? "into " : "from ") + Long.toHexString(move.gpa()) + " x" + move.sizeBytes()
                + (move.bytes().length == 0 ? " check" : ""));
        moves.add(move);
    }

    @Override
    public void typesChanged(long token) {
        story.add("types " + token);
    }

    @Override
    public void close() {
        p2m.close();
    }
}
