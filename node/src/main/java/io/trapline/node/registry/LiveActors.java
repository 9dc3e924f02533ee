package io.trapline.node.registry;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;

/** The actors of one domain at this node, from the first thing that one is told until it has stopped. Owned by the registry's actor. */
final class LiveActors {
    private final ActorContext<?> context;
    private final String domain;
    private final Executor atRegistry;
    private final Consumer<ActorRef<?>> spawned;
    private final Set<ActorRef<?>> alive = new HashSet<>();

    /**
     * @param domain what all their names begin with
     * @param atRegistry runs things on the registry's actor, later
     * @param spawned told of each that is started
     */
    LiveActors(ActorContext<?> context, String domain, Executor atRegistry, Consumer<ActorRef<?>> spawned) {
        this.context = context;
        this.domain = domain;
        this.atRegistry = atRegistry;
        this.spawned = spawned;
    }

    /** A place for one, which is started when it is missed, and briefed before it is told anything else. */
    <M> Role<M> role(String name, Supplier<Behavior<M>> behavior, Consumer<ActorRef<M>> brief) {
        return new Role<>(filled -> atRegistry.execute(() -> {
            if (!filled.hasEnded()) {
                filled.begin(spawn(behavior.get(), name), brief);
            }
        }));
    }

    private <M> ActorRef<M> spawn(Behavior<M> behavior, String role) {
        ActorRef<M> actor = context.spawn(behavior, domain + "-" + role);
        context.watch(actor);
        alive.add(actor);
        spawned.accept(actor);
        return actor;
    }

    /** One has stopped. */
    void gone(ActorRef<?> actor) {
        alive.remove(actor);
    }

    /** Whether there are none. */
    boolean areNone() {
        return alive.isEmpty();
    }
}
