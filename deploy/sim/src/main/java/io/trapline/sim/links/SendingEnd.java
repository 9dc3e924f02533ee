package io.trapline.sim.links;

import io.trapline.model.Errno;
import io.trapline.node.peer.LinkAdmission.Hello;
import io.trapline.node.peer.LinkMarks;
import io.trapline.node.peer.LinkSender;
import io.trapline.node.peer.TrafficClass;
import io.trapline.node.protocol.Life;
import org.jspecify.annotations.Nullable;

/** What drives a {@link LinkSender}: one life's link to another. */
final class SendingEnd implements LinkSender.Effects<LinkItem> {
    private final LinkWorld world;
    private final LinkHost host;
    private final Life to;
    private final LinkSender<LinkItem> rules = new LinkSender<>(this);
    private @Nullable Wire wire;

    SendingEnd(LinkWorld world, LinkHost host, Life to) {
        this.world = world;
        this.host = host;
        this.to = to;
    }

    Life to() {
        return to;
    }

    boolean isOver() {
        return rules.isOver();
    }

    void offer(TrafficClass of, int bytes) {
        if (!rules.isOver() && !rules.isCongested(of)) {
            long index = world.checks.offer(host.self(), to, of);
            rules.offer(host.clock(), of, new LinkItem(host.self(), to, of, index, bytes, world.nowNanos()), bytes);
        }
    }

    void act() {
        Wire now = wire;
        if (now != null && now.drained()) {
            rules.ready(host.clock());
        }
        if (host.clock() >= rules.wakeAt()) {
            rules.tick(host.clock());
        }
    }

    void over() {
        rules.over();
    }

    @Override
    public void connect() {
        Wire fresh = world.open(host.self() + "→" + to, this);
        wire = fresh;
        Hello hello = new Hello(host.self(), to, host.revision());
        fresh.forth(() -> "hello", () -> world.at(to.node()).hello(hello, fresh, this));
    }

    @Override
    public void disconnect() {
        Wire now = wire;
        wire = null;
        if (now != null) {
            world.cut(now);
        }
    }

    @Override
    public boolean isReady() {
        Wire now = wire;
        return now != null && now.isReady();
    }

    @Override
    public void send(TrafficClass of, long number, long ageMillis, long echo, LinkItem item) {
        Wire now = wire;
        if (now != null) {
            now.forth(() -> "frame " + number + " of " + item, () -> world.frame(now, number, ageMillis, echo, item));
        }
    }

    // What arrives.

    void welcome(Wire from, LinkMarks marks) {
        if (from == wire) {
            rules.welcome(host.clock(), world.plants(LinkPlant.FRAME_LOST) ? forgetful(marks) : marks);
        }
    }

    void acknowledged(Wire from, LinkMarks marks) {
        if (from == wire) {
            rules.acknowledged(host.clock(), world.plants(LinkPlant.CREDIT_NOT_KEPT) ? generous(marks) : marks);
        }
    }

    void refused(Wire from, Errno why) {
        if (from == wire) {
            wire = null;
            world.cut(from);
            if (why == Errno.ESTALE) {
                rules.over();
            } else {
                rules.lost(host.clock());
            }
        }
    }

    void lost(Wire from) {
        if (from == wire) {
            wire = null;
            rules.lost(host.clock());
        }
    }

    private static LinkMarks generous(LinkMarks marks) {
        long[] credit = marks.creditBytes().clone();
        for (int i = 0; i < credit.length; i++) {
            credit[i] += 2L << 20;
        }
        return new LinkMarks(marks.receivedThrough(), credit, marks.stamp());
    }

    private static LinkMarks forgetful(LinkMarks marks) {
        long[] through = marks.receivedThrough().clone();
        for (int i = 0; i < through.length; i++) {
            through[i] += through[i] > 0 ? 1 : 0;
        }
        return new LinkMarks(through, marks.creditBytes(), marks.stamp());
    }
}
