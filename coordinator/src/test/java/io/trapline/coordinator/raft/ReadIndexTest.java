package io.trapline.coordinator.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trapline.coordinator.Relay;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.util.TimeDuration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Why a confirmation is a log entry. When this fails, Ratis has become better than design 0002 (1.2.1) knows it. */
@DisplayName("Ratis 3.3.0 answers linearizable reads of an idle leader without asking anybody")
@Timeout(120)
final class ReadIndexTest {
    private static final RaftGroupId GROUP = RaftGroupId.valueOf(UUID.randomUUID());

    @TempDir
    private Path directory;

    private final ClientId client = ClientId.randomId();
    private final AtomicLong calls = new AtomicLong();

    @Test
    void answersAtALeaderThatNobodyCanReach() throws Exception {
        boolean answered = false;
        // A replica that led before the cut may have been outvoted by then, and asks the new leader in vain.
        for (int attempt = 1; attempt <= 4 && !answered; attempt++) {
            answered = isAnsweredWhenCut(directory.resolve("group-" + attempt));
        }

        assertThat(answered).isTrue();
    }

    private boolean isAnsweredWhenCut(Path group) throws Exception {
        List<Relay> relays = new ArrayList<>();
        List<Integer> ports = new ArrayList<>();
        List<RaftPeer> peers = new ArrayList<>();
        for (int i = 1; i <= 3; i++) {
            ports.add(Relay.freePort());
            relays.add(new Relay(ports.getLast()));
            peers.add(RaftPeer.newBuilder()
                    .setId("c" + i)
                    .setAddress("127.0.0.1:" + relays.getLast().port())
                    .build());
        }
        List<RaftServer> servers = new ArrayList<>();
        try {
            for (int i = 0; i < 3; i++) {
                servers.add(server(group, peers, i, ports.get(i)));
            }
            RaftServer leader = leader(servers);
            if (!isAnswered(leader)) {
                return false;
            }
            relays.forEach(Relay::cut);
            return isAnswered(leader);
        } finally {
            for (RaftServer server : servers) {
                server.close();
            }
            for (Relay relay : relays) {
                relay.close();
            }
        }
    }

    private boolean isAnswered(RaftServer server) throws Exception {
        try {
            return read(server).get(8, TimeUnit.SECONDS).isSuccess();
        } catch (TimeoutException unanswered) {
            return false;
        }
    }

    private RaftServer server(Path group, List<RaftPeer> peers, int which, int port) throws Exception {
        RaftProperties properties = new RaftProperties();
        GrpcConfigKeys.Server.setHost(properties, "127.0.0.1");
        GrpcConfigKeys.Server.setPort(properties, port);
        RaftServerConfigKeys.setStorageDir(
                properties, List.of(group.resolve("c" + which).toFile()));
        // The time that a leader takes until it notices by itself: longer than the test.
        RaftServerConfigKeys.Rpc.setTimeoutMin(properties, TimeDuration.valueOf(5, TimeUnit.SECONDS));
        RaftServerConfigKeys.Rpc.setTimeoutMax(properties, TimeDuration.valueOf(8, TimeUnit.SECONDS));
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMin(
                properties, TimeDuration.valueOf(50, TimeUnit.MILLISECONDS));
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMax(
                properties, TimeDuration.valueOf(200, TimeUnit.MILLISECONDS));
        // As in RaftSettings: an entry that only says how far the log is committed would itself be one to ask about.
        RaftServerConfigKeys.Log.setLogMetadataEnabled(properties, false);
        RaftServerConfigKeys.Read.setOption(properties, RaftServerConfigKeys.Read.Option.LINEARIZABLE);
        RaftServerConfigKeys.Read.setLeaderLeaseEnabled(properties, false);
        RaftServer server = RaftServer.newBuilder()
                .setServerId(peers.get(which).getId())
                .setGroup(RaftGroup.valueOf(GROUP, peers))
                .setProperties(properties)
                .setStateMachine(new Answering())
                .build();
        server.start();
        return server;
    }

    private static RaftServer leader(List<RaftServer> servers) {
        await().until(() -> servers.stream().anyMatch(ReadIndexTest::isReady));
        return servers.stream().filter(ReadIndexTest::isReady).findFirst().orElseThrow();
    }

    private static boolean isReady(RaftServer server) {
        try {
            return server.getDivision(GROUP).getInfo().isLeaderReady();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private CompletableFuture<RaftClientReply> read(RaftServer server) throws Exception {
        return server.submitClientRequestAsync(RaftClientRequest.newBuilder()
                .setClientId(client)
                .setServerId(server.getId())
                .setGroupId(GROUP)
                .setCallId(calls.incrementAndGet())
                .setMessage(Message.EMPTY)
                .setType(RaftClientRequest.readRequestType())
                .build());
    }

    private static final class Answering extends BaseStateMachine {
        @Override
        public CompletableFuture<Message> query(Message request) {
            return CompletableFuture.completedFuture(Message.EMPTY);
        }
    }
}
