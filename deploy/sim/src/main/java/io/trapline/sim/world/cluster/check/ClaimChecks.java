package io.trapline.sim.world.cluster.check;

import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.sim.check.Violation;
import io.trapline.v1.Claim;
import io.trapline.v1.ClaimState;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** V-1, C6: what stands of claims in the one log: a type is claimed only when nobody holds it, and freed only for its holder. */
public final class ClaimChecks {
    private record Type(int domid, int code) {}

    private final Map<Type, Claim> standing = new HashMap<>();

    /** Those stand to begin with. */
    public void begin(List<Claim> claims) {
        claims.forEach(claim -> standing.put(new Type(claim.getDomid(), claim.getTypeValue()), claim));
    }

    /** How many claims stand. */
    public int standing() {
        return standing.size();
    }

    /** A command is in force, and has changed something. */
    public void inForce(Command command, RegistryChange change) {
        for (Claim claim : change.getClaimsList()) {
            inForce(command, claim);
        }
        for (int domid : change.getRemovedDomainsList()) {
            standing.keySet().removeIf(type -> type.domid() == domid);
        }
    }

    private void inForce(Command command, Claim claim) {
        Type type = new Type(claim.getDomid(), claim.getTypeValue());
        Claim before = standing.get(type);
        boolean free = claim.getState() == ClaimState.CLAIM_STATE_FREE;
        if (before != null && before.getEpoch() != claim.getEpoch()) {
            throw new Violation("V-1", "a type is claimed by%n%s, and another holds it:%n%s", claim, before);
        }
        if (free && before != null && !frees(command)) {
            throw new Violation("V-10", "%s frees what must be drained first:%n%s", command.getCommandCase(), before);
        }
        if (free) {
            standing.remove(type);
        } else {
            standing.put(type, claim);
        }
    }

    private static boolean frees(Command command) {
        return command.hasFinishDrain();
    }
}
