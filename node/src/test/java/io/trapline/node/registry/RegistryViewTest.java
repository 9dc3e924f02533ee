package io.trapline.node.registry;

import static io.trapline.node.fixture.Records.change;
import static io.trapline.node.fixture.Records.domain;
import static io.trapline.node.fixture.Records.drain;
import static io.trapline.node.fixture.Records.held;
import static io.trapline.node.fixture.Records.name;
import static io.trapline.node.fixture.Records.range;
import static io.trapline.node.fixture.Records.release;
import static io.trapline.node.fixture.Records.server;
import static io.trapline.node.fixture.Records.snapshot;
import static io.trapline.node.fixture.Records.vcpu;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.DomainRecord;
import io.trapline.internal.v1.DrainKind;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.ShardRun;
import io.trapline.model.AccessAttributes;
import io.trapline.model.AccessFlags;
import io.trapline.node.fixture.Records;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.protocol.Drain;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.v1.Claim;
import io.trapline.v1.ClaimState;
import io.trapline.v1.DomainState;
import io.trapline.v1.IoRangeType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What changes of the registry mean for a node's actors. */
final class RegistryViewTest {
    private static final int DOM = 7;
    private static final long DOM_GEN = 2;
    private static final int SERVER = 0;
    private static final long SERVER_GEN = 3;

    private final RegistryView view = new RegistryView();

    @BeforeEach
    void aDomainWithAnEnabledServer() {
        view.apply(snapshot(1).build());
        view.apply(change(2).addDomains(domain(DOM, DOM_GEN, 2)).build());
        view.apply(
                change(3).addServers(server(DOM, SERVER, SERVER_GEN, true, 3)).build());
    }

    @Test
    void aNewDomainSaysWhichLivesHaveItsShards() {
        Life n2 = new Life("n2", 5);
        ShardRun there = ShardRun.newBuilder()
                .setFirstShard(1)
                .setCount(1)
                .setPrimary(NodeLife.newBuilder().setNode("n2").setIncarnation(5))
                .build();
        DomainRecord record = domain(8, 4, 2).toBuilder()
                .setRuns(0, domain(8, 4, 1).getRuns(0))
                .addRuns(there)
                .build();
        DomainView here = onlyChange(view, change(4).addDomains(record)).view();
        assertThat(here.primaries()).containsExactly(new Life(Records.NODE, Records.INCARNATION), n2);
        assertThat(here.firstGfns()).containsExactly(0, Records.SHARD_PAGES);
        assertThat(here.nrPages()).isEqualTo(2 * Records.SHARD_PAGES);
        assertThat(here.alive()).isTrue();
    }

    @Test
    void aClaimReachesTheTableAndItsServer() {
        // C4
        DomainView claimed = claim(0, AccessFlags.WRITE, 4).view();
        assertThat(claimed.table().revision()).isEqualTo(4);
        assertThat(claimed.table().claimant(0, true)).isEqualTo(SERVER);
        assertThat(claimed.table().claimant(0, false)).isEqualTo(DecisionTable.NONE);
        assertThat(claimed.servers().get(0).claims()[0]).isEqualTo(AccessFlags.WRITE);
        // C7
        assertThat(claimed.servers().get(0).changedRevision()).isEqualTo(4);
    }

    @Test
    void aReleaseLeavesTheTableAtOnceAndDrains() {
        claim(3, AccessFlags.ALL, 4);
        // C5, F5
        DomainChange released = onlyChange(
                view,
                change(5)
                        .addClaims(claimIn(ClaimState.CLAIM_STATE_RELEASING, 3, 4))
                        .addDrains(release(5, DOM, DOM_GEN, SERVER, SERVER_GEN, 3, false)));
        assertThat(released.view().table().claimant(3, true)).isEqualTo(DecisionTable.NONE);
        assertThat(released.drainsOf(SERVER)).containsExactly(new Drain(5, 3, 5000));
        ServerView holder = released.view().servers().get(0);
        assertThat(holder.claims()[3]).isZero();
        assertThat(holder.changedRevision()).isEqualTo(5);
        assertThat(view.drains()).containsExactly(5L);

        // The end of the drain changes nothing that an actor would have to know.
        RegistryView.Effects end = view.apply(change(6)
                .addClaims(claimIn(ClaimState.CLAIM_STATE_FREE, 3, 4))
                .addEndedDrains(5)
                .build());
        assertThat(end.changed()).isEmpty();
        assertThat(view.drains()).isEmpty();
    }

