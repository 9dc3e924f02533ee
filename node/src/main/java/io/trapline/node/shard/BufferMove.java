package io.trapline.node.shard;

import io.trapline.model.Pure;
import io.trapline.node.replica.StateImage;

/**
 * A part of a REP names a buffer that is not wholly in the part's own shard: the shards that hold it check it and move its bytes.
 *
 * @param vcpu with the next three: whose part it is
 * @param gpa where the buffer's piece starts, in bytes
 * @param sizeBytes how long it is
 * @param into whether bytes go into the buffer
 * @param bytes what goes into the buffer, or where what it holds is put; empty = it is only to be checked
 */
@Pure
public record BufferMove(
        int vcpu, long vcpuEpoch, long sequence, int part, long gpa, int sizeBytes, boolean into, byte[] bytes) {
    /** One of no vCPU, to say {@link #image} of. */
    static final BufferMove NONE = new BufferMove(0, 0, 0, 0, 0, 0, false, new byte[0]);

    /** The same, or what the image has (D-24). */
    BufferMove image(StateImage image) {
        return new BufferMove(
                image.of(vcpu),
                image.of(vcpuEpoch),
                image.of(sequence),
                image.of(part),
                image.of(gpa),
                image.of(sizeBytes),
                image.of(into),
                image.of(bytes));
    }
}
