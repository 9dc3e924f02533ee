package io.trapline.coordinator.registry;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.NodeRecord;
import io.trapline.internal.v1.PlacedDomain;
import io.trapline.internal.v1.RegisterNode;
import io.trapline.internal.v1.RegisteredNode;
import io.trapline.internal.v1.RegisteredServer;
import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;
import io.trapline.v1.DomainState;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Nodes and the lives of their processes (D4). A life whose lease has lapsed loses what others can have instead, shards of which there is another copy, the
 * sessions of the emulators that were attached to it and servers whose domain is elsewhere, and keeps what only its memory has: it may come back. When a life is
 * over that memory is lost, so the domains that had it are CRASHED, and it never returns. A life that follows another ends it.
 */
@Pure
final class Nodes {
    private static final int ENDED_INCARNATIONS = 64;

    private final State state;
    private final Servers servers;
    private final Homes homes;
    private final ShardRuns runs;

    Nodes(State state, Servers servers, Homes homes, ShardRuns runs) {
        this.state = state;
        this.servers = servers;
        this.homes = homes;
        this.runs = runs;
    }

    /** @param leadership the one that saw the life before lapse or resign; 0 = none did */
    Answer register(RegisterNode q, long leadership) {
        RegisteredNode known = state.nodes.get(q.getNode());
        if (known == null) {
            return state.nodes.size() < Limit.MAX_NODES.value()
                    ? admit(RegisteredNode.newBuilder().setRegistration(q).build())
                    : Answers.refused(
                            Refusal.overLimit(Errno.ENOSPC, "nodes", state.nodes.size() + 1L, Limit.MAX_NODES));
        }
        if (known.getEndedIncarnationsList().contains(q.getIncarnation())) {
            return Answers.refused(
                    Refusal.of(Errno.ESTALE, "incarnation of node " + q.getNode() + ": a newer one has registered")
                            .with("field", "incarnation")
                            .with("value", Long.toUnsignedString(q.getIncarnation())));
        }
        if (known.getRegistration().equals(q)) {
            return Answer.getDefaultInstance();
        }
        long present = known.getRegistration().getIncarnation();
        if (present == 0 || present == q.getIncarnation()) {
            return admit(known.toBuilder().setRegistration(q).build());
        }
        return leadership != 0
                ? replace(known, q)
                : Answers.refused(Refusal.of(
                                Errno.EAGAIN, "node " + q.getNode() + ": an earlier life of it may hold a lease still")
                        .with("field", "incarnation")
                        .with("value", Long.toUnsignedString(q.getIncarnation())));
    }

    /** The lease of a life has lapsed; it may come back. */
    Answer lapse(NodeLife life) {
        if (present(life).isEmpty() || !state.loads.hasRolesToLose(life.getNode())) {
            return Answer.getDefaultInstance();
        }
        long revision = state.begin();
        runs.leave(life, revision);
        leave(life.getNode(), revision);
        return Answers.done(revision).build();
    }

    /** A life is over. */
    Answer end(NodeLife life) {
        return present(life)
                .map(node -> {
                    long revision = state.begin();
                    end(node, revision);
                    return Answers.done(revision).build();
                })
                .orElseGet(Answer::getDefaultInstance);
    }

    /** As other nodes see it. */
    static NodeRecord record(State state, String name) {
        return NodeRecord.newBuilder()
                .setLife(Homes.life(state, name))
                .setDraining(NodeDrains.isDraining(state, name))
                .setAddress(Optional.ofNullable(state.nodes.get(name))
                        .map(node -> node.getRegistration().getAddress())
                        .orElse(""))
                .build();
    }

    static NodeLife life(RegisteredNode node) {
        return NodeLife.newBuilder()
                .setNode(node.getRegistration().getNode())
                .setIncarnation(node.getRegistration().getIncarnation())
                .build();
    }

    /** Whether the life is registered, and not over. */
    static boolean isPresent(State state, NodeLife life) {
        RegisteredNode node = state.nodes.get(life.getNode());
        return node != null && life.getIncarnation() != 0 && life(node).equals(life);
    }

