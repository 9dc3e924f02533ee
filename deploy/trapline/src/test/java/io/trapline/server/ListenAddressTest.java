package io.trapline.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ListenAddressTest {
    @Test
    void readsHostAndPort() {
        assertThat(ListenAddress.parse("127.0.0.1:0"))
                .isEqualTo(ListenAddress.ANY_PORT)
                .hasToString("127.0.0.1:0");
        assertThat(ListenAddress.parse("[::1]:7420"))
                .isEqualTo(new ListenAddress("::1", 7420))
                .hasToString("[::1]:7420");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "7420",
                ":7420",
                "localhost",
                "localhost:",
                "localhost:x",
                "localhost:65536",
                "localhost:-1",
                "::1:7420"
            })
    void refusesEverythingElse(String text) {
        assertThatThrownBy(() -> ListenAddress.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("HOST:PORT");
    }
}
