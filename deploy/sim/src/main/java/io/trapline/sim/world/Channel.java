package io.trapline.sim.world;

import io.trapline.sim.world.part.Way;
import java.util.ArrayDeque;
import java.util.function.Supplier;

/** Messages on their way, which arrive in order. */
final class Channel implements Way {
    record Message(Supplier<String> what, Runnable arrive) {}

    private final String name;
    private final Schedule schedule;
    private final ArrayDeque<Message> messages = new ArrayDeque<>();
    private long heldUpUntil;

    Channel(String name, Schedule schedule) {
        this.name = name;
        this.schedule = schedule;
    }

    String name() {
        return name;
    }

    int size() {
        return messages.size();
    }

    @Override
    public void tell(Supplier<String> what, Runnable arrive) {
        if (messages.isEmpty()) {
            schedule.isWaiting(this);
        }
        messages.add(new Message(what, arrive));
    }

    Message take() {
        Message message = messages.remove();
        if (messages.isEmpty()) {
            schedule.isEmpty(this);
        }
        return message;
    }

    /** What is on its way is lost. */
    void clear() {
        if (!messages.isEmpty()) {
            messages.clear();
            schedule.isEmpty(this);
        }
    }

    void holdUp(long untilStep) {
        heldUpUntil = untilStep;
    }

    boolean isHeldUp() {
        return schedule.step() < heldUpUntil;
    }
}
