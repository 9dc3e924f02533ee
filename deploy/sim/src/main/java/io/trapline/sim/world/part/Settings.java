package io.trapline.sim.world.part;

import io.trapline.sim.run.Chance;
import java.util.List;

/** What differs from run to run: drawn once. */
public final class Settings {
    public final int vcpus;
    public final int servers;
    public final int defaultTimeoutMillis;
    public final List<Integer> serverTimeoutMillis;
    public final List<Integer> drainMillis;
    /** How much guests submit, how fast emulators are, how often something is cut or changed: once in so many turns. */
    public final int guestsEager;

    public final int emulatorsSlow;
    public final int holdUps;
    public final int cuts;
    public final int changes;

    public Settings(Chance chance) {
        vcpus = 1 + chance.upTo(2);
        servers = 2 + chance.upTo(1);
        defaultTimeoutMillis = chance.oneOf(List.of(40, 2_000, 30_000));
        serverTimeoutMillis = chance.oneOf(List.of(List.of(0), List.of(0, 20, 5_000), List.of(5_000)));
        drainMillis = chance.oneOf(List.of(List.of(0, 5), List.of(0, 5, 100, 5_000), List.of(5_000)));
        guestsEager = chance.oneOf(List.of(1, 2, 4));
        emulatorsSlow = chance.oneOf(List.of(1, 2, 6));
        holdUps = chance.oneOf(List.of(2, 6, 20));
        cuts = chance.oneOf(List.of(4, 20, 200));
        changes = chance.oneOf(List.of(2, 8, 50));
    }
}
