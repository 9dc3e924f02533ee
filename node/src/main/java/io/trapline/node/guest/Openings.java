package io.trapline.node.guest;

import io.trapline.model.Pure;

/** What the registry has said of a domain's vCPUs: who has opened them last, and whose guests have gone on elsewhere (A6). */
@Pure
final class Openings {
    private final long[] newestEpoch;
    private final long[] leftAt;
    private final long[] cameAt;

    Openings(int nrVcpus) {
        newestEpoch = new long[nrVcpus];
        leftAt = new long[nrVcpus];
        cameAt = new long[nrVcpus];
    }

    /** The registry has opened the vCPU under that epoch; what is open under older ones is fenced. */
    void opened(int vcpu, long epoch) {
        newestEpoch[vcpu] = Math.max(newestEpoch[vcpu], epoch);
    }

    /** The registry has let the guest of the vCPU go on elsewhere, at that revision. */
    void left(int vcpu, long revision) {
        leftAt[vcpu] = Math.max(leftAt[vcpu], revision);
    }

    /** The vCPU is run here from now on, for a guest that came at that revision. */
    void came(int vcpu, long revision) {
        cameAt[vcpu] = Math.max(cameAt[vcpu], revision);
    }

    /**
     * Whether an opening that the registry has carried out still counts when its result arrives. Where two clients open a vCPU at a time, both
     * openings are applied before the first result is here, and that one is fenced before it began (A6). The same with a guest that has gone on, or
     * has come again by a later stream.
     *
     * @param gatewayRevision the revision at which the guest came to this node
     */
    boolean mayRun(int vcpu, long epoch, long gatewayRevision) {
        return epoch >= newestEpoch[vcpu] && gatewayRevision > leftAt[vcpu] && gatewayRevision >= cameAt[vcpu];
    }

    /** Whether anybody has opened the vCPU yet; it may have been closed since. */
    boolean wasOpened(int vcpu) {
        return vcpu >= 0 && vcpu < newestEpoch.length && newestEpoch[vcpu] > 0;
    }
}
