package io.trapline.node.registry;

import static io.trapline.node.fixture.Records.change;
import static io.trapline.node.fixture.Records.domain;
import static io.trapline.node.fixture.Records.drain;
import static io.trapline.node.fixture.Records.held;
import static io.trapline.node.fixture.Records.name;
import static io.trapline.node.fixture.Records.release;
import static io.trapline.node.fixture.Records.server;
import static io.trapline.node.fixture.Records.snapshot;
import static io.trapline.node.fixture.Records.vcpu;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.ConfigFactory;
import io.trapline.internal.v1.DrainKind;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.NodeSessionRequest;
import io.trapline.internal.v1.RegisterNode;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.model.AccessFlags;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.fixture.FakeCoordinator;
import io.trapline.node.fixture.Gates;
import io.trapline.node.fixture.LocalPeers;
import io.trapline.node.fixture.Records;
import io.trapline.node.lease.LinkSettings;
import io.trapline.node.lease.ServingGate;
import io.trapline.node.protocol.Drain;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.protocol.VcpusMessage;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.v1.ClaimState;
import io.trapline.v1.DomainState;
import io.trapline.v1.RequestId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** A node that follows the registry: what it tells its actors and what it tells the coordinator. */
final class NodeRegistryTest {
    private static final ActorTestKit KIT = ActorTestKit.create(ManualTime.config()
            .withFallback(ConfigFactory.load("trapline-node"))
            .resolve());
    private static final ManualTime TIME = ManualTime.get(KIT.system());
    private static final int DOM = 7;
    private static final long DOM_GEN = 2;
    private static final int SERVER = 0;
    private static final long SERVER_GEN = 3;
    private static final String SERVER_ACTOR = "7/server0";

    private final FakeActors actors = new FakeActors();
    private final NodeDirectory directory = new NodeDirectory(Gates.open());
    private final ClientSessions sessions = new ClientSessions();
    private final CompletableFuture<Void> serving = new CompletableFuture<>();
    private FakeCoordinator coordinator;
    private FakeCoordinator.Session session;
    private ActorRef<NodeRegistry.Message> node;
    private final LocalPeers peers = new LocalPeers();
    private final Life self = new Life(Records.NODE, Records.INCARNATION);
    private final Arrivals arrivals = new Arrivals(directory);

    @BeforeEach
    void aNodeThatRegisters() throws Exception {
        coordinator = new FakeCoordinator();
        RegisterNode register = RegisterNode.newBuilder()
                .setNode(Records.NODE)
                .setIncarnation(Records.INCARNATION)
                .setAddress("127.0.0.1:1")
                .build();
        LinkSettings settings = new LinkSettings(
                register,
                List.of(coordinator.address),
                FakeCoordinator::channel,
                System::nanoTime,
                new ServingGate(System::nanoTime),
                coordinators -> {},
                leader -> {},
                () -> serving.complete(null),
                why -> {});
        node = KIT.spawn(
                NodeRegistry.create(settings, actors, directory, sessions, peers.of(self, arrivals), arrivals));
        node.tell(new NodeRegistry.Begin());
        session = coordinator.session();
        assertThat(coordinator.next().getRegister()).isEqualTo(register);
    }

    @AfterEach
    void stop() {
        KIT.stop(node);
        coordinator.close();
    }

    @AfterAll
    static void shutDown() {
        KIT.shutdownTestKit();
    }

    @Test
    void servesWhenTheSnapshotIsApplied() throws Exception {
        assertThat(serving).isNotDone();
        session.tell(snapshot(9).addDomains(domain(DOM, DOM_GEN, 2)));
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(9);
        serving.get(60, TimeUnit.SECONDS);
        assertThat(directory.domain(DOM).orElseThrow().shards()).hasSize(2);
    }