    private Optional<RegisteredNode> present(NodeLife life) {
        return isPresent(state, life) ? Optional.ofNullable(state.nodes.get(life.getNode())) : Optional.empty();
    }

    private Answer admit(RegisteredNode node) {
        long revision = state.begin();
        state.putNode(node);
        return Answers.done(revision).build();
    }

    private Answer replace(RegisteredNode known, RegisterNode q) {
        Answer admitted = admit(ended(known).setRegistration(q).build());
        lose(life(known), admitted.getRevision());
        return admitted;
    }

    /** Every life that there was is over, as after a restored backup; the command has begun. */
    void endAll(long revision) {
        for (RegisteredNode node : List.copyOf(state.nodes.values())) {
            end(node, revision);
        }
    }

    private void end(RegisteredNode node, long revision) {
        lose(life(node), revision);
        state.putNode(ended(node)
                .setRegistration(node.getRegistration().toBuilder().clearIncarnation())
                .build());
    }

    private static RegisteredNode.Builder ended(RegisteredNode known) {
        List<Long> ended = new ArrayList<>(known.getEndedIncarnationsList());
        if (known.getRegistration().getIncarnation() != 0) {
            ended.add(known.getRegistration().getIncarnation());
        }
        return RegisteredNode.newBuilder()
                .setDraining(known.getDraining())
                .addAllEndedIncarnations(ended.subList(Math.max(0, ended.size() - ENDED_INCARNATIONS), ended.size()));
    }

    private void lose(NodeLife life, long revision) {
        runs.lose(life, revision).forEach(placed -> crash(placed, revision));
        leave(life.getNode(), revision);
    }

    /** Its emulators and servers have to go elsewhere; where the domains' shards are by now is decided. */
    private void leave(String node, long revision) {
        // Nobody takes over who is gone, too.
        List.copyOf(state.servers.values()).forEach(server -> servers.leaveLine(server, node));
        for (RegisteredServer server : List.copyOf(state.servers.values())) {
            if (server.getSessionNode().equals(node)) {
                servers.endSession(server, revision);
            }
        }
        homes.leave(node, revision);
    }

    private void crash(PlacedDomain placed, long revision) {
        int domid = placed.getDomain().getDomid();
        state.vcpusOf(domid).clear();
        state.serversOf(domid).values().stream().toList().forEach(server -> servers.endSessions(server, revision));
        DomainState was = placed.getDomain().getState();
        if (was == DomainState.DOMAIN_STATE_RUNNING || was == DomainState.DOMAIN_STATE_PAUSED) {
            state.putDomain(placed.toBuilder()
                    .setDomain(placed.getDomain().toBuilder().setState(DomainState.DOMAIN_STATE_CRASHED))
                    .build());
        }
    }

    /** Whether there is one whose life is not over. */
    boolean isAnyRegistered() {
        return state.nodes.values().stream()
                .anyMatch(node -> node.getRegistration().getIncarnation() != 0);
    }

    /**
     * Those of the leader's candidates that are still in the life it knew, and not drained: the one with the most memory left first (D-27), of equals the one that is primary of
     * the fewest shards, then by name.
     */
    List<NodeLife> usable(List<NodeLife> candidates) {
        return candidates.stream()
                .filter(life -> isPresent(state, life) && !NodeDrains.isDraining(state, life.getNode()))
                .distinct()
                .sorted(Comparator.<NodeLife>comparingLong(life -> -bytesLeft(state, life.getNode()))
                        .thenComparingLong(life -> state.loads.shards().getOrDefault(life.getNode(), 0L))
                        .thenComparing(NodeLife::getNode))
                .toList();
    }

    /** What of the node's memory is in no domain; below 0 where domains that did not use all of theirs were given more. */
    static long bytesLeft(State state, String node) {
        long all = Optional.ofNullable(state.nodes.get(node))
                .map(known -> known.getRegistration().getMemoryBytes())
                .orElse(0L);
        return all - state.loads.pages(node) * ShardPlan.PAGE_BYTES;
    }
}
