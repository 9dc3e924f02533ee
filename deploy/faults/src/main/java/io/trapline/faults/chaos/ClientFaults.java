package io.trapline.faults.chaos;

import io.trapline.faults.proxy.CutProxy;
import io.trapline.faults.proxy.CutProxy.Direction;
import io.trapline.faults.workload.Doors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * The connections of clients, through a proxy for each kind of client and each address that one of them goes to, and what can be done to them: a reset; answers
 * that are said and never heard; requests that are said and never heard. Each ends with a reset, after which the client must resume.
 */
final class ClientFaults implements AutoCloseable {
    private static final Duration AT_ONCE = Duration.ZERO;
    private static final Duration HELD = Duration.ofMillis(700);

    private enum Clients {
        GUESTS,
        EMULATORS,
        OPERATORS;

        String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private record Way(Clients clients, String address) {}

    private final Map<Way, CutProxy> proxies = new ConcurrentHashMap<>();

    /** How clients come to those addresses. */
    Doors doors(Target target) {
        return new Doors(
                target.addresses(),
                address -> through(Clients.GUESTS, target.reach(address)),
                address -> through(Clients.EMULATORS, target.reach(address)),
                address -> through(Clients.OPERATORS, target.reach(address)));
    }

    private String through(Clients clients, String address) {
        InetSocketAddress proxy = proxies.computeIfAbsent(new Way(clients, address), ClientFaults::open)
                .address();
        return proxy.getAddress().getHostAddress() + ":" + proxy.getPort();
    }

    private static CutProxy open(Way way) {
        int colon = way.address().lastIndexOf(':');
        InetSocketAddress target = new InetSocketAddress(
                way.address().substring(0, colon),
                Integer.parseInt(way.address().substring(colon + 1)));
        try {
            return CutProxy.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), List.of(target));
        } catch (IOException noPort) {
            throw new UncheckedIOException(noPort);
        }
    }

    private List<CutProxy> of(Clients clients) {
        return proxies.entrySet().stream()
                .filter(proxy -> proxy.getKey().clients() == clients)
                .map(Map.Entry::getValue)
                .toList();
    }

    /**
     * What can be done, and by which count it is seen that a client has resumed. What was held and is never heard shows an effect as well, and so do
     * connections that were reset where others were opened since: whoever came over them may have been relieved instead of resuming.
     */
    List<Fault> faults(LongSupplier guestResumptions, LongSupplier emulatorResumptions) {
        List<Fault> faults = new ArrayList<>();
        for (Clients clients : List.of(Clients.GUESTS, Clients.EMULATORS)) {
            LongSupplier resumptions = clients == Clients.GUESTS ? guestResumptions : emulatorResumptions;
            faults.add(fault("reset-", AT_ONCE, clients, Optional.empty(), resumptions));
            faults.add(fault("deafen-", HELD, clients, Optional.of(Direction.TO_CLIENTS), resumptions));
            faults.add(fault("mute-", HELD, clients, Optional.of(Direction.FROM_CLIENTS), resumptions));
        }
        return faults;
    }

    private Fault fault(
            String what, Duration lasting, Clients clients, Optional<Direction> held, LongSupplier resumptions) {
        return new Fault(what + clients.text(), Optional.empty(), lasting, random -> {
            List<CutProxy> hit = of(clients);
            long before = resumptions.getAsLong();
            long heldBefore = heldBytes(hit, held);
            AtomicInteger reset = new AtomicInteger();
            AtomicLong openedBefore = new AtomicLong();
            held.ifPresent(direction -> hit.forEach(proxy -> proxy.hold(direction)));
            return new Fault.Broken() {
                @Override
                public String target() {
                    return "connections of " + clients.text();
                }

                @Override
                public void heal() {
                    openedBefore.set(opened(clients));
                    hit.forEach(proxy -> reset.addAndGet(proxy.cut()));
                }

                @Override
                public String effect() {
                    long resumed = resumptions.getAsLong() - before;
                    if (resumed > 0) {
                        return resumed + " streams resumed";
                    }
                    if (held.isPresent()) {
                        long lost = heldBytes(hit, held) - heldBefore;
                        return lost == 0 ? "" : lost + " bytes never heard";
                    }
                    long since = opened(clients) - openedBefore.get();
                    return reset.get() == 0 || since == 0
                            ? ""
                            : reset + " connections reset, " + since + " opened since";
                }
            };
        });
    }

    private long opened(Clients clients) {
        return of(clients).stream().mapToLong(CutProxy::opened).sum();
    }

    private static long heldBytes(List<CutProxy> proxies, Optional<Direction> held) {
        return held.map(direction -> proxies.stream()
                        .mapToLong(proxy -> proxy.heldBytes(direction))
                        .sum())
                .orElse(0L);
    }

    @Override
    public void close() {
        proxies.values().forEach(CutProxy::close);
    }
}
