package io.trapline.node.shard;

import io.trapline.node.protocol.SessionsHere;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The client sessions of a node, which end when a test says so. */
final class FakeSessions implements SessionsHere {
    private final Set<Long> ended = new HashSet<>();
    private final Map<Long, Set<Runnable>> watching = new LinkedHashMap<>();
    private final Map<Long, Long> acknowledged = new LinkedHashMap<>();
    int kept;
    boolean full;

    void end(long session) {
        ended.add(session);
        Optional.ofNullable(watching.remove(session)).ifPresent(all -> all.forEach(Runnable::run));
    }

    void acknowledge(long session, long through) {
        acknowledged.put(session, through);
        Optional.ofNullable(watching.get(session))
                .ifPresent(all -> List.copyOf(all).forEach(Runnable::run));
    }

    @Override
    public long acknowledgedThrough(long session) {
        return acknowledged.getOrDefault(session, 0L);
    }

    /** How many wait for the end of some session. */
    int watchers() {
        return watching.values().stream().mapToInt(Set::size).sum();
    }

    @Override
    public boolean hasEnded(long session) {
        return ended.contains(session);
    }

    @Override
    public void watch(long session, Runnable told) {
        if (hasEnded(session)) {
            told.run();
        } else {
            watching.computeIfAbsent(session, id -> new LinkedHashSet<>()).add(told);
        }
    }

    @Override
    public void unwatch(long session, Runnable told) {
        Optional.ofNullable(watching.get(session)).ifPresent(all -> all.remove(told));
    }

    @Override
    public void keep(int more) {
        kept += more;
    }

    @Override
    public boolean isFull() {
        return full;
    }
}
