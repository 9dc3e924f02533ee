package io.trapline.sim.check;

import io.trapline.model.Errno;
import io.trapline.node.rows.KeyRows;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Every access that a guest has submitted, and what the node has told of it (A4). */
public final class History {
    private record Stream(int vcpu, long epoch) {}

    /** Of one vCPU stream: its accesses from number 1 on, and from which on somebody may still have to wait. */
    private static final class Accesses {
        final List<GuestAccess> all = new ArrayList<>();
        int firstOpen;
    }

    private final Map<Stream, Accesses> streams = new HashMap<>();
    /** By vCPU. */
    private final Map<Integer, Long> newestEpoch = new HashMap<>();

    private long submitted;
    private long answered;

    /** A guest has taken an access in. */
    public void submitted(GuestAccess access) {
        Accesses of =
                streams.computeIfAbsent(new Stream(access.key.vcpu(), access.key.epoch()), stream -> new Accesses());
        of.all.add(access);
        submitted++;
        if (of.all.size() != access.key.sequence()) {
            throw new Violation("A1", "%s is number %d of its stream", access.key, of.all.size());
        }
    }

    /** A vCPU is opened anew: what its older streams have under way is let go, but for posted writes (A6, F3). */
    public void reopened(int vcpu, long epoch) {
        newestEpoch.merge(vcpu, epoch, Math::max);
    }

    /** The access under that key. */
    public GuestAccess of(AccessKey key) {
        GuestAccess access = find(key);
        if (access == null) {
            throw new Violation("A4", "%s was never submitted", key);
        }
        return access;
    }

    @Nullable
    GuestAccess find(AccessKey key) {
        Accesses of = streams.get(new Stream(key.vcpu(), key.epoch()));
        return of == null || key.sequence() < 1 || key.sequence() > of.all.size()
                ? null
                : of.all.get((int) key.sequence() - 1);
    }

    /** The earliest access of the same stream before this one that the test picks, or null. */
    @Nullable
    GuestAccess earlier(GuestAccess access, Predicate<GuestAccess> test) {
        Accesses of = streams.get(new Stream(access.key.vcpu(), access.key.epoch()));
        if (of == null || newestEpoch.getOrDefault(access.key.vcpu(), 0L) > access.key.epoch()) {
            return null;
        }
        while (of.firstOpen < of.all.size() && isOver(of.all.get(of.firstOpen))) {
            of.firstOpen++;
        }
        for (int i = of.firstOpen; i < access.key.sequence() - 1; i++) {
            if (test.test(of.all.get(i))) {
                return of.all.get(i);
            }
        }
        return null;
    }

    private static boolean isOver(GuestAccess access) {
        return access.hasOutcome() && !access.isPosted();
    }

    /** A4: the node tells an outcome; every copy of it is the same. */
    public void answered(AccessKey key, long data, byte errno) {
        GuestAccess access = of(key);
        if (errno == Errno.EAGAIN.number()) {
            return;
        }
        if (access.answered && (access.answer != data || access.errno != errno)) {
            throw new Violation(
                    "A4",
                    "%s was answered %x errno %d and now %x errno %d",
                    access,
                    access.answer,
                    access.errno,
                    data,
                    errno);
        }
        if (!access.answered) {
            answered++;
            access.answered = true;
            access.answer = data;
            access.errno = errno;
        }
    }

    /** A gateway gives an access up, and tells its guest, if that is still there. */
    public void givenUp(AccessKey key) {
        of(key).isGivenUp = true;
    }

    /** F3: when everything has come to its end, so has every posted write that was acknowledged. */
    public void ended() {
        for (Accesses of : streams.values()) {
            for (GuestAccess access : of.all) {
                if (access.isPosted()) {
                    throw new Violation("F3", "the posted %s never left server %d", access, access.postedAt);
                }
            }
        }
    }

    /** The posted writes that were acknowledged for a server and are not done. */
    KeyRows postedAt(int server) {
        KeyRows posted = new KeyRows(16);
        for (Accesses of : streams.values()) {
            for (GuestAccess access : of.all) {
                if (access.postedAt == server) {
                    posted.add(access.key.vcpu(), access.key.epoch(), access.key.sequence(), 0);
                }
            }
        }
        return posted;
    }

    /**
     * A4, F2: the guest is told an outcome: always the same, and what shards say is the one that there is.
     *
     * @param fromShard whether a shard has told it; else its gateway has given the access up
     */
    public void reaches(AccessKey key, long data, byte errno, boolean fromShard) {
        GuestAccess access = of(key);
        if (errno == Errno.EAGAIN.number()) {
            return;
        }
        if (access.isHeard && (access.heard != data || access.heardErrno != errno)) {
            throw new Violation("A4", "the guest of %s has heard %x, and is told %x", access, access.heard, data);
        }
        access.isHeard = true;
        access.heard = data;
        access.heardErrno = errno;
        if (!fromShard) {
            return;
        }
        if (!access.answered || access.answer != data || access.errno != errno) {
            throw new Violation(
                    "A4", "the guest of %s is told %x errno %d, not %x", access, data, errno, access.answer);
        }
    }

    /** How many accesses were submitted. */
    public long submitted() {
        return submitted;
    }

    /** How many of them were answered. */
    public long answered() {
        return answered;
    }
}
