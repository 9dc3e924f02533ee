package io.trapline.coordinator.registry;

import static io.trapline.coordinator.registry.Cluster.INCARNATION;
import static io.trapline.coordinator.registry.Cluster.NODE;
import static io.trapline.coordinator.registry.Cluster.attach;
import static io.trapline.coordinator.registry.Cluster.claim;
import static io.trapline.coordinator.registry.Cluster.createDomain;
import static io.trapline.coordinator.registry.Cluster.destroyDomain;
import static io.trapline.coordinator.registry.Cluster.destroyServer;
import static io.trapline.coordinator.registry.Cluster.map;
import static io.trapline.coordinator.registry.Cluster.openVcpu;
import static io.trapline.coordinator.registry.Cluster.pause;
import static io.trapline.coordinator.registry.Cluster.release;
import static io.trapline.coordinator.registry.Cluster.setState;
import static io.trapline.coordinator.registry.Cluster.unpause;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.BeginGeneration;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.CreateDomain;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.Snapshot;
import io.trapline.model.Errno;
import io.trapline.v1.DomainState;
import io.trapline.v1.IoRangeType;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("D4: nodes, their lives, and what is lost with them")
final class NodesTest {
    private final Cluster cluster = Cluster.withNode();

    @Test
    void crashesTheDomainsOfANodeThatStartsAnew() {
        // D4
        int domid = cluster.domain();
        int id = cluster.server(domid);
        cluster.done(claim(domid, id, 0, 2));
        cluster.done(attach(domid, id, cluster.generation(domid, id), 9));
        cluster.done(openVcpu(domid, 1));

        cluster.done(cluster.replace(NODE, 78));

        RegistryChange change = cluster.change();
        assertThat(change.getDomains(0).getDomain().getState()).isEqualTo(DomainState.DOMAIN_STATE_CRASHED);
        assertThat(change.getServers(0).getServer().getSessionEpoch()).isZero();
        Snapshot now = cluster.registry.snapshot();
        assertThat(now.getVcpusList()).isEmpty();
        // C6
        assertThat(now.getClaimsList()).hasSize(1);
    }

    @Test
    void refusesEverythingButListDescribeAndDestroyOfACrashedDomain() {
        // D4
        int domid = cluster.domain();
        int id = cluster.server(domid);
        long generation = cluster.generation(domid, id);
        cluster.done(cluster.replace(NODE, 78));

        for (Command.Builder command : List.of(
                pause(domid),
                unpause(domid),
                Cluster.createServer(Cluster.ALICE, domid),
                destroyServer(domid, id),
                setState(domid, id, true),
                map(domid, id, IoRangeType.IO_RANGE_TYPE_PORT, 1, 2),
                claim(domid, id, 0, 1),
                release(domid, id, 0),
                attach(domid, id, generation, 3),
                openVcpu(domid, 0))) {
            assertThat(cluster.refused(Errno.EIO, command).metadata()).containsEntry("domid", "1");
        }
        assertThat(cluster.registry.view().domain(domid, 0)).isInstanceOf(Reading.Found.class);
        assertThat(cluster.registry.view().servers(domid, 0)).isInstanceOf(Reading.Found.class);
        cluster.finish(cluster.done(destroyDomain(domid)).getDrain());
        assertThat(cluster.registry.view().domains(0, 10)).isEmpty();
    }

    @Test
    void leavesDomainsOfOtherNodesAlone() {
        int domid = cluster.domain();
        cluster.done(register("n2", 5));
        cluster.done(cluster.replace("n2", 6));

        assertThat(cluster.registry.view().domains(0, 10).getFirst().getState())
                .isEqualTo(DomainState.DOMAIN_STATE_RUNNING);
        assertThat(domid).isEqualTo(1);
    }

    @Test
    void refusesALifeThatIsOver() {
        // D4
        cluster.done(cluster.replace(NODE, 78));
        cluster.done(cluster.replace(NODE, 79));

        cluster.refused(Errno.ESTALE, register(NODE, INCARNATION));
        cluster.refused(Errno.ESTALE, cluster.replace(NODE, 78));
    }

