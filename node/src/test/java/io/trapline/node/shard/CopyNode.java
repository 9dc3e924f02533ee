package io.trapline.node.shard;

import io.trapline.node.fixture.HeapBudget;
import io.trapline.node.lease.ServingGate;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.SessionsHere;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardPlace;
import io.trapline.node.protocol.VcpusMessage;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.pekko.actor.testkit.typed.javadsl.BehaviorTestKit;
import org.jspecify.annotations.Nullable;

/** A life of a node in {@link CopiesWorld}, with its copy of the shard. */
final class CopyNode {
    final Life life;
    final ServingGate gate = new ServingGate(() -> 0);
    /** What the registry has said and has not arrived. */
    final ArrayDeque<ShardPlace> views = new ArrayDeque<>();

    private final BehaviorTestKit<ShardMessage> shard;
    private final CopiesWorld world;
    private @Nullable ShardPlace view;

    CopyNode(Life life, boolean waits, CopiesWorld world) {
        this.life = life;
        this.world = world;
        gate.open(Long.MAX_VALUE);
        shard = BehaviorTestKit.create(P2mShard.create(
                0,
                new ShardMap(new long[] {0}),
                4096,
                new HeapBudget(),
                new P2mShard.Surroundings(
                        life,
                        List.of(nobody -> {}),
                        other -> message -> world.send(life, other, message),
                        guests -> told -> world.told(this, ((VcpusMessage.ShardAnswers) told).rows()),
                        answer -> {},
                        waits,
                        TwoCopies.CREATED,
                        (place, silentNanos) -> world.propose(place, world::dropBackup),
                        place -> {
                            throw new CopiesWorld.Broken("a copy has failed at " + life);
                        },
                        place -> {
                            throw new CopiesWorld.Broken("a copy has failed at " + life);
                        },
                        place -> world.propose(place, world::addBackup),
                        (place, silentNanos) -> world.propose(place, world::abandonSync),
                        gate,
                        SessionsHere.ENDLESS)));
    }

    boolean serves() {
        return gate.serves();
    }

    /** Whether it goes by a view in which it is the primary. */
    boolean decides() {
        ShardPlace now = view;
        return now != null
                && now.state() != ShardPlace.State.LOST
                && now.primary().equals(life);
    }

    /** What it goes by. */
    ShardPlace view() {
        return Objects.requireNonNull(view);
    }

    void run(ShardMessage message) {
        shard.run(message);
    }

    /** The registry's next revision arrives. */
    void takeView() {
        ShardPlace next = views.poll();
        if (next != null) {
            boolean decided = decides();
            view = next;
            DecisionTable table = DecisionTable.builder(next.epoch()).build();
            run(new ShardMessage.Apply(next, table, List.of(), Map.of(), () -> {}));
            if (decides() && !decided) {
                world.decidesNow(this);
            }
        }
    }

    void takeViews() {
        while (!views.isEmpty()) {
            takeView();
        }
    }

    /** Its lease is renewed, which says that it has everything by which others were let go on. */
    void open() {
        if (!gate.serves()) {
            takeViews();
            gate.open(Long.MAX_VALUE);
            run(new ShardMessage.Resume());
        }
    }
}
