package io.trapline.process;

import io.trapline.model.FileTrouble;
import io.trapline.server.ListenAddress;
import io.trapline.server.PortReservation;
import io.trapline.server.StartException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Which processes of a cluster run on this machine, and where: each on an address of its own, 127.0.0.2 and up, where the machine has
 * those. Where the first node may have any port the others have any, too: several clusters on one machine then do not take each other's
 * while a process is down. The coordinators' part is kept beside their data, since it must be the same at the next start.
 *
 * @param clusterId a UUID
 * @param peers the coordinators
 * @param nodes where each node listens
 */
record Layout(String clusterId, List<CoordinatorSettings.Peer> peers, List<ListenAddress> nodes) {
    private static final String FILE = "cluster.conf";
    private static final int RAFT_PORT = ListenAddress.DEFAULT_PORT + 1;
    private static final String FALLBACK_HOST = "127.0.0.1";

    Layout {
        peers = List.copyOf(peers);
        nodes = List.copyOf(nodes);
    }

    /** The layout of a new cluster, or of the one whose data is in that directory. */
    static Layout of(Path data, int coordinators, int nodes, ListenAddress firstNode) throws StartException {
        Ports ports = new Ports(firstNode.port() == 0);
        ListenAddress first = ports.exactly(firstNode);
        Optional<Layout> kept = read(data.resolve(FILE));
        if (kept.isPresent() && kept.get().peers().size() != coordinators) {
            throw new StartException("data directory " + data + ": holds a cluster of "
                    + kept.get().peers().size() + " coordinators, not " + coordinators);
        }
        List<CoordinatorSettings.Peer> peers = new ArrayList<>();
        if (kept.isPresent()) {
            peers.addAll(kept.get().peers());
        } else {
            for (int i = 1; i <= coordinators; i++) {
                String host = "127.0.0." + (i + 1);
                peers.add(new CoordinatorSettings.Peer(
                        "c" + i, ports.free(host, RAFT_PORT), ports.free(host, ListenAddress.DEFAULT_PORT)));
            }
        }
        List<ListenAddress> where = new ArrayList<>(List.of(first));
        for (int i = 2; i <= nodes; i++) {
            where.add(ports.free("127.0.0." + (coordinators + i), ListenAddress.DEFAULT_PORT));
        }
        Layout layout = new Layout(
                kept.map(Layout::clusterId).orElseGet(() -> UUID.randomUUID().toString()), peers, where);
        if (kept.isEmpty()) {
            layout.write(data);
        }
        return layout;
    }

    /** The same as its processes are told of each other. */
    Layout by(Supervisor.Ways ways) {
        List<CoordinatorSettings.Peer> found = new ArrayList<>();
        for (CoordinatorSettings.Peer peer : peers) {
            found.add(new CoordinatorSettings.Peer(
                    peer.id(), ways.to(peer.id(), peer.raft()), ways.to(peer.id(), peer.services())));
        }
        List<ListenAddress> where = new ArrayList<>();
        for (int i = 0; i < nodes.size(); i++) {
            where.add(ways.to(nodeId(i), nodes.get(i)));
        }
        return new Layout(clusterId, found, where);
    }

    /** The id of a node, 0 … nodes-1. */
    static String nodeId(int which) {
        return "n" + (which + 1);
    }

    /** The coordinators as {@code --peers} takes them. */
    String peersText() {
        return peers.stream()
                .map(peer -> peer.id() + "=" + peer.raft() + "," + peer.services())
                .collect(Collectors.joining(";"));
    }

    /** The settings of a coordinator, by key. */
    Map<String, String> coordinator(CoordinatorSettings.Peer peer, Path data) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("id", peer.id());
        settings.put("cluster-id", clusterId);
        settings.put("bootstrap", "true");
        settings.put("peers", peersText());
        settings.put("data", data.resolve(peer.id()).toString());
        return settings;
    }

    /**
     * The settings of a node, by key.
     *
     * @param which 0 … nodes-1
     * @param listens where it does, which may be elsewhere than the others are told
     * @param memoryBytes for guests
     */
    Map<String, String> node(int which, ListenAddress listens, long memoryBytes) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("id", nodeId(which));
        settings.put(
                "coordinators",
                peers.stream().map(peer -> peer.services().toString()).collect(Collectors.joining(",")));
        settings.put("listen", listens.toString());
        if (!listens.equals(nodes.get(which))) {
            settings.put("advertise", nodes.get(which).toString());
        }
        settings.put("memory", Long.toString(memoryBytes));
        return settings;
    }

    private void write(Path data) throws StartException {
        try {
            Files.createDirectories(data);
            Files.writeString(data.resolve(FILE), "cluster-id = " + clusterId + "\npeers = " + peersText() + "\n");
        } catch (IOException cannot) {
            throw new StartException("data directory " + FileTrouble.text(data, cannot), cannot);
        }
    }

    private static Optional<Layout> read(Path file) throws StartException {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            SettingSources.File text = new SettingSources.File(file.toString(), Files.readString(file));
            CoordinatorSettings kept = CoordinatorSettings.of(
                    new SettingSources(Map.of("id", "c1", "data", "unused"), Map.of(), Optional.of(text)));
            return Optional.of(new Layout(kept.clusterId().orElse(""), kept.peers(), List.of()));
        } catch (IOException | WrongSettings damaged) {
            throw new StartException(String.valueOf(damaged.getMessage()), damaged);
        }
    }

    /** Ports that nobody listens on, each given out once. */
    private static final class Ports {
        private final Set<ListenAddress> taken = new HashSet<>();
        private final boolean any;

        /** {@code any}: whether no port is wanted more than another. */
        Ports(boolean any) {
            this.any = any;
        }

        /** {@code wanted}: not given out yet; or port 0, for any that was not. */
        ListenAddress exactly(ListenAddress wanted) throws StartException {
            while (true) {
                try (PortReservation port = PortReservation.of(wanted, false)) {
                    if (taken.add(port.address())) {
                        return port.address();
                    }
                }
            }
        }

        /** The wanted one, or else any of that host, or, where the machine has no such address, of 127.0.0.1. */
        ListenAddress free(String host, int port) throws StartException {
            List<ListenAddress> candidates = List.of(
                    new ListenAddress(host, any ? 0 : port),
                    new ListenAddress(host, 0),
                    new ListenAddress(FALLBACK_HOST, 0));
            StartException last = new StartException("no port is free");
            for (ListenAddress candidate : candidates) {
                if (taken.contains(candidate)) {
                    continue;
                }
                try {
                    return exactly(candidate);
                } catch (StartException unavailable) {
                    last = unavailable;
                }
            }
            throw last;
        }
    }
}
