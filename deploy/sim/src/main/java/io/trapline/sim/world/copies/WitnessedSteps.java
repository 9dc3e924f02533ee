package io.trapline.sim.world.copies;

import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardStep;
import io.trapline.node.rows.AccessRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.node.shard.Gateways;
import io.trapline.node.shard.WitnessCopy;
import io.trapline.sim.check.AccessKey;
import io.trapline.sim.check.ShardModel;
import io.trapline.sim.world.part.Stage;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/** Tells the naive model of a shard each step before the witness does it: of rows a vCPU at a time, which is the same to the rules. */
final class WitnessedSteps {
    private final Stage world;
    private final WitnessedCalls calls;
    private final WitnessCopy copy;
    private final ShardModel model;
    private final Gateways gateways = new Gateways();

    WitnessedSteps(Stage world, WitnessedCalls calls, WitnessCopy copy, ShardModel model) {
        this.world = world;
        this.calls = calls;
        this.copy = copy;
        this.model = model;
    }

    void carryOut(ShardStep step) {
        switch (step) {
            case ShardStep.Told(ShardMessage message) -> told(message);
            case ShardStep.Applied applied -> {
                model.applies(
                        applied.table(),
                        applied.opened(),
                        world.generations(applied.table().revision()));
                doStep(step);
            }
            case ShardStep.Leased(boolean serves) -> {
                model.leased(serves);
                doStep(step);
            }
            default -> doStep(step);
        }
    }

    private void doStep(ShardStep step) {
        copy.step(step);
        model.check();
    }

    private void doStep(ShardMessage message) {
        doStep(new ShardStep.Told(message));
    }

    private void told(ShardMessage message) {
        switch (message) {
            case ShardMessage.Accesses accesses -> {
                AccessRows rows = gateways.take(accesses.from(), accesses.rows());
                for (int i = 0; i < rows.size(); i++) {
                    model.accepts(
                            new AccessKey(rows.vcpu(i), rows.vcpuEpoch(i), world.seams.original(rows.sequence(i))));
                }
                doStep(message);
            }
            case ShardMessage.Completed(int server, long home, OutcomeRows rows) -> completed(server, home, rows);
            case ShardMessage.DecideAgain(int server, long home, KeyRows rows) ->
                byVcpu(rows).values().forEach(run -> {
                    if (isHome(server, home)) {
                        model.takesBack(server, run);
                    }
                    doStep(new ShardMessage.DecideAgain(server, home, run));
                });
            case ShardMessage.PostedQueued(int server, long home, KeyRows rows) ->
                inRuns(rows, run -> {
                    if (isHome(server, home)) {
                        model.queues(server, run);
                    }
                    return new ShardMessage.PostedQueued(server, home, run);
                });
            case ShardMessage.PostedDone(int server, long home, KeyRows rows) ->
                inRuns(rows, run -> {
                    if (isHome(server, home)) {
                        model.finishesPosted(run);
                    }
                    return new ShardMessage.PostedDone(server, home, run);
                });
            case ShardMessage.Call call -> {
                calls.told(call, () -> copy.step(new ShardStep.Told(message)));
                model.check();
            }
            default -> doStep(message);
        }
    }

    private void completed(int server, long home, OutcomeRows rows) {
        KeyRows keys = rows.keys();
        OutcomeRows run = new OutcomeRows(rows.size());
        for (int i = 0; i < rows.size(); i++) {
            run.add(keys.vcpu(i), keys.vcpuEpoch(i), keys.sequence(i), keys.part(i), rows.data(i), rows.errno(i));
            if (i + 1 == rows.size() || keys.vcpu(i + 1) != keys.vcpu(i)) {
                if (isHome(server, home)) {
                    model.completes(server, run);
                }
                doStep(new ShardMessage.Completed(server, home, run));
                run = new OutcomeRows(rows.size());
            }
        }
    }

    private static Map<Integer, KeyRows> byVcpu(KeyRows rows) {
        Map<Integer, KeyRows> byVcpu = new LinkedHashMap<>();
        for (int i = 0; i < rows.size(); i++) {
            byVcpu.computeIfAbsent(rows.vcpu(i), vcpu -> new KeyRows(rows.size()))
                    .add(rows.vcpu(i), rows.vcpuEpoch(i), rows.sequence(i), rows.part(i));
        }
        return byVcpu;
    }

    private void inRuns(KeyRows rows, Function<KeyRows, ShardMessage> message) {
        KeyRows run = new KeyRows(rows.size());
        for (int i = 0; i < rows.size(); i++) {
            run.add(rows.vcpu(i), rows.vcpuEpoch(i), rows.sequence(i), rows.part(i));
            if (i + 1 == rows.size() || rows.vcpu(i + 1) != rows.vcpu(i)) {
                doStep(message.apply(run));
                run = new KeyRows(rows.size());
            }
        }
    }

    /** What a home says that the server has left means nothing any more: what it had is asked about (D-22). */
    private boolean isHome(int server, long home) {
        return copy.rules().homeEpoch(server) == home;
    }
}
