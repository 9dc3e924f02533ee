package io.trapline.client;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * The channels to all addresses of a cluster, of which one is in use: when it fails, everybody goes on to the next. Thread-safe.
 */
final class Addresses implements AutoCloseable {
    private static final long CLOSE_SECONDS = 5;

    private final List<ManagedChannel> channels = new ArrayList<>();
    private int current;

    Addresses(List<String> addresses, Function<String, ManagedChannel> open) {
        for (String address : addresses) {
            channels.add(open.apply(address));
        }
    }

    /** The channel in use. */
    synchronized Channel current() {
        return channels.get(current);
    }

    /** Goes on to the next address, unless somebody has already. */
    synchronized void failed(Channel channel) {
        if (channels.get(current).equals(channel)) {
            current = (current + 1) % channels.size();
            // The channel's own pauses are longer than ours.
            channels.get(current).resetConnectBackoff();
        }
    }

    @Override
    public void close() {
        channels.forEach(ManagedChannel::shutdown);
        boolean interrupted = false;
        for (ManagedChannel channel : channels) {
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
