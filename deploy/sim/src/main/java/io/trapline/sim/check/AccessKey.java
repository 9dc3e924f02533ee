package io.trapline.sim.check;

/** Names an access for good: the vCPU, the epoch under which it was opened, the sequence number (A4). */
public record AccessKey(int vcpu, long epoch, long sequence) {
    /** Whether it is an earlier access of the same vCPU, under whatever epoch. */
    boolean isBefore(AccessKey other) {
        boolean earlier = epoch != other.epoch ? epoch < other.epoch : sequence < other.sequence;
        return vcpu == other.vcpu && earlier;
    }

    @Override
    public String toString() {
        return "v" + vcpu + "@" + epoch + "#" + sequence;
    }
}
