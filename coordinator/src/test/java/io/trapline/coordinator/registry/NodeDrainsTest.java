package io.trapline.coordinator.registry;

import static io.trapline.coordinator.registry.Cluster.INCARNATION;
import static io.trapline.coordinator.registry.Cluster.NODE;
import static io.trapline.coordinator.registry.Cluster.attach;
import static io.trapline.coordinator.registry.Cluster.createDomain;
import static io.trapline.coordinator.registry.Cluster.life;
import static io.trapline.coordinator.registry.Cluster.openVcpu;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.AddBackup;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.DrainNode;
import io.trapline.internal.v1.HandOver;
import io.trapline.internal.v1.LeaveNode;
import io.trapline.internal.v1.MoveHome;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.RunName;
import io.trapline.internal.v1.ServerRecord;
import io.trapline.internal.v1.ShardRun;
import io.trapline.internal.v1.StartSync;
import io.trapline.internal.v1.UndrainNode;
import io.trapline.model.Errno;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("D-27: nodes that are drained")
final class NodeDrainsTest {
    private static final NodeLife N1 = life(NODE, INCARNATION);
    private static final NodeLife N2 = life("n2", 5);

    private final Cluster cluster = Cluster.withNode();

    @BeforeEach
    void twoNodes() {
        cluster.done(Command.newBuilder()
                .setRegisterNode(Cluster.node("n2", 5).toBuilder().setMemoryBytes(2L << 30)));
    }

    @Test
    void aNodeThatNobodyKnowsIsRefusedByName() {
        assertThat(cluster.refused(Errno.ENOENT, drain("n9")).metadata())
                .containsEntry("field", "node")
                .containsEntry("value", "n9");
        cluster.refused(Errno.ENOENT, undrain("n9"));
        cluster.refused(Errno.EINVAL, drain(""));
    }

    @Test
    void toSayItAgainChangesNothing() {
        changesNothing(undrain(NODE));
        cluster.done(drain(NODE));
        assertThat(cluster.change().getNodes(0).getDraining()).isTrue();
        changesNothing(drain(NODE));
        cluster.done(undrain(NODE));
        assertThat(cluster.change().getNodes(0).getDraining()).isFalse();
    }

    @Test
    void itIsDrainedInItsNextLifeToo() {
        cluster.done(drain(NODE));
        cluster.done(cluster.replace(NODE, 78));
        assertThat(isDrained()).isTrue();
        cluster.done(cluster.end(NODE, 78));
        assertThat(isDrained()).isTrue();
        cluster.registry = Registry.restore(cluster.registry.snapshot());
        assertThat(isDrained()).isTrue();
        cluster.done(undrain(NODE));
        assertThat(isDrained()).isFalse();
    }

    @Test
    void aLifeThatIsAboutToEndIsDrainedAndTheNextOneIsNot() {
        Command.Builder leave =
                Command.newBuilder().setLeaveNode(LeaveNode.newBuilder().setLife(N1));
        changesNothing(Command.newBuilder().setLeaveNode(LeaveNode.newBuilder().setLife(life(NODE, 78))));
        cluster.done(leave);
        assertThat(isDrained()).isTrue();
        assertThat(cluster.registry.view().drainedParts().nodes())
                .as("it is about to end")
                .containsEntry(NODE, true);
        changesNothing(leave);
        cluster.done(cluster.replace(NODE, 78));
        assertThat(isDrained()).isFalse();
        changesNothing(leave);
    }

    @Test
    void nothingNewIsPlacedAtIt() {
        cluster.done(drain(NODE));
        Command.Builder create = createDomain(0);
        create.getCreateDomainBuilder().clearUsableNodes().addUsableNodes(N1);
        cluster.refused(Errno.EAGAIN, create);
        create.getCreateDomainBuilder().addUsableNodes(N2);
        cluster.done(create);
        assertThat(run().getPrimary()).isEqualTo(N2);
        assertThat(cluster.refused(Errno.EAGAIN, start(N1)).metadata()).containsEntry("field", "syncing");
        cluster.done(undrain(NODE));
        cluster.done(start(N1));
    }

    @Test
    void guestsAndEmulatorsGoToAnotherNodeWhereOneIsOpen() {
        int domid = cluster.domain();
        int id = cluster.server(domid);
        long generation = cluster.generation(domid, id);
        cluster.done(drain(NODE));
        assertThat(cluster.refused(Errno.EAGAIN, attach(domid, id, generation, 3))
                        .metadata())
                .containsEntry("value", NODE);
        cluster.refused(Errno.EAGAIN, openVcpu(domid, 0));

        cluster.done(drain("n2"));
        cluster.done(attach(domid, id, generation, 3));
        cluster.done(openVcpu(domid, 0));
    }

