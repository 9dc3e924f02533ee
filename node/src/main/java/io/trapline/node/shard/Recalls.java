package io.trapline.node.shard;

import io.trapline.model.Pure;
import io.trapline.node.replica.StateImage;
import io.trapline.node.rows.KeyRows;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Type changes that wait for servers to give back what they had not delivered (F5), and the ioreqs that are asked back. A type change waits for
 * servers' actors only, never for an emulator.
 */
@Pure
final class Recalls {
    private final ShardEffects effects;
    private final Map<Integer, KeyRows> caught = new TreeMap<>();
    private final List<Waiting> waiting = new ArrayList<>();
    private long lastRecall;
    private long changes;
    private long token;

    Recalls(ShardEffects effects) {
        this.effects = effects;
    }

    private static final class Waiting {
        final long token;
        final Map<Integer, Long> recallByServer = new HashMap<>();

        Waiting(long token) {
            this.token = token;
        }

        static Waiting ofImage(StateImage image) {
            Waiting change = new Waiting(image.of(0L));
            for (int left = image.of(0); left > 0; left--) {
                change.recallByServer.put(image.of(0), image.of(0L));
            }
            return change;
        }

        void image(StateImage image) {
            image.of(token);
            image.of(recallByServer.size());
            recallByServer.forEach((server, recall) -> {
                image.of((int) server);
                image.of((long) recall);
            });
        }
    }

    /** A type change begins to collect what it has caught. */
    void begin(long aToken) {
        token = aToken;
        changes++;
        caught.clear();
    }

    /** Collects what servers have of that lane and would no longer be passed. */
    void addCaught(VcpuLane lane, Pages pages) {
        CutAccess cut = lane.cut;
        if (cut != null) {
            int decision = pages.decide(cut.partAttributes(), cut.partAddress(), cut.partBytes(), cut.partCount());
            if (lane.outstanding > 0 && !Pages.goesTo(decision, lane.target)) {
                add(lane.target, lane.vcpu, lane.epoch, cut.sequence, cut.part());
            }
        }
        for (int i = 0; i < lane.ordered(); i++) {
            int place = lane.orderedPlace(i);
            if (lane.state[place] == VcpuLane.AT_SERVER && !Pages.goesTo(pages.decide(lane, place), lane.target)) {
                add(lane.target, lane.vcpu, lane.epoch, lane.sequence[place], 0);
            }
        }
        for (PostedRows.Row row : lane.posted.rows()) {
            if (!row.returned && !Pages.goesTo(pages.decide(row), row.serverId)) {
                add(row.serverId, lane.vcpu, row.epoch, row.sequence, 0);
            }
        }
    }

    /**
     * These servers have other homes: what does not belong there any more is asked back there, whether the home before had been asked or not: the time that it
     * had given it is not known there (F5).
     */
    void moved(BitSet servers, VcpuLanes lanes, Pages pages, int drainMillis) {
        for (int id = servers.nextSetBit(0); id >= 0; id = servers.nextSetBit(id + 1)) {
            int server = id;
            caught.clear();
            lanes.all().forEach(lane -> addCaught(lane, pages));
            KeyRows keys = caught.getOrDefault(server, new KeyRows(1));
            caught.clear();
            if (!keys.isEmpty() || waiting.stream().anyMatch(change -> change.recallByServer.containsKey(server))) {
                long recall = ++lastRecall;
                waiting.forEach(change -> change.recallByServer.replace(server, recall));
                effects.recall(server, recall, changes, keys, drainMillis);
            }
        }
    }

    private void add(int serverId, int vcpu, long epoch, long sequence, int part) {
        caught.computeIfAbsent(serverId, id -> new KeyRows(16)).add(vcpu, epoch, sequence, part);
    }

    /** Asks back what was collected; a change that caught nothing is over at once. */
    void send(int drainMillis) {
        if (caught.isEmpty()) {
            effects.typesChanged(token);
            return;
        }
        Waiting change = new Waiting(token);
        caught.forEach((serverId, keys) -> {
            change.recallByServer.put(serverId, ++lastRecall);
            effects.recall(serverId, lastRecall, changes, keys, drainMillis);
        });
        waiting.add(change);
        caught.clear();
    }

    /** All that a fresh copy has to have of it, both ways (D-24). Between two steps nothing is {@link #caught}. */
    void image(StateImage image) {
        image.each(waiting, change -> change.image(image), () -> Waiting.ofImage(image));
        lastRecall = image.of(lastRecall);
        changes = image.of(changes);
        token = image.of(token);
    }

    /** How many type changes there have been. */
    long changes() {
        return changes;
    }

    /** Whether the type change of that token waits for a server. */
    boolean isWaiting(long aToken) {
        return waiting.stream().anyMatch(change -> change.token == aToken);
    }

    void answered(int serverId, long recall) {
        forEachWaiting(change -> change.recallByServer.remove(serverId, recall));
    }

    /** Servers that are not present any more have given back all they had. */
    void onlyFrom(BitSet present) {
        forEachWaiting(change -> change.recallByServer.keySet().removeIf(serverId -> !present.get(serverId)));
    }

    private void forEachWaiting(java.util.function.Consumer<Waiting> step) {
        for (Iterator<Waiting> changes = waiting.iterator(); changes.hasNext(); ) {
            Waiting change = changes.next();
            step.accept(change);
            if (change.recallByServer.isEmpty()) {
                changes.remove();
                effects.typesChanged(change.token);
            }
        }
    }
}
