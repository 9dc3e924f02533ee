package io.trapline.cli.verify;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes TCP connections on to the cluster, byte for byte. What the emulator says can be held back, so that a cut finds it carried out
 * and not heard. Thread-safe.
 */
public final class Relay implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Relay.class);

    private static final int CONNECT_MILLIS = 3_000;
    private static final int BUFFER_BYTES = 64 << 10;

    private final ServerSocket listener;
    private final List<InetSocketAddress> cluster;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<Pair> pairs = new ArrayList<>();
    private final AtomicLong fromEmulatorBytes = new AtomicLong();
    private final AtomicLong toEmulatorBytes = new AtomicLong();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition released = lock.newCondition();
    private boolean isHeld;

    private record Pair(Socket emulator, Socket server) {
        void cut() {
            for (Socket end : List.of(emulator, server)) {
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

    private Relay(ServerSocket listener, List<InetSocketAddress> cluster) {
        this.listener = listener;
        this.cluster = List.copyOf(cluster);
    }

    /** Listens on that address, port 0 = any, and passes on to the first of the others that is there. */
    public static Relay open(InetSocketAddress listen, List<InetSocketAddress> cluster) throws VerifyException {
        try {
            ServerSocket listener = new ServerSocket();
            try {
                listener.bind(listen);
            } catch (IOException taken) {
                listener.close();
                throw taken;
            }
            Relay relay = new Relay(listener, cluster);
            relay.threads.execute(relay::accept);
            return relay;
        } catch (IOException cannot) {
            throw new VerifyException(
                    "cannot listen on " + listen.getHostString() + ":" + listen.getPort() + ": " + cannot.getMessage());
        }
    }

    /** The port that was given out. */
    public int port() {
        return listener.getLocalPort();
    }

    /** From now on nothing that the emulator says arrives, until a {@link #cut}. */
    void hold() {
        lock.lock();
        try {
            isHeld = true;
        } finally {
            lock.unlock();
        }
    }

    /** Resets every connection, with all that is held; new ones are passed on. */
    void cut() {
        lock.lock();
        try {
            pairs.forEach(Pair::cut);
            pairs.clear();
            isHeld = false;
            released.signalAll();
        } finally {
            lock.unlock();
        }
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

    /** Bytes that the emulator has sent, held or not. */
    long fromEmulatorBytes() {
        return fromEmulatorBytes.get();
    }

    /** Bytes that were passed to it. */
    long toEmulatorBytes() {
        return toEmulatorBytes.get();
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        cut();
        threads.close();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket emulator = listener.accept();
                threads.execute(() -> connect(emulator));
            } catch (IOException closed) {
                LOG.debug("the relay listens no more", closed);
            }
        }
    }

    private void connect(Socket emulator) {
        Pair pair = new Pair(emulator, new Socket());
        try {
            connectToOne(pair.server);
            emulator.setTcpNoDelay(true);
            pair.server.setTcpNoDelay(true);
            lock.lock();
            try {
                pairs.add(pair);
            } finally {
                lock.unlock();
            }
            if (listener.isClosed()) {
                pair.cut();
            }
            threads.execute(() -> copy(pair, pair.server, emulator, toEmulatorBytes, false));
            copy(pair, emulator, pair.server, fromEmulatorBytes, true);
        } catch (IOException nobodyThere) {
            LOG.debug("nothing to pass on to", nobodyThere);
            pair.cut();
        }
    }

    private void connectToOne(Socket server) throws IOException {
        IOException last = new IOException("no address");
        for (InetSocketAddress address : cluster) {
            try {
                server.connect(address, CONNECT_MILLIS);
                return;
            } catch (IOException notHere) {
                last = notHere;
            }
        }
        throw last;
    }

    private void copy(Pair pair, Socket from, Socket to, AtomicLong counter, boolean isHoldable) {
        byte[] buffer = new byte[BUFFER_BYTES];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                counter.addAndGet(read);
                if (isHoldable) {
                    awaitRelease();
                }
                out.write(buffer, 0, read);
            }
        } catch (IOException cut) {
            LOG.debug("a connection ended", cut);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        forget(pair);
    }

    private void forget(Pair pair) {
        lock.lock();
        try {
            pairs.remove(pair);
        } finally {
            lock.unlock();
        }
        pair.cut();
    }

    /** What was read before a cut goes nowhere: its sockets are closed by then. */
    private void awaitRelease() throws InterruptedException {
        lock.lock();
        try {
            while (isHeld) {
                released.await();
            }
        } finally {
            lock.unlock();
        }
    }
}
