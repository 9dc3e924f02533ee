package io.trapline.sim.world;

import io.trapline.coordinator.registry.Registry;
import io.trapline.coordinator.registry.RegistryView;
import io.trapline.coordinator.registry.Result;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.LogEntry;
import io.trapline.sim.check.RegistryChecks;
import io.trapline.sim.world.part.Seams;
import io.trapline.sim.world.part.Texts;
import java.util.List;

/**
 * The registry as a leader and a follower have it. Both apply the same log, in which an entry may stand twice; now and then one starts again from its
 * snapshot, and now and then the follower leads.
 */
final class Replicas {
    private static final long COMMITTER = 1;

    private final Schedule schedule;
    private final Seams seams;
    private final RegistryChecks checks;
    private Registry leader = Registry.empty();
    private Registry follower = Registry.empty();
    private long index;
    private long number;

    Replicas(Schedule schedule, Seams seams, RegistryChecks checks) {
        this.schedule = schedule;
        this.seams = seams;
        this.checks = checks;
    }

    /** What the leader knows. */
    RegistryView view() {
        return leader.view();
    }

    Result apply(Command command) {
        if (schedule.oneIn(20)) {
            follower = Registry.restore(seams.snapshot(follower.snapshot()));
        }
        if (schedule.oneIn(20)) {
            Registry before = leader;
            leader = follower;
            follower = before;
        }
        LogEntry entry = LogEntry.newBuilder()
                .setCommitter(COMMITTER)
                .setNumber(++number)
                .addCommands(command)
                .build();
        Result result = write(entry).getFirst();
        if (schedule.oneIn(20)) {
            LogEntry again = seams.writtenAgain(entry);
            number = again.getNumber();
            Result second = write(again).getFirst();
            checks.nothingNew(command, second.change().isPresent());
            checks.answeredAgain(command, result.answer(), second.answer());
        }
        return result;
    }

    private List<Result> write(LogEntry entry) {
        index++;
        List<Result> results = leader.apply(index, entry);
        grants("the leader", results);
        List<Result> followed = follower.apply(index, entry);
        grants("the follower", followed);
        checks.same(Texts.flat(entry), results, followed);
        return results;
    }

    private void grants(String by, List<Result> results) {
        results.forEach(result -> result.change().ifPresent(change -> checks.grants(by, change.getRevision())));
    }

    /** What both end with. */
    void compare() {
        checks.same("everything", leader.snapshot(), follower.snapshot());
    }
}
