package io.trapline.node.guest;

import io.trapline.model.Limit;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The vCPUs of a domain that have been opened: the window of each, and what a client must show to resume it (A6). */
final class OpenVcpus {
    /** One open vCPU. Its stream comes and goes; the window stays. */
    static final class OpenVcpu {
        final VcpuWindow window;
        private final byte[] token;
        private final long gatewayRevision;
        /** Which of the window's accesses were sent with want_status, by the low bits of their numbers. */
        private final BitSet wantsStatus = new BitSet();
        /** The stream that runs it, or null while the guest is away. */
        @Nullable
        GuestStream stream;

        /** @param gatewayRevision the revision at which its guest came to this node */
        OpenVcpu(VcpuWindow window, byte[] token, long gatewayRevision, GuestStream stream) {
            this.window = window;
            this.token = token.clone();
            this.gatewayRevision = gatewayRevision;
            this.stream = stream;
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

        long gatewayRevision() {
            return gatewayRevision;
        }

        byte[] token() {
            return token.clone();
        }

        boolean isToken(byte[] shown) {
            return MessageDigest.isEqual(token, shown);
        }
    }

    private final @Nullable OpenVcpu[] byVcpu;
    /** What the registry has said of them. */
    final Openings openings;

    private final List<OpenVcpu> all = new ArrayList<>();

    OpenVcpus(int nrVcpus) {
        byVcpu = new OpenVcpu[nrVcpus];
        openings = new Openings(nrVcpus);
    }

    /** The vCPU, or null when it is not open. */
    @Nullable
    OpenVcpu get(int vcpu) {
        return vcpu >= 0 && vcpu < byVcpu.length ? byVcpu[vcpu] : null;
    }

    /** Whether the vCPU is open under that epoch. */
    boolean runsUnder(int vcpu, long epoch) {
        OpenVcpu open = get(vcpu);
        return open != null && open.window.epoch() == epoch;
    }

    /** The vCPU if that stream runs it, else null. */
    @Nullable
    OpenVcpu runBy(GuestStream stream, int vcpu) {
        OpenVcpu open = get(vcpu);
        return open != null && open.stream == stream ? open : null;
    }

    void put(OpenVcpu open) {
        remove(open.window.vcpu());
        openings.came(open.window.vcpu(), open.gatewayRevision());
        byVcpu[open.window.vcpu()] = open;
        all.add(open);
    }

    void remove(int vcpu) {
        OpenVcpu before = byVcpu[vcpu];
        if (before != null) {
            all.remove(before);
            byVcpu[vcpu] = null;
        }
    }

    /** All of them; not to be changed while it is gone through. */
    List<OpenVcpu> all() {
        return all;
    }

    /** How many vCPUs that stream runs. */
    boolean runsAny(GuestStream stream) {
        for (OpenVcpu open : all) {
            if (open.stream == stream) {
                return true;
            }
        }
        return false;
    }
}
