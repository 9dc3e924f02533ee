package io.trapline.sim.world.cluster.host;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The network: delays, loses and duplicates single messages, in any order; keeps the order within a stream, which may break; and is cut between two hosts, in
 * one direction or both.
 */
public final class SimNet {
    private static final long MICROS = 1_000;
    private static final long MILLIS = 1_000_000;

    private record Way(SimHost from, SimHost to) {}

    private final Agenda agenda;
    /** How often a message is lost, duplicated or late: once in so many times. */
    private final int loses;

    private final int late;
    private final Set<Way> cut = new HashSet<>();
    private final Map<SimHost, List<SimStream>> streams = new HashMap<>();
    private boolean isHealthy;

    public SimNet(Agenda agenda) {
        this.agenda = agenda;
        loses = agenda.oneOf(List.of(20, 200, 10_000));
        late = agenda.oneOf(List.of(20, 200, 10_000));
    }

    /** From now on nothing is lost, cut or late. */
    public void heal() {
        cut.clear();
        isHealthy = true;
        agenda.say(() -> "the network is whole");
    }

    /** What the one says reaches the other no more. */
    public void cut(SimHost from, SimHost to) {
        agenda.say(() -> "nothing goes from " + from + " to " + to);
        cut.add(new Way(from, to));
        disturbed(from);
    }

    /** It does again. */
    public void mend(SimHost from, SimHost to) {
        cut.remove(new Way(from, to));
        agenda.say(() -> from + " reaches " + to);
    }

    /** Whether what the one says reaches the other. */
    public boolean reaches(SimHost from, SimHost to) {
        return !isCut(from, to);
    }

    boolean isCut(SimHost from, SimHost to) {
        return cut.contains(new Way(from, to));
    }

    long delay() {
        if (!isHealthy && agenda.oneIn(late)) {
            return agenda.between(MILLIS, 400 * MILLIS);
        }
        return agenda.between(30 * MICROS, 1_000 * MICROS);
    }

    /** A single message to whatever life the other host has when it arrives. */
    public void send(SimHost from, SimHost to, Supplier<String> what, Runnable arrive) {
        if (!isHealthy && agenda.oneIn(loses)) {
            agenda.say(() -> from + " → " + to + ": lost: " + what.get());
            return;
        }
        way(from, to, what, arrive);
        if (!isHealthy && agenda.oneIn(loses)) {
            way(from, to, what, arrive);
        }
    }

    private void way(SimHost from, SimHost to, Supplier<String> what, Runnable arrive) {
        if (isCut(from, to)) {
            return;
        }
        agenda.after(delay(), () -> {
            if (!isCut(from, to)) {
                to.arrive(to.life(), () -> {
                    agenda.say(() -> from.name() + " → " + to.name() + ": " + what.get());
                    arrive.run();
                });
            }
        });
    }

    /**
     * Opens a stream between the present lives of two hosts.
     *
     * @param server to which host
     * @param accepted at the server, if the stream gets there
     */
    public SimStream open(SimHost client, SimHost server, Consumer<SimStream> accepted) {
        SimStream stream = new SimStream(agenda, this, client, server);
        for (SimHost host : List.of(client, server)) {
            streams.computeIfAbsent(host, first -> {
                        first.watch(() -> disturbed(first));
                        return new ArrayList<>();
                    })
                    .add(stream);
        }
        stream.begin(accepted);
        return stream;
    }

    /** Something has happened at a host: its streams may break. */
    private void disturbed(SimHost host) {
        List<SimStream> of = streams.getOrDefault(host, List.of());
        if (!of.isEmpty()) {
            of.removeIf(SimStream::isOver);
            List.copyOf(of).forEach(SimStream::disturbed);
        }
    }

    /** Breaks a stream of that host, if it has one. */
    public void breakOne(SimHost host) {
        List<SimStream> of = streams.getOrDefault(host, List.of()).stream()
                .filter(stream -> !stream.isOver())
                .toList();
        if (!of.isEmpty()) {
            agenda.oneOf(of).fail();
        }
    }
}
