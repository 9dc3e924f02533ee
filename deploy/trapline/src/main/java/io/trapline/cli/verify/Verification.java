package io.trapline.cli.verify;

import io.trapline.cli.drill.CuttableTransport;
import io.trapline.client.DomainRef;
import io.trapline.client.Guest;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.faults.proxy.CutProxy;
import io.trapline.model.Errno;
import io.trapline.v1.IoreqServer;
import io.trapline.v1.IoreqServerCounters;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/**
 * Examines an attached emulator. Its device must be a register window: pages of a type that the server claims for reads and writes, in
 * which each byte reads as it was written last, in any size, repeated or not. What the guest is answered is compared with a model.
 *
 * <p>Each script stands for one rule, and those before it for what it takes for granted: until the order of accesses is examined none
 * depends on it, and every script begins with registers that are known. So the first rule that is found broken is the one to look at;
 * others may only follow from it.
 */
public final class Verification {
    private static final int BUFFER_BYTES = DeviceWindow.BUFFER_PAGES * DeviceWindow.PAGE_BYTES;
    private static final int WINDOW = 256;
    private static final int ORDER_ACCESSES = 4_000;
    private static final int POSTED_ACCESSES = 1_000;
    private static final int CUT_ACCESSES = 6_000;
    private static final int CUTS = 3;
    private static final int IMPATIENT_ACCESSES = 64;
    private static final Duration IMPATIENCE = Duration.ofMillis(1);

    private final TraplineConnection control;
    private final ServerRef server;
    private final DeviceWindow window;
    private final CuttableTransport transport;
    private final Optional<EmulatorCuts> emulatorCuts;
    private final Guest guest;
    private final Conversation first;
    private final ModelMemory model = new ModelMemory();
    private final Scripts scripts;
    private final Consumer<Finding> listener;
    private final List<Finding> findings = new ArrayList<>();
    private boolean isOver;

    private Verification(Sides sides, IoreqServer server, DeviceWindow window, Guest guest, long seed) {
        this.control = sides.control;
        this.server = ServerRef.of(server);
        this.window = window;
        this.transport = sides.transport;
        this.emulatorCuts = sides.relay.map(relay -> new EmulatorCuts(relay, this.server));
        this.guest = guest;
        this.first = new Conversation(guest, 0, WINDOW);
        this.scripts = new Scripts(window, model, seed);
        this.listener = sides.listener;
    }

    /**
     * Who takes part.
     *
     * @param control asks about the server
     * @param guest runs the vCPUs, on {@code transport}; whoever ran them is fenced
     * @param transport cut in between
     * @param relay what the emulator's connection goes through, to be cut too; empty where it is connected by itself
     * @param listener hears each finding at once
     */
    public record Sides(
            TraplineConnection control,
            TraplineConnection guest,
            CuttableTransport transport,
            Optional<CutProxy> relay,
            Consumer<Finding> listener) {}

    /** Runs every script, up to one whose accesses have no answer in time. */
    public static List<Finding> run(Sides sides, IoreqServer server, long seed)
            throws VerifyException, InterruptedException {
        TraplineConnection control = sides.control;
        DeviceWindow window = DeviceWindow.find(control, server);
        DomainRef domain = ServerRef.of(server).domain();
        try (Guest guest = sides.guest.guest(domain)) {
            byte[] buffer = window.hasBuffer()
                    ? control.memory().read(domain, window.bufferStart(), BUFFER_BYTES)
                    : new byte[0];
            Verification verification = new Verification(sides, server, window, guest, seed);
            try {
                verification.runAll();
            } finally {
                if (window.hasBuffer()) {
                    control.memory().write(domain, window.bufferStart(), buffer);
                }
            }
            return List.copyOf(verification.findings);
        }
    }

    private interface Chapter {
        void run() throws VerifyException, InterruptedException;
    }

    private void runAll() throws VerifyException, InterruptedException {
        IoreqServerCounters before = counters();
        List<Chapter> chapters = List.of(
                () -> alone("F2", "a read returns what was written last", scripts.fill()),
                () -> alone("F2", "values of 2^63 and more keep all their bits", scripts.wideValues()),
                () -> alone("F2", "every size at every alignment, other bytes untouched", scripts.sizesAndAlignments()),
                () -> alone("A2", "parts of an access that crosses a page", scripts.acrossPages()),
                () -> alone(
                        "A1",
                        "repetitions upwards: each element is written, the last is read",
                        scripts.repetitions(false)),
                () -> alone("A1", "repetitions downwards (df)", scripts.repetitions(true)),
                this::pointers,
                () -> together("A3", "accesses of one vCPU in their order", scripts.order(ORDER_ACCESSES, 0, 64)),
                this::posted,
                this::manyVcpus,
                this::cutGuest,
                () -> together("F6", "nothing lost and nothing done twice after that", scripts.readAll()),
                () -> answersInTime(before),
                this::cutEmulator,
                this::impatience,
                () -> together(
                        "F4", "goes on after accesses that timed out", scripts.order(ORDER_ACCESSES / 4, 0, 64)));
        for (Chapter chapter : chapters) {
            if (!isOver) {
                chapter.run();
            }
        }
    }

    private void alone(String rule, String what, Script script) {
        if (!script.steps().isEmpty()) {
            found(rule, what, first.oneByOne(script));
        }
    }

    private void together(String rule, String what, Script script) {
        found(rule, what, first.together(script));
    }

