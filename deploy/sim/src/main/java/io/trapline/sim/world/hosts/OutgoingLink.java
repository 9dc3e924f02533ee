package io.trapline.sim.world.hosts;

import io.trapline.model.Errno;
import io.trapline.node.peer.LinkAdmission.Hello;
import io.trapline.node.peer.LinkMarks;
import io.trapline.node.peer.LinkSender;
import io.trapline.node.peer.TrafficClass;
import io.trapline.node.protocol.Life;
import io.trapline.sim.world.cluster.host.SimStream;
import java.util.ArrayDeque;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What drives a {@link LinkSender}: one life's link to another. */
final class OutgoingLink implements LinkSender.Effects<Parcel> {
    private static final int ONE_WAITS_IN = 12;
    static final int WAITS_NANOS = 20_000_000;

    private final HostNode from;
    private final Life to;
    private final LinkSender<Parcel> rules = new LinkSender<>(this);
    private @Nullable Wire wire;
    /** What waits of a class, as it does where the credit of that is used up: what is of other classes overtakes it (D-19). */
    private final Map<TrafficClass, ArrayDeque<Parcel>> waiting = new EnumMap<>(TrafficClass.class);

    /** One connection, and what has accepted it. */
    static final class Wire {
        final SimStream stream;

        @Nullable
        IncomingLink end;

        Wire(SimStream stream) {
            this.stream = stream;
        }
    }

    OutgoingLink(HostNode from, Life to) {
        this.from = from;
        this.to = to;
    }

    void offer(TrafficClass of, Parcel parcel) {
        if (of == TrafficClass.ACCESSES && from.chance().oneIn(ONE_WAITS_IN)) {
            holdUp(of, WAITS_NANOS);
        }
        ArrayDeque<Parcel> behind = waiting.get(of);
        if (behind != null) {
            behind.add(parcel);
        } else {
            offerNow(of, parcel);
        }
    }

    /** For some time the credit of a class is used up. */
    void holdUp(TrafficClass of, int mostNanos) {
        if (!waiting.containsKey(of)) {
            waiting.put(of, new ArrayDeque<>());
            from.after(from.chance().upTo(mostNanos), () -> offerWaiting(of));
        }
    }

    private void offerWaiting(TrafficClass of) {
        ArrayDeque<Parcel> all = waiting.remove(of);
        if (all != null) {
            all.forEach(parcel -> offerNow(of, parcel));
        }
    }

    private void offerNow(TrafficClass of, Parcel parcel) {
        if (!rules.isOver()) {
            rules.offer(from.now(), of, parcel, Parcel.BYTES);
        }
    }

    void tick() {
        if (from.now() >= rules.wakeAt()) {
            rules.tick(from.now());
        }
    }

    /** One of the two lives is over. */
    void over() {
        rules.over();
    }

    @Override
    public void connect() {
        Hello hello = new Hello(from.life(), to, from.revision());
        Wire[] opened = new Wire[1];
        Wire fresh = new Wire(from.open(to.node(), node -> node.accept(hello, opened[0], this)));
        opened[0] = fresh;
        wire = fresh;
        fresh.stream.onLostAtClient(() -> lost(fresh));
    }

    @Override
    public void disconnect() {
        Wire now = wire;
        wire = null;
        if (now != null) {
            now.stream.endAtClient();
        }
    }

    @Override
    public boolean isReady() {
        return wire != null;
    }

    @Override
    public void send(TrafficClass of, long number, long ageMillis, long echo, Parcel parcel) {
        Wire now = wire;
        if (now != null) {
            now.stream.toServer(
                    () -> of + " " + number + " from " + from.life().node() + ": "
                            + parcel.what().get(),
                    () -> {
                        if (now.end != null) {
                            now.end.frame(now, of, number, ageMillis, echo, parcel);
                        }
                    });
        }
    }

    // What arrives.

    void welcome(Wire by, LinkMarks marks) {
        if (by == wire) {
            rules.welcome(from.now(), marks);
        }
    }

    void acknowledged(Wire by, LinkMarks marks) {
        if (by == wire) {
            rules.acknowledged(from.now(), marks);
        }
    }

    void refused(Wire by, Errno why) {
        if (by == wire) {
            wire = null;
            if (why == Errno.ESTALE) {
                rules.over();
            } else {
                rules.lost(from.now());
            }
        }
    }

    void lost(Wire by) {
        if (by == wire) {
            wire = null;
            rules.lost(from.now());
        }
    }
}
