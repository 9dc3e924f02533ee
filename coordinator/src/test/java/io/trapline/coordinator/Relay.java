package io.trapline.coordinator;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A port on loopback in front of another one. It can be cut, and healed. */
public final class Relay implements AutoCloseable {
    private static final int FIRST_PORT = 12_000;
    private static final int PORTS = 20_000;
    private static final AtomicInteger NEXT_PORT = new AtomicInteger(new SplittableRandom().nextInt(PORTS));

    private final ServerSocket server;
    private final int target;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private volatile boolean cut;

    /** @param target the port that it leads to */
    public Relay(int target) throws IOException {
        this.target = target;
        this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().name("relay-" + target).start(this::accept);
    }

    /** A port that nobody listens on, that this has not returned before, and below those that connections get by themselves. */
    public static int freePort() throws IOException {
        for (int attempt = 0; attempt < PORTS; attempt++) {
            int port = FIRST_PORT + Math.floorMod(NEXT_PORT.getAndIncrement(), PORTS);
            if (isFree(port)) {
                return port;
            }
        }
        throw new IOException("no port is free");
    }

    private static boolean isFree(int port) throws IOException {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return socket.isBound();
        } catch (BindException taken) {
            return false;
        }
    }

    public int port() {
        return server.getLocalPort();
    }

    /** When this returns, nothing gets through any more. */
    public void cut() {
        cut = true;
        open.forEach(Relay::end);
    }

    public void heal() {
        cut = false;
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket from = server.accept();
                Socket to = new Socket();
                open.add(from);
                open.add(to);
                if (cut) {
                    end(from);
                    continue;
                }
                if (!connect(to)) {
                    // Nobody listens yet: who connected must hear of it, or it would wait for ever.
                    end(from);
                    continue;
                }
                Thread.ofVirtual().start(() -> pump(from, to));
                Thread.ofVirtual().start(() -> pump(to, from));
            } catch (IOException refused) {
                // This relay is closed.
                open.removeIf(Socket::isClosed);
            }
        }
    }

    private boolean connect(Socket to) {
        try {
            to.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), target));
            return true;
        } catch (IOException refused) {
            return false;
        }
    }

    private void pump(Socket from, Socket to) {
        byte[] buffer = new byte[1 << 14];
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int read = in.read(buffer); read >= 0 && !cut; read = in.read(buffer)) {
                out.write(buffer, 0, read);
            }
        } catch (IOException closed) {
            // The other end has gone, which the two sockets' closing passes on.
            open.remove(from);
        }
        open.remove(from);
        open.remove(to);
    }

    private static void end(Socket socket) {
        try {
            socket.close();
        } catch (IOException impossible) {
            throw new java.io.UncheckedIOException(impossible);
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        cut();
    }
}
