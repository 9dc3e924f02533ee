package io.trapline.node.types;

import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ShardRoute;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.registry.DomainCalls;
import java.time.Duration;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/** The actor that carries out the type calls of one domain: owns its {@link TypeTurns}. */
public final class TypeCalls extends AbstractMatchingBehavior<TypesMessage> {
    private final TypeTurns turns;

    private TypeCalls(
            ActorContext<TypesMessage> context,
            TimerScheduler<TypesMessage> timers,
            int domid,
            ShardMap map,
            List<ShardRoute> shards,
            DomainCalls calls,
            Life self,
            long term) {
        super(context);
        ActorRef<TypesMessage> here = context.getSelf();
        turns = new TypeTurns(domid, map, shards, calls, self, term, new TypeTurns.Outside() {
            @Override
            public void toSelf(TypesMessage message) {
                here.tell(message);
            }

            @Override
            public void later(Duration delay, TypesMessage message) {
                timers.startSingleTimer(message.getClass(), message, delay);
            }

            @Override
            public void cancelRecover() {
                timers.cancel(TypesMessage.Recover.class);
            }
        });
    }

    /**
     * The actor of a domain with these shards.
     *
     * @param calls what this node has asked, where answers are given
     * @param self this life
     * @param term the epoch of the domain's first shard; of no interest where another node decides it
     */
    public static Behavior<TypesMessage> create(
            int domid, ShardMap map, List<ShardRoute> shards, DomainCalls calls, Life self, long term) {
        return Behaviors.setup(context ->
                Behaviors.withTimers(timers -> new TypeCalls(context, timers, domid, map, shards, calls, self, term)));
    }

    @Override
    public Behavior<TypesMessage> onMessage(TypesMessage message) {
        turns.tell(message);
        return message instanceof TypesMessage.Stop ? Behaviors.stopped() : this;
    }
}
