package io.trapline.coordinator.registry;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.AttachEmulator;
import io.trapline.internal.v1.DetachEmulator;
import io.trapline.internal.v1.ExecuteResponse;
import io.trapline.internal.v1.RegisteredServer;
import io.trapline.internal.v1.ServerRecord;
import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;
import io.trapline.v1.IoreqServer;
import java.util.Optional;

/** Who serves a server, and who waits for that: the later session fences the earlier by its greater epoch (S5). */
@Pure
final class Attachments {
    private final State state;
    private final Existence existence;
    private final Servers servers;
    private final NodeDrains drains;

    Attachments(State state, Existence existence, Servers servers, NodeDrains drains) {
        this.state = state;
        this.existence = existence;
        this.servers = servers;
        this.drains = drains;
    }

    /** Begins a session at a server, or lets an emulator stand by (S5). */
    Answer attach(AttachEmulator q) {
        return existence
                .ownServer(q.getPrincipal(), q.getDomid(), q.getDomainGeneration(), q.getId(), q.getGeneration())
                .or(() -> hasSession(q) ? Optional.empty() : drains.mayNotArrive(q.getNode()))
                .or(() -> ended(q))
                .or(() -> overtaken(q))
                .or(() -> tooMany(q))
                .map(Answers::refused)
                .orElseGet(() -> attachChecked(q));
    }

    private Answer attachChecked(AttachEmulator q) {
        if (hasSession(q)) {
            ServerRecord server = state.server(q.getDomid(), q.getId()).getRecord();
            return executed(server.getServer().getSessionEpoch(), q.getDomid());
        }
        return waits(q) ? standBy(q) : begin(q);
    }

    /** It asks for what has begun: only the stream may end it, whatever became of its node. */
    private boolean hasSession(AttachEmulator q) {
        return q.getStream() != 0
                && q.getStream()
                        == state.server(q.getDomid(), q.getId()).getRecord().getSessionStream();
    }

    /** The answer's revision is the epoch of the session. */
    private Answer begin(AttachEmulator q) {
        long revision = state.begin();
        servers.beginSession(state.server(q.getDomid(), q.getId()), revision, q.getRun(), q.getStream(), q.getNode());
        return executed(revision, q.getDomid());
    }

    private Answer standBy(AttachEmulator q) {
        RegisteredServer server = state.server(q.getDomid(), q.getId());
        if (!Standbys.hasStream(server.getRecord().getStandbysList(), q.getStream())) {
            state.begin();
            servers.line(server, Standbys.with(server.getRecord().getStandbysList(), q));
        }
        return Answers.done(state.revision)
                .setExecute(ExecuteResponse.newBuilder()
                        .setStandsBy(true)
                        .setDomainGeneration(
                                state.domain(q.getDomid()).getDomain().getGeneration()))
                .build();
    }

    /** A standby takes over at once where no session is active, or one of its own run. */
    private boolean waits(AttachEmulator q) {
        IoreqServer server = state.server(q.getDomid(), q.getId()).getRecord().getServer();
        return q.getStandby() && server.getSessionEpoch() != 0 && server.getRun() != q.getRun();
    }

    /** What was lost does not come back over one that has taken its place (S5). */
    private Optional<Refusal> overtaken(AttachEmulator q) {
        IoreqServer server = state.server(q.getDomid(), q.getId()).getRecord().getServer();
        return q.getResume() && server.getSessionEpoch() != 0 && server.getRun() != q.getRun()
                ? Optional.of(Refusal.of(Errno.ESTALE, "a newer session is active")
                        .with("domid", q.getDomid())
                        .with("id", q.getId())
                        .with("session_epoch", server.getSessionEpoch()))
                : Optional.empty();
    }

    /** Its stream had ended before this came; it would fence whoever has attached since. */
    private Optional<Refusal> ended(AttachEmulator q) {
        return EndedStreams.has(state.server(q.getDomid(), q.getId()), q.getStream())
                ? Optional.of(Refusal.of(Errno.EAGAIN, "the emulator's stream has ended")
                        .with("domid", q.getDomid())
                        .with("id", q.getId()))
                : Optional.empty();
    }

    private Optional<Refusal> tooMany(AttachEmulator q) {
        var line = state.server(q.getDomid(), q.getId()).getRecord().getStandbysList();
        return waits(q) && !Standbys.hasRun(line, q.getRun()) && line.size() >= Limit.MAX_STANDBYS.value()
                ? Optional.of(Refusal.overLimit(Errno.ENOSPC, "standbys", line.size() + 1L, Limit.MAX_STANDBYS)
                        .with("domid", q.getDomid())
                        .with("id", q.getId()))
                : Optional.empty();
    }

    /**
     * Ends a session or a place in the line; where a newer one is active, or the server is gone, nothing is left to end. A stream of which nothing is known may
     * yet be heard of, and is remembered.
     */
    Answer detach(DetachEmulator q) {
        if (existence
                .server(q.getDomid(), q.getDomainGeneration(), q.getId(), q.getGeneration())
                .isPresent()) {
            return nothingToDo(0);
        }
        RegisteredServer server = state.server(q.getDomid(), q.getId());
        if (Standbys.hasStream(server.getRecord().getStandbysList(), q.getStream())) {
            long revision = state.begin();
            servers.line(server, Standbys.withoutStream(server.getRecord().getStandbysList(), q.getStream()));
            return executed(revision, q.getDomid());
        }
        if (!isActive(server.getRecord(), q)) {
            if (EndedStreams.mayStillCome(q)) {
                state.begin();
                state.putServer(EndedStreams.with(server, q.getStream()));
            }
            return nothingToDo(state.domain(q.getDomid()).getDomain().getGeneration());
        }
        long revision = state.begin();
        servers.endSession(server, revision);
        return executed(revision, q.getDomid());
    }

    private static boolean isActive(ServerRecord server, DetachEmulator q) {
        long active = server.getServer().getSessionEpoch();
        return active != 0
                && (active == q.getSessionEpoch()
                        || (q.getStream() != 0 && q.getStream() == server.getSessionStream()));
    }

    private Answer executed(long revision, int domid) {
        return Answers.done(revision)
                .setExecute(ExecuteResponse.newBuilder()
                        .setRevision(revision)
                        .setDomainGeneration(state.domain(domid).getDomain().getGeneration()))
                .build();
    }

    private static Answer nothingToDo(long domainGeneration) {
        return Answer.newBuilder()
                .setExecute(ExecuteResponse.newBuilder().setDomainGeneration(domainGeneration))
                .build();
    }
}
