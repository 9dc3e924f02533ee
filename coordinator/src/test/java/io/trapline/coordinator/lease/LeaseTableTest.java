package io.trapline.coordinator.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.RegisterNode;
import io.trapline.model.Errno;
import io.trapline.model.Lease;
import io.trapline.model.Refusal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The table of D-10, row by row. */
@DisplayName("V-2, V-3, V-4: leases as their leader counts them")
final class LeaseTableTest {
    private static final long MS = Duration.ofMillis(1).toNanos();
    private static final long WAITS = Lease.LASTS.plus(Lease.MARGIN).toMillis();
    private static final RegisterNode OLD = node(1);
    private static final RegisterNode NEW = node(2);

    private final List<String> said = new ArrayList<>();
    private boolean hasToLose;
    private boolean isPassedOver;
    private boolean isRegistered;
    private long round;

    private static RegisterNode node(long incarnation) {
        return RegisterNode.newBuilder()
                .setNode("n")
                .setIncarnation(incarnation)
                .build();
    }

    private static NodeLife life(RegisterNode node) {
        return LeaseTable.life(node);
    }

    private final class Rests implements LeaseTable.Roles {
        @Override
        public boolean hasToLose(NodeLife life) {
            return hasToLose;
        }

        @Override
        public boolean isPassedOver(NodeLife life) {
            return isPassedOver;
        }

        @Override
        public boolean isRegistered(RegisterNode q) {
            return isRegistered;
        }
    }

    private final class Recorded implements LeaseTable.Effects {
        private void say(String what, NodeLife life) {
            said.add(what + " " + life.getNode() + life.getIncarnation());
        }

        @Override
        public void confirm(long asked) {
            assertThat(asked).isGreaterThan(round);
            round = asked;
            said.add("confirm");
        }

        @Override
        public void leased(NodeLife life) {
            say("leased", life);
        }

        @Override
        public void lapsed(NodeLife life) {
            say("lapsed", life);
        }

        @Override
        public void grant(NodeLife life, long number) {
            say("grant " + number, life);
        }

        @Override
        public void admit(NodeLife life, boolean waiting) {
            say(waiting ? "wait" : "admit", life);
        }

        @Override
        public void refuse(NodeLife life, Refusal why) {
            say("refuse " + why.errno(), life);
        }

        @Override
        public void over(NodeLife life) {
            say("over", life);
        }

        @Override
        public void proposeLapse(NodeLife life) {
            say("propose lapse", life);
        }

        @Override
        public void proposeEnd(NodeLife life) {
            say("propose end", life);
        }

        @Override
        public void proposeRegister(RegisterNode registration, boolean replaces) {
            say(replaces ? "propose replacement" : "propose registration", life(registration));
        }
    }

    /** Ticks as often as the coordinator does, so that the leader does not look stopped. */
    private final class Leader {
        private final LeaseTable table;
        private long nowMillis;

        private Leader(RegisterNode... registered) {
            table = new LeaseTable(
                    new Recorded(),
                    new Rests(),
                    0,
                    java.util.Arrays.stream(registered)
                            .map(LeaseTableTest::life)
                            .toList());
        }

        private long now() {
            return nowMillis * MS;
        }

        private Leader pass(long millis) {
            long until = nowMillis + millis;
            while (nowMillis < until) {
                nowMillis = Math.min(until, nowMillis + 50);
                table.tick(now());
            }
            return this;
        }

        private Leader renew(RegisterNode node, long number) {
            return renew(node, number, 0);
        }

        private Leader renew(RegisterNode node, long number, long applied) {
            table.renew(now(), life(node), number, applied);
            return this;
        }

        private Leader confirmed() {
            table.confirmed(now(), round);
            return this;
        }

        private Leader register(RegisterNode node) {
            table.register(now(), node);
            return this;
        }
    }

    private Leader leased() {
        Leader leader = new Leader(OLD).renew(OLD, 1).confirmed();
        said.clear();
        return leader;
    }

    private Leader lapsed() {
        Leader leader = leased().pass(WAITS + 1);
        assertThat(said).containsExactly("lapsed n1");
        said.clear();
        return leader;
    }

    private List<String> said() {
        List<String> taken = List.copyOf(said);
        said.clear();
        return taken;
    }

    @Nested
    class AnyLife {
        @Test
        void mayBeServingWhenALeadershipBegins() {
            Leader leader = new Leader(OLD);
            assertThat(said()).containsExactly("leased n1");
            assertThat(leader.table.leased()).isEmpty();

            leader.pass(WAITS);
            assertThat(said()).isEmpty();
            leader.pass(1);
            assertThat(said()).containsExactly("lapsed n1");
        }

