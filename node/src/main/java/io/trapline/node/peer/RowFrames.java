package io.trapline.node.peer;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.trapline.internal.v1.AccessColumns;
import io.trapline.internal.v1.IoreqColumns;
import io.trapline.internal.v1.KeyColumns;
import io.trapline.internal.v1.OutcomeColumns;
import io.trapline.internal.v1.RunColumns;
import io.trapline.internal.v1.SegmentColumns;
import io.trapline.internal.v1.SettledColumns;
import io.trapline.model.Errno;
import io.trapline.model.IoreqAttributes;
import io.trapline.model.Limit;
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
import java.util.function.IntToLongFunction;
import java.util.function.IntUnaryOperator;

/**
 * Rows as columns of a frame, and back. A clock's reading crosses no host: deadlines travel as the time that is left. What comes is checked before anything is
 * made of it; {@link MalformedFrameException} names the field.
 */
final class RowFrames {
    /** Rows of a frame; what has more is told in several. Keeps a frame within 1 MiB. */
    static final int MOST_ROWS = 8192;

    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final int NO_DEADLINE = -1;
    private static final int TIMED_OUT = -1;
    private static final int LAST_VCPU = Limit.MAX_VCPUS_PER_DOMAIN.intValue() - 1;
    private static final int LAST_PART = Limit.MAX_PARTS_PER_ACCESS.intValue() - 1;
    private static final long GPA_END = 1L << Limit.MAX_GPA_BITS.intValue();
    private static final long GFN_END = GPA_END >>> 12;

    private RowFrames() {}

    // Out.

    static AccessColumns accesses(AccessRows rows, int from, int to, long nowNanos) {
        AccessColumns.Builder columns = accesses(rows, from, to);
        Columns.ints(from, to, row -> ofAccess(rows.deadlineNanos(row), nowNanos), columns::addRemainingMs);
        return columns.build();
    }

    /** For a backup, whose copy has to decide as the primary does: deadlines are the primary's own. */
    static AccessColumns accessesOfStep(AccessRows rows, int from, int to) {
        AccessColumns.Builder columns = accesses(rows, from, to);
        Columns.longs(from, to, rows::deadlineNanos, columns::addDeadlineNanos);
        return columns.build();
    }

    private static AccessColumns.Builder accesses(AccessRows rows, int from, int to) {
        AccessColumns.Builder columns = AccessColumns.newBuilder().setRows(to - from);
        Columns.ints(from, to, rows::vcpu, columns::addVcpu);
        Columns.longs(from, to, rows::vcpuEpoch, columns::addVcpuEpoch);
        Columns.longs(from, to, rows::sequence, columns::addSequence);
        columns.setAttributes(Columns.bytes(from, to, rows::attributes));
        Columns.longs(from, to, rows::address, columns::addAddress);
        Columns.longs(from, to, rows::data, columns::addData);
        Columns.ints(from, to, rows::count, columns::addCount);
        Columns.ints(from, to, rows::window, columns::addWindow);
        Columns.longs(from, to, rows::gatewayRevision, columns::addGatewayRevision);
        return columns;
    }

    static KeyColumns keys(KeyRows rows, int from, int to) {
        KeyColumns.Builder columns = KeyColumns.newBuilder().setRows(to - from);
        Columns.ints(from, to, rows::vcpu, columns::addVcpu);
        Columns.longs(from, to, rows::vcpuEpoch, columns::addVcpuEpoch);
        Columns.longs(from, to, rows::sequence, columns::addSequence);
        Columns.ints(from, to, rows::part, columns::addPart);
        return columns.build();
    }

    static OutcomeColumns outcomes(OutcomeRows rows, int from, int to) {
        OutcomeColumns.Builder columns = OutcomeColumns.newBuilder().setKeys(keys(rows.keys(), from, to));
        Columns.longs(from, to, rows::data, columns::addData);
        return columns.setErrno(Columns.bytes(from, to, rows::errno)).build();
    }

    static IoreqColumns ioreqs(IoreqRows rows, int from, int to, long nowNanos) {
        IoreqColumns.Builder columns = IoreqColumns.newBuilder()
                .setKeys(keys(rows.keys(), from, to))
                .setAttributes(Columns.bytes(from, to, rows::attributes))
                .setMarks(Columns.bytes(from, to, rows::marks))
                .setClaimedType(Columns.bytes(from, to, rows::claimedType));
        Columns.longs(from, to, rows::address, columns::addAddress);
        Columns.longs(from, to, rows::data, columns::addData);
        Columns.ints(from, to, rows::count, columns::addCount);
        Columns.ints(from, to, rows::window, columns::addWindow);
        Columns.ints(from, to, row -> remaining(rows.deadlineNanos(row), nowNanos), columns::addRemainingMs);
        if (rows.wasPassedBefore(from, to)) {
            Columns.longs(from, to, rows::firstRevision, columns::addFirstRevision);
        }
        return columns.build();
    }

