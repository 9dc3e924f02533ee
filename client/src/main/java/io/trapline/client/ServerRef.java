package io.trapline.client;

import io.trapline.model.Ioservid;
import io.trapline.v1.IoreqServer;
import java.util.Objects;

/**
 * Names an IOREQ server in a call.
 *
 * @param domain its domain
 * @param id its id within the domain
 * @param generation the revision at which it was created; 0 = whichever has the id now (not to attach with)
 */
public record ServerRef(DomainRef domain, Ioservid id, long generation) {
    public ServerRef {
        Objects.requireNonNull(domain, "domain");
        Objects.requireNonNull(id, "id");
    }

    /** Whichever server has that id now. */
    public static ServerRef of(DomainRef domain, int id) {
        return new ServerRef(domain, new Ioservid(id), 0);
    }

    /** Exactly that server, whoever has its id later. */
    public static ServerRef of(IoreqServer server) {
        return new ServerRef(DomainRef.of(server.getDomid()), new Ioservid(server.getId()), server.getGeneration());
    }

    /** Whether both mean the same id of the same domain id, generations aside. */
    boolean sameIdAs(ServerRef other) {
        return id.equals(other.id) && domain.domid().equals(other.domain.domid());
    }
}
