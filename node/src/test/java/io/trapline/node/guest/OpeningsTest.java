package io.trapline.node.guest;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

final class OpeningsTest {
    @Test
    @DisplayName(
            "A6: of two clients that open a vCPU at a time the earlier is fenced, also where its result comes after both were applied")
    void refusesAnOpeningThatANewerOneHasOvertaken() {
        Openings vcpus = new Openings(2);
        vcpus.opened(1, 33);
        vcpus.opened(1, 34);

        assertThat(vcpus.mayRun(1, 33, 33)).isFalse();
        assertThat(vcpus.mayRun(1, 34, 34)).isTrue();
        assertThat(vcpus.mayRun(0, 33, 33)).as("another vCPU").isTrue();
    }

    @Test
    @DisplayName(
            "D-16: where a guest has come twice, what the registry said of the first time changes nothing, though it is heard last")
    void refusesAComingThatALaterOneHasOvertaken() {
        Openings vcpus = new Openings(2);
        vcpus.opened(1, 33);
        vcpus.came(1, 52);

        assertThat(vcpus.mayRun(1, 33, 49)).isFalse();
        assertThat(vcpus.mayRun(1, 33, 52)).isTrue();
        vcpus.left(1, 60);
        assertThat(vcpus.mayRun(1, 33, 52)).isFalse();
        assertThat(vcpus.mayRun(1, 33, 61)).isTrue();
        assertThat(vcpus.mayRun(0, 33, 49)).as("another vCPU").isTrue();
    }
}
