package io.trapline.coordinator.registry;

import static io.trapline.coordinator.registry.Cluster.createDomain;
import static io.trapline.coordinator.registry.Cluster.destroyDomain;
import static io.trapline.coordinator.registry.Cluster.pause;
import static io.trapline.coordinator.registry.Cluster.unpause;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.DrainKind;
import io.trapline.internal.v1.FinishDrain;
import io.trapline.internal.v1.ShardRun;
import io.trapline.model.Errno;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.DescribeDomainResponse;
import io.trapline.v1.Domain;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.DomainRedundancy;
import io.trapline.v1.DomainState;
import io.trapline.v1.OnDegraded;
import io.trapline.v1.ShardState;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("D1: the life of a domain")
final class DomainsTest {
    private final Cluster cluster = Cluster.withNode();

    @Test
    void handsOutTheLowestFreeId() {
        // D1
        assertThat(List.of(cluster.domain(), cluster.domain(), cluster.domain()))
                .containsExactly(1, 2, 3);
        long drain = cluster.done(destroyDomain(2)).getDrain();

        assertThat(cluster.domain()).isEqualTo(4);
        cluster.finish(drain);

        assertThat(cluster.domain()).isEqualTo(2);
    }

    @Test
    void refusesATakenIdWithEexist() {
        cluster.done(createDomain(9));

        assertThat(cluster.refused(Errno.EEXIST, createDomain(9)).metadata()).containsEntry("domid", "9");
    }

    @Test
    void keepsAnIdTakenUntilItsDestructionHasDrained() {
        int domid = cluster.domain();
        long drain = cluster.done(destroyDomain(domid)).getDrain();

        cluster.refused(Errno.EEXIST, createDomain(domid));
        cluster.finish(drain);

        cluster.done(createDomain(domid));
    }

    @Test
    void givesADomainItsRevisionAsGeneration() {
        Answer answer = cluster.done(createDomain(5));

        Domain domain = answer.getCreateDomain().getDomain();
        assertThat(domain.getGeneration())
                .isEqualTo(answer.getRevision())
                .isEqualTo(cluster.change().getRevision());
        assertThat(domain.getState()).isEqualTo(DomainState.DOMAIN_STATE_RUNNING);
        assertThat(domain.getDefaultTimeoutMs()).isEqualTo(30_000);
        assertThat(domain.getOnDegraded()).isEqualTo(OnDegraded.ON_DEGRADED_CONTINUE);
    }

    @Test
    void refusesOtherGenerationsWithEsrch() {
        int domid = cluster.domain();
        var command = pause(domid);
        command.getPauseDomainBuilder().setGeneration(999);

        assertThat(cluster.refused(Errno.ESRCH, command).metadata()).containsEntry("value", "999");
    }

    @ParameterizedTest
    @CsvSource({
        "1,1,262144",
        "262144,1,262144",
        "262145,2,262144",
        "268435456,1024,262144",
        "268435457,513,524288",
        "4294967296,1024,4194304"
    })
    void cutsADomainIntoShardsOfTwoToThe18OrAtMostOneThousandTwentyFour(long pages, int count, long shardPages) {
        cluster.done(createDomain(CreateDomainRequest.newBuilder()
                .setNrPages(pages)
                .setNrVcpus(1)
                .setMemory(DomainMemory.DOMAIN_MEMORY_VOLATILE)));

        var shards = describe(1).getShardsList();
        assertThat(shards).hasSize(count);
        assertThat(shards).allMatch(shard -> shard.getPrimary().equals(Cluster.NODE));
        assertThat(shards.getFirst().getFirstGfn()).isZero();
        assertThat(shards.getLast().getLastGfn()).isEqualTo((1L << 40) - 1);
        for (int i = 1; i < count; i++) {
            assertThat(shards.get(i).getFirstGfn())
                    .isEqualTo(shards.get(i - 1).getLastGfn() + 1)
                    .isEqualTo(i * shardPages);
        }
        assertThat(cluster.change().getDomains(0).getShardsList()).isEqualTo(shards);
    }

    @Test
    void refusesADomainWithoutANodeNamingNodes() {
        Cluster empty = new Cluster();

        assertThat(empty.refused(Errno.ENOSPC, createDomain(1)).metadata()).containsEntry("nodes", "0");
    }

    @Test
    void putsOffADomainWhileARegisteredNodeHasNoLease() {
        Command.Builder withoutLeases = createDomain(1);
        withoutLeases.getCreateDomainBuilder().clearUsableNodes();

        assertThat(cluster.refused(Errno.EAGAIN, withoutLeases).metadata())
                .containsEntry("effect", "none")
                .containsEntry("nodes", "0");
    }

    @Test
    void refusesADomainWhereTheLastNodeIsOver() {
        cluster.done(cluster.end(Cluster.NODE, Cluster.INCARNATION));

        assertThat(cluster.refused(Errno.ENOSPC, createDomain(1)).metadata()).containsEntry("nodes", "0");
    }