    private void found(String rule, String what, Difference difference) {
        if (difference.isLate()) {
            isOver = true;
            found("F4", what, difference.text() + "; the rest is not examined");
        } else {
            found(rule, what, difference.text());
        }
        if (!difference.text().isEmpty() && !isOver) {
            // What differs now must not be taken for a breach of the next rule. It may well differ again.
            isOver = first.together(scripts.fill()).isLate();
        }
    }

    private void found(String rule, String what, String detail) {
        Finding finding = new Finding(rule, what, detail);
        findings.add(finding);
        listener.accept(finding);
    }

    /** The elements of a repetition lie in plain pages, where there are any. */
    private void pointers() {
        if (window.hasBuffer()) {
            control.memory().write(server.domain(), window.bufferStart(), new byte[BUFFER_BYTES]);
            alone("A1", "repetitions by pointer (data_is_ptr)", scripts.pointers());
        }
    }

    private void posted() {
        if (window.isBuffering()) {
            together("F3", "posted writes before any later access", scripts.posted(POSTED_ACCESSES));
        }
    }

    /** Two vCPUs at once, each with registers of its own. */
    private void manyVcpus() throws InterruptedException {
        if (window.vcpus() < 2) {
            return;
        }
        int half = window.sizeBytes() / 2;
        Conversation second = new Conversation(guest, 1, WINDOW);
        Script one = scripts.order(ORDER_ACCESSES, 0, half);
        Script other = scripts.order(ORDER_ACCESSES, half, half);
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            Future<Difference> firstDiffers = threads.submit(() -> first.together(one));
            Future<Difference> secondDiffers = threads.submit(() -> second.together(other));
            Difference ofFirst = firstDiffers.get();
            Difference ofSecond = secondDiffers.get();
            found("F1", "two vCPUs at once", ofFirst.text().isEmpty() ? ofSecond : ofFirst);
        } catch (ExecutionException broken) {
            throw new IllegalStateException(broken.getCause());
        }
    }

    /** What is under way when the guest's connection breaks is sent again, and must not be carried out again. */
    private void cutGuest() {
        Script script = scripts.order(CUT_ACCESSES, 0, 256);
        long resumedBefore = guest.resumptions();
        int[] due = {1};
        Difference differs = first.together(script, step -> {
            boolean isDue = due[0] <= CUTS && step >= due[0] * CUT_ACCESSES / (CUTS + 1);
            if (isDue && transport.cut() > 0) {
                due[0]++;
            }
        });
        found("F6", "the guest's connection is cut " + CUTS + " times, its accesses are sent again", differs);
        if (!isOver && (due[0] == 1 || guest.resumptions() == resumedBefore)) {
            throw new IllegalStateException("no connection was cut: the script shows nothing");
        }
    }

    /** Until here everything was answered in time, and nothing was answered that was not asked. */
    private void answersInTime(IoreqServerCounters before) {
        IoreqServerCounters now = counters();
        long late = now.getTimedOut() - before.getTimedOut();
        found("F4", "answers every ioreq in time", late == 0 ? "" : late + " ioreqs had no answer in time");
        long refused = now.getRefusedAnswers() - before.getRefusedAnswers();
        found(
                "F1",
                "answers each ioreq once, under its key",
                refused == 0 ? "" : refused + " answers fit no ioreq that was under way");
    }

    private void cutEmulator() throws VerifyException, InterruptedException {
        if (emulatorCuts.isEmpty()) {
            return;
        }
        EmulatorCuts cuts = emulatorCuts.get();
        Difference differs = Difference.NONE;
        for (int cut = 0; cut < CUTS && differs.text().isEmpty(); cut++) {
            differs = cuts.through(first, scripts.readThenWrite(WINDOW / 4));
        }
        isOver = differs.isLate();
        String hoarded = cuts.hoarded();
        // Whoever lists too much is refused, so that it does not come back.
        found("F6", "keeps no answer that is settled", hoarded);
        if (hoarded.isEmpty() || !isOver) {
            found(
                    "F6",
                    "its own connection is cut " + CUTS
                            + " times before its answers arrive, and nothing is carried out again",
                    new Difference(differs.text(), false));
        }
    }

    /** Accesses that may time out: the register then holds the old value or the new one, and keeps it. */
    private void impatience() {
        String detail = "";
        int timedOut = 0;
        for (int i = 0; i < IMPATIENT_ACCESSES && !isOver; i++) {
            int at = 8 * (i % 16);
            long old = model.get(window.startGpa() + at, 8);
            long wanted = ~old + i;
            boolean isDone =
                    isInTime(() -> first.make(scripts.write(at, 8, wanted).timeout(IMPATIENCE)));
            timedOut += isDone ? 0 : 1;
            long[] seen = {0};
            isOver = !isInTime(() -> seen[0] = first.make(scripts.read(at, 8)));
            if (isOver) {
                detail = "a read of the register was not answered in time; the rest is not examined";
            } else if (seen[0] != wanted && (isDone || seen[0] != old)) {
                detail = "after a write of 0x" + Long.toHexString(wanted) + " over 0x" + Long.toHexString(old)
                        + (isDone ? "" : ", which timed out,") + " the register reads 0x" + Long.toHexString(seen[0]);
            }
            model.put(window.startGpa() + at, 8, seen[0]);
        }
        found(
                "F4",
                "a write that may time out is done whole or not at all (" + timedOut + " of " + IMPATIENT_ACCESSES
                        + " did)",
                detail);
    }

    private static boolean isInTime(Runnable access) {
        try {
            access.run();
            return true;
        } catch (TraplineException failed) {
            if (!failed.is(Errno.ETIMEDOUT)) {
                throw failed;
            }
            return false;
        }
    }

    private IoreqServerCounters counters() {
        return control.ioreqServers().getInfo(server).getCounters();
    }
}
