package io.trapline.cli.demo;

import io.trapline.cli.text.Count;
import io.trapline.client.DomainRef;
import io.trapline.client.Emulator;
import io.trapline.client.EmulatorCounters;
import io.trapline.v1.IoreqServerCounters;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/** All vCPUs fill the table at once, and the mediator's connection is cut in the middle of it (C4, A4, F6). */
final class TheStorm {
    private static final int ALONE_WRITES = 1_000;

    private TheStorm() {}

    static void everyWriteIsMediated(Stage stage, Emulator mediator) throws InterruptedException {
        stage.checks.chapter(
                stage.options.vcpus() + " vCPUs write " + new Count(stage.options.accesses()) + " entries");
        List<Long> firstSequences =
                stage.loads.stream().map(VcpuLoad::nextSequence).toList();
        long answeredBefore = stage.answered();
        long[] writes = new long[stage.options.vcpus()];
        long[] cutAt = {-1};
        double seconds = stage.onAllVcpus(
                "entries",
                stage.options.accesses(),
                vcpu -> {
                    long before = stage.programs.get(vcpu).writes();
                    stage.programs.get(vcpu).run(share(stage, vcpu), true);
                    writes[vcpu] = stage.programs.get(vcpu).writes() - before;
                },
                () -> {
                    if (cutAt[0] < 0 && stage.mediator.total() >= stage.options.accesses() / 2) {
                        cutAt[0] = stage.mediator.total();
                        stage.cast.mediatorTransport().cut();
                    }
                });
        measure(stage, stage.answered() - answeredBefore, seconds);

        long missing = 0;
        long sent = 0;
        for (VcpuLoad load : stage.loads) {
            long first = firstSequences.get(load.number());
            sent += writes[load.number()];
            missing += writes[load.number()] - stage.mediator.totalFrom(load.number(), first);
        }
        stage.figures.forwarded += stage.mediator.total();
        stage.figures.unforwarded += Math.max(0, missing);
        stage.figures.invalidEntries = stage.mediator.invalid();
        stage.figures.memoryCalls = stage.mediator.batches();
        stage.checkAnswers("every access was answered, and every read returned, from the page, what was written last");
        stage.checks.check(
                "the mediator was passed each of the " + new Count(sent) + " writes and nothing else",
                missing == 0 && stage.mediator.strange() == 0);
        cutWasResumed(stage, mediator, cutAt[0]);
    }

    private static void cutWasResumed(Stage stage, Emulator mediator, long cutAt) {
        EmulatorCounters seen = mediator.counters();
        IoreqServerCounters counters =
                stage.cast.mediator().ioreqServers().getInfo(mediator.server()).getCounters();
        stage.figures.resumptions = seen.resumptions();
        stage.figures.redelivered = counters.getRedelivered();
        stage.figures.repeated = seen.repeated();
        stage.figures.duplicates = stage.mediator.duplicates();
        stage.checks.check(
                "its connection was cut after " + new Count(Math.max(0, cutAt))
                        + " of them and resumed by the same run",
                cutAt >= 0 && seen.resumptions() >= 1);
        stage.checks.check(
                new Count(counters.getRedelivered()) + " requests were passed again, "
                        + new Count(seen.repeated()) + " answered from memory, "
                        + (stage.mediator.duplicates() == 0 ? "none" : new Count(stage.mediator.duplicates()))
                        + " carried out twice",
                stage.mediator.duplicates() == 0);
    }

    static void tablesAgree(Stage stage, DomainRef domain) {
        long differing = stage.differingEntries(domain);
        long shadowDiffers = 0;
        for (int entry = 0; entry < stage.guestTable.length; entry++) {
            // What was written before the claim, and never again, the mediator has not seen.
            boolean agrees = !stage.mediator.hasSeen(entry)
                    || stage.mediator.shadow(entry) == stage.gtt.shadowOf(stage.guestTable[entry]);
            shadowDiffers += agrees ? 0 : 1;
        }
        stage.figures.mismatches += shadowDiffers;
        stage.checks.check(
                "entry by entry: the pages hold what the guest wrote (" + new Count(differing) + " of "
                        + new Count(stage.gtt.entries()) + " differ)",
                differing == 0);
        stage.checks.check(
                "entry by entry: the mediator's shadow translates it (" + new Count(shadowDiffers) + " differ, "
                        + new Count(stage.mediator.invalid()) + " invalid entries point to the scratch page)",
                shadowDiffers == 0);
    }

    /** What one access costs by itself, as a real vCPU would wait for it. */
    static void oneAtATime(Stage stage) throws InterruptedException {
        VcpuLoad load = stage.loads.getFirst();
        load.takeWriteMicros();
        long before = stage.mediator.total();
        for (int i = 0; i < ALONE_WRITES; i++) {
            stage.programs.getFirst().run(1, false);
            load.finish(Stage.PATIENCE);
            stage.checkEmulators();
        }
        stage.figures.forwarded += stage.mediator.total() - before;
        stage.figures.unforwarded += ALONE_WRITES - (stage.mediator.total() - before);
        Histogram micros = load.takeWriteMicros();
        stage.figures.latencyAloneMicros.add(micros);
        stage.checks.fact(String.format(
                Locale.ROOT,
                "one at a time a write takes %d µs (median), 99 %% take at most %d µs: guest, cluster, mediator, memory call and back",
                micros.getValueAtPercentile(50),
                micros.getValueAtPercentile(99)));
    }

    private static void measure(Stage stage, long answered, double seconds) {
        Histogram micros = stage.figures.latencyMicros;
        stage.loads.forEach(load -> micros.add(load.takeWriteMicros()));
        stage.figures.accessesPerSecond = answered / seconds;
        stage.figures.writes =
                stage.programs.stream().mapToLong(GuestProgram::writes).sum();
        stage.figures.reads =
                stage.programs.stream().mapToLong(GuestProgram::reads).sum();
        stage.checks.fact(String.format(
                Locale.ROOT,
                "%,d accesses in %.1f s: %,.0f a second; %d of each vCPU under way, half of them back within %,d µs, 99 %% within %,d µs",
                answered,
                seconds,
                stage.figures.accessesPerSecond,
                stage.options.window(),
                micros.getValueAtPercentile(50),
                micros.getValueAtPercentile(99)));
    }

    private static long share(Stage stage, int vcpu) {
        long each = stage.options.accesses() / stage.options.vcpus();
        return each + (vcpu < stage.options.accesses() % stage.options.vcpus() ? 1 : 0);
    }
}
