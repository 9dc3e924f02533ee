package io.trapline.coordinator.registry;

import static io.trapline.coordinator.registry.Cluster.INCARNATION;
import static io.trapline.coordinator.registry.Cluster.NODE;
import static io.trapline.coordinator.registry.Cluster.life;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.AbandonSync;
import io.trapline.internal.v1.AddBackup;
import io.trapline.internal.v1.BeginHandOver;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.DrainNode;
import io.trapline.internal.v1.DropBackup;
import io.trapline.internal.v1.HandOver;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.PlacedDomain;
import io.trapline.internal.v1.RunName;
import io.trapline.internal.v1.ServerRecord;
import io.trapline.internal.v1.ShardRun;
import io.trapline.internal.v1.StartSync;
import io.trapline.internal.v1.UndrainNode;
import io.trapline.model.Errno;
import io.trapline.v1.DomainShard;
import io.trapline.v1.DomainState;
import io.trapline.v1.ShardState;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("D-24, D4: which lives have the shards of a domain")
final class ShardRunsTest {
    private static final NodeLife P = life(NODE, INCARNATION);
    private static final NodeLife B = life("n2", 5);
    private static final NodeLife OTHER = life("n3", 6);

    private final Cluster cluster = Cluster.withNode();
    private int domid;

    @BeforeEach
    void createDomain() {
        domid = cluster.domain();
        cluster.done(Command.newBuilder().setRegisterNode(Cluster.node("n2", 5)));
        cluster.done(Command.newBuilder().setRegisterNode(Cluster.node("n3", 6)));
    }

    @Test
    void aBackupIsAddedInTwoSteps() {
        assertThat(run().getState()).isEqualTo(ShardState.SHARD_STATE_SOLO);
        long created = run().getEpoch();
        long syncing = cluster.done(start(B)).getExecute().getRevision();
        assertThat(run())
                .isEqualTo(ShardRun.newBuilder()
                        .setCount(1)
                        .setPrimary(P)
                        .setState(ShardState.SHARD_STATE_SYNCING)
                        .setSyncing(B)
                        .setEpoch(syncing)
                        .setPrimaryRevision(created)
                        .build());
        assertThat(shard().getBackup()).as("a copy that is not complete").isEmpty();

        long added = cluster.done(add(P)).getExecute().getRevision();

        assertThat(cluster.change().getDomains(0).getRuns(0))
                .isEqualTo(ShardRun.newBuilder()
                        .setCount(1)
                        .setPrimary(P)
                        .setState(ShardState.SHARD_STATE_DUAL)
                        .setBackup(B)
                        .setEpoch(added)
                        .setPrimaryRevision(created)
                        .build());
        assertThat(shard().getBackup()).isEqualTo("n2");
        assertThat(shard().getEpoch()).isEqualTo(added);
        assertThat(shard().getState()).isEqualTo(ShardState.SHARD_STATE_DUAL);
    }

    @Test
    void theFirstOfDroppingAndPromotingTheBackupWins() {
        // V-7
        dual();
        Command.Builder drop = drop(P);
        cluster.done(lapse(P));
        assertThat(run().getPrimary()).isEqualTo(B);
        assertThat(run().getState()).isEqualTo(ShardState.SHARD_STATE_SOLO);
        cluster.refused(Errno.ESTALE, drop);

        cluster.done(start(OTHER));
        cluster.done(add(B));
        cluster.done(drop(B));
        assertThat(run().getPrimary()).isEqualTo(B);
        changesNothing(lapse(OTHER));
        changesNothing(lapse(B));
        assertThat(run().getPrimary()).as("the only copy").isEqualTo(B);
    }

    @Test
    void nobodyButThePrimaryChangesWhatItAcknowledgesWith() {
        cluster.done(start(B));
        cluster.refused(Errno.ESTALE, add(B));
        cluster.refused(Errno.ESTALE, abandon(B));
        cluster.refused(Errno.ESTALE, add(life(NODE, 78)));
        cluster.refused(
                Errno.EINVAL,
                Command.newBuilder().setAbandonSync(AbandonSync.newBuilder().setRun(name())));
        cluster.done(add(P));
        cluster.refused(Errno.ESTALE, drop(B));
        cluster.refused(Errno.ESTALE, handOver(B));
    }

