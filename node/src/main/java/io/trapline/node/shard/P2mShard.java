package io.trapline.node.shard;

import io.trapline.node.lease.ServingGate;
import io.trapline.node.p2m.MemoryBudget;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.AnswerRoute;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.SessionsHere;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardPlace;
import io.trapline.node.protocol.ShardRoute;
import io.trapline.node.protocol.VcpusRoute;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.ObjLongConsumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.Signal;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/** The actor of one P2M shard at one node. Owns the {@link ShardCopies} that the node has of it, which nobody else touches. */
public final class P2mShard extends AbstractMatchingBehavior<ShardMessage> {
    /** What a shard has to know of the rest of its node. */
    public record Surroundings(
            Life self,
            List<ShardRoute> shards,
            Function<Life, ShardRoute> copies,
            Function<Life, VcpusRoute> vcpus,
            AnswerRoute answers,
            boolean waitsForCopy,
            long born,
            ObjLongConsumer<ShardPlace> dropBackup,
            Consumer<ShardPlace> beginHandOver,
            Consumer<ShardPlace> handOver,
            Consumer<ShardPlace> caughtUp,
            ObjLongConsumer<ShardPlace> abandonSync,
            ServingGate gate,
            SessionsHere sessions) {
        /**
         * @param self this life of the node
         * @param shards the domain's shards, by index, this one included
         * @param copies the way to a copy of this shard
         * @param vcpus by where its guests are: who is given the outcomes
         * @param answers who is given what comes of calls
         * @param waitsForCopy whether changes are not acknowledged while it has only one (on_degraded, D4)
         * @param born the epoch under which the domain's copies began with nothing
         * @param dropBackup proposes that a shard that is placed so has one copy, since the other one has been silent for so many nanoseconds
         * @param beginHandOver proposes that all shards of the run of one that is placed so are to be frozen, and handed over
         * @param handOver is told, again and again, that a shard that is placed so is frozen, and that its other copy has all it has told
         * @param caughtUp is told, again and again, that the copy that is being made of a shard that is placed so has all it has
         * @param abandonSync proposes that the copy that is being made of a shard that is placed so is given up, as with dropBackup
         * @param gate while it is closed nothing is decided, read or acknowledged (D-11)
         * @param sessions the client sessions whose calls have answers here
         */
        public Surroundings {
            shards = List.copyOf(shards);
        }
    }

    private static final Object TICK = "tick";

    private final ShardCopies copies;
    private final TimerScheduler<ShardMessage> timers;

    private P2mShard(
            ActorContext<ShardMessage> context,
            TimerScheduler<ShardMessage> timers,
            int index,
            ShardMap map,
            long nrPages,
            MemoryBudget budget,
            Surroundings around,
            ShardCopies.Onlooker onlooker) {
        super(context);
        this.timers = timers;
        ActorRef<ShardMessage> self = context.getSelf();
        ShardCopies.Outside outside = new ShardCopies.Outside(
                System::nanoTime,
                () -> self.tell(new ShardMessage.Resume()),
                bug -> context.getLog().error("shard {} has failed, and its copy at this node is closed", index, bug),
                onlooker);
        copies = new ShardCopies(index, map, nrPages, budget, around, outside);
    }

    /**
     * A shard that does nothing before its first {@link ShardMessage.Apply}.
     *
     * @param index its index in the domain
     * @param map where each frame is
     * @param nrPages pages of the whole domain; those of them that lie in the shard are RAM_RW and zero (T1)
     */
    public static Behavior<ShardMessage> create(
            int index, ShardMap map, long nrPages, MemoryBudget budget, Surroundings around) {
        return create(index, map, nrPages, budget, around, ShardCopies.Onlooker.NOBODY);
    }

    /** The same, with somebody who looks on. */
    public static Behavior<ShardMessage> create(
            int index,
            ShardMap map,
            long nrPages,
            MemoryBudget budget,
            Surroundings around,
            ShardCopies.Onlooker onlooker) {
        return Behaviors.setup(context -> Behaviors.withTimers(
                timers -> new P2mShard(context, timers, index, map, nrPages, budget, around, onlooker)));
    }

    @Override
    public Behavior<ShardMessage> onMessage(ShardMessage message) {
        copies.tell(message);
        if (message instanceof ShardMessage.Stop) {
            return Behaviors.stopped();
        }
        copies.nextTick()
                .filter(due -> !timers.isTimerActive(TICK))
                .ifPresent(due -> timers.startSingleTimer(TICK, new ShardMessage.Tick(), due));
        return this;
    }

    @Override
    public Behavior<ShardMessage> onSignal(Signal signal) {
        if (signal instanceof PostStop) {
            copies.close();
        }
        return this;
    }
}