    @Test
    void refusesReplicatedMemoryOnOneNodeNamingNodes() {
        var request = valid().setMemory(DomainMemory.DOMAIN_MEMORY_REPLICATED);

        assertThat(cluster.refused(Errno.ENOSPC, createDomain(request)).metadata())
                .containsEntry("nodes", "1")
                .containsEntry("needed", "2");
    }

    @Test
    void beginsReplicatedMemoryWithTwoCopies() {
        cluster.done(Command.newBuilder().setRegisterNode(Cluster.node("n2", 5)));
        var request = createDomain(valid().setMemory(DomainMemory.DOMAIN_MEMORY_REPLICATED));
        request.getCreateDomainBuilder().addUsableNodes(Cluster.life("n2", 5));

        var domain = cluster.done(request).getCreateDomain().getDomain();

        var run = cluster.change().getDomains(0).getRuns(0);
        assertThat(run.getState()).isEqualTo(ShardState.SHARD_STATE_DUAL);
        assertThat(List.of(run.getPrimary().getNode(), run.getBackup().getNode()))
                .containsExactlyInAnyOrder(Cluster.NODE, "n2");
        assertThat(run.getEpoch()).isEqualTo(domain.getGeneration());
        assertThat(domain.getRedundancy()).isEqualTo(DomainRedundancy.DOMAIN_REDUNDANCY_REDUNDANT);
    }

    @Test
    void losesADomainAtSeveralNodesWithAnyOfThem() {
        // D4, D-27: nothing of it is left to be drained, or to count against a node's memory.
        for (String node : List.of("n2", "n3")) {
            cluster.done(Command.newBuilder()
                    .setRegisterNode(Cluster.node(node, 5).toBuilder().setMemoryBytes(1L << 30)));
        }
        var request = createDomain(valid().setNrPages((1L << 18) + 16));
        request.getCreateDomainBuilder()
                .clearUsableNodes()
                .addUsableNodes(Cluster.life("n2", 5))
                .addUsableNodes(Cluster.life("n3", 5));
        cluster.done(request);
        assertThat(cluster.change().getDomains(0).getRunsList())
                .extracting(run -> run.getPrimary().getNode() + " " + run.getFirstShard() + " " + run.getCount())
                .containsExactly("n2 0 1", "n3 1 1");

        cluster.done(cluster.end("n3", 5));

        var lost = cluster.change().getDomains(0);
        assertThat(lost.getDomain().getState()).isEqualTo(DomainState.DOMAIN_STATE_CRASHED);
        assertThat(lost.getRunsList()).extracting(ShardRun::getState).containsOnly(ShardState.SHARD_STATE_LOST);
        assertThat(cluster.registry.view().shardsByNode()).isEmpty();
        assertThat(cluster.registry.view().bytesLeft()).containsEntry("n2", 1L << 30);
    }

    @Test
    void waitsWhileDegradedWhereThatIsAskedFor() {
        cluster.done(Command.newBuilder().setRegisterNode(Cluster.node("n2", 5)));
        var request = createDomain(
                valid().setMemory(DomainMemory.DOMAIN_MEMORY_REPLICATED).setOnDegraded(OnDegraded.ON_DEGRADED_WAIT));
        request.getCreateDomainBuilder().addUsableNodes(Cluster.life("n2", 5));

        assertThat(cluster.done(request).getCreateDomain().getDomain().getOnDegraded())
                .isEqualTo(OnDegraded.ON_DEGRADED_WAIT);
    }

    @Test
    void countsPausesAsXenDoes() {
        int domid = cluster.domain();

        assertThat(cluster.done(pause(domid)).getPauseDomain().getPauseCount()).isEqualTo(1);
        assertThat(cluster.done(pause(domid)).getPauseDomain().getPauseCount()).isEqualTo(2);
        assertThat(cluster.done(unpause(domid)).getUnpauseDomain().getPauseCount())
                .isEqualTo(1);
        assertThat(describe(domid).getDomain().getState()).isEqualTo(DomainState.DOMAIN_STATE_PAUSED);
        assertThat(cluster.done(unpause(domid)).getUnpauseDomain().getPauseCount())
                .isZero();
        assertThat(describe(domid).getDomain().getState()).isEqualTo(DomainState.DOMAIN_STATE_RUNNING);

        cluster.refused(Errno.EINVAL, unpause(domid));
    }

