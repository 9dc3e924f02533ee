package io.trapline.sim.world;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.ioreq.KeptRequests;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.node.rows.SettledRows;
import io.trapline.sim.check.IoreqKey;
import io.trapline.sim.check.StreamChecks;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** One stream of an emulator: how it attaches, and what both ends say on it. */
final class EmulatorLink {
    private static final int READY_MESSAGES = 2;

    private final World world;
    private final Emulator emulator;
    private final ServerActor server;
    private final Network network;
    private final String name;
    private long sessionEpoch;
    private List<IoreqKey> underWay = List.of();
    private boolean isBound;
    private boolean isGone;
    private final StreamChecks checks;

    EmulatorLink(World world, Emulator emulator, ServerActor server, String name, int credit) {
        this.world = world;
        this.emulator = emulator;
        this.server = server;
        this.name = name;
        network = new Network(world.schedule, name);
        checks = new StreamChecks(name, credit);
    }

    long run() {
        return emulator.run;
    }

    /** What the run had under way when it attached. */
    List<IoreqKey> underWay() {
        return underWay;
    }

    // From the emulator.

    void sendAttach(int credit, KeptRequests kept, List<IoreqKey> ofThoseUnderWay) {
        underWay = ofThoseUnderWay;
        network.toNode(() -> "attach with " + kept.size() + " kept", () -> attach(credit, kept));
    }

    private void attach(int credit, KeptRequests kept) {
        world.schedule
                .channel("node executes")
                .tell(
                        () -> name + " attaches",
                        () -> world.coordinator.execute(
                                Commands.attach(server.id, server.generation, emulator.run), false, answer -> {
                                    if (answer.hasRefusal()) {
                                        world.schedule
                                                .channel("coordinator answers")
                                                .tell("attach refused", this::serverGone);
                                        return;
                                    }
                                    long epoch = answer.getRevision();
                                    world.promises.attached(server.generation, epoch);
                                    world.schedule
                                            .channel("coordinator answers")
                                            .tell(
                                                    () -> name + " has session " + epoch,
                                                    () -> bind(epoch, credit, kept));
                                }));
    }

    private void serverGone() {
        end(Refusal.noServer(Layout.DOMID, server.id));
    }

    private void bind(long epoch, int credit, KeptRequests kept) {
        sessionEpoch = epoch;
        if (isGone) {
            detach();
            return;
        }
        toServer(() -> "bind session " + epoch, () -> {
            if (server.isStopped()) {
                serverGone();
                return;
            }
            server.bind(this, epoch, emulator.run, credit, kept, refusal -> {
                isBound = refusal.isEmpty();
                refusal.ifPresent(this::end);
                if (isGone && isBound) {
                    server.lost(epoch);
                }
            });
        });
    }

    void sendAnswers(OutcomeRows rows) {
        checks.answers(rows);
        network.toNode(
                () -> "answers " + Texts.outcomes(rows),
                () -> toServer(() -> "answers " + Texts.outcomes(rows), () -> server.answers(sessionEpoch, rows)));
    }

    void sendCredit(int rows) {
        checks.grants(rows);
        network.toNode(() -> "credit " + rows, () -> toServer(() -> "credit", () -> server.credit(sessionEpoch, rows)));
    }

    private void toServer(Supplier<String> what, Runnable handle) {
        world.schedule.between(name, server.name()).tell(() -> name + " " + what.get(), handle);
    }

    // From the node.

    void attached(long epoch) {
        network.toClient(() -> "attached, session " + epoch, () -> {
            emulator.attached(this, epoch);
            wasRead();
        });
    }

    void ioreqs(long decidedRevision, int shard, long shardEpoch, IoreqRows rows, SettledRows settled) {
        checks.delivers(rows, isReady());
        IoreqRows arriving = world.seams.arriving(rows);
        network.toClient(() -> "ioreqs " + Texts.keys(arriving.keys()), () -> {
            checks.arrives(arriving);
            emulator.ioreqs(this, decidedRevision, shard, shardEpoch, arriving, settled);
            wasRead();
        });
    }

    void settled(SettledRows settled) {
        network.toClient(() -> "settled", () -> {
            emulator.settled(this, settled);
            wasRead();
        });
    }

    /** Nothing that was delivered is missing. */
    void check() {
        if (!network.isCut()) {
            checks.hasAll(network.underWayToClient());
        }
    }

    /** Whether the stream takes more at once. */
    boolean isReady() {
        return network.underWayToClient() < READY_MESSAGES;
    }

    private void wasRead() {
        if (network.underWayToClient() == READY_MESSAGES - 1) {
            toServer(() -> "ready", () -> server.ready(sessionEpoch));
        }
    }

    /** The node ends it. */
    void end(Refusal why) {
        isGone = true;
        network.end(() -> "ended, " + why.errno(), () -> emulator.ended(this, why.errno()));
        if (isBound && why.errno() != Errno.ESTALE) {
            detach();
        }
    }

    void cut() {
        network.cut(() -> emulator.lost(this), () -> {
            isGone = true;
            if (isBound) {
                toServer(() -> "lost", () -> server.lost(sessionEpoch));
                detach();
            }
        });
    }

    private void detach() {
        world.schedule
                .channel("node executes")
                .tell(
                        () -> name + " detaches",
                        () -> world.coordinator.execute(
                                Commands.detach(server.id, server.generation, sessionEpoch), false, answer -> {}));
    }

    /** For callers of the server. */
    void call(
            long gpa,
            long value,
            io.trapline.node.protocol.Gate gate,
            java.util.function.Consumer<Optional<Refusal>> reply) {
        String hop = "memory call " + Long.toHexString(value);
        world.schedule.channel(hop).tell(hop, () -> {
            world.schedule.remove(world.schedule.channel(hop));
            world.schedule
                    .between(hop, server.name())
                    .tell(
                            hop,
                            () -> server.gated(
                                    gate,
                                    gpa,
                                    value,
                                    refusal -> world.schedule
                                            .channel(hop + " reply")
                                            .tell(
                                                    () -> hop + " is answered " + refusal.map(Refusal::errno),
                                                    () -> reply.accept(refusal))));
        });
    }
}
