package io.trapline.coordinator.raft;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Collection;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotReplyProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteReplyProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionReplyProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionRequestProto;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.rpc.RpcType;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerRpc;
import org.apache.ratis.server.ServerFactory;

/**
 * What Raft of a replica that has no address says to others: nothing. Such a one is a group of itself ({@link ReplicaConfig#alone}), and starts without a second gRPC and
 * its threads. Public and with a public constructor because Ratis makes it by its name.
 */
public final class AloneRpc implements RpcType {
    /** Made by Ratis. */
    public AloneRpc() {}

    @Override
    public String name() {
        return AloneRpc.class.getName();
    }

    @Override
    public ServerFactory newFactory(Parameters parameters) {
        return new ServerFactory() {
            @Override
            public RpcType getRpcType() {
                return AloneRpc.this;
            }

            @Override
            public RaftServerRpc newRaftServerRpc(RaftServer server) {
                return new Silence(AloneRpc.this);
            }
        };
    }

    private record Silence(RpcType getRpcType) implements RaftServerRpc {
        private static final InetSocketAddress NOWHERE = InetSocketAddress.createUnresolved("127.0.0.1", 0);

        @Override
        public void start() {
            // Nobody is listened to.
        }

        @Override
        public InetSocketAddress getInetSocketAddress() {
            return NOWHERE;
        }

        @Override
        public void addRaftPeers(Collection<RaftPeer> peers) {
            // Nobody is called.
        }

        @Override
        public void handleException(RaftPeerId peer, Exception failure, boolean reconnects) {
            // There is no connection.
        }

        @Override
        public RequestVoteReplyProto requestVote(RequestVoteRequestProto request) throws IOException {
            throw nobody();
        }

        @Override
        public AppendEntriesReplyProto appendEntries(AppendEntriesRequestProto request) throws IOException {
            throw nobody();
        }

        @Override
        public InstallSnapshotReplyProto installSnapshot(InstallSnapshotRequestProto request) throws IOException {
            throw nobody();
        }

        @Override
        public StartLeaderElectionReplyProto startLeaderElection(StartLeaderElectionRequestProto request)
                throws IOException {
            throw nobody();
        }

        private static IOException nobody() {
            return new IOException("this replica has no address: it reaches nobody");
        }

        @Override
        public void close() {
            // Nothing was opened.
        }
    }
}
