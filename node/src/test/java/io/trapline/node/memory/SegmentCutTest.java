package io.trapline.node.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.node.p2m.ShardMap;
import io.trapline.node.rows.Segments;
import java.util.Random;
import java.util.SortedMap;
import org.junit.jupiter.api.Test;

/** Cutting a memory call at the borders of shards (F2). */
final class SegmentCutTest {
    private static final ShardMap MAP = new ShardMap(new long[] {0, 512, 1024, 1536});
    private static final long SHARD_BYTES = 512 << 12;

    @Test
    void aCallInOneShardIsNotCopied() {
        Segments whole = new Segments(
                new long[] {SHARD_BYTES, 2 * SHARD_BYTES - 8}, new int[] {8, 8}, new int[] {0, 8}, new byte[16]);
        SortedMap<Integer, Segments> pieces = SegmentCut.cut(whole, MAP);
        assertThat(pieces).containsOnlyKeys(1);
        assertThat(pieces.get(1)).isSameAs(whole);
    }

    @Test
    void everyByteLandsInItsShardInTheCallsOrder() {
        Random random = new Random(1);
        for (int round = 0; round < 200; round++) {
            int count = 1 + random.nextInt(40);
            long[] gpa = new long[count];
            int[] sizes = new int[count];
            int[] offsets = new int[count];
            int bytes = 0;
            for (int i = 0; i < count; i++) {
                gpa[i] = random.nextInt(3) * SHARD_BYTES + SHARD_BYTES - random.nextInt(20);
                sizes[i] = 1 + random.nextInt(30);
                offsets[i] = bytes;
                bytes += sizes[i];
            }
            Segments whole = new Segments(gpa, sizes, offsets, new byte[bytes]);
            long[] addressOfByte = new long[bytes];
            int lastOffset = -1;
            int seen = 0;
            for (var piece : SegmentCut.cut(whole, MAP).entrySet()) {
                lastOffset = -1;
                Segments segments = piece.getValue();
                for (int i = 0; i < segments.size(); i++) {
                    assertThat(MAP.shardOf(segments.gpa()[i] >> 12)).isEqualTo(piece.getKey());
                    assertThat(MAP.shardOf((segments.gpa()[i] + segments.sizeBytes()[i] - 1) >> 12))
                            .isEqualTo(piece.getKey());
                    assertThat(segments.offset()[i]).isGreaterThan(lastOffset);
                    lastOffset = segments.offset()[i];
                    for (int b = 0; b < segments.sizeBytes()[i]; b++) {
                        addressOfByte[lastOffset + b] = segments.gpa()[i] + b;
                        seen++;
                    }
                }
            }
            assertThat(seen).isEqualTo(bytes);
            for (int i = 0; i < count; i++) {
                for (int b = 0; b < sizes[i]; b++) {
                    assertThat(addressOfByte[offsets[i] + b]).isEqualTo(gpa[i] + b);
                }
            }
        }
    }
}
