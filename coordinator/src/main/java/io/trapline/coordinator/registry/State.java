package io.trapline.coordinator.registry;

import io.trapline.internal.v1.CoordinatorId;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.internal.v1.PlacedDomain;
import io.trapline.internal.v1.RegisteredNode;
import io.trapline.internal.v1.RegisteredServer;
import io.trapline.internal.v1.StandbyEmulator;
import io.trapline.internal.v1.VcpuRecord;
import io.trapline.model.Pure;
import io.trapline.v1.Claim;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The tables of the registry, and the counter of revisions.
 *
 * <p>The classes of rules share one. Whoever changes an entity does so through {@code put…} and {@code remove…}, after
 * {@link #begin}, so that the nodes hear of it. Every iteration order is that of keys: two replicas go the same way.
 */
@Pure
final class State {
    private static final int SERVERS = 64;
    private static final int TYPES = 16;
    private static final int VCPUS = 4096;

    final NavigableMap<Integer, PlacedDomain> domains = new TreeMap<>();
    final NavigableMap<Integer, RegisteredServer> servers = new TreeMap<>();
    final NavigableMap<Integer, Claim> claims = new TreeMap<>();
    final NavigableMap<Integer, ArrayDeque<Claim>> history = new TreeMap<>();
    final NavigableMap<Integer, VcpuRecord> vcpus = new TreeMap<>();
    final NavigableMap<Long, DrainRecord> drains = new TreeMap<>();
    final NavigableMap<Long, KeptAnswers> sessions = new TreeMap<>();
    final NavigableMap<String, RegisteredNode> nodes = new TreeMap<>();
    final NavigableMap<String, CoordinatorId> coordinators = new TreeMap<>();
    final Committers committers = new Committers();
    final Loads loads = new Loads();
    // Derived: the keys of domains.
    private final BitSet domids = new BitSet();
    // Derived: the drains of each domain that has any.
    private final NavigableMap<Integer, NavigableSet<Long>> drainsOf = new TreeMap<>();

    long appliedIndex;
    long revision;
    long leadership;
    private Change change = new Change();

    /** Gives out a revision: from here on the command changes something. Called once per command, after all its checks. */
    long begin() {
        revision++;
        return revision;
    }

    /** What the command has changed; the next one starts anew. */
    Change takeChange() {
        Change taken = change;
        change = new Change();
        return taken;
    }

    Change change() {
        return change;
    }

    static int serverKey(int domid, int id) {
        return domid * SERVERS + id;
    }

    static int serverDomid(int key) {
        return key / SERVERS;
    }

    static int serverId(int key) {
        return key % SERVERS;
    }

    static int claimKey(int domid, int x) {
        return domid * TYPES + x;
    }

    static int vcpuKey(int domid, int vcpu) {
        return domid * VCPUS + vcpu;
    }

    /** A domain that is known to be there. */
    PlacedDomain domain(int domid) {
        return present(domains.get(domid), "domain", domid);
    }

    /** A server that is known to be there. */
    RegisteredServer server(int domid, int id) {
        return present(servers.get(serverKey(domid, id)), "server", serverKey(domid, id));
    }

    SortedMap<Integer, RegisteredServer> serversOf(int domid) {
        return servers.subMap(serverKey(domid, 0), serverKey(domid + 1, 0));
    }

    SortedMap<Integer, Claim> claimsOf(int domid) {
        return claims.subMap(claimKey(domid, 0), claimKey(domid + 1, 0));
    }

    SortedMap<Integer, VcpuRecord> vcpusOf(int domid) {
        return vcpus.subMap(vcpuKey(domid, 0), vcpuKey(domid + 1, 0));
    }

    /** The lowest id of a domain that is free, 1 and up; above the highest there may be when none is. */
    int lowestFreeDomid() {
        return domids.nextClearBit(1);
    }

    void putDomain(PlacedDomain placed) {
        int domid = placed.getDomain().getDomid();
        // Where its shards go decides which of its servers are away.
        serversOf(domid).values().forEach(server -> countRoles(server, -1));
        PlacedDomain before = domains.put(domid, placed);
        if (before != null) {
            loads.remove(before);
        }
        loads.add(placed);
        serversOf(domid).values().forEach(server -> countRoles(server, 1));
        domids.set(domid);
        change.domain(domid, before);
    }

    void removeDomain(int domid) {
        PlacedDomain before = domains.remove(domid);
        if (before != null) {
            loads.remove(before);
        }
        domids.clear(domid);
        history.remove(domid);
        vcpusOf(domid).clear();
        change.domainRemoved(domid);
    }

    void putServer(RegisteredServer server) {
        var named = server.getRecord().getServer();
        int key = serverKey(named.getDomid(), named.getId());
        countRoles(servers.put(key, server), -1);
        countRoles(server, 1);
        change.server(key);
    }

    void removeServer(int domid, int id) {
        countRoles(servers.remove(serverKey(domid, id)), -1);
        change.serverRemoved(serverKey(domid, id));
    }

    private void countRoles(@Nullable RegisteredServer server, int by) {
        if (server == null) {
            return;
        }
        if (!server.getSessionNode().isEmpty()) {
            loads.countRole(server.getSessionNode(), by);
        }
        for (StandbyEmulator standby : server.getRecord().getStandbysList()) {
            loads.countRole(standby.getNode(), by);
        }
        if (Homes.isAway(this, server)) {
            loads.countRole(server.getRecord().getHome().getNode(), by);
        }
    }

    void putNode(RegisteredNode node) {
        nodes.put(node.getRegistration().getNode(), node);
        change.node(node.getRegistration().getNode());
    }

    void putClaim(int x, Claim claim) {
        claims.put(claimKey(claim.getDomid(), x), claim);
        change.claim(claimKey(claim.getDomid(), x), claim);
    }

    void removeClaim(int x, Claim ended) {
        claims.remove(claimKey(ended.getDomid(), x));
        change.claim(claimKey(ended.getDomid(), x), ended);
    }

    void putVcpu(VcpuRecord vcpu) {
        vcpus.put(vcpuKey(vcpu.getDomid(), vcpu.getVcpu()), vcpu);
        change.vcpu(vcpu);
    }

    /** By revision. */
    List<DrainRecord> drainsOf(int domid) {
        return drainsOf.getOrDefault(domid, new TreeSet<>()).stream()
                .map(drains::get)
                .toList();
    }

    void putDrain(DrainRecord drain) {
        drains.put(drain.getRevision(), drain);
        drainsOf.computeIfAbsent(drain.getDomid(), domid -> new TreeSet<>()).add(drain.getRevision());
        change.drain(drain);
    }

    void removeDrain(DrainRecord drain) {
        drains.remove(drain.getRevision());
        NavigableSet<Long> left = drainsOf.getOrDefault(drain.getDomid(), new TreeSet<>());
        left.remove(drain.getRevision());
        if (left.isEmpty()) {
            drainsOf.remove(drain.getDomid());
        }
        change.drainEnded(drain.getRevision());
    }

    private static <T> T present(@Nullable T entity, String what, int key) {
        if (entity == null) {
            throw new IllegalStateException(what + " " + key + " was checked and is not there");
        }
        return entity;
    }
}