    @Test
    void destroysWithEverythingThatBelongsToTheDomain() {
        // S4, C5: the ids, claims and drains of its servers go with it
        int domid = cluster.domain();
        int id = cluster.server(domid);
        cluster.done(Cluster.claim(domid, id, 3, 1));
        cluster.done(Cluster.openVcpu(domid, 0));

        long drain = cluster.done(destroyDomain(domid)).getDrain();

        assertThat(cluster.change().getDrains(0).getKind()).isEqualTo(DrainKind.DRAIN_KIND_DESTROY_DOMAIN);
        assertThat(describe(domid).getDomain().getState()).isEqualTo(DomainState.DOMAIN_STATE_DESTROYING);
        cluster.refused(Errno.ESRCH, Cluster.createServer(Cluster.ALICE, domid));
        cluster.refused(Errno.ESRCH, pause(domid));

        cluster.finish(drain);

        assertThat(cluster.change().getRemovedDomainsList()).containsExactly(domid);
        assertThat(cluster.change().getEndedDrainsList()).containsExactly(drain);
        assertThat(cluster.change().getClaims(0).getEnd())
                .isEqualTo(io.trapline.v1.ClaimEnd.CLAIM_END_DOMAIN_DESTROYED);
        assertThat(cluster.registry.view().domain(domid, 0)).isInstanceOf(Reading.Refused.class);
        assertThat(cluster.registry.snapshot().getServersList()).isEmpty();
        assertThat(cluster.registry.snapshot().getClaimsList()).isEmpty();
        assertThat(cluster.registry.snapshot().getVcpusList()).isEmpty();
        assertThat(cluster.registry.snapshot().getHistoryList()).isEmpty();
    }

    @Test
    void joinsADestructionThatIsUnderWay() {
        int domid = cluster.domain();
        Answer first = cluster.done(destroyDomain(domid));

        assertThat(cluster.done(destroyDomain(domid))).isEqualTo(first);
    }

    @Test
    void finishesADrainOnce() {
        int domid = cluster.domain();
        long drain = cluster.done(destroyDomain(domid)).getDrain();
        cluster.finish(drain);
        long before = cluster.registry.view().revision();

        cluster.done(io.trapline.internal.v1.Command.newBuilder()
                .setFinishDrain(FinishDrain.newBuilder().setRevision(drain)));

        assertThat(cluster.registry.view().revision()).isEqualTo(before);
    }

    @Test
    void runsOutOfIdsWithEnospc() {
        // L: 32,751 domains
        for (int i = 1; i <= 32_751; i++) {
            assertThat(cluster.domain()).isEqualTo(i);
        }

        assertThat(cluster.refused(Errno.ENOSPC, createDomain(0)).metadata()).containsEntry("limit", "32751");
    }

    @ParameterizedTest
    @MethodSource("wrongShapes")
    void refusesWrongShapesNamingFieldAndValue(
            String field, String value, UnaryOperator<CreateDomainRequest.Builder> wrong) {
        assertThat(cluster.refused(Errno.EINVAL, createDomain(wrong.apply(valid())))
                        .metadata())
                .containsEntry("field", field)
                .containsEntry("value", value);
    }

    static Stream<Arguments> wrongShapes() {
        return Stream.of(
                wrong("domid", "32752", q -> q.setDomid(0x7FF0)),
                wrong("domid", "4294967295", q -> q.setDomid(-1)),
                wrong("nr_pages", "0", q -> q.setNrPages(0)),
                wrong("nr_pages", "4294967297", q -> q.setNrPages((1L << 32) + 1)),
                wrong("nr_pages", "18446744073709551615", q -> q.setNrPages(-1)),
                wrong("nr_vcpus", "0", q -> q.setNrVcpus(0)),
                wrong("nr_vcpus", "4097", q -> q.setNrVcpus(4097)),
                wrong("nr_vcpus", "4294967295", q -> q.setNrVcpus(-1)),
                wrong("memory", "DOMAIN_MEMORY_UNSPECIFIED", CreateDomainRequest.Builder::clearMemory),
                wrong("memory", "7", q -> q.setMemoryValue(7)),
                wrong("on_degraded", "9", q -> q.setOnDegradedValue(9)),
                wrong("on_degraded", "ON_DEGRADED_WAIT", q -> q.setOnDegraded(OnDegraded.ON_DEGRADED_WAIT)),
                wrong("default_timeout_ms", "3600001", q -> q.setDefaultTimeoutMs(3_600_001)));
    }

    private static Arguments wrong(String field, String value, UnaryOperator<CreateDomainRequest.Builder> wrong) {
        return Arguments.of(field, value, wrong);
    }

    private static CreateDomainRequest.Builder valid() {
        return CreateDomainRequest.newBuilder()
                .setNrPages(1)
                .setNrVcpus(1)
                .setMemory(DomainMemory.DOMAIN_MEMORY_VOLATILE);
    }

    private DescribeDomainResponse describe(int domid) {
        return switch (cluster.registry.view().domain(domid, 0)) {
            case Reading.Found<DescribeDomainResponse> found -> found.value();
            case Reading.Refused<DescribeDomainResponse> refused ->
                throw new AssertionError(refused.refusal().message());
        };
    }
}
