package io.trapline.sim.check;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One access at one shard, as {@link ShardModel} follows it. */
final class ShardRow {
    static final byte QUEUED = 0;
    static final byte AT_SERVER = 1;
    static final byte DONE = 2;

    final GuestAccess access;

    /** How far it is where it goes part by part. */
    @Nullable
    final CutModel cut;

    byte state = QUEUED;
    long data;
    byte errno;
    private int server;
    private int part;

    ShardRow(GuestAccess access, @Nullable CutModel cut) {
        this.access = access;
        this.cut = cut;
    }

    void pass(int toServer, int thePart) {
        state = AT_SERVER;
        server = toServer;
        part = thePart;
    }

    boolean isAt(int aServer, int aPart) {
        return state == AT_SERVER && server == aServer && part == aPart;
    }

    boolean isGone(Set<Integer> present) {
        return state == AT_SERVER && !present.contains(server);
    }

    void queue() {
        state = QUEUED;
    }

    void finish(long theData, byte theErrno) {
        state = DONE;
        data = theData;
        errno = theErrno;
        access.shardsLeft--;
    }

    @Override
    public String toString() {
        return switch (state) {
            case QUEUED -> "queued";
            case AT_SERVER -> "part " + part + " at server " + server;
            default -> "done, errno " + errno;
        };
    }
}
