package io.trapline.coordinator;

import static io.trapline.coordinator.Running.claim;
import static io.trapline.coordinator.Running.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.common.util.concurrent.ListenableFuture;
import io.trapline.internal.v1.Admission;
import io.trapline.internal.v1.AttachEmulator;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.internal.v1.ExecuteRequest;
import io.trapline.internal.v1.ExecuteResponse;
import io.trapline.internal.v1.OpenVcpuStream;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.model.Errno;
import io.trapline.rpc.Statuses;
import io.trapline.v1.CreateDomainResponse;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.DescribeDomainRequest;
import io.trapline.v1.DestroyDomainRequest;
import io.trapline.v1.DomainServiceGrpc;
import io.trapline.v1.DomainState;
import io.trapline.v1.GetIoreqServerInfoRequest;
import io.trapline.v1.ListNodesRequest;
import io.trapline.v1.MapMemTypeResponse;
import io.trapline.v1.Node;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("a coordinator and its nodes")
@Timeout(120)
final class CoordinatorTest {
    @TempDir
    private Path directory;

    private Running running;
    private FakeNode node;

    @BeforeEach
    void start() throws Exception {
        running = new Running(directory, true);
        node = running.node("n1", 1);
        await().until(node::serves);
    }

    @AfterEach
    void stop() {
        running.close();
        assertThat(running.failure.get()).isNull();
    }

    @Test
    void sendsANodeTheRegistryAndThenEveryChangeInOrder() {
        int domid = running.domain();
        int id = running.ioreqServer(domid);
        running.servers().mapMemType(claim(domid, id, 0, 2));

        assertThat(node.changes.getFirst().getSnapshot()).isTrue();
        assertThat(node.changes)
                .extracting(RegistryChange::getRevision)
                .isSorted()
                .doesNotHaveDuplicates();
        assertThat(node.changes.getLast().getClaims(0).getEpoch()).isEqualTo(node.revision());

        FakeNode second = running.node("n2", 9);
        await().until(second::serves);
        RegistryChange snapshot = second.changes.getFirst();
        assertThat(snapshot.getDomainsList()).hasSize(1);
        assertThat(snapshot.getServersList()).hasSize(1);
        assertThat(snapshot.getClaimsList()).hasSize(1);
    }

    @Test
    void answersAClaimOnlyWhenEveryNodeHasAppliedIt() throws Exception {
        // C4, rule 0
        int domid = running.domain();
        int id = running.ioreqServer(domid);
        FakeNode second = running.node("n2", 9);
        await().until(second::serves);
        second.stopAcknowledging();

        ListenableFuture<MapMemTypeResponse> call = running.serversAsync().mapMemType(claim(domid, id, 0, 2));
        await().until(() -> second.changes.getLast().getClaimsCount() == 1);
        assertThat(call.isDone()).isFalse();
        // C2: already now a competing claim is refused.
        refused(Errno.EBUSY, () -> running.servers().mapMemType(claim(domid, id, 0, 2)));

        second.acknowledge(second.revision() - 1);
        running.cluster().listNodes(ListNodesRequest.getDefaultInstance());
        assertThat(call.isDone()).isFalse();
        second.acknowledge(second.revision());

        assertThat(call.get(60, TimeUnit.SECONDS).getRevision()).isEqualTo(second.revision());
    }

    @Test
    void waitsForANodeWhoseStreamEndedUntilItsLeaseHasLapsed() throws Exception {
        // D-13, G-5
        int domid = running.domain();
        int id = running.ioreqServer(domid);
        FakeNode second = running.node("n2", 9);
        await().until(second::serves);
        second.stopAcknowledging();
        ListenableFuture<MapMemTypeResponse> call = running.serversAsync().mapMemType(claim(domid, id, 0, 2));
        await().until(() -> second.changes.getLast().getClaimsCount() == 1);

        second.close();
        await().until(second.ended::isDone);
        // It may be serving still.
        assertThat(usable()).containsExactly("n1", "n2");
        assertThat(call.isDone()).isFalse();

        call.get(60, TimeUnit.SECONDS);
        assertThat(usable()).containsExactly("n1");
    }

