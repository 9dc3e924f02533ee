package io.trapline.sim.check;

/** An ioreq that is with an emulator. */
final class Delivered {
    static final long NOT_CAUGHT = Long.MAX_VALUE;

    final GuestAccess access;
    /** The session that it was passed in. */
    final long session;

    final long nanos;
    final boolean posted;
    final byte claimedType;
    final long decidedRevision;

    /** From when on it may go back, because of what has caught it (F5). */
    private long caughtUntil = NOT_CAUGHT;

    Delivered(GuestAccess access, long session, long nanos, boolean posted, byte claimedType, long decidedRevision) {
        this.access = access;
        this.session = session;
        this.nanos = nanos;
        this.posted = posted;
        this.claimedType = claimedType;
        this.decidedRevision = decidedRevision;
    }

    /** X of the claim that brought it, or below 0 for one that a range did. */
    boolean isOfType(int x) {
        return claimedType == x;
    }

    boolean isByRange() {
        return claimedType < 0;
    }

    void caught(long untilNanos) {
        caughtUntil = Math.min(caughtUntil, untilNanos);
    }

    boolean mayGoBack(long nowNanos) {
        return caughtUntil <= nowNanos;
    }

    @Override
    public String toString() {
        return access + (posted ? " (posted)" : "");
    }
}
