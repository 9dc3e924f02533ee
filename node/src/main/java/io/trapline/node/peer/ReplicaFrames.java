package io.trapline.node.peer;

import com.google.protobuf.ByteString;
import io.trapline.internal.v1.Change;
import io.trapline.internal.v1.DecisionColumns;
import io.trapline.internal.v1.LinkEnd;
import io.trapline.internal.v1.RangeColumns;
import io.trapline.internal.v1.StepApply;
import io.trapline.internal.v1.StepChunk;
import io.trapline.internal.v1.StepExpire;
import io.trapline.internal.v1.StepImage;
import io.trapline.internal.v1.StepTold;
import io.trapline.internal.v1.ToShard;
import io.trapline.model.Limit;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardStep;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.rows.AccessRows;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** Steps of a shard for its backup (D-23), as messages of frames, and back. */
final class ReplicaFrames {
    private static final int LAST_VCPU = Limit.MAX_VCPUS_PER_DOMAIN.intValue() - 1;
    private static final int CLAIMABLE = Limit.MAX_CLAIMABLE_TYPES.intValue();
    private static final int SERVERS = Limit.MAX_SERVERS_PER_DOMAIN.intValue();
    private static final int SLICE_BYTES = 256 << 10;
    private static final Life NOBODY = new Life("", 0);

    private ReplicaFrames() {}

    // Out.

    static void encode(ShardMessage.Change change, ShardFrames.Sink sink) {
        switch (change.step()) {
            case ShardStep.Told(ShardMessage.Accesses(Life life, AccessRows rows)) ->
                Slices.of(
                        rows.size(),
                        (from, to) -> told(
                                change,
                                to < rows.size(),
                                StepTold.newBuilder()
                                        .setFrom(LinkEnd.newBuilder()
                                                .setNode(life.node())
                                                .setIncarnation(life.incarnation()))
                                        .setMessage(ToShard.newBuilder()
                                                .setAccesses(RowFrames.accessesOfStep(rows, from, to))),
                                sink));
            case ShardStep.Told(ShardMessage message) -> {
                List<ToShard> slices = new ArrayList<>();
                ShardFrames.encode(
                        message,
                        TrafficClass.REPLICATION,
                        change.clockNanos(),
                        (of, slice) -> slices.add(slice.build()));
                for (int i = 0; i < slices.size(); i++) {
                    told(change, i + 1 < slices.size(), StepTold.newBuilder().setMessage(slices.get(i)), sink);
                }
            }
            case ShardStep.Applied applied -> send(begin(change).setApply(apply(applied)), sink);
            case ShardStep.Leased(boolean serves) -> send(begin(change).setLeased(serves), sink);
            case ShardStep.Expired expired ->
                send(begin(change).setExpire(StepExpire.newBuilder().setGivesUp(expired.givesUp())), sink);
            case ShardStep.Chunk(int chunk, int offset, byte[] bytes) ->
                sliced(
                        bytes,
                        (from, slice, more) -> send(
                                begin(change)
                                        .setMore(more)
                                        .setChunk(StepChunk.newBuilder()
                                                .setChunk(chunk)
                                                .setOffset(offset + from)
                                                .setBytes(slice)),
                                sink));
            case ShardStep.Image(byte[] bytes, boolean goesOn) ->
                sliced(
                        bytes,
                        (from, slice, more) -> send(
                                begin(change)
                                        .setMore(more)
                                        .setImage(StepImage.newBuilder()
                                                .setBytes(slice)
                                                .setMore(more || goesOn)),
                                sink));
        }
    }

    private interface Slice {
        void bytes(int from, ByteString slice, boolean more);
    }

    /** At least one, each of which fits a frame. */
    private static void sliced(byte[] bytes, Slice each) {
        int from = 0;
        do {
            int length = Math.min(SLICE_BYTES, bytes.length - from);
            each.bytes(from, ByteString.copyFrom(bytes, from, length), from + length < bytes.length);
            from += SLICE_BYTES;
        } while (from < bytes.length);
    }

    private static void told(ShardMessage.Change change, boolean more, StepTold.Builder told, ShardFrames.Sink sink) {
        send(begin(change).setMore(more).setTold(told), sink);
    }

    private static Change.Builder begin(ShardMessage.Change change) {
        Change.Builder builder = Change.newBuilder()
                .setBase(change.base())
                .setNumber(change.number())
                .setClockNanos(change.clockNanos());
        for (int refused : change.refusedMemory()) {
            builder.addRefusedMemory(refused);
        }
        return builder;
    }

    private static void send(Change.Builder change, ShardFrames.Sink sink) {
        sink.told(TrafficClass.REPLICATION, ToShard.newBuilder().setChange(change));
    }

    private static StepApply.Builder apply(ShardStep.Applied applied) {
        long[] servers = applied.servers().toLongArray();
        StepApply.Builder apply = StepApply.newBuilder()
                .setTable(table(applied.table()))
                .setServers(servers.length == 0 ? 0 : servers[0]);
        for (VcpuOpening opening : applied.opened()) {
            apply.addOpenedVcpu(opening.vcpu()).addOpenedEpoch(opening.epoch());
        }
        return apply;
    }

