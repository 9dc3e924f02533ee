package io.trapline.coordinator.registry;

import static io.trapline.coordinator.registry.Cluster.map;
import static io.trapline.coordinator.registry.Cluster.range;
import static io.trapline.coordinator.registry.Cluster.unmap;
import static io.trapline.v1.IoRangeType.IO_RANGE_TYPE_MEMORY;
import static io.trapline.v1.IoRangeType.IO_RANGE_TYPE_PCI;
import static io.trapline.v1.IoRangeType.IO_RANGE_TYPE_PORT;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Errno;
import io.trapline.v1.IoRange;
import io.trapline.v1.IoRangeType;
import io.trapline.v1.IoreqServer;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("R1: ranges of servers")
final class RangesTest {
    private final Cluster cluster = Cluster.withNode();
    private int domid;
    private int id;

    @BeforeEach
    void createServer() {
        domid = cluster.domain();
        id = cluster.server(domid);
    }

    @Test
    void keepsTypesApartAndMergesNeighbours() {
        // R1
        cluster.done(map(domid, id, IO_RANGE_TYPE_PCI, 8, 8));
        cluster.done(map(domid, id, IO_RANGE_TYPE_PORT, 0x3f8, 0x3fb));
        cluster.done(map(domid, id, IO_RANGE_TYPE_MEMORY, 0x1000, 0x1fff));
        long revision =
                cluster.done(map(domid, id, IO_RANGE_TYPE_PORT, 0x3fc, 0x3ff)).getRevision();

        assertThat(ranges())
                .containsExactly(
                        range(IO_RANGE_TYPE_PORT, 0x3f8, 0x3ff),
                        range(IO_RANGE_TYPE_MEMORY, 0x1000, 0x1fff),
                        range(IO_RANGE_TYPE_PCI, 8, 8));
        // C7
        assertThat(cluster.change().getServers(0).getChangedRevision()).isEqualTo(revision);
    }

    @Test
    void refusesAnOverlapWithTheSameServerOnly() {
        // R1
        int other = cluster.server(domid);
        cluster.done(map(domid, id, IO_RANGE_TYPE_MEMORY, 10, 20));

        cluster.refused(Errno.EEXIST, map(domid, id, IO_RANGE_TYPE_MEMORY, 20, 30));
        cluster.done(map(domid, other, IO_RANGE_TYPE_MEMORY, 20, 30));
        cluster.done(map(domid, id, IO_RANGE_TYPE_PORT, 20, 30));
    }

    @Test
    void splitsWhenTheMiddleIsUnmapped() {
        // R1
        cluster.done(map(domid, id, IO_RANGE_TYPE_MEMORY, 10, 20));
        cluster.done(unmap(domid, id, IO_RANGE_TYPE_MEMORY, 14, 15));

        assertThat(ranges()).containsExactly(range(IO_RANGE_TYPE_MEMORY, 10, 13), range(IO_RANGE_TYPE_MEMORY, 16, 20));
        cluster.refused(Errno.ENOENT, unmap(domid, id, IO_RANGE_TYPE_MEMORY, 13, 16));
    }

    @Test
    void refusesMoreThan256OfAType() {
        // R1, L
        for (int i = 0; i < 256; i++) {
            cluster.done(map(domid, id, IO_RANGE_TYPE_MEMORY, i * 10L, i * 10L + 4));
        }

        assertThat(cluster.refused(Errno.ENOSPC, map(domid, id, IO_RANGE_TYPE_MEMORY, 9_000, 9_001))
                        .metadata())
                .containsEntry("limit", "256");
        assertThat(cluster.refused(Errno.ENOSPC, unmap(domid, id, IO_RANGE_TYPE_MEMORY, 1, 2))
                        .metadata())
                .containsEntry("limit", "256");
        cluster.done(map(domid, id, IO_RANGE_TYPE_PORT, 1, 2));
        cluster.done(map(domid, id, IO_RANGE_TYPE_MEMORY, 5, 9));
        assertThat(ranges()).hasSize(256);
    }

    @ParameterizedTest
    @CsvSource({
        "IO_RANGE_TYPE_PORT,2,1,range.start",
        "IO_RANGE_TYPE_PORT,0,65536,range.end",
        "IO_RANGE_TYPE_MEMORY,0,4503599627370496,range.end",
        "IO_RANGE_TYPE_MEMORY,-1,5,range.start",
        "IO_RANGE_TYPE_MEMORY,5,-1,range.end",
        "IO_RANGE_TYPE_PCI,0,4294967296,range.end",
        "IO_RANGE_TYPE_UNSPECIFIED,0,1,range.type"
    })
    void refusesWrongShapesNamingTheField(IoRangeType type, long start, long end, String field) {
        // R1
        assertThat(cluster.refused(Errno.EINVAL, map(domid, id, type, start, end))
                        .metadata())
                .containsEntry("field", field);
        assertThat(cluster.refused(Errno.EINVAL, unmap(domid, id, type, start, end))
                        .metadata())
                .containsEntry("field", field);
    }

    @ParameterizedTest
    @CsvSource({"IO_RANGE_TYPE_PORT,65535", "IO_RANGE_TYPE_MEMORY,4503599627370495", "IO_RANGE_TYPE_PCI,4294967295"})
    void takesEachSpaceWhole(IoRangeType type, long last) {
        cluster.done(map(domid, id, type, 0, last));

        assertThat(ranges()).containsExactly(range(type, 0, last));
    }

    private List<IoRange> ranges() {
        return switch (cluster.registry.view().server(domid, 0, id, 0)) {
            case Reading.Found<IoreqServer> found -> found.value().getRangesList();
            case Reading.Refused<IoreqServer> refused ->
                throw new AssertionError(refused.refusal().message());
        };
    }
}
