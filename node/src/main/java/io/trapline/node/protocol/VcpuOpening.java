package io.trapline.node.protocol;

import io.trapline.model.Pure;

/**
 * A vCPU was opened anew: everything of it under an older epoch is fenced (A6).
 *
 * @param vcpu 0 … 4095
 * @param epoch the revision at which it was opened
 */
@Pure
public record VcpuOpening(int vcpu, long epoch) {}