    @Test
    void aCommandOfAnotherEpochOrStateChangesNothing() {
        Command.Builder old = start(B);
        cluster.done(start(B));
        cluster.refused(Errno.ESTALE, old);
        cluster.refused(Errno.ESTALE, start(OTHER));
        cluster.refused(Errno.ESTALE, drop(P));
        cluster.refused(Errno.ESTALE, handOver(P));
        Command.Builder add = add(P);
        cluster.done(abandon(P));
        cluster.refused(Errno.ESTALE, add);
        cluster.done(start(B));
        cluster.refused(Errno.ESTALE, add);
        Command.Builder otherRun = add(P);
        otherRun.getAddBackupBuilder().getRunBuilder().setFirstShard(1);
        cluster.refused(Errno.ESTALE, otherRun);
        Command.Builder otherDomain = add(P);
        otherDomain.getAddBackupBuilder().getRunBuilder().setDomainGeneration(9);
        cluster.refused(Errno.ESRCH, otherDomain);
    }

    @Test
    void aSyncIsStartedAndGivenUpByTheLeaderOfNow() {
        Command.Builder late = start(B);
        cluster.beginLeadership();
        cluster.refused(Errno.EAGAIN, late);
        cluster.done(start(B));
        Command.Builder abandon = Command.newBuilder()
                .setAbandonSync(AbandonSync.newBuilder().setRun(name()))
                .setLeadership(cluster.leadership());
        cluster.done(abandon);
        assertThat(run().getState()).isEqualTo(ShardState.SHARD_STATE_SOLO);
        assertThat(run().hasSyncing()).isFalse();
    }

    @Test
    void aCopyIsMadeAtAnotherLifeThatIsThere() {
        cluster.refused(Errno.EINVAL, start(P));
        Command.Builder late = start(B);
        cluster.done(cluster.replace("n2", 7));
        assertThat(cluster.refused(Errno.EAGAIN, late).metadata()).containsEntry("effect", "none");
        cluster.done(start(life("n2", 7)));
    }

    @Test
    void thePrimaryHandsOverToItsBackup() {
        dual();
        Command.Builder drop = drop(P);
        Command.Builder lapse = lapse(P);
        cluster.done(handOver(P));
        assertThat(run().getPrimary()).isEqualTo(B);
        assertThat(run().getPrimaryRevision()).isEqualTo(run().getEpoch());
        assertThat(run().hasBackup())
                .as("nobody could tell it from an old copy")
                .isFalse();
        assertThat(run().getState()).isEqualTo(ShardState.SHARD_STATE_SOLO);
        // What was meant for the primary before finds the one of now.
        cluster.refused(Errno.ESTALE, drop);
        changesNothing(lapse);
        assertThat(run().getPrimary()).isEqualTo(B);
    }

    @Test
    @DisplayName("D-27: a drain that is taken back leaves a hand-over that has begun")
    void handsOverThoughTheDrainIsTakenBack() {
        dual();
        cluster.done(Command.newBuilder().setDrainNode(DrainNode.newBuilder().setNode(NODE)));
        cluster.done(beginHandOver(P));

        cluster.done(
                Command.newBuilder().setUndrainNode(UndrainNode.newBuilder().setNode(NODE)));
        assertThat(run().getHandsOver()).isTrue();
        cluster.done(handOver(P));

        assertThat(run().getPrimary()).isEqualTo(B);
    }