    @Test
    void waitsAgainForANodeThatComesBackAfterItsLeaseLapsed() throws Exception {
        int domid = running.domain();
        int id = running.ioreqServer(domid);
        FakeNode second = running.node("n2", 9);
        await().until(second::serves);
        second.close();
        await().until(() -> usable().equals(List.of("n1")));
        running.servers().mapMemType(claim(domid, id, 0, 2));

        FakeNode again = running.node("n2", 9);
        await().until(again::serves);

        // It serves by what was answered while it was away, at the earliest.
        assertThat(again.grants.getFirst().getRevision())
                .isGreaterThanOrEqualTo(again.changes.getFirst().getRevision());
        assertThat(again.changes.getFirst().getClaimsCount()).isEqualTo(1);
        again.stopAcknowledging();
        ListenableFuture<MapMemTypeResponse> call = running.serversAsync().mapMemType(claim(domid, id, 1, 2));
        await().until(() -> again.changes.getLast().getClaimsCount() == 1);
        assertThat(call.isDone()).isFalse();
        again.acknowledge(again.revision());
        call.get(60, TimeUnit.SECONDS);
    }

    @Test
    void grantsNoLeaseToANodeThatDoesNotApplyWhatIsLongDecided() throws Exception {
        // D-10: else the call would wait for it for ever
        int domid = running.domain();
        int id = running.ioreqServer(domid);
        FakeNode second = running.node("n2", 9);
        await().until(second::serves);
        second.stopAcknowledging();

        running.serversAsync().mapMemType(claim(domid, id, 0, 2)).get(60, TimeUnit.SECONDS);

        assertThat(usable()).containsExactly("n1");
        second.acknowledge(second.revision());
        await().until(() -> usable().equals(List.of("n1", "n2")));
    }

    @Test
    void tellsANodeWhatIsNewSinceTheRevisionThatItKnows() {
        int domid = running.domain();
        long known = node.revision();
        node.close();
        await().until(node.ended::isDone);
        int id = running.ioreqServer(domid);

        FakeNode again = new FakeNode(running.channel, "n1", 1, running.coordinator.clusterId(), known);
        await().until(again::serves);

        assertThat(again.changes).allMatch(change -> !change.getSnapshot() && change.getRevision() > known);
        assertThat(again.changes.getFirst().getServers(0).getServer().getId()).isEqualTo(id);
        assertThat(again.admissions.getFirst().getClusterId()).isEqualTo(running.coordinator.clusterId());
    }

    @Test
    void refusesANodeOfAnotherClusterAndOneThatKnowsWhatHasNotBeen() {
        FakeNode stranger = new FakeNode(running.channel, "n3", 1, "11111111-1111-1111-1111-111111111111", 0);
        FakeNode ahead = new FakeNode(running.channel, "n4", 1, "", 1_000_000);

        await().until(() -> stranger.ended.isDone() && ahead.ended.isDone());
        assertThat(errno(stranger)).isEqualTo(Errno.ESTALE);
        assertThat(errno(ahead)).isEqualTo(Errno.EAGAIN);
    }

    @Test
    void endsTheLifeOfANodeThatResigns() {
        // D4
        int domid = running.domain();

        node.resign();

        await().until(node.ended::isDone);
        assertThat(errno(node)).isEqualTo(Errno.ESTALE);
        assertThat(state(domid)).isEqualTo(DomainState.DOMAIN_STATE_CRASHED);
        FakeNode next = running.node("n1", 2);
        await().until(next::serves);
        assertThat(next.admissions).noneMatch(Admission::getWaiting);
    }

    @Test
    void keepsTheDomainsOfANodeThatIsSilentOnly() {
        // D4
        int domid = running.domain();
        node.stopRenewing();
        await().until(() -> usable().isEmpty());
        assertThat(refused(Errno.EAGAIN, () -> running.domain()).metadata()).containsEntry("effect", "none");

        assertThat(state(domid)).isEqualTo(DomainState.DOMAIN_STATE_RUNNING);
    }

    @Test
    void placesADomainOnlyWhenItKnowsWhichNodesServe() throws Exception {
        running.close();
        running = new Running(directory, false);

        ListenableFuture<CreateDomainResponse> call =
                DomainServiceGrpc.newFutureStub(running.channel).createDomain(Running.smallDomain());
        // An answer, which shows that the call before it has come.
        running.cluster().listNodes(ListNodesRequest.getDefaultInstance());
        node = running.node("n1", 1);

        assertThat(call.get(60, TimeUnit.SECONDS).getDomain().getDomid()).isEqualTo(1);
    }

