package io.trapline.coordinator.registry;

import io.trapline.internal.v1.RegisteredServer;
import io.trapline.model.Pure;
import io.trapline.v1.Claim;
import io.trapline.v1.ClaimState;
import io.trapline.v1.DomainState;
import io.trapline.v1.IoreqServer;
import io.trapline.v1.IoreqServerState;
import io.trapline.v1.OnDisconnect;
import java.util.List;

/** Claims that end by themselves unless an emulator comes: their servers were created with {@code on_disconnect = RELEASE}, and none is attached (C6). */
@Pure
final class Unattended {
    private Unattended() {}

    /** By domain, then by type. */
    static List<UnattendedClaim> all(State state) {
        return state.claims.values().stream()
                .filter(claim -> is(state, claim))
                .map(claim -> new UnattendedClaim(
                        claim.getDomid(),
                        claim.getType(),
                        claim.getEpoch(),
                        since(state, claim),
                        holder(state, claim).getRecord().getServer().getGraceMs()))
                .toList();
    }

    /** Of a domain that has lost its memory nobody can claim anything, so nothing is released. */
    static boolean is(State state, Claim claim) {
        IoreqServer server = holder(state, claim).getRecord().getServer();
        DomainState domain = state.domain(claim.getDomid()).getDomain().getState();
        return claim.getState() == ClaimState.CLAIM_STATE_HELD
                && server.getOnDisconnect() == OnDisconnect.ON_DISCONNECT_RELEASE
                && server.getSessionEpoch() == 0
                && server.getState() != IoreqServerState.IOREQ_SERVER_STATE_DESTROYING
                && (domain == DomainState.DOMAIN_STATE_RUNNING || domain == DomainState.DOMAIN_STATE_PAUSED);
    }

    /** The revision at which its server's last session ended; 0 = it has had none. */
    static long since(State state, Claim claim) {
        return holder(state, claim).getEndedRunUntil();
    }

    private static RegisteredServer holder(State state, Claim claim) {
        return state.server(claim.getDomid(), claim.getId());
    }
}
