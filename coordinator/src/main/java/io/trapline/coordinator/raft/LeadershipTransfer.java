package io.trapline.coordinator.raft;

import io.trapline.coordinator.raft.Succession.Follower;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import org.apache.ratis.proto.RaftProtos.CommitInfoProto;
import org.apache.ratis.proto.RaftProtos.ServerRpcProto;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.TransferLeadershipRequest;
import org.apache.ratis.server.RaftServer;
import org.jspecify.annotations.Nullable;

/**
 * A leader that leaves on purpose names who leads next, and that one stands at once; a leader that only stepped down would leave its
 * cluster to an election timeout, and might well win the election. Where a successor does not take over the next one is asked; where none
 * does, it steps down.
 */
final class LeadershipTransfer {
    /** Each has this long to catch up and to be elected. */
    private static final long EACH_MILLIS = 600;

    private final RaftServer server;
    private final RaftServer.Division division;
    private final ClientId client;
    private final LongSupplier calls;

    LeadershipTransfer(RaftServer server, RaftServer.Division division, ClientId client, LongSupplier calls) {
        this.server = server;
        this.division = division;
        this.client = client;
        this.calls = calls;
    }

    /** Ends when this one leads no longer, and fails where it did not lead. */
    CompletionStage<Void> begin() {
        return to(Succession.successors(followers()), 0);
    }

    private List<Follower> followers() {
        Map<String, Long> committed = new HashMap<>();
        for (CommitInfoProto each : division.getCommitInfos()) {
            committed.put(each.getServer().getId().toStringUtf8(), each.getCommitIndex());
        }
        return division.getInfo().getRoleInfoProto().getLeaderInfo().getFollowerInfoList().stream()
                .map(each -> follower(each, committed))
                .toList();
    }

    private static Follower follower(ServerRpcProto heard, Map<String, Long> committed) {
        String id = heard.getId().getId().toStringUtf8();
        return new Follower(id, heard.getLastRpcElapsedTimeMs(), committed.getOrDefault(id, -1L));
    }

    private CompletionStage<Void> to(List<String> successors, int which) {
        if (which == successors.size()) {
            return ask(null);
        }
        return ask(RaftPeerId.valueOf(successors.get(which)))
                .handle((done, failure) ->
                        failure == null || !division.getInfo().isLeader())
                .thenCompose(over -> over ? CompletableFuture.completedFuture(null) : to(successors, which + 1));
    }

    /** Null = whoever is elected. */
    private CompletionStage<Void> ask(@Nullable RaftPeerId successor) {
        TransferLeadershipRequest request = new TransferLeadershipRequest(
                client, server.getId(), division.getGroup().getGroupId(), calls.getAsLong(), successor, EACH_MILLIS);
        try {
            return server.transferLeadershipAsync(request).thenAccept(LeadershipTransfer::checkSuccess);
        } catch (IOException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private static void checkSuccess(RaftClientReply reply) {
        if (!reply.isSuccess()) {
            throw new CompletionException(reply.getException());
        }
    }
}
