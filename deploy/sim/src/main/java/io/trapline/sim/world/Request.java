package io.trapline.sim.world;

import io.trapline.model.IoreqAttributes;
import io.trapline.node.rows.IoreqRows;
import io.trapline.sim.check.IoreqKey;

/** An ioreq at an emulator. */
final class Request {
    final IoreqKey key;
    final int marks;
    /** Whether a call for it is under way. */
    boolean isWaiting;

    private final int attributes;
    private final long address;
    private boolean hasWritten;
    private long value;

    Request(IoreqRows rows, int row) {
        key = IoreqKey.of(rows.keys(), row);
        marks = rows.marks(row);
        attributes = rows.attributes(row);
        address = rows.address(row);
    }

    void carriedOut(long aValue) {
        value = IoreqAttributes.isWrite(attributes) ? 0 : aValue;
    }

    void repeats(long answer) {
        value = answer;
    }

    /** What the emulator says, more than the low bytes that count. */
    long unmasked() {
        return value;
    }

    /** What counts of it. */
    long answer() {
        return value & IoreqAttributes.mask(attributes);
    }

    /** Whether it is a write to a page that the emulator may put there. */
    boolean mayWritePage() {
        return !hasWritten && IoreqAttributes.isWrite(attributes) && Layout.isPage(address);
    }

    long word() {
        return address & -8;
    }

    void wrotePage() {
        hasWritten = true;
    }

    void mayWriteAgain() {
        hasWritten = false;
    }
}
