package io.trapline.sim.world.cluster.node;

/** An access that was decided to be a server's, and has no outcome yet. */
final class Access {
    final long claimEpoch;
    final int server;
    final int x;
    final long decidedRevision;
    boolean isDelivered;

    Access(long claimEpoch, int server, int x, long decidedRevision) {
        this.claimEpoch = claimEpoch;
        this.server = server;
        this.x = x;
        this.decidedRevision = decidedRevision;
    }
}
