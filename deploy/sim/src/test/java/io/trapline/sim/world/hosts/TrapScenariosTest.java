package io.trapline.sim.world.hosts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.model.Errno;
import io.trapline.model.MemType;
import io.trapline.node.peer.TrafficClass;
import io.trapline.node.protocol.Life;
import io.trapline.sim.check.GuestAccess;
import io.trapline.sim.check.Violation;
import io.trapline.sim.world.part.Commands;
import io.trapline.sim.world.part.Emulator;
import io.trapline.sim.world.part.Layout;
import io.trapline.sim.world.part.ServerName;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The traps in the protocol that one guest and one emulator can run into, each told as a story. All that must hold is checked after every step. */
@Tag("simulation")
@DisplayName("A3, A4, C5, F2, F4, F5, S4, S5, D-20, D-22, D-23 across hosts: the traps in the protocol")
final class TrapScenariosTest {
    private static final GuestAccess.Outcome DONE = new GuestAccess.Outcome(0, Errno.OK);
    /** Of another word. */
    private static final int OTHER = 1;

    private static final int DRAIN_MILLIS = 300;

    /** Longer than anything is on its way, unless it is lost. */
    private static final int A_WHILE_MILLIS = 1_000;

    private HostsPlant plant = HostsPlant.NONE;

    /** Nothing of what comes late reaches the guest or its page, and the access is carried out by whoever has it now. */
    private static void isOnlyServedBy(TrapScenario trap, Emulator now, GuestAccess access) {
        trap.untilItHas(now, 1);
        trap.scenario.passes(A_WHILE_MILLIS);
        assertThat(access.outcome()).as("what the late one says").isEmpty();
        assertThat(now.toCarryOut()).isEqualTo(1);
        trap.serves(now);
        assertThat(trap.outcome(access)).isEqualTo(DONE);
        assertThat(trap.inMemory(trap.page, 0)).as("what the late one writes").isZero();
    }

