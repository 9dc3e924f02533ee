package io.trapline.sim.world.copies;

import io.trapline.node.rows.KeyRows;
import io.trapline.node.shard.BufferMove;
import io.trapline.node.shard.ShardEffects;
import io.trapline.sim.check.AccessKey;
import io.trapline.sim.check.IoreqKey;
import io.trapline.sim.check.ShardModel;
import io.trapline.sim.world.part.Stage;
import java.util.function.Supplier;

/** Tells the naive model of a shard what the witness's rules do, as they do it. */
final class WitnessedEffects implements ShardEffects {
    private final Stage world;
    private final ShardEffects then;
    private final Supplier<ShardModel> model;

    WitnessedEffects(Stage world, ShardEffects then, Supplier<ShardModel> model) {
        this.world = world;
        this.then = then;
        this.model = model;
    }

    @Override
    public void answered(int vcpu, long vcpuEpoch, long sequence, long data, byte errno) {
        model.get().answered(new AccessKey(vcpu, vcpuEpoch, world.seams.original(sequence)), data, errno);
        then.answered(vcpu, vcpuEpoch, sequence, data, errno);
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
        IoreqKey key = new IoreqKey(vcpu, vcpuEpoch, world.seams.original(sequence), part);
        model.get().forwarded(key, serverId, attributes, claimedType, address, data, count);
        then.forward(
                serverId,
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
        then.ask(
                serverId,
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
        then.askReturned(serverId, vcpu, vcpuEpoch, sequence);
    }

    @Override
    public void settled(int serverId, int vcpu, long vcpuEpoch, long through) {
        then.settled(serverId, vcpu, vcpuEpoch, through);
    }

    @Override
    public void postedLeft(int serverId, int vcpu, long vcpuEpoch, long sequence) {
        then.postedLeft(serverId, vcpu, vcpuEpoch, sequence);
    }

    @Override
    public void recall(int serverId, long recall, long change, KeyRows rows, int drainMillis) {
        then.recall(serverId, recall, change, rows, drainMillis);
    }

    @Override
    public void goesOn(int serverId) {
        then.goesOn(serverId);
    }

    @Override
    public void moveBuffer(BufferMove move) {
        throw new IllegalStateException("no guest of the simulation names a buffer");
    }

    @Override
    public void typesChanged(long token) {
        then.typesChanged(token);
    }

    @Override
    public void returned(long token) {
        then.returned(token);
    }
}