    @Test
    void refusesALifeBesideOneThatNoLeaderHasSeenEnd() {
        // V-4
        int domid = cluster.domain();

        assertThat(cluster.refused(Errno.EAGAIN, register(NODE, 78)).metadata()).containsEntry("value", "78");
        Command.Builder late = cluster.replace(NODE, 78);
        cluster.beginLeadership();
        cluster.refused(Errno.EAGAIN, late);

        assertThat(domid).isEqualTo(1);
        assertThat(state()).isEqualTo(DomainState.DOMAIN_STATE_RUNNING);
    }

    @Test
    void takesAnotherAddressOfTheSameLife() {
        cluster.domain();
        cluster.done(Command.newBuilder()
                .setRegisterNode(Cluster.node(NODE, INCARNATION).toBuilder().setAddress("127.0.0.1:2")));

        assertThat(cluster.registry.view().nodes("", 10).getFirst().getAddress())
                .isEqualTo("127.0.0.1:2");
        assertThat(state()).isEqualTo(DomainState.DOMAIN_STATE_RUNNING);
    }

    @Test
    void fencesTheEmulatorsOfALapsedLifeAndLeavesItItsMemory() {
        int domid = cluster.domain();
        int id = cluster.server(domid);
        cluster.done(claim(domid, id, 0, 2));
        cluster.done(attach(domid, id, cluster.generation(domid, id), 9));
        cluster.done(openVcpu(domid, 1));
        assertThat(cluster.registry.view().hasRolesToLose(NODE)).isTrue();

        cluster.done(cluster.lapse(NODE, INCARNATION));

        assertThat(cluster.change().getServers(0).getServer().getSessionEpoch()).isZero();
        assertThat(cluster.change().getDomainsList()).isEmpty();
        assertThat(cluster.registry.view().hasRolesToLose(NODE)).isFalse();
        assertThat(state()).isEqualTo(DomainState.DOMAIN_STATE_RUNNING);
        assertThat(cluster.registry.snapshot().getVcpusList()).hasSize(1);
        cluster.done(register(NODE, INCARNATION));
        cluster.done(attach(domid, id, cluster.generation(domid, id), 9));
    }

    @Test
    void changesNothingWhenALapsedLifeHasNothingThatOthersTakeOver() {
        cluster.domain();
        Command.Builder lapse = cluster.lapse(NODE, INCARNATION);
        Command.Builder ofAnother = cluster.lapse(NODE, 78);
        long before = cluster.registry.view().revision();

        cluster.done(lapse);
        cluster.done(ofAnother);
        cluster.done(cluster.lapse("stranger", 1));

        assertThat(cluster.registry.view().revision()).isEqualTo(before);
    }

    @Test
    void losesWhatALifeHadThatIsOver() {
        // D4
        int domid = cluster.domain();
        int id = cluster.server(domid);
        cluster.done(attach(domid, id, cluster.generation(domid, id), 9));

        cluster.done(cluster.end(NODE, INCARNATION));

        assertThat(state()).isEqualTo(DomainState.DOMAIN_STATE_CRASHED);
        assertThat(cluster.change().getServers(0).getServer().getSessionEpoch()).isZero();
        assertThat(cluster.registry.view().lives()).isEmpty();
        assertThat(cluster.registry.view().isOver(Cluster.life(NODE, INCARNATION)))
                .isTrue();
        cluster.refused(Errno.ESTALE, register(NODE, INCARNATION));
        cluster.refused(Errno.ENOSPC, createDomain(0));
        long before = cluster.registry.view().revision();
        cluster.done(cluster.end(NODE, INCARNATION));
        assertThat(cluster.registry.view().revision()).isEqualTo(before);
        // Nobody is there whose lease would have to end first.
        cluster.done(register(NODE, 78));
        assertThat(cluster.registry.view().lives()).containsExactly(Cluster.life(NODE, 78));
        cluster.refused(Errno.ESTALE, register(NODE, INCARNATION));
    }

