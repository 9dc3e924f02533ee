package io.trapline.sim.world.cluster.check;

import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.ServerRecord;
import io.trapline.internal.v1.Snapshot;
import io.trapline.sim.check.Violation;
import io.trapline.sim.world.cluster.host.SimClock;
import io.trapline.v1.Claim;
import io.trapline.v1.ClaimState;
import io.trapline.v1.IoreqServer;
import java.util.HashMap;
import java.util.Map;

/** V-16 in true time: a claim ends for want of an emulator only when none has been attached to its server for the grace period (C6). */
public final class GraceChecks {
    private record Name(int domid, int id) {}

    private record Type(int domid, int code) {}

    private static final class Known {
        private IoreqServer server = IoreqServer.getDefaultInstance();
        private long emptySince;
    }

    private record Held(long epoch, long sinceNanos) {}

    private final Map<Name, Known> servers = new HashMap<>();
    private final Map<Type, Held> held = new HashMap<>();
    private long releases;

    /** What stands to begin with. */
    public void begin(Snapshot registry, long nowNanos) {
        registry.getServersList().forEach(server -> server(server.getRecord(), nowNanos));
        registry.getClaimsList().forEach(claim -> claim(claim, nowNanos));
    }

    /** How many claims have ended so. */
    public long releases() {
        return releases;
    }

    /** A command is in force, and has changed something. */
    public void inForce(Command command, RegistryChange change, long nowNanos) {
        if (command.hasReleaseUnattended()) {
            change.getClaimsList().forEach(claim -> mustBeOver(claim, nowNanos));
        }
        change.getServersList().forEach(server -> server(server, nowNanos));
        change.getClaimsList().forEach(claim -> claim(claim, nowNanos));
    }

    private void server(ServerRecord record, long nowNanos) {
        IoreqServer now = record.getServer();
        Known known = servers.computeIfAbsent(new Name(now.getDomid(), now.getId()), name -> new Known());
        boolean isNew = known.server.getGeneration() != now.getGeneration();
        boolean ends = known.server.getSessionEpoch() != 0 && now.getSessionEpoch() == 0;
        if (isNew || ends) {
            known.emptySince = nowNanos;
        }
        known.server = now;
    }

    private void claim(Claim claim, long nowNanos) {
        Type type = new Type(claim.getDomid(), claim.getTypeValue());
        if (claim.getState() != ClaimState.CLAIM_STATE_HELD) {
            held.remove(type);
        } else {
            held.putIfAbsent(type, new Held(claim.getEpoch(), nowNanos));
        }
    }

    private void mustBeOver(Claim claim, long nowNanos) {
        releases++;
        Known known = servers.getOrDefault(new Name(claim.getDomid(), claim.getId()), new Known());
        Held since = held.getOrDefault(new Type(claim.getDomid(), claim.getTypeValue()), new Held(0, nowNanos));
        if (known.server.getSessionEpoch() != 0) {
            throw new Violation("V-16", "a claim ends for want of an emulator, and one is attached:%n%s", known.server);
        }
        long grace = (long) (known.server.getGraceMs() * 1e6 / SimClock.FASTEST);
        long passed = nowNanos - Math.max(known.emptySince, since.sinceNanos());
        if (grace == 0 || since.epoch() != claim.getEpoch() || passed < grace) {
            throw new Violation(
                    "V-16", "a claim ends after %.3f ms without an emulator:%n%s%s", passed / 1e6, claim, known.server);
        }
    }
}
