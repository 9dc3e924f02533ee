package io.trapline.sim.world.hosts;

import io.trapline.model.Errno;
import io.trapline.node.peer.LinkAdmission.Hello;
import io.trapline.node.peer.LinkMarks;
import io.trapline.node.peer.LinkSender;
import io.trapline.node.peer.TrafficClass;
import io.trapline.node.protocol.Life;
import io.trapline.sim.world.cluster.host.SimStream;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** What drives a {@link LinkSender}: one life's link to another. */
final class OutgoingLink implements LinkSender.Effects<Parcel> {
    private static final int ONE_WAITS_IN = 12;
    private static final int WAITS_NANOS = 20_000_000;

    private final HostNode from;
    private final Life to;
    private final LinkSender<Parcel> rules = new LinkSender<>(this);
    private @Nullable Wire wire;
    /** Accesses that wait, as they do where the credit of their class is used up: what is of other classes overtakes them (D-19). */
    private final ArrayDeque<Parcel> waiting = new ArrayDeque<>();

    private boolean isHeldUp;

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
        boolean mayWait = of == TrafficClass.ACCESSES;
        if (mayWait && !isHeldUp && from.chance().oneIn(ONE_WAITS_IN)) {
            holdUp();
        }
        if (mayWait && isHeldUp) {
            waiting.add(parcel);
        } else {
            offerNow(of, parcel);
        }
    }

    /** For some time the credit of accesses is used up. */
    void holdUp() {
        if (!isHeldUp) {
            isHeldUp = true;
            from.after(from.chance().upTo(WAITS_NANOS), this::offerWaiting);
        }
    }

    private void offerWaiting() {
        isHeldUp = false;
        waiting.forEach(parcel -> offerNow(TrafficClass.ACCESSES, parcel));
        waiting.clear();
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