    @Test
    void endsNothingOfALifeThatFollowed() {
        cluster.done(cluster.replace(NODE, 78));
        Command.Builder create = createDomain(0);
        create.getCreateDomainBuilder().setUsableNodes(0, Cluster.life(NODE, 78));
        cluster.done(create);

        cluster.done(cluster.end(NODE, INCARNATION));
        cluster.done(cluster.lapse(NODE, INCARNATION));

        assertThat(state()).isEqualTo(DomainState.DOMAIN_STATE_RUNNING);
        assertThat(cluster.registry.view().lives()).containsExactly(Cluster.life(NODE, 78));
    }

    private DomainState state() {
        return cluster.registry.view().domains(0, 10).getFirst().getState();
    }

    @Test
    void changesNothingWhenTheSameLifeRegistersAgain() {
        cluster.domain();
        long before = cluster.registry.view().revision();

        cluster.done(register(NODE, INCARNATION));

        assertThat(cluster.registry.view().revision()).isEqualTo(before);
    }

    @Test
    void placesADomainOnlyOnTheLifeThatTheLeaderKnew() {
        Command.Builder old = createDomain(0);
        cluster.done(cluster.replace(NODE, 78));

        assertThat(cluster.refused(Errno.EAGAIN, old).metadata())
                .containsEntry("nodes", "0")
                .containsEntry("effect", "none");
    }

    @Test
    void placesADomainOnTheNodeWithTheFewestShards() {
        cluster.domain();
        cluster.done(register("n2", 5));
        Command.Builder command = createDomain(0);
        CreateDomain.Builder create = command.getCreateDomainBuilder();
        create.addUsableNodes(NodeLife.newBuilder().setNode("n2").setIncarnation(5));

        cluster.done(command);

        assertThat(cluster.change().getDomains(0).getShards(0).getPrimary()).isEqualTo("n2");
    }

    @Test
    void refusesANodeWithoutNameOrLife() {
        assertThat(cluster.refused(Errno.EINVAL, register("", 1)).metadata()).containsEntry("field", "node");
        assertThat(cluster.refused(Errno.EINVAL, register("x".repeat(257), 1)).metadata())
                .containsEntry("limit", "256");
        assertThat(cluster.refused(Errno.EINVAL, register("n", 0)).metadata()).containsEntry("field", "incarnation");
    }

    @Test
    void raisesRevisionsBeyondAnythingGrantedWhenABackupIsRestored() {
        int domid = cluster.domain();
        long session = cluster.done(SessionsTest.open()).getOpenSession().getSession();

        Command.Builder ofTheLeadershipBefore = cluster.replace(NODE, 78);

        long revision = cluster.done(generation(1)).getRevision();

        assertThat(revision).isEqualTo((1L << 48) + 1);
        assertThat(cluster.change().getEndedSessionsList()).containsExactly(session);
        assertThat(cluster.change().getDomains(0).getDomain().getState()).isEqualTo(DomainState.DOMAIN_STATE_CRASHED);
        cluster.refused(Errno.ESTALE, register(NODE, INCARNATION));
        cluster.refused(Errno.EINVAL, generation(1));
        cluster.refused(Errno.EAGAIN, ofTheLeadershipBefore);
        cluster.refused(Errno.EINVAL, generation(0x8000));
        cluster.done(register(NODE, 78));
        cluster.finish(cluster.done(destroyDomain(domid)).getDrain());
    }

    private static Command.Builder generation(int generation) {
        return Command.newBuilder()
                .setBeginGeneration(BeginGeneration.newBuilder().setGeneration(generation));
    }

    private static Command.Builder register(String node, long incarnation) {
        return Command.newBuilder().setRegisterNode(Cluster.node(node, incarnation));
    }
}
