package io.trapline.coordinator.registry;

import io.trapline.internal.v1.RegisteredServer;
import io.trapline.model.Pure;
import io.trapline.v1.IoreqServer;

/**
 * Which runs of emulators a server has had, as far as it matters for the mark {@code redelivered} (F6): an ioreq that was passed on before the session of
 * another run had ended can have been delivered to that one, any other only to the run that is attached now.
 */
@Pure
final class ServerRuns {
    private ServerRuns() {}

    /** A server has changed at that revision; {@code now} has its record. */
    static void note(RegisteredServer was, long revision, RegisteredServer.Builder now) {
        IoreqServer before = was.getRecord().getServer();
        IoreqServer after = now.getRecord().getServer();
        boolean ends = before.getSessionEpoch() != 0 && before.getSessionEpoch() != after.getSessionEpoch();
        now.setEndedRun(ends ? before.getRun() : was.getEndedRun());
        now.setEndedRunUntil(ends ? revision : was.getEndedRunUntil());
        boolean begins = after.getSessionEpoch() != 0 && after.getSessionEpoch() != before.getSessionEpoch();
        boolean isAnother = begins && now.getEndedRunUntil() != 0 && now.getEndedRun() != after.getRun();
        now.getRecordBuilder()
                .setOtherRunUntil(
                        isAnother ? now.getEndedRunUntil() : was.getRecord().getOtherRunUntil());
    }
}