    @Test
    void everyActorOfADomainIsToldWhatHasChanged() throws Exception {
        serve();
        actors.forget();
        session.tell(change(4).addVcpus(vcpu(DOM, 1, 4)));
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(4);
        // A6
        VcpuOpening opening = new VcpuOpening(1, 4);
        ServerMessage.Apply server = actors.next(SERVER_ACTOR, ServerMessage.Apply.class);
        assertThat(server.revision()).isEqualTo(4);
        assertThat(server.opened()).containsExactly(opening);
        for (String shard : List.of("7/shard0", "7/shard1")) {
            ShardMessage.Apply apply = actors.next(shard, ShardMessage.Apply.class);
            assertThat(apply.table().revision()).isEqualTo(4);
            assertThat(apply.opened()).containsExactly(opening);
            assertThat(apply.servers()).containsOnlyKeys(SERVER);
        }
        VcpusMessage.Apply vcpus = actors.next("7/vcpus", VcpusMessage.Apply.class);
        assertThat(vcpus.revision()).isEqualTo(4);
        assertThat(vcpus.opened()).containsExactly(opening);
    }

    @Test
    void aDomainThatNobodyAccessesHasNoActorAndIsAcknowledgedAtOnce() throws Exception {
        actors.apply = false;
        session.tell(
                snapshot(3).addDomains(domain(DOM, DOM_GEN, 2)).addServers(server(DOM, SERVER, SERVER_GEN, true, 3)));
        session.tell(change(4).addVcpus(vcpu(DOM, 1, 4)));
        session.tell(change(6).addRemovedServers(name(DOM, SERVER)));
        for (long revision : new long[] {3, 4, 6}) {
            assertThat(coordinator.next().getAppliedRevision()).isEqualTo(revision);
        }
        assertThat(actors.told).isEmpty();
    }

    @Test
    void aReleaseOfWhatNobodyWasPassedIsDrainedAtOnceAndItsPagesAreReset() throws Exception {
        // C5
        session.tell(
                snapshot(3).addDomains(domain(DOM, DOM_GEN, 2)).addServers(server(DOM, SERVER, SERVER_GEN, true, 3)));
        session.tell(change(4).addClaims(held(DOM, SERVER, SERVER_GEN, 0, AccessFlags.ALL, 4)));
        session.tell(releaseOf0(5, true));
        for (long revision : new long[] {3, 4, 5}) {
            assertThat(coordinator.next().getAppliedRevision()).isEqualTo(revision);
        }
        // Nobody has changed a type.
        assertThat(coordinator.next().getDrainedRevision()).isEqualTo(5);
        assertThat(actors.told).isEmpty();
        session.tell(change(6)
                .addClaims(held(DOM, SERVER, SERVER_GEN, 0, AccessFlags.ALL, 6))
                .addEndedDrains(5));
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(6);
        directory.domain(DOM).orElseThrow().types().tell(new TypesMessage.ServerGone(9, 1));
        actors.next("7/types", TypesMessage.ServerGone.class);
        session.tell(change(7)
                .addClaims(
                        Records.claim(DOM, SERVER, SERVER_GEN, 0, AccessFlags.ALL, 6, ClaimState.CLAIM_STATE_RELEASING))
                .addDrains(release(7, DOM, DOM_GEN, SERVER, SERVER_GEN, 0, true)));
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(7);
        TypesMessage.Reset reset = actors.next("7/types", TypesMessage.Reset.class);
        assertThat(coordinator.hasMore()).isFalse();
        reset.done().run();
        assertThat(coordinator.next().getDrainedRevision()).isEqualTo(7);
    }

    @Test
    void anActorBeginsWithWhatTheRegistrySaysAndThenHearsWhatStartedIt() throws Exception {
        session.tell(snapshot(3)
                .addDomains(domain(DOM, DOM_GEN, 2))
                .addServers(server(DOM, SERVER, SERVER_GEN, true, 3))
                .addVcpus(vcpu(DOM, 1, 2)));
        session.tell(change(4).addVcpus(vcpu(DOM, 2, 4)));
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(3);
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(4);
        DomainHandle domain = directory.domain(DOM).orElseThrow();
        domain.shards().get(1).tell(new ShardMessage.Recalled(0, 1));
        domain.shards().get(1).tell(new ShardMessage.Recalled(0, 2));
        ShardMessage.Apply first = (ShardMessage.Apply) actors.next("7/shard1", Object.class);
        assertThat(first.table().revision()).isEqualTo(4);
        // A6: what was opened before it was there is fenced all the same.
        assertThat(first.opened()).containsExactly(new VcpuOpening(1, 2), new VcpuOpening(2, 4));
        assertThat(first.servers()).containsOnlyKeys(SERVER);
        assertThat(actors.next("7/shard1", Object.class)).isEqualTo(new ShardMessage.Recalled(0, 1));
        assertThat(actors.next("7/shard1", Object.class)).isEqualTo(new ShardMessage.Recalled(0, 2));
        Objects.requireNonNull(domain.servers().get(SERVER)).route().tell(new ServerMessage.PostedLeft(new KeyRows(1)));
        ServerMessage.Apply server = (ServerMessage.Apply) actors.next(SERVER_ACTOR, Object.class);
        assertThat(server.view().generation()).isEqualTo(SERVER_GEN);
        assertThat(server.opened()).hasSize(2);
        assertThat(actors.told).extracting(FakeActors.Told::who).doesNotContain("7/vcpus", "7/shard0", "7/types");
    }

