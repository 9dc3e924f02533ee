package io.trapline.node.shard;

import io.trapline.model.Pure;

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
        int vcpu, long vcpuEpoch, long sequence, int part, long gpa, int sizeBytes, boolean into, byte[] bytes) {}
