package io.trapline.process;

import io.trapline.model.Pure;
import io.trapline.server.ListenAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * How a coordinator's process is started.
 *
 * @param id its id, never used again by another one
 * @param clusterId which cluster it is a part of, a UUID; empty where it is alone, or its directory knows
 * @param bootstrap form a cluster where the directory is empty
 * @param join join a cluster where the directory is empty
 * @param peers all coordinators: 1, 3 or 5
 * @param listen where its services listen
 * @param data where it keeps its log
 * @param metrics where it says how it does; empty = nowhere
 * @param health where it says whether it is ready and alive; empty = nowhere
 * @param insecure listen beyond loopback without TLS (L)
 * @param log the level of its log
 */
@Pure
public record CoordinatorSettings(
        String id,
        Optional<String> clusterId,
        boolean bootstrap,
        boolean join,
        List<Peer> peers,
        ListenAddress listen,
        String data,
        Optional<ListenAddress> metrics,
        Optional<ListenAddress> health,
        boolean insecure,
        String log) {
    private static final Key ID = new Key("id", "NAME", "", "This coordinator's id; a lost one's is never used again.");
    private static final Key CLUSTER_ID =
            new Key("cluster-id", "UUID", "", "The cluster's id, the same for all coordinators of it.");
    private static final Key BOOTSTRAP = new Key(
            "bootstrap",
            "",
            "false",
            "Form a new cluster where the data directory is empty. Every peer is started with it, once; later it does nothing.");
    private static final Key JOIN = new Key(
            "join",
            "",
            "false",
            "Join the running cluster --cluster-id in place of a lost coordinator; the directory is empty.");
    private static final Key PEERS = new Key(
            "peers",
            "ID=HOST:RAFTPORT,HOST:PORT",
            "",
            "All coordinators, 1, 3 or 5, separated by blanks or semicolons: id, where its log is replicated to, where its services are.");
    private static final Key LISTEN =
            new Key("listen", "HOST:PORT", "", "Where its services listen (default: its address in --peers).");
    private static final Key DATA = new Key("data", "DIR", "", "Where it keeps its log; for this process alone.");
    private static final Key METRICS = new Key(
            "metrics", "HOST:PORT", "", "Where it serves /metrics for Prometheus, port 0 = any (default: nowhere).");
    private static final Key HEALTH = new Key(
            "health",
            "HOST:PORT",
            "",
            "Where it says whether it is ready and alive, by grpc.health.v1 without TLS and nothing else, port 0 = any (default: nowhere).");
    private static final Key INSECURE = new Key(
            "insecure",
            "",
            "false",
            "Allow other addresses than loopback, without TLS. Whoever reaches them may do everything.");
    private static final Key LOG =
            new Key("log", "LEVEL", "warn", "What is logged: error, warn, info or debug (default: warn).");

    /** All keys, in the order in which they are shown. */
    public static final List<Key> KEYS =
            List.of(ID, DATA, PEERS, CLUSTER_ID, BOOTSTRAP, JOIN, LISTEN, METRICS, HEALTH, INSECURE, LOG);

    public CoordinatorSettings {
        peers = List.copyOf(peers);
    }

    /**
     * A coordinator.
     *
     * @param id its id
     * @param raft where its log is replicated to
     * @param services where its services are
     */
    @Pure
    public record Peer(String id, ListenAddress raft, ListenAddress services) {}

    /** Reads and checks all of them. */
    public static CoordinatorSettings of(SettingSources sources) throws WrongSettings {
        Settings settings = new Settings(KEYS, NodeSettings.KEYS, sources);
        Optional<String> id = settings.required(ID, Values::name);
        Optional<String> data = settings.required(DATA, Values::path);
        Optional<List<Peer>> peers = settings.required(PEERS, Values::peers);
        Optional<String> clusterId = settings.optional(CLUSTER_ID, Values::uuid);
        boolean bootstrap = settings.flag(BOOTSTRAP);
        boolean join = settings.flag(JOIN);
        Optional<ListenAddress> listen = settings.optional(LISTEN, Values::reachable);
        Optional<ListenAddress> metrics = settings.optional(METRICS, ListenAddress::parse);
        Optional<ListenAddress> health = settings.optional(HEALTH, ListenAddress::parse);
        boolean insecure = settings.flag(INSECURE);
        String log = settings.optional(LOG, Values::level).orElse(LOG.fallback());
        if (bootstrap && join) {
            settings.wrong(JOIN, "excludes --bootstrap");
        }
        peers.ifPresent(all -> checkPeers(settings, all, id, insecure));
        boolean isAlone = peers.filter(all -> all.size() == 1).isPresent();
        if ((join || (bootstrap && !isAlone)) && clusterId.isEmpty()) {
            settings.wrong(CLUSTER_ID, "is needed to " + (join ? "join a cluster" : "form one with peers"));
        }
        if (listen.isPresent()
                && !insecure
                && Values.isBeyondLoopback(listen.get().host())) {
            settings.wrong(LISTEN, listen.get() + " is not a loopback address, which without TLS needs --insecure");
        }
        metrics.filter(address -> !insecure && Values.isBeyondLoopback(address.host()))
                .ifPresent(address -> settings.wrong(
                        METRICS, address + " is not a loopback address, which without TLS needs --insecure"));
        settings.check();
        ListenAddress services = listen.orElseGet(
                () -> self(peers.orElseThrow(), id.orElseThrow()).orElseThrow().services());
        return new CoordinatorSettings(
                id.orElseThrow(),
                clusterId,
                bootstrap,
                join,
                peers.orElseThrow(),
                services,
                data.orElseThrow(),
                metrics,
                health,
                insecure,
                log);
    }

    private static Optional<Peer> self(List<Peer> peers, String id) {
        return peers.stream().filter(peer -> peer.id().equals(id)).findFirst();
    }

    private static void checkPeers(Settings settings, List<Peer> peers, Optional<String> id, boolean insecure) {
        if (peers.size() != 1 && peers.size() != 3 && peers.size() != 5) {
            settings.wrong(PEERS, peers.size() + " coordinators, not 1, 3 or 5");
        }
        Set<String> ids = new HashSet<>();
        Set<ListenAddress> addresses = new HashSet<>();
        for (Peer peer : peers) {
            if (!ids.add(peer.id())) {
                settings.wrong(PEERS, peer.id() + " is named twice");
            }
            for (ListenAddress address : List.of(peer.raft(), peer.services())) {
                if (!addresses.add(address)) {
                    settings.wrong(PEERS, address + " is named twice");
                }
                if (Values.isWildcard(address.host())) {
                    settings.wrong(PEERS, address + " is no address that others could connect to");
                } else if (!insecure && Values.isBeyondLoopback(address.host())) {
                    settings.wrong(PEERS, address + " is not a loopback address, which without TLS needs --insecure");
                }
            }
        }
        if (id.isPresent() && self(peers, id.get()).isEmpty()) {
            settings.wrong(
                    ID,
                    id.get() + " is none of the peers "
                            + String.join(", ", ids.stream().sorted().toList()));
        }
    }
}
