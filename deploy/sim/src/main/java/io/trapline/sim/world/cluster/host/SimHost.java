package io.trapline.sim.world.cluster.host;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * A host with one process: it may be stopped for any time (SIGSTOP), crash, and be started again as another life. While it is stopped its clock goes on, and
 * what arrives or falls due waits in order, as in the buffers of a kernel.
 */
public final class SimHost {
    private static final long LONGEST_STEP = 20_000;

    private final Agenda agenda;
    private final String name;
    private final SimClock clock;
    private final boolean clockStops;
    private final ArrayDeque<Runnable> held = new ArrayDeque<>();
    private final List<Runnable> watchers = new ArrayList<>();
    private int life;
    private boolean isUp;
    private boolean isPaused;
    private long wentOnNanos = -1;

    /** @param clockStops whether its clock stands still while it is stopped, which none may */
    public SimHost(Agenda agenda, String name, boolean clockStops) {
        this.agenda = agenda;
        this.name = name;
        this.clockStops = clockStops;
        clock = new SimClock(agenda);
    }

    public String name() {
        return name;
    }

    /** Its monotonic clock. */
    public SimClock clock() {
        return clock;
    }

    /** Which life of its process this is or was: 1 and up. */
    public int life() {
        return life;
    }

    /** Whether its process runs or is stopped. */
    public boolean isUp() {
        return isUp;
    }

    /** Whether that life still is. */
    public boolean isUp(int ofLife) {
        return isUp && life == ofLife;
    }

    public boolean isPaused() {
        return isPaused;
    }

    /** Whether its process was stopped at any time since that moment of true time. */
    public boolean wasStoppedSince(long nanos) {
        return isPaused || wentOnNanos >= nanos;
    }

    /** Whether its process does what it has to. */
    public boolean runs() {
        return isUp && !isPaused;
    }

    /** Told whenever its process stops, goes on, crashes or starts. */
    void watch(Runnable watcher) {
        watchers.add(watcher);
    }

    /** Another life of its process. */
    public void start() {
        life++;
        isUp = true;
        agenda.say(() -> name + " starts, life " + life);
        watchers.forEach(Runnable::run);
    }

    /** {@code kill -9}. */
    public void crash() {
        agenda.say(() -> name + " crashes");
        isUp = false;
        isPaused = false;
        clock.go();
        held.clear();
        watchers.forEach(Runnable::run);
    }

    /** SIGSTOP. */
    public void pause() {
        agenda.say(() -> name + " is stopped");
        isPaused = true;
        if (clockStops) {
            clock.stop();
        }
        watchers.forEach(Runnable::run);
    }

    /** SIGCONT: what has waited is done, one after the other, before what comes now. */
    public void goOn() {
        if (isPaused) {
            agenda.say(() -> name + " goes on, " + held.size() + " wait");
            isPaused = false;
            wentOnNanos = agenda.now();
            clock.go();
            doNext(life);
            watchers.forEach(Runnable::run);
        }
    }

    /** Something arrives at that life of its process. */
    public void arrive(int ofLife, Runnable step) {
        if (!isUp(ofLife)) {
            return;
        }
        if (isPaused || !held.isEmpty()) {
            held.add(step);
        } else {
            step.run();
        }
    }

    /** A timer of the present life, by its own clock. */
    public void after(long clockNanos, Runnable step) {
        int ofLife = life;
        agenda.after(clock.trueNanos(clockNanos), () -> arrive(ofLife, step));
    }

    private void doNext(int ofLife) {
        agenda.after(agenda.between(0, LONGEST_STEP), () -> {
            if (!isUp(ofLife) || isPaused || held.isEmpty()) {
                return;
            }
            Runnable step = held.element();
            step.run();
            // It may have crashed in there.
            if (isUp(ofLife)) {
                held.remove();
                doNext(ofLife);
            }
        });
    }

    @Override
    public String toString() {
        return name + (isUp ? isPaused ? " (stopped)" : "" : " (down)");
    }
}
