package io.trapline.coordinator;

import io.trapline.coordinator.registry.RegistryCounts;
import io.trapline.model.Pure;

/**
 * What a coordinator is doing, for whoever watches it. Of the registry it says what this replica has applied.
 *
 * @param leads whether it leads
 * @param term the highest that it has seen
 * @param coordinators how many its configuration names
 * @param leasedNodes how many nodes hold a lease; 0 where it does not lead
 * @param commits entries that it has proposed and applied since its process began
 * @param commitNanos how long those took, all together
 * @param lapses leases that it has taken for lapsed since its process began
 * @param registry what is in the registry
 */
@Pure
public record CoordinatorReadings(
        boolean leads,
        long term,
        int coordinators,
        int leasedNodes,
        long commits,
        long commitNanos,
        long lapses,
        RegistryCounts registry) {}
