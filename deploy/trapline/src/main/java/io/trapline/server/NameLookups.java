package io.trapline.server;

/** How long the addresses that a name leads to are kept. */
public final class NameLookups {
    /** Counts where the security property {@code networkaddress.cache.ttl} is not set; to set that one would begin the JDK's own logging. */
    private static final String JVM = "sun.net.inetaddr.ttl";

    private static final String GRPC = "networkaddress.cache.ttl";

    private NameLookups() {}

    /**
     * From now on a name is looked up for each connection, at most once a second. By default the JVM and each gRPC channel keep what they found for 30 s, and a
     * process that has another address by then, as a container or pod that was started again, is looked for where somebody else may be. To be called before
     * anything is connected to; what is set already stands.
     */
    public static void areFresh() {
        if (System.getProperty(JVM) == null) {
            System.setProperty(JVM, "1");
        }
        if (System.getProperty(GRPC) == null) {
            System.setProperty(GRPC, "0");
        }
    }
}
