package io.trapline.cli.verify;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.client.Access;
import io.trapline.model.AccessAttributes;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class ScriptsTest {
    private static final DeviceWindow WINDOW = new DeviceWindow(16, 3, 8, 2, true);

    static Stream<List<Script.Step>> scripts() {
        Scripts scripts = new Scripts(WINDOW, new ModelMemory(), 7);
        return Stream.of(
                        scripts.fill(),
                        scripts.sizesAndAlignments(),
                        scripts.wideValues(),
                        scripts.acrossPages(),
                        scripts.repetitions(false),
                        scripts.repetitions(true),
                        scripts.pointers(),
                        scripts.order(500, 0, 64),
                        scripts.posted(500),
                        scripts.readAll())
                .map(Script::steps);
    }

    @ParameterizedTest
    @MethodSource("scripts")
    void staysWithinTheDeviceAndTheBuffer(List<Script.Step> script) {
        assertThat(script).isNotEmpty().allSatisfy(step -> {
            Access access = step.access();
            assertThat(isWithin(access, access.address(), 16, 3) || isWithin(access, access.address(), 8, 2))
                    .isTrue();
            if (AccessAttributes.isDataPtr(access.attributes())) {
                assertThat(isWithin(access, access.data(), 8, 2)).isTrue();
            }
        });
    }

    private static boolean isWithin(Access access, long at, long firstGfn, long pages) {
        long size = AccessAttributes.sizeBytes(access.attributes());
        long length = size * access.count();
        long low = AccessAttributes.isDf(access.attributes()) ? at + size - length : at;
        return low >= firstGfn * 4096 && low + length <= (firstGfn + pages) * 4096;
    }
}
