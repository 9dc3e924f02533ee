package io.trapline.sim.world.part;

import io.trapline.v1.RequestId;
import java.util.TreeSet;

/** The request ids of one client session: a number for each request, acknowledged when nothing of it is on its way any more (section E). */
public final class RequestNumbers {
    private final long session;
    private final TreeSet<Long> open = new TreeSet<>();
    private long last;

    public RequestNumbers(long session) {
        this.session = session;
    }

    /** The id of another request. */
    public RequestId next() {
        open.add(++last);
        return RequestId.newBuilder()
                .setSession(session)
                .setNumber(last)
                .setAcknowledgedThrough(open.first() - 1)
                .build();
    }

    /** Nobody asks for the answer to that one any more. */
    public void done(RequestId id) {
        open.remove(id.getNumber());
    }
}
