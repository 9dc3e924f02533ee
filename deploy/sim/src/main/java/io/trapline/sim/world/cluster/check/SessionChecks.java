package io.trapline.sim.world.cluster.check;

import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.ServerRecord;
import io.trapline.internal.v1.Snapshot;
import io.trapline.internal.v1.StandbyEmulator;
import io.trapline.sim.check.Violation;
import io.trapline.v1.IoreqServerState;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** V-17: an emulator that stands by takes over when the active session is gone in truth, in the order of arrival, and not later than that is known (S5). */
public final class SessionChecks {
    private record Name(int domid, int id) {}

    private final Map<Name, ServerRecord> servers = new HashMap<>();
    private final Set<Long> left = new HashSet<>();
    private long takenOver;

    /** What stands to begin with. */
    public void begin(Snapshot registry) {
        registry.getServersList().forEach(server -> servers.put(name(server.getRecord()), server.getRecord()));
    }

    /** The emulator of that session goes. */
    public void leaves(long sessionEpoch) {
        left.add(sessionEpoch);
    }

    /** How often one that stood by has taken over. */
    public long takenOver() {
        return takenOver;
    }

    /** A command is in force, and has changed something. */
    public void inForce(Command command, RegistryChange change) {
        for (ServerRecord now : change.getServersList()) {
            ServerRecord before = servers.put(name(now), now);
            if (before != null
                    && before.getServer().getGeneration() == now.getServer().getGeneration()) {
                changed(command, before, now);
            }
            boolean goes = now.getServer().getState() == IoreqServerState.IOREQ_SERVER_STATE_DESTROYING;
            if (now.getStandbysCount() > 0 && (now.getServer().getSessionEpoch() == 0 || goes)) {
                throw new Violation("V-17", "somebody stands by, and nobody is active:%n%s", now);
            }
        }
    }

    private void changed(Command command, ServerRecord before, ServerRecord now) {
        long was = before.getServer().getSessionEpoch();
        long is = now.getServer().getSessionEpoch();
        if (was == is || command.hasAttachEmulator()) {
            return;
        }
        List<StandbyEmulator> stayed = before.getStandbysList().stream()
                .filter(each -> !Lapses.node(command).equals(each.getNode()))
                .toList();
        if (is == 0) {
            // A domain that loses its memory loses its emulators, too.
            boolean mayBeLost = !command.hasDetachEmulator() && now.getStandbysCount() == 0;
            if (!stayed.isEmpty() && !mayBeLost) {
                throw new Violation("V-17", "nobody takes over by %s:%n%s", command.getCommandCase(), before);
            }
            return;
        }
        takenOver++;
        if (command.hasDetachEmulator() && !left.contains(was)) {
            throw new Violation("V-17", "another takes over while the active session goes on:%n%s%s", before, now);
        }
        if (stayed.isEmpty() || stayed.getFirst().getStream() != now.getSessionStream()) {
            throw new Violation("V-17", "another takes over than who came first:%n%s%s", before, now);
        }
    }

    private static Name name(ServerRecord record) {
        return new Name(record.getServer().getDomid(), record.getServer().getId());
    }
}
