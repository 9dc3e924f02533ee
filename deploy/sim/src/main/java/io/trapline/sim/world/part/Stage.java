package io.trapline.sim.world.part;

import io.trapline.sim.check.CarriedOut;
import io.trapline.sim.check.History;
import io.trapline.sim.check.IoreqKey;
import io.trapline.sim.check.Promises;
import io.trapline.sim.check.ShardModel;
import io.trapline.sim.run.Chance;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/** What all who take part in a world share: chance, true time, what was drawn for the run, and what is known of it as it truly is. */
public final class Stage {
    private static final long FIRST_EMULATOR_VALUE = 0xE000_0000_0000_0001L;

    public final Chance chance;
    /** True time in nanoseconds, which no host can read. */
    public final LongSupplier time;

    public final Settings settings;
    public final Seams seams;
    public final History history = new History();
    public final Promises promises = new Promises();
    public final CarriedOut carriedOut = new CarriedOut(history);
    /** Of the domain's shards, by index. */
    public final List<ShardModel> models = new ArrayList<>();

    public final Workload workload;
    private long cameAlong;
    private final Map<Long, Map<IoreqKey, Long>> runs = new HashMap<>();
    private final Map<Long, Map<IoreqKey, Long>> passed = new HashMap<>();
    private final TreeMap<Long, Map<Integer, Long>> generations = new TreeMap<>();
    private long nextEmulatorValue = FIRST_EMULATOR_VALUE;

    public Stage(Chance chance, LongSupplier time, Seams seams) {
        this.chance = chance;
        this.time = time;
        this.seams = seams;
        settings = new Settings(chance);
        workload = new Workload(chance, settings);
    }

    /** The registry is that by this revision: the servers that there are, by id. */
    public void servers(long revision, Map<Integer, Long> present) {
        generations.put(revision, Map.copyOf(present));
    }

    /** The generations of the servers that there were by that revision, by id. */
    public Map<Integer, Long> generations(long revision) {
        Map.Entry<Long, Map<Integer, Long>> then = generations.floorEntry(revision);
        return then == null ? Map.of() : then.getValue();
    }

    /** So many ioreqs have come along with a server to its next home. */
    void cameAlong(int ioreqs) {
        cameAlong += ioreqs;
    }

    /** How many ioreqs have come along with servers to their next homes. */
    public long cameAlong() {
        return cameAlong;
    }

    /** Every value that an emulator gives, or an operator, is another. */
    public long nextEmulatorValue() {
        return nextEmulatorValue++;
    }

    /** To which run each ioreq of the server of that generation was passed last, wherever the server was. */
    Map<IoreqKey, Long> runs(long generation) {
        return runs.computeIfAbsent(generation, fresh -> new HashMap<>());
    }

    /** By which revision each ioreq was passed last to the server of that generation, wherever the server was. */
    public Map<IoreqKey, Long> passed(long generation) {
        return passed.computeIfAbsent(generation, fresh -> new HashMap<>());
    }
}
