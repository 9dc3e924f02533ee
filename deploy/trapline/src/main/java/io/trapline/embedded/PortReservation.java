package io.trapline.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/**
 * Holds a port until the server takes it: what listens there must know its address before it can be started, and a port that is taken
 * should be said before anything else is done.
 */
final class PortReservation implements AutoCloseable {
    private final ServerSocket socket;
    private final ListenAddress address;

    private PortReservation(ServerSocket socket, ListenAddress address) {
        this.socket = socket;
        this.address = address;
    }

    static PortReservation of(ListenAddress listen, boolean insecure) throws StartException {
        InetSocketAddress bind = listen.resolve(insecure);
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
    ListenAddress address() {
        return address;
    }

    /** Lets the server have it. */
    void release() {
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
