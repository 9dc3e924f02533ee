package io.trapline.sim.world.cluster.raft;

import io.trapline.sim.world.cluster.host.Agenda;
import java.util.List;

/** What differs from run to run: how often a replica saves its registry and how much of the log it keeps then, how slow its disk is, and whether a leader notices by itself that it is alone. */
final class LogSettings {
    private static final long MILLIS = 1_000_000;

    final int saveEvery;
    final int keep;
    final boolean stepsDown;
    private final Agenda agenda;
    private final int slowDisk;

    LogSettings(Agenda agenda) {
        this.agenda = agenda;
        saveEvery = agenda.oneOf(List.of(20, 60, 400));
        keep = agenda.oneOf(List.of(0, 5, 40));
        stepsDown = agenda.oneIn(2);
        slowDisk = agenda.oneOf(List.of(20, 500, 100_000));
    }

    long electionTimeout() {
        return agenda.between(300 * MILLIS, 500 * MILLIS);
    }

    long flushTime() {
        return agenda.oneIn(slowDisk)
                ? agenda.between(10 * MILLIS, 300 * MILLIS)
                : agenda.between(MILLIS / 10, 2 * MILLIS);
    }
}