    @Test
    void aServerGoesHomeWhenItsDomainHasLeft() {
        int domid = cluster.domain();
        int id = cluster.server(domid);
        cluster.done(drain(NODE));
        assertThat(cluster.registry.view().drainedParts().homes())
                .as("its domain is there")
                .isEmpty();
        cluster.refused(Errno.ESTALE, moveHome(domid, id));
        cluster.done(start(N2));
        cluster.done(Command.newBuilder()
                .setAddBackup(AddBackup.newBuilder().setRun(name()).setPrimary(N1)));
        cluster.done(Command.newBuilder()
                .setHandOver(HandOver.newBuilder().setRun(name()).setPrimary(N1)));

        assertThat(cluster.registry.view().drainedParts().homes()).containsExactly(server());
        Command.Builder move = moveHome(domid, id);
        cluster.refused(Errno.EINVAL, move.clone().setLeadership(0));
        cluster.done(move);
        assertThat(server().getHome()).isEqualTo(N2);
        assertThat(server().getHomeEpoch()).isEqualTo(cluster.registry.view().revision());
        cluster.refused(Errno.ESTALE, move);
        assertThat(left().servers()).isZero();
        assertThat(cluster.registry.view().drainedParts().domains()).isEmpty();
    }

    @Test
    void aServerStaysWhereItsEmulatorIs() {
        int domid = cluster.domain();
        int id = cluster.server(domid);
        cluster.done(attach(domid, id, cluster.generation(domid, id), 3));
        cluster.done(drain(NODE));
        cluster.refused(Errno.ESTALE, moveHome(domid, id));
        cluster.done(undrain(NODE));
        cluster.refused(Errno.ESTALE, moveHome(domid, id));
    }

    @Test
    void saysWhatIsLeftAndWhatNobodyHasRoomFor() {
        cluster.domain();
        // 1 GiB, and 3 GiB, of 2 GiB.
        Command.Builder large = createDomain(0);
        large.getCreateDomainBuilder().getRequestBuilder().setNrPages(3L << 18);
        cluster.done(large);
        assertThat(cluster.registry.view().drainOf(NODE, Set.of(N1, N2))).isEmpty();
        cluster.done(drain(NODE));
        assertThat(left().pagesWithoutRoom()).isEqualTo(3L << 18);
        assertThat(cluster.registry
                        .view()
                        .drainOf(NODE, Set.of(N1))
                        .orElseThrow()
                        .pagesWithoutRoom())
                .as("nobody is usable")
                .isEqualTo(4L << 18);
        cluster.done(start(N2));
        assertThat(left().pagesWithoutRoom()).isEqualTo(3L << 18);
    }

    @Test
    void aCopyThatADrainHasBegunIsOneTooManyWhenItIsTakenBack() {
        cluster.domain();
        cluster.done(drain(NODE));
        cluster.done(start(N2));
        cluster.done(undrain(NODE));
        assertThat(cluster.registry.view().drainedParts().domains()).hasSize(1);
        assertThat(cluster.registry.view().drainedParts().nodes()).isEmpty();
        assertThat(Registry.restore(cluster.registry.snapshot()).view().drainedParts())
                .isEqualTo(cluster.registry.view().drainedParts());
    }

    private DrainedParts.Left left() {
        return cluster.registry.view().drainOf(NODE, Set.of(N1, N2)).orElseThrow();
    }

    private boolean isDrained() {
        return cluster.registry.view().drainOf(NODE, Set.of()).isPresent();
    }

    private void changesNothing(Command.Builder command) {
        long before = cluster.registry.view().revision();
        cluster.done(command);
        assertThat(cluster.registry.view().revision()).isEqualTo(before);
    }

    private ShardRun run() {
        return cluster.registry.view().everything().getDomains(0).getRuns(0);
    }

    private ServerRecord server() {
        return cluster.registry.view().everything().getServers(0);
    }

    private RunName name() {
        return RunName.newBuilder().setDomid(1).setEpoch(run().getEpoch()).build();
    }

    private static Command.Builder drain(String node) {
        return Command.newBuilder().setDrainNode(DrainNode.newBuilder().setNode(node));
    }

    private static Command.Builder undrain(String node) {
        return Command.newBuilder().setUndrainNode(UndrainNode.newBuilder().setNode(node));
    }

    private Command.Builder start(NodeLife syncing) {
        return Command.newBuilder()
                .setStartSync(StartSync.newBuilder().setRun(name()).setSyncing(syncing))
                .setLeadership(cluster.leadership());
    }

    private Command.Builder moveHome(int domid, int id) {
        return Command.newBuilder()
                .setMoveHome(MoveHome.newBuilder().setDomid(domid).setId(id).setHomeEpoch(server().getHomeEpoch()))
                .setLeadership(cluster.leadership());
    }
}
