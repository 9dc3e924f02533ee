package io.trapline.coordinator.grpc;

import io.grpc.stub.StreamObserver;
import io.trapline.coordinator.grpc.PageTokens.MalformedException;
import io.trapline.coordinator.grpc.PageTokens.Page;
import io.trapline.coordinator.lease.LeaseKeeper.LeasedNode;
import io.trapline.coordinator.raft.Replica;
import io.trapline.coordinator.raft.ReplicaConfig.Peer;
import io.trapline.coordinator.registry.DrainedParts;
import io.trapline.coordinator.registry.Reading;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.RegisterNode;
import io.trapline.rpc.Statuses;
import io.trapline.v1.ClusterServiceGrpc;
import io.trapline.v1.Coordinator;
import io.trapline.v1.GetLimitsRequest;
import io.trapline.v1.GetLimitsResponse;
import io.trapline.v1.GetVersionRequest;
import io.trapline.v1.GetVersionResponse;
import io.trapline.v1.Limit;
import io.trapline.v1.ListCoordinatorsRequest;
import io.trapline.v1.ListCoordinatorsResponse;
import io.trapline.v1.ListNodesRequest;
import io.trapline.v1.ListNodesResponse;
import io.trapline.v1.Node;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The cluster as a whole (section L), as the contract serves it. */
public final class ClusterGrpc extends ClusterServiceGrpc.ClusterServiceImplBase {
    private static final GetLimitsResponse LIMITS = limits();

    private final Calls calls;
    private final String version;
    private final Replica replica;

    public ClusterGrpc(Calls calls, String version, Replica replica) {
        this.calls = calls;
        this.version = version;
        this.replica = replica;
    }

    @Override
    public void getLimits(GetLimitsRequest q, StreamObserver<GetLimitsResponse> observer) {
        observer.onNext(LIMITS);
        observer.onCompleted();
    }

    private static GetLimitsResponse limits() {
        List<Limit> limits = Arrays.stream(io.trapline.model.Limit.values())
                .map(limit -> Limit.newBuilder()
                        .setName(limit.key())
                        .setValue(limit.value())
                        .setUnit(limit.unit())
                        .setRule(limit.rule())
                        .build())
                // A comparator of the JDK's can be serialized, for which the JVM writes a class while a process starts.
                .sorted((one, other) -> one.getName().compareTo(other.getName()))
                .toList();
        return GetLimitsResponse.newBuilder().addAllLimits(limits).build();
    }

    private record Registered(List<RegisterNode> nodes, Map<String, Long> shards) {}

    @Override
    public void listNodes(ListNodesRequest q, StreamObserver<ListNodesResponse> observer) {
        int size = PageTokens.size(q.getPageSize());
        try {
            String after = PageTokens.name(q.getPageToken());
            calls.begin(observer)
                    .ifPresent(call -> calls.<ListNodesResponse, Registered>read(
                            call,
                            view -> new Reading.Found<>(
                                    new Registered(view.nodes(after, size + 1), view.shardsByNode())),
                            registered -> calls.leased(leased -> drains(call, registered, leased, size))));
        } catch (MalformedException malformed) {
            observer.onError(Statuses.toException(malformed.refusal()));
        }
    }

    /** How far drains are depends on who could be given what is left. */
    private void drains(Calls.Call<ListNodesResponse> call, Registered registered, List<LeasedNode> leased, int size) {
        Set<NodeLife> usable = leased.stream().map(LeasedNode::life).collect(Collectors.toSet());
        call.answer(nodes(
                registered, leased, size, node -> replica.readLocal(view -> view.drainOf(node.getNode(), usable))));
    }

    private static ListNodesResponse nodes(
            Registered registered,
            List<LeasedNode> leased,
            int size,
            Function<RegisterNode, Optional<DrainedParts.Left>> drains) {
        Page<RegisterNode> page = Page.of(registered.nodes(), size, node -> PageTokens.nameToken(node.getNode()));
        ListNodesResponse.Builder response = ListNodesResponse.newBuilder().setNextPageToken(page.nextToken());
        for (RegisterNode node : page.entries()) {
            Node.Builder one = Node.newBuilder()
                    .setId(node.getNode())
                    .setIncarnation(node.getIncarnation())
                    .setAddress(node.getAddress())
                    .setShards(
                            registered.shards().getOrDefault(node.getNode(), 0L).intValue());
            drains.apply(node)
                    .ifPresent(left -> one.setDraining(true)
                            .setBackups(left.backups())
                            .setServers(left.servers())
                            .setPagesWithoutRoom(left.pagesWithoutRoom()));
            leased.stream()
                    .filter(each -> each.life().getNode().equals(node.getNode()))
                    .findFirst()
                    .ifPresent(each -> one.setUsable(true).setAppliedRevision(each.appliedRevision()));
            response.addNodes(one);
        }
        return response.build();
    }

    @Override
    public void listCoordinators(ListCoordinatorsRequest q, StreamObserver<ListCoordinatorsResponse> observer) {
        calls.read(observer, view -> new Reading.Found<>(coordinators()));
    }

    private ListCoordinatorsResponse coordinators() {
        ListCoordinatorsResponse.Builder response =
                ListCoordinatorsResponse.newBuilder().setLeader(replica.id()).setTerm(replica.currentTerm());
        replica.configuration().stream()
                .sorted(Comparator.comparing(Peer::id))
                .forEach(peer -> response.addCoordinators(
                        Coordinator.newBuilder().setId(peer.id()).setAddress(peer.services())));
        return response.build();
    }

    @Override
    public void getVersion(GetVersionRequest q, StreamObserver<GetVersionResponse> observer) {
        calls.read(
                observer,
                view -> new Reading.Found<>(GetVersionResponse.newBuilder()
                        .setVersion(version)
                        .setClusterId(replica.clusterId())
                        .setRevision(view.revision())
                        .build()));
    }
}
