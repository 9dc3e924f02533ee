package io.trapline.node.registry;

import io.trapline.internal.v1.DomainRecord;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.internal.v1.NodeRecord;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.ServerName;
import io.trapline.internal.v1.ServerRecord;
import io.trapline.internal.v1.VcpuRecord;
import io.trapline.model.Pure;
import io.trapline.v1.Claim;
import io.trapline.v1.ClaimState;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * The registry as one node knows it: applies changes in ascending order of revision and says what each means for the node's actors. A snapshot
 * after a lost connection means what the changes since would have meant together.
 */
@Pure
public final class RegistryView {
    private final TreeMap<Integer, DomainRecords> domains = new TreeMap<>();
    private final TreeMap<Long, DrainRecord> drains = new TreeMap<>();
    private final Set<Long> sessions = new HashSet<>();
    private final TreeMap<String, PeerNode> nodes = new TreeMap<>();
    private final TreeSet<Integer> named = new TreeSet<>();
    private long revision;

    /**
     * What a change means.
     *
     * @param revision the registry's revision after it
     * @param removed domains that are gone, by id their generation; told before those that changed
     * @param changed domains that are new or have changed
     * @param drains drains that have begun
     * @param sessions client sessions that have begun
     * @param endedSessions client sessions that have ended
     * @param nodes the nodes as they are now, if that has changed
     */
    public record Effects(
            long revision,
            Map<Integer, Long> removed,
            List<DomainChange> changed,
            List<DrainRecord> drains,
            List<Long> sessions,
            List<Long> endedSessions,
            Optional<List<PeerNode>> nodes) {}

    /** The revision up to which it knows the registry; 0 before the first snapshot. */
    public long revision() {
        return revision;
    }

    /** The drains that stand. */
    public Set<Long> drains() {
        return Set.copyOf(drains.keySet());
    }

    /** Takes a change. One that is older than what is known means nothing, and an older snapshot neither. */
    public Effects apply(RegistryChange change) {
        if (change.getSnapshot() ? change.getRevision() < revision : change.getRevision() <= revision) {
            return new Effects(revision, Map.of(), List.of(), List.of(), List.of(), List.of(), Optional.empty());
        }
        RegistryChange increment = change.getSnapshot() ? sinceWhatIsKnown(change) : change;
        revision = change.getRevision();
        Map<Integer, Long> removed = removed(increment);
        take(increment);
        List<DrainRecord> begun = drains(increment);
        List<DomainChange> changed = new ArrayList<>();
        for (int domid : List.copyOf(named)) {
            of(domid, domain -> domain.take(revision).ifPresent(changed::add));
        }
        named.clear();
        List<Long> begunSessions =
                increment.getSessionsList().stream().filter(sessions::add).toList();
        List<Long> endedSessions = increment.getEndedSessionsList().stream()
                .filter(sessions::remove)
                .toList();
        return new Effects(revision, removed, changed, begun, begunSessions, endedSessions, nodes(increment));
    }

    private Optional<List<PeerNode>> nodes(RegistryChange change) {
        if (change.getSnapshot()) {
            nodes.clear();
        }
        for (NodeRecord node : change.getNodesList()) {
            nodes.put(
                    node.getLife().getNode(),
                    new PeerNode(DomainRecords.life(node.getLife()), node.getAddress(), node.getDraining()));
        }
        return change.getNodesCount() == 0 ? Optional.empty() : Optional.of(List.copyOf(nodes.values()));
    }

    private Map<Integer, Long> removed(RegistryChange change) {
        Map<Integer, Long> removed = new TreeMap<>();
        for (int domid : change.getRemovedDomainsList()) {
            remove(domid, removed);
        }
        for (DomainRecord record : change.getDomainsList()) {
            DomainRecords known = domains.get(record.getDomain().getDomid());
            if (known != null && known.generation() != record.getDomain().getGeneration()) {
                remove(record.getDomain().getDomid(), removed);
            }
        }
        return removed;
    }

