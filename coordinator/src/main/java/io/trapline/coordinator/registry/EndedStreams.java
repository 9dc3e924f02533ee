package io.trapline.coordinator.registry;

import io.trapline.internal.v1.DetachEmulator;
import io.trapline.internal.v1.RegisteredServer;
import io.trapline.model.Pure;
import java.util.ArrayList;
import java.util.List;

/**
 * Streams of emulators that ended before the registry had heard of them: their attach was proposed, and its answer was lost. It may come to the log behind the
 * stream's end, and must not fence whoever has attached meanwhile (S5).
 */
@Pure
final class EndedStreams {
    /** More are not remembered: each is one whose answer was lost, and all but the last have had time to come. */
    private static final int MOST = 16;

    private EndedStreams() {}

    /** Who ends a session whose epoch is not known has not been told that it began. */
    static boolean mayStillCome(DetachEmulator q) {
        return q.getStream() != 0 && q.getSessionEpoch() == 0;
    }

    static boolean has(RegisteredServer server, long stream) {
        return stream != 0 && server.getEndedStreamsList().contains(stream);
    }

    static RegisteredServer with(RegisteredServer server, long stream) {
        List<Long> streams = new ArrayList<>(server.getEndedStreamsList());
        streams.remove(stream);
        streams.add(stream);
        List<Long> latest = streams.subList(Math.max(0, streams.size() - MOST), streams.size());
        return server.toBuilder().clearEndedStreams().addAllEndedStreams(latest).build();
    }
}
