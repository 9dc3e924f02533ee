package io.trapline.coordinator.registry;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.ReleaseUnattended;
import io.trapline.model.AccessFlags;
import io.trapline.model.Errno;
import io.trapline.model.MemType;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;
import io.trapline.v1.Claim;
import io.trapline.v1.ClaimEnd;
import io.trapline.v1.ClaimState;
import io.trapline.v1.IoreqServer;
import io.trapline.v1.MapMemTypeRequest;
import io.trapline.v1.MapMemTypeResponse;
import java.util.List;
import java.util.Optional;

/**
 * Who takes the accesses to which type (C1 – C5, C7): HELD → RELEASING → FREE.
 *
 * <p>Invariant: a type of a domain is in the table at most once, from the claim until the release's drain has ended (C2, C5).
 */
@Pure
final class Claims {
    private final State state;
    private final Existence existence;
    private final Drains drains;

    Claims(State state, Existence existence, Drains drains) {
        this.state = state;
        this.existence = existence;
        this.drains = drains;
    }

    /** Claims, or with flags = 0 releases. */
    Answer mapMemType(String principal, MapMemTypeRequest q) {
        return existence
                .ownServer(principal, q.getDomid(), q.getDomainGeneration(), q.getId(), q.getGeneration())
                .or(() -> q.getFlags() == 0 ? notHeld(q) : busy(q))
                .map(Answers::refused)
                .orElseGet(() -> q.getFlags() == 0 ? release(q) : claim(q));
    }

    private Answer claim(MapMemTypeRequest q) {
        long revision = state.begin();
        IoreqServer server = state.server(q.getDomid(), q.getId()).getRecord().getServer();
        state.putClaim(
                x(q.getTypeValue()),
                Claim.newBuilder()
                        .setDomid(q.getDomid())
                        .setId(q.getId())
                        .setGeneration(server.getGeneration())
                        .setType(q.getType())
                        .setFlags(q.getFlags())
                        .setEpoch(revision)
                        .setState(ClaimState.CLAIM_STATE_HELD)
                        .setPrincipal(server.getPrincipal())
                        .build());
        return Answers.done(revision)
                .setMapMemType(
                        MapMemTypeResponse.newBuilder().setEpoch(revision).setRevision(revision))
                .build();
    }

    private Answer release(MapMemTypeRequest q) {
        long revision = state.begin();
        Claim held = held(q).orElseThrow();
        startRelease(held);
        drains.beginRelease(
                revision, state.server(q.getDomid(), q.getId()).getRecord().getServer(), q);
        return Answers.done(revision)
                .setDrain(revision)
                .setMapMemType(MapMemTypeResponse.newBuilder()
                        .setEpoch(held.getEpoch())
                        .setRevision(revision))
                .build();
    }

    /** The first step for a claim that no emulator came for (C6). Nothing happens where that is no longer so. */
    Answer releaseUnattended(ReleaseUnattended q) {
        Claim claim = state.claims.get(State.claimKey(q.getDomid(), x(q.getTypeValue())));
        if (claim == null
                || claim.getEpoch() != q.getEpoch()
                || !Unattended.is(state, claim)
                || Unattended.since(state, claim) != q.getUnattendedSince()) {
            return Answer.getDefaultInstance();
        }
        long revision = state.begin();
        startRelease(claim);
        drains.beginUnattended(
                revision,
                state.server(claim.getDomid(), claim.getId()).getRecord().getServer(),
                claim.getType());
        return Answers.done(revision).setDrain(revision).build();
    }

    /** The first step for every claim of a server that is to go (S4); the command has begun. */
    void startReleases(IoreqServer server) {
        of(server).stream()
                .filter(claim -> claim.getState() == ClaimState.CLAIM_STATE_HELD)
                .forEach(this::startRelease);
    }

    private void startRelease(Claim claim) {
        state.putClaim(
                x(claim.getTypeValue()),
                claim.toBuilder().setState(ClaimState.CLAIM_STATE_RELEASING).build());
    }

    /** The second step (C5, C8); the command has begun. */
    void end(Claim claim, long revision, ClaimEnd why) {
        Claim ended = claim.toBuilder()
                .setState(ClaimState.CLAIM_STATE_FREE)
                .setEndedRevision(revision)
                .setEnd(why)
                .build();
        state.removeClaim(x(claim.getTypeValue()), ended);
        History.add(state, ended);
    }

    /** Those of one server, by type. */
    List<Claim> of(IoreqServer server) {
        return state.claimsOf(server.getDomid()).values().stream()
                .filter(claim -> claim.getGeneration() == server.getGeneration())
                .toList();
    }

    private Optional<Refusal> busy(MapMemTypeRequest q) {
        return standing(q)
                .map(claim -> Refusal.of(
                                Errno.EBUSY,
                                text(q) + " of domain " + q.getDomid() + " is "
                                        + (claim.getState() == ClaimState.CLAIM_STATE_RELEASING
                                                ? "being released"
                                                : "held")
                                        + " by server " + claim.getId() + " (" + AccessFlags.text(claim.getFlags())
                                        + ", "
                                        + claim.getPrincipal() + ")")
                        .with("domid", q.getDomid())
                        .with("type", text(q))
                        .with("holder", claim.getId())
                        .with("holder_generation", claim.getGeneration())
                        .with("holder_principal", claim.getPrincipal())
                        .with("holder_epoch", claim.getEpoch())
                        .with("state", claim.getState() == ClaimState.CLAIM_STATE_RELEASING ? "RELEASING" : "HELD"));
    }

    private Optional<Refusal> notHeld(MapMemTypeRequest q) {
        if (held(q).isPresent()) {
            return Optional.empty();
        }
        Refusal refusal = Refusal.invalid("flags", 0, "server " + q.getId() + " does not hold " + text(q))
                .with("domid", q.getDomid())
                .with("id", q.getId())
                .with("type", text(q));
        return Optional.of(
                standing(q).map(claim -> refusal.with("holder", claim.getId())).orElse(refusal));
    }

    private Optional<Claim> standing(MapMemTypeRequest q) {
        return Optional.ofNullable(state.claims.get(State.claimKey(q.getDomid(), x(q.getTypeValue()))));
    }

    private Optional<Claim> held(MapMemTypeRequest q) {
        return standing(q)
                .filter(claim -> claim.getState() == ClaimState.CLAIM_STATE_HELD && claim.getId() == q.getId());
    }

    private static int x(int typeCode) {
        return MemType.ofCode(typeCode).x();
    }

    private static String text(MapMemTypeRequest q) {
        return MemType.ofCode(q.getTypeValue()).text();
    }
}