    static SettledColumns settled(SettledRows rows, int from, int to) {
        SettledColumns.Builder columns = SettledColumns.newBuilder().setRows(to - from);
        Columns.ints(from, to, rows::vcpu, columns::addVcpu);
        Columns.longs(from, to, rows::vcpuEpoch, columns::addVcpuEpoch);
        Columns.longs(from, to, rows::through, columns::addThrough);
        return columns.build();
    }

    static RunColumns runs(List<TypeRun> runs) {
        int size = runs.size();
        RunColumns.Builder columns = RunColumns.newBuilder().setRows(size);
        Columns.longs(0, size, row -> runs.get(row).firstGfn(), columns::addFirstGfn);
        Columns.longs(0, size, row -> runs.get(row).count(), columns::addCount);
        return columns.setType(
                        Columns.bytes(0, size, row -> runs.get(row).type().code()))
                .build();
    }

    /** Pieces with their bytes, one behind the other. */
    static SegmentColumns segments(Segments segments) {
        int sizeBytes = 0;
        for (int size : segments.sizeBytes()) {
            sizeBytes += size;
        }
        byte[] data = new byte[sizeBytes];
        int end = 0;
        for (int row = 0; row < segments.size(); row++) {
            System.arraycopy(segments.data(), segments.offset()[row], data, end, segments.sizeBytes()[row]);
            end += segments.sizeBytes()[row];
        }
        return segments(segments.gpa(), segments.sizeBytes(), UnsafeByteOperations.unsafeWrap(data));
    }

    static SegmentColumns segments(long[] gpa, int[] sizeBytes, ByteString data) {
        SegmentColumns.Builder columns =
                SegmentColumns.newBuilder().setRows(gpa.length).setData(data);
        Columns.longs(0, gpa.length, row -> gpa[row], columns::addGpa);
        Columns.ints(0, gpa.length, row -> sizeBytes[row], columns::addSizeBytes);
        return columns.build();
    }

    private static int ofAccess(long deadlineNanos, long nowNanos) {
        return deadlineNanos == AccessRows.TIMED_OUT ? TIMED_OUT : remaining(deadlineNanos, nowNanos);
    }

    /** Rounded up, so that nobody gives up earlier for it. */
    private static int remaining(long deadlineNanos, long nowNanos) {
        if (deadlineNanos == IoreqRows.NO_DEADLINE) {
            return NO_DEADLINE;
        }
        long millis = Math.ceilDiv(Math.max(0, deadlineNanos - nowNanos), NANOS_PER_MILLI);
        return (int) Math.min(millis, Limit.MAX_TIMEOUT_MILLIS.value());
    }

    // Back.

    /** @param madeNanos when the frame was made, on this node's clock: its age is taken off */
    static AccessRows accesses(AccessColumns columns, long madeNanos) {
        int n = rows(columns.getRows(), "accesses.rows");
        IntUnaryOperator vcpu = Columns.ints(n, columns.getVcpuCount(), columns::getVcpu, "accesses.vcpu");
        IntToLongFunction epoch =
                Columns.longs(n, columns.getVcpuEpochCount(), columns::getVcpuEpoch, "accesses.vcpu_epoch");
        IntToLongFunction sequence =
                Columns.longs(n, columns.getSequenceCount(), columns::getSequence, "accesses.sequence");
        Columns.ByteAt attributes = Columns.bytes(n, columns.getAttributes(), "accesses.attributes");
        IntToLongFunction address =
                Columns.longs(n, columns.getAddressCount(), columns::getAddress, "accesses.address");
        IntToLongFunction data = Columns.longs(n, columns.getDataCount(), columns::getData, "accesses.data");
        IntUnaryOperator count = Columns.ints(n, columns.getCountCount(), columns::getCount, "accesses.count");
        IntUnaryOperator window = Columns.ints(n, columns.getWindowCount(), columns::getWindow, "accesses.window");
        IntUnaryOperator remaining =
                Columns.ints(n, columns.getRemainingMsCount(), columns::getRemainingMs, "accesses.remaining_ms");
        IntToLongFunction gateway = Columns.longs(
                n, columns.getGatewayRevisionCount(), columns::getGatewayRevision, "accesses.gateway_revision");
        boolean ofStep = columns.getDeadlineNanosCount() > 0;
        IntToLongFunction deadline =
                Columns.longs(n, columns.getDeadlineNanosCount(), columns::getDeadlineNanos, "accesses.deadline_nanos");
        AccessRows rows = new AccessRows(n);
        for (int row = 0; row < n; row++) {
            rows.add(
                    vcpu(vcpu.applyAsInt(row), "accesses.vcpu"),
                    epoch.applyAsLong(row),
                    sequence.applyAsLong(row),
                    attributes.at(row),
                    address.applyAsLong(row),
                    data.applyAsLong(row),
                    count(count.applyAsInt(row), "accesses.count"),
                    window(window.applyAsInt(row), "accesses.window"),
                    ofStep ? deadline.applyAsLong(row) : deadlineOfAccess(remaining.applyAsInt(row), madeNanos),
                    gateway.applyAsLong(row));
        }
        return rows;
    }

