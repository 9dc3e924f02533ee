package io.trapline.coordinator.registry;

import io.trapline.model.Domid;
import io.trapline.model.Errno;
import io.trapline.model.Ioservid;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;
import io.trapline.v1.Domain;
import io.trapline.v1.DomainState;
import io.trapline.v1.IoreqServer;
import io.trapline.v1.IoreqServerState;
import java.util.Optional;

/**
 * Is it there, and may the caller (S3, D4)? The checks between shape and conflict, in Xen's order: the domain, its state, the server,
 * its owner. A generation of 0 is not compared.
 */
@Pure
final class Existence {
    private final State state;

    Existence(State state) {
        this.state = state;
    }

    /** The domain is there, whatever its state. ESRCH. */
    Optional<Refusal> domain(int domid, long generation) {
        if (!Domid.isValid(domid) || !state.domains.containsKey(domid)) {
            return Optional.of(
                    Refusal.of(Errno.ESRCH, "domid = " + Integer.toUnsignedString(domid) + ": no such domain")
                            .with("domid", Integer.toUnsignedString(domid)));
        }
        long actual = state.domain(domid).getDomain().getGeneration();
        if (generation != 0 && generation != actual) {
            return Optional.of(Refusal.otherDomainGeneration(domid, generation, actual));
        }
        return Optional.empty();
    }

    /** The domain is there and works. ESRCH: gone or going. EIO: CRASHED (D4). */
    Optional<Refusal> workingDomain(int domid, long generation) {
        return domain(domid, generation).or(() -> {
            Domain domain = state.domain(domid).getDomain();
            if (domain.getState() == DomainState.DOMAIN_STATE_DESTROYING) {
                return Optional.of(Refusal.of(Errno.ESRCH, "domid = " + domid + ": the domain is being destroyed")
                        .with("domid", domid));
            }
            if (domain.getState() == DomainState.DOMAIN_STATE_CRASHED) {
                return Optional.of(Refusal.of(
                                Errno.EIO,
                                "domid = " + domid
                                        + ": the domain lost its memory; only list, describe and destroy work")
                        .with("domid", domid));
            }
            return Optional.empty();
        });
    }

    /** The server is there, whatever its state and its domain's. ESRCH, ENOENT. */
    Optional<Refusal> server(int domid, long domainGeneration, int id, long generation) {
        return domain(domid, domainGeneration).or(() -> serverOf(domid, id, generation));
    }

    /** The server is there, is not going, and is the caller's (S3). ESRCH, EIO, ENOENT, EPERM. */
    Optional<Refusal> ownServer(String principal, int domid, long domainGeneration, int id, long generation) {
        return workingDomain(domid, domainGeneration)
                .or(() -> serverOf(domid, id, generation))
                .or(() -> going(domid, id))
                .or(() -> owner(principal, domid, id));
    }

    /** The same for a server that may be in destruction. */
    Optional<Refusal> ownServerEvenGoing(String principal, int domid, long domainGeneration, int id, long generation) {
        return workingDomain(domid, domainGeneration)
                .or(() -> serverOf(domid, id, generation))
                .or(() -> owner(principal, domid, id));
    }

    private Optional<Refusal> serverOf(int domid, int id, long generation) {
        if (!Ioservid.isValid(id) || !state.servers.containsKey(State.serverKey(domid, id))) {
            return Optional.of(Refusal.of(
                            Errno.ENOENT,
                            "id = " + Integer.toUnsignedString(id) + ": domain " + domid + " has no such IOREQ server")
                    .with("domid", domid)
                    .with("id", Integer.toUnsignedString(id)));
        }
        long actual = state.server(domid, id).getRecord().getServer().getGeneration();
        if (generation != 0 && generation != actual) {
            return Optional.of(Refusal.of(
                            Errno.ENOENT,
                            "server " + id + " of domain " + domid + " has generation " + actual + ", not "
                                    + Long.toUnsignedString(generation))
                    .with("domid", domid)
                    .with("id", id)
                    .with("field", "generation")
                    .with("value", Long.toUnsignedString(generation)));
        }
        return Optional.empty();
    }

    private Optional<Refusal> owner(String principal, int domid, int id) {
        IoreqServer server = state.server(domid, id).getRecord().getServer();
        if (server.getPrincipal().equals(principal)) {
            return Optional.empty();
        }
        return Optional.of(Refusal.of(
                        Errno.EPERM,
                        "server " + id + " of domain " + domid + " belongs to " + server.getPrincipal() + ", not to "
                                + principal)
                .with("domid", domid)
                .with("id", id)
                .with("owner", server.getPrincipal())
                .with("principal", principal));
    }

    private Optional<Refusal> going(int domid, int id) {
        IoreqServer server = state.server(domid, id).getRecord().getServer();
        if (server.getState() != IoreqServerState.IOREQ_SERVER_STATE_DESTROYING) {
            return Optional.empty();
        }
        return Optional.of(
                Refusal.of(Errno.ENOENT, "id = " + id + ": the server of domain " + domid + " is being destroyed")
                        .with("domid", domid)
                        .with("id", id));
    }
}
