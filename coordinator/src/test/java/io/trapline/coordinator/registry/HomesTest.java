package io.trapline.coordinator.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.RegisterNode;
import io.trapline.internal.v1.ServerRecord;
import io.trapline.internal.v1.ShardRun;
import io.trapline.model.Errno;
import io.trapline.v1.ShardState;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("D-14, D-15: where the parts of a domain are")
final class HomesTest {
    private static final NodeLife DOMAINS = life(Cluster.NODE, Cluster.INCARNATION);
    private static final NodeLife EMULATORS = life("n2", 78);

    private final Cluster cluster = Cluster.withNode();
    private int domid;
    private int id;
    private long generation;

    @BeforeEach
    void createServer() {
        domid = cluster.domain();
        cluster.done(register(EMULATORS));
        id = cluster.server(domid);
        generation = cluster.generation(domid, id);
    }

    @Test
    void tellsNodesWhichLivesHaveShardsAndWhereNodesAre() {
        var everything = cluster.registry.view().everything();
        assertThat(everything.getDomains(0).getRunsList())
                .containsExactly(ShardRun.newBuilder()
                        .setCount(1)
                        .setPrimary(DOMAINS)
                        .setState(ShardState.SHARD_STATE_SOLO)
                        .setEpoch(everything.getDomains(0).getDomain().getGeneration())
                        .setPrimaryRevision(everything.getDomains(0).getDomain().getGeneration())
                        .build());
        assertThat(everything.getNodesList()).extracting(node -> node.getLife()).containsExactly(DOMAINS, EMULATORS);
        cluster.done(cluster.end("n2", 78));
        assertThat(cluster.change().getNodes(0).getLife()).isEqualTo(life("n2", 0));
    }

    @Test
    @DisplayName("D-15: an emulator that a node has asked for before its end is served by nobody: it comes again")
    void nobodyAttachesAtANodeWhoseLifeIsOver() {
        cluster.done(cluster.end("n2", 78));
        cluster.refused(Errno.EAGAIN, attach("n2"));
        assertThat(server().getServer().getSessionEpoch()).isZero();
        assertThat(server().getHome()).isEqualTo(DOMAINS);

        cluster.done(register(life("n2", 79)));
        cluster.done(attach("n2"));
        assertThat(server().getHome()).isEqualTo(life("n2", 79));
    }

    @Test
    void aServerIsWhereItsDomainIsUntilAnEmulatorAttachesElsewhere() {
        assertThat(server().getHome()).isEqualTo(DOMAINS);
        long moved = cluster.done(attach("n2")).getRevision();
        assertThat(server().getHome()).isEqualTo(EMULATORS);
        // C7
        assertThat(server().getChangedRevision()).isEqualTo(moved);
        cluster.done(attach("n2"));
        assertThat(server().getHome()).isEqualTo(EMULATORS);
        // A change of another kind leaves it where it is.
        cluster.done(Cluster.setState(domid, id, true));
        assertThat(server().getHome()).isEqualTo(EMULATORS);
        cluster.done(attach(Cluster.NODE));
        assertThat(server().getHome()).isEqualTo(DOMAINS);
    }

    @Test
    @DisplayName("D-22: a home has the epoch of the change by which the server came there")
    void aHomeHasAnEpoch() {
        assertThat(server().getHomeEpoch()).isEqualTo(generation);
        long moved = cluster.done(attach("n2")).getRevision();
        assertThat(server().getHomeEpoch()).isEqualTo(moved);
        cluster.done(attach("n2"));
        assertThat(server().getHomeEpoch()).as("it stays").isEqualTo(moved);
        long lapsed = cluster.done(cluster.lapse("n2", 78)).getRevision();
        assertThat(server().getHomeEpoch()).isEqualTo(lapsed);
    }

    @Test
    @DisplayName("F6: what was decided before the end of another run's session may have been delivered to that")
    void aServerKnowsUntilWhenItHadAnotherRun() {
        cluster.done(attach("n2", 1));
        assertThat(server().getOtherRunUntil()).isZero();
        cluster.done(attach("n2", 1));
        assertThat(server().getOtherRunUntil()).as("the same run again").isZero();
        long ended = cluster.done(cluster.lapse("n2", 78)).getRevision();
        assertThat(server().getOtherRunUntil()).as("it may come again").isZero();
        cluster.done(attach(Cluster.NODE, 2));
        assertThat(server().getOtherRunUntil()).isEqualTo(ended);
        long replaced = cluster.done(attach(Cluster.NODE, 3)).getRevision();
        assertThat(server().getOtherRunUntil()).isEqualTo(replaced);
        cluster.done(attach(Cluster.NODE, 3));
        assertThat(server().getOtherRunUntil()).isEqualTo(replaced);
    }

    @Test
    void aServerStaysWhereItIsWhenItsEmulatorGoes() {
        cluster.done(attach("n2"));
        long session = server().getServer().getSessionEpoch();
        cluster.done(Command.newBuilder()
                .setDetachEmulator(io.trapline.internal.v1.DetachEmulator.newBuilder()
                        .setDomid(domid)
                        .setId(id)
                        .setGeneration(generation)
                        .setSessionEpoch(session)));
        assertThat(server().getHome()).isEqualTo(EMULATORS);
        assertThat(cluster.registry.view().hasRolesToLose("n2")).isTrue();
    }

    @Test
    void aServerGoesHomeWhenItsNodeIsNotHeardOf() {
        cluster.done(attach("n2"));
        long lapsed = cluster.done(cluster.lapse("n2", 78)).getRevision();
        assertThat(server().getHome()).isEqualTo(DOMAINS);
        assertThat(server().getServer().getSessionEpoch()).isZero();
        assertThat(server().getHome()).isEqualTo(DOMAINS);
        assertThat(server().getChangedRevision()).isEqualTo(lapsed);
        assertThat(cluster.registry.view().hasRolesToLose("n2")).isFalse();
    }

    @Test
    void aServerGoesHomeWhenItsNodesLifeIsOver() {
        cluster.done(attach("n2"));
        cluster.done(cluster.end("n2", 78));
        assertThat(server().getHome()).isEqualTo(DOMAINS);
    }

    @Test
    void aServerWhoseDomainsNodeIsNotHeardOfWaitsWithIt() {
        cluster.done(cluster.lapse(Cluster.NODE, Cluster.INCARNATION));
        assertThat(server().getHome()).isEqualTo(DOMAINS);
    }

    private ServerRecord server() {
        return cluster.registry.view().everything().getServers(0);
    }

    private Command.Builder attach(String node) {
        return attach(node, 11);
    }

    private Command.Builder attach(String node, long run) {
        Command.Builder attach = Cluster.attach(domid, id, generation, run);
        attach.getAttachEmulatorBuilder().setNode(node);
        return attach;
    }

    private static NodeLife life(String node, long incarnation) {
        return NodeLife.newBuilder().setNode(node).setIncarnation(incarnation).build();
    }

    private static Command.Builder register(NodeLife life) {
        return Command.newBuilder()
                .setRegisterNode(RegisterNode.newBuilder()
                        .setNode(life.getNode())
                        .setIncarnation(life.getIncarnation())
                        .setAddress("127.0.0.1:2")
                        .setMemoryBytes(1 << 30));
    }
}
