package io.trapline.coordinator.registry;

import io.trapline.internal.v1.CoordinatorId;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.PlacedDomain;
import io.trapline.internal.v1.RegisterNode;
import io.trapline.internal.v1.RegisteredNode;
import io.trapline.internal.v1.RegisteredServer;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;
import io.trapline.v1.Claim;
import io.trapline.v1.DescribeDomainResponse;
import io.trapline.v1.Domain;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.DomainState;
import io.trapline.v1.IoreqServer;
import io.trapline.v1.ShardState;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What can be read of the registry. Whoever holds it may read while no command is applied. Lists are by key, ascending, and take the key
 * that the page before ended with.
 */
@Pure
public final class RegistryView {
    private final State state;
    private final Existence existence;

    RegistryView(State state) {
        this.state = state;
        this.existence = new Existence(state);
    }

    /** The last revision given out. */
    public long revision() {
        return state.revision;
    }

    /** How much is in it. */
    public RegistryCounts counts() {
        Map<DomainState, Long> domains = new EnumMap<>(DomainState.class);
        long degraded = 0;
        for (PlacedDomain placed : state.domains.values()) {
            domains.merge(placed.getDomain().getState(), 1L, Long::sum);
            boolean isReplicated = placed.getDomain().getMemory() == DomainMemory.DOMAIN_MEMORY_REPLICATED;
            boolean isWhole =
                    placed.getRunsList().stream().allMatch(run -> run.getState() == ShardState.SHARD_STATE_DUAL);
            degraded += isReplicated && !isWhole && placed.getDomain().getState() != DomainState.DOMAIN_STATE_CRASHED
                    ? 1
                    : 0;
        }
        return new RegistryCounts(
                state.revision, state.leadership, state.nodes.size(), domains, degraded, state.claims.size());
    }

    /** At most so many domains with ids above the one named (0: from the first). */
    public List<Domain> domains(int afterDomid, int most) {
        return state.domains.tailMap(afterDomid, false).values().stream()
                .limit(most)
                .map(placed -> Domains.visible(state, placed))
                .toList();
    }

    /** One domain with its shards. ESRCH. */
    public Reading<DescribeDomainResponse> domain(int domid, long generation) {
        return Reading.unless(existence.domain(domid, generation), () -> {
            var record = Domains.record(state, domid);
            return DescribeDomainResponse.newBuilder()
                    .setDomain(record.getDomain())
                    .addAllShards(record.getShardsList())
                    .setRevision(state.revision)
                    .build();
        });
    }

    /** The servers of a domain, with their claims. ESRCH. */
    public Reading<List<IoreqServer>> servers(int domid, long domainGeneration) {
        return Reading.unless(
                existence.domain(domid, domainGeneration),
                () -> state.serversOf(domid).values().stream()
                        .map(this::visible)
                        .toList());
    }

    /** One server, with its claims. ESRCH, ENOENT. */
    public Reading<IoreqServer> server(int domid, long domainGeneration, int id, long generation) {
        return Reading.unless(
                existence.server(domid, domainGeneration, id, generation), () -> visible(state.server(domid, id)));
    }

    private IoreqServer visible(RegisteredServer registered) {
        IoreqServer server = registered.getRecord().getServer();
        return server.toBuilder()
                .setStandbys(registered.getRecord().getStandbysCount())
                .addAllClaims(state.claimsOf(server.getDomid()).values().stream()
                        .filter(claim -> claim.getGeneration() == server.getGeneration())
                        .toList())
                .build();
    }

    /** At most so many of the claims that stand, of one domain or (domid 0) of all, after (domain, type code). ESRCH. */
    public Reading<List<Claim>> claims(int domid, long domainGeneration, int afterDomid, int afterType, int most) {
        Optional<Refusal> checked = domid == 0 ? Optional.empty() : existence.domain(domid, domainGeneration);
        return Reading.unless(checked, () -> {
            Collection<Claim> claims = (domid == 0 ? state.claims : state.claimsOf(domid)).values();
            return claims.stream()
                    .filter(claim -> claim.getDomid() > afterDomid
                            || (claim.getDomid() == afterDomid && claim.getTypeValue() > afterType))
                    .limit(most)
                    .toList();
        });
    }

    /** At most so many ended claims of a domain after (revision, type code), oldest first (C8). ESRCH. */
    public Reading<List<Claim>> history(int domid, long domainGeneration, long afterRevision, int afterType, int most) {
        return Reading.unless(
                existence.domain(domid, domainGeneration),
                () -> History.after(state, domid, afterRevision, afterType, most));
    }

    /** Whether the domain is there. ESRCH. */
    public Reading<Long> generation(int domid, long generation) {
        return Reading.unless(
                existence.domain(domid, generation),
                () -> state.domain(domid).getDomain().getGeneration());
    }

