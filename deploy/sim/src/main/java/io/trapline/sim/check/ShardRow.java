package io.trapline.sim.check;

import java.util.Map;
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
    private long generation;
    private int part;

    ShardRow(GuestAccess access, @Nullable CutModel cut) {
        this.access = access;
        this.cut = cut;
    }

    void pass(int toServer, long ofGeneration, int thePart) {
        state = AT_SERVER;
        server = toServer;
        generation = ofGeneration;
        part = thePart;
    }

    boolean isAt(int aServer, int aPart) {
        return state == AT_SERVER && server == aServer && part == aPart;
    }

    /** Whether it is at a server that there is not any more; by id the generations of those that there are. */
    boolean isGone(Map<Integer, Long> present) {
        return state == AT_SERVER && present.getOrDefault(server, 0L) != generation;
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
