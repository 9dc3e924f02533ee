package io.trapline.coordinator.registry;

import io.trapline.internal.v1.DrainKind;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.model.Pure;
import io.trapline.v1.IoreqServer;
import io.trapline.v1.MapMemTypeRequest;
import io.trapline.v1.MemType;
import java.util.Optional;

/**
 * Ioreqs that a change has caught and that are to be completed or decided again before the change is finished (F5). A drain is named
 * by the revision of the change that began it; {@link Endings} has what follows.
 */
@Pure
final class Drains {
    /** How long a delivered ioreq may still be answered where the caller names nothing (F5). */
    private static final int DEFAULT_MILLIS = 5_000;

    private final State state;

    Drains(State state) {
        this.state = state;
    }

    /** What the caller said, or the default. */
    static int millis(boolean said, int drainMillis) {
        return said ? drainMillis : DEFAULT_MILLIS;
    }

    /** The ioreqs that one claim brought (C5); the command has begun. */
    void beginRelease(long revision, IoreqServer server, MapMemTypeRequest q) {
        state.putDrain(named(revision, DrainKind.DRAIN_KIND_RELEASE, server)
                .setType(q.getType())
                .setReset(q.getReset())
                .setDrainMs(millis(q.hasDrainMs(), q.getDrainMs()))
                .build());
    }

    /**
     * The same where nobody asked for it, and nobody is there to answer (C6): what its emulator had is decided again at once, since it had the whole grace
     * period to come back for it. The command has begun.
     */
    void beginUnattended(long revision, IoreqServer server, MemType type) {
        state.putDrain(named(revision, DrainKind.DRAIN_KIND_RELEASE, server)
                .setType(type)
                .setUnattended(true)
                .build());
    }

    /** All ioreqs of a server: DISABLE (S2) or DESTROY (S4); the command has begun. */
    void begin(long revision, DrainKind kind, IoreqServer server, int drainMillis) {
        state.putDrain(named(revision, kind, server).setDrainMs(drainMillis).build());
    }

    /** Everything of a domain, without waiting for answers: nobody is left who would get them. The command has begun. */
    void beginDestroyDomain(long revision, int domid) {
        state.putDrain(DrainRecord.newBuilder()
                .setRevision(revision)
                .setKind(DrainKind.DRAIN_KIND_DESTROY_DOMAIN)
                .setDomid(domid)
                .setDomainGeneration(state.domain(domid).getDomain().getGeneration())
                .build());
    }

    /** The drain that ends with the domain's removal. */
    Optional<DrainRecord> ofDomain(int domid) {
        return state.drainsOf(domid).stream()
                .filter(drain -> drain.getKind() == DrainKind.DRAIN_KIND_DESTROY_DOMAIN)
                .findFirst();
    }

    /** The latest drain of that kind of a server. */
    Optional<DrainRecord> latest(DrainKind kind, IoreqServer server) {
        return state.drainsOf(server.getDomid()).stream()
                .filter(drain -> drain.getKind() == kind && drain.getGeneration() == server.getGeneration())
                .reduce((earlier, later) -> later);
    }

    /** How many drains of that kind a server has. */
    long count(DrainKind kind, IoreqServer server) {
        return state.drainsOf(server.getDomid()).stream()
                .filter(drain -> drain.getKind() == kind && drain.getGeneration() == server.getGeneration())
                .count();
    }

    /** The release of the type that has begun for itself, not because its server or domain goes. */
    Optional<DrainRecord> release(int domid, MemType type) {
        return state.drainsOf(domid).stream()
                .filter(drain -> drain.getKind() == DrainKind.DRAIN_KIND_RELEASE && drain.getType() == type)
                .findFirst();
    }

    private DrainRecord.Builder named(long revision, DrainKind kind, IoreqServer server) {
        return DrainRecord.newBuilder()
                .setRevision(revision)
                .setKind(kind)
                .setDomid(server.getDomid())
                .setDomainGeneration(state.domain(server.getDomid()).getDomain().getGeneration())
                .setId(server.getId())
                .setGeneration(server.getGeneration());
    }
}
