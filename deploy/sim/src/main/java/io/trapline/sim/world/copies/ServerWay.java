package io.trapline.sim.world.copies;

import io.trapline.node.peer.TrafficClass;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ServerRoute;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.SettledRows;
import io.trapline.sim.check.IoreqKey;
import io.trapline.sim.world.part.Node;
import io.trapline.sim.world.part.Rows;
import io.trapline.sim.world.part.ServerActor;
import io.trapline.sim.world.part.ServerAt;
import io.trapline.sim.world.part.Stage;
import io.trapline.sim.world.part.Texts;
import io.trapline.sim.world.part.Told;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What a shard tells one server, to where that was at home when it was told.
 *
 * @param from the shard
 * @param runEpoch under which its run is
 */
record ServerWay(Stage world, Node node, String from, ServerAt to, LongSupplier runEpoch) implements ServerRoute {
    @Override
    public void tell(ServerMessage message) {
        switch (message) {
            case ServerMessage.Forward(
                    int shard,
                    long shardEpoch,
                    long revision,
                    long change,
                    IoreqRows rows,
                    SettledRows settled) -> {
                IoreqRows sent = original(rows);
                for (int i = 0; i < sent.size(); i++) {
                    world.passed(to.name().generation()).put(IoreqKey.of(sent.keys(), i), revision);
                }
                long epoch = world.seams.shardEpoch(shardEpoch, runEpoch.getAsLong());
                tell(
                        TrafficClass.ACCESSES,
                        () -> "forward " + Texts.keys(sent.keys()) + " decided at " + revision,
                        (at, times) -> at.forward(shard, epoch, revision, change, Rows.on(times, sent), settled));
            }
            case ServerMessage.Recall(
                    int shard,
                    long shardEpoch,
                    long recall,
                    long change,
                    KeyRows rows,
                    int drainMillis) -> {
                long epoch = world.seams.shardEpoch(shardEpoch, runEpoch.getAsLong());
                tell(
                        TrafficClass.CALLS,
                        () -> "recall " + recall + " by change " + change + ": " + Texts.keys(rows),
                        (at, times) -> at.recall(shard, epoch, recall, change, rows, drainMillis));
            }
            case ServerMessage.Ask(int shard, long shardEpoch, long home, IoreqRows rows, KeyRows returned) -> {
                long epoch = world.seams.shardEpoch(shardEpoch, runEpoch.getAsLong());
                tell(
                        TrafficClass.CALLS,
                        () -> "asked at home " + home + " about " + Texts.keys(rows.keys()),
                        (at, times) -> at.ask(node.life(), shard, epoch, home, Rows.on(times, rows), returned));
            }
            case ServerMessage.Recorded(KeyRows rows) ->
                tell(TrafficClass.ANSWERS, () -> "has recorded " + Texts.keys(rows), (at, times) -> at.recorded(rows));
            case ServerMessage.PostedLeft(KeyRows rows) ->
                tell(
                        TrafficClass.CALLS,
                        () -> "does not come again: " + Texts.keys(rows),
                        (at, times) -> at.postedLeft(rows));
            default -> throw new IllegalArgumentException("from no shard: " + message);
        }
    }

    private void tell(TrafficClass of, Supplier<String> what, Told<ServerActor> message) {
        node.routes().toServer(from, to, of, what, message);
    }

    private IoreqRows original(IoreqRows rows) {
        IoreqRows sent = new IoreqRows(rows.size());
        KeyRows keys = rows.keys();
        for (int i = 0; i < rows.size(); i++) {
            sent.add(
                    keys.vcpu(i),
                    keys.vcpuEpoch(i),
                    world.seams.original(keys.sequence(i)),
                    keys.part(i),
                    rows.attributes(i),
                    rows.marks(i),
                    rows.claimedType(i),
                    rows.address(i),
                    rows.data(i),
                    rows.count(i),
                    rows.window(i),
                    rows.deadlineNanos(i),
                    rows.firstRevision(i));
        }
        return sent;
    }
}
