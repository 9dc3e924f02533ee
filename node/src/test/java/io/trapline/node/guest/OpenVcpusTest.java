package io.trapline.node.guest;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

final class OpenVcpusTest {
    @Test
    @DisplayName(
            "A6: of two clients that open a vCPU at a time the earlier is fenced, also where its result comes after both were applied")
    void refusesAnOpeningThatANewerOneHasOvertaken() {
        OpenVcpus vcpus = new OpenVcpus(2);
        vcpus.opened(1, 33);
        vcpus.opened(1, 34);

        assertThat(vcpus.mayRun(1, 33, 33)).isFalse();
        assertThat(vcpus.mayRun(1, 34, 34)).isTrue();
        assertThat(vcpus.mayRun(0, 33, 33)).as("another vCPU").isTrue();
    }
}
