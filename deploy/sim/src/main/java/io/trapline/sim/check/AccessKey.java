package io.trapline.sim.check;

/** Names an access for good: the vCPU, the epoch under which it was opened, the sequence number (A4). */
public record AccessKey(int vcpu, long epoch, long sequence) {
    @Override
    public String toString() {
        return "v" + vcpu + "@" + epoch + "#" + sequence;
    }
}
