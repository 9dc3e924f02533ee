package io.trapline.sim.world.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.BeginHandOver;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.RunName;
import io.trapline.internal.v1.ShardRun;
import io.trapline.model.Errno;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.sim.world.cluster.request.Requests;
import io.trapline.v1.RequestId;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The traps in the protocol, one after the other, each under several clocks and delays. What must hold all the time is checked after every step. */
@Tag("simulation")
@DisplayName("C2, C5, F5, E across hosts: the traps in the protocol")
final class ScenariosTest {
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void aDeposedLeaderThatThawsGrantsNothing(long seed) {
        Scenario scenario = new Scenario(seed, 3, 2);
        SimHost old = scenario.leaderHost();
        old.pause();
        scenario.untilAnotherLeadsThan(old);
        // Renewals and a call wait in its buffers.
        Scenario.Asked stale = scenario.ask(old.name(), Requests.createDomain(1), false);
        scenario.passes(2_000);
        long grants = scenario.cluster.leaseChecks.grants();
        old.goOn();
        scenario.until("the call is over", stale::isOver);
        scenario.passes(500);

        assertThat(stale.hasReturned()).isFalse();
        assertThat(scenario.cluster.leaseChecks.grants()).isGreaterThan(grants);
        assertThat(scenario.cluster.nodes().values()).allMatch(node -> node.serves());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void aLeaderDiesBetweenTheTwoStepsOfARelease(long seed) {
        Scenario scenario = new Scenario(seed, 3, 2);
        long claim = scenario.claimed();
        SimHost atWork = scenario.nodeAtWork(claim);
        atWork.pause();
        Answer released = scenario.returnedWithoutNodes(Requests.release(1, 0, 0, 5_000));
        SimHost old = scenario.leaderHost();
        scenario.cluster.crashCoordinator(old);
        scenario.untilAnotherLeadsThan(old);

        Scenario.Asked second = scenario.ask(Requests.claim(1, 1, 0), false);
        scenario.until("the claim is answered", second::isOver);
        if (second.hasReturned()) {
            assertThat(second.answer().getRefusal().getErrno()).isEqualTo(Errno.EBUSY.number());
        }
        atWork.goOn();
        scenario.until("the next leader has finished the drain", () -> {
            var view = scenario.leader().replica().view();
            return view.revision() > released.getDrain() && !view.drains(released.getDrain());
        });
        assertThat(scenario.returned(Requests.claim(1, 1, 0), false).hasRefusal())
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void whatANodeHadBeforeItWasStoppedDoesNotGoOnAfterIt(long seed) {
        Scenario scenario = new Scenario(seed, 3, 2);
        long claim = scenario.claimed();
        SimHost stopped = scenario.nodeAtWork(claim);
        stopped.pause();
        scenario.returned(Requests.release(1, 0, 0, 5_000), true);
        assertThat(scenario.node(stopped).serves()).isFalse();
        assertThat(scenario.node(stopped).claimsAtWork()).contains(claim);
        scenario.returned(Requests.claim(1, 1, 0), false);
        stopped.goOn();
        scenario.until("it serves again", () -> scenario.node(stopped).serves());

        scenario.passes(20);
        assertThat(scenario.node(stopped).claimsAtWork()).doesNotContain(claim);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void whatABackupHasSaidOfADrainDoesNotCountWhenItDecides(long seed) {
        // V-10: it was about another copy, and what that one had at a server may be asked about anew
        Scenario scenario = new Scenario(seed, 3, 3);
        scenario.claimed(true);
        ShardRun run = scenario.run();
        SimHost backup = scenario.hostOf(run.getBackup());
        SimHost third = scenario.cluster.nodeHosts.stream()
                .filter(host -> host != backup && host != scenario.hostOf(run.getPrimary()))
                .findFirst()
                .orElseThrow();
        third.pause();
        Answer released = scenario.returnedWithoutNodes(Requests.release(1, 0, 0, 50));
        scenario.until(
                "the backup has said so",
                () -> scenario.cluster.drainReports.hasSaid(run.getBackup(), released.getDrain()));
        Command handOver = Command.newBuilder()
                .setBeginHandOver(BeginHandOver.newBuilder()
                        .setRun(RunName.newBuilder()
                                .setDomid(1)
                                .setDomainGeneration(scenario.leader()
                                        .replica()
                                        .view()
                                        .everything()
                                        .getDomains(0)
                                        .getDomain()
                                        .getGeneration())
                                .setEpoch(run.getEpoch()))
                        .setPrimary(run.getPrimary()))
                .build();
        scenario.ask(handOver, false);
        scenario.until("the backup decides", () -> scenario.run().getPrimary().equals(run.getBackup()));
        backup.pause();
        third.goOn();
        scenario.passes(400);
        assertThat(scenario.leader().replica().view().drains(released.getDrain()))
                .as("it does not know yet that it decides")
                .isTrue();
        backup.goOn();

        scenario.until(
                "the drain is finished",
                () -> !scenario.leader().replica().view().drains(released.getDrain()));
        assertThat(scenario.cluster.drainReports.again()).isPositive();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void aRestartedNodeWaitsForTheLeaseOfItsLifeBefore(long seed) {
        Scenario scenario = new Scenario(seed, 3, 2);
        SimHost host = scenario.cluster.nodeHosts.getFirst();
        NodeLife before = scenario.node(host).life();
        scenario.cluster.crashNode(host);
        scenario.cluster.startNode(host);
        NodeLife after = scenario.node(host).life();
        scenario.until("its next life serves", () -> scenario.node(host).serves());

        assertThat(after).isNotEqualTo(before);
        assertThat(scenario.leader().takesForLapsed(before)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void aReplicaThatLostItsDiskDoesNotVote(long seed) {
        Scenario scenario = new Scenario(seed, 3, 1);
        SimHost lags = scenario.cluster.coordinatorHosts.stream()
                .filter(host -> host != scenario.leaderHost())
                .findFirst()
                .orElseThrow();
        lags.pause();
        Answer created = scenario.returned(Requests.createDomain(1), false);
        SimHost loses = scenario.cluster.coordinatorHosts.stream()
                .filter(host -> host != scenario.leaderHost() && host != lags)
                .findFirst()
                .orElseThrow();
        scenario.cluster.crashCoordinator(loses);
        scenario.cluster.log.wipe(scenario.cluster.coordinatorHosts.indexOf(loses));
        lags.goOn();
        SimHost old = scenario.leaderHost();
        old.pause();
        scenario.passes(2_000);
        // Nobody leads: what it would lead without is on the disk of the one that is stopped.
        assertThat(scenario.cluster.log.isEmpty(scenario.cluster.coordinatorHosts.indexOf(loses)))
                .isTrue();
        old.goOn();

        assertThat(scenario.returned(Requests.createDomain(1), false)
                        .getRefusal()
                        .getErrno())
                .isEqualTo(Errno.EEXIST.number());
        assertThat(created.hasRefusal()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void anEntryOfALeadershipThatIsOverIsAnsweredTheFirstAnswer(long seed) {
        Scenario scenario = new Scenario(seed, 3, 1);
        long session = scenario.returned(Requests.openSession(), false)
                .getOpenSession()
                .getSession();
        Command create = Requests.withId(
                Requests.createDomain(1),
                RequestId.newBuilder().setSession(session).setNumber(1).build());
        SimHost old = scenario.leaderHost();
        long before = scenario.cluster.logChecks.revision();
        Scenario.Asked lost = scenario.ask(create, false);
        // It is in force, and its leader dies before it can say so.
        scenario.until("it is in force", () -> scenario.cluster.logChecks.revision() > before);
        scenario.cluster.crashCoordinator(old);
        scenario.untilAnotherLeadsThan(old);
        scenario.until("the call is over", lost::isOver);

        Answer again = scenario.returned(create, false);
        assertThat(again.hasRefusal()).isFalse();
        assertThat(again.getRevision()).isEqualTo(before + 1);
        assertThat(scenario.returned(create, false)).isEqualTo(again);
    }
}
