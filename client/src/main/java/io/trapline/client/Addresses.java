package io.trapline.client;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.trapline.model.Refusal;
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
 * domain's pages goes to the node that has them, once a refusal has named it ({@code route}). Thread-safe.
 */
final class Addresses implements AutoCloseable {
    /** {@code host:port}, IPv6 in brackets. */
    static final Pattern FORM = Pattern.compile("(\\[[^]]+]|[^:]+):[0-9]{1,5}");

    /** The metadata of a refusal that names the node to go to. */
    static final String ROUTE = "route";

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

    /**
     * What concerns a domain's pages failed there: on to where the refusal says, or else to the next address.
     *
     * @return whether the refusal named another node, which may be tried at once
     */
    synchronized boolean failed(Channel channel, int domid, @Nullable Refusal refusal) {
        String route = refusal == null ? null : refusal.metadata().get(ROUTE);
        if (route != null && FORM.matcher(route).matches()) {
            ManagedChannel named = named(route);
            if (named != null && !named.equals(channel)) {
                routes.put(domid, route);
                if (routes.size() > MAX_ROUTES) {
                    routes.remove(routes.keySet().iterator().next());
                }
                named.resetConnectBackoff();
                return true;
            }
        }
        routes.remove(domid);
        failed(channel);
        return false;
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
