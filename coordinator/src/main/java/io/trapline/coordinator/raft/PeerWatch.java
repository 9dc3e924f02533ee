package io.trapline.coordinator.raft;

import io.trapline.coordinator.raft.ReplicaConfig.Peer;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketOption;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a connection to where each other coordinator takes its log, over which nothing is said. When a process ends, its system ends the
 * connection and refuses the next one, so that this is known long before silence would say it. Silence means nothing here. Thread-safe.
 */
final class PeerWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PeerWatch.class);
    private static final int CONNECT_MILLIS = 1_000;
    private static final Duration AFTER_REFUSAL = Duration.ofMillis(100);
    /** A process that ends may accept a connection still, which ends with it. */
    private static final Duration AFTER_SHORT_CONNECTION = Duration.ofMillis(20);

    private static final Duration STILL_THERE = Duration.ofMinutes(10);

    // A connection whose other host has lost its power would stay for ever.
    private static final Map<SocketOption<Integer>, Integer> KEEP_ALIVE = Map.of(
            ExtendedSocketOptions.TCP_KEEPIDLE, 5,
            ExtendedSocketOptions.TCP_KEEPINTERVAL, 1,
            ExtendedSocketOptions.TCP_KEEPCOUNT, 3);

    /** Who is told, on a thread for each peer. */
    interface Listener {
        /** Somebody listens there: told with each connection, and every ten minutes while it lasts. */
        void there(String peer);

        /** Somebody listened there, and now the connection has ended and another is refused: the process is gone. */
        void gone(String peer);

        /** After {@link #gone} somebody listens there again. */
        void back(String peer);
    }

    private final Listener listener;
    private final Duration stillThere;
    private final Map<Peer, Line> lines = new HashMap<>();
    private boolean isClosed;

    PeerWatch(Listener listener) {
        this(listener, STILL_THERE);
    }

    /** {@code stillThere}: how often it is said that somebody listens there. */
    PeerWatch(Listener listener, Duration stillThere) {
        this.listener = listener;
        this.stillThere = stillThere;
    }

    /** Watches those from now on, and nobody else. */
    synchronized void follow(List<Peer> peers) {
        Set<Peer> wanted = isClosed ? Set.of() : Set.copyOf(peers);
        lines.entrySet().removeIf(line -> {
            boolean isDropped = !wanted.contains(line.getKey());
            if (isDropped) {
                line.getValue().close();
            }
            return isDropped;
        });
        for (Peer peer : wanted) {
            if (!lines.containsKey(peer)) {
                Line line = new Line(peer);
                lines.put(peer, line);
                Thread.ofVirtual().name("watch-" + peer.id()).start(line);
            }
        }
    }

    @Override
    public synchronized void close() {
        isClosed = true;
        follow(List.of());
    }

    private final class Line implements Runnable {
        private final Peer peer;
        // Guarded by this.
        private @Nullable Socket open;
        private boolean isOver;
        // Of its own thread: what it knows of the process.
        private boolean isThere;
        private boolean wasGone;

        private Line(Peer peer) {
            this.peer = peer;
        }

        @Override
        public void run() {
            try {
                Duration pause = Duration.ZERO;
                while (isWanted()) {
                    Thread.sleep(pause);
                    pause = once();
                }
            } catch (InterruptedException ended) {
                Thread.currentThread().interrupt();
            }
        }

        /** Connects, and waits for the end of the connection; returns how long after that the next one is tried. */
        private Duration once() {
            try (Socket socket = new Socket()) {
                if (!use(socket)) {
                    return Duration.ZERO;
                }
                socket.connect(new InetSocketAddress(peer.host(), peer.port()), CONNECT_MILLIS);
                long nanos = System.nanoTime();
                there();
                readToEnd(socket);
                boolean wasShort = System.nanoTime() - nanos < AFTER_REFUSAL.toNanos();
                return wasShort ? AFTER_SHORT_CONNECTION : Duration.ZERO;
            } catch (ConnectException refused) {
                notThere();
            } catch (IOException silent) {
                LOG.debug("{} cannot be reached", peer, silent);
            }
            return AFTER_REFUSAL;
        }

        private void readToEnd(Socket socket) {
            try {
                for (SocketOption<Integer> option : KEEP_ALIVE.keySet()) {
                    if (socket.supportedOptions().contains(option)) {
                        socket.setOption(option, KEEP_ALIVE.get(option));
                    }
                }
                socket.setKeepAlive(true);
                socket.setSoTimeout(Math.toIntExact(stillThere.toMillis()));
                while (isOpen(socket)) {
                    listener.there(peer.id());
                }
            } catch (IOException broken) {
                LOG.debug("the connection to {} broke", peer, broken);
            }
        }

        /** Waits until it is time to say that somebody is there still, or for the end: then not. */
        private boolean isOpen(Socket socket) throws IOException {
            InputStream greeting = socket.getInputStream();
            try {
                while (greeting.read() >= 0) {
                    LOG.trace("{} says something", peer);
                }
                return false;
            } catch (SocketTimeoutException silent) {
                return true;
            }
        }

        private void there() {
            isThere = true;
            if (wasGone && isWanted()) {
                wasGone = false;
                listener.back(peer.id());
            }
            if (isWanted()) {
                listener.there(peer.id());
            }
        }

        private void notThere() {
            if (isThere && isWanted()) {
                isThere = false;
                wasGone = true;
                listener.gone(peer.id());
            }
        }

        private synchronized boolean isWanted() {
            return !isOver;
        }

        /** Whether it is still wanted: then the socket is closed with this. */
        private synchronized boolean use(Socket socket) {
            open = socket;
            return !isOver;
        }

        private synchronized void close() {
            isOver = true;
            Socket socket = open;
            if (socket != null) {
                try {
                    socket.close();
                } catch (IOException alreadyBroken) {
                    LOG.debug("closing the connection to {}", peer, alreadyBroken);
                }
            }
        }
    }
}
