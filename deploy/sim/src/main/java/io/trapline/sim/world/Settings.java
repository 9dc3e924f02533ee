package io.trapline.sim.world;

import java.util.List;

/** What differs from run to run: drawn once. */
final class Settings {
    final int vcpus;
    final int servers;
    final int defaultTimeoutMillis;
    final List<Integer> serverTimeoutMillis;
    final List<Integer> drainMillis;
    /** How much guests submit, how fast emulators are, how often something is cut or changed: once in so many turns. */
    final int guestsEager;

    final int emulatorsSlow;
    final int holdUps;
    final int cuts;
    final int changes;

    Settings(Schedule schedule) {
        vcpus = 1 + schedule.upTo(2);
        servers = 2 + schedule.upTo(1);
        defaultTimeoutMillis = schedule.oneOf(List.of(40, 2_000, 30_000));
        serverTimeoutMillis = schedule.oneOf(List.of(List.of(0), List.of(0, 20, 5_000), List.of(5_000)));
        drainMillis = schedule.oneOf(List.of(List.of(0, 5), List.of(0, 5, 100, 5_000), List.of(5_000)));
        guestsEager = schedule.oneOf(List.of(1, 2, 4));
        emulatorsSlow = schedule.oneOf(List.of(1, 2, 6));
        holdUps = schedule.oneOf(List.of(2, 6, 20));
        cuts = schedule.oneOf(List.of(4, 20, 200));
        changes = schedule.oneOf(List.of(2, 8, 50));
    }
}
