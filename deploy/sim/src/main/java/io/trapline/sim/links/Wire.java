package io.trapline.sim.links;

import java.util.ArrayDeque;
import java.util.function.Supplier;

/** One connection: each direction in order, until it is cut and what is on its way is lost in both. */
final class Wire {
    private record Message(Supplier<String> what, Runnable arrive) {}

    /** What the transport takes before it says that it is full. */
    private static final int FULL = 6;

    private final String name;
    private final SendingEnd sender;
    private final ArrayDeque<Message> forth = new ArrayDeque<>();
    private final ArrayDeque<Message> back = new ArrayDeque<>();
    private boolean isCut;
    private boolean wasFull;
    private long forthHeldUntil;
    private long backHeldUntil;

    Wire(String name, SendingEnd sender) {
        this.name = name;
        this.sender = sender;
    }

    SendingEnd sender() {
        return sender;
    }

    @Override
    public String toString() {
        return name;
    }

    boolean isCut() {
        return isCut;
    }

    boolean isReady() {
        wasFull |= forth.size() >= FULL;
        return forth.size() < FULL;
    }

    /** Whether it was full and is not any more; once. */
    boolean drained() {
        boolean now = wasFull && forth.size() < FULL;
        wasFull &= !now;
        return now;
    }

    void forth(Supplier<String> what, Runnable arrive) {
        if (!isCut) {
            forth.add(new Message(what, arrive));
        }
    }

    void back(Supplier<String> what, Runnable arrive) {
        if (!isCut) {
            back.add(new Message(what, arrive));
        }
    }

    boolean hasForth(long nowNanos) {
        return !forth.isEmpty() && nowNanos >= forthHeldUntil;
    }

    boolean hasBack(long nowNanos) {
        return !back.isEmpty() && nowNanos >= backHeldUntil;
    }

    Supplier<String> nextForth() {
        return forth.element().what;
    }

    Supplier<String> nextBack() {
        return back.element().what;
    }

    void arriveForth() {
        forth.remove().arrive.run();
    }

    void arriveBack() {
        back.remove().arrive.run();
    }

    /** Nothing arrives for a while, in the directions that are named. */
    void holdUp(boolean theForth, boolean theBack, long untilNanos) {
        forthHeldUntil = theForth ? untilNanos : forthHeldUntil;
        backHeldUntil = theBack ? untilNanos : backHeldUntil;
    }

    void cut() {
        isCut = true;
        forth.clear();
        back.clear();
    }
}
