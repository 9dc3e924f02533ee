package io.trapline.coordinator.registry;

import io.trapline.model.Pure;
import io.trapline.v1.MemType;

/**
 * A claim that is held without an emulator, and ends where that lasts for a grace period (C6).
 *
 * @param domid the domain
 * @param type the claimed type
 * @param epoch the claim's
 * @param since the revision at which its server's last session ended; 0 = it has had none
 * @param graceMillis the server's grace period, 1 … 3,600,000
 */
@Pure
public record UnattendedClaim(int domid, MemType type, long epoch, long since, int graceMillis) {}
