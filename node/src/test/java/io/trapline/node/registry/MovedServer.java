package io.trapline.node.registry;

/** What {@link RunningDomain} tells a domain's calls, for tests of those who make them. */
public final class MovedServer {
    private MovedServer() {}

    /** The server has another home since that revision. */
    public static void tell(DomainCalls calls, int id, long homeEpoch) {
        calls.serverMoved(id, homeEpoch);
    }
}
