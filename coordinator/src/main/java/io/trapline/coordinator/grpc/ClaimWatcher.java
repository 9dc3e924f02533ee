package io.trapline.coordinator.grpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import io.trapline.v1.Claim;
import io.trapline.v1.WatchClaimsResponse;
import java.util.ArrayDeque;
import java.util.List;

/** One watcher of claims. Only {@link ClaimWatches} touches it, on its own thread. */
final class ClaimWatcher {
    private static final int CLAIMS_PER_MESSAGE = 1_000;

    private final ServerCallStreamObserver<WatchClaimsResponse> stream;
    private final int domid;
    private final long startRevision;
    private final ArrayDeque<List<Claim>> start = new ArrayDeque<>();
    private final ArrayDeque<WatchClaimsResponse> changes = new ArrayDeque<>();
    private boolean domainGone;

    /** @param domid 0 = all domains */
    ClaimWatcher(
            ServerCallStreamObserver<WatchClaimsResponse> stream, int domid, long startRevision, List<Claim> claims) {
        this.stream = stream;
        this.domid = domid;
        this.startRevision = startRevision;
        for (int from = 0; from < claims.size(); from += CLAIMS_PER_MESSAGE) {
            start.add(claims.subList(from, Math.min(claims.size(), from + CLAIMS_PER_MESSAGE)));
        }
        if (start.isEmpty()) {
            start.add(List.of());
        }
    }

    /** A command has changed claims or removed domains. False: the stream has ended. */
    boolean changed(RegistryChange change) {
        if (change.getRevision() <= startRevision || domainGone) {
            return true;
        }
        List<Claim> claims = change.getClaimsList().stream()
                .filter(claim -> domid == 0 || claim.getDomid() == domid)
                .toList();
        if (!claims.isEmpty()) {
            changes.add(WatchClaimsResponse.newBuilder()
                    .setRevision(change.getRevision())
                    .addAllClaims(claims)
                    .build());
        }
        domainGone = domid != 0 && change.getRemovedDomainsList().contains(domid);
        if (!flush()) {
            return false;
        }
        if (changes.size() > Limit.MAX_WATCH_BACKLOG.value()) {
            end(Refusal.overLimit(
                    Errno.EAGAIN, "changes not read by the watcher", changes.size(), Limit.MAX_WATCH_BACKLOG));
            return false;
        }
        return true;
    }

    /** Sends what the transport takes. False: the stream has ended. */
    boolean flush() {
        while (!start.isEmpty() && stream.isReady()) {
            WatchClaimsResponse.Builder message =
                    WatchClaimsResponse.newBuilder().setRevision(startRevision).addAllClaims(start.remove());
            stream.onNext(message.setCaughtUp(start.isEmpty()).build());
        }
        while (start.isEmpty() && !changes.isEmpty() && stream.isReady()) {
            stream.onNext(changes.remove());
        }
        if (!domainGone || !start.isEmpty() || !changes.isEmpty()) {
            return true;
        }
        end(Refusal.of(Errno.ESRCH, "domid = " + domid + ": the domain is gone").with("domid", domid));
        return false;
    }

    void end(Refusal refusal) {
        stream.onError(Statuses.toException(refusal));
    }
}
