package io.trapline.coordinator.registry;

import io.trapline.internal.v1.AttachEmulator;
import io.trapline.internal.v1.RegisteredServer;
import io.trapline.internal.v1.StandbyEmulator;
import io.trapline.model.Pure;
import io.trapline.v1.IoreqServer;
import io.trapline.v1.IoreqServerState;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The line of emulators that wait at a server (S5). A run stands in it once; who comes again keeps its place.
 *
 * <p>Invariant: where somebody waits a session is active, since its end is the first one's beginning, in the same command.
 */
@Pure
final class Standbys {
    private Standbys() {}

    /** The line with one who comes, or comes again. */
    static List<StandbyEmulator> with(List<StandbyEmulator> line, AttachEmulator q) {
        StandbyEmulator comes = StandbyEmulator.newBuilder()
                .setStream(q.getStream())
                .setRun(q.getRun())
                .setNode(q.getNode())
                .build();
        List<StandbyEmulator> longer = new ArrayList<>(line);
        longer.replaceAll(each -> each.getRun() == q.getRun() ? comes : each);
        if (!longer.contains(comes)) {
            longer.add(comes);
        }
        return longer;
    }

    static List<StandbyEmulator> withoutRun(List<StandbyEmulator> line, long run) {
        return line.stream().filter(each -> each.getRun() != run).toList();
    }

    static List<StandbyEmulator> withoutStream(List<StandbyEmulator> line, long stream) {
        return line.stream().filter(each -> each.getStream() != stream).toList();
    }

    static List<StandbyEmulator> withoutNode(List<StandbyEmulator> line, String node) {
        return line.stream().filter(each -> !each.getNode().equals(node)).toList();
    }

    static boolean hasStream(List<StandbyEmulator> line, long stream) {
        return stream != 0 && line.stream().anyMatch(each -> each.getStream() == stream);
    }

    static boolean hasRun(List<StandbyEmulator> line, long run) {
        return line.stream().anyMatch(each -> each.getRun() == run);
    }

    /** Who takes over when the server's session ends; nobody where the server goes. */
    static Optional<StandbyEmulator> next(RegisteredServer server) {
        IoreqServer named = server.getRecord().getServer();
        return named.getState() == IoreqServerState.IOREQ_SERVER_STATE_DESTROYING
                ? Optional.empty()
                : server.getRecord().getStandbysList().stream().findFirst();
    }
}