    /** Whether the server is there and its domain works, as a call to its device would need. ESRCH, EIO, ENOENT, EPERM. */
    public Reading<IoreqServer> ownServer(String principal, int domid, long domainGeneration, int id, long generation) {
        return Reading.unless(
                existence.ownServer(principal, domid, domainGeneration, id, generation),
                () -> visible(state.server(domid, id)));
    }

    /** Whether the domain is there and works. ESRCH, EIO. */
    public Reading<Domain> workingDomain(int domid, long generation) {
        return Reading.unless(
                existence.workingDomain(domid, generation), () -> Domains.visible(state, state.domain(domid)));
    }

    /** At most so many registered nodes with names after the one given (empty: from the first). */
    public List<RegisterNode> nodes(String afterNode, int most) {
        return state.nodes.tailMap(afterNode, false).values().stream()
                .limit(most)
                .map(RegisteredNode::getRegistration)
                .toList();
    }

    /** Where the node of that name is, as it said when it registered last. */
    public Optional<String> nodeAddress(String node) {
        return Optional.ofNullable(state.nodes.get(node))
                .map(known -> known.getRegistration().getAddress());
    }

    /** The lives of nodes that are not over, by name. */
    public List<NodeLife> lives() {
        return state.nodes.values().stream()
                .map(Nodes::life)
                .filter(life -> life.getIncarnation() != 0)
                .toList();
    }

    /** Whether the life is over: it never registers again. */
    public boolean isOver(NodeLife life) {
        RegisteredNode node = state.nodes.get(life.getNode());
        return node != null && node.getEndedIncarnationsList().contains(life.getIncarnation());
    }

    /** Whether to register that would change nothing. */
    public boolean isRegistered(RegisterNode q) {
        RegisteredNode node = state.nodes.get(q.getNode());
        return node != null && node.getRegistration().equals(q);
    }

    /** Whether the node has what others can have instead: shards with another copy, sessions of emulators, and servers whose domain is elsewhere. */
    public boolean hasRolesToLose(String node) {
        return state.loads.hasRolesToLose(node);
    }

    /** How many shards each node is primary of; nodes without any are left out. */
    public Map<String, Long> shardsByNode() {
        return Map.copyOf(state.loads.shards());
    }

    /** The domains that are to have two copies of each shard, work, and have not, by id (D4). */
    public List<PlacedDomain> degraded() {
        return state.loads.degraded().stream().map(state::domain).toList();
    }

    /** What is to leave the nodes that are drained (D-27). */
    public DrainedParts drainedParts() {
        return DrainedParts.of(state);
    }

    /**
     * How far the drain of a node is; empty where it is not drained.
     *
     * @param usable the lives that hold a lease
     */
    public Optional<DrainedParts.Left> drainOf(String node, Set<NodeLife> usable) {
        return NodeDrains.isDraining(state, node)
                ? Optional.of(DrainedParts.left(state, node, usable))
                : Optional.empty();
    }

    /** How many bytes of each node's memory are in no domain, by name; below 0 where domains that do not use all of theirs have been given more. */
    public Map<String, Long> bytesLeft() {
        return state.nodes.keySet().stream()
                .collect(Collectors.toMap(Function.identity(), name -> Nodes.bytesLeft(state, name)));
    }

    /** Ids of coordinators that were used, or may be, by id; beside those of the configuration of now. */
    public Map<String, CoordinatorId> coordinators() {
        return Map.copyOf(state.coordinators);
    }

    /** The generation of the cluster, which a restored backup raises; 0 and up. */
    public int generation() {
        return (int) (state.revision >>> Registry.GENERATION_SHIFT);
    }

    /** Whether the client session is open (section E). */
    public boolean hasSession(long session) {
        return state.sessions.containsKey(session);
    }

    /** The client sessions that are open. */
    public Set<Long> sessions() {
        return Set.copyOf(state.sessions.keySet());
    }

    /** Whether the drain has not ended (F5). */
    public boolean drains(long drain) {
        return state.drains.containsKey(drain);
    }

    /** The drains that have not ended, by revision. */
    public List<DrainRecord> drains() {
        return List.copyOf(state.drains.values());
    }

    /** The claims that end where no emulator comes for a grace period (C6), by domain, then by type. */
    public List<UnattendedClaim> unattended() {
        return Unattended.all(state);
    }

    /** The drains of a domain that have not ended, by revision. */
    public List<DrainRecord> drainsOf(int domid) {
        return state.drainsOf(domid);
    }

    /** What lives are to a drain that has not ended. */
    public DrainRoles drainRoles(DrainRecord drain) {
        return DrainRoles.of(state, drain);
    }

    /** Everything that a node is told, {@code snapshot} set. */
    public RegistryChange everything() {
        return Snapshots.forNode(state);
    }
}
