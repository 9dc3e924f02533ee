package io.trapline.coordinator.raft;

import io.trapline.coordinator.raft.Succession.Follower;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.apache.ratis.proto.RaftProtos.CommitInfoProto;
import org.apache.ratis.proto.RaftProtos.ServerRpcProto;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.TransferLeadershipRequest;
import org.apache.ratis.server.RaftServer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A leader that leaves on purpose names who leads next, and that one stands at once; a leader that only stepped down would leave its
 * cluster to an election timeout, and might well win the election. Where a successor does not take over the next one is asked; where none
 * does, it steps down.
 */
final class LeadershipTransfer {
    private static final Logger LOG = LoggerFactory.getLogger(LeadershipTransfer.class);

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

    /**
     * Ends when this one leads no longer, and fails where it did not lead or still does. In a thread of its own: Raft ends a transfer while it changes the
     * leader, and who asks it for something more in that moment waits for ever.
     */
    CompletionStage<Void> begin() {
        return CompletableFuture.runAsync(this::run, step -> Thread.ofVirtual().start(step));
    }

    private void run() {
        for (String successor : Succession.successors(followers())) {
            try {
                ask(RaftPeerId.valueOf(successor));
                return;
            } catch (IOException refused) {
                LOG.info("{} does not take over: {}", successor, DataDirectory.rootReason(refused));
            }
            if (!division.getInfo().isLeader()) {
                return;
            }
        }
        try {
            ask(null);
        } catch (IOException refused) {
            throw new CompletionException(refused);
        }
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

    /** Null = whoever is elected. */
    private void ask(@Nullable RaftPeerId successor) throws IOException {
        TransferLeadershipRequest request = new TransferLeadershipRequest(
                client,
                server.getId(),
                division.getGroup().getGroupId(),
                calls.getAsLong(),
                successor,
                Succession.EACH.toMillis());
        try {
            RaftClientReply reply =
                    server.transferLeadershipAsync(request).get(2 * Succession.EACH.toMillis(), TimeUnit.MILLISECONDS);
            if (!reply.isSuccess()) {
                throw new IOException(reply.getException());
            }
        } catch (ExecutionException | TimeoutException failed) {
            throw new IOException(failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException(interrupted);
        }
    }
}
