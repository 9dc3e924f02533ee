package io.trapline.coordinator;

import java.util.List;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * Hears of actors that die. One of a coordinator that is gone answers nobody while its replica goes on leading, so that no other takes over
 * and every call waits: the process must end instead.
 */
final class ActorDeaths {
    private ActorDeaths() {}

    /** @param onDeath told of the first of them that is gone; it must know whether that was to be */
    static Behavior<Void> of(List<ActorRef<?>> watched, Consumer<Throwable> onDeath) {
        return Behaviors.setup(context -> {
            watched.forEach(context::watch);
            return Behaviors.receive(Void.class)
                    .onSignal(Terminated.class, terminated -> {
                        onDeath.accept(new IllegalStateException(
                                terminated.getRef().path().name() + " has died"));
                        return Behaviors.stopped();
                    })
                    .build();
        });
    }
}