    private void remove(int domid, Map<Integer, Long> removed) {
        DomainRecords known = domains.remove(domid);
        if (known != null) {
            removed.put(domid, known.generation());
            drains.values()
                    .removeIf(drain -> drain.getDomid() == domid && drain.getDomainGeneration() == known.generation());
        }
    }

    private void take(RegistryChange change) {
        for (DomainRecord record : change.getDomainsList()) {
            int domid = record.getDomain().getDomid();
            domains.computeIfAbsent(domid, id -> new DomainRecords(record));
            of(domid, domain -> domain.domain(record));
        }
        for (ServerName name : change.getRemovedServersList()) {
            of(name.getDomid(), domain -> domain.removeServer(name.getId()));
        }
        for (ServerRecord record : change.getServersList()) {
            of(record.getServer().getDomid(), domain -> domain.server(record));
        }
        for (Claim claim : change.getClaimsList()) {
            of(claim.getDomid(), domain -> domain.claim(claim, revision));
        }
        for (VcpuRecord record : change.getVcpusList()) {
            of(record.getDomid(), domain -> domain.vcpu(record));
        }
    }

    /** Records of a domain that is gone by now are passed over. */
    private void of(int domid, Consumer<DomainRecords> step) {
        DomainRecords domain = domains.get(domid);
        if (domain != null) {
            named.add(domid);
            step.accept(domain);
        }
    }

    private List<DrainRecord> drains(RegistryChange change) {
        Set<Long> ended = Set.copyOf(change.getEndedDrainsList());
        drains.keySet().removeAll(ended);
        List<DrainRecord> begun = new ArrayList<>();
        for (DrainRecord drain : change.getDrainsList()) {
            DomainRecords domain = domains.get(drain.getDomid());
            boolean stands = domain != null
                    && domain.generation() == drain.getDomainGeneration()
                    && !ended.contains(drain.getRevision());
            if (stands && drains.putIfAbsent(drain.getRevision(), drain) == null) {
                begun.add(drain);
                of(drain.getDomid(), of -> of.drain(drain));
            }
        }
        return begun;
    }

    /** A snapshot with what is missing in it named as gone. */
    private RegistryChange sinceWhatIsKnown(RegistryChange snapshot) {
        RegistryChange.Builder change = snapshot.toBuilder();
        Set<Integer> there = new HashSet<>();
        snapshot.getDomainsList().forEach(record -> there.add(record.getDomain().getDomid()));
        domains.keySet().stream().filter(domid -> !there.contains(domid)).forEach(change::addRemovedDomains);
        Set<Long> serversThere = new HashSet<>();
        for (ServerRecord record : snapshot.getServersList()) {
            serversThere.add(
                    key(record.getServer().getDomid(), record.getServer().getId()));
        }
        Set<Long> claimsThere = new HashSet<>();
        snapshot.getClaimsList().forEach(claim -> claimsThere.add(key(claim.getDomid(), claim.getTypeValue())));
        domains.forEach((domid, domain) -> {
            for (int id : domain.serverIds()) {
                if (!serversThere.contains(key(domid, id))) {
                    change.addRemovedServers(
                            ServerName.newBuilder().setDomid(domid).setId(id));
                }
            }
            for (Claim claim : domain.standingClaims()) {
                if (!claimsThere.contains(key(domid, claim.getTypeValue()))) {
                    change.addClaims(claim.toBuilder().setState(ClaimState.CLAIM_STATE_FREE));
                }
            }
        });
        Set<Long> drainsThere = new HashSet<>();
        snapshot.getDrainsList().forEach(drain -> drainsThere.add(drain.getRevision()));
        drains.keySet().stream().filter(drain -> !drainsThere.contains(drain)).forEach(change::addEndedDrains);
        Set<Long> sessionsThere = new HashSet<>(snapshot.getSessionsList());
        sessions.stream().filter(session -> !sessionsThere.contains(session)).forEach(change::addEndedSessions);
        return change.build();
    }

    private static long key(int domid, int low) {
        return (long) domid << 32 | low;
    }
}
