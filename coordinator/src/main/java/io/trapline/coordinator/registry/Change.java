package io.trapline.coordinator.registry;

import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.internal.v1.PlacedDomain;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.ServerName;
import io.trapline.internal.v1.VcpuRecord;
import io.trapline.model.Pure;
import io.trapline.v1.Claim;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Which entities one command has touched; {@link #build} tells the nodes how they are afterwards, {@link #runs} operators what has become of copies. */
@Pure
final class Change {
    private final SortedSet<Integer> domains = new TreeSet<>();
    private final SortedMap<Integer, PlacedDomain> domainsBefore = new TreeMap<>();
    private final SortedSet<Integer> removedDomains = new TreeSet<>();
    private final SortedSet<Integer> servers = new TreeSet<>();
    private final SortedSet<Integer> removedServers = new TreeSet<>();
    private final SortedMap<Integer, Claim> claims = new TreeMap<>();
    private final SortedSet<String> nodes = new TreeSet<>();
    private final RegistryChange.Builder rest = RegistryChange.newBuilder();

    /** @param before as it was; null = it is new */
    void domain(int domid, @Nullable PlacedDomain before) {
        domains.add(domid);
        if (before != null) {
            domainsBefore.putIfAbsent(domid, before);
        }
    }

    void domainRemoved(int domid) {
        domains.remove(domid);
        domainsBefore.remove(domid);
        removedDomains.add(domid);
    }

    void server(int key) {
        servers.add(key);
    }

    void serverRemoved(int key) {
        servers.remove(key);
        removedServers.add(key);
    }

    void claim(int key, Claim claim) {
        claims.put(key, claim);
    }

    void vcpu(VcpuRecord vcpu) {
        rest.addVcpus(vcpu);
    }

    void node(String name) {
        nodes.add(name);
    }

    void drain(DrainRecord drain) {
        rest.addDrains(drain);
    }

    void drainEnded(long drain) {
        rest.addEndedDrains(drain);
    }

    void session(long session) {
        rest.addSessions(session);
    }

    void sessionEnded(long session) {
        rest.addEndedSessions(session);
    }

    /** Who has copies no more, and who has now. */
    List<RunChange> runs(State state, Command command) {
        return domainsBefore.entrySet().stream()
                .flatMap(
                        before -> RunChange.between(before.getValue(), state.domain(before.getKey()), command).stream())
                .toList();
    }

    RegistryChange build(State state) {
        RegistryChange.Builder built = rest.setRevision(state.revision);
        domains.forEach(domid -> built.addDomains(Domains.record(state, domid)));
        built.addAllRemovedDomains(removedDomains);
        for (int key : servers) {
            built.addServers(
                    state.server(State.serverDomid(key), State.serverId(key)).getRecord());
        }
        for (int key : removedServers) {
            built.addRemovedServers(
                    ServerName.newBuilder().setDomid(State.serverDomid(key)).setId(State.serverId(key)));
        }
        built.addAllClaims(claims.values());
        nodes.forEach(name -> built.addNodes(Nodes.record(state, name)));
        return built.build();
    }
}
