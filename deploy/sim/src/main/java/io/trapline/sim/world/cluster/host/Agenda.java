package io.trapline.sim.world.cluster.host;

import io.trapline.sim.run.Chance;
import java.util.ArrayDeque;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/** True time, which no process can read; what happens when; and the one source of chance. */
public final class Agenda implements Chance {
    private record Event(long atNanos, long order, Runnable what) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            return atNanos != other.atNanos ? Long.compare(atNanos, other.atNanos) : Long.compare(order, other.order);
        }
    }

    private final RandomGenerator random;
    private final int traceLines;
    private final ArrayDeque<String> trace = new ArrayDeque<>();
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private long nowNanos;
    private long order;
    private long steps;

    /** @param traceLines how many of the last lines of what happened to remember, for a reader */
    public Agenda(long seed, int traceLines) {
        random = new SplittableRandom(seed);
        this.traceLines = traceLines;
    }

    /** True time since the world began. */
    public long now() {
        return nowNanos;
    }

    /** How many things have happened. */
    public long steps() {
        return steps;
    }

    /** Something happens after so many nanoseconds of true time; what is to happen at one time happens in the order of telling. */
    public void after(long nanos, Runnable what) {
        events.add(new Event(nowNanos + Math.max(0, nanos), order++, what));
    }

    /** The next thing happens. False: there is none. */
    public boolean step() {
        Event next = events.poll();
        if (next == null) {
            return false;
        }
        nowNanos = next.atNanos();
        steps++;
        next.what().run();
        return true;
    }

    @Override
    public RandomGenerator random() {
        return random;
    }

    /** A time between the two, both included. */
    public long between(long leastNanos, long mostNanos) {
        return random.nextLong(leastNanos, mostNanos + 1);
    }

    /** Any number but 0. */
    public long name() {
        long drawn = random.nextLong();
        return drawn == 0 ? 1 : drawn;
    }

    public double fraction() {
        return random.nextDouble();
    }

    @Override
    public void say(Supplier<String> line) {
        if (traceLines > 0) {
            if (trace.size() == traceLines) {
                trace.remove();
            }
            trace.add("%7d %11.3f ms  %s".formatted(steps, nowNanos / 1e6, line.get()));
        }
    }

    /** The last things that happened. */
    public List<String> trace() {
        return List.copyOf(trace);
    }
}