        @Test
        void isGrantedOnlyAfterAQuorumConfirmedWhatBeganAfterItAsked() {
            // V-3
            Leader leader = new Leader(OLD).renew(OLD, 1);
            assertThat(said()).containsExactly("leased n1", "confirm");
            leader.renew(OLD, 2);
            assertThat(said()).isEmpty();

            leader.confirmed();
            assertThat(said()).containsExactly("grant 1 n1", "confirm");
            leader.confirmed();
            assertThat(said()).containsExactly("grant 2 n1");
            assertThat(leader.table.leased()).containsExactly(life(OLD));
        }

        @Test
        void isGrantedTheLatestOfWhatWaitedForOneConfirmation() {
            Leader leader = new Leader(OLD).renew(OLD, 1).renew(OLD, 2).renew(OLD, 3);
            leader.confirmed();
            said.clear();

            leader.confirmed();

            assertThat(said()).containsExactly("grant 3 n1");
        }

        @Test
        void isGrantedNothingWhereNobodyConfirms() {
            Leader leader = new Leader(OLD).renew(OLD, 1).renew(OLD, 2);
            said.clear();

            leader.table.unconfirmed(round);

            assertThat(said()).containsExactly("confirm");
            leader.table.unconfirmed(round);
            assertThat(said()).isEmpty();
            leader.renew(OLD, 3).confirmed();
            assertThat(said()).containsExactly("confirm", "grant 3 n1");
        }

        @Test
        void isGrantedNothingByARenewalThatIsTooOldToBeOfUse() {
            Leader leader = new Leader(OLD).renew(OLD, 1).pass(WAITS + 1);
            said.clear();

            leader.confirmed();

            assertThat(said()).isEmpty();
        }

        @Test
        void isUnknownHereWhereItNeverRegistered() {
            Leader leader = new Leader(OLD).renew(NEW, 1);
            leader.table.resign(0, life(NEW));
            leader.table.endDecided(life(NEW), true);

            assertThat(said()).containsExactly("leased n1");
        }

        @Test
        void hasTimeToRenewWhereTheLeaderItselfWasStopped() {
            Leader leader = leased();
            leader.nowMillis = 5_000;
            leader.table.tick(leader.now());
            assertThat(said()).isEmpty();

            leader.pass(2 * Lease.RENEW_EVERY.toMillis());
            assertThat(said()).isEmpty();
            leader.pass(1);
            assertThat(said()).containsExactly("lapsed n1");
        }
    }

    @Test
    void saysWhetherItKnowsOfEveryLife() {
        Leader leader = new Leader(OLD);
        assertThat(leader.table.isInGrace()).isTrue();
        leader.renew(OLD, 1).confirmed();
        assertThat(leader.table.isInGrace()).isFalse();

        assertThat(new Leader(OLD).pass(WAITS + 1).table.isInGrace()).isFalse();
    }

    @Test
    void takesNoLifeForDeadThatItDidNotListenTo() {
        // D4
        Leader leader = lapsed();
        long dead = Lease.NODE_DEAD_AFTER.toMillis();
        leader.nowMillis += 2 * dead;
        leader.table.tick(leader.now());
        leader.pass(dead - 1);
        assertThat(said()).isEmpty();

        leader.pass(100);

        assertThat(said()).containsExactly("propose end n1");
    }

    @Nested
    class ALifeThatComesBack {
        @Test
        void isAdmittedAtOnceWhereItIsRegisteredJustSo() {
            isRegistered = true;
            new Leader(OLD).register(OLD);
            assertThat(said()).containsExactly("leased n1", "admit n1");
        }

        @Test
        void isRegisteredAnewWhereItSaysSomethingElse() {
            new Leader(OLD).register(OLD);
            assertThat(said()).containsExactly("leased n1", "propose registration n1");
        }

        @Test
        void learnsFromTheRegistryWhetherItIsOverWhereThatIsProposed() {
            // D-12
            isRegistered = true;
            hasToLose = true;
            Leader leader = lapsing();
            leader.register(OLD);
            assertThat(said()).containsExactly("propose registration n1");

            leader.table.lapseDecided(life(OLD));
            leader.register(OLD);
            // Its earlier registration is under way still.
            assertThat(said()).containsExactly("propose registration n1");
        }

        private Leader lapsing() {
            Leader leader = leased().pass(WAITS + 1);
            assertThat(said()).containsExactly("lapsed n1", "propose lapse n1");
            return leader;
        }
    }

    @Nested
    class ALeasedLife {
        @Test
        void keepsItsLeaseFromTheRenewalOnThatWasGranted() {
            Leader leader = leased().pass(600).renew(OLD, 2).pass(300).confirmed();
            assertThat(said()).containsExactly("confirm", "grant 2 n1");

            leader.pass(WAITS - 300);
            assertThat(said()).isEmpty();
            leader.pass(1);
            assertThat(said()).containsExactly("lapsed n1");
        }

