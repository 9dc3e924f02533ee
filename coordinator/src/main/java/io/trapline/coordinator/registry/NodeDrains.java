package io.trapline.coordinator.registry;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.ExecuteResponse;
import io.trapline.internal.v1.MoveHome;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.RegisteredNode;
import io.trapline.internal.v1.RegisteredServer;
import io.trapline.internal.v1.ServerRecord;
import io.trapline.model.Errno;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;
import java.util.Optional;

/**
 * Nodes whose parts are to go elsewhere (D-27): by an operator, in every life until that is taken back, or by a life that is about to end, until it has. Such a
 * node is given nothing more; what it has is moved by the leader, one command after the other.
 */
@Pure
final class NodeDrains {
    private final State state;
    private final Existence existence;
    private final Servers servers;

    NodeDrains(State state, Existence existence, Servers servers) {
        this.state = state;
        this.existence = existence;
        this.servers = servers;
    }

    /** Whether the node, in its present life, is drained. */
    static boolean isDraining(RegisteredNode node) {
        return node.getDraining() || node.getLeaving();
    }

    static boolean isDraining(State state, String node) {
        return Optional.ofNullable(state.nodes.get(node))
                .map(NodeDrains::isDraining)
                .orElse(false);
    }

    /** ENOENT. */
    Answer drain(String node, boolean draining) {
        RegisteredNode known = state.nodes.get(node);
        if (known == null) {
            return Answers.refused(Refusal.of(Errno.ENOENT, "node = " + node + ": none of that name has registered")
                    .with("field", "node")
                    .with("value", node));
        }
        // Who says it again waits until every node knows, as who said it first.
        return known.getDraining() == draining
                ? Answers.done(state.revision).build()
                : put(known.toBuilder().setDraining(draining));
    }

    /** That life is about to end. */
    Answer leave(NodeLife life) {
        RegisteredNode known = state.nodes.get(life.getNode());
        return known == null || !Nodes.isPresent(state, life) || known.getLeaving()
                ? Answer.newBuilder()
                        .setExecute(ExecuteResponse.getDefaultInstance())
                        .build()
                : put(known.toBuilder().setLeaving(true));
    }

    private Answer put(RegisteredNode.Builder node) {
        long revision = state.begin();
        state.putNode(node.build());
        return Answers.done(revision)
                .setExecute(ExecuteResponse.newBuilder().setRevision(revision))
                .build();
    }

    /**
     * Why a guest or an emulator is not to come to that node: EAGAIN where it is drained and another one is not; then that one is better. EAGAIN as well where the
     * life that asks is over, and no other has come: nobody would be there (D-15).
     */
    Optional<Refusal> mayNotArrive(String node) {
        RegisteredNode known = state.nodes.get(node);
        if (known != null && known.getRegistration().getIncarnation() == 0) {
            return Optional.of(Refusal.of(Errno.EAGAIN, "node = " + node + ": its last life is over")
                    .with("field", "node")
                    .with("value", node));
        }
        boolean isOtherOpen = state.nodes.values().stream()
                .anyMatch(other -> other.getRegistration().getIncarnation() != 0 && !isDraining(other));
        return isDraining(state, node) && isOtherOpen
                ? Optional.of(Refusal.of(Errno.EAGAIN, "node = " + node + ": is drained, and others are not")
                        .with("field", "node")
                        .with("value", node))
                : Optional.empty();
    }

    /** A server leaves a home that is drained, for where its domain is. */
    Answer moveHome(MoveHome q) {
        return existence
                .server(q.getDomid(), 0, q.getId(), 0)
                .or(() -> staysAtHome(q))
                .map(Answers::refused)
                .orElseGet(() -> {
                    RegisteredServer server = state.server(q.getDomid(), q.getId());
                    long revision = state.begin();
                    servers.move(server, revision, Homes.first(state, q.getDomid()));
                    return Answers.done(revision).build();
                });
    }

    private Optional<Refusal> staysAtHome(MoveHome q) {
        RegisteredServer server = state.server(q.getDomid(), q.getId());
        ServerRecord record = server.getRecord();
        boolean moves = record.getHomeEpoch() == q.getHomeEpoch()
                && !server.getSessionNode().equals(record.getHome().getNode())
                && isDraining(state, record.getHome().getNode())
                && !record.getHome().equals(Homes.first(state, q.getDomid()));
        return moves
                ? Optional.empty()
                : Optional.of(Refusal.of(
                                Errno.ESTALE,
                                "home_epoch = " + q.getHomeEpoch() + " of server " + q.getId() + " of domain "
                                        + q.getDomid() + ": it is at home at "
                                        + record.getHome().getNode() + " since " + record.getHomeEpoch())
                        .with("field", "home_epoch")
                        .with("value", q.getHomeEpoch()));
    }
}
