package io.trapline.node.ioreq;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import java.util.ArrayDeque;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The streams that are about to attach, so that no server has more than a few: each holds what its run has kept until its session begins. The newest wins, as
 * with sessions (S5). Any thread.
 */
final class AttachingStreams {
    /** Streams of one server that attach at a time. */
    static final int MOST_PER_SERVER = 4;

    /** Names a server for good. */
    record Server(int domid, int id, long generation) {}

    private final ConcurrentHashMap<Server, ArrayDeque<EmulatorStream>> streams = new ConcurrentHashMap<>();

    /** A stream begins to attach; the oldest of too many ends with EAGAIN. */
    void begin(Server server, EmulatorStream stream) {
        EmulatorStream[] over = new EmulatorStream[1];
        streams.compute(server, (name, attaching) -> {
            ArrayDeque<EmulatorStream> all = attaching == null ? new ArrayDeque<>() : attaching;
            if (all.size() == MOST_PER_SERVER) {
                over[0] = all.removeFirst();
            }
            all.addLast(stream);
            return all;
        });
        @Nullable EmulatorStream oldest = over[0];
        if (oldest != null) {
            oldest.end(Refusal.of(Errno.EAGAIN, "too many streams attach to this server at a time")
                    .with("limit", MOST_PER_SERVER));
        }
    }

    /** It is attached, or gone. */
    void end(Server server, EmulatorStream stream) {
        streams.computeIfPresent(server, (name, attaching) -> {
            attaching.remove(stream);
            return attaching.isEmpty() ? null : attaching;
        });
    }

    /** How many servers have some. */
    int size() {
        return streams.size();
    }
}