    // ---- a retry whose page changed

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    @DisplayName("A retry whose page changed: its answer was lost on its way to the guest")
    void aRetryWhosePageChangedHasTheOutcomeThatItsGuestDidNotHear(long seed) {
        TrapScenario trap = TrapScenario.begin(seed, plant);
        GuestAccess access = trap.writes(trap.page, 0);
        trap.untilItHas(trap.emulator, 1);
        trap.scenario.cut(trap.primary, trap.gateway);
        trap.serves(trap.emulator);
        trap.scenario.until("it is answered", () -> !trap.isAtWork(trap.home, trap.server));
        trap.becomes(trap.page, MemType.RAM_RW);
        assertThat(access.outcome()).isEmpty();
        trap.guestGoesTo(trap.home);

        wasCarriedOutOnce(trap, access);
        assertThat(trap.inMemory(trap.page, 0)).as("nothing went to the page").isZero();
        trap.scenario.mend(trap.primary, trap.gateway);
        trap.ends();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    @DisplayName("A retry whose page changed: its answer was lost with the primary")
    void aRetryWhosePageChangedHasTheOutcomeThatItsPrimaryDidNotHear(long seed) {
        TrapScenario trap = TrapScenario.begin(seed, plant);
        GuestAccess access = trap.writes(trap.page, 0);
        trap.untilItHas(trap.emulator, 1);
        trap.scenario.cut(trap.home, trap.primary);
        trap.serves(trap.emulator);
        trap.scenario.until("it is answered", () -> !trap.isAtWork(trap.home, trap.server));
        trap.primaryDies();
        trap.scenario.mend(trap.home, trap.primary);
        trap.becomes(trap.page, MemType.RAM_RW);
        trap.guestGoesTo(trap.home);

        wasCarriedOutOnce(trap, access);
        assertThat(trap.inMemory(trap.page, 0)).as("nothing went to the page").isZero();
        trap.ends();
    }

    private static void wasCarriedOutOnce(TrapScenario trap, GuestAccess access) {
        assertThat(trap.outcome(access)).isEqualTo(DONE);
        assertThat(trap.hosts.stage.carriedOut.times(access.key())).isEqualTo(1);
    }

    // ---- the late emulator

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    @DisplayName("The late emulator: another has fenced it")
    void anEmulatorThatWasFencedIsNotBelieved(long seed) {
        TrapScenario trap = TrapScenario.begin(seed, plant);
        GuestAccess access = trap.writes(trap.page, 0);
        trap.carriesOut(trap.emulator);
        trap.scenario.cut(trap.world.clients, trap.home);
        trap.emulator.writePages();
        trap.emulator.answerAll();
        Emulator next = trap.attached(trap.server, trap.backup);
        trap.scenario.mend(trap.world.clients, trap.home);

        isOnlyServedBy(trap, next, access);
        trap.ends();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    @DisplayName("The late emulator: its time was up")
    void anEmulatorThatAnswersAfterItsTimeWritesNothing(long seed) {
        TrapScenario trap = TrapScenario.impatient(seed, plant);
        GuestAccess access = trap.writes(trap.page, 0);
        trap.carriesOut(trap.emulator);
        assertThat(trap.outcome(access).errno()).isEqualTo((byte) Errno.ETIMEDOUT.number());
        trap.emulator.writePages();
        trap.scenario.until("its call is answered", () -> !trap.emulator.isWaiting());
        trap.emulator.answerAll();
        trap.scenario.passes(A_WHILE_MILLIS);

        assertThat(trap.inMemory(trap.page, 0)).as("what the late one writes").isZero();
        trap.ends();
    }

    // ---- the window across targets

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    @DisplayName("The window across targets: the connection drops in the middle of it")
    void whatAGuestDoesAtSeveralTargetsIsDoneInItsOrder(long seed) {
        TrapScenario trap = TrapScenario.begin(seed, plant);
        long plain = Layout.PAGES.get(1);
        long far = Layout.PAGES.get(2);
        trap.becomes(plain, MemType.RAM_RW);
        trap.becomes(far, MemType.RAM_RW);
        GuestAccess first = trap.writes(trap.page, 0);
        GuestAccess second = trap.writes(trap.page, OTHER);
        GuestAccess inMemory = trap.writes(plain, 0);
        long there = trap.written();
        GuestAccess again = trap.writes(trap.page, 0);
        GuestAccess inOther = trap.writes(far, 0);
        long farThere = trap.written();
        trap.serves(trap.emulator);
        assertThat(trap.outcome(first)).isEqualTo(DONE);
        trap.guestGoesTo(trap.backup);

        trap.untilItHas(trap.emulator, 1);
        trap.scenario.passes(A_WHILE_MILLIS);
        assertThat(trap.emulator.toCarryOut()).isEqualTo(1);
        assertThat(inMemory.outcome()).as("it waits for the server").isEmpty();
        trap.serves(trap.emulator);
        assertThat(trap.outcome(second)).isEqualTo(DONE);
        assertThat(trap.outcome(inMemory)).isEqualTo(DONE);
        trap.untilItHas(trap.emulator, 1);
        trap.scenario.passes(A_WHILE_MILLIS);
        assertThat(inOther.outcome()).as("it waits for the other shard").isEmpty();
        trap.serves(trap.emulator);
        assertThat(trap.outcome(again)).isEqualTo(DONE);
        assertThat(trap.outcome(inOther)).isEqualTo(DONE);

        assertThat(trap.inMemory(plain, 0)).isEqualTo(there);
        assertThat(trap.inMemory(far, 0)).isEqualTo(farThere);
        trap.ends();
    }

    // ---- a read that must not see its successor's write

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    @DisplayName("A read that must not see its successor's write: both were carried out, and neither outcome was heard")
    void aReadThatComesAgainDoesNotSeeTheWriteBehindIt(long seed) {
        TrapScenario trap = TrapScenario.begin(seed, plant);
        trap.becomes(trap.page, MemType.RAM_RW);
        GuestAccess before = trap.writes(trap.page, 0);
        long there = trap.written();
        assertThat(trap.outcome(before)).isEqualTo(DONE);
        trap.scenario.cut(trap.primary, trap.gateway);
        GuestAccess read = trap.reads(trap.page, 0);
        GuestAccess successor = trap.writes(trap.page, 0);
        long after = trap.written();
        trap.scenario.until("both are carried out", () -> read.isCarriedOut() && successor.isCarriedOut());
        assertThat(read.outcome()).isEmpty();
        trap.guestGoesTo(trap.home);
        trap.primaryDies();

        assertThat(trap.outcome(read)).isEqualTo(new GuestAccess.Outcome(there, Errno.OK));
        assertThat(trap.outcome(successor)).isEqualTo(DONE);
        assertThat(trap.inMemory(trap.page, 0)).isEqualTo(after);
        trap.scenario.mend(trap.primary, trap.gateway);
        trap.ends();
    }

    // ---- the same id, and another server

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    @DisplayName("The same id for a new server: what the earlier one's emulator says comes when there is the new one")
    void whatIsSaidForAnEarlierServerOfThatIdIsNotBelieved(long seed) {
        TrapScenario trap = TrapScenario.begin(seed, plant);
        GuestAccess access = trap.writes(trap.page, 0);
        trap.carriesOut(trap.emulator);
        trap.scenario.cut(trap.world.clients, trap.home);
        trap.emulator.writePages();
        trap.emulator.answerAll();
        // Who takes it next is not there yet.
        trap.scenario.pauseDomain(true);
        assertThat(TrapScenario.errno(
                        trap.changesClaims(Commands.destroyServer(trap.server.id(), trap.server.generation(), 0))))
                .isEqualTo(Errno.OK);
        trap.scenario.until("nothing is left of it", () -> !trap.hosts.hasOpenDrains());
        ServerName fresh = trap.newServer();
        assertThat(fresh.id()).isEqualTo(trap.server.id());
        assertThat(fresh.generation()).isNotEqualTo(trap.server.generation());
        Emulator next = trap.attached(fresh, trap.backup);
        trap.scenario.pauseDomain(false);
        trap.scenario.mend(trap.world.clients, trap.home);

        isOnlyServedBy(trap, next, access);
        trap.ends();
    }

    // ---- the handler that calls back

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    @DisplayName(
            "The handler that calls back: it has written the page when the primary dies, and changes its type then")
    void whatAHandlerHasWrittenOutlivesThePrimary(long seed) {
        TrapScenario trap = TrapScenario.begin(seed, plant);
        GuestAccess access = trap.writes(trap.page, 0);
        trap.carriesOut(trap.emulator);
        Life other = trap.scenario.place(0).copy().orElseThrow();
        trap.hosts.lastLife(trap.primary).holdUp(other, TrafficClass.REPLICATION);
        long writes = trap.hosts.stage.nextEmulatorValue() + 1;
        trap.emulator.writePages();
        trap.scenario.until("its call is answered", () -> !trap.emulator.isWaiting());
        trap.primaryDies();
        trap.becomes(trap.page, MemType.RAM_RW);
        assertThat(access.outcome()).as("its type changes while it is served").isEmpty();
        trap.emulator.answerAll();

        wasCarriedOutOnce(trap, access);
        assertThat(trap.inMemory(trap.page, 0)).isEqualTo(writes);
        trap.ends();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    @DisplayName("The handler that calls back: the primary dies before its call is carried out, and it calls again")
    void aHandlerThatWasNotHeardCallsAgain(long seed) {
        TrapScenario trap = TrapScenario.begin(seed, plant);
        GuestAccess access = trap.writes(trap.page, 0);
        trap.carriesOut(trap.emulator);
        trap.scenario.cut(trap.home, trap.primary);
        trap.emulator.writePages();
        trap.primaryDies();
        trap.scenario.mend(trap.home, trap.primary);
        trap.scenario.until("its call is answered", () -> !trap.emulator.isWaiting());
        long writes = trap.hosts.stage.nextEmulatorValue() + 1;
        trap.emulator.writePagesAgain();
        trap.scenario.until("its call is answered", () -> !trap.emulator.isWaiting());
        trap.becomes(trap.page, MemType.RAM_RW);
        trap.emulator.answerAll();

        assertThat(trap.outcome(access)).isEqualTo(DONE);
        assertThat(trap.inMemory(trap.page, 0)).isEqualTo(writes);
        trap.ends();
    }

    // ---- released, then claimed by another, while the first holder is still at work

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    @DisplayName("V-10: released, then claimed by another, while the first holder is still at work")
    void aTypeIsClaimedByAnotherWhenNothingOfItsHolderIsLeft(long seed) {
        TrapScenario trap = TrapScenario.begin(seed, plant);
        ServerName next = trap.otherServer();
        GuestAccess access = trap.writes(trap.page, 0);
        long there = trap.written();
        trap.carriesOut(trap.emulator);
        assertThat(TrapScenario.errno(trap.changesClaims(trap.releases(DRAIN_MILLIS))))
                .isEqualTo(Errno.OK);
        assertThat(TrapScenario.errno(trap.changesClaims(trap.claims(next))))
                .as("the first holder is at work")
                .isEqualTo(Errno.EBUSY.number());
        assertThat(access.outcome()).isEmpty();
        trap.scenario.until("nothing is left of it", () -> !trap.hosts.hasOpenDrains());
        assertThat(trap.outcome(access)).as("it is decided again").isEqualTo(DONE);
        assertThat(TrapScenario.errno(trap.changesClaims(trap.claims(next)))).isEqualTo(Errno.OK);
        trap.emulator.writePages();
        trap.scenario.until("its call is answered", () -> !trap.emulator.isWaiting());
        Emulator now = trap.attached(next, trap.backup);
        GuestAccess later = trap.writes(trap.page, OTHER);
        trap.untilItHas(now, 1);
        trap.emulator.answerAll();
        trap.scenario.passes(A_WHILE_MILLIS);

        assertThat(later.outcome()).isEmpty();
        trap.serves(now);
        assertThat(trap.outcome(later)).isEqualTo(DONE);
        assertThat(trap.emulator.toCarryOut())
                .as("nothing more came to the first holder")
                .isZero();
        assertThat(trap.inMemory(trap.page, 0)).as("what the late one writes").isEqualTo(there);
        assertThat(trap.inMemory(trap.page, OTHER)).isZero();
        trap.ends();
    }

    // ---- where a rule is broken

    @Test
    void theStoriesGoWrongWhereTheirRulesAreBroken() {
        goesWrong(
                HostsPlant.ACCESS_EXECUTED_TWICE,
                this::aRetryWhosePageChangedHasTheOutcomeThatItsGuestDidNotHear,
                this::aRetryWhosePageChangedHasTheOutcomeThatItsPrimaryDidNotHear,
                this::whatAGuestDoesAtSeveralTargetsIsDoneInItsOrder,
                this::aReadThatComesAgainDoesNotSeeTheWriteBehindIt);
        goesWrong(
                HostsPlant.LATE_WRITE_ACCEPTED,
                this::anEmulatorThatWasFencedIsNotBelieved,
                this::anEmulatorThatAnswersAfterItsTimeWritesNothing,
                this::aTypeIsClaimedByAnotherWhenNothingOfItsHolderIsLeft);
        goesWrong(HostsPlant.ACKNOWLEDGED_BEFORE_BACKUP, this::whatAHandlerHasWrittenOutlivesThePrimary);
    }

    private void goesWrong(HostsPlant wrong, LongConsumer... stories) {
        plant = wrong;
        for (LongConsumer story : stories) {
            assertThatThrownBy(() -> story.accept(2)).hasCauseInstanceOf(Violation.class);
        }
    }
}