    @Test
    void answersAReleaseOnlyWhenItHasDrained() throws Exception {
        // C5, F5
        int domid = running.domain();
        int id = running.ioreqServer(domid);
        running.servers().mapMemType(claim(domid, id, 0, 2));
        node.stopDraining();

        ListenableFuture<MapMemTypeResponse> call = running.serversAsync().mapMemType(claim(domid, id, 0, 0));
        await().until(() -> node.changes.getLast().getDrainsCount() == 1);
        DrainRecord drain = node.changes.getLast().getDrains(0);
        await().until(() -> node.revision() == drain.getRevision());
        assertThat(call.isDone()).isFalse();
        assertThat(refused(Errno.EBUSY, () -> running.servers().mapMemType(claim(domid, id, 0, 2)))
                        .metadata())
                .containsEntry("state", "RELEASING");

        node.drained(drain.getRevision());

        assertThat(call.get(60, TimeUnit.SECONDS).getRevision()).isEqualTo(drain.getRevision());
        assertThat(node.changes.getLast().getEndedDrainsList()).containsExactly(drain.getRevision());
        running.servers().mapMemType(claim(domid, id, 0, 2));
    }

    @Test
    void freesATypeWithResetOnlyWhenWhoHasItsPagesHasResetThem() {
        // C5: also where that node is away
        int domid = running.domain();
        int id = running.ioreqServer(domid);
        running.servers().mapMemType(claim(domid, id, 0, 2));
        node.stopDraining();
        node.stopRenewing();
        await().until(() -> usable().isEmpty());
        MapMemTypeResponse response = running.servers()
                .mapMemType(claim(domid, id, 0, 0).toBuilder()
                        .setReset(true)
                        .setWait(false)
                        .build());
        refused(Errno.EBUSY, () -> running.servers().mapMemType(claim(domid, id, 0, 2)));

        node.drained(response.getRevision());

        await().untilAsserted(() -> running.servers().mapMemType(claim(domid, id, 0, 2)));
    }

    @Test
    void answersAReleaseWithoutWaitAtOnceAndFinishesItLater() {
        // F5
        int domid = running.domain();
        int id = running.ioreqServer(domid);
        running.servers().mapMemType(claim(domid, id, 0, 2));
        node.stopDraining();

        MapMemTypeResponse response = running.servers()
                .mapMemType(claim(domid, id, 0, 0).toBuilder().setWait(false).build());
        node.drained(response.getRevision());

        await().untilAsserted(() ->
                assertThat(node.changes.getLast().getEndedDrainsList()).containsExactly(response.getRevision()));
    }

    @Test
    void finishesADrainThatItFindsHalfDoneAfterARestart() throws Exception {
        // C5: a new leader finishes what it finds half done
        int domid = running.domain();
        int id = running.ioreqServer(domid);
        running.servers().mapMemType(claim(domid, id, 0, 2));
        node.stopDraining();
        running.servers()
                .mapMemType(claim(domid, id, 0, 0).toBuilder().setWait(false).build());
        running.close();

        running = new Running(directory, false);
        node = running.node("n1", 1);

        await().untilAsserted(() -> running.servers().mapMemType(claim(domid, id, 0, 2)));
    }

    @Test
    void beginsSessionsOfEmulatorsAndVcpus() {
        int domid = running.domain();
        var created = running.serversAs("alice")
                .createIoreqServer(
                        CreateIoreqServerRequest.newBuilder().setDomid(domid).build());
        AttachEmulator attach = AttachEmulator.newBuilder()
                .setPrincipal("alice")
                .setDomid(domid)
                .setId(created.getId())
                .setGeneration(created.getGeneration())
                .setRun(5)
                .setNode("n1")
                .build();

        // S5
        ExecuteResponse attached = execute(ExecuteRequest.newBuilder().setAttachEmulator(attach));
        assertThat(attached.hasRefusal()).isFalse();
        assertThat(attached.getRevision()).isEqualTo(node.revision());
        assertThat(attached.getDomainGeneration()).isEqualTo(created.getDomainGeneration());
        // S3
        ExecuteResponse refused = execute(
                ExecuteRequest.newBuilder().setAttachEmulator(attach.toBuilder().setPrincipal("bob")));
        assertThat(Statuses.fromProto(refused.getRefusal()).orElseThrow().errno())
                .isEqualTo(Errno.EPERM);
        // A6
        ExecuteResponse opened = execute(ExecuteRequest.newBuilder()
                .setOpenVcpu(OpenVcpuStream.newBuilder().setDomid(domid).setVcpu(1)));
        assertThat(opened.getRevision()).isGreaterThan(attached.getRevision());
        assertThat(execute(ExecuteRequest.newBuilder()).hasRefusal()).isTrue();
    }

