package io.trapline.client;

import io.trapline.model.Ioservid;
import io.trapline.model.MemType;
import io.trapline.v1.Bufioreq;
import io.trapline.v1.Claim;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.CreateIoreqServerResponse;
import io.trapline.v1.DestroyIoreqServerRequest;
import io.trapline.v1.GetIoreqServerInfoRequest;
import io.trapline.v1.GetIoreqServerInfoResponse;
import io.trapline.v1.IoRange;
import io.trapline.v1.IoRangeType;
import io.trapline.v1.IoreqServer;
import io.trapline.v1.IoreqServerServiceGrpc;
import io.trapline.v1.ListClaimHistoryRequest;
import io.trapline.v1.ListClaimHistoryResponse;
import io.trapline.v1.ListClaimsRequest;
import io.trapline.v1.ListClaimsResponse;
import io.trapline.v1.ListIoreqServersRequest;
import io.trapline.v1.MapIoRangeRequest;
import io.trapline.v1.MapMemTypeRequest;
import io.trapline.v1.MapMemTypeResponse;
import io.trapline.v1.SetIoreqServerStateRequest;
import io.trapline.v1.UnmapIoRangeRequest;
import io.trapline.v1.WatchClaimsRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * IOREQ servers and their claims: the DMOP verbs (rules S, R, C). Every method blocks and throws {@link TraplineException}; it returns
 * when its change is in force everywhere (rule 0). EPERM for a principal that did not create the server (S3). Thread-safe.
 *
 * <p>What is released, disabled or destroyed here is also told to the emulators of the same connection, which from then on refuse
 * what was decided before (C4).
 */
public final class IoreqServers {
    private final TraplineConnection connection;
    private final UnaryCalls calls;

    IoreqServers(TraplineConnection connection) {
        this.connection = connection;
        this.calls = connection.calls();
    }

    /** Creates a disabled server without buffering (S1, S2). ESRCH, ENOSPC. */
    public ServerRef create(DomainRef domain) {
        return create(
                domain,
                CreateIoreqServerRequest.newBuilder()
                        .setBufioreq(Bufioreq.BUFIOREQ_OFF)
                        .build());
    }

    /** Creates a disabled server; the request id and the domain in the options are replaced. ESRCH, ENOSPC, EINVAL. */
    public ServerRef create(DomainRef domain, CreateIoreqServerRequest options) {
        CreateIoreqServerResponse created = calls.change(
                IoreqServerServiceGrpc.getCreateIoreqServerMethod(),
                id -> options.toBuilder()
                        .setRequestId(id)
                        .setDomid(domain.domid().value())
                        .setDomainGeneration(domain.generation())
                        .build());
        return new ServerRef(
                new DomainRef(domain.domid(), created.getDomainGeneration()),
                new Ioservid(created.getId()),
                created.getGeneration());
    }

    /** Destroys a server: disables it, releases its claims, unmaps its ranges, drains (S4). Returns the revision. ENOENT. */
    public long destroy(ServerRef server, Drain drain) {
        Callbacks.refuseToDrain(server, drain);
        long revision = calls.change(
                        IoreqServerServiceGrpc.getDestroyIoreqServerMethod(),
                        id -> DestroyIoreqServerRequest.newBuilder()
                                .setRequestId(id)
                                .setDomid(server.domain().domid().value())
                                .setDomainGeneration(server.domain().generation())
                                .setId(server.id().value())
                                .setGeneration(server.generation())
                                .setDrainMs(drain.millis())
                                .setWait(drain.await())
                                .build(),
                        longer(drain))
                .getRevision();
        tellEmulators(server, emulator -> emulator.stopped(revision));
        return revision;
    }

    /** Enables a server (S2). Returns the revision. ENOENT. */
    public long enable(ServerRef server) {
        return setState(server, true, Drain.DEFAULT);
    }

