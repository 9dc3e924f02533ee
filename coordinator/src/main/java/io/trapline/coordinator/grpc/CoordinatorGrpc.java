package io.trapline.coordinator.grpc;

import com.google.protobuf.ByteString;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.trapline.coordinator.backup.BackupFile;
import io.trapline.coordinator.commit.ConfirmedReads;
import io.trapline.coordinator.raft.Admission;
import io.trapline.coordinator.raft.Replica;
import io.trapline.coordinator.raft.ReplicaEvents.Leader;
import io.trapline.coordinator.registry.RegistryView;
import io.trapline.internal.v1.BackupHeader;
import io.trapline.internal.v1.BackupRequest;
import io.trapline.internal.v1.BackupResponse;
import io.trapline.internal.v1.ChangeCoordinatorsRequest;
import io.trapline.internal.v1.ChangeCoordinatorsResponse;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.CoordinatorServiceGrpc;
import io.trapline.internal.v1.DescribePeerRequest;
import io.trapline.internal.v1.DescribePeerResponse;
import io.trapline.internal.v1.DrainNode;
import io.trapline.internal.v1.DrainNodeRequest;
import io.trapline.internal.v1.DrainNodeResponse;
import io.trapline.internal.v1.FindLeaderRequest;
import io.trapline.internal.v1.FindLeaderResponse;
import io.trapline.internal.v1.PeerState;
import io.trapline.internal.v1.UndrainNode;
import io.trapline.internal.v1.UndrainNodeRequest;
import io.trapline.internal.v1.UndrainNodeResponse;
import io.trapline.rpc.Statuses;
import java.util.Optional;

/** What a coordinator says of itself. It answers from when its directory is open, also before its replica has started. */
public final class CoordinatorGrpc extends CoordinatorServiceGrpc.CoordinatorServiceImplBase {
    private final Replica replica;
    private final ConfirmedReads reads;
    private final Members members;
    private final Calls calls;
    private final String version;

    public CoordinatorGrpc(Replica replica, ConfirmedReads reads, Members members, Calls calls, String version) {
        this.replica = replica;
        this.reads = reads;
        this.members = members;
        this.calls = calls;
        this.version = version;
    }

    @Override
    public void changeCoordinators(ChangeCoordinatorsRequest q, StreamObserver<ChangeCoordinatorsResponse> observer) {
        members.change(q, observer);
    }

    @Override
    public void drainNode(DrainNodeRequest q, StreamObserver<DrainNodeResponse> observer) {
        Command.Builder command =
                Command.newBuilder().setDrainNode(DrainNode.newBuilder().setNode(q.getNode()));
        calls.execute(command, false, observer, answer -> DrainNodeResponse.getDefaultInstance());
    }

    @Override
    public void undrainNode(UndrainNodeRequest q, StreamObserver<UndrainNodeResponse> observer) {
        Command.Builder command =
                Command.newBuilder().setUndrainNode(UndrainNode.newBuilder().setNode(q.getNode()));
        calls.execute(command, false, observer, answer -> UndrainNodeResponse.getDefaultInstance());
    }

    @Override
    public void backup(BackupRequest q, StreamObserver<BackupResponse> observer) {
        ServerCallStreamObserver<BackupResponse> stream = (ServerCallStreamObserver<BackupResponse>) observer;
        Parts parts = new Parts(stream);
        stream.setOnReadyHandler(parts::send);
        stream.setOnCancelHandler(parts::cancel);
        // What has been applied by then is at least what was confirmed, and committed.
        reads.read(
                RegistryView::revision,
                confirmed -> parts.begin(BackupFile.write(
                        BackupHeader.newBuilder()
                                .setClusterId(replica.clusterId())
                                .setVersion(version)
                                .setRevision(confirmed)
                                .build(),
                        replica.snapshot())),
                refusal -> observer.onError(Statuses.toException(refusal)));
    }

    /** A file on its way, as fast as its reader takes it. */
    private static final class Parts {
        private static final int PART_BYTES = 256 * 1024;

        private final ServerCallStreamObserver<BackupResponse> stream;
        private ByteString left = ByteString.EMPTY;
        private boolean isUnderWay;

        Parts(ServerCallStreamObserver<BackupResponse> stream) {
            this.stream = stream;
        }

        synchronized void begin(ByteString file) {
            left = file;
            isUnderWay = !stream.isCancelled();
            send();
        }

        synchronized void cancel() {
            isUnderWay = false;
            left = ByteString.EMPTY;
        }

        synchronized void send() {
            while (isUnderWay && stream.isReady()) {
                int size = Math.min(PART_BYTES, left.size());
                stream.onNext(BackupResponse.newBuilder()
                        .setPart(left.substring(0, size))
                        .build());
                left = left.substring(size);
                if (left.isEmpty()) {
                    isUnderWay = false;
                    stream.onCompleted();
                }
            }
        }
    }

    @Override
    public void findLeader(FindLeaderRequest q, StreamObserver<FindLeaderResponse> observer) {
        Optional<Leader> leader = replica.leader();
        FindLeaderResponse.Builder response = FindLeaderResponse.newBuilder()
                .setPeer(replica.id())
                .setLeads(replica.isLeading())
                .setTerm(replica.currentTerm());
        leader.ifPresent(known -> response.setLeader(known.peer()).setLeaderAddress(known.address()));
        observer.onNext(response.build());
        observer.onCompleted();
    }

    @Override
    public void describePeer(DescribePeerRequest q, StreamObserver<DescribePeerResponse> observer) {
        if (replica.isLeading()) {
            reads.read(
                    members::taken,
                    taken -> answer(observer, describe().setLeads(true).addAllTaken(taken)),
                    refusal -> answer(observer, describe()));
        } else {
            answer(observer, describe());
        }
    }

    private DescribePeerResponse.Builder describe() {
        return DescribePeerResponse.newBuilder()
                .setPeer(replica.id())
                .setState(state(replica.state()))
                .setClusterId(replica.clusterId());
    }

    private static void answer(StreamObserver<DescribePeerResponse> observer, DescribePeerResponse.Builder response) {
        observer.onNext(response.build());
        observer.onCompleted();
    }

    private static PeerState state(Admission.State state) {
        return switch (state) {
            case EMPTY -> PeerState.PEER_STATE_UNSPECIFIED;
            case FORMING -> PeerState.PEER_STATE_FORMING;
            case JOINING -> PeerState.PEER_STATE_JOINING;
            case MEMBER -> PeerState.PEER_STATE_MEMBER;
        };
    }
}
