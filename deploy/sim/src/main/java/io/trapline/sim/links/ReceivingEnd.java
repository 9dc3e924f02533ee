package io.trapline.sim.links;

import io.trapline.node.peer.LinkMarks;
import io.trapline.node.peer.LinkReceiver;
import io.trapline.node.protocol.Life;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** What drives a {@link LinkReceiver}: what one life has from another. */
final class ReceivingEnd {
    private final LinkWorld world;
    private final LinkHost host;
    private final LinkReceiver rules = new LinkReceiver();
    /** What the actors have not taken. */
    private final ArrayDeque<LinkItem> held = new ArrayDeque<>();

    private @Nullable Wire wire;
    private @Nullable SendingEnd sender;

    ReceivingEnd(LinkWorld world, LinkHost host) {
        this.world = world;
        this.host = host;
    }

    /** A connection was accepted: any earlier one ends. */
    void connected(Wire accepted, SendingEnd from) {
        Wire before = wire;
        if (before != null && before != accepted) {
            world.cut(before);
        }
        wire = accepted;
        sender = from;
        rules.connected(host.clock());
        LinkMarks marks = perhapsOlder(rules.acknowledge(host.clock()));
        accepted.back(() -> "welcome", () -> from.welcome(accepted, marks));
    }

    /** A sender that knows less of what has arrived sends more again: nothing may come of that. */
    private LinkMarks perhapsOlder(LinkMarks marks) {
        long[] through = marks.receivedThrough().clone();
        for (int i = 0; i < through.length; i++) {
            through[i] -= Math.min(through[i], world.upTo(2) == 0 ? 3 : 0);
        }
        return new LinkMarks(through, marks.creditBytes(), marks.stamp());
    }

    void frame(Wire from, long number, long ageMillis, long echo, LinkItem item) {
        if (from != wire) {
            return;
        }
        long now = host.clock();
        long believed = world.plants(LinkPlant.STALE_FRAME_TAKEN) ? now : echo;
        switch (rules.frame(now, item.of(), number, believed, item.bytes())) {
            case TAKE -> take(item, ageMillis);
            case DROP -> {
                if (world.plants(LinkPlant.FRAME_TWICE)) {
                    take(item, ageMillis);
                }
            }
            case STALE -> {
                world.cut(from);
                lost(from);
            }
            case REFUSE -> world.checks.refused(host.self(), item);
        }
    }

    private void take(LinkItem item, long ageMillis) {
        Life from = item.from();
        world.checks.arrived(host.self(), host.knows(from.node()), item, ageMillis, world.nowNanos());
        held.add(item);
    }

    void lost(Wire from) {
        if (from == wire) {
            wire = null;
            rules.lost();
        }
    }

    /** The sender's life is over. */
    void over() {
        Wire now = wire;
        if (now != null) {
            world.cut(now);
            lost(now);
        }
    }

    boolean isIdle() {
        return held.isEmpty();
    }

    /** Actors take something, perhaps. */
    void carryOut() {
        if (!held.isEmpty()) {
            LinkItem item = held.remove();
            world.checks.carriedOut(item);
            if (rules.taken(item.of(), item.bytes())) {
                acknowledge();
            }
        }
    }

    void act() {
        if (host.clock() >= rules.wakeAt()) {
            acknowledge();
        }
    }

    private void acknowledge() {
        Wire now = wire;
        SendingEnd to = sender;
        if (now != null && to != null) {
            LinkMarks marks = rules.acknowledge(host.clock());
            now.back(() -> "acknowledgement", () -> to.acknowledged(now, marks));
        }
    }
}
