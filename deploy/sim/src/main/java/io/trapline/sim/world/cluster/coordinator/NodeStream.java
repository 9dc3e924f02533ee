package io.trapline.sim.world.cluster.coordinator;

import io.grpc.stub.ServerCallStreamObserver;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.NodeSessionResponse;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import io.trapline.sim.world.cluster.host.SimStream;
import io.trapline.sim.world.cluster.node.NodeProcess.NodeSession;
import java.util.Optional;
import java.util.function.BiConsumer;

/** The coordinator's end of a node's session, as the real leadership sees it. */
final class NodeStream extends ServerCallStreamObserver<NodeSessionResponse> {
    private final NodeLife life;
    private final SimStream stream;
    private final NodeSession session;
    private final BiConsumer<NodeLife, Long> grants;
    private final int number;

    /**
     * @param number of the streams of its coordinator
     * @param grants told of each grant: the number of its renewal
     */
    NodeStream(int number, NodeLife life, SimStream stream, NodeSession session, BiConsumer<NodeLife, Long> grants) {
        this.number = number;
        this.life = life;
        this.stream = stream;
        this.session = session;
        this.grants = grants;
    }

    /** Not the machine's: a run must not depend on where things lie in memory. */
    @Override
    public int hashCode() {
        return number;
    }

    NodeLife life() {
        return life;
    }

    @Override
    public void onNext(NodeSessionResponse response) {
        if (response.hasGranted()) {
            grants.accept(life, response.getGranted().getNumber());
        }
        stream.toClient(() -> text(response), () -> session.heard(response));
    }

    private static String text(NodeSessionResponse response) {
        return response.hasChange()
                ? "revision " + response.getChange().getRevision()
                : response.toString().replaceAll("\\s+", " ");
    }

    @Override
    public void onError(Throwable why) {
        Optional<Refusal> refusal = Statuses.fromThrowable(why);
        boolean isOver = refusal.map(of -> of.errno() == Errno.ESTALE).orElse(false);
        String named =
                refusal.map(of -> of.metadata().getOrDefault("leader", "")).orElse("");
        stream.endAtServer(
                () -> "ends the session: " + refusal.map(Refusal::message).orElse(""),
                () -> session.lost(named, isOver));
    }

    @Override
    public void onCompleted() {
        stream.endAtServer(() -> "ends the session", () -> session.lost("", false));
    }

    @Override
    public boolean isReady() {
        return true;
    }

    @Override
    public boolean isCancelled() {
        return false;
    }

    @Override
    public void request(int count) {
        // What is not asked for does not wait here: a node's end reads at once.
    }

    @Override
    public void setOnCancelHandler(Runnable handler) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void setOnReadyHandler(Runnable handler) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void setCompression(String compression) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void setMessageCompression(boolean enable) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void disableAutoInboundFlowControl() {
        throw new UnsupportedOperationException();
    }
}
