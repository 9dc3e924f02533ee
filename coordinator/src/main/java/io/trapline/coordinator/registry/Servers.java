package io.trapline.coordinator.registry;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.DrainKind;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.RegisteredServer;
import io.trapline.internal.v1.ServerRecord;
import io.trapline.internal.v1.StandbyEmulator;
import io.trapline.model.Errno;
import io.trapline.model.Ioservid;
import io.trapline.model.Limit;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;
import io.trapline.v1.Bufioreq;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.CreateIoreqServerResponse;
import io.trapline.v1.DestroyIoreqServerRequest;
import io.trapline.v1.DestroyIoreqServerResponse;
import io.trapline.v1.IoreqServer;
import io.trapline.v1.IoreqServerState;
import io.trapline.v1.OnDisconnect;
import io.trapline.v1.SetIoreqServerStateRequest;
import io.trapline.v1.SetIoreqServerStateResponse;
import java.util.List;
import java.util.Optional;

/** The life of an IOREQ server (S1, S2, S4): DISABLED ↔ ENABLED, and from both → DESTROYING → gone when its drain has ended. */
@Pure
final class Servers {
    private static final int DEFAULT_TIMEOUT_MILLIS = 5_000;

    private final State state;
    private final Existence existence;
    private final Claims claims;
    private final Drains drains;

    Servers(State state, Existence existence, Claims claims, Drains drains) {
        this.state = state;
        this.existence = existence;
        this.claims = claims;
        this.drains = drains;
    }

    Answer create(String principal, CreateIoreqServerRequest q) {
        return existence
                .workingDomain(q.getDomid(), q.getDomainGeneration())
                .or(() -> full(q.getDomid()))
                .map(Answers::refused)
                .orElseGet(() -> register(principal, q));
    }

    private Answer register(String principal, CreateIoreqServerRequest q) {
        long revision = state.begin();
        int id = lowestFree(q.getDomid());
        IoreqServer server = IoreqServer.newBuilder()
                .setDomid(q.getDomid())
                .setId(id)
                .setGeneration(revision)
                .setPrincipal(principal)
                .setBufioreq(q.getBufioreq() == Bufioreq.BUFIOREQ_UNSPECIFIED ? Bufioreq.BUFIOREQ_OFF : q.getBufioreq())
                .setTimeoutMs(q.hasTimeoutMs() ? q.getTimeoutMs() : DEFAULT_TIMEOUT_MILLIS)
                .setOnDisconnect(
                        q.getOnDisconnect() == OnDisconnect.ON_DISCONNECT_UNSPECIFIED
                                ? OnDisconnect.ON_DISCONNECT_HOLD
                                : q.getOnDisconnect())
                .setGraceMs(q.getGraceMs())
                .setState(IoreqServerState.IOREQ_SERVER_STATE_DISABLED)
                .build();
        change(revision, server, "");
        return Answers.done(revision)
                .setCreateIoreqServer(CreateIoreqServerResponse.newBuilder()
                        .setId(id)
                        .setGeneration(revision)
                        .setDomainGeneration(
                                state.domain(q.getDomid()).getDomain().getGeneration()))
                .build();
    }

    Answer setState(String principal, SetIoreqServerStateRequest q) {
        return existence
                .ownServer(principal, q.getDomid(), q.getDomainGeneration(), q.getId(), q.getGeneration())
                .or(() -> tooManyDisables(q))
                .map(Answers::refused)
                .orElseGet(() -> {
                    RegisteredServer was = state.server(q.getDomid(), q.getId());
                    return wants(q) == was.getRecord().getServer().getState()
                            ? unchanged(was, q.getEnabled())
                            : changeState(was, q);
                });
    }

    private Answer changeState(RegisteredServer was, SetIoreqServerStateRequest q) {
        long revision = state.begin();
        IoreqServer server = was.getRecord().getServer();
        change(revision, server.toBuilder().setState(wants(q)).build(), was.getSessionNode());
        Answer.Builder answer = Answers.done(revision)
                .setSetIoreqServerState(SetIoreqServerStateResponse.newBuilder().setRevision(revision));
        if (!q.getEnabled()) {
            drains.begin(revision, DrainKind.DRAIN_KIND_DISABLE, server, Drains.millis(q.hasDrainMs(), q.getDrainMs()));
            answer.setDrain(revision);
        }
        return answer.build();
    }

