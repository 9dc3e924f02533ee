package io.trapline.sim.links;

import io.trapline.model.Refusal;
import io.trapline.node.peer.LinkAdmission;
import io.trapline.node.peer.LinkAdmission.Hello;
import io.trapline.node.peer.LinkAdmission.Receiver;
import io.trapline.node.peer.TrafficClass;
import io.trapline.node.protocol.Life;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One life of a node: its links to the others and from them, and what it knows of the registry. */
final class LinkHost {
    private final LinkWorld world;
    private final Life self;
    /** Added to true time: no clock is comparable with another's. */
    private final long clockOffset;

    private final Map<String, Long> known = new HashMap<>();
    private final Map<Life, SendingEnd> sending = new LinkedHashMap<>();
    private final Map<Life, ReceivingEnd> receiving = new LinkedHashMap<>();
    private int revision;
    private boolean ended;

    LinkHost(LinkWorld world, Life self, long clockOffset) {
        this.world = world;
        this.self = self;
        this.clockOffset = clockOffset;
    }

    Life self() {
        return self;
    }

    long clock() {
        return world.nowNanos() + clockOffset;
    }

    int revision() {
        return revision;
    }

    boolean isEnded() {
        return ended;
    }

    /** The life of a node that it knows of, 0 = none. */
    long knows(String node) {
        return known.getOrDefault(node, 0L);
    }

    /** Hears of the next life that was registered, if there is one. */
    void applyNext() {
        if (ended || revision == world.registered.size()) {
            return;
        }
        Life life = world.registered.get(revision++);
        Long before = known.put(life.node(), life.incarnation());
        if (before != null) {
            Life over = new Life(life.node(), before);
            SendingEnd to = sending.remove(over);
            if (to != null) {
                to.over();
            }
            ReceivingEnd from = receiving.remove(over);
            if (from != null) {
                from.over();
            }
        }
        if (before != null && life.node().equals(self.node()) && before == self.incarnation()) {
            end();
        }
    }

    /** The process ends: what it had is lost. */
    void end() {
        ended = true;
        sending.values().forEach(SendingEnd::over);
        receiving.values().forEach(ReceivingEnd::over);
        sending.clear();
        receiving.clear();
    }

    /** Tells another life something, where it knows one. */
    void offer(String node, TrafficClass of, int bytes) {
        long incarnation = knows(node);
        if (!ended && incarnation != 0 && !node.equals(self.node())) {
            sending.computeIfAbsent(new Life(node, incarnation), to -> new SendingEnd(world, this, to))
                    .offer(of, bytes);
        }
    }

    void hello(Hello hello, Wire wire, SendingEnd sender) {
        Optional<Refusal> refusal = LinkAdmission.check(
                hello, new Receiver(self, revision, knows(hello.from().node())));
        if (refusal.isPresent() && !world.plants(LinkPlant.OLD_LIFE_ACCEPTED)) {
            wire.back(() -> "refused", () -> sender.refused(wire, refusal.get().errno()));
            return;
        }
        ReceivingEnd end = receiving.computeIfAbsent(hello.from(), from -> new ReceivingEnd(world, this));
        world.accepted(wire, end);
        end.connected(wire, sender);
    }

    void act() {
        List.copyOf(sending.values()).forEach(SendingEnd::act);
        List.copyOf(receiving.values()).forEach(ReceivingEnd::act);
    }

    void carryOutOne() {
        List<ReceivingEnd> ends = new ArrayList<>(receiving.values());
        if (!ends.isEmpty()) {
            ends.get(world.upTo(ends.size() - 1)).carryOut();
        }
    }

    boolean isIdle() {
        return receiving.values().stream().allMatch(ReceivingEnd::isIdle);
    }
}
