package io.trapline.coordinator.lease;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("D-6: registrations wait while nobody is known to lead")
final class HeldRegistrationsTest {
    private static final long LONGEST = HeldRegistrations.LONGEST.toNanos();

    private final HeldRegistrations<Register> held = new HeldRegistrations<>("c2");

    private record Register(String node, String silentLeader) {}

    private static Register register(String node, String silentLeader) {
        return new Register(node, silentLeader);
    }

    private boolean hold(long now, Register register) {
        return held.hold(now, register, register.silentLeader());
    }

    @Test
    void theyWaitUntilThisOneLeads() {
        Register one = register("n1", "");
        Register two = register("n2", "c1:7000");
        assertThat(hold(0, one)).isTrue();
        assertThat(hold(1, two)).isTrue();

        assertThat(held.leads("c2", "c2:7000")).isEmpty();
        assertThat(hold(2, register("n3", ""))).isTrue();

        assertThat(held.takeAll()).hasSize(3).startsWith(one, two);
        assertThat(held.takeAll()).isEmpty();
    }

    @Test
    void theyAreRefusedWhenAnotherOneLeads() {
        Register one = register("n1", "");
        Register two = register("n2", "c1:7000");
        hold(0, one);
        hold(0, two);

        assertThat(held.leads("c3", "c3:7000")).containsExactly(one, two);

        assertThat(hold(1, register("n1", ""))).isFalse();
        assertThat(hold(1, register("n2", "c1:7000"))).isFalse();
    }

    @Test
    void whoHasLostTheLeaderThatIsKnownHereWaitsForAnother() {
        held.leads("c1", "c1:7000");
        Register lost = register("n1", "c1:7000");
        assertThat(hold(0, lost)).isTrue();
        assertThat(hold(0, register("n2", ""))).isFalse();

        // Known already.
        assertThat(held.leads("c1", "c1:7000")).isEmpty();
        assertThat(held.leads("c3", "c3:7000")).containsExactly(lost);
    }

    @Test
    void noneWaitsForLongerThanItsTime() {
        Register one = register("n1", "");
        Register two = register("n2", "");
        hold(0, one);
        hold(10, two);

        assertThat(held.expired(LONGEST - 1)).isEmpty();
        assertThat(held.expired(LONGEST)).containsExactly(one);
        assertThat(held.expired(LONGEST + 10)).containsExactly(two);
        assertThat(held.takeAll()).isEmpty();
    }

    @Test
    void whoseStreamHasEndedWaitsNoMore() {
        Register one = register("n1", "");
        hold(0, one);

        held.gone(register -> !register.equals(one));
        assertThat(held.expired(LONGEST - 1)).isEmpty();
        held.gone(register -> register.equals(one));

        assertThat(held.expired(LONGEST)).isEmpty();
    }

    @Test
    void onlySoManyWait() {
        for (int i = 0; i < HeldRegistrations.MOST; i++) {
            assertThat(hold(0, register("n" + i, ""))).isTrue();
        }
        assertThat(hold(0, register("n", ""))).isFalse();
    }
}
