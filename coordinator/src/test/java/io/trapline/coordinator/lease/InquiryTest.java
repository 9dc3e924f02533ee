package io.trapline.coordinator.lease;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class InquiryTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    @Test
    void asksAgainForAWhileAndThenNoMore() {
        Inquiry inquiry = new Inquiry(-3 * SECOND);
        inquiry.asked(-3 * SECOND);
        assertThat(inquiry.failed(-2 * SECOND)).isTrue();
        inquiry.asked(4 * SECOND);
        assertThat(inquiry.failed(6 * SECOND)).isTrue();
        inquiry.asked(6 * SECOND);
        assertThat(inquiry.failed(7 * SECOND)).isFalse();
    }

    @Test
    void aLeaderThatWorkedOnItAndWasLostBeginsTheWhileAnew() {
        Inquiry inquiry = new Inquiry(0);
        inquiry.asked(SECOND);
        assertThat(inquiry.failed(60 * SECOND)).isTrue();
        inquiry.asked(61 * SECOND);
        assertThat(inquiry.failed(64 * SECOND)).isTrue();
        inquiry.asked(66 * SECOND);
        assertThat(inquiry.failed(70 * SECOND)).isFalse();
    }
}
