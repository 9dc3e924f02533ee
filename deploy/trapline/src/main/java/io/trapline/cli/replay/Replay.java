package io.trapline.cli.replay;

import io.trapline.cli.text.Console;
import io.trapline.cli.text.Progress;
import io.trapline.cli.trace.Trace;
import io.trapline.cli.trace.TracePlan;
import io.trapline.client.AccessAnswers;
import io.trapline.client.AccessColumns;
import io.trapline.client.DomainRef;
import io.trapline.client.Emulator;
import io.trapline.client.EmulatorEnd;
import io.trapline.client.EmulatorOptions;
import io.trapline.client.Guest;
import io.trapline.client.GuestOptions;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.client.Vcpu;
import io.trapline.model.AccessAttributes;
import io.trapline.v1.Domain;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.IoRangeType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One domain, one IOREQ server a device, every access of the log from the vCPU that made it. The log's order is total and is kept: an
 * access of another vCPU is only sent when all before it are answered; those of one vCPU may be under way together, since they take
 * effect in sequence order whatever they touch (A3).
 */
public final class Replay {
    /** All memory accesses of a log go above the ports; this one page lies below, so that every range lies in a hole (T8). */
    private static final int PAGES = 1;

    private static final int CHUNK_ROWS = 256;
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final TraplineConnection guestSide;
    private final TraplineConnection emulatorSide;
    private final Trace trace;
    private final TracePlan plan;
    private final Findings findings;
    private final int[][] accessesOfVcpu;

    private Replay(TraplineConnection guestSide, TraplineConnection emulatorSide, Trace trace, TracePlan plan) {
        this.guestSide = guestSide;
        this.emulatorSide = emulatorSide;
        this.trace = trace;
        this.plan = plan;
        this.findings = new Findings(trace, ExpectedIoreqs.of(trace));
        this.accessesOfVcpu = accessesOfVcpu(trace);
    }

    /**
     * Replays a log whole.
     *
     * @param guestSide the connection of the guest, whose principal also makes the domain
     * @param emulatorSide that of all emulators; may be the same
     * @param window how many accesses of a vCPU may be outstanding, 1 … 1,024
     */
    public static ReplayReport run(
            TraplineConnection guestSide,
            TraplineConnection emulatorSide,
            Trace trace,
            TracePlan plan,
            int window,
            Console console)
            throws InterruptedException {
        return new Replay(guestSide, emulatorSide, trace, plan).run(window, console);
    }

    private ReplayReport run(int window, Console console) throws InterruptedException {
        Domain domain = guestSide.domains().create(PAGES, trace.vcpus(), DomainMemory.DOMAIN_MEMORY_VOLATILE);
        DomainRef ref = DomainRef.of(domain);
        List<Emulator> emulators = new ArrayList<>();
        try (Guest guest = guestSide.guest(ref, GuestOptions.defaults().onStreamThread())) {
            for (TracePlan.Server server : plan.servers()) {
                emulators.add(attach(ref, server));
            }
            long startNanos = System.nanoTime();
            send(guest, window, console, emulators);
            double seconds = (System.nanoTime() - startNanos) / 1e9;
            return ReplayReport.of(trace, plan, findings, seconds);
        } finally {
            emulators.forEach(Emulator::close);
            guestSide.domains().destroy(ref);
        }
    }

    private Emulator attach(DomainRef domain, TracePlan.Server planned) {
        ServerRef server = emulatorSide.ioreqServers().create(domain);
        for (TracePlan.Range range : planned.ranges()) {
            emulatorSide
                    .ioreqServers()
                    .mapIoRange(
                            server,
                            range.port() ? IoRangeType.IO_RANGE_TYPE_PORT : IoRangeType.IO_RANGE_TYPE_MEMORY,
                            range.first(),
                            range.last());
        }
        RecordedDevice model = new RecordedDevice(findings, accessesOfVcpu, planned.devices());
        // It never blocks, so it need not leave the connection's thread.
        EmulatorOptions options = EmulatorOptions.defaults().withExecutor(Runnable::run);
        Emulator emulator = emulatorSide.attach(server, model, options);
        emulatorSide.ioreqServers().enable(server);
        return emulator;
    }

    private void send(Guest guest, int window, Console console, List<Emulator> emulators) throws InterruptedException {
        @Nullable Vcpu[] vcpus = new Vcpu[trace.vcpus()];
        AccessColumns rows = new AccessColumns(CHUNK_ROWS);
        int row = 0;
        try (Progress progress = new Progress(console, "replaying accesses", trace.size())) {
            while (row < trace.size()) {
                int number = trace.vcpu(row);
                if (row > 0 && number != trace.vcpu(row - 1)) {
                    awaitAnswers(row, emulators);
                }
                Vcpu vcpu = vcpus[number];
                if (vcpu == null) {
                    vcpu = guest.openVcpu(number, window, this::answered);
                    vcpus[number] = vcpu;
                }
                rows.clear();
                while (row < trace.size() && trace.vcpu(row) == number && rows.size() < CHUNK_ROWS) {
                    add(rows, row);
                    row++;
                }
                vcpu.submit(rows);
                progress.update(findings.answered());
            }
            awaitAnswers(row, emulators);
        }
    }

    private void add(AccessColumns rows, int row) {
        int kind = trace.isPort(row) ? AccessAttributes.PIO : AccessAttributes.MEM;
        byte attributes = AccessAttributes.of(trace.sizeBytes(row), trace.isWrite(row), kind);
        rows.add(trace.address(row), attributes, trace.isWrite(row) ? trace.value(row) : 0, 1, 0);
    }

    private void awaitAnswers(int sent, List<Emulator> emulators) throws InterruptedException {
        if (findings.awaitAnswered(sent, PATIENCE)) {
            return;
        }
        for (Emulator emulator : emulators) {
            EmulatorEnd end = emulator.ended().getNow(null);
            if (end != null) {
                throw new IllegalStateException("an emulator ended: " + end.kind(), end.cause());
            }
        }
        throw new IllegalStateException(
                (sent - findings.answered()) + " accesses have no answer after " + PATIENCE.toSeconds() + " s");
    }

    private void answered(AccessAnswers answers) {
        int[] accesses = accessesOfVcpu[answers.vcpu().number()];
        for (int i = 0; i < answers.size(); i++) {
            // The domain is new, so the first access of each vCPU is number 1.
            int access = accesses[(int) answers.sequence(i) - 1];
            if (answers.errno(i) == 0) {
                findings.answered(access, answers.data(i));
            } else {
                findings.failed(access, answers.refusal(i).orElseThrow().message());
            }
        }
    }

    private static int[][] accessesOfVcpu(Trace trace) {
        int[] count = new int[trace.vcpus()];
        for (int row = 0; row < trace.size(); row++) {
            count[trace.vcpu(row)]++;
        }
        int[][] accesses = new int[trace.vcpus()][];
        Arrays.setAll(accesses, vcpu -> new int[count[vcpu]]);
        Arrays.fill(count, 0);
        for (int row = 0; row < trace.size(); row++) {
            int vcpu = trace.vcpu(row);
            accesses[vcpu][count[vcpu]++] = row;
        }
        return accesses;
    }
}
