package io.trapline.sim.world;

import io.trapline.sim.run.Chance;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * The one clock, the one source of chance, and everything that is on its way. What is told arrives in order and at any time: between two parties where they
 * are on different hosts, in the order of telling at a receiver where its senders are in one process.
 */
final class Schedule implements LongSupplier, Chance {
    final RandomGenerator random;
    private final boolean oneProcess;
    private final int traceLines;
    private final Map<String, Channel> channels = new HashMap<>();
    private final List<Channel> waiting = new ArrayList<>();
    private final ArrayDeque<String> trace = new ArrayDeque<>();
    private long nowNanos = 1_000_000_000L;
    private long step;

    /** @param traceLines how many lines of what happened to remember, for a reader */
    Schedule(long seed, int traceLines) {
        random = new SplittableRandom(seed);
        oneProcess = random.nextInt(3) > 0;
        this.traceLines = traceLines;
    }

    @Override
    public long getAsLong() {
        return nowNanos;
    }

    long step() {
        return step;
    }

    boolean oneProcess() {
        return oneProcess;
    }

    @Override
    public RandomGenerator random() {
        return random;
    }

    /** From one actor to another of the same node. */
    Channel between(String from, String to) {
        return channel(oneProcess ? "→" + to : from + "→" + to);
    }

    /** Over a network: in order by itself, and in no order with anything else. */
    Channel channel(String name) {
        return channels.computeIfAbsent(name, fresh -> new Channel(name, this));
    }

    void remove(Channel channel) {
        channel.clear();
        channels.remove(channel.name());
    }

    void isWaiting(Channel channel) {
        waiting.add(channel);
    }

    void isEmpty(Channel channel) {
        waiting.remove(channel);
    }

    boolean hasWaiting() {
        return !waiting.isEmpty();
    }

    /** Lets one message arrive, if there is one. */
    boolean deliver() {
        if (waiting.isEmpty()) {
            return false;
        }
        Channel channel = oneOf(waiting);
        if (channel.isHeldUp()) {
            channel = oneOf(waiting);
        }
        if (channel.isHeldUp()) {
            return false;
        }
        arrive(channel);
        return true;
    }

    private void arrive(Channel channel) {
        Channel.Message message = channel.take();
        if (traceLines > 0) {
            say(() -> channel.name() + ": " + message.what().get());
        }
        message.arrive().run();
    }

    /** Nothing of one channel arrives for a while. */
    void holdUpOne() {
        if (!waiting.isEmpty()) {
            waiting.get(random.nextInt(waiting.size())).holdUp(step + 1 + upTo(400));
        }
    }

    void advance(long nanos) {
        nowNanos += nanos;
        step++;
    }

    @Override
    public void say(Supplier<String> line) {
        if (traceLines > 0) {
            if (trace.size() == traceLines) {
                trace.remove();
            }
            trace.add("%6d %9.3f ms  %s".formatted(step, nowNanos / 1e6, line.get()));
        }
    }

    /** The last things that happened. */
    List<String> trace() {
        return List.copyOf(trace);
    }
}