        @Test
        void isFencedWhereItHasSomethingThatOthersTakeOver() {
            hasToLose = true;

            leased().pass(WAITS + 1);

            assertThat(said()).containsExactly("lapsed n1", "propose lapse n1");
        }

        @Test
        void isOverWhenItResigns() {
            Leader leader = leased();
            leader.table.resign(leader.now(), life(OLD));
            assertThat(said()).containsExactly("lapsed n1", "propose end n1");

            leader.renew(OLD, 2);
            leader.table.endDecided(life(OLD), true);

            assertThat(said()).containsExactly("over n1");
        }

        @Test
        void isOverLaterWhereItsResignationCouldNotBeProposed() {
            Leader leader = leased();
            leader.table.resign(leader.now(), life(OLD));
            said.clear();

            leader.table.endDecided(life(OLD), false);
            leader.renew(OLD, 2).pass(50);

            assertThat(said()).containsExactly("propose end n1");
        }

        @Test
        void isWaitedForByTheNextLife() {
            Leader leader = leased().register(NEW);
            assertThat(said()).containsExactly("wait n2");

            leader.pass(WAITS + 1);
            assertThat(said()).containsExactly("lapsed n1", "propose replacement n2");
            leader.table.registered(leader.now(), NEW);
            assertThat(said()).containsExactly("over n1", "admit n2");

            leader.renew(NEW, 1).confirmed();
            assertThat(said()).containsExactly("confirm", "leased n2", "grant 1 n2");
        }

        @Test
        void keepsItsNameWhereItRenewsAfterTheNextLifeCame() {
            Leader leader = leased().register(NEW);
            said.clear();

            leader.renew(OLD, 2).confirmed().pass(WAITS + 1);

            assertThat(said()).containsExactly("refuse EAGAIN n2", "confirm", "grant 2 n1", "lapsed n1");
        }

        @Test
        void isWaitedForByTheNextLifeOnAnotherStreamToo() {
            Leader leader = leased().register(NEW);
            said.clear();

            leader.register(NEW);

            assertThat(said()).containsExactly("wait n2");
            leader.pass(WAITS + 1);
            assertThat(said()).containsExactly("lapsed n1", "propose replacement n2");
        }

        @Test
        void isNotReplacedByALifeThatWentAway() {
            Leader leader = leased().register(NEW);
            leader.table.gone(life(NEW));
            said.clear();

            leader.pass(WAITS + 1);

            assertThat(said()).containsExactly("lapsed n1");
        }

        @Test
        void isFollowedByOneLifeOnly() {
            Leader leader = leased().register(NEW).register(node(3));

            assertThat(said()).containsExactly("wait n2", "refuse EAGAIN n2", "wait n3");
            leader.pass(WAITS + 1);
            assertThat(said()).containsExactly("lapsed n1", "propose replacement n3");
        }

        @Test
        void isGrantedNothingWhereItIsStuck() {
            Leader leader = leased();
            leader.table.reached(leader.now(), 7);
            leader.pass(1_000).renew(OLD, 2, 6).confirmed();
            assertThat(said()).containsExactly("confirm", "grant 2 n1");

            leader.pass(201).renew(OLD, 3, 6).confirmed();
            assertThat(said()).containsExactly("confirm");
            leader.renew(OLD, 4, 7).confirmed();
            assertThat(said()).containsExactly("confirm", "grant 4 n1");
        }

        @Test
        void hasALeasesTimeToCatchUpFromItsAdmissionOn() {
            Leader leader = leased();
            leader.table.reached(leader.now(), 7);
            leader.pass(1_000).register(OLD);
            leader.table.registered(leader.now(), OLD);
            leader.pass(250).renew(OLD, 2).confirmed();

            assertThat(said()).containsExactly("propose registration n1", "admit n1", "confirm", "grant 2 n1");
        }

        @Test
        void staysLeasedWhenItConnectsAnew() {
            Leader leader = leased().register(OLD);
            leader.table.registered(leader.now(), OLD);

            assertThat(said()).containsExactly("propose registration n1", "admit n1");
            assertThat(leader.table.leased()).containsExactly(life(OLD));
        }
    }

    @Nested
    class ALapsedLife {
        @Test
        void isWaitedForAgainWhenItIsGranted() {
            lapsed().renew(OLD, 2).confirmed();

            assertThat(said()).containsExactly("confirm", "leased n1", "grant 2 n1");
        }

        @Test
        void isGrantedWhatWaitedForItsConfirmationWhenItLapsed() {
            Leader leader = leased().pass(WAITS - 100).renew(OLD, 2).pass(101);
            assertThat(said()).containsExactly("confirm", "lapsed n1");

            leader.confirmed();

            assertThat(said()).containsExactly("leased n1", "grant 2 n1");
        }