    @Test
    void acknowledgesInOrderAndOnlyWhatEveryActorHasApplied() throws Exception {
        serve();
        actors.forget();
        actors.apply = false;
        session.tell(change(4).addVcpus(vcpu(DOM, 1, 4)));
        session.tell(change(5).addSessions(5));
        // Rule 0: servers, shards and vCPUs, and 5 not before 4.
        ServerMessage.Apply server = actors.next(SERVER_ACTOR, ServerMessage.Apply.class);
        ShardMessage.Apply first = actors.next("7/shard0", ShardMessage.Apply.class);
        VcpusMessage.Apply vcpus = actors.next("7/vcpus", VcpusMessage.Apply.class);
        server.applied().run();
        first.applied().run();
        first.applied().run();
        assertThat(coordinator.hasMore()).isFalse();
        vcpus.applied().run();
        long acknowledged = coordinator.next().getAppliedRevision();
        // 5 may have come before 4 was done, and then is acknowledged with it.
        assertThat(acknowledged == 5 ? 5 : coordinator.next().getAppliedRevision())
                .isEqualTo(5);
    }

    @Test
    void theDirectoryKnowsADomainAndItsServersBeforeTheyAreAcknowledged() throws Exception {
        serve();
        DomainHandle domain = directory.domain(DOM).orElseThrow();
        assertThat(domain.generation()).isEqualTo(DOM_GEN);
        assertThat(domain.servers().values())
                .extracting(ServerHandle::principal)
                .containsExactly(Records.PRINCIPAL);
        session.tell(change(5).addRemovedServers(name(DOM, SERVER)));
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(5);
        assertThat(directory.domain(DOM).orElseThrow().servers()).isEmpty();
        Refusal why = actors.next(SERVER_ACTOR, ServerMessage.Stop.class).why();
        assertThat(why.errno()).isEqualTo(Errno.ENOENT);
    }

    @Test
    void aDrainIsReportedAfterItsRevision() throws Exception {
        serve();
        session.tell(change(4).addClaims(held(DOM, SERVER, SERVER_GEN, 0, AccessFlags.ALL, 4)));
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(4);
        actors.apply = false;
        actors.forget();
        session.tell(releaseOf0(5, false));
        ServerMessage.Apply apply = actors.next(SERVER_ACTOR, ServerMessage.Apply.class);
        assertThat(apply.drains()).containsExactly(new Drain(5, 0, 5000));
        // F5: done at once, since nothing was in flight; and yet not told before all know of the release.
        drained(5);
        apply.applied().run();
        ShardMessage.Apply shards = actors.next("7/shard1", ShardMessage.Apply.class);
        VcpusMessage.Apply vcpus = actors.next("7/vcpus", VcpusMessage.Apply.class);
        shards.applied().run();
        shards.applied().run();
        assertThat(coordinator.hasMore()).isFalse();
        vcpus.applied().run();
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(5);
        assertThat(coordinator.next().getDrainedRevision()).isEqualTo(5);
    }

    @Test
    @DisplayName(
            "V-10: a drain is not reported while a shard here waits for what the server has of it, at whatever home")
    void aDrainWaitsForTheShards() throws Exception {
        serve();
        actors.returns = false;
        session.tell(change(4).addClaims(held(DOM, SERVER, SERVER_GEN, 0, AccessFlags.ALL, 4)));
        session.tell(releaseOf0(5, false));
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(4);
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(5);
        drained(5);
        ShardMessage.AwaitReturned first = actors.next("7/shard0", ShardMessage.AwaitReturned.class);
        ShardMessage.AwaitReturned second = actors.next("7/shard1", ShardMessage.AwaitReturned.class);
        assertThat(first.serverId()).isEqualTo(SERVER);
        assertThat(first.revision()).isEqualTo(5);
        first.returned().run();
        session.tell(change(6).addSessions(6));
        NodeSessionRequest said = coordinator.next();
        for (; said.getAppliedRevision() != 6; said = coordinator.next()) {
            assertThat(said.getDrainedRevision()).isZero();
        }
        second.returned().run();
        assertThat(coordinator.next().getDrainedRevision()).isEqualTo(5);
    }