    static KeyRows keys(KeyColumns columns) {
        int n = rows(columns.getRows(), "keys.rows");
        IntUnaryOperator vcpu = Columns.ints(n, columns.getVcpuCount(), columns::getVcpu, "keys.vcpu");
        IntToLongFunction epoch =
                Columns.longs(n, columns.getVcpuEpochCount(), columns::getVcpuEpoch, "keys.vcpu_epoch");
        IntToLongFunction sequence =
                Columns.longs(n, columns.getSequenceCount(), columns::getSequence, "keys.sequence");
        IntUnaryOperator part = Columns.ints(n, columns.getPartCount(), columns::getPart, "keys.part");
        KeyRows rows = new KeyRows(n);
        for (int row = 0; row < n; row++) {
            rows.add(
                    vcpu(vcpu.applyAsInt(row), "keys.vcpu"),
                    epoch.applyAsLong(row),
                    sequence.applyAsLong(row),
                    Columns.within(part.applyAsInt(row), 0, LAST_PART, "keys.part"));
        }
        return rows;
    }

    static OutcomeRows outcomes(OutcomeColumns columns) {
        KeyRows keys = keys(columns.getKeys());
        int n = keys.size();
        IntToLongFunction data = Columns.longs(n, columns.getDataCount(), columns::getData, "outcomes.data");
        Columns.ByteAt errno = Columns.bytes(n, columns.getErrno(), "outcomes.errno");
        OutcomeRows rows = new OutcomeRows(n);
        for (int row = 0; row < n; row++) {
            rows.add(
                    keys.vcpu(row),
                    keys.vcpuEpoch(row),
                    keys.sequence(row),
                    keys.part(row),
                    data.applyAsLong(row),
                    errno(errno.at(row)));
        }
        return rows;
    }

    /** @param madeNanos when the frame was made, on this node's clock: its age is taken off */
    static IoreqRows ioreqs(IoreqColumns columns, long madeNanos) {
        KeyRows keys = keys(columns.getKeys());
        int n = keys.size();
        Columns.ByteAt attributes = Columns.bytes(n, columns.getAttributes(), "ioreqs.attributes");
        Columns.ByteAt marks = Columns.bytes(n, columns.getMarks(), "ioreqs.marks");
        Columns.ByteAt claimedType = Columns.bytes(n, columns.getClaimedType(), "ioreqs.claimed_type");
        IntToLongFunction address = Columns.longs(n, columns.getAddressCount(), columns::getAddress, "ioreqs.address");
        IntToLongFunction data = Columns.longs(n, columns.getDataCount(), columns::getData, "ioreqs.data");
        IntUnaryOperator count = Columns.ints(n, columns.getCountCount(), columns::getCount, "ioreqs.count");
        IntUnaryOperator window = Columns.ints(n, columns.getWindowCount(), columns::getWindow, "ioreqs.window");
        IntUnaryOperator remaining =
                Columns.ints(n, columns.getRemainingMsCount(), columns::getRemainingMs, "ioreqs.remaining_ms");
        IntToLongFunction first = columns.getFirstRevisionCount() == 0
                ? row -> 0
                : Columns.longs(n, columns.getFirstRevisionCount(), columns::getFirstRevision, "ioreqs.first_revision");
        IoreqRows rows = new IoreqRows(n);
        for (int row = 0; row < n; row++) {
            rows.add(
                    keys.vcpu(row),
                    keys.vcpuEpoch(row),
                    keys.sequence(row),
                    keys.part(row),
                    attributes.at(row),
                    marks.at(row),
                    claim(claimedType.at(row)),
                    address.applyAsLong(row),
                    data.applyAsLong(row),
                    count(count.applyAsInt(row), "ioreqs.count"),
                    window(window.applyAsInt(row), "ioreqs.window"),
                    deadline(remaining.applyAsInt(row), madeNanos, "ioreqs.remaining_ms"),
                    first.applyAsLong(row));
        }
        return rows;
    }

