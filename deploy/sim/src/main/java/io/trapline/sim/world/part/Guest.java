package io.trapline.sim.world.part;

import io.trapline.client.SendWindow;
import io.trapline.model.Errno;
import io.trapline.sim.check.AccessKey;
import io.trapline.sim.check.GuestAccess;
import io.trapline.sim.check.Violation;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A client that runs one vCPU: the real window of the client library, and what the library does around it. */
public final class Guest {
    private enum State {
        OPENING,
        OPEN,
        ENDED
    }

    public final int vcpu;
    private final Stage world;
    private final Reach reach;
    private final String name;
    private final int windowSize;
    private final SendWindow window;
    private final Set<Long> reported = new HashSet<>();
    private State state = State.OPENING;
    private @Nullable GuestLink link;
    private long epoch;
    private long token;
    private long toldThrough;
    private int streams;

    public Guest(Stage world, Reach reach, int vcpu, String name) {
        this.world = world;
        this.reach = reach;
        this.vcpu = vcpu;
        this.name = name;
        windowSize = 1 + world.chance.upTo(15);
        window = new SendWindow(vcpu, windowSize, world.settings.defaultTimeoutMillis);
    }

    public String name() {
        return name;
    }

    public boolean isEnded() {
        return state == State.ENDED;
    }

    public boolean isIdle() {
        return state == State.ENDED || (state == State.OPEN && window.outstanding() == 0);
    }

    @Nullable
    public GuestLink link() {
        return link;
    }

    /** It does one thing; {@code submits}: it may also submit accesses. */
    public void act(boolean submits) {
        if (state == State.ENDED) {
            return;
        }
        long now = world.time.getAsLong();
        if (now >= window.wakeNanos()) {
            window.expire(now, (sequence, errno) -> report(sequence));
        }
        GuestLink stream = link;
        if (stream == null) {
            connect();
        } else if (state == State.OPEN) {
            while (submits && window.room() > 0 && world.chance.random().nextBoolean()) {
                submit(now);
            }
            send(stream, now);
        } else if (submits && token != 0 && world.chance.oneIn(4) && window.room() > 0) {
            submit(now);
        }
    }

    private void connect() {
        GuestLink stream = new GuestLink(world, this, reach, name + " stream " + ++streams);
        link = stream;
        if (token == 0) {
            stream.sendOpen(vcpu, windowSize);
        } else {
            stream.sendResume(vcpu, token, window.receivedThrough());
        }
    }

    private void submit(long now) {
        submit(now, world.workload.next());
    }

    /** It submits that access, which it sends when it acts next. */
    public GuestAccess submit(GuestRow access) {
        return submit(world.time.getAsLong(), access);
    }

    private GuestAccess submit(long now, GuestRow access) {
        long sequence = window.submit(
                now, access.address(), access.attributes(), access.data(), access.count(), access.timeoutMillis());
        int timeout = access.timeoutMillis() == 0 ? world.settings.defaultTimeoutMillis : access.timeoutMillis();
        GuestAccess submitted = new GuestAccess(
                new AccessKey(vcpu, epoch, sequence),
                access.attributes(),
                access.address(),
                access.data(),
                access.count(),
                windowSize,
                world.workload.shards(access),
                now,
                timeout * 1_000_000L);
        world.chance.say(() -> name + " submits " + submitted);
        world.history.submitted(submitted);
        return submitted;
    }

    private void send(GuestLink stream, long now) {
        for (SendWindow.Next kind = window.next(now); kind != SendWindow.Next.NOTHING; kind = window.next(now)) {
            List<GuestRow> rows = new ArrayList<>();
            window.take(
                    now,
                    1 + world.chance.upTo(15),
                    (of, sequence, address, attributes, data, count, timeout) ->
                            rows.add(new GuestRow(sequence, address, attributes, data, count, timeout)));
            toldThrough = window.receivedThrough();
            stream.sendBatch(vcpu, rows, kind == SendWindow.Next.RESENT, toldThrough);
        }
        if (window.receivedThrough() != toldThrough) {
            toldThrough = window.receivedThrough();
            stream.sendReceived(vcpu, toldThrough);
        }
    }

    public void opened(GuestLink from, long ofEpoch, long nextSequence, long theToken) {
        if (from != link || state != State.OPENING) {
            return;
        }
        if (token == 0) {
            window.opened(nextSequence);
        } else {
            window.resumed();
        }
        epoch = ofEpoch;
        token = theToken;
        toldThrough = window.receivedThrough();
        state = State.OPEN;
    }

    public void answered(GuestLink from, List<GuestLink.Answer> answers) {
        if (from != link || state == State.ENDED) {
            return;
        }
        for (GuestLink.Answer answer : answers) {
            AccessKey key = new AccessKey(vcpu, epoch, answer.sequence());
            world.history.reaches(key, answer.data(), answer.errno(), answer.fromShard());
            if (window.answer(world.time.getAsLong(), answer.sequence(), answer.errno()) == SendWindow.Taken.OUTCOME) {
                report(answer.sequence());
            }
        }
    }

    private void report(long sequence) {
        if (!reported.add(sequence)) {
            throw new Violation("A4", "v%d@%d#%d is reported to its caller twice", vcpu, epoch, sequence);
        }
    }

    public void lost(GuestLink from) {
        if (from == link && state != State.ENDED) {
            link = null;
            state = State.OPENING;
            window.lost();
        }
    }

    public void fenced(GuestLink from) {
        if (from == link && state != State.ENDED) {
            end();
        }
    }

    private void end() {
        state = State.ENDED;
        window.end(Errno.ESTALE, (sequence, errno) -> report(sequence));
        if (reported.size() != window.nextSequence() - 1) {
            throw new Violation(
                    "A4", "vCPU %d: %d accesses, %d reported", vcpu, window.nextSequence() - 1, reported.size());
        }
    }

    /** The stream is cut. */
    public void cut() {
        if (link != null) {
            link.cut();
        }
    }

    /** How many accesses it may have under way. */
    public int window() {
        return windowSize;
    }

    /** When time alone makes a difference to it. */
    public long wakeNanos() {
        return state == State.ENDED ? Long.MAX_VALUE : window.wakeNanos();
    }

    @Override
    public String toString() {
        return name + " (window " + windowSize + ", epoch " + epoch + "): " + state + ", outstanding "
                + window.outstanding() + ", received through " + window.receivedThrough();
    }
}
