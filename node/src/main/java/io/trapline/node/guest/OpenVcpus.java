package io.trapline.node.guest;

import io.trapline.model.Pure;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The vCPUs of a domain that have been opened: the window of each, and what a client must show to resume it (A6). */
@Pure
final class OpenVcpus<S> {
    /** One open vCPU. Its stream comes and goes; the window stays. */
    static final class OpenVcpu<S> {
        final VcpuWindow window;
        private final byte[] token;
        /** The stream that runs it, or null while the guest is away. */
        @Nullable
        S stream;

        OpenVcpu(VcpuWindow window, byte[] token, S stream) {
            this.window = window;
            this.token = token.clone();
            this.stream = stream;
        }

        byte[] token() {
            return token.clone();
        }

        boolean isToken(byte[] shown) {
            return MessageDigest.isEqual(token, shown);
        }
    }

    private final @Nullable OpenVcpu<S>[] byVcpu;
    private final List<OpenVcpu<S>> all = new ArrayList<>();

    @SuppressWarnings({"unchecked", "rawtypes"})
    OpenVcpus(int nrVcpus) {
        byVcpu = (OpenVcpu<S>[]) new OpenVcpu[nrVcpus];
    }

    /** The vCPU, or null when it is not open. */
    @Nullable
    OpenVcpu<S> get(int vcpu) {
        return vcpu >= 0 && vcpu < byVcpu.length ? byVcpu[vcpu] : null;
    }

    /** The vCPU if that stream runs it, else null. */
    @Nullable
    OpenVcpu<S> runBy(S stream, int vcpu) {
        OpenVcpu<S> open = get(vcpu);
        return open != null && open.stream == stream ? open : null;
    }

    void put(OpenVcpu<S> open) {
        remove(open.window.vcpu());
        byVcpu[open.window.vcpu()] = open;
        all.add(open);
    }

    void remove(int vcpu) {
        OpenVcpu<S> before = byVcpu[vcpu];
        if (before != null) {
            all.remove(before);
            byVcpu[vcpu] = null;
        }
    }

    /** All of them; not to be changed while it is gone through. */
    List<OpenVcpu<S>> all() {
        return all;
    }

    /** How many vCPUs that stream runs. */
    boolean runsAny(S stream) {
        for (OpenVcpu<S> open : all) {
            if (open.stream == stream) {
                return true;
            }
        }
        return false;
    }
}
