package io.trapline.faults.proxy;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes TCP connections on, byte for byte, until it is told to break them: to reset them, to hold back what goes in one direction or in both, or to be slow.
 * What is held back at a cut was said and is never heard. Thread-safe.
 */
public final class CutProxy implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CutProxy.class);

    private static final int CONNECT_MILLIS = 3_000;
    private static final int POLL_MILLIS = 20;
    private static final int BUFFER_BYTES = 64 << 10;

    /** Which way bytes go. */
    public enum Direction {
        /** What those say who connect to the proxy. */
        FROM_CLIENTS,
        /** What they are told. */
        TO_CLIENTS
    }

    private final InetSocketAddress address;
    private final boolean isShadow;
    private volatile Listener listener;
    private volatile boolean isClosed;
    private final List<InetSocketAddress> targets;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<Pair> pairs = new ArrayList<>();
    private final Map<Direction, AtomicLong> bytes = counters();
    private final Map<Direction, AtomicLong> heldBytes = counters();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Set<Direction> held = EnumSet.noneOf(Direction.class);
    private boolean refuses;
    private long opened;
    private volatile long delayNanos;

    /** {@code left}: the thread that accepts has gone, and only then the system refuses whoever connects. */
    private record Listener(ServerSocket socket, CountDownLatch left) {
        static Listener at(InetSocketAddress address) throws IOException {
            ServerSocket socket = new ServerSocket();
            try {
                socket.setReuseAddress(true);
                socket.bind(address);
                return new Listener(socket, new CountDownLatch(1));
            } catch (IOException taken) {
                socket.close();
                throw taken;
            }
        }
    }

    private record Pair(Socket client, Socket server) {
        void cut() {
            for (Socket end : List.of(client, server)) {
                try {
                    // With a linger of 0 a close is a reset.
                    end.setSoLinger(true, 0);
                    end.close();
                } catch (IOException gone) {
                    LOG.debug("{} was gone already", end, gone);
                }
            }
        }
    }

    private CutProxy(Listener listener, List<InetSocketAddress> targets, boolean isShadow) {
        this.listener = listener;
        this.address = (InetSocketAddress) listener.socket().getLocalSocketAddress();
        this.targets = List.copyOf(targets);
        this.isShadow = isShadow;
    }

    private static Map<Direction, AtomicLong> counters() {
        return new EnumMap<>(Map.of(Direction.FROM_CLIENTS, new AtomicLong(), Direction.TO_CLIENTS, new AtomicLong()));
    }

    /** Listens on that address, port 0 = any, and passes on to the first of the others that is there. */
    public static CutProxy open(InetSocketAddress listen, List<InetSocketAddress> targets) throws IOException {
        return open(listen, targets, false);
    }

    /** The same for one, and listens only while that does: who connects is refused where it would be. */
    public static CutProxy openAsShadow(InetSocketAddress listen, InetSocketAddress target) throws IOException {
        return open(listen, List.of(target), true);
    }

    private static CutProxy open(InetSocketAddress listen, List<InetSocketAddress> targets, boolean isShadow)
            throws IOException {
        Listener listener = Listener.at(listen);
        CutProxy proxy = new CutProxy(listener, targets, isShadow);
        proxy.threads.execute(() -> proxy.accept(listener));
        return proxy;
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return address;
    }

    /** From now on nothing arrives that goes in that direction, until a {@link #cut} or {@link #heal}. */
    public void hold(Direction direction) {
        locked(() -> held.add(direction));
    }

    /** Resets every connection, with all that is held; new ones are passed on. Returns how many it has reset. */
    public int cut() {
        lock.lock();
        try {
            int reset = pairs.size();
            pairs.forEach(Pair::cut);
            pairs.clear();
            held.clear();
            changed.signalAll();
            return reset;
        } finally {
            lock.unlock();
        }
    }

    /** Resets every connection, and new ones as they come, until {@link #heal}: the other side is not to be reached. */
    public void isolate() {
        locked(() -> refuses = true);
        cut();
    }

    /** Whatever goes through from now on takes so much longer. */
    public void delay(Duration time) {
        delayNanos = time.toNanos();
    }

    /** Passes everything on again, what was held first. */
    public void heal() {
        delayNanos = 0;
        locked(() -> {
            refuses = false;
            held.clear();
        });
    }

    /** Whether a connection goes through it. */
    public boolean isUsed() {
        lock.lock();
        try {
            return !pairs.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /** How many connections have come to go through it so far. */
    public long opened() {
        lock.lock();
        try {
            return opened;
        } finally {
            lock.unlock();
        }
    }

    /** How many bytes have come to go in that direction, held or not. */
    public long bytes(Direction direction) {
        return bytes.getOrDefault(direction, new AtomicLong()).get();
    }

    /** How many of them were held back. */
    public long heldBytes(Direction direction) {
        return heldBytes.getOrDefault(direction, new AtomicLong()).get();
    }

    @Override
    public void close() {
        locked(() -> {
            isClosed = true;
            stopListening();
        });
        heal();
        cut();
        threads.close();
    }

    private void locked(Runnable change) {
        lock.lock();
        try {
            change.run();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void stopListening() {
        try {
            listener.socket().close();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    private void accept(Listener at) {
        while (!at.socket().isClosed()) {
            try {
                take(at.socket().accept());
            } catch (IOException closed) {
                LOG.debug("the proxy listens no more", closed);
            }
        }
        at.left().countDown();
    }

    private void take(Socket client) throws IOException {
        lock.lock();
        try {
            if (!isClosed) {
                threads.execute(() -> connect(client));
                return;
            }
        } finally {
            lock.unlock();
        }
        client.close();
    }

    /** Where nobody takes connections it takes none either; returns whether this call has made it so, and is to see when somebody does again. */
    private boolean followTarget() throws InterruptedException {
        if (!isShadow || isClosed || isTaken(targets.getFirst())) {
            return false;
        }
        Listener at = listener;
        boolean isFirst;
        lock.lock();
        try {
            isFirst = !at.socket().isClosed();
            stopListening();
        } finally {
            lock.unlock();
        }
        at.left().await();
        return isFirst;
    }

    private void awaitTarget() throws InterruptedException {
        while (!isClosed) {
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            if (isTaken(targets.getFirst())) {
                listenAgain();
                return;
            }
        }
    }

    private void listenAgain() {
        try {
            Listener again = Listener.at(address);
            locked(() -> {
                listener = again;
                if (isClosed) {
                    stopListening();
                }
            });
            accept(again);
        } catch (IOException taken) {
            throw new UncheckedIOException(taken);
        }
    }

    private static boolean isTaken(InetSocketAddress target) {
        try (Socket probe = new Socket()) {
            probe.connect(target, CONNECT_MILLIS);
            return true;
        } catch (ConnectException refused) {
            return false;
        } catch (IOException silent) {
            // Who says nothing may listen all the same.
            LOG.debug("{} does not say whether it listens", target, silent);
            return true;
        }
    }

    private void connect(Socket client) {
        Pair pair = new Pair(client, new Socket());
        try {
            connectToOne(pair.server);
            client.setTcpNoDelay(true);
            pair.server.setTcpNoDelay(true);
            boolean isWanted;
            lock.lock();
            try {
                isWanted = !refuses && !isClosed;
                if (isWanted) {
                    pairs.add(pair);
                    opened++;
                }
            } finally {
                lock.unlock();
            }
            if (!isWanted) {
                pair.cut();
                return;
            }
            threads.execute(() -> copy(pair, pair.server, client, Direction.TO_CLIENTS));
            copy(pair, client, pair.server, Direction.FROM_CLIENTS);
        } catch (IOException nobodyThere) {
            LOG.debug("nothing to pass on to", nobodyThere);
            notConnected(pair);
        }
    }

    private void notConnected(Pair pair) {
        try {
            boolean isToFollow = followTarget();
            pair.cut();
            if (isToFollow) {
                awaitTarget();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            pair.cut();
        }
    }

    private void connectToOne(Socket server) throws IOException {
        IOException last = new IOException("no address");
        for (InetSocketAddress target : targets) {
            try {
                server.connect(target, CONNECT_MILLIS);
                return;
            } catch (IOException notHere) {
                last = notHere;
            }
        }
        throw last;
    }

    private void copy(Pair pair, Socket from, Socket to, Direction direction) {
        byte[] buffer = new byte[BUFFER_BYTES];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                count(direction, read);
                if (delayNanos > 0) {
                    TimeUnit.NANOSECONDS.sleep(delayNanos);
                }
                awaitRelease(direction);
                out.write(buffer, 0, read);
            }
        } catch (IOException cut) {
            LOG.debug("a connection ended", cut);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        ended(pair, direction);
    }

    /** That it has ended is held back, too. */
    private void ended(Pair pair, Direction direction) {
        try {
            awaitRelease(direction);
            boolean isToFollow = direction == Direction.TO_CLIENTS && followTarget();
            forget(pair);
            if (isToFollow) {
                awaitTarget();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            forget(pair);
        }
    }

    private void count(Direction direction, int read) {
        bytes.getOrDefault(direction, new AtomicLong()).addAndGet(read);
        lock.lock();
        try {
            if (held.contains(direction)) {
                heldBytes.getOrDefault(direction, new AtomicLong()).addAndGet(read);
            }
        } finally {
            lock.unlock();
        }
    }

    private void forget(Pair pair) {
        locked(() -> pairs.remove(pair));
        pair.cut();
    }

    /** What was read before a cut goes nowhere: its sockets are closed by then. */
    private void awaitRelease(Direction direction) throws InterruptedException {
        lock.lock();
        try {
            while (held.contains(direction)) {
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }
}
