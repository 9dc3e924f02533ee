package io.trapline.sim.world.copies;

import io.trapline.node.protocol.SessionsHere;
import io.trapline.node.registry.ClientSessions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The client sessions that a node knows of, by the real rules; who waits for the end of one is told in the order of asking, so that a seed is its whole run. */
final class SessionsOfNode implements SessionsHere {
    private final ClientSessions known = new ClientSessions();
    private final Set<Long> live = new TreeSet<>();
    private final Map<Long, Set<Runnable>> watching = new LinkedHashMap<>();

    ClientSessions known() {
        return known;
    }

    /** Those that there are. */
    Set<Long> live() {
        return live;
    }

    /** What begins and ends with a revision. */
    void change(long revision, List<Long> begun, List<Long> ended) {
        live.addAll(begun);
        ended.forEach(live::remove);
        known.change(revision, begun, ended);
        ended.forEach(this::tell);
    }

    private void tell(long session) {
        Set<Runnable> all = watching.remove(session);
        if (all != null) {
            new ArrayList<>(all).forEach(Runnable::run);
        }
    }

    @Override
    public boolean hasEnded(long session) {
        return known.hasEnded(session);
    }

    @Override
    public void watch(long session, Runnable ended) {
        watching.computeIfAbsent(session, fresh -> new LinkedHashSet<>()).add(ended);
        if (hasEnded(session)) {
            tell(session);
        }
    }

    @Override
    public void unwatch(long session, Runnable ended) {
        Set<Runnable> all = watching.get(session);
        if (all != null) {
            all.remove(ended);
        }
    }

    @Override
    public void keep(int more) {
        known.keep(more);
    }

    @Override
    public boolean isFull() {
        return known.isFull();
    }
}
