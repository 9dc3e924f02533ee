package io.trapline.sim.world.part;

import io.trapline.model.Errno;
import io.trapline.model.IoreqAttributes;
import io.trapline.node.rows.IoreqRows;
import io.trapline.sim.check.IoreqKey;

/** An ioreq at an emulator. */
public final class Request {
    public final IoreqKey key;
    public final int marks;
    /** Whether a call for it is under way. */
    boolean isWaiting;

    private final int attributes;
    private final long address;
    private boolean hasWritten;
    private boolean isGivenUp;
    private long value;

    public Request(IoreqRows rows, int row) {
        key = IoreqKey.of(rows.keys(), row);
        marks = rows.marks(row);
        attributes = rows.attributes(row);
        address = rows.address(row);
    }

    public void carriedOut(long aValue) {
        value = IoreqAttributes.isWrite(attributes) ? 0 : aValue;
    }

    public void repeats(long answer) {
        value = answer;
    }

    /** It was completed otherwise (F2). */
    void giveUp() {
        isGivenUp = true;
    }

    /** What an emulator's stream says of it: ESTALE = given up. */
    byte errno() {
        return isGivenUp ? (byte) Errno.ESTALE.number() : Errno.OK;
    }

    /** What the emulator says, more than the low bytes that count. */
    public long unmasked() {
        return value;
    }

    /** What counts of it. */
    public long answer() {
        return value & IoreqAttributes.mask(attributes);
    }

    /** Whether it is a write to a page that the emulator may put there. */
    public boolean mayWritePage() {
        return !hasWritten && IoreqAttributes.isWrite(attributes) && Layout.isPage(address);
    }

    public long word() {
        return address & -8;
    }

    public void wrotePage() {
        hasWritten = true;
    }

    public void mayWriteAgain() {
        hasWritten = false;
    }
}
