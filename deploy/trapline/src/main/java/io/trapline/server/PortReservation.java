package io.trapline.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/**
 * Holds a port until the server takes it: what listens there must know its address before it can be started, and a port that is taken
 * should be said before anything else is done.
 */
public final class PortReservation implements AutoCloseable {
    private final ServerSocket socket;
    private final ListenAddress address;

    private PortReservation(ServerSocket socket, ListenAddress address) {
        this.socket = socket;
        this.address = address;
    }

    /** Takes the port. Throws {@link StartException} where it is taken, or where it is beyond loopback and that is not allowed (L). */
    public static PortReservation of(ListenAddress listen, boolean insecure) throws StartException {
        InetSocketAddress bind = BindAddress.of(listen, insecure);
        try {
            ServerSocket socket = new ServerSocket();
            try {
                // Nobody connects: the backlog is never served.
                socket.bind(bind, 1);
                return new PortReservation(socket, listen.withPort(socket.getLocalPort()));
            } catch (IOException taken) {
                socket.close();
                throw taken;
            }
        } catch (IOException taken) {
            throw new StartException("cannot listen on " + listen + ": " + taken.getMessage(), taken);
        }
    }

    /** With the port that was given out. */
    public ListenAddress address() {
        return address;
    }

    /** Lets the server have it. */
    public void release() {
        try {
            socket.close();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    @Override
    public void close() {
        release();
    }
}
