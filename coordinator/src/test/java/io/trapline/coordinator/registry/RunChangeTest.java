package io.trapline.coordinator.registry;

import static io.trapline.coordinator.registry.Cluster.INCARNATION;
import static io.trapline.coordinator.registry.Cluster.NODE;
import static io.trapline.coordinator.registry.Cluster.life;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.AbandonSync;
import io.trapline.internal.v1.AddBackup;
import io.trapline.internal.v1.BeginHandOver;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.CreateDomain;
import io.trapline.internal.v1.DomainRecord;
import io.trapline.internal.v1.DropBackup;
import io.trapline.internal.v1.HandOver;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.RunName;
import io.trapline.internal.v1.ShardRun;
import io.trapline.internal.v1.StartSync;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.DomainMemory;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("D4: operators are told what becomes of copies, a line for each change")
final class RunChangeTest {
    private static final NodeLife P = life(NODE, INCARNATION);
    private static final NodeLife B = life("n2", 5);

    private final Cluster cluster = Cluster.withNode();
    private int domid;

    private void create(DomainMemory memory) {
        cluster.done(Command.newBuilder().setRegisterNode(Cluster.node("n2", 5)));
        domid = cluster.done(Command.newBuilder()
                        .setCreateDomain(CreateDomain.newBuilder()
                                .addUsableNodes(P)
                                .addUsableNodes(B)
                                .setRequest(CreateDomainRequest.newBuilder()
                                        .setNrPages(1)
                                        .setNrVcpus(1)
                                        .setMemory(memory))))
                .getCreateDomain()
                .getDomain()
                .getDomid();
        assertThat(cluster.runs()).as("a new domain").isEmpty();
    }

    @Test
    void aBackupThatIsDroppedIsALossAndAFreshOneNone() {
        create(DomainMemory.DOMAIN_MEMORY_REPLICATED);

        cluster.done(drop());
        assertToldOfLoss(
                "SOLO at n1, was DUAL at n1 and n2: the primary hears nothing of the backup; the domain is DEGRADED");

        cluster.done(start());
        assertThat(cluster.runs()).as("it is no copy yet").isEmpty();
        cluster.done(Command.newBuilder()
                .setAbandonSync(AbandonSync.newBuilder().setRun(name()).setPrimary(P)));
        assertToldOfLoss(
                "SOLO at n1, was SYNCING from n1 to n2: the primary hears nothing of the fresh copy; the domain is DEGRADED");

        cluster.done(start());
        cluster.done(add());
        assertTold(
                "DUAL at n1 and n2, was SYNCING from n1 to n2: the fresh copy has everything; the domain is REDUNDANT");
        assertThat(cluster.runs().getFirst().isLoss()).isFalse();
    }

    @Test
    void aBackupThatTakesOverIsALossAndTheLastCopyIsTheDomain() {
        create(DomainMemory.DOMAIN_MEMORY_REPLICATED);

        cluster.done(cluster.lapse(NODE, INCARNATION));
        assertToldOfLoss("SOLO at n2, was DUAL at n1 and n2: the lease of node n1 is over; the domain is DEGRADED");
        cluster.apply(cluster.lapse(NODE, INCARNATION));
        assertThat(cluster.runs()).as("nothing is left to lose").isEmpty();

        cluster.done(cluster.replace("n2", 6));
        assertToldOfLoss(
                "LOST, the primary was n2, was SOLO at n2: node n2 has begun another life; the domain is CRASHED");
    }

    @Test
    void whatIsHandedOverForADrainLeavesOneCopy() {
        create(DomainMemory.DOMAIN_MEMORY_REPLICATED);

        cluster.done(Command.newBuilder()
                .setBeginHandOver(BeginHandOver.newBuilder().setRun(name()).setPrimary(P)));
        assertThat(cluster.runs()).as("both copies are there").isEmpty();
        cluster.done(Command.newBuilder()
                .setHandOver(HandOver.newBuilder().setRun(name()).setPrimary(P)));

        assertToldOfLoss(
                "SOLO at n2, was DUAL at n1 and n2: the primary hands over, for a drain; the domain is DEGRADED");
    }

    @Test
    void aDomainThatIsToHaveOneCopyLosesNothingWithTheOther() {
        create(DomainMemory.DOMAIN_MEMORY_VOLATILE);
        cluster.done(start());
        cluster.done(add());
        cluster.done(drop());

        assertTold(
                "SOLO at n1, was DUAL at n1 and n2: the primary hears nothing of the backup; the domain is VOLATILE");
        assertThat(cluster.runs().getFirst().isLoss()).isFalse();

        cluster.done(cluster.end(NODE, INCARNATION));
        assertToldOfLoss(
                "LOST, the primary was n1, was SOLO at n1: the life of node n1 is over; the domain is CRASHED");
    }

    private void assertToldOfLoss(String what) {
        assertTold(what);
        assertThat(cluster.runs().getFirst().isLoss()).isTrue();
    }

    private void assertTold(String what) {
        assertThat(cluster.runs())
                .extracting(RunChange::toString)
                .containsExactly("domain " + domid + " of generation " + generation() + ", shards 0 to 0, epoch "
                        + run().getEpoch() + ": " + what);
    }

    private DomainRecord record() {
        return cluster.registry.view().everything().getDomains(0);
    }

    private long generation() {
        return record().getDomain().getGeneration();
    }

    private ShardRun run() {
        return record().getRuns(0);
    }

    private RunName name() {
        return RunName.newBuilder()
                .setDomid(domid)
                .setDomainGeneration(generation())
                .setFirstShard(0)
                .setEpoch(run().getEpoch())
                .build();
    }

    private Command.Builder drop() {
        return Command.newBuilder()
                .setDropBackup(DropBackup.newBuilder().setRun(name()).setPrimary(P));
    }

    private Command.Builder start() {
        return Command.newBuilder()
                .setStartSync(StartSync.newBuilder().setRun(name()).setSyncing(B))
                .setLeadership(cluster.leadership());
    }

    private Command.Builder add() {
        return Command.newBuilder()
                .setAddBackup(AddBackup.newBuilder().setRun(name()).setPrimary(P));
    }
}