    @Test
    @DisplayName("V-10: what a node has said of a drain before it had a copy is looked at, and said, again")
    void aDrainIsSaidAgainOfACopyThatCameLater() throws Exception {
        serve();
        session.tell(change(4).addClaims(held(DOM, SERVER, SERVER_GEN, 0, AccessFlags.ALL, 4)));
        session.tell(releaseOf0(5, false));
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(4);
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(5);
        drained(5);
        assertThat(coordinator.next().getDrainedRevision()).isEqualTo(5);
        NodeLife other = NodeLife.newBuilder().setNode("n2").setIncarnation(9).build();
        session.tell(change(6).addDomains(Records.at(other, domain(DOM, DOM_GEN, 2))));
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(6);
        actors.returns = false;
        actors.forget();

        session.tell(change(7).addDomains(domain(DOM, DOM_GEN, 2)));
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(7);
        ShardMessage.AwaitReturned first = actors.next("7/shard0", ShardMessage.AwaitReturned.class);
        ShardMessage.AwaitReturned second = actors.next("7/shard1", ShardMessage.AwaitReturned.class);
        assertThat(coordinator.hasMore()).isFalse();
        first.returned().run();
        second.returned().run();

        assertThat(coordinator.next().getDrainedRevision()).isEqualTo(5);
    }

    @Test
    @DisplayName(
            "D-22: a server's home is told that shards have asked, after every one of them has applied the move, and what it asks has left")
    void aHomeIsToldThatShardsHaveAsked() throws Exception {
        serve();
        actors.forget();
        actors.apply = false;
        session.tell(change(6)
                .addServers(server(DOM, SERVER, SERVER_GEN, true, 6).toBuilder().setHomeEpoch(6)));
        actors.next(SERVER_ACTOR, ServerMessage.Apply.class).applied().run();
        ShardMessage.Apply first = actors.next("7/shard0", ShardMessage.Apply.class);
        ShardMessage.Apply second = actors.next("7/shard1", ShardMessage.Apply.class);
        VcpusMessage.Apply vcpus = actors.next("7/vcpus", VcpusMessage.Apply.class);
        vcpus.applied().run();
        first.applied().run();
        assertThat(actors.told)
                .extracting(FakeActors.Told::message)
                .noneMatch(ServerMessage.HomeTold.class::isInstance);

        second.applied().run();
        ShardMessage.AwaitSent asked = actors.next("7/shard0", ShardMessage.AwaitSent.class);
        actors.next("7/shard1", ShardMessage.AwaitSent.class).sent().run();
        assertThat(actors.told)
                .extracting(FakeActors.Told::message)
                .noneMatch(ServerMessage.HomeTold.class::isInstance);

        asked.sent().run();

        assertThat(actors.next(SERVER_ACTOR, ServerMessage.HomeTold.class))
                .isEqualTo(new ServerMessage.HomeTold(self, 6, 0));
    }

    @Test
    void aReleaseWithResetIsDoneWhenThePagesAreReset() throws Exception {
        // C5
        serve();
        session.tell(change(4).addClaims(held(DOM, SERVER, SERVER_GEN, 0, AccessFlags.ALL, 4)));
        session.tell(releaseOf0(5, true));
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(4);
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(5);
        drained(5);
        TypesMessage.Reset reset = actors.next("7/types", TypesMessage.Reset.class);
        assertThat(reset.x()).isZero();
        assertThat(coordinator.hasMore()).isFalse();
        reset.done().run();
        assertThat(coordinator.next().getDrainedRevision()).isEqualTo(5);
    }

    @Test
    void aDrainThatNothingHereWaitsForIsDoneAtOnce() throws Exception {
        session.tell(snapshot(9)
                .addDomains(domain(DOM, DOM_GEN, 1, DomainState.DOMAIN_STATE_CRASHED, 0))
                .addDrains(drain(8, DrainKind.DRAIN_KIND_DESTROY, DOM, DOM_GEN)
                        .setId(1)
                        .setGeneration(4)));
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(9);
        assertThat(coordinator.next().getDrainedRevision()).isEqualTo(8);
    }

