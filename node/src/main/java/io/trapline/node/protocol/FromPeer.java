package io.trapline.node.protocol;

/**
 * Something that has come from a peer: its sender may send more once the actor has taken it, and not before. Whoever loses it says so in the actor's place.
 */
public interface FromPeer {
    /** To be run once, on any thread. */
    Runnable taken();

    /** The message is lost: whom it is for is gone. */
    static void lost(Object message) {
        if (message instanceof FromPeer come) {
            come.taken().run();
        }
    }
}
