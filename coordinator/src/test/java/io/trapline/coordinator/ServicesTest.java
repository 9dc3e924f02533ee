package io.trapline.coordinator;

import static io.trapline.coordinator.Running.claim;
import static io.trapline.coordinator.Running.refused;
import static io.trapline.coordinator.Running.smallDomain;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import io.trapline.internal.v1.GetServerCountersRequest;
import io.trapline.internal.v1.GetServerCountersResponse;
import io.trapline.internal.v1.NodeControlServiceGrpc;
import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import io.trapline.v1.CheckpointRequest;
import io.trapline.v1.Claim;
import io.trapline.v1.CloseSessionRequest;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.DescribeDomainRequest;
import io.trapline.v1.DestroyIoreqServerRequest;
import io.trapline.v1.Domain;
import io.trapline.v1.GetIoreqServerInfoRequest;
import io.trapline.v1.GetLimitsRequest;
import io.trapline.v1.GetVersionRequest;
import io.trapline.v1.InjectEventRequest;
import io.trapline.v1.InjectMsiRequest;
import io.trapline.v1.IoreqServerCounters;
import io.trapline.v1.ListClaimHistoryRequest;
import io.trapline.v1.ListClaimHistoryResponse;
import io.trapline.v1.ListClaimsRequest;
import io.trapline.v1.ListClaimsResponse;
import io.trapline.v1.ListDomainsRequest;
import io.trapline.v1.ListDomainsResponse;
import io.trapline.v1.ListIoreqServersRequest;
import io.trapline.v1.ListNodesRequest;
import io.trapline.v1.MapMemTypeRequest;
import io.trapline.v1.ModifiedMemoryRequest;
import io.trapline.v1.OnBehalfOf;
import io.trapline.v1.OpenSessionRequest;
import io.trapline.v1.PauseDomainRequest;
import io.trapline.v1.RenewSessionRequest;
import io.trapline.v1.RequestId;
import io.trapline.v1.SetIrqLevelRequest;
import io.trapline.v1.TrackDirtyRequest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("the coordinator's services")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
final class ServicesTest {
    private Running running;
    private Server control;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        control = InProcessServerBuilder.forName("node-control")
                .addService(new NodeControlServiceGrpc.NodeControlServiceImplBase() {
                    @Override
                    public void getServerCounters(
                            GetServerCountersRequest q, StreamObserver<GetServerCountersResponse> observer) {
                        observer.onNext(GetServerCountersResponse.newBuilder()
                                .setCounters(IoreqServerCounters.newBuilder()
                                        .setDelivered(q.getGeneration())
                                        .setInFlight(1))
                                .build());
                        observer.onCompleted();
                    }
                })
                .build()
                .start();
        var channel = InProcessChannelBuilder.forName("node-control").build();
        running = new Running(
                directory,
                true,
                address -> address.equals("mute:1")
                        ? Optional.empty()
                        : Optional.of(NodeControlServiceGrpc.newStub(channel)));
        for (String name : List.of("n1", "n2", "mute")) {
            FakeNode node = running.node(name, 1);
            await().until(node::serves);
        }
    }

    @AfterAll
    void stop() {
        running.close();
        control.shutdownNow();
    }

    @Test
    void namesTheFieldTheValueAndTheLimitOfWhatIsWrong() {
        // L, E
        assertThat(refused(
                                Errno.EINVAL,
                                () -> running.domains()
                                        .createDomain(smallDomain().toBuilder()
                                                .setNrVcpus(5_000)
                                                .build()))
                        .metadata())
                .containsEntry("field", "nr_vcpus")
                .containsEntry("value", "5000")
                .containsEntry("limit", "4096");
        assertThat(refused(
                                Errno.EINVAL,
                                () -> running.servers()
                                        .mapMemType(MapMemTypeRequest.newBuilder()
                                                .setDomid(1)
                                                .setType(io.trapline.v1.MemType.MEM_TYPE_MMIO_DM)
                                                .build()))
                        .metadata())
                .containsEntry("field", "type");
        refused(
                Errno.ESRCH,
                () -> running.domains()
                        .describeDomain(
                                DescribeDomainRequest.newBuilder().setDomid(-1).build()));
        refused(
                Errno.ESRCH,
                () -> running.domains()
                        .pauseDomain(
                                PauseDomainRequest.newBuilder().setDomid(31_000).build()));
    }

    @Test
    void takesThePrincipalFromTheCall() {
        // S3
        int domid = running.domain();
        int id = running.serversAs("alice")
                .createIoreqServer(
                        CreateIoreqServerRequest.newBuilder().setDomid(domid).build())
                .getId();

        Refusal refusal = refused(
                Errno.EPERM,
                () -> running.servers()
                        .destroyIoreqServer(DestroyIoreqServerRequest.newBuilder()
                                .setDomid(domid)
                                .setId(id)
                                .build()));

        assertThat(refusal.metadata()).containsEntry("owner", "alice").containsEntry("principal", "anonymous");
        assertThat(running.servers()
                        .listIoreqServers(ListIoreqServersRequest.newBuilder()
                                .setDomid(domid)
                                .build())
                        .getServers(0)
                        .getPrincipal())
                .isEqualTo("alice");
    }

    @Test
    void listsInPages() {
        // L
        List<Integer> made = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            made.add(running.domain());
        }
        List<Integer> listed = new ArrayList<>();
        String token = "";
        do {
            ListDomainsResponse page = running.domains()
                    .listDomains(ListDomainsRequest.newBuilder()
                            .setPageSize(2)
                            .setPageToken(token)
                            .build());
            assertThat(page.getDomainsCount()).isBetween(1, 2);
            page.getDomainsList().stream().map(Domain::getDomid).forEach(listed::add);
            token = page.getNextPageToken();
        } while (!token.isEmpty());

        assertThat(listed).containsAll(made).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void listsClaimsAndHistoryInPages() {
        // C8
        int domid = running.domain();
        int id = running.ioreqServer(domid);
        for (int x = 0; x < 5; x++) {
            running.servers().mapMemType(claim(domid, id, x, 1));
            running.servers().mapMemType(claim(domid, id, x, 0));
            running.servers().mapMemType(claim(domid, id, x, 3));
        }

        var claims = ListClaimsRequest.newBuilder().setDomid(domid).setPageSize(3);
        ListClaimsResponse first = running.servers().listClaims(claims.build());
        ListClaimsResponse second = running.servers()
                .listClaims(claims.setPageToken(first.getNextPageToken()).build());
        assertThat(first.getClaimsList()).extracting(Claim::getTypeValue).containsExactly(16, 17, 18);
        assertThat(second.getClaimsList()).extracting(Claim::getTypeValue).containsExactly(19, 20);
        assertThat(second.getNextPageToken()).isEmpty();

        var history = ListClaimHistoryRequest.newBuilder().setDomid(domid).setPageSize(4);
        ListClaimHistoryResponse older = running.servers().listClaimHistory(history.build());
        ListClaimHistoryResponse newer = running.servers()
                .listClaimHistory(history.setPageToken(older.getNextPageToken()).build());
        assertThat(older.getClaimsList()).extracting(Claim::getTypeValue).containsExactly(16, 17, 18, 19);
        assertThat(newer.getClaimsList()).extracting(Claim::getTypeValue).containsExactly(20);
        assertThat(running.servers()
                        .listClaims(ListClaimsRequest.getDefaultInstance())
                        .getClaimsList())
                .filteredOn(claim -> claim.getDomid() == domid)
                .hasSize(5);
    }

    @Test
    void refusesTokensThatItHasNotMade() {
        for (String token : List.of("x", "1.2.3", "-1", "99999999999999999999", "1..2", "1".repeat(9_000))) {
            assertThat(refused(
                                    Errno.EINVAL,
                                    () -> running.domains()
                                            .listDomains(ListDomainsRequest.newBuilder()
                                                    .setPageToken(token)
                                                    .build()))
                            .metadata())
                    .containsEntry("field", "page_token");
            refused(
                    Errno.EINVAL,
                    () -> running.servers()
                            .listClaims(ListClaimsRequest.newBuilder()
                                    .setPageToken(token)
                                    .build()));
            refused(
                    Errno.EINVAL,
                    () -> running.cluster()
                            .listNodes(ListNodesRequest.newBuilder()
                                    .setPageToken(token)
                                    .build()));
        }
        assertThat(running.domains()
                        .listDomains(ListDomainsRequest.newBuilder()
                                .setPageToken("999999999999999")
                                .build())
                        .getDomainsList())
                .isEmpty();
    }

    @Test
    void listsNodesInPages() {
        var request = ListNodesRequest.newBuilder().setPageSize(2);
        var first = running.cluster().listNodes(request.build());
        var second = running.cluster()
                .listNodes(request.setPageToken(first.getNextPageToken()).build());

        assertThat(first.getNodesList()).extracting(io.trapline.v1.Node::getId).containsExactly("mute", "n1");
        assertThat(second.getNodesList()).extracting(io.trapline.v1.Node::getId).containsExactly("n2");
        assertThat(second.getNextPageToken()).isEmpty();
    }

    @Test
    void sumsCountersOverTheNodesThatAnswer() {
        int domid = running.domain();
        int id = running.ioreqServer(domid);

        var info = running.servers()
                .getIoreqServerInfo(GetIoreqServerInfoRequest.newBuilder()
                        .setDomid(domid)
                        .setId(id)
                        .build());

        assertThat(info.getCounters().getInFlight()).isEqualTo(2);
        assertThat(info.getCounters().getDelivered())
                .isEqualTo(2 * info.getServer().getGeneration());
        refused(
                Errno.ENOENT,
                () -> running.servers()
                        .getIoreqServerInfo(GetIoreqServerInfoRequest.newBuilder()
                                .setDomid(domid)
                                .setId(40)
                                .build()));
    }

    @Test
    void listsEveryLimit() {
        // L
        assertThat(running.cluster()
                        .getLimits(GetLimitsRequest.getDefaultInstance())
                        .getLimitsList())
                .hasSize(Limit.values().length)
                .isSortedAccordingTo(java.util.Comparator.comparing(io.trapline.v1.Limit::getName))
                .anySatisfy(limit -> {
                    assertThat(limit.getName()).isEqualTo("max_servers_per_domain");
                    assertThat(limit.getValue()).isEqualTo(64);
                });
    }

    @Test
    void saysWhatRuns() {
        var version = running.cluster().getVersion(GetVersionRequest.getDefaultInstance());

        assertThat(version.getVersion()).isEqualTo("0.1.0-test");
        assertThat(version.getClusterId()).isEqualTo(running.coordinator.clusterId());
        assertThat(version.getRevision()).isPositive();
    }

    @Test
    void givesARetryTheFirstAnswerWhileItsSessionLasts() {
        // E
        var opened = running.sessions().openSession(OpenSessionRequest.getDefaultInstance());
        assertThat(opened.getRenewEveryMs()).isBetween(1, 59_999);
        CreateDomainRequest request = smallDomain().toBuilder()
                .setRequestId(
                        RequestId.newBuilder().setSession(opened.getSession()).setNumber(1))
                .build();
        Domain first = running.domains().createDomain(request).getDomain();

        assertThat(running.domains().createDomain(request).getDomain()).isEqualTo(first);
        RenewSessionRequest renew =
                RenewSessionRequest.newBuilder().setSession(opened.getSession()).build();
        running.sessions().renewSession(renew);
        CloseSessionRequest close =
                CloseSessionRequest.newBuilder().setSession(opened.getSession()).build();
        running.sessions().closeSession(close);
        running.sessions().closeSession(close);

        refused(Errno.ESTALE, () -> running.sessions().renewSession(renew));
        refused(Errno.ESTALE, () -> running.domains().createDomain(request));
    }

    @Test
    void dropsFieldsThatItDoesNotKnow() {
        var opened = running.sessions().openSession(OpenSessionRequest.getDefaultInstance());
        CreateDomainRequest.Builder request = smallDomain().toBuilder()
                .setRequestId(
                        RequestId.newBuilder().setSession(opened.getSession()).setNumber(1));
        Domain first = running.domains().createDomain(request.build()).getDomain();

        UnknownFieldSet unknown = UnknownFieldSet.newBuilder()
                .addField(
                        900,
                        UnknownFieldSet.Field.newBuilder()
                                .addLengthDelimited(ByteString.copyFrom(new byte[1 << 20]))
                                .build())
                .build();
        assertThat(running.domains()
                        .createDomain(request.setUnknownFields(unknown).build())
                        .getDomain())
                .isEqualTo(first);
    }

    @Test
    void answersWhatIsNotBuiltWithEopnotsuppAfterItsChecks() {
        // D2, D3, F7
        int domid = running.domain();
        int id = running.ioreqServer(domid);
        OnBehalfOf caller = OnBehalfOf.newBuilder().setId(id).build();
        OnBehalfOf stranger = OnBehalfOf.newBuilder().setId(50).build();
        checked(
                () -> running.domains().trackDirty(dirty(domid, 0, 1)),
                () -> running.domains().trackDirty(dirty(30_000, 0, 1)),
                () -> running.domains().trackDirty(dirty(domid, 0, 0)));
        checked(
                () -> running.domains().modifiedMemory(modified(domid, 1)),
                () -> running.domains().modifiedMemory(modified(30_000, 1)),
                () -> running.domains().modifiedMemory(modified(domid, (1L << 24) + 1)));
        refused(
                Errno.EOPNOTSUPP,
                () -> running.domains()
                        .checkpoint(
                                CheckpointRequest.newBuilder().setDomid(domid).build())
                        .hasNext());
        SetIrqLevelRequest.Builder level =
                SetIrqLevelRequest.newBuilder().setDomid(domid).setOnBehalfOf(caller);
        checked(
                () -> running.servers().setIrqLevel(level.build()),
                () -> running.servers()
                        .setIrqLevel(level.clone().setDomid(30_000).build()),
                () -> running.servers().setIrqLevel(level.clone().setIrq(1024).build()));
        refused(
                Errno.ENOENT,
                () -> running.servers()
                        .setIrqLevel(level.clone().setOnBehalfOf(stranger).build()));
        refused(Errno.EPERM, () -> running.serversAs("bob").setIrqLevel(level.build()));
        refused(
                Errno.EOPNOTSUPP,
                () -> running.servers()
                        .injectMsi(InjectMsiRequest.newBuilder()
                                .setDomid(domid)
                                .setOnBehalfOf(caller)
                                .build()));
        InjectEventRequest.Builder event =
                InjectEventRequest.newBuilder().setDomid(domid).setOnBehalfOf(caller);
        checked(
                () -> running.servers().injectEvent(event.build()),
                () -> running.servers()
                        .injectEvent(event.clone().setDomid(30_000).build()),
                () -> running.servers().injectEvent(event.clone().setVector(256).build()));
    }

    private static void checked(ThrowingCallable right, ThrowingCallable noDomain, ThrowingCallable wrongShape) {
        refused(Errno.EOPNOTSUPP, right);
        refused(Errno.ESRCH, noDomain);
        refused(Errno.EINVAL, wrongShape);
    }

    private static TrackDirtyRequest dirty(int domid, long firstGfn, long nr) {
        return TrackDirtyRequest.newBuilder()
                .setDomid(domid)
                .setFirstGfn(firstGfn)
                .setNr(nr)
                .build();
    }

    private static ModifiedMemoryRequest modified(int domid, long nr) {
        return ModifiedMemoryRequest.newBuilder().setDomid(domid).setNr(nr).build();
    }
}
