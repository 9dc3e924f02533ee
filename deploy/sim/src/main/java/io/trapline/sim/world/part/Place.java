package io.trapline.sim.world.part;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.node.peer.TrafficClass;
import io.trapline.node.protocol.Life;
import io.trapline.node.registry.PeerNode;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Where a node is: its host's clock, its lease, and the ways out of it. */
public interface Place {
    /** This life of the node. */
    Life life();

    /** On the monotonic clock of its host, in nanoseconds. */
    long now();

    /** Whether the node serves in this step (D-11). */
    boolean serves();

    /** From one of its actors to another. */
    Way between(String from, String to);

    /** The nodes of the cluster as they are at that revision. */
    void know(long revision, List<PeerNode> nodes);

    /** To the node of another life. */
    void toPeer(Life peer, TrafficClass of, Supplier<String> what, Told<Node> message);

    /** What it is told of a class from now on waits for a while, as behind what is large. */
    void holdUp(Life peer, TrafficClass of);

    /**
     * Has the registry carry something out for this node.
     *
     * @param reply given the answer once it may be relied on; empty where none has come
     */
    void execute(Supplier<String> what, Command command, Consumer<Optional<Answer>> reply);

    /** Tells the coordinator that every actor has applied everything up to that revision. */
    void acknowledged(long revision);

    /** Has it reported, or what it takes to, that a server has nothing left of a drain. */
    void drained(ServerActor server, long revision, Runnable report);

    /** Tells the coordinator that nothing is left of a drain here. */
    void reported(long revision);
}