    private static DecisionColumns.Builder table(DecisionTable table) {
        DecisionTable.Image image = table.image();
        DecisionColumns.Builder columns = DecisionColumns.newBuilder()
                .setRevision(image.revision())
                .setPaused(image.state() != DecisionTable.State.RUNNING)
                .setReaders(ByteString.copyFrom(image.readers()))
                .setWriters(ByteString.copyFrom(image.writers()))
                .setMemory(ranges(image.memory()))
                .setPorts(ranges(image.ports()))
                .setPci(ranges(image.pci()));
        for (long revision : image.changedRevision()) {
            columns.addChangedRevision(revision);
        }
        for (long epoch : image.homeEpoch()) {
            columns.addHomeEpoch(epoch);
        }
        for (long generation : image.generation()) {
            columns.addServerGeneration(generation);
        }
        return columns;
    }

    private static RangeColumns.Builder ranges(DecisionTable.Ranges ranges) {
        RangeColumns.Builder columns = RangeColumns.newBuilder();
        for (int i = 0; i < ranges.starts().length; i++) {
            columns.addStart(ranges.starts()[i]).addServers(ranges.servers()[i]);
        }
        return columns;
    }

    // Back.

    static ShardMessage.Change decode(Change change, long madeNanos) {
        int[] refused = change.getRefusedMemoryList().stream().mapToInt(i -> i).toArray();
        return new ShardMessage.Change(
                change.getBase(),
                change.getNumber(),
                change.getMore(),
                change.getClockNanos(),
                refused,
                step(change, madeNanos));
    }

    private static ShardStep step(Change change, long madeNanos) {
        return switch (change.getStepCase()) {
            case TOLD -> told(change.getTold(), madeNanos);
            case APPLY -> apply(change.getApply());
            case LEASED -> new ShardStep.Leased(change.getLeased());
            case EXPIRE ->
                new ShardStep.Expired(change.getClockNanos(), change.getExpire().getGivesUp());
            case CHUNK ->
                new ShardStep.Chunk(
                        change.getChunk().getChunk(),
                        change.getChunk().getOffset(),
                        change.getChunk().getBytes().toByteArray());
            case IMAGE ->
                new ShardStep.Image(
                        change.getImage().getBytes().toByteArray(),
                        change.getImage().getMore());
            case STEP_NOT_SET -> throw new MalformedFrameException("change.step", "none", "no such step");
        };
    }

    private static ShardStep told(StepTold told, long madeNanos) {
        ToShard message = told.getMessage();
        if (message.hasChange() || message.hasChangeAck()) {
            throw new MalformedFrameException("change.told", message.getMessageCase(), "no step");
        }
        LinkEnd from = told.getFrom();
        Life life = told.hasFrom() ? new Life(from.getNode(), from.getIncarnation()) : NOBODY;
        return new ShardStep.Told(ShardFrames.decode(life, message, madeNanos));
    }

    private static ShardStep apply(StepApply apply) {
        int opened = apply.getOpenedVcpuCount();
        if (apply.getOpenedEpochCount() != opened) {
            throw new MalformedFrameException(
                    "apply.opened_epoch", apply.getOpenedEpochCount(), "as many as opened_vcpu: " + opened);
        }
        List<VcpuOpening> openings = new ArrayList<>(opened);
        for (int i = 0; i < opened; i++) {
            int vcpu = Columns.within(apply.getOpenedVcpu(i), 0, LAST_VCPU, "apply.opened_vcpu");
            openings.add(new VcpuOpening(vcpu, apply.getOpenedEpoch(i)));
        }
        return new ShardStep.Applied(
                table(apply.getTable()), openings, BitSet.valueOf(new long[] {apply.getServers()}));
    }

    private static DecisionTable table(DecisionColumns columns) {
        DecisionTable.State state = columns.getPaused() ? DecisionTable.State.PAUSED : DecisionTable.State.RUNNING;
        long[] changed =
                columns.getChangedRevisionList().stream().mapToLong(i -> i).toArray();
        long[] homes = columns.getHomeEpochList().stream().mapToLong(i -> i).toArray();
        long[] generations =
                columns.getServerGenerationList().stream().mapToLong(i -> i).toArray();
        if (columns.getReaders().size() != CLAIMABLE
                || columns.getWriters().size() != CLAIMABLE
                || changed.length > SERVERS
                || homes.length != changed.length
                || generations.length != changed.length) {
            throw new MalformedFrameException("table", columns.getRevision(), "columns of other lengths");
        }
        try {
            return DecisionTable.of(new DecisionTable.Image(
                    columns.getRevision(),
                    state,
                    columns.getReaders().toByteArray(),
                    columns.getWriters().toByteArray(),
                    ranges(columns.getMemory()),
                    ranges(columns.getPorts()),
                    ranges(columns.getPci()),
                    changed,
                    homes,
                    generations));
        } catch (IllegalArgumentException malformed) {
            throw new MalformedFrameException("table", columns.getRevision(), String.valueOf(malformed.getMessage()));
        }
    }

    private static DecisionTable.Ranges ranges(RangeColumns columns) {
        return new DecisionTable.Ranges(
                columns.getStartList().stream().mapToLong(i -> i).toArray(),
                columns.getServersList().stream().mapToLong(i -> i).toArray());
    }
}
