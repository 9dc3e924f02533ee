package io.trapline.server;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/** Where to listen, as the machine knows it. */
public final class BindAddress {
    private BindAddress() {}

    /**
     * Resolves it. Throws {@link StartException} for a host that nobody knows, and for another address than loopback unless that is
     * allowed: without TLS whoever reaches it may do everything (L).
     */
    public static InetSocketAddress of(ListenAddress listen, boolean insecure) throws StartException {
        try {
            InetAddress resolved = InetAddress.getByName(listen.host());
            if (!resolved.isLoopbackAddress() && !insecure) {
                throw new StartException(
                        "cannot listen on " + listen + ": not a loopback address, which without TLS needs --insecure");
            }
            return new InetSocketAddress(resolved, listen.port());
        } catch (UnknownHostException unknown) {
            throw new StartException("cannot listen on " + listen + ": no such host", unknown);
        }
    }
}