        @Test
        void isGrantedNothingWhileADrainIsFinishedWithoutIt() {
            // F5: it would serve with what the drain has caught.
            Leader leader = leased().pass(WAITS - 100).renew(OLD, 2).pass(101);
            said();
            isPassedOver = true;
            leader.confirmed();
            assertThat(said()).isEmpty();

            isPassedOver = false;
            leader.renew(OLD, 3).confirmed();

            assertThat(said()).containsExactly("confirm", "leased n1", "grant 3 n1");
        }

        @Test
        void isDeadAfterAMinute() {
            Leader leader = lapsed().pass(Lease.NODE_DEAD_AFTER.toMillis() - 1);
            assertThat(said()).isEmpty();

            leader.pass(1);
            assertThat(said()).containsExactly("propose end n1");
            leader.table.endDecided(life(OLD), true);
            assertThat(said()).containsExactly("over n1");
        }

        @Test
        void isReplacedAtOnce() {
            Leader leader = lapsed().register(NEW);

            assertThat(said()).containsExactly("propose replacement n2");
            // V-4: nothing is granted to it any more.
            leader.renew(OLD, 2);
            assertThat(said()).isEmpty();
        }

        @Test
        void mayComeBackWhereItsReplacementWasRefused() {
            Leader leader = lapsed().register(NEW);
            leader.table.notRegistered(NEW, Refusal.of(Errno.ESTALE, "over"));
            leader.renew(OLD, 2).confirmed();

            assertThat(said())
                    .containsExactly(
                            "propose replacement n2", "refuse ESTALE n2", "confirm", "leased n1", "grant 2 n1");
        }

        @Test
        void isFencedWhenItGetsSomethingToLose() {
            Leader leader = lapsed();
            hasToLose = true;

            leader.pass(50);

            assertThat(said()).containsExactly("propose lapse n1");
        }
    }

    @Nested
    class AnEndingLife {
        private Leader ending() {
            hasToLose = true;
            Leader leader = leased().pass(WAITS - 100).renew(OLD, 2).pass(101);
            assertThat(said()).containsExactly("confirm", "lapsed n1", "propose lapse n1");
            return leader;
        }

        @Test
        void isGrantedNothing() {
            // V-4, D-12
            Leader leader = ending().confirmed().renew(OLD, 3);

            assertThat(said()).isEmpty();
            leader.pass(10_000);
            assertThat(said()).isEmpty();
        }

        @Test
        void mayBeGrantedAgainWhenItIsDecided() {
            Leader leader = ending().confirmed();
            hasToLose = false;
            leader.table.lapseDecided(life(OLD));

            leader.renew(OLD, 3).confirmed();

            assertThat(said()).containsExactly("confirm", "leased n1", "grant 3 n1");
        }

        @Test
        void leavesItsPlaceToTheLifeThatCameMeanwhile() {
            Leader leader = ending().register(NEW);
            assertThat(said()).containsExactly("wait n2");

            leader.table.lapseDecided(life(OLD));
            leader.pass(50);

            assertThat(said()).containsExactly("propose replacement n2");
        }

        @Test
        void isFollowedWithoutAReplacementWhereItIsOver() {
            Leader leader = lapsed();
            leader.table.resign(leader.now(), life(OLD));
            leader.register(NEW);
            leader.table.endDecided(life(OLD), true);

            assertThat(said()).containsExactly("propose end n1", "wait n2", "over n1", "propose registration n2");
            leader.table.registered(leader.now(), NEW);
            assertThat(said()).containsExactly("admit n2");
        }
    }

    @Nested
    class ANewNode {
        @Test
        void isAdmittedWithoutALease() {
            Leader leader = new Leader().register(NEW);
            assertThat(said()).containsExactly("propose registration n2");

            leader.table.registered(leader.now(), NEW);
            assertThat(said()).containsExactly("admit n2");
            assertThat(leader.table.leased()).isEmpty();
            leader.renew(NEW, 1).confirmed();
            assertThat(said()).containsExactly("confirm", "leased n2", "grant 1 n2");
        }

        @Test
        void isRegisteredOneLifeAtATime() {
            // V-4: the second would end the first, which may be granted a lease meanwhile.
            new Leader().register(OLD).register(NEW);

            assertThat(said()).containsExactly("propose registration n1", "refuse EAGAIN n2");
        }

        @Test
        void isToldWhyItIsNotRegistered() {
            Leader leader = new Leader().register(NEW);
            leader.table.notRegistered(NEW, Refusal.of(Errno.ENOSPC, "full"));
            leader.register(OLD);

            assertThat(said())
                    .containsExactly("propose registration n2", "refuse ENOSPC n2", "propose registration n1");
        }
    }
}
