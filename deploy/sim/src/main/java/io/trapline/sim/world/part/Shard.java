package io.trapline.sim.world.part;

import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.registry.DomainView;
import io.trapline.node.rows.AccessRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import java.util.List;
import java.util.Map;

/** What a node has of one shard, as the node's other actors know it. */
public interface Shard {
    String name();

    /** By which revision it goes. */
    long appliedRevision();

    /** Does something once it goes by that revision, after all that it has said before. */
    void whenApplied(long revision, Runnable action);

    /**
     * The registry has moved on.
     *
     * @param opened vCPUs whose older epochs are fenced
     * @param present the servers that there are, by id
     */
    void apply(DomainView domain, List<VcpuOpening> opened, Map<Integer, ServerAt> present, Runnable applied);

    /** Accesses arrive, twice: {@code givenAsTold} are the same rows under the numbers that the rules are told. */
    void accesses(Life from, AccessRows given, AccessRows givenAsTold);

    void completed(int server, long home, OutcomeRows rows);

    void decideAgain(int server, long home, KeyRows rows);

    void postedQueued(int server, long home, KeyRows rows);

    void postedDone(int server, long home, KeyRows rows);

    void recalled(int server, long recall);

    /** Does something once nothing is at the server that was decided before the revision and does not go there any more (V-10). */
    void awaitReturned(int server, long revision, Runnable done);

    /** Whether it is to be told so, at that moment. */
    boolean mayTick(long nowNanos);

    /** Time has passed, or the node serves again or no more. */
    void tickIfDue(long nowNanos);
}