    @Test
    void aDestroyedDomainLeavesAndItsActorsEnd() throws Exception {
        // S4
        serve();
        List<Optional<Refusal>> answers = new ArrayList<>();
        directory.domain(DOM).orElseThrow().calls().begin(answers::add);
        session.tell(change(5)
                .addDomains(domain(DOM, DOM_GEN, 2, DomainState.DOMAIN_STATE_DESTROYING, 0))
                .addDrains(drain(5, DrainKind.DRAIN_KIND_DESTROY_DOMAIN, DOM, DOM_GEN)));
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(5);
        assertThat(coordinator.next().getDrainedRevision()).isEqualTo(5);
        assertThat(directory.domain(DOM)).isEmpty();
        assertThat(answers).containsExactly(Optional.of(Refusal.noDomain(DOM)));
        assertThat(actors.next("7/vcpus", VcpusMessage.Closed.class).stop()).isTrue();
        session.tell(change(6).addRemovedDomains(DOM).addEndedDrains(5));
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(6);
        // The id again, as another domain.
        session.tell(change(7).addDomains(domain(DOM, 7, 1)));
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(7);
        assertThat(directory.domain(DOM).orElseThrow().generation()).isEqualTo(7);
    }

    @Test
    void aCrashedDomainIsKnownAndHasNoActors() throws Exception {
        // D4
        session.tell(snapshot(9).addDomains(domain(DOM, DOM_GEN, 2, DomainState.DOMAIN_STATE_CRASHED, 0)));
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(9);
        assertThat(directory.domain(DOM).orElseThrow().crashed()).isTrue();
        assertThat(directory.find(DOM, DOM_GEN))
                .isInstanceOfSatisfying(
                        NodeDirectory.Lookup.Refused.class,
                        refused -> assertThat(refused.refusal().errno()).isEqualTo(Errno.EIO));
        assertThat(actors.told).isEmpty();
    }

    @Test
    void aDomainThatCrashesEndsItsStreamsWithEio() throws Exception {
        // D4
        serve();
        session.tell(change(5).addDomains(domain(DOM, DOM_GEN, 2, DomainState.DOMAIN_STATE_CRASHED, 0)));
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(5);
        VcpusMessage.Closed closed = actors.next("7/vcpus", VcpusMessage.Closed.class);
        assertThat(closed.why().errno()).isEqualTo(Errno.EIO);
        assertThat(directory.domain(DOM).orElseThrow().crashed()).isTrue();
    }

    @Test
    void anActorThatDiesTakesItsDomainWithItAndNothingElse() throws Exception {
        serve();
        session.tell(change(4).addDomains(domain(8, 4, 1)));
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(4);
        actors.apply = false;
        session.tell(change(5)
                .addVcpus(vcpu(DOM, 0, 5))
                .addDrains(drain(5, DrainKind.DRAIN_KIND_DISABLE, DOM, DOM_GEN)
                        .setId(SERVER)
                        .setGeneration(SERVER_GEN)));
        List<Optional<Refusal>> answers = new ArrayList<>();
        directory.domain(DOM).orElseThrow().calls().begin(answers::add);
        directory.domain(DOM).orElseThrow().shards().get(1).tell(FakeActors.POISON);
        // What it had not applied and what it had to drain is over with it.
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(5);
        assertThat(coordinator.next().getDrainedRevision()).isEqualTo(5);
        assertThat(actors.next("7/vcpus", VcpusMessage.Closed.class).why().errno())
                .isEqualTo(Errno.EIO);
        assertThat(directory.domain(DOM).orElseThrow().crashed()).isTrue();
        assertThat(answers.get(0).orElseThrow().errno()).isEqualTo(Errno.EIO);
        assertThat(directory.domain(8).orElseThrow().crashed()).isFalse();
        actors.apply = true;
        session.tell(change(6).addVcpus(vcpu(8, 0, 6)).addVcpus(vcpu(DOM, 0, 6)));
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(6);
    }

