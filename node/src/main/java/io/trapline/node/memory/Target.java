package io.trapline.node.memory;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.protocol.Gate;
import io.trapline.node.registry.DomainHandle;
import io.trapline.node.registry.NodeDirectory;
import io.trapline.node.registry.ServerHandle;
import io.trapline.node.rows.KeyRows;
import io.trapline.v1.IoreqKey;
import io.trapline.v1.OnBehalfOf;
import java.util.Optional;

/**
 * What a memory or type call names: a domain, and the server that it is made for, if any (F2). What the registry says of that server is checked here;
 * whether its session is active and the ioreqs are under way, its actor says.
 *
 * @param domain it
 * @param server the server
 * @param gate the same for messages; present where {@code server} is
 */
record Target(DomainHandle domain, Optional<ServerHandle> server, Optional<Gate> gate) {
    /** What came of the look-up. */
    sealed interface Lookup {
        /** All is there. */
        record Found(Target target) implements Lookup {}

        /**
         * ESRCH, EIO, ENOENT or EPERM.
         *
         * @param domain what keeps the answer; empty where the domain is what there is not
         */
        record Refused(Refusal refusal, Optional<DomainHandle> domain) implements Lookup {}
    }

    /** Looks it up: existence before ownership (section E). */
    static Lookup find(
            NodeDirectory directory, int domid, long generation, Optional<OnBehalfOf> behalf, String principal) {
        return switch (directory.find(domid, generation)) {
            case NodeDirectory.Lookup.Refused(Refusal refusal) -> new Lookup.Refused(refusal, Optional.empty());
            case NodeDirectory.Lookup.Found(DomainHandle domain) ->
                behalf.map(asked -> find(domain, asked, principal))
                        .orElseGet(() -> new Lookup.Found(new Target(domain, Optional.empty(), Optional.empty())));
        };
    }

    private static Lookup find(DomainHandle domain, OnBehalfOf asked, String principal) {
        ServerHandle server = domain.servers().get(asked.getId());
        if (server == null) {
            return new Lookup.Refused(Refusal.noServer(domain.domid(), asked.getId()), Optional.of(domain));
        }
        if (asked.getGeneration() != 0 && asked.getGeneration() != server.generation()) {
            return new Lookup.Refused(otherGeneration(domain, server, asked.getGeneration()), Optional.of(domain));
        }
        if (!server.principal().equals(principal)) {
            return new Lookup.Refused(
                    Refusal.of(Errno.EPERM, "server " + server.id() + " was created by another principal")
                            .with("domid", domain.domid())
                            .with("id", server.id())
                            .with("principal", principal),
                    Optional.of(domain));
        }
        Gate gate = new Gate(principal, server.id(), server.generation(), asked.getSessionEpoch(), keys(asked));
        return new Lookup.Found(new Target(domain, Optional.of(server), Optional.of(gate)));
    }

    private static Refusal otherGeneration(DomainHandle domain, ServerHandle server, long asked) {
        String text = Long.toUnsignedString(asked);
        return Refusal.of(
                        Errno.ENOENT,
                        "server " + server.id() + " has generation " + server.generation() + ", not " + text)
                .with("domid", domain.domid())
                .with("id", server.id())
                .with("field", "on_behalf_of.generation")
                .with("value", text);
    }

    private static KeyRows keys(OnBehalfOf asked) {
        KeyRows keys = new KeyRows(asked.getServingCount());
        for (IoreqKey key : asked.getServingList()) {
            keys.add(key.getVcpu(), key.getVcpuEpoch(), key.getSequence(), key.getPart());
        }
        return keys;
    }
}