    /** Disables a server and drains (S2, F5). Returns the revision. ENOENT. */
    public long disable(ServerRef server, Drain drain) {
        return setState(server, false, drain);
    }

    /** Enables or disables a server; the drain is for disabling (S2, F5). Returns the revision. ENOENT. */
    public long setState(ServerRef server, boolean enabled, Drain drain) {
        if (!enabled) {
            Callbacks.refuseToDrain(server, drain);
        }
        long revision = calls.change(
                        IoreqServerServiceGrpc.getSetIoreqServerStateMethod(),
                        id -> {
                            var request = SetIoreqServerStateRequest.newBuilder()
                                    .setRequestId(id)
                                    .setDomid(server.domain().domid().value())
                                    .setDomainGeneration(server.domain().generation())
                                    .setId(server.id().value())
                                    .setGeneration(server.generation())
                                    .setEnabled(enabled);
                            if (!enabled) {
                                request.setDrainMs(drain.millis()).setWait(drain.await());
                            }
                            return request.build();
                        },
                        longer(drain))
                .getRevision();
        if (!enabled) {
            tellEmulators(server, emulator -> emulator.stopped(revision));
        }
        return revision;
    }

    /** What a server is and what it has done. ENOENT. */
    public GetIoreqServerInfoResponse getInfo(ServerRef server) {
        return calls.ask(
                IoreqServerServiceGrpc.getGetIoreqServerInfoMethod(),
                GetIoreqServerInfoRequest.newBuilder()
                        .setDomid(server.domain().domid().value())
                        .setDomainGeneration(server.domain().generation())
                        .setId(server.id().value())
                        .setGeneration(server.generation())
                        .build());
    }

    /** The servers of a domain by ascending id. ESRCH. */
    public List<IoreqServer> list(DomainRef domain) {
        return calls.ask(
                        IoreqServerServiceGrpc.getListIoreqServersMethod(),
                        ListIoreqServersRequest.newBuilder()
                                .setDomid(domain.domid().value())
                                .setDomainGeneration(domain.generation())
                                .build())
                .getServersList();
    }

    /** Passes the server what lies whole in {@code start … end}, both inclusive (R1, R2). Returns the revision. EINVAL, EEXIST, ENOSPC. */
    public long mapIoRange(ServerRef server, IoRangeType type, long start, long end) {
        return calls.change(
                        IoreqServerServiceGrpc.getMapIoRangeMethod(),
                        id -> MapIoRangeRequest.newBuilder()
                                .setRequestId(id)
                                .setDomid(server.domain().domid().value())
                                .setDomainGeneration(server.domain().generation())
                                .setId(server.id().value())
                                .setGeneration(server.generation())
                                .setRange(range(type, start, end))
                                .build())
                .getRevision();
    }

    /** Takes {@code start … end}, both inclusive, back (R1). Returns the revision. ENOENT, ENOSPC. */
    public long unmapIoRange(ServerRef server, IoRangeType type, long start, long end) {
        return calls.change(
                        IoreqServerServiceGrpc.getUnmapIoRangeMethod(),
                        id -> UnmapIoRangeRequest.newBuilder()
                                .setRequestId(id)
                                .setDomid(server.domain().domid().value())
                                .setDomainGeneration(server.domain().generation())
                                .setId(server.id().value())
                                .setGeneration(server.generation())
                                .setRange(range(type, start, end))
                                .build())
                .getRevision();
    }

    /**
     * Claims {@code ioreq_server[X]} for the server (C1, C2).
     *
     * @param flags READ (1), WRITE (2) or both, {@link io.trapline.model.AccessFlags}
     * @return the claim's epoch. EBUSY with the metadata {@code holder}, EINVAL
     */
    public long mapMemType(ServerRef server, MemType type, int flags) {
        if (flags == 0) {
            throw new IllegalArgumentException("flags = 0 releases: use release");
        }
        return calls.change(
                        IoreqServerServiceGrpc.getMapMemTypeMethod(),
                        id -> mapMemTypeRequest(server, type)
                                .setRequestId(id)
                                .setFlags(flags)
                                .build())
                .getEpoch();
    }

