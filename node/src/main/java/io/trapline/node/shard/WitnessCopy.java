package io.trapline.node.shard;

import io.trapline.node.lease.ServingGate;
import io.trapline.node.p2m.MemoryBudget;
import io.trapline.node.p2m.P2m;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.SessionsHere;
import io.trapline.node.protocol.ShardStep;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * A copy of a shard at no node, for whoever looks on ({@link ShardCopies.Onlooker}): does the steps that it is given, and says what they bring about to nobody
 * else. After the same steps it has what any other copy has.
 */
public final class WitnessCopy implements ShardCopies.Content {
    private final ShardSteps steps;

    /**
     * As {@link P2mShard#create}.
     *
     * @param seen given what takes what steps bring about, gives what is told first, and passes it on
     */
    public WitnessCopy(int index, ShardMap map, long nrPages, MemoryBudget budget, UnaryOperator<ShardEffects> seen) {
        Consumer<Object> nobody = told -> {};
        P2mShard.Surroundings nowhere = new P2mShard.Surroundings(
                new Life("nowhere", 0),
                List.of(),
                life -> nobody::accept,
                life -> nobody::accept,
                nobody::accept,
                false,
                0,
                (place, silentNanos) -> nobody.accept(place),
                nobody::accept,
                nobody::accept,
                nobody::accept,
                (place, silentNanos) -> nobody.accept(place),
                new ServingGate(() -> 0),
                SessionsHere.ENDLESS);
        steps = new ShardSteps(index, map, nrPages, budget, nowhere, seen);
    }

    /** Does a step. */
    public void step(ShardStep step) {
        steps.memory().begin();
        steps.step(step);
        steps.outbox().discard();
    }

    /** The copy that goes on is another node's: as that has done. */
    public void promoted(long clockOffset) {
        steps.promoted(clockOffset);
        steps.outbox().discard();
    }

    @Override
    public P2m p2m() {
        return steps.p2m();
    }

    /** Its rules, to be looked at. */
    public ShardRules rules() {
        return steps.rules();
    }

    @Override
    public byte[] image() {
        return steps.image();
    }

    /** The memory is given back. */
    public void close() {
        steps.close();
    }
}
