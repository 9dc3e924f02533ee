package io.trapline.faults.chaos;

import io.trapline.faults.proxy.CutProxy;
import io.trapline.faults.proxy.CutProxy.Direction;
import io.trapline.faults.workload.Doors;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/**
 * The connections of clients, each kind of client through proxies of its own, and what can be done to them: a reset; answers that are said and never heard;
 * requests that are said and never heard. Each ends with a reset, after which the client must resume.
 */
final class ClientFaults implements AutoCloseable {
    private static final Duration AT_ONCE = Duration.ZERO;
    private static final Duration HELD = Duration.ofMillis(700);

    private enum Clients {
        GUESTS,
        EMULATORS,
        OPERATORS
    }

    private final Map<Clients, List<CutProxy>> proxies = new EnumMap<>(Clients.class);

    private ClientFaults() {}

    /** Opens proxies to those addresses. */
    static ClientFaults open(List<InetSocketAddress> addresses) throws IOException {
        ClientFaults faults = new ClientFaults();
        boolean isOpen = false;
        try {
            for (Clients clients : Clients.values()) {
                List<CutProxy> its = new ArrayList<>();
                faults.proxies.put(clients, its);
                for (InetSocketAddress address : addresses) {
                    its.add(CutProxy.open(
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), List.of(address)));
                }
            }
            isOpen = true;
            return faults;
        } finally {
            if (!isOpen) {
                faults.close();
            }
        }
    }

    Doors doors() {
        return new Doors(through(Clients.GUESTS), through(Clients.EMULATORS), through(Clients.OPERATORS));
    }

    private String through(Clients clients) {
        return of(clients).stream()
                .map(CutProxy::address)
                .map(address -> address.getAddress().getHostAddress() + ":" + address.getPort())
                .collect(Collectors.joining(","));
    }

    private List<CutProxy> of(Clients clients) {
        return proxies.getOrDefault(clients, List.of());
    }

    /** What can be done, and by which count it is seen that a client has resumed. */
    List<Fault> faults(LongSupplier guestResumptions, LongSupplier emulatorResumptions) {
        List<Fault> faults = new ArrayList<>();
        for (Clients clients : List.of(Clients.GUESTS, Clients.EMULATORS)) {
            LongSupplier resumptions = clients == Clients.GUESTS ? guestResumptions : emulatorResumptions;
            String whose = clients == Clients.GUESTS ? "guests" : "emulators";
            faults.add(fault("reset-" + whose, AT_ONCE, clients, Optional.empty(), resumptions));
            faults.add(fault("deafen-" + whose, HELD, clients, Optional.of(Direction.TO_CLIENTS), resumptions));
            faults.add(fault("mute-" + whose, HELD, clients, Optional.of(Direction.FROM_CLIENTS), resumptions));
        }
        return faults;
    }

    private Fault fault(
            String name, Duration lasting, Clients clients, Optional<Direction> held, LongSupplier resumptions) {
        return new Fault(name, Optional.empty(), lasting, random -> {
            List<CutProxy> hit = of(clients);
            long before = resumptions.getAsLong();
            held.ifPresent(direction -> hit.forEach(proxy -> proxy.hold(direction)));
            return new Fault.Broken() {
                @Override
                public String target() {
                    return "connections of " + clients.name().toLowerCase(Locale.ROOT);
                }

                @Override
                public void heal() {
                    hit.forEach(CutProxy::cut);
                }

                @Override
                public String effect() {
                    long resumed = resumptions.getAsLong() - before;
                    return resumed == 0 ? "" : resumed + " streams resumed";
                }
            };
        });
    }

    @Override
    public void close() {
        proxies.values().forEach(its -> its.forEach(CutProxy::close));
    }
}