    /** Releases a claim and waits for its drain. Returns the revision of the release. EINVAL where the server does not hold it. */
    public long release(ServerRef server, MemType type) {
        return release(server, type, false, Drain.DEFAULT);
    }

    /**
     * Releases a claim (C5).
     *
     * @param reset turns the domain's remaining pages of the type into {@code ram_rw}
     * @return the revision of the release: the server is passed nothing for the type that was decided after it. EINVAL where the
     *     server does not hold it
     */
    public long release(ServerRef server, MemType type, boolean reset, Drain drain) {
        Callbacks.refuseToDrain(server, drain);
        MapMemTypeResponse released = calls.change(
                IoreqServerServiceGrpc.getMapMemTypeMethod(),
                id -> mapMemTypeRequest(server, type)
                        .setRequestId(id)
                        .setFlags(0)
                        .setReset(reset)
                        .setDrainMs(drain.millis())
                        .setWait(drain.await())
                        .build(),
                longer(drain));
        tellEmulators(server, emulator -> emulator.released(type, released.getRevision()));
        return released.getRevision();
    }

    /** The claims that stand now, of one domain or, for null, of all. ESRCH. */
    public List<Claim> listClaims(@Nullable DomainRef domain) {
        List<Claim> all = new ArrayList<>();
        String page = "";
        do {
            ListClaimsResponse response = calls.ask(
                    IoreqServerServiceGrpc.getListClaimsMethod(),
                    ListClaimsRequest.newBuilder()
                            .setDomid(domain == null ? 0 : domain.domid().value())
                            .setDomainGeneration(domain == null ? 0 : domain.generation())
                            .setPageToken(page)
                            .build());
            all.addAll(response.getClaimsList());
            page = response.getNextPageToken();
        } while (!page.isEmpty());
        return all;
    }

    /** Claims of a domain that ended, oldest first (C8). ESRCH. */
    public List<Claim> listClaimHistory(DomainRef domain) {
        List<Claim> all = new ArrayList<>();
        String page = "";
        do {
            ListClaimHistoryResponse response = calls.ask(
                    IoreqServerServiceGrpc.getListClaimHistoryMethod(),
                    ListClaimHistoryRequest.newBuilder()
                            .setDomid(domain.domid().value())
                            .setDomainGeneration(domain.generation())
                            .setPageToken(page)
                            .build());
            all.addAll(response.getClaimsList());
            page = response.getNextPageToken();
        } while (!page.isEmpty());
        return all;
    }

    /** Watches the claims of one domain or, for null, of all (C8). */
    public ClaimWatch watch(@Nullable DomainRef domain) {
        return new ClaimWatch(
                connection,
                WatchClaimsRequest.newBuilder()
                        .setDomid(domain == null ? 0 : domain.domid().value())
                        .setDomainGeneration(domain == null ? 0 : domain.generation())
                        .build());
    }

    private void tellEmulators(ServerRef server, Consumer<Emulator> what) {
        for (AutoCloseable stream : connection.streams()) {
            if (stream instanceof Emulator emulator && emulator.server().sameIdAs(server)) {
                what.accept(emulator);
            }
        }
    }

    private static MapMemTypeRequest.Builder mapMemTypeRequest(ServerRef server, MemType type) {
        return MapMemTypeRequest.newBuilder()
                .setDomid(server.domain().domid().value())
                .setDomainGeneration(server.domain().generation())
                .setId(server.id().value())
                .setGeneration(server.generation())
                .setTypeValue(type.code());
    }

    private static IoRange range(IoRangeType type, long start, long end) {
        return IoRange.newBuilder().setType(type).setStart(start).setEnd(end).build();
    }

    private static Duration longer(Drain drain) {
        return drain.await() ? drain.time() : Duration.ZERO;
    }
}
