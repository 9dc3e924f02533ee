package io.trapline.coordinator.registry;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.internal.v1.FinishDrain;
import io.trapline.internal.v1.RegisteredServer;
import io.trapline.model.Errno;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;
import io.trapline.v1.Claim;
import io.trapline.v1.ClaimEnd;
import io.trapline.v1.IoreqServer;
import java.util.List;

/**
 * The second step of a change that drained (F5): the claim is FREE, the server is gone, the domain is gone (C5, S1, S4). Only from then
 * on can the type be claimed and the id be used again.
 */
@Pure
final class Endings {
    private final State state;
    private final Claims claims;
    private final Drains drains;

    Endings(State state, Claims claims, Drains drains) {
        this.state = state;
        this.claims = claims;
        this.drains = drains;
    }

    /** Every node is done with the drain; whoever says so knew all that have copies (V-10). */
    Answer finish(FinishDrain q) {
        DrainRecord drain = state.drains.get(q.getRevision());
        if (drain == null) {
            return Answer.getDefaultInstance();
        }
        if (q.getAsOf() != 0 && DrainRoles.haveChanged(state.domain(drain.getDomid()), q.getAsOf())) {
            return Answers.refused(Refusal.of(
                            Errno.EAGAIN,
                            "drain " + q.getRevision() + ": who has copies is not what it was at revision "
                                    + q.getAsOf())
                    .with(Answers.EFFECT, Answers.NONE));
        }
        long revision = state.begin();
        switch (drain.getKind()) {
            case DRAIN_KIND_RELEASE -> endRelease(drain, revision);
            case DRAIN_KIND_DISABLE -> state.removeDrain(drain);
            case DRAIN_KIND_DESTROY -> endServer(drain, revision);
            case DRAIN_KIND_DESTROY_DOMAIN -> endDomain(drain.getDomid(), revision);
            case DRAIN_KIND_UNSPECIFIED, UNRECOGNIZED ->
                throw new IllegalStateException("drain " + drain.getRevision() + " of kind " + drain.getKindValue());
        }
        return Answers.done(revision).build();
    }

    private void endRelease(DrainRecord drain, long revision) {
        List<Claim> released = state.claimsOf(drain.getDomid()).values().stream()
                .filter(claim -> claim.getType() == drain.getType())
                .toList();
        released.forEach(claim -> claims.end(claim, revision, why(drain)));
        state.removeDrain(drain);
    }

    private void endServer(DrainRecord drain, long revision) {
        IoreqServer server =
                state.server(drain.getDomid(), drain.getId()).getRecord().getServer();
        endClaims(claims.of(server), revision, ClaimEnd.CLAIM_END_SERVER_DESTROYED);
        state.drainsOf(drain.getDomid()).stream()
                .filter(each -> each.getGeneration() == server.getGeneration())
                .forEach(state::removeDrain);
        state.removeServer(server.getDomid(), server.getId());
    }

    private void endDomain(int domid, long revision) {
        endClaims(List.copyOf(state.claimsOf(domid).values()), revision, ClaimEnd.CLAIM_END_DOMAIN_DESTROYED);
        state.drainsOf(domid).forEach(state::removeDrain);
        for (RegisteredServer server : List.copyOf(state.serversOf(domid).values())) {
            state.removeServer(domid, server.getRecord().getServer().getId());
        }
        state.removeDomain(domid);
    }

    /** A claim whose release had begun before has ended for that reason. */
    private void endClaims(List<Claim> ending, long revision, ClaimEnd why) {
        for (Claim claim : ending) {
            claims.end(
                    claim,
                    revision,
                    drains.release(claim.getDomid(), claim.getType())
                            .map(Endings::why)
                            .orElse(why));
        }
    }

    private static ClaimEnd why(DrainRecord release) {
        return release.getUnattended() ? ClaimEnd.CLAIM_END_DISCONNECTED : ClaimEnd.CLAIM_END_RELEASED;
    }
}
