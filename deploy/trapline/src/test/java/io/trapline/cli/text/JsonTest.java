package io.trapline.cli.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class JsonTest {
    @Test
    void keepsTheOrderOfFieldsAndTheKindsOfValues() {
        Json json = Json.object()
                .put("count", 1L << 40)
                .put("rate", 12.5)
                .put("none", null)
                .put("not", Double.NaN)
                .put("yes", true)
                .put("inner", Json.object().put("a", List.of(Json.object(), "x")))
                .put("value", new Hex(1L << 63));

        assertThat(json)
                .hasToString("{\"count\":1099511627776,\"rate\":12.5,\"none\":null,\"not\":null,\"yes\":true,"
                        + "\"inner\":{\"a\":[{},\"x\"]},\"value\":\"0x8000000000000000\"}");
    }

    @Test
    void escapesWhatWouldEndTheStringOrTheLine() {
        assertThat(Json.object().put("a\"", "\\\n\r\t\u0001\u2028ä"))
                .hasToString("{\"a\\\"\":\"\\\\\\n\\r\\t\\u0001\\u2028ä\"}");
    }
}
