package io.trapline.node.ioreq;

import io.trapline.model.IoreqAttributes;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;

/** One ioreq as tests write it down: a write of 4 bytes to a page of {@code ioreq_server[0]}, unless said otherwise. */
record Row(
        int vcpu,
        long vcpuEpoch,
        long sequence,
        int part,
        int sizeBytes,
        boolean write,
        int type,
        boolean df,
        boolean pointer,
        boolean posted,
        int claimedType,
        long address,
        long data,
        int count,
        int window,
        long timeoutMillis) {
    static final long EPOCH = 5;
    static final long FOR_EVER = -1;

    static Row of(int vcpu, long sequence) {
        return new Row(
                vcpu,
                EPOCH,
                sequence,
                0,
                4,
                true,
                IoreqAttributes.COPY,
                false,
                false,
                false,
                0,
                sequence << 12,
                0x11,
                1,
                4,
                30_000);
    }

    Row epoch(long epoch) {
        return new Row(
                vcpu,
                epoch,
                sequence,
                part,
                sizeBytes,
                write,
                type,
                df,
                pointer,
                posted,
                claimedType,
                address,
                data,
                count,
                window,
                timeoutMillis);
    }

    Row part(int aPart) {
        return new Row(
                vcpu,
                vcpuEpoch,
                sequence,
                aPart,
                sizeBytes,
                write,
                type,
                df,
                pointer,
                posted,
                claimedType,
                address,
                data,
                count,
                window,
                timeoutMillis);
    }

    Row read(int size) {
        return new Row(
                vcpu,
                vcpuEpoch,
                sequence,
                part,
                size,
                false,
                type,
                df,
                pointer,
                posted,
                claimedType,
                address,
                0,
                count,
                window,
                timeoutMillis);
    }

    Row size(int size) {
        return new Row(
                vcpu,
                vcpuEpoch,
                sequence,
                part,
                size,
                write,
                type,
                df,
                pointer,
                posted,
                claimedType,
                address,
                data,
                count,
                window,
                timeoutMillis);
    }

    Row toPointer() {
        return new Row(
                vcpu,
                vcpuEpoch,
                sequence,
                part,
                sizeBytes,
                write,
                type,
                df,
                true,
                posted,
                claimedType,
                address,
                data,
                count,
                window,
                timeoutMillis);
    }

    Row post() {
        return new Row(
                vcpu,
                vcpuEpoch,
                sequence,
                part,
                sizeBytes,
                write,
                type,
                df,
                pointer,
                true,
                claimedType,
                address,
                data,
                count,
                window,
                timeoutMillis);
    }

    Row claimed(int x) {
        return new Row(
                vcpu,
                vcpuEpoch,
                sequence,
                part,
                sizeBytes,
                write,
                type,
                df,
                pointer,
                posted,
                x,
                address,
                data,
                count,
                window,
                timeoutMillis);
    }

    /** Brought by a range. */
    Row ranged(int aType, long anAddress) {
        return new Row(
                vcpu,
                vcpuEpoch,
                sequence,
                part,
                sizeBytes,
                write,
                aType,
                df,
                pointer,
                posted,
                IoreqAttributes.BY_RANGE,
                anAddress,
                data,
                count,
                window,
                timeoutMillis);
    }

    Row rep(int aCount, boolean descends) {
        return new Row(
                vcpu,
                vcpuEpoch,
                sequence,
                part,
                sizeBytes,
                write,
                type,
                descends,
                pointer,
                posted,
                claimedType,
                address,
                data,
                aCount,
                window,
                timeoutMillis);
    }

    Row window(int aWindow) {
        return new Row(
                vcpu,
                vcpuEpoch,
                sequence,
                part,
                sizeBytes,
                write,
                type,
                df,
                pointer,
                posted,
                claimedType,
                address,
                data,
                count,
                aWindow,
                timeoutMillis);
    }

    Row within(long millis) {
        return new Row(
                vcpu,
                vcpuEpoch,
                sequence,
                part,
                sizeBytes,
                write,
                type,
                df,
                pointer,
                posted,
                claimedType,
                address,
                data,
                count,
                window,
                millis);
    }

    byte attributes() {
        return (byte) (Integer.numberOfTrailingZeros(sizeBytes)
                | (write ? 0 : IoreqAttributes.READ)
                | (type << 3)
                | (df ? IoreqAttributes.DF : 0)
                | (pointer ? IoreqAttributes.DATA_IS_PTR : 0));
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
                data,
                count,
                window,
                timeoutMillis == FOR_EVER ? IoreqRows.NO_DEADLINE : nowNanos + timeoutMillis * 1_000_000);
    }

    void addTo(KeyRows keys) {
        keys.add(vcpu, vcpuEpoch, sequence, part);
    }

    static KeyRows keys(Row... rows) {
        KeyRows keys = new KeyRows(rows.length);
        for (Row row : rows) {
            row.addTo(keys);
        }
        return keys;
    }

    /** How the scene writes a key. */
    static String name(int vcpu, long vcpuEpoch, long sequence, int part) {
        return "v" + vcpu + (vcpuEpoch == EPOCH ? "" : "@" + vcpuEpoch) + "#" + sequence
                + (part == 0 ? "" : "." + part);
    }

    @Override
    public String toString() {
        return name(vcpu, vcpuEpoch, sequence, part);
    }
}
