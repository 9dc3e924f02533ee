package io.trapline.client;

import io.trapline.model.Domid;
import io.trapline.v1.Domain;
import java.util.Objects;

/**
 * Names a domain in a call.
 *
 * @param domid its id
 * @param generation the revision at which it was created; 0 = whichever has the id now
 */
public record DomainRef(Domid domid, long generation) {
    public DomainRef {
        Objects.requireNonNull(domid, "domid");
    }

    /** Whichever domain has that id now. A change of its pages asks for its generation first: better to keep the {@link Domain}. */
    public static DomainRef of(int domid) {
        return new DomainRef(new Domid(domid), 0);
    }

    /** Exactly that domain, whoever has its id later. */
    public static DomainRef of(Domain domain) {
        return new DomainRef(new Domid(domain.getDomid()), domain.getGeneration());
    }
}
