package io.trapline.rpc;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.trapline.internal.v1.CoordinatorServiceGrpc;
import io.trapline.internal.v1.FindLeaderRequest;
import io.trapline.internal.v1.FindLeaderResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The coordinators as somebody sees them who needs the one that leads: a channel to each, and which is likely to lead. What is known may be
 * wrong at any time; a coordinator that does not lead refuses. Thread-safe.
 */
final class Coordinators implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Coordinators.class);

    private static final Duration ASK_EVERY = Duration.ofMillis(200);
    private static final Duration ASK_DEADLINE = Duration.ofMillis(500);
    private static final Duration CONNECT_ANEW_EVERY = Duration.ofSeconds(1);
    /** Beyond the configured ones, addresses that coordinators have named. */
    private static final int MAX_NAMED = 8;

    private final List<String> configured;
    /** Those that there are, and then the configured ones. */
    private List<String> known;

    private final Function<String, ManagedChannel> open;
    private final Map<String, ManagedChannel> channels = new LinkedHashMap<>();
    private final Map<String, Long> connectedAnewNanos = new HashMap<>();
    private String current;
    /** Of who said that it leads; 0 = nobody has. */
    private long term;

    private boolean isLeader;
    private long sinceNanos;
    private long askedNanos;
    private boolean hasAsked;
    private boolean isClosed;

    /** {@code open}: makes a channel to an address; all of them are closed with this. */
    Coordinators(List<String> configured, Function<String, ManagedChannel> open) {
        if (configured.isEmpty()) {
            throw new IllegalArgumentException("coordinators: at least one address");
        }
        this.configured = List.copyOf(configured);
        this.known = this.configured;
        this.open = open;
        this.current = configured.get(0);
    }

    /** An address and the channel to it. */
    record Target(String address, ManagedChannel channel) {}

    /** The one to try now. */
    synchronized Target current() {
        ManagedChannel channel = channel(current);
        if (channel.getState(false) == ConnectivityState.TRANSIENT_FAILURE) {
            // The channel's own pauses are longer than ours.
            channel.resetConnectBackoff();
        }
        return new Target(current, channel);
    }

    /** That one does not lead, or does not answer: on to the next, unless that has been done. */
    synchronized void failed(String address, long nowNanos) {
        if (current.equals(address)) {
            int next = (known.indexOf(address) + 1) % known.size();
            move(known.get(next), false, nowNanos);
        }
    }

    /** A coordinator that does not lead says that this one does. */
    synchronized void named(String address, long nowNanos) {
        if (!isLeader || !current.equals(address)) {
            move(address, false, nowNanos);
        }
    }

    /** The one that leads says where all of them are. */
    synchronized void found(String leader, List<String> all, long nowNanos) {
        known = Stream.concat(all.stream().limit(MAX_NAMED), configured.stream())
                .distinct()
                .toList();
        named(leader, nowNanos);
    }

    /** This one says that it leads. */
    synchronized void leads(String address, long itsTerm, long nowNanos) {
        if (itsTerm < term || (isLeader && current.equals(address))) {
            return;
        }
        term = itsTerm;
        move(address, true, nowNanos);
    }

    /** Whether another one has been known to lead for so long. */
    synchronized boolean isElsewhere(String address, Duration atLeast, long nowNanos) {
        return isLeader && !current.equals(address) && nowNanos - sinceNanos >= atLeast.toNanos();
    }

    /**
     * What answers there is not who was looked for: the name may lead elsewhere by now, and the connection to where it led once. It is made anew, and what is
     * under way on it goes on.
     */
    synchronized void mistaken(String address, long nowNanos) {
        Long last = connectedAnewNanos.get(address);
        if (!isClosed && (last == null || nowNanos - last > CONNECT_ANEW_EVERY.toNanos())) {
            LOG.info("{} does not lead where it should be: connecting anew", address);
            connectedAnewNanos.put(address, nowNanos);
            channel(address).enterIdle();
        }
    }

    /** Asks all of them who leads, where nobody has just done so. */
    void ask(long nowNanos) {
        for (Target target : toAsk(nowNanos)) {
            CoordinatorServiceGrpc.newStub(target.channel())
                    .withDeadlineAfter(ASK_DEADLINE.toMillis(), TimeUnit.MILLISECONDS)
                    .findLeader(FindLeaderRequest.getDefaultInstance(), answerOf(target.address()));
        }
    }

    private synchronized List<Target> toAsk(long nowNanos) {
        List<Target> targets = new ArrayList<>();
        if (isClosed || (hasAsked && nowNanos - askedNanos < ASK_EVERY.toNanos())) {
            return targets;
        }
        hasAsked = true;
        askedNanos = nowNanos;
        known.forEach(address -> targets.add(new Target(address, channel(address))));
        return targets;
    }

    private StreamObserver<FindLeaderResponse> answerOf(String address) {
        return new StreamObserver<>() {
            @Override
            public void onNext(FindLeaderResponse response) {
                if (response.getLeads()) {
                    leads(address, response.getTerm(), System.nanoTime());
                }
            }

            @Override
            public void onError(Throwable silent) {
                LOG.debug("coordinator {} does not say who leads", address, silent);
                if (Status.fromThrowable(silent).getCode() == Status.Code.UNIMPLEMENTED) {
                    mistaken(address, System.nanoTime());
                }
            }

            @Override
            public void onCompleted() {}
        };
    }

    // Called with the lock held.
    private void move(String address, boolean leads, long nowNanos) {
        isLeader = leads;
        sinceNanos = nowNanos;
        current = address;
    }

    // Called with the lock held.
    private ManagedChannel channel(String address) {
        ManagedChannel channel = channels.get(address);
        if (channel == null) {
            forgetNamed();
            channel = open.apply(address);
            channels.put(address, channel);
            if (isClosed) {
                channel.shutdownNow();
            }
        }
        return channel;
    }

    private void forgetNamed() {
        Iterator<Map.Entry<String, ManagedChannel>> oldest = channels.entrySet().iterator();
        while (channels.size() >= known.size() + MAX_NAMED && oldest.hasNext()) {
            Map.Entry<String, ManagedChannel> entry = oldest.next();
            if (!known.contains(entry.getKey()) && !current.equals(entry.getKey())) {
                // Calls under way go on.
                entry.getValue().shutdown();
                connectedAnewNanos.remove(entry.getKey());
                oldest.remove();
            }
        }
    }

    @Override
    public synchronized void close() {
        isClosed = true;
        channels.values().forEach(ManagedChannel::shutdownNow);
    }
}
