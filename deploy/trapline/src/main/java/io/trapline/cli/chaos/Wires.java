package io.trapline.cli.chaos;

import io.trapline.faults.proxy.CutProxy;
import io.trapline.process.Supervisor;
import io.trapline.server.ListenAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ways of the processes of a cluster to each other, each through a proxy of its own, so that what one says to another can be held back and nothing else.
 * Processes know each other by names, and each looks them up in a hosts file of its own ({@code jdk.net.hosts.file}): who looks up another finds the proxy
 * that stands for that one here. Nobody needs privileges for that, only a machine with all of 127.0.0.0/8. Thread-safe.
 */
final class Wires implements Supervisor.Ways, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Wires.class);
    private static final String DOMAIN = ".trapline";
    /** Proxies listen at 127.FIRST.of whom.to whom and up. */
    private static final int FIRST = 96;

    /** A place where a process listens, and the name that others have for it. */
    private record Place(String id, ListenAddress listens, String name) {}

    /** What one process says to the place of another, and what that answers. */
    record Wire(String from, String to, CutProxy proxy) {}

    private final Path folder;
    private final Map<String, Place> places = new LinkedHashMap<>();
    private final Map<String, Integer> numbers = new HashMap<>();
    private final List<Wire> wires = new ArrayList<>();

    private Wires(Path folder) {
        this.folder = folder;
    }

    /** Whether this machine has the addresses that proxies need. */
    static boolean arePossible() {
        InetSocketAddress somewhere = new InetSocketAddress("127." + FIRST + ".1.1", 0);
        try (CutProxy _ = CutProxy.open(somewhere, List.of(somewhere))) {
            return true;
        } catch (IOException noSuchAddress) {
            LOG.debug("{} is not this machine's", somewhere, noSuchAddress);
            return false;
        }
    }

    /** Hosts files go to that folder. */
    static Wires in(Path folder) {
        return new Wires(folder);
    }

    @Override
    public synchronized ListenAddress to(String id, ListenAddress listens) {
        String name = id + "-" + listens.port() + DOMAIN;
        places.put(name, new Place(id, listens, name));
        numbers.putIfAbsent(id, numbers.size() + 1);
        return new ListenAddress(name, listens.port());
    }

    @Override
    public synchronized List<String> flags(String id) {
        List<String> lines = new ArrayList<>();
        try {
            lines.add("127.0.0.1 localhost");
            lines.add("127.0.0.1 " + InetAddress.getLocalHost().getHostName());
            for (Place place : places.values()) {
                lines.add((place.id().equals(id) ? place.listens().host() : wired(id, place)) + " " + place.name());
            }
            Path hosts = folder.resolve(id + ".hosts");
            Files.write(hosts, lines);
            return List.of("-Djdk.net.hosts.file=" + hosts);
        } catch (IOException cannot) {
            throw new UncheckedIOException(cannot);
        }
    }

    private String wired(String from, Place to) throws IOException {
        String host = "127." + (FIRST + places.keySet().stream().toList().indexOf(to.name())) + "."
                + numbers.getOrDefault(from, 0) + "." + numbers.getOrDefault(to.id(), 0);
        InetSocketAddress target =
                new InetSocketAddress(to.listens().host(), to.listens().port());
        InetSocketAddress shadow = new InetSocketAddress(host, to.listens().port());
        wires.add(new Wire(from, to.id(), CutProxy.openAsShadow(shadow, target)));
        return host;
    }

    /** Where clients find what processes call so: they are no part of the cluster, and go there straight. */
    synchronized String straight(String address) {
        int colon = address.lastIndexOf(':');
        Place place = places.get(address.substring(0, colon));
        return place == null ? address : place.listens().toString();
    }

    /** From now on the second hears nothing of what the first says, whoever has called whom. */
    synchronized void hold(String from, String to) {
        for (Wire wire : wires) {
            if (wire.from().equals(from) && wire.to().equals(to)) {
                wire.proxy().hold(CutProxy.Direction.FROM_CLIENTS);
            } else if (wire.from().equals(to) && wire.to().equals(from)) {
                wire.proxy().hold(CutProxy.Direction.TO_CLIENTS);
            }
        }
    }

    /** Everybody hears everybody, first of all what was held back. */
    synchronized void heal() {
        wires.forEach(wire -> wire.proxy().heal());
    }

    /** How many bytes were held back so far. */
    synchronized long heldBytes() {
        long held = 0;
        for (Wire wire : wires) {
            for (CutProxy.Direction direction : CutProxy.Direction.values()) {
                held += wire.proxy().heldBytes(direction);
            }
        }
        return held;
    }

    @Override
    public synchronized void close() {
        wires.forEach(wire -> wire.proxy().close());
    }
}