    @Test
    void aLostSessionIsOpenedAgainAndToldOfDoneDrainsOnceMore() throws Exception {
        serve();
        session.tell(change(5)
                .addDrains(drain(5, DrainKind.DRAIN_KIND_DISABLE, DOM, DOM_GEN)
                        .setId(SERVER)
                        .setGeneration(SERVER_GEN)));
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(5);
        drained(5);
        assertThat(coordinator.next().getDrainedRevision()).isEqualTo(5);
        DomainHandle before = directory.domain(DOM).orElseThrow();

        session.cut();
        session = reconnected();
        NodeSessionRequest again = coordinator.next();
        assertThat(again.getRegister().getIncarnation()).isEqualTo(99);
        assertThat(again.getKnownRevision()).isEqualTo(5);
        assertThat(again.getClusterId()).isEqualTo(coordinator.cluster);
        assertThat(coordinator.next().getDrainedRevision()).isEqualTo(5);
        DrainRecord standing = drain(5, DrainKind.DRAIN_KIND_DISABLE, DOM, DOM_GEN)
                .setId(SERVER)
                .setGeneration(SERVER_GEN)
                .build();
        session.tell(snapshot(8)
                .addDomains(domain(DOM, DOM_GEN, 2))
                .addServers(server(DOM, SERVER, SERVER_GEN, true, 3))
                .addDrains(standing));
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(8);
        // The memory is where it was.
        assertThat(directory.domain(DOM).orElseThrow().shards()).isEqualTo(before.shards());
    }

    @Test
    void tellsWhichClientSessionsHaveCalledEveryTenSeconds() throws Exception {
        session.tell(snapshot(9).addSessions(4));
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(9);
        RequestId id = RequestId.newBuilder().setSession(4).setNumber(1).build();
        assertThat(sessions.begin(id)).isEmpty();
        TIME.timePasses(Duration.ofSeconds(10));
        assertThat(coordinator.next().getActivity().getSessionsList()).containsExactly(4L);
    }

    @Test
    void callsEndWhenTheNodeStops() throws Exception {
        serve();
        List<Optional<Refusal>> answers = new ArrayList<>();
        directory.domain(DOM).orElseThrow().calls().begin(answers::add);
        KIT.stop(node);
        assertThat(answers.get(0).orElseThrow().errno()).isEqualTo(Errno.EAGAIN);
    }

    /** Domain 7 with two shards and an enabled server, acknowledged. */
    private void serve() throws InterruptedException {
        session.tell(
                snapshot(3).addDomains(domain(DOM, DOM_GEN, 2)).addServers(server(DOM, SERVER, SERVER_GEN, true, 3)));
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(3);
        startActors();
    }

    /** Tells each of the domain something, and waits until they have begun with what the registry says. */
    private void startActors() throws InterruptedException {
        DomainHandle domain = directory.domain(DOM).orElseThrow();
        domain.vcpus().tell(new VcpusMessage.ShardAnswers(0, new OutcomeRows(1)));
        domain.types().tell(new TypesMessage.ServerGone(9, 1));
        domain.servers().values().forEach(server -> server.route().tell(new ServerMessage.PostedLeft(new KeyRows(1))));
        actors.next("7/vcpus", VcpusMessage.ShardAnswers.class);
        actors.next("7/types", TypesMessage.ServerGone.class);
        actors.next(SERVER_ACTOR, ServerMessage.PostedLeft.class);
        for (int i = 0; i < domain.shards().size(); i++) {
            domain.shards().get(i).tell(new ShardMessage.Recalled(0, 0));
            actors.next("7/shard" + i, ShardMessage.Recalled.class);
        }
    }

    private void drained(long revision) {
        Objects.requireNonNull(actors.drained.get(SERVER_ACTOR)).accept(revision);
    }

    private static RegistryChange.Builder releaseOf0(long revision, boolean reset) {
        return change(revision)
                .addClaims(
                        Records.claim(DOM, SERVER, SERVER_GEN, 0, AccessFlags.ALL, 4, ClaimState.CLAIM_STATE_RELEASING))
                .addDrains(release(revision, DOM, DOM_GEN, SERVER, SERVER_GEN, 0, reset));
    }

    private FakeCoordinator.Session reconnected() throws InterruptedException {
        await().until(() -> {
            TIME.timePasses(Duration.ofMillis(50));
            return coordinator.hasSession();
        });
        return coordinator.session();
    }
}