    @Test
    void aClaimOfADisabledServerDecidesNothingUntilItIsEnabled() {
        // T3, S2
        claim(1, AccessFlags.READ, 4);
        DomainView disabled = onlyChange(
                        view,
                        change(5)
                                .addServers(server(DOM, SERVER, SERVER_GEN, false, 5))
                                .addDrains(drain(5, DrainKind.DRAIN_KIND_DISABLE, DOM, DOM_GEN)
                                        .setId(SERVER)
                                        .setGeneration(SERVER_GEN)))
                .view();
        assertThat(disabled.table().claimant(1, false)).isEqualTo(DecisionTable.NONE);
        assertThat(disabled.servers().get(0).enabled()).isFalse();
        DomainView enabled = onlyChange(view, change(6).addServers(server(DOM, SERVER, SERVER_GEN, true, 6)))
                .view();
        assertThat(enabled.table().claimant(1, false)).isEqualTo(SERVER);
    }

    @Test
    void rangesReachTheTableByType() {
        // R2
        DomainView mapped = onlyChange(
                        view,
                        change(4)
                                .addServers(server(
                                        DOM,
                                        SERVER,
                                        SERVER_GEN,
                                        true,
                                        4,
                                        range(IoRangeType.IO_RANGE_TYPE_PORT, 0x3f8, 0x3ff),
                                        range(IoRangeType.IO_RANGE_TYPE_MEMORY, 0xfee0_0000L, 0xfee0_0fffL),
                                        range(IoRangeType.IO_RANGE_TYPE_PCI, 8, 8))))
                .view();
        assertThat(mapped.table().byRange(AccessAttributes.PIO, 0x3f8, 0x3ff)).isEqualTo(SERVER);
        assertThat(mapped.table().byRange(AccessAttributes.MEM, 0xfee0_0ff8L, 0xfee0_1000L))
                .isEqualTo(DecisionTable.NONE);
        assertThat(mapped.table().byRange(AccessAttributes.PCI, 8, 8)).isEqualTo(SERVER);
        assertThat(mapped.servers().get(0).ports().size()).isEqualTo(1);
    }

    @Test
    void anUnchangedServerKeepsItsView() {
        ServerView before = claim(0, AccessFlags.ALL, 4).view().servers().get(0);
        DomainView after = onlyChange(view, change(5).addServers(server(DOM, 1, 5, true, 5)))
                .view();
        assertThat(after.servers().get(0)).isSameAs(before);
        assertThat(after.table().revision()).isEqualTo(5);
    }

    @Test
    void anAttachmentRaisesTheRevisionOfServerAndTable() {
        // C7: what was decided before it comes back, and what is decided from now on is accepted.
        var attached = server(DOM, SERVER, SERVER_GEN, true, 9).toBuilder();
        attached.getServerBuilder().setSessionEpoch(9).setRun(77);
        DomainView now = onlyChange(view, change(9).addServers(attached)).view();
        ServerView server = now.servers().get(0);
        assertThat(server.sessionEpoch()).isEqualTo(9);
        assertThat(server.run()).isEqualTo(77);
        assertThat(server.changedRevision()).isEqualTo(9);
        assertThat(now.table().revision()).isEqualTo(9);
    }

    @Test
    void openingAVcpuIsToldOnce() {
        // A6
        DomainChange opened = onlyChange(view, change(4).addVcpus(vcpu(DOM, 2, 4)));
        assertThat(opened.opened()).containsExactly(new VcpuOpening(2, 4));
        assertThat(view.apply(change(5).addVcpus(vcpu(DOM, 2, 4)).build()).changed())
                .isEmpty();
    }

    @Test
    void pauseAndCrashAndDestructionAreStates() {
        // D1, D4
        DomainView paused = onlyChange(
                        view, change(4).addDomains(domain(DOM, DOM_GEN, 2, DomainState.DOMAIN_STATE_PAUSED, 1)))
                .view();
        assertThat(paused.paused()).isTrue();
        assertThat(paused.table().state()).isEqualTo(DecisionTable.State.PAUSED);
        DomainView crashed = onlyChange(
                        view, change(5).addDomains(domain(DOM, DOM_GEN, 2, DomainState.DOMAIN_STATE_CRASHED, 1)))
                .view();
        assertThat(crashed.alive()).isFalse();
        assertThat(crashed.state()).isEqualTo(DecisionTable.State.CRASHED);
        DomainView destroying = onlyChange(
                        view, change(6).addDomains(domain(DOM, DOM_GEN, 2, DomainState.DOMAIN_STATE_DESTROYING, 1)))
                .view();
        assertThat(destroying.alive()).isFalse();
    }

    @Test
    void anIdUsedAgainInTheSameChangeIsAnotherDomain() {
        RegistryView.Effects effects = view.apply(
                change(9).addRemovedDomains(DOM).addDomains(domain(DOM, 9, 1)).build());
        assertThat(effects.removed()).containsEntry(DOM, DOM_GEN);
        assertThat(effects.changed())
                .singleElement()
                .satisfies(changed -> assertThat(changed.view().generation()).isEqualTo(9));
        assertThat(effects.changed().get(0).view().servers()).isEmpty();
    }