    /** The state again: succeeds (S2), and promises what the change before it promised. */
    private Answer unchanged(RegisteredServer server, boolean enabled) {
        long revision = server.getRecord().getChangedRevision();
        Answer.Builder answer = Answers.done(revision)
                .setSetIoreqServerState(SetIoreqServerStateResponse.newBuilder().setRevision(revision));
        if (!enabled) {
            drains.latest(DrainKind.DRAIN_KIND_DISABLE, server.getRecord().getServer())
                    .ifPresent(drain -> answer.setDrain(drain.getRevision()));
        }
        return answer.build();
    }

    Answer destroy(String principal, DestroyIoreqServerRequest q) {
        return existence
                .ownServerEvenGoing(principal, q.getDomid(), q.getDomainGeneration(), q.getId(), q.getGeneration())
                .map(Answers::refused)
                .orElseGet(() -> {
                    RegisteredServer server = state.server(q.getDomid(), q.getId());
                    long revision = drains.latest(
                                    DrainKind.DRAIN_KIND_DESTROY,
                                    server.getRecord().getServer())
                            .map(DrainRecord::getRevision)
                            .orElseGet(() -> startDestroy(server, q));
                    return Answers.done(revision)
                            .setDrain(revision)
                            .setDestroyIoreqServer(
                                    DestroyIoreqServerResponse.newBuilder().setRevision(revision))
                            .build();
                });
    }

    private long startDestroy(RegisteredServer server, DestroyIoreqServerRequest q) {
        long revision = state.begin();
        withdraw(server, revision);
        drains.begin(
                revision,
                DrainKind.DRAIN_KIND_DESTROY,
                server.getRecord().getServer(),
                Drains.millis(q.hasDrainMs(), q.getDrainMs()));
        return revision;
    }

    /** Disables it, starts to release its claims, unmaps its ranges (S4); the command has begun. */
    void withdraw(RegisteredServer server, long revision) {
        IoreqServer going = server.getRecord().getServer().toBuilder()
                .setState(IoreqServerState.IOREQ_SERVER_STATE_DESTROYING)
                .clearRanges()
                .build();
        claims.startReleases(going);
        change(revision, going, server.getSessionNode());
        line(state.server(going.getDomid(), going.getId()), List.of());
    }

    /** Stores a server that the command has changed (C7), and that stays where it is. */
    void change(long revision, IoreqServer server, String sessionNode) {
        NodeLife home = known(server)
                .map(was -> was.getRecord().getHome())
                .orElseGet(() -> Homes.first(state, server.getDomid()));
        change(revision, server, sessionNode, home);
    }

    /** The same server as it was stored last; empty where it is new. */
    private Optional<RegisteredServer> known(IoreqServer server) {
        return Optional.ofNullable(state.servers.get(State.serverKey(server.getDomid(), server.getId())))
                .filter(was -> was.getRecord().getServer().getGeneration() == server.getGeneration());
    }

    /** Stores a server that the command has changed (C7). */
    void change(long revision, IoreqServer server, String sessionNode, NodeLife home) {
        RegisteredServer was = known(server).orElseGet(RegisteredServer::getDefaultInstance);
        boolean stays = home.equals(was.getRecord().getHome());
        boolean goesOn = server.getSessionEpoch() == was.getRecord().getServer().getSessionEpoch();
        RegisteredServer.Builder now = RegisteredServer.newBuilder()
                .setRecord(ServerRecord.newBuilder()
                        .setServer(server)
                        .setChangedRevision(revision)
                        .setHome(home)
                        .setHomeEpoch(stays ? was.getRecord().getHomeEpoch() : revision)
                        .setSessionStream(goesOn ? was.getRecord().getSessionStream() : 0)
                        .addAllStandbys(was.getRecord().getStandbysList()))
                .setSessionNode(sessionNode);
        ServerRuns.note(was, revision, now);
        state.putServer(now.build());
    }

