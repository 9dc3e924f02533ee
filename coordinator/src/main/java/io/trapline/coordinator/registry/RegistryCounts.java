package io.trapline.coordinator.registry;

import io.trapline.model.Pure;
import io.trapline.v1.DomainState;
import java.util.Map;

/**
 * How much is in the registry.
 *
 * @param revision the last one given out
 * @param leadership the revision that began the last leadership; 0 = none has begun in this generation
 * @param nodes how many are registered
 * @param domains by state; states that none is in are left out
 * @param degraded how many domains that are not CRASHED should have two copies of each page, and have not
 * @param claims how many stand
 */
@Pure
public record RegistryCounts(
        long revision, long leadership, int nodes, Map<DomainState, Long> domains, long degraded, int claims) {
    public RegistryCounts {
        domains = Map.copyOf(domains);
    }
}
