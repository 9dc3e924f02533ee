package io.trapline.node.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.trapline.internal.v1.AccessColumns;
import io.trapline.internal.v1.IoreqColumns;
import io.trapline.internal.v1.KeyColumns;
import io.trapline.internal.v1.OutcomeColumns;
import io.trapline.internal.v1.RunColumns;
import io.trapline.internal.v1.SegmentColumns;
import io.trapline.internal.v1.SettledColumns;
import io.trapline.model.Errno;
import io.trapline.model.MemType;
import io.trapline.model.TypeRun;
import io.trapline.node.rows.AccessRows;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.node.rows.Segments;
import io.trapline.node.rows.SettledRows;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows through columns and back, and columns that lie. */
final class RowFramesTest {
    private static final long MILLI = 1_000_000;
    private static final long NOW = 77 * MILLI;

    private final SplittableRandom random = new SplittableRandom(3);

    /** Few different values, so that columns with no, one and many entries all come up. */
    private int some(int most) {
        return random.nextInt(3) == 0 ? random.nextInt(most + 1) : 0;
    }

    private KeyRows someKeys(int size) {
        KeyRows keys = new KeyRows(1);
        for (int i = 0; i < size; i++) {
            keys.add(some(4095), some(3) == 0 ? 7 : random.nextLong(), random.nextLong(1L << 60), some(10_240));
        }
        return keys;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 50, 8192})
    void accessesComeBackAsTheyWere(int size) throws InvalidProtocolBufferException {
        AccessRows rows = new AccessRows(1);
        for (int i = 0; i < size; i++) {
            rows.add(
                    some(4095),
                    random.nextLong(),
                    i,
                    (byte) some(255),
                    random.nextLong(),
                    some(1) == 0 ? 0 : random.nextLong(),
                    1 + some((1 << 20) - 1),
                    1 + some(1023),
                    NOW + some(3_600_000) * MILLI,
                    some(1) == 0 ? 5 : random.nextLong());
        }

        AccessRows back = RowFrames.accesses(
                AccessColumns.parseFrom(RowFrames.accesses(rows, 0, size, NOW).toByteArray()), NOW);

        assertThat(text(back)).isEqualTo(text(rows));
    }

    private static List<String> text(AccessRows rows) {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            all.add("%d %d %d %d %d %d %d %d %d %d"
                    .formatted(
                            rows.vcpu(i),
                            rows.vcpuEpoch(i),
                            rows.sequence(i),
                            rows.attributes(i),
                            rows.address(i),
                            rows.data(i),
                            rows.count(i),
                            rows.window(i),
                            rows.deadlineNanos(i),
                            rows.gatewayRevision(i)));
        }
        return all;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 50, 8192})
    void ioreqsComeBackAsTheyWere(int size) throws InvalidProtocolBufferException {
        KeyRows keys = someKeys(size);
        IoreqRows rows = new IoreqRows(1);
        for (int i = 0; i < size; i++) {
            rows.add(
                    keys.vcpu(i),
                    keys.vcpuEpoch(i),
                    keys.sequence(i),
                    keys.part(i),
                    (byte) some(255),
                    (byte) some(3),
                    some(1) == 0 ? (byte) some(15) : (byte) 255,
                    random.nextLong(),
                    random.nextLong(),
                    1 + some(100),
                    1 + some(1023),
                    some(1) == 0 ? IoreqRows.NO_DEADLINE : NOW + random.nextInt(3_600_000) * MILLI);
        }

        IoreqRows back = RowFrames.ioreqs(
                IoreqColumns.parseFrom(RowFrames.ioreqs(rows, 0, size, NOW).toByteArray()), NOW);

        assertThat(text(back)).isEqualTo(text(rows));
    }

    private static List<String> text(IoreqRows rows) {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            all.add("%s %d %d %d %d %d %d %d %d"
                    .formatted(
                            text(rows.keys(), i),
                            rows.attributes(i),
                            rows.marks(i),
                            rows.claimedType(i),
                            rows.address(i),
                            rows.data(i),
                            rows.count(i),
                            rows.window(i),
                            rows.deadlineNanos(i)));
        }
        return all;
    }

    private static String text(KeyRows keys, int row) {
        return keys.vcpu(row) + " " + keys.vcpuEpoch(row) + " " + keys.sequence(row) + " " + keys.part(row);
    }

    @Test
    void keysOutcomesAndMarksComeBackAsTheyWere() {
        KeyRows keys = someKeys(100);
        OutcomeRows outcomes = new OutcomeRows(1);
        SettledRows settled = new SettledRows(1);
        for (int i = 0; i < 100; i++) {
            byte errno = some(1) == 0 ? 0 : (byte) Errno.ETIMEDOUT.number();
            outcomes.add(keys.vcpu(i), keys.vcpuEpoch(i), keys.sequence(i), keys.part(i), random.nextLong(), errno);
            settled.add(keys.vcpu(i), keys.vcpuEpoch(i), keys.sequence(i));
        }

        KeyRows keysBack = RowFrames.keys(RowFrames.keys(keys, 0, 100));
        OutcomeRows outcomesBack = RowFrames.outcomes(RowFrames.outcomes(outcomes, 0, 100));
        SettledRows settledBack = RowFrames.settled(RowFrames.settled(settled, 0, 100));

        for (int i = 0; i < 100; i++) {
            assertThat(text(keysBack, i)).isEqualTo(text(keys, i));
            assertThat(text(outcomesBack.keys(), i)).isEqualTo(text(keys, i));
            assertThat(outcomesBack.data(i)).isEqualTo(outcomes.data(i));
            assertThat(outcomesBack.errno(i)).isEqualTo(outcomes.errno(i));
            assertThat(settledBack.vcpu(i)).isEqualTo(settled.vcpu(i));
            assertThat(settledBack.vcpuEpoch(i)).isEqualTo(settled.vcpuEpoch(i));
            assertThat(settledBack.through(i)).isEqualTo(settled.through(i));
        }
    }

    @Test
    void aSliceIsWhatItNames() {
        KeyRows keys = someKeys(10);

        KeyRows slice = RowFrames.keys(RowFrames.keys(keys, 3, 7));

        assertThat(slice.size()).isEqualTo(4);
        for (int i = 0; i < 4; i++) {
            assertThat(text(slice, i)).isEqualTo(text(keys, 3 + i));
        }
    }

    @Test
    void runsAndSegmentsComeBackAsTheyWere() {
        List<TypeRun> runs =
                List.of(new TypeRun(0, 1, MemType.RAM_RW), new TypeRun(1L << 39, 1L << 39, MemType.IOREQ_SERVER_15));
        byte[] data = new byte[300];
        random.nextBytes(data);
        Segments segments = new Segments(new long[] {4096, 12}, new int[] {100, 7}, new int[] {200, 3}, data);

        assertThat(RowFrames.runs(RowFrames.runs(runs))).isEqualTo(runs);
        Segments back = RowFrames.segments(RowFrames.segments(segments), true);
        assertThat(back.gpa()).containsExactly(4096, 12);
        assertThat(back.sizeBytes()).containsExactly(100, 7);
        for (int piece = 0; piece < 2; piece++) {
            for (int i = 0; i < back.sizeBytes()[piece]; i++) {
                assertThat(back.data()[back.offset()[piece] + i]).isEqualTo(data[segments.offset()[piece] + i]);
            }
        }
    }

    @Test
    void deadlinesLoseTheAgeAndAreNeverEarlier() {
        AccessRows rows = new AccessRows(3);
        rows.add(0, 1, 1, (byte) 0, 0, 0, 1, 1, NOW + 10 * MILLI + 1);
        rows.add(0, 1, 2, (byte) 0, 0, 0, 1, 1, NOW - 5 * MILLI);
        rows.add(0, 1, 3, (byte) 0, 0, 0, 1, 1, AccessRows.TIMED_OUT);

        AccessRows back = RowFrames.accesses(RowFrames.accesses(rows, 0, 3, NOW), 1_000 * MILLI);

        assertThat(back.deadlineNanos(0)).isEqualTo(1_011 * MILLI);
        assertThat(back.deadlineNanos(1)).isEqualTo(1_000 * MILLI);
        assertThat(back.deadlineNanos(2)).isEqualTo(AccessRows.TIMED_OUT);
    }

    static Stream<Arguments> lies() {
        KeyColumns two = KeyColumns.newBuilder().setRows(2).build();
        return Stream.of(
                lie(
                        "accesses.rows",
                        () -> RowFrames.accesses(accesses().setRows(8193).build(), 0)),
                lie(
                        "accesses.rows",
                        () -> RowFrames.accesses(accesses().setRows(-1).build(), 0)),
                lie(
                        "accesses.vcpu",
                        () -> RowFrames.accesses(
                                accesses().addVcpu(1).addVcpu(2).addVcpu(3).build(), 0)),
                lie(
                        "accesses.vcpu",
                        () -> RowFrames.accesses(accesses().addVcpu(4096).build(), 0)),
                lie(
                        "accesses.vcpu",
                        () -> RowFrames.accesses(accesses().addVcpu(-1).build(), 0)),
                lie(
                        "accesses.attributes",
                        () -> RowFrames.accesses(
                                accesses()
                                        .setAttributes(ByteString.copyFrom(new byte[3]))
                                        .build(),
                                0)),
                lie(
                        "accesses.count",
                        () -> RowFrames.accesses(accesses().clearCount().build(), 0)),
                lie(
                        "accesses.window",
                        () -> RowFrames.accesses(
                                accesses().clearWindow().addWindow(1025).build(), 0)),
                lie(
                        "accesses.remaining_ms",
                        () -> RowFrames.accesses(
                                accesses().addRemainingMs(3_600_001).build(), 0)),
                lie(
                        "accesses.vcpu",
                        () -> RowFrames.accesses(
                                AccessColumns.newBuilder().addVcpu(1).build(), 0)),
                lie(
                        "keys.part",
                        () -> RowFrames.keys(two.toBuilder().addPart(1 << 20).build())),
                lie(
                        "keys.sequence",
                        () -> RowFrames.keys(two.toBuilder()
                                .addSequence(1)
                                .addSequence(2)
                                .addSequence(3)
                                .build())),
                lie(
                        "outcomes.errno",
                        () -> RowFrames.outcomes(OutcomeColumns.newBuilder()
                                .setKeys(two)
                                .setErrno(ByteString.copyFrom(new byte[] {99}))
                                .build())),
                lie(
                        "outcomes.data",
                        () -> RowFrames.outcomes(OutcomeColumns.newBuilder()
                                .setKeys(two)
                                .addData(1)
                                .addData(1)
                                .addData(1)
                                .build())),
                lie(
                        "ioreqs.claimed_type",
                        () -> RowFrames.ioreqs(
                                IoreqColumns.newBuilder()
                                        .setKeys(two)
                                        .addCount(1)
                                        .addWindow(1)
                                        .setClaimedType(ByteString.copyFrom(new byte[] {16}))
                                        .build(),
                                0)),
                lie(
                        "settled.through",
                        () -> RowFrames.settled(SettledColumns.newBuilder()
                                .setRows(1)
                                .addThrough(1)
                                .addThrough(2)
                                .build())),
                lie(
                        "runs.type",
                        () -> RowFrames.runs(
                                RunColumns.newBuilder().setRows(1).addCount(1).build())),
                lie(
                        "runs.count",
                        () -> RowFrames.runs(RunColumns.newBuilder()
                                .setRows(1)
                                .setType(ByteString.copyFrom(new byte[] {1}))
                                .addFirstGfn(1)
                                .addCount(1L << 40)
                                .build())),
                lie(
                        "segments.data",
                        () -> RowFrames.segments(
                                segments()
                                        .setData(ByteString.copyFrom(new byte[9]))
                                        .build(),
                                true)),
                lie(
                        "segments.data",
                        () -> RowFrames.segments(
                                segments()
                                        .setData(ByteString.copyFrom(new byte[10]))
                                        .build(),
                                false)),
                lie(
                        "segments.size_bytes",
                        () -> RowFrames.segments(
                                SegmentColumns.newBuilder().setRows(1).build(), false)),
                lie(
                        "segments.size_bytes",
                        () -> RowFrames.segments(
                                SegmentColumns.newBuilder()
                                        .setRows(2000)
                                        .addSizeBytes(1 << 20)
                                        .build(),
                                false)),
                lie(
                        "segments.gpa",
                        () -> RowFrames.segments(
                                segments().addGpa((1L << 52) - 9).build(), false)));
    }

    private static AccessColumns.Builder accesses() {
        return AccessColumns.newBuilder().setRows(2).addCount(1).addWindow(1);
    }

    private static SegmentColumns.Builder segments() {
        return SegmentColumns.newBuilder().setRows(1).addSizeBytes(10);
    }

    private static Arguments lie(String field, ThrowingCallable decode) {
        return Arguments.of(field, decode);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("lies")
    void refusesALieNamingTheField(String field, ThrowingCallable decode) {
        assertThatThrownBy(decode)
                .isInstanceOfSatisfying(
                        MalformedFrameException.class,
                        malformed -> assertThat(malformed.refusal().metadata()).containsEntry("field", field));
    }
}
