package io.trapline.coordinator.registry;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.AttachEmulator;
import io.trapline.internal.v1.DetachEmulator;
import io.trapline.internal.v1.ExecuteResponse;
import io.trapline.internal.v1.RegisteredServer;
import io.trapline.model.Pure;
import io.trapline.v1.IoreqServer;

/** Who serves a server: the later one fences the earlier by its greater epoch (S5). */
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

    /** Begins a session at a server (S5). */
    Answer attach(AttachEmulator q) {
        return existence
                .ownServer(q.getPrincipal(), q.getDomid(), q.getDomainGeneration(), q.getId(), q.getGeneration())
                .or(() -> drains.mayNotArrive(q.getNode()))
                .map(Answers::refused)
                .orElseGet(() -> {
                    long revision = state.begin();
                    RegisteredServer registered = state.server(q.getDomid(), q.getId());
                    IoreqServer server = registered.getRecord().getServer();
                    servers.change(
                            revision,
                            server.toBuilder()
                                    .setSessionEpoch(revision)
                                    .setRun(q.getRun())
                                    .build(),
                            q.getNode(),
                            Homes.afterAttach(state, registered, q.getNode()));
                    return executed(revision, q.getDomid());
                });
    }

    /** Ends a session; where a newer one is active, or the server is gone, nothing is left to end. */
    Answer detach(DetachEmulator q) {
        if (existence
                .server(q.getDomid(), q.getDomainGeneration(), q.getId(), q.getGeneration())
                .isPresent()) {
            return nothingToDo(0);
        }
        RegisteredServer server = state.server(q.getDomid(), q.getId());
        long active = server.getRecord().getServer().getSessionEpoch();
        if (active == 0 || active != q.getSessionEpoch()) {
            return nothingToDo(state.domain(q.getDomid()).getDomain().getGeneration());
        }
        long revision = state.begin();
        servers.endSession(server, revision);
        return executed(revision, q.getDomid());
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
