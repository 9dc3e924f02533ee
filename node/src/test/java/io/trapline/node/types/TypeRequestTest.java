package io.trapline.node.types;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.v1.ListMemTypesRequest;
import io.trapline.v1.MemTypeRun;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The shape of requests about types (T6). */
final class TypeRequestTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        0                | 0         | 1  | runs[1].count
        0                | 268435457 | 1  | runs[1].count
        0                | -1        | 1  | runs[1].count
        1099511627775    | 2         | 1  | runs[1].count
        1099511627776    | 1         | 1  | runs[1].first_gfn
        -1               | 1         | 1  | runs[1].first_gfn
        0                | 1         | 0  | runs[1].type
        0                | 1         | 5  | runs[1].type
        0                | 1         | 6  | runs[1].type
        0                | 1         | 32 | runs[1].type
        0                | 1         | -1 | runs[1].type
        """)
    void refusesAMalformedRunWithEinvalNamingIt(long firstGfn, long count, int type, String field) {
        // T6
        Refusal refusal = TypeRequest.check(List.of(run(0, 1, 1), run(firstGfn, count, type)))
                .orElseThrow();
        assertThat(refusal.errno()).isEqualTo(Errno.EINVAL);
        assertThat(refusal.metadata()).containsEntry("field", field);
    }

    @ParameterizedTest
    @CsvSource({"0, 268435456, 1", "1099511627775, 1, 3", "1099243192320, 268435456, 31"})
    void takesTheLargestRuns(long firstGfn, long count, int type) {
        assertThat(TypeRequest.check(List.of(run(firstGfn, count, type)))).isEmpty();
    }

    @Test
    void takesOneTo4096Runs() {
        assertThat(TypeRequest.check(List.of()).orElseThrow().metadata()).containsEntry("field", "runs");
        assertThat(TypeRequest.check(Collections.nCopies(4096, run(0, 1, 1)))).isEmpty();
        assertThat(TypeRequest.check(Collections.nCopies(4097, run(0, 1, 1)))
                        .orElseThrow()
                        .metadata())
                .containsEntry("field", "runs")
                .containsEntry("value", "4097")
                .containsEntry("limit", "4096");
    }

    @ParameterizedTest
    @CsvSource({"0, 1099511627776, true", "1, 1099511627776, false", "0, 0, false", "1099511627775, 1, true"})
    void aQuestionMayCoverAllFrames(long firstGfn, long count, boolean allowed) {
        ListMemTypesRequest request = ListMemTypesRequest.newBuilder()
                .setFirstGfn(firstGfn)
                .setCount(count)
                .build();
        assertThat(TypeRequest.check(request).isEmpty()).isEqualTo(allowed);
    }

    @ParameterizedTest
    @CsvSource({"0, 4096", "4097, 4096", "-1, 4096", "1, 1", "4096, 4096"})
    void anAnswerHasAtMost4096Runs(int asked, int given) {
        assertThat(TypeRequest.maxRuns(
                        ListMemTypesRequest.newBuilder().setMaxRuns(asked).build()))
                .isEqualTo(given);
    }

    private static MemTypeRun run(long firstGfn, long count, int type) {
        return MemTypeRun.newBuilder()
                .setFirstGfn(firstGfn)
                .setCount(count)
                .setTypeValue(type)
                .build();
    }
}
