package io.trapline.coordinator.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.coordinator.raft.ReplicaConfig.Peer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.ReadIndexRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteReplyProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.proto.grpc.RaftServerProtocolServiceGrpc;
import org.apache.ratis.proto.grpc.RaftServerProtocolServiceGrpc.RaftServerProtocolServiceImplBase;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.io.grpc.ManagedChannel;
import org.apache.ratis.thirdparty.io.grpc.Server;
import org.apache.ratis.thirdparty.io.grpc.Status;
import org.apache.ratis.thirdparty.io.grpc.StatusRuntimeException;
import org.apache.ratis.thirdparty.io.grpc.netty.NettyChannelBuilder;
import org.apache.ratis.thirdparty.io.grpc.netty.NettyServerBuilder;
import org.apache.ratis.thirdparty.io.grpc.stub.StreamObserver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("V-1: a replica takes nothing that is for another one")
@Timeout(120)
final class AddresseeTest {
    private static final String HOST = "127.0.0.9";

    @TempDir
    private Path directory;

    private final List<Runnable> open = new ArrayList<>();
    private final BlockingQueue<String> taken = new LinkedBlockingQueue<>();

    @AfterEach
    void close() {
        open.reversed().forEach(Runnable::run);
    }

    /** A replica that takes everything. */
    private final class Taking extends RaftServerProtocolServiceImplBase {
        @Override
        public void requestVote(RequestVoteRequestProto request, StreamObserver<RequestVoteReplyProto> reply) {
            taken.add("vote");
            reply.onNext(RequestVoteReplyProto.getDefaultInstance());
            reply.onCompleted();
        }

        @Override
        public StreamObserver<AppendEntriesRequestProto> appendEntries(StreamObserver<AppendEntriesReplyProto> reply) {
            return new StreamObserver<>() {
                @Override
                public void onNext(AppendEntriesRequestProto request) {
                    taken.add("entries " + request.getLeaderTerm());
                }

                @Override
                public void onError(Throwable error) {
                    taken.add("error");
                }

                @Override
                public void onCompleted() {
                    taken.add("completed");
                }
            };
        }
    }

    /** Whoever is told nothing needs to hear nothing. */
    private static final class Unheard implements ReplicaEvents {
        @Override
        public void applied(Applied applied) {}

        @Override
        public void termApplied(long term) {}

        @Override
        public void leading(long term) {}

        @Override
        public void notLeading() {}

        @Override
        public void leader(Leader leader) {}

        @Override
        public void failed(Throwable why) {}
    }

    private ManagedChannel channel(int port) {
        ManagedChannel channel =
                NettyChannelBuilder.forAddress(HOST, port).usePlaintext().build();
        open.add(channel::shutdownNow);
        return channel;
    }

    private ManagedChannel taking() throws Exception {
        Server server = NettyServerBuilder.forAddress(new InetSocketAddress(HOST, 0))
                .addService(new Taking())
                .intercept(new Addressee("c2"))
                .build()
                .start();
        open.add(server::shutdownNow);
        return channel(server.getPort());
    }

    private static RaftRpcRequestProto to(String id) {
        return RaftRpcRequestProto.newBuilder()
                .setRequestorId(ByteString.copyFromUtf8("c1"))
                .setReplyId(ByteString.copyFromUtf8(id))
                .build();
    }

    private static RequestVoteRequestProto vote(String id) {
        return RequestVoteRequestProto.newBuilder().setServerRequest(to(id)).build();
    }

    @Test
    void givesNoVoteInTheNameOfAnother() throws Exception {
        var stub = RaftServerProtocolServiceGrpc.newBlockingStub(taking());

        assertThatThrownBy(() -> stub.requestVote(vote("c3")))
                .isInstanceOfSatisfying(StatusRuntimeException.class, refused -> {
                    assertThat(refused.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
                    assertThat(refused.getStatus().getDescription()).isEqualTo("this is coordinator c2, not c3");
                });
        assertThat(taken).isEmpty();

        stub.requestVote(vote("c2"));
        assertThat(taken).containsExactly("vote");
    }

    @Test
    void takesNoEntriesInTheNameOfAnother() throws Exception {
        BlockingQueue<Status.Code> ended = new LinkedBlockingQueue<>();
        StreamObserver<AppendEntriesRequestProto> entries = RaftServerProtocolServiceGrpc.newStub(taking())
                .appendEntries(new StreamObserver<>() {
                    @Override
                    public void onNext(AppendEntriesReplyProto reply) {
                        taken.add("answered");
                    }

                    @Override
                    public void onError(Throwable error) {
                        ended.add(Status.fromThrowable(error).getCode());
                    }

                    @Override
                    public void onCompleted() {
                        ended.add(Status.Code.OK);
                    }
                });
        entries.onNext(entries("c2", 1));
        assertThat(taken.poll(60, TimeUnit.SECONDS)).isEqualTo("entries 1");

        entries.onNext(entries("c3", 2));
        entries.onNext(entries("c2", 3));

        assertThat(ended.poll(60, TimeUnit.SECONDS)).isEqualTo(Status.Code.FAILED_PRECONDITION);
        assertThat(taken).doesNotContain("entries 2", "entries 3", "answered");
    }

    private static AppendEntriesRequestProto entries(String to, long term) {
        return AppendEntriesRequestProto.newBuilder()
                .setServerRequest(to(to))
                .setLeaderTerm(term)
                .build();
    }

    @Test
    void isHowARealReplicaListens() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName(HOST))) {
            port = free.getLocalPort();
        }
        ReplicaConfig config = ReplicaConfig.of(
                directory, Admission.Told.BOOTSTRAP, Optional.empty(), "c1", List.of(new Peer("c1", HOST, port, "")));
        Replica replica = Replica.open(config);
        open.add(replica::close);
        replica.start(new Unheard(), Peers.NOBODY);

        var stub = RaftServerProtocolServiceGrpc.newBlockingStub(channel(port));

        assertThatThrownBy(() -> stub.requestVote(vote("c3"))).hasMessageContaining("this is coordinator c1, not c3");
        // Another group: what is for this replica reaches Ratis, which looks at that.
        assertThatThrownBy(() -> stub.readIndex(ReadIndexRequestProto.newBuilder()
                        .setServerRequest(to("c1"))
                        .build()))
                .hasMessageNotContaining("this is coordinator");
    }
}
