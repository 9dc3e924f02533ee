package io.trapline.node.ioreq;

import io.trapline.model.IoreqAttributes;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;
import java.util.function.Consumer;

/** One ioreq as tests write it down: a write of 4 bytes to a page of {@code ioreq_server[0]}, unless said otherwise. Immutable. */
final class Row {
    static final long EPOCH = 5;
    static final long FOR_EVER = -1;
    static final int WINDOW = 4;

    private final int vcpu;
    private final long sequence;
    private long vcpuEpoch = EPOCH;
    private int part;
    private int sizeBytes = 4;
    private boolean write = true;
    private int type = IoreqAttributes.COPY;
    private boolean df;
    private boolean pointer;
    private boolean posted;
    private int claimedType;
    private long address;
    private int count = 1;
    private int window = WINDOW;
    private long timeoutMillis = 30_000;
    private long firstRevision;

    private Row(int vcpu, long sequence) {
        this.vcpu = vcpu;
        this.sequence = sequence;
        address = sequence << 12;
    }

    static Row of(int vcpu, long sequence) {
        return new Row(vcpu, sequence);
    }

    private Row but(Consumer<Row> change) {
        Row row = new Row(vcpu, sequence);
        row.vcpuEpoch = vcpuEpoch;
        row.part = part;
        row.sizeBytes = sizeBytes;
        row.write = write;
        row.type = type;
        row.df = df;
        row.pointer = pointer;
        row.posted = posted;
        row.claimedType = claimedType;
        row.address = address;
        row.count = count;
        row.window = window;
        row.timeoutMillis = timeoutMillis;
        row.firstRevision = firstRevision;
        change.accept(row);
        return row;
    }

    Row epoch(long epoch) {
        return but(row -> row.vcpuEpoch = epoch);
    }

    Row part(int aPart) {
        return but(row -> row.part = aPart);
    }

    Row read(int size) {
        return but(row -> {
            row.write = false;
            row.sizeBytes = size;
        });
    }

    Row size(int size) {
        return but(row -> row.sizeBytes = size);
    }

    Row toPointer() {
        return but(row -> row.pointer = true);
    }

    /** A posted write. */
    Row post() {
        return but(row -> {
            row.write = true;
            row.posted = true;
        });
    }

    Row claimed(int x) {
        return but(row -> row.claimedType = x);
    }

    /** Brought by a range. */
    Row ranged(int aType, long anAddress) {
        return but(row -> {
            row.claimedType = IoreqAttributes.BY_RANGE;
            row.type = aType;
            row.address = anAddress;
        });
    }

    Row rep(int aCount, boolean descends) {
        return but(row -> {
            row.count = aCount;
            row.df = descends;
        });
    }

    Row window(int aWindow) {
        return but(row -> row.window = aWindow);
    }

    Row within(long millis) {
        return but(row -> row.timeoutMillis = millis);
    }

    /** The server may have it since that revision. */
    Row since(long revision) {
        return but(row -> row.firstRevision = revision);
    }

    int vcpu() {
        return vcpu;
    }

    long vcpuEpoch() {
        return vcpuEpoch;
    }

    long sequence() {
        return sequence;
    }

    int part() {
        return part;
    }

    int sizeBytes() {
        return sizeBytes;
    }

    boolean posted() {
        return posted;
    }

    int claimedType() {
        return claimedType;
    }

    long address() {
        return address;
    }

    int count() {
        return count;
    }

    byte attributes() {
        return (byte) (Integer.numberOfTrailingZeros(sizeBytes)
                | (write ? 0 : IoreqAttributes.READ)
                | (type << 3)
                | (df ? IoreqAttributes.DF : 0)
                | (pointer ? IoreqAttributes.DATA_IS_PTR : 0));
    }

    long deadlineNanos(long nowNanos) {
        return timeoutMillis == FOR_EVER ? IoreqRows.NO_DEADLINE : nowNanos + timeoutMillis * 1_000_000;
    }

    void addTo(IoreqRows rows, long nowNanos) {
        rows.add(
                vcpu,
                vcpuEpoch,
                sequence,
                part,
                attributes(),
                posted ? (byte) IoreqAttributes.MARK_POSTED : 0,
                (byte) claimedType,
                address,
                write ? 0x11 : 0,
                count,
                window,
                deadlineNanos(nowNanos),
                firstRevision);
    }

    static KeyRows keys(Row... rows) {
        KeyRows keys = new KeyRows(rows.length);
        for (Row row : rows) {
            keys.add(row.vcpu, row.vcpuEpoch, row.sequence, row.part);
        }
        return keys;
    }

    /** How tests write a key. */
    static String name(int vcpu, long vcpuEpoch, long sequence, int part) {
        return "v" + vcpu + (vcpuEpoch == EPOCH ? "" : "@" + vcpuEpoch) + "#" + sequence
                + (part == 0 ? "" : "." + part);
    }

    @Override
    public String toString() {
        return name(vcpu, vcpuEpoch, sequence, part);
    }
}
