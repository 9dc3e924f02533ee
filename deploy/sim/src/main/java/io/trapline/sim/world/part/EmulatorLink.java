package io.trapline.sim.world.part;

import io.trapline.internal.v1.Answer;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.ioreq.KeptRequests;
import io.trapline.node.protocol.Gate;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.node.rows.SettledRows;
import io.trapline.sim.check.IoreqKey;
import io.trapline.sim.check.StreamChecks;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One stream of an emulator: how it attaches, and what both ends say on it. */
public final class EmulatorLink {
    private static final int READY_MESSAGES = 2;

    private final Stage world;
    private final Emulator emulator;
    private final ServerName server;
    private final Stream stream;
    private final Node node;
    private final String name;
    private long sessionEpoch;
    private List<IoreqKey> underWay = List.of();
    private @Nullable ServerActor actor;
    private boolean isBound;
    private boolean isGone;
    private final StreamChecks checks;

    public EmulatorLink(Stage world, Emulator emulator, Reach reach, String name, int credit) {
        this.world = world;
        this.emulator = emulator;
        server = emulator.server;
        this.name = name;
        Reach.Connection to = reach.open(name, () -> emulator.lost(this), this::lost);
        stream = to.stream();
        node = to.node();
        checks = new StreamChecks(name, credit);
    }

    public long run() {
        return emulator.run;
    }

    /** What the run had under way when it attached. */
    public List<IoreqKey> underWay() {
        return underWay;
    }

    // From the emulator.

    public void sendAttach(int credit, KeptRequests kept, List<IoreqKey> ofThoseUnderWay) {
        underWay = ofThoseUnderWay;
        stream.toNode(() -> "attach with " + kept.size() + " kept", () -> attach(credit, kept));
    }

    private void attach(int credit, KeptRequests kept) {
        node.execute(
                () -> name + " attaches",
                Commands.attach(server.id(), server.generation(), emulator.run, node.name()),
                answer -> answer.ifPresentOrElse(
                        of -> attached(of, credit, kept),
                        () -> end(Refusal.of(Errno.EAGAIN, "whether the session has begun is not known"))));
    }

    private void attached(Answer answer, int credit, KeptRequests kept) {
        if (answer.hasRefusal()) {
            boolean isPutOff = answer.getRefusal().getErrno() == Errno.EAGAIN.number();
            if (isPutOff) {
                end(Refusal.of(Errno.EAGAIN, "the node is drained"));
            } else {
                serverGone();
            }
            return;
        }
        long epoch = answer.getRevision();
        world.promises.attached(server.generation(), epoch);
        bind(epoch, credit, kept);
    }

    private void serverGone() {
        end(Refusal.noServer(Layout.DOMID, server.id()));
    }

    private void bind(long epoch, int credit, KeptRequests kept) {
        sessionEpoch = epoch;
        ServerActor here = node.server(server).orElse(null);
        if (isGone || here == null) {
            detach();
            serverGone();
            return;
        }
        actor = here;
        toServer(() -> "bind session " + epoch, to -> {
            if (to.isStopped()) {
                serverGone();
                return;
            }
            to.bind(this, epoch, emulator.run, credit, kept, refusal -> {
                isBound = refusal.isEmpty();
                refusal.ifPresent(this::end);
                if (isGone && isBound) {
                    to.lost(epoch);
                } else if (isBound && node.isLeaving()) {
                    leave(to);
                }
            });
        });
    }

    /** The node is drained: the emulator is to go to another one (D-27). */
    void leave(ServerActor to) {
        to.lost(sessionEpoch);
        end(Refusal.of(Errno.EAGAIN, "the node is drained"));
    }

    public void sendAnswers(OutcomeRows rows) {
        checks.answers(rows);
        stream.toNode(
                () -> "answers " + Texts.outcomes(rows),
                () -> toServer(() -> "answers " + Texts.outcomes(rows), to -> to.answers(sessionEpoch, rows)));
    }