    static SettledRows settled(SettledColumns columns) {
        int n = rows(columns.getRows(), "settled.rows");
        IntUnaryOperator vcpu = Columns.ints(n, columns.getVcpuCount(), columns::getVcpu, "settled.vcpu");
        IntToLongFunction epoch =
                Columns.longs(n, columns.getVcpuEpochCount(), columns::getVcpuEpoch, "settled.vcpu_epoch");
        IntToLongFunction through = Columns.longs(n, columns.getThroughCount(), columns::getThrough, "settled.through");
        SettledRows rows = new SettledRows(n);
        for (int row = 0; row < n; row++) {
            rows.add(vcpu(vcpu.applyAsInt(row), "settled.vcpu"), epoch.applyAsLong(row), through.applyAsLong(row));
        }
        return rows;
    }

    static List<TypeRun> runs(RunColumns columns) {
        int n = rows(columns.getRows(), "runs.rows");
        IntToLongFunction first = Columns.longs(n, columns.getFirstGfnCount(), columns::getFirstGfn, "runs.first_gfn");
        IntToLongFunction count = Columns.longs(n, columns.getCountCount(), columns::getCount, "runs.count");
        Columns.ByteAt type = Columns.bytes(n, columns.getType(), "runs.type");
        List<TypeRun> runs = new ArrayList<>(n);
        for (int row = 0; row < n; row++) {
            long firstGfn = Columns.within(first.applyAsLong(row), 0, GFN_END - 1, "runs.first_gfn");
            if (!MemType.isCode(type.at(row))) {
                throw new MalformedFrameException("runs.type", type.at(row), "no memory type");
            }
            runs.add(new TypeRun(
                    firstGfn,
                    Columns.within(count.applyAsLong(row), 1, GFN_END - firstGfn, "runs.count"),
                    MemType.ofCode(type.at(row))));
        }
        return List.copyOf(runs);
    }

    /**
     * Pieces, one behind the other in their bytes.
     *
     * @param withData whether they come with bytes, which are then as many as the pieces are long
     */
    static Segments segments(SegmentColumns columns, boolean withData) {
        int n = rows(columns.getRows(), "segments.rows");
        IntToLongFunction at = Columns.longs(n, columns.getGpaCount(), columns::getGpa, "segments.gpa");
        IntUnaryOperator size =
                Columns.ints(n, columns.getSizeBytesCount(), columns::getSizeBytes, "segments.size_bytes");
        int most = Limit.MAX_BYTES_PER_CALL.intValue();
        long[] gpa = new long[n];
        int[] sizeBytes = new int[n];
        int[] offset = new int[n];
        int end = 0;
        for (int row = 0; row < n; row++) {
            sizeBytes[row] = Columns.within(size.applyAsInt(row), 1, most - end, "segments.size_bytes");
            gpa[row] = Columns.within(at.applyAsLong(row), 0, GPA_END - sizeBytes[row], "segments.gpa");
            offset[row] = end;
            end += sizeBytes[row];
        }
        int expected = withData ? end : 0;
        if (columns.getData().size() != expected) {
            throw new MalformedFrameException(
                    "segments.data", columns.getData().size() + " bytes", "the pieces are " + expected + " bytes long");
        }
        return new Segments(gpa, sizeBytes, offset, columns.getData().toByteArray());
    }

    private static int rows(int rows, String field) {
        return Columns.within(rows, 0, MOST_ROWS, field);
    }

    private static int vcpu(int vcpu, String field) {
        return Columns.within(vcpu, 0, LAST_VCPU, field);
    }

    private static int count(int count, String field) {
        return Columns.within(count, 1, Limit.MAX_REP_COUNT.intValue(), field);
    }

    private static int window(int window, String field) {
        return Columns.within(window, 1, Limit.MAX_WINDOW.intValue(), field);
    }

    private static byte claim(byte x) {
        if (x != IoreqAttributes.BY_RANGE) {
            Columns.within(x & 0xFF, 0, Limit.MAX_CLAIMABLE_TYPES.intValue() - 1, "ioreqs.claimed_type");
        }
        return x;
    }

    private static byte errno(byte number) {
        if (number != 0 && Errno.ofNumber(number).isEmpty()) {
            throw new MalformedFrameException("outcomes.errno", number, "no such reason");
        }
        return number;
    }

    private static long deadlineOfAccess(int remainingMillis, long madeNanos) {
        return remainingMillis == TIMED_OUT
                ? AccessRows.TIMED_OUT
                : within(remainingMillis, madeNanos, "accesses.remaining_ms");
    }

    private static long deadline(int remainingMillis, long madeNanos, String field) {
        return remainingMillis == NO_DEADLINE ? IoreqRows.NO_DEADLINE : within(remainingMillis, madeNanos, field);
    }

    private static long within(int remainingMillis, long madeNanos, String field) {
        Columns.within(remainingMillis, 0, Limit.MAX_TIMEOUT_MILLIS.intValue(), field);
        return madeNanos + remainingMillis * NANOS_PER_MILLI;
    }
}