    @Test
    void aPrimaryIsToldToHandOverUnderTheEpochThatItsCopiesGoBy() {
        dual();
        long epoch = run().getEpoch();
        cluster.refused(Errno.ESTALE, beginHandOver(B));
        cluster.refused(
                Errno.EINVAL,
                Command.newBuilder().setBeginHandOver(BeginHandOver.newBuilder().setRun(name())));
        cluster.done(Command.newBuilder()
                .setBeginHandOver(BeginHandOver.newBuilder().setRun(name()))
                .setLeadership(cluster.leadership()));
        assertThat(run().getHandsOver()).isTrue();
        assertThat(run().getEpoch()).isEqualTo(epoch);
        changesNothing(beginHandOver(P));
        cluster.done(drop(P));
        assertThat(run().getHandsOver()).as("it goes on alone").isFalse();

        cluster.done(start(B));
        cluster.refused(Errno.ESTALE, beginHandOver(P));
        cluster.done(add(P));
        cluster.done(beginHandOver(P));
        cluster.done(lapse(B));
        assertThat(run().getPrimary()).isEqualTo(P);
        assertThat(run().getHandsOver()).as("there is nobody to hand over to").isFalse();

        cluster.done(start(B));
        cluster.done(add(P));
        cluster.done(beginHandOver(P));
        cluster.done(handOver(P));
        assertThat(run().getPrimary()).isEqualTo(B);
        assertThat(run().getHandsOver()).isFalse();
    }

    @Test
    void aLeaderTakesABackupOutThatIsToLeave() {
        dual();
        Command.Builder drop = Command.newBuilder()
                .setDropBackup(DropBackup.newBuilder().setRun(name()))
                .setLeadership(cluster.leadership());
        cluster.refused(Errno.EINVAL, drop.clone().setLeadership(0));
        cluster.done(drop);
        assertThat(run().getPrimary()).isEqualTo(P);
        assertThat(run().getState()).isEqualTo(ShardState.SHARD_STATE_SOLO);
    }

    @Test
    void anyRoleOfACopyIsOneToLose() {
        assertThat(hasRoles(P)).as("the only copy").isFalse();
        cluster.done(start(B));
        assertThat(hasRoles(P)).as("the only copy that is whole").isFalse();
        assertThat(hasRoles(B)).as("being given a copy").isTrue();
        cluster.done(lapse(B));
        assertThat(run().getState()).isEqualTo(ShardState.SHARD_STATE_SOLO);
        assertThat(hasRoles(B)).isFalse();
        dual();
        assertThat(hasRoles(P)).as("primary").isTrue();
        assertThat(hasRoles(B)).as("backup").isTrue();
        cluster.done(lapse(B));
        assertThat(run().getPrimary()).isEqualTo(P);
        assertThat(run().getState()).isEqualTo(ShardState.SHARD_STATE_SOLO);
        assertThat(hasRoles(P) || hasRoles(B)).isFalse();
    }

    @Test
    void aLifeThatIsOverIsReplacedByTheOtherCopy() {
        dual();
        cluster.done(cluster.replace(NODE, 78));
        assertThat(run().getPrimary()).isEqualTo(B);
        assertThat(domainState()).isEqualTo(DomainState.DOMAIN_STATE_RUNNING);

        cluster.done(cluster.end("n2", 5));
        assertThat(run().getState()).isEqualTo(ShardState.SHARD_STATE_LOST);
        assertThat(run().getEpoch()).isEqualTo(cluster.registry.view().revision());
        assertThat(domainState()).isEqualTo(DomainState.DOMAIN_STATE_CRASHED);
        assertThat(cluster.registry.view().shardsByNode()).isEmpty();
        cluster.refused(Errno.EIO, start(OTHER));
    }

    @Test
    void aPrimaryThatEndsWhileItIsCopiedTakesTheMemoryWithIt() {
        cluster.done(start(B));
        changesNothing(lapse(P));
        Command.Builder add = add(P);
        cluster.done(cluster.end(NODE, INCARNATION));
        assertThat(run().getState()).isEqualTo(ShardState.SHARD_STATE_LOST);
        assertThat(run().hasSyncing()).isFalse();
        assertThat(domainState()).isEqualTo(DomainState.DOMAIN_STATE_CRASHED);
        cluster.refused(Errno.ESTALE, add);
    }

    @Test
    void serversOfALifeThatIsNotHeardOfGoWhereTheirDomainGoes() {
        // D-15
        int id = cluster.server(domid);
        cluster.done(Cluster.attach(domid, id, cluster.generation(domid, id), 11));
        dual();
        assertThat(server().getHome()).isEqualTo(P);
        cluster.done(lapse(P));
        assertThat(server().getHome()).isEqualTo(B);
        assertThat(server().getServer().getSessionEpoch()).isZero();
        assertThat(hasRoles(P)).isFalse();
        assertThat(hasRoles(B)).as("its domain is there").isFalse();
    }

