package io.trapline.sim.world.part;

import io.trapline.model.Refusal;
import io.trapline.node.protocol.Life;
import io.trapline.node.registry.DomainView;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** What a node has of the domain's memory, and its way to the rest. */
public interface NodeMemory {
    /** Has nothing before the node knows the domain. */
    @FunctionalInterface
    interface Kind {
        NodeMemory of(Stage world, Place place, Node node);
    }

    /** The shards of which it has something, or may have, by index; none where it has nothing of any. */
    List<? extends Shard> shards();

    /** Whether a shard may come to be decided by another copy, which asks servers again what this one was told. */
    boolean hasCopies();

    /** The domain is known from now on. */
    void begin(DomainView domain);

    /** Client sessions begin and end with a revision, which nobody here was told yet. */
    void sessions(long revision, List<Long> begun, List<Long> ended);

    /** Whether that life decides the shard, as far as is known here. */
    boolean decides(Life life, int shard);

    /** The registry has moved on, and nobody here was told yet: the shards that another life decides from now on. */
    BitSet place(DomainView before, DomainView now);

    /** All actors were told, in their order; {@code moved} is what {@link #place} gave. */
    void told(DomainView now, BitSet moved);

    /** Runs something once what the shards here have brought about so far has left. */
    void whenSent(Runnable sent);

    /** Turns the pages of {@code ioreq_server[x]} into RAM_RW, where that is this node's to do (C5). */
    void reset(int x, Runnable done);

    /** F2: eight bytes, for an emulator, behind all that its server has told the shard. */
    void write(ServerActor server, long home, long gpa, long value, Consumer<Optional<Refusal>> reply);

    /** Time has passed. */
    void tick(long nowNanos);
}
