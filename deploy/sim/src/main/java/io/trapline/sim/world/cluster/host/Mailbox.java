package io.trapline.sim.world.cluster.host;

import java.util.ArrayDeque;

/** What an actor is told: one message after the other, each some time after it was told. */
public final class Mailbox {
    private static final long MICROS = 1_000;

    private final Agenda agenda;
    private final SimHost host;
    private final int slow;
    private final long slowestNanos;
    private final ArrayDeque<Runnable> messages = new ArrayDeque<>();

    /**
     * Of an actor of the host's present life.
     *
     * @param slow once in so many times a message takes up to {@code slowestNanos}
     */
    public Mailbox(Agenda agenda, SimHost host, int slow, long slowestNanos) {
        this.agenda = agenda;
        this.host = host;
        this.slow = slow;
        this.slowestNanos = slowestNanos;
    }

    /** The message is taken when those before it were. */
    public void tell(Runnable message) {
        messages.add(message);
        if (messages.size() == 1) {
            next();
        }
    }

    private void next() {
        long takes = agenda.oneIn(slow) ? agenda.between(0, slowestNanos) : agenda.between(2 * MICROS, 60 * MICROS);
        host.after(takes, () -> {
            messages.element().run();
            messages.remove();
            if (!messages.isEmpty()) {
                next();
            }
        });
    }
}
