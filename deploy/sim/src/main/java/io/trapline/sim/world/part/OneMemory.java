package io.trapline.sim.world.part;

import io.trapline.model.Refusal;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.Life;
import io.trapline.node.registry.DomainView;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** All of the memory, of which there is no other copy. */
public final class OneMemory implements NodeMemory {
    private final Stage world;
    private final Place place;
    private final Node node;
    private final List<ShardActor> shards = new ArrayList<>();
    private @Nullable TypesActor types;

    public OneMemory(Stage world, Place place, Node node) {
        this.world = world;
        this.place = place;
        this.node = node;
    }

    @Override
    public List<ShardActor> shards() {
        return shards;
    }

    /** The domain's type calls. */
    public TypesActor types() {
        return Objects.requireNonNull(types);
    }

    @Override
    public boolean decides(Life life, int shard) {
        return true;
    }

    @Override
    public boolean hasCopies() {
        return false;
    }

    @Override
    public void begin(DomainView domain) {
        ShardMap map = new ShardMap(domain.firstGfns());
        for (int i = 0; i < map.size(); i++) {
            shards.add(new ShardActor(world, place, node, map, i, domain.shardEpochs()[i]));
        }
        types = new TypesActor(world, place, shards);
    }

    @Override
    public void sessions(long revision, List<Long> begun, List<Long> ended) {
        // Its calls have no request ids.
    }

    @Override
    public BitSet place(DomainView before, DomainView now) {
        return new BitSet();
    }

    @Override
    public void told(DomainView now, BitSet moved) {
        // Nobody else decides anything.
    }

    @Override
    public void whenSent(Runnable sent) {
        throw new IllegalStateException("nothing waits for another copy");
    }

    @Override
    public void reset(int x, Runnable done) {
        types().reset(x, done);
    }

    @Override
    public void write(ServerActor server, long home, long gpa, long value, Consumer<Optional<Refusal>> reply) {
        ShardActor shard = shards.get(Layout.shardOf(gpa));
        place.between(server.name(), shard.name())
                .tell(
                        () -> server.name() + " emulator writes " + Long.toHexString(value),
                        () -> shard.write(gpa, value, () -> reply.accept(Optional.empty())));
    }

    @Override
    public void tick(long nowNanos) {
        // Its type calls wait for nothing.
    }
}
