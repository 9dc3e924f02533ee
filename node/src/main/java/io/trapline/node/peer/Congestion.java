package io.trapline.node.peer;

/** Of which classes more waits at a link than may be under way: whoever admits work looks here first. Written by the link's actor, read by any thread. */
final class Congestion {
    private volatile int classes;

    void update(LinkSender<?> link) {
        int now = 0;
        for (int i = 0; i < TrafficClass.count(); i++) {
            if (link.isCongested(TrafficClass.at(i))) {
                now |= 1 << i;
            }
        }
        if (now != classes) {
            classes = now;
        }
    }

    boolean isCongested(TrafficClass of) {
        return (classes & 1 << of.index()) != 0;
    }
}
