package io.trapline.node.guest;

import io.trapline.model.Limit;
import java.security.MessageDigest;
import java.util.BitSet;

/** An open vCPU at its node, with what a client must show to resume it (A6). */
final class OpenVcpu extends VcpuStreams.Opened<GuestStream> {
    private final byte[] token;
    /** Which of the window's accesses were sent with want_status, by the low bits of their numbers. */
    private final BitSet wantsStatus = new BitSet();

    /** @param gatewayRevision the revision at which its guest came to this node */
    OpenVcpu(VcpuWindow window, byte[] token, long gatewayRevision, GuestStream stream) {
        super(window, gatewayRevision, stream);
        this.token = token.clone();
    }

    /** Says whether a failure of that access is to come with its full status; the last time that it was sent counts. */
    void wantStatus(long sequence, boolean wants) {
        wantsStatus.set(place(sequence), wants);
    }

    boolean wantsStatus(long sequence) {
        return wantsStatus.get(place(sequence));
    }

    private static int place(long sequence) {
        return (int) sequence & (Limit.MAX_WINDOW.intValue() - 1);
    }

    byte[] token() {
        return token.clone();
    }

    boolean isToken(byte[] shown) {
        return MessageDigest.isEqual(token, shown);
    }
}