    @Test
    void aServerIdUsedAgainHasNothingOfTheFormer() {
        // S1
        claim(0, AccessFlags.ALL, 4);
        DomainView now = onlyChange(
                        view,
                        change(9)
                                .addRemovedServers(name(DOM, SERVER))
                                .addServers(server(DOM, SERVER, 9, true, 9))
                                .addClaims(claimIn(ClaimState.CLAIM_STATE_FREE, 0, 4)))
                .view();
        assertThat(now.servers().get(0).generation()).isEqualTo(9);
        assertThat(now.servers().get(0).claims()[0]).isZero();
        assertThat(now.table().claimant(0, true)).isEqualTo(DecisionTable.NONE);
    }

    @Test
    void recordsOfADomainThatIsGoneArePassedOver() {
        view.apply(change(5).addRemovedDomains(DOM).build());
        RegistryView.Effects late = view.apply(change(6)
                .addServers(server(DOM, SERVER, SERVER_GEN, true, 3))
                .addVcpus(vcpu(DOM, 0, 6))
                .addRemovedServers(name(DOM, 1))
                .build());
        assertThat(late.changed()).isEmpty();
        assertThat(late.removed()).isEmpty();
    }

    @Test
    void aChangeThatIsKnownMeansNothing() {
        RegistryView.Effects again = view.apply(
                change(2).addDomains(domain(DOM, 99, 2)).addSessions(8).build());
        assertThat(again.changed()).isEmpty();
        assertThat(again.sessions()).isEmpty();
        assertThat(view.revision()).isEqualTo(3);
    }

    @Test
    void sessionsBeginAndEnd() {
        assertThat(view.apply(change(4).addSessions(4).build()).sessions()).containsExactly(4L);
        assertThat(view.apply(change(5).addSessions(5).addEndedSessions(4).build())
                        .endedSessions())
                .containsExactly(4L);
        RegistryView.Effects anew = view.apply(
                snapshot(9).addDomains(domain(DOM, DOM_GEN, 2)).addSessions(8).build());
        assertThat(anew.sessions()).containsExactly(8L);
        assertThat(anew.endedSessions()).containsExactly(5L);
    }

    @Test
    void aSnapshotAfterALostConnectionDrainsWhatWasReleasedMeanwhile() {
        claim(0, AccessFlags.ALL, 4);
        // F5: the registry has forgotten the drain, this node has not heard of it.
        DomainChange missed = onlyChange(
                view,
                snapshot(20).addDomains(domain(DOM, DOM_GEN, 2)).addServers(server(DOM, SERVER, SERVER_GEN, true, 3)));
        assertThat(missed.drainsOf(SERVER)).containsExactly(new Drain(20, 0, 0));
        assertThat(missed.view().servers().get(0).changedRevision()).isEqualTo(20);
        assertThat(missed.view().table().claimant(0, true)).isEqualTo(DecisionTable.NONE);
    }

    @Test
    void aSnapshotThatSaysNothingNewMeansNothing() {
        claim(0, AccessFlags.ALL, 4);
        RegistryView.Effects same = view.apply(snapshot(20)
                .addDomains(domain(DOM, DOM_GEN, 2))
                .addServers(server(DOM, SERVER, SERVER_GEN, true, 3))
                .addClaims(held(DOM, SERVER, SERVER_GEN, 0, AccessFlags.ALL, 4))
                .build());
        assertThat(same.changed()).isEmpty();
        assertThat(same.removed()).isEmpty();
        assertThat(view.revision()).isEqualTo(20);
    }

    @Test
    void aDrainInTheFirstSnapshotIsTold() {
        RegistryView fresh = new RegistryView();
        DomainChange change = onlyChange(
                fresh,
                snapshot(9)
                        .addDomains(domain(DOM, DOM_GEN, 1))
                        .addServers(server(DOM, SERVER, SERVER_GEN, true, 3))
                        .addClaims(claimIn(ClaimState.CLAIM_STATE_RELEASING, 0, 4))
                        .addDrains(release(8, DOM, DOM_GEN, SERVER, SERVER_GEN, 0, true)));
        assertThat(change.drainsOf(SERVER)).containsExactly(new Drain(8, 0, 5000));
        assertThat(change.view().servers().get(0).changedRevision()).isEqualTo(8);
        assertThat(change.view().table().claimant(0, true)).isEqualTo(DecisionTable.NONE);
    }

    private DomainChange claim(int x, int flags, long revision) {
        return onlyChange(view, change(revision).addClaims(held(DOM, SERVER, SERVER_GEN, x, flags, revision)));
    }

    private static Claim claimIn(ClaimState state, int x, long epoch) {
        return Records.claim(DOM, SERVER, SERVER_GEN, x, AccessFlags.ALL, epoch, state);
    }

    private static DomainChange onlyChange(RegistryView view, RegistryChange.Builder change) {
        RegistryView.Effects effects = view.apply(change.build());
        assertThat(effects.changed()).hasSize(1);
        return effects.changed().get(0);
    }
}