    public void sendCredit(int rows) {
        checks.grants(rows);
        stream.toNode(() -> "credit " + rows, () -> toServer(() -> "credit", to -> to.credit(sessionEpoch, rows)));
    }

    private void toServer(Supplier<String> what, Consumer<ServerActor> handle) {
        ServerActor to = actor;
        if (to != null) {
            node.between(name, to.name()).tell(() -> name + " " + what.get(), () -> handle.accept(to));
        }
    }

    // From the node.

    public void attached(long epoch) {
        stream.toClient(() -> "attached, session " + epoch, () -> {
            emulator.attached(this, epoch);
            wasRead();
        });
    }

    public void ioreqs(long decidedRevision, int shard, long shardEpoch, IoreqRows rows, SettledRows settled) {
        checks.delivers(rows, isReady());
        IoreqRows arriving = world.seams.arriving(rows);
        stream.toClient(() -> "ioreqs " + Texts.keys(arriving.keys()), () -> {
            checks.arrives(arriving);
            emulator.ioreqs(this, decidedRevision, shard, shardEpoch, arriving, settled);
            wasRead();
        });
    }

    public void settled(SettledRows settled) {
        stream.toClient(() -> "settled", () -> {
            emulator.settled(this, settled);
            wasRead();
        });
    }

    /** Nothing that was delivered is missing. */
    public void check() {
        if (!stream.isCut()) {
            checks.hasAll(stream.underWayToClient());
        }
    }

    /** Whether the stream takes more at once. */
    public boolean isReady() {
        return stream.underWayToClient() < READY_MESSAGES;
    }

    private void wasRead() {
        if (stream.underWayToClient() == READY_MESSAGES - 1) {
            toServer(() -> "ready", to -> to.ready(sessionEpoch));
        }
    }

    /** The node ends it. */
    public void end(Refusal why) {
        isGone = true;
        stream.end(() -> "ended, " + why.errno(), () -> emulator.ended(this, why.errno()));
        if (isBound && why.errno() != Errno.ESTALE) {
            detach();
        }
    }

    public void cut() {
        stream.cut();
    }

    private void lost() {
        isGone = true;
        if (isBound) {
            toServer(() -> "lost", to -> to.lost(sessionEpoch));
            detach();
        }
    }

    /** The emulator takes an ioreq of that session for one that is over (F6). */
    public void isRefused(long ofSession, IoreqKey key) {
        ServerActor to = actor;
        if (to != null) {
            to.checks.isRefused(ofSession, key);
        }
    }

    /** The emulator does not carry out an ioreq of that session, which was decided too early (C4). */
    public void isTooOld(long ofSession, IoreqKey key) {
        ServerActor to = actor;
        if (to != null) {
            to.checks.isTooOld(ofSession, key);
        }
    }

    private void detach() {
        node.execute(
                () -> name + " detaches",
                Commands.detach(server.id(), server.generation(), sessionEpoch),
                answer -> {});
    }

    /**
     * A memory call for the server: eight bytes.
     *
     * @param reply given why not, or that it was carried out, or, where the call is lost, nothing to rely on
     */
    public void call(Reach reach, long gpa, long value, Gate gate, Consumer<Optional<Refusal>> reply) {
        String hop = "memory call " + Long.toHexString(value);
        Reach.Connection way = reach.open(hop, () -> reply.accept(Optional.empty()), () -> {});
        way.stream().toNode(() -> hop, () -> {
            Consumer<Optional<Refusal>> answer = refusal -> way.stream()
                    .end(() -> hop + " is answered " + refusal.map(Refusal::errno), () -> reply.accept(refusal));
            way.node().waitsAtGate(server, answer);
            way.node()
                    .routes()
                    .toHome(
                            hop,
                            server,
                            () -> hop,
                            (to, times) -> to.gated(gate, gpa, value, answer),
                            () -> answer.accept(Optional.of(Refusal.noServer(Layout.DOMID, server.id()))));
        });
    }
}