    @Test
    void aServerIsAwayWhereItsDomainWasHandedOver() {
        int id = cluster.server(domid);
        dual();
        cluster.done(handOver(P));
        assertThat(server().getServer().getId()).isEqualTo(id);
        assertThat(server().getHome()).isEqualTo(P);
        assertThat(hasRoles(P)).isTrue();
        cluster.done(lapse(P));
        assertThat(server().getHome()).isEqualTo(B);
    }

    @Test
    void readsWhatAnEarlierVersionWrote() {
        Registry before = cluster.registry;
        Cluster old = new Cluster();
        old.registry = Registry.restore(ofFormat1(before.snapshot()));
        assertThat(old.registry.snapshot()).isEqualTo(before.snapshot());

        var snapshot = ofFormat1(before.snapshot()).toBuilder();
        snapshot.getNodesBuilder(0).getRegistrationBuilder().clearIncarnation();
        assertThat(Registry.restore(snapshot.build())
                        .snapshot()
                        .getDomains(0)
                        .getRuns(0)
                        .getState())
                .as("of a life that is over")
                .isEqualTo(ShardState.SHARD_STATE_LOST);
    }

    private static io.trapline.internal.v1.Snapshot ofFormat1(io.trapline.internal.v1.Snapshot snapshot) {
        PlacedDomain placed = snapshot.getDomains(0);
        ShardRun run = placed.getRuns(0);
        return snapshot.toBuilder()
                .setFormat(1)
                .setDomains(
                        0,
                        placed.toBuilder()
                                .clearRuns()
                                .setPrimary(run.getPrimary().getNode())
                                .setPrimaryIncarnation(run.getPrimary().getIncarnation())
                                .setEpoch(run.getEpoch()))
                .build();
    }

    private void dual() {
        cluster.done(start(B));
        cluster.done(add(run().getPrimary()));
    }

    private void changesNothing(Command.Builder command) {
        long before = cluster.registry.view().revision();
        cluster.done(command);
        assertThat(cluster.registry.view().revision()).isEqualTo(before);
    }

    private boolean hasRoles(NodeLife life) {
        return cluster.registry.view().hasRolesToLose(life.getNode());
    }

    private ShardRun run() {
        return cluster.registry.view().everything().getDomains(0).getRuns(0);
    }

    private DomainShard shard() {
        return cluster.registry.view().everything().getDomains(0).getShards(0);
    }

    private DomainState domainState() {
        return cluster.registry.view().domains(0, 1).getFirst().getState();
    }

    private ServerRecord server() {
        return cluster.registry.view().everything().getServers(0);
    }

    private RunName name() {
        return RunName.newBuilder().setDomid(domid).setEpoch(run().getEpoch()).build();
    }

    private Command.Builder start(NodeLife syncing) {
        return Command.newBuilder()
                .setStartSync(StartSync.newBuilder().setRun(name()).setSyncing(syncing))
                .setLeadership(cluster.leadership());
    }

    private Command.Builder abandon(NodeLife primary) {
        return Command.newBuilder()
                .setAbandonSync(AbandonSync.newBuilder().setRun(name()).setPrimary(primary));
    }

    private Command.Builder add(NodeLife primary) {
        return Command.newBuilder()
                .setAddBackup(AddBackup.newBuilder().setRun(name()).setPrimary(primary));
    }

    private Command.Builder drop(NodeLife primary) {
        return Command.newBuilder()
                .setDropBackup(DropBackup.newBuilder().setRun(name()).setPrimary(primary));
    }

    private Command.Builder beginHandOver(NodeLife primary) {
        return Command.newBuilder()
                .setBeginHandOver(BeginHandOver.newBuilder().setRun(name()).setPrimary(primary));
    }

    private Command.Builder handOver(NodeLife primary) {
        return Command.newBuilder()
                .setHandOver(HandOver.newBuilder().setRun(name()).setPrimary(primary));
    }

    private Command.Builder lapse(NodeLife life) {
        return cluster.lapse(life.getNode(), life.getIncarnation());
    }
}
