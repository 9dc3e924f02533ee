package io.trapline.client;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("E: the numbers of a client session")
class RequestNumbersTest {
    private final RequestNumbers numbers = new RequestNumbers();

    @Test
    void acknowledgesOnlyWhatIsDoneWithoutAGap() {
        assertThat(numbers.next()).isEqualTo(1);
        assertThat(numbers.next()).isEqualTo(2);
        assertThat(numbers.next()).isEqualTo(3);
        assertThat(numbers.acknowledgedThrough()).isZero();

        numbers.done(2);
        assertThat(numbers.acknowledgedThrough()).isZero();
        assertThat(numbers.span()).isEqualTo(3);
        numbers.done(1);
        assertThat(numbers.acknowledgedThrough()).isEqualTo(2);
        assertThat(numbers.isIdle()).isFalse();
        numbers.done(3);
        assertThat(numbers.acknowledgedThrough()).isEqualTo(3);
        assertThat(numbers.span()).isZero();
        assertThat(numbers.isIdle()).isTrue();
    }

    @Test
    void neverAcknowledgesTheCallThatCarriesTheNumber() {
        for (int i = 0; i < 10; i++) {
            long number = numbers.next();
            assertThat(numbers.acknowledgedThrough()).isLessThan(number);
            numbers.done(number);
        }
    }
}
