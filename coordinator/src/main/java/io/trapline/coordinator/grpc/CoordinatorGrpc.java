package io.trapline.coordinator.grpc;

import io.grpc.stub.StreamObserver;
import io.trapline.coordinator.commit.ConfirmedReads;
import io.trapline.coordinator.raft.Admission;
import io.trapline.coordinator.raft.Replica;
import io.trapline.coordinator.raft.ReplicaEvents.Leader;
import io.trapline.internal.v1.ChangeCoordinatorsRequest;
import io.trapline.internal.v1.ChangeCoordinatorsResponse;
import io.trapline.internal.v1.CoordinatorServiceGrpc;
import io.trapline.internal.v1.DescribePeerRequest;
import io.trapline.internal.v1.DescribePeerResponse;
import io.trapline.internal.v1.FindLeaderRequest;
import io.trapline.internal.v1.FindLeaderResponse;
import io.trapline.internal.v1.PeerState;
import java.util.Optional;

/** What a coordinator says of itself. It answers from when its directory is open, also before its replica has started. */
public final class CoordinatorGrpc extends CoordinatorServiceGrpc.CoordinatorServiceImplBase {
    private final Replica replica;
    private final ConfirmedReads reads;
    private final Members members;

    public CoordinatorGrpc(Replica replica, ConfirmedReads reads, Members members) {
        this.replica = replica;
        this.reads = reads;
        this.members = members;
    }

    @Override
    public void changeCoordinators(ChangeCoordinatorsRequest q, StreamObserver<ChangeCoordinatorsResponse> observer) {
        members.change(q, observer);
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