    /** Stores who waits at the server; nothing that is under way has to do with that (C7). The command has begun. */
    void line(RegisteredServer server, List<StandbyEmulator> standbys) {
        RegisteredServer.Builder now = server.toBuilder();
        now.getRecordBuilder().clearStandbys().addAllStandbys(standbys);
        state.putServer(now.build());
    }

    /** Begins a session, which fences the one before; the command has begun. Its run waits no longer. */
    void beginSession(RegisteredServer server, long revision, long run, long stream, String node) {
        IoreqServer named = server.getRecord().getServer();
        change(
                revision,
                named.toBuilder().setSessionEpoch(revision).setRun(run).build(),
                node,
                Homes.afterAttach(state, server, node));
        RegisteredServer.Builder now = state.server(named.getDomid(), named.getId()).toBuilder();
        now.getRecordBuilder().setSessionStream(stream);
        line(now.build(), Standbys.withoutRun(now.getRecord().getStandbysList(), run));
    }

    /** Gives the server another home; the command has begun. */
    void move(RegisteredServer server, long revision, NodeLife home) {
        change(revision, server.getRecord().getServer(), server.getSessionNode(), home);
    }

    /** Ends the server's session, if it has one; who stands by first takes over (S5). The command has begun. */
    void endSession(RegisteredServer server, long revision) {
        Standbys.next(server)
                .ifPresentOrElse(
                        next -> beginSession(server, revision, next.getRun(), next.getStream(), next.getNode()),
                        () -> endWithoutSuccessor(server, revision));
    }

    /** Ends the server's session, if it has one, and nobody takes over; the command has begun. */
    void endSessions(RegisteredServer server, long revision) {
        line(server, List.of());
        IoreqServer named = server.getRecord().getServer();
        endWithoutSuccessor(state.server(named.getDomid(), named.getId()), revision);
    }

    /** Emulators at that node wait no longer; the command has begun. */
    void leaveLine(RegisteredServer server, String node) {
        List<StandbyEmulator> left = Standbys.withoutNode(server.getRecord().getStandbysList(), node);
        if (left.size() != server.getRecord().getStandbysCount()) {
            line(server, left);
        }
    }

    private void endWithoutSuccessor(RegisteredServer server, long revision) {
        IoreqServer named = server.getRecord().getServer();
        if (named.getSessionEpoch() != 0) {
            change(revision, named.toBuilder().clearSessionEpoch().clearRun().build(), "");
        }
    }

    private int lowestFree(int domid) {
        int id = Ioservid.MIN;
        while (state.servers.containsKey(State.serverKey(domid, id))) {
            id++;
        }
        return id;
    }

    private static IoreqServerState wants(SetIoreqServerStateRequest q) {
        return q.getEnabled()
                ? IoreqServerState.IOREQ_SERVER_STATE_ENABLED
                : IoreqServerState.IOREQ_SERVER_STATE_DISABLED;
    }

    private Optional<Refusal> full(int domid) {
        int servers = state.serversOf(domid).size();
        return servers < Limit.MAX_SERVERS_PER_DOMAIN.value()
                ? Optional.empty()
                : Optional.of(Refusal.overLimit(Errno.ENOSPC, "servers", servers + 1L, Limit.MAX_SERVERS_PER_DOMAIN)
                        .with("domid", domid));
    }

    private Optional<Refusal> tooManyDisables(SetIoreqServerStateRequest q) {
        IoreqServer server = state.server(q.getDomid(), q.getId()).getRecord().getServer();
        if (q.getEnabled() || server.getState() != IoreqServerState.IOREQ_SERVER_STATE_ENABLED) {
            return Optional.empty();
        }
        long draining = drains.count(DrainKind.DRAIN_KIND_DISABLE, server);
        return draining < Limit.MAX_DISABLES_DRAINING.value()
                ? Optional.empty()
                : Optional.of(Refusal.overLimit(
                        Errno.ENOSPC, "disables that drain", draining + 1, Limit.MAX_DISABLES_DRAINING));
    }
}
