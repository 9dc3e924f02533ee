package io.trapline.node.registry;

import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.protocol.VcpusMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;

/** Actors that write down what they are told, and end when they are told to; one that is told {@link #POISON} dies. */
final class FakeActors implements DomainActors {
    /** Kills a shard. */
    static final ShardMessage POISON = new ShardMessage.Tick();

    final BlockingQueue<Told> told = new LinkedBlockingQueue<>();
    final Map<String, LongConsumer> drained = new ConcurrentHashMap<>();
    private final List<Told> passedOver = new ArrayList<>();
    /** Whether they say at once that they have applied a change. */
    volatile boolean apply = true;
    /** Whether shards say at once that nothing is at a server that should not be. */
    volatile boolean returns = true;

    /** @param who {@code domid/role} */
    record Told(String who, Object message) {}

    @Override
    public Behavior<VcpusMessage> vcpus(DomainView domain, DomainRoutes routes) {
        return actor(domain.domid() + "/vcpus");
    }

    @Override
    public Behavior<ShardMessage> shard(DomainView domain, int index, DomainRoutes routes) {
        return actor(domain.domid() + "/shard" + index);
    }

    @Override
    public Behavior<TypesMessage> types(DomainView domain, DomainRoutes routes) {
        return actor(domain.domid() + "/types");
    }

    @Override
    public Behavior<ServerMessage> server(
            DomainView domain, ServerView server, DomainRoutes routes, LongConsumer whenDrained) {
        String who = domain.domid() + "/server" + server.id();
        drained.put(who, whenDrained);
        return actor(who);
    }

    /** What somebody is told next of that kind; what others are told waits. */
    <T> T next(String who, Class<T> type) throws InterruptedException {
        for (Told each : passedOver) {
            if (each.who().equals(who) && type.isInstance(each.message())) {
                passedOver.remove(each);
                return type.cast(each.message());
            }
        }
        while (true) {
            Told next = told.poll(60, TimeUnit.SECONDS);
            if (next == null) {
                throw new AssertionError(who + " is not told " + type.getSimpleName());
            }
            if (next.who().equals(who) && type.isInstance(next.message())) {
                return type.cast(next.message());
            }
            passedOver.add(next);
        }
    }

    /** What anybody was told so far does not matter. */
    void forget() {
        told.clear();
        passedOver.clear();
    }

    private <T> Behavior<T> actor(String who) {
        return Behaviors.receiveMessage(message -> {
            if (POISON.equals(message)) {
                throw new IllegalStateException("poisoned, as the test wants");
            }
            told.add(new Told(who, message));
            Runnable applied = applied(message);
            if (apply && applied != null) {
                applied.run();
            }
            if (returns
                    && message instanceof ShardMessage.AwaitReturned(int server, long revision, Runnable returned)) {
                returned.run();
            }
            return ends(message) ? Behaviors.stopped() : Behaviors.same();
        });
    }

    private static @Nullable Runnable applied(Object message) {
        return switch (message) {
            case ServerMessage.Apply apply -> apply.applied();
            case ShardMessage.Apply apply -> apply.applied();
            case ShardMessage.AwaitSent await -> await.sent();
            case VcpusMessage.Apply apply -> apply.applied();
            default -> null;
        };
    }

    private static boolean ends(Object message) {
        return message instanceof ServerMessage.Stop
                || message instanceof ShardMessage.Stop
                || message instanceof TypesMessage.Stop
                || (message instanceof VcpusMessage.Closed closed && closed.stop());
    }
}
