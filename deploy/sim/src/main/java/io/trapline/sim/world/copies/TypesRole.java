package io.trapline.sim.world.copies;

import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.types.TypeTurns;
import io.trapline.sim.world.part.Place;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** The actor of the domain's type calls at a node: what drives the real {@link TypeTurns}. */
final class TypesRole implements TypeTurns.Outside {
    static final String NAME = "types";

    private record Due(long nanos, TypesMessage message) {}

    private final Place place;
    private final TypeTurns turns;
    private final Map<Class<?>, Due> timers = new HashMap<>();

    TypesRole(Place place, Function<TypeTurns.Outside, TypeTurns> turns) {
        this.place = place;
        this.turns = turns.apply(this);
    }

    void tell(String from, TypesMessage message) {
        place.between(from, NAME).tell(() -> text(message), () -> turns.tell(message));
    }

    private static String text(TypesMessage message) {
        return message.toString();
    }

    boolean isIdle() {
        return turns.isIdle();
    }

    /** Time has passed. */
    void tick(long nowNanos) {
        for (Map.Entry<Class<?>, Due> timer : List.copyOf(timers.entrySet())) {
            if (nowNanos >= timer.getValue().nanos()) {
                timers.remove(timer.getKey());
                tell("clock", timer.getValue().message());
            }
        }
    }

    @Override
    public void toSelf(TypesMessage message) {
        tell(NAME, message);
    }

    @Override
    public void later(Duration delay, TypesMessage message) {
        timers.put(message.getClass(), new Due(place.now() + delay.toNanos(), message));
    }

    @Override
    public void cancelRecover() {
        timers.remove(TypesMessage.Recover.class);
    }
}
