package io.trapline.server;

import io.trapline.model.Pure;

/**
 * Where a server listens.
 *
 * @param host a name or an address; IPv6 without brackets
 * @param port 0 … 65535; 0 = any free one
 */
@Pure
public record ListenAddress(String host, int port) {
    /** Where `trapline up` listens, and where control commands look for it. */
    public static final int DEFAULT_PORT = 7420;

    /** Loopback, the default port. */
    public static final ListenAddress DEFAULT = new ListenAddress("127.0.0.1", DEFAULT_PORT);

    /** Loopback, any free port. */
    public static final ListenAddress ANY_PORT = new ListenAddress("127.0.0.1", 0);

    public ListenAddress {
        if (host.isEmpty() || port < 0 || port > 0xFFFF) {
            throw new IllegalArgumentException("'" + host + ":" + port + "' is no HOST:PORT");
        }
    }

    /** From {@code HOST:PORT} or {@code [IPv6]:PORT}. Throws {@link IllegalArgumentException} for anything else. */
    public static ListenAddress parse(String text) {
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? "" : text.substring(0, colon);
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        if (colon < 0 || (!bracketed && host.indexOf(':') >= 0)) {
            throw new IllegalArgumentException("'" + text + "' is no HOST:PORT");
        }
        try {
            int port = Integer.parseInt(text.substring(colon + 1));
            return new ListenAddress(bracketed ? host.substring(1, host.length() - 1) : host, port);
        } catch (NumberFormatException malformed) {
            throw new IllegalArgumentException("'" + text + "' is no HOST:PORT", malformed);
        }
    }

    /** The same host with the port that was given out. */
    public ListenAddress withPort(int actual) {
        return new ListenAddress(host, actual);
    }

    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
