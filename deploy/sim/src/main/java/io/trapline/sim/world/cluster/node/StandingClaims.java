package io.trapline.sim.world.cluster.node;

import io.trapline.internal.v1.RegistryChange;
import io.trapline.v1.Claim;
import io.trapline.v1.ClaimState;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The claims that a node knows of, for a domain that it comes to decide. */
final class StandingClaims {
    private record Type(int domid, int code) {}

    private final Map<Type, Claim> standing = new TreeMap<>((one, other) -> one.domid() != other.domid()
            ? Integer.compare(one.domid(), other.domid())
            : Integer.compare(one.code(), other.code()));

    void take(RegistryChange change) {
        if (change.getSnapshot()) {
            standing.clear();
        }
        change.getRemovedDomainsList().forEach(domid -> standing.keySet().removeIf(type -> type.domid() == domid));
        for (Claim claim : change.getClaimsList()) {
            Type type = new Type(claim.getDomid(), claim.getTypeValue());
            if (claim.getState() == ClaimState.CLAIM_STATE_FREE) {
                standing.remove(type);
            } else {
                standing.put(type, claim);
            }
        }
    }

    List<Claim> of(int domid) {
        return standing.values().stream()
                .filter(claim -> claim.getDomid() == domid)
                .toList();
    }
}
