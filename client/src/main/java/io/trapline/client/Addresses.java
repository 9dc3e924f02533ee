package io.trapline.client;

import io.grpc.Channel;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The channels to all addresses of a cluster, of which one is in use: when it fails, everybody goes on to the next. What concerns one
 * domain's pages goes to the node that has them, once that has been named ({@code route}) and reached. Thread-safe.
 */
final class Addresses implements AutoCloseable {
    /** {@code host:port}, IPv6 in brackets. */
    static final Pattern FORM = Pattern.compile("(\\[[^]]+]|[^:]+):[0-9]{1,5}");

    private static final long CLOSE_SECONDS = 5;
    private static final int MAX_NAMED = 64;
    private static final int MAX_ROUTES = 4096;

    private final List<ManagedChannel> channels = new ArrayList<>();
    private final Map<String, ManagedChannel> byAddress = new LinkedHashMap<>();
    private final Function<String, ManagedChannel> open;
    private final Map<Integer, String> routes = new LinkedHashMap<>(16, 0.75f, true);
    private final int configured;
    private int current;
    private boolean isClosed;

    Addresses(List<String> addresses, Function<String, ManagedChannel> open) {
        this.open = open;
        for (String address : addresses) {
            channels.add(byAddress.computeIfAbsent(address, open));
        }
        configured = byAddress.size();
    }

    /** The channel in use. */
    synchronized Channel current() {
        return channels.get(current);
    }

    /** The channel for what concerns that domain's pages. */
    synchronized Channel of(int domid) {
        String route = routes.get(domid);
        ManagedChannel named = route == null ? null : byAddress.get(route);
        return named == null ? current() : named;
    }

    /** Goes on to the next address, unless somebody has already. */
    synchronized void failed(Channel channel) {
        if (channels.get(current).equals(channel)) {
            current = (current + 1) % channels.size();
            // The channel's own pauses are longer than ours.
            channels.get(current).resetConnectBackoff();
        }
    }

    /** What concerns a domain's pages failed there: the domain's route is forgotten, or everybody goes on to the next address. */
    synchronized void failed(Channel channel, int domid) {
        routes.remove(domid);
        failed(channel);
    }

    /**
     * Connects to the address that is named as a domain's {@code route}. Nothing goes there before {@link #route}: a node may be named that cannot
     * be reached from here, and then what goes on goes on where it is.
     *
     * @param connected run once the connection stands, on any thread; never where it cannot be made, or where {@code from} is that address
     */
    void reach(String route, Channel from, Runnable connected) {
        ManagedChannel named;
        synchronized (this) {
            named = FORM.matcher(route).matches() ? named(route) : null;
        }
        if (named != null && !named.equals(from)) {
            awaitConnected(named, connected);
        }
    }

    private static void awaitConnected(ManagedChannel channel, Runnable connected) {
        ConnectivityState state = channel.getState(true);
        switch (state) {
            case READY -> connected.run();
            case IDLE, CONNECTING -> channel.notifyWhenStateChanged(state, () -> awaitConnected(channel, connected));
            // Whoever is told of the route again may find it better.
            case TRANSIENT_FAILURE, SHUTDOWN -> {}
        }
    }

    /** From now on what concerns the domain's pages goes to that address, until it fails. */
    synchronized void route(int domid, String route) {
        routes.put(domid, route);
        if (routes.size() > MAX_ROUTES) {
            routes.remove(routes.keySet().iterator().next());
        }
    }

    // Called with the lock held. Null where there are too many or the connection is closed.
    private @Nullable ManagedChannel named(String address) {
        ManagedChannel known = byAddress.get(address);
        if (known != null || isClosed || byAddress.size() >= configured + MAX_NAMED) {
            return known;
        }
        ManagedChannel opened = open.apply(address);
        byAddress.put(address, opened);
        return opened;
    }

    @Override
    public void close() {
        List<ManagedChannel> all;
        synchronized (this) {
            isClosed = true;
            all = List.copyOf(byAddress.values());
        }
        all.forEach(ManagedChannel::shutdown);
        boolean interrupted = false;
        for (ManagedChannel channel : all) {
            try {
                if (!interrupted && channel.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                    continue;
                }
            } catch (InterruptedException interruption) {
                interrupted = true;
            }
            channel.shutdownNow();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
