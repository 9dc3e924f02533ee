package io.trapline.node.protocol;

import io.trapline.model.Pure;

/**
 * The guest of a vCPU goes on at another node, under the same epoch.
 *
 * @param vcpu 0 … 4095
 * @param epoch the revision at which it was opened
 * @param revision the revision at which the guest came there
 */
@Pure
public record VcpuMove(int vcpu, long epoch, long revision) {}