    @Test
    void crashesDomainsWhenTheirNodeComesBackAsAnotherProcess() {
        // D4
        int domid = running.domain();
        node.close();
        await().until(node.ended::isDone);

        FakeNode next = running.node("n1", 2);
        await().until(next::serves);

        // The life before may have been serving still when this one came.
        assertThat(next.admissions).extracting(Admission::getWaiting).containsExactly(true, false);
        assertThat(state(domid)).isEqualTo(DomainState.DOMAIN_STATE_CRASHED);
        refused(Errno.EIO, () -> running.ioreqServer(domid));
        running.domains()
                .destroyDomain(DestroyDomainRequest.newBuilder().setDomid(domid).build());
    }

    @Test
    void refusesALifeOfANodeThatIsOverForGood() {
        // D4
        node.resign();
        await().until(node.ended::isDone);
        FakeNode next = running.node("n1", 2);
        await().until(next::serves);

        FakeNode late = running.node("n1", 1);

        await().until(late.ended::isDone);
        assertThat(errno(late)).isEqualTo(Errno.ESTALE);
        running.domain();
    }

    @Test
    void endsTheEarlierStreamOfANodeThatConnectsAnew() {
        FakeNode again = running.node("n1", 1);

        await().until(node.ended::isDone);
        // Not ESTALE, which would end its process.
        assertThat(errno(node)).isEqualTo(Errno.EAGAIN);
        await().until(again::serves);
        running.domain();
    }

    @Test
    void refusesASecondProcessUnderTheNameOfOneThatLives() {
        FakeNode other = running.node("n1", 2);

        await().until(other.ended::isDone);
        assertThat(errno(other)).isEqualTo(Errno.EAGAIN);
        assertThat(other.changes).isEmpty();
        running.domain();
    }

    private static Errno errno(FakeNode node) {
        return Statuses.fromThrowable(node.ended.join()).orElseThrow().errno();
    }

    private DomainState state(int domid) {
        return running.domains()
                .describeDomain(
                        DescribeDomainRequest.newBuilder().setDomid(domid).build())
                .getDomain()
                .getState();
    }

    private List<String> usable() {
        return running.cluster().listNodes(ListNodesRequest.getDefaultInstance()).getNodesList().stream()
                .filter(Node::getUsable)
                .map(Node::getId)
                .toList();
    }

    @Test
    void listsItsNodes() {
        running.domain();
        FakeNode second = running.node("n2", 9);
        await().until(second::serves);
        second.close();
        await().until(() -> usable().equals(List.of("n1")));

        List<Node> nodes = running.cluster()
                .listNodes(ListNodesRequest.getDefaultInstance())
                .getNodesList();

        assertThat(nodes).extracting(Node::getId).containsExactly("n1", "n2");
        assertThat(nodes).extracting(Node::getUsable).containsExactly(true, false);
        assertThat(nodes.getFirst().getShards()).isEqualTo(1);
        assertThat(nodes.getFirst().getAppliedRevision()).isPositive();
    }

    @Test
    void describesAServerWithoutCountersWhereNoNodeCanSay() {
        int domid = running.domain();
        int id = running.ioreqServer(domid);

        var info = running.servers()
                .getIoreqServerInfo(GetIoreqServerInfoRequest.newBuilder()
                        .setDomid(domid)
                        .setId(id)
                        .build());

        assertThat(info.getServer().getId()).isEqualTo(id);
        assertThat(info.hasCounters()).isFalse();
    }

    private ExecuteResponse execute(ExecuteRequest.Builder request) {
        return running.registry().execute(request.build());
    }
}
