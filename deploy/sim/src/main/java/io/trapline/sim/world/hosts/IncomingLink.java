package io.trapline.sim.world.hosts;

import io.trapline.node.peer.LinkMarks;
import io.trapline.node.peer.LinkReceiver;
import io.trapline.node.peer.TrafficClass;
import io.trapline.sim.check.Violation;
import io.trapline.sim.world.hosts.OutgoingLink.Wire;
import org.jspecify.annotations.Nullable;

/** What drives a {@link LinkReceiver}: what one life has from another. */
final class IncomingLink {
    private final HostNode to;
    private final LinkReceiver rules = new LinkReceiver();
    private @Nullable Wire wire;
    private @Nullable OutgoingLink sender;

    IncomingLink(HostNode to) {
        this.to = to;
    }

    /** A connection was accepted: any earlier one ends. */
    void connected(Wire accepted, OutgoingLink from) {
        Wire before = wire;
        wire = accepted;
        sender = from;
        accepted.end = this;
        accepted.stream.onLostAtServer(() -> lost(accepted));
        if (before != null && before != accepted) {
            end(before);
        }
        rules.connected(to.now());
        LinkMarks marks = perhapsOlder(rules.acknowledge(to.now()));
        accepted.stream.toClient(() -> "welcome", () -> from.welcome(accepted, marks));
    }

    /** A sender that knows less of what has arrived sends more again: nothing may come of that. */
    private LinkMarks perhapsOlder(LinkMarks marks) {
        long[] through = marks.receivedThrough().clone();
        for (int i = 0; i < through.length; i++) {
            through[i] -= Math.min(through[i], to.chance().upTo(3));
        }
        return new LinkMarks(through, marks.creditBytes(), marks.stamp());
    }

    void frame(Wire by, TrafficClass of, long number, long ageMillis, long echo, Parcel parcel) {
        if (by != wire) {
            return;
        }
        switch (rules.frame(to.now(), of, number, echo, Parcel.BYTES)) {
            case TAKE -> {
                take(ageMillis, parcel);
                if (rules.taken(of, Parcel.BYTES)) {
                    acknowledge();
                }
            }
            case DROP -> {
                if (to.takesFramesAgain()) {
                    take(ageMillis, parcel);
                }
            }
            case STALE -> {
                lost(by);
                end(by);
            }
            case REFUSE -> throw new Violation("D-18", "frame %d of %s comes behind none", number, of);
        }
    }

    private void take(long ageMillis, Parcel parcel) {
        parcel.message().at(to.node(), Parcel.times(parcel.offeredNanos(), ageMillis, to.now()));
    }

    private void end(Wire by) {
        OutgoingLink from = sender;
        if (from != null) {
            by.stream.endAtServer(() -> "the connection ends", () -> from.lost(by));
        }
    }

    private void lost(Wire by) {
        if (by == wire) {
            wire = null;
            rules.lost();
        }
    }

    /** The sender's life is over. */
    void over() {
        Wire now = wire;
        if (now != null) {
            lost(now);
            end(now);
        }
    }

    void tick() {
        if (to.now() >= rules.wakeAt()) {
            acknowledge();
        }
    }

    private void acknowledge() {
        Wire now = wire;
        OutgoingLink from = sender;
        if (now != null && from != null) {
            LinkMarks marks = rules.acknowledge(to.now());
            now.stream.toClient(() -> "acknowledgement", () -> from.acknowledged(now, marks));
        }
    }
}
