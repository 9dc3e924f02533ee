package io.trapline.cli.verify;

import io.trapline.cli.drill.CuttableTransport;
import io.trapline.client.DomainRef;
import io.trapline.client.Guest;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.model.Errno;
import io.trapline.v1.IoreqServer;
import io.trapline.v1.IoreqServerCounters;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/**
 * Examines an attached emulator. Its device must be a register window: pages of a type that the server claims for reads and writes, in
 * which each byte reads as it was written last, in any size, repeated or not. What the guest is answered is compared with a model, so each
 * script names the rule that an emulator breaks when the answers differ.
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
    private final Guest guest;
    private final Conversation first;
    private final ModelMemory model = new ModelMemory();
    private final Scripts scripts;
    private final Consumer<Finding> listener;
    private final List<Finding> findings = new ArrayList<>();

    private Verification(
            TraplineConnection control,
            ServerRef server,
            DeviceWindow window,
            CuttableTransport transport,
            Guest guest,
            long seed,
            Consumer<Finding> listener) {
        this.control = control;
        this.server = server;
        this.window = window;
        this.transport = transport;
        this.guest = guest;
        this.first = new Conversation(guest.openVcpu(0, WINDOW));
        this.scripts = new Scripts(window, model, seed);
        this.listener = listener;
    }

    /**
     * Runs every script.
     *
     * @param control asks about the server
     * @param guestSide runs the vCPUs, on {@code transport}; whoever ran them is fenced
     * @param listener hears each finding at once
     */
    public static List<Finding> run(
            TraplineConnection control,
            TraplineConnection guestSide,
            CuttableTransport transport,
            IoreqServer server,
            long seed,
            Consumer<Finding> listener)
            throws VerifyException, InterruptedException {
        DeviceWindow window = DeviceWindow.find(control, server);
        ServerRef ref = ServerRef.of(server);
        DomainRef domain = ref.domain();
        try (Guest guest = guestSide.guest(domain)) {
            byte[] buffer = window.hasBuffer()
                    ? control.memory().read(domain, window.bufferStart(), BUFFER_BYTES)
                    : new byte[0];
            Verification verification = new Verification(control, ref, window, transport, guest, seed, listener);
            verification.runAll();
            if (window.hasBuffer()) {
                control.memory().write(domain, window.bufferStart(), buffer);
            }
            return List.copyOf(verification.findings);
        }
    }

    private void runAll() throws InterruptedException {
        IoreqServerCounters before = counters();
        script("F2", "a read returns what was written last", scripts.fill());
        script("F2", "every size at every alignment, other bytes untouched", scripts.sizesAndAlignments());
        script("F2", "values of 2^63 and more keep all their bits", scripts.wideValues());
        if (window.pages() > 1) {
            script("A2", "parts of an access that crosses a page", scripts.acrossPages());
        }
        script("A1", "repetitions upwards: each element is written, the last is read", scripts.repetitions(false));
        script("A1", "repetitions downwards (df)", scripts.repetitions(true));
        if (window.hasBuffer()) {
            prepareBuffer();
            script("A1", "repetitions by pointer (data_is_ptr)", scripts.pointers());
        }
        script("A3", "accesses of one vCPU in their order", scripts.order(ORDER_ACCESSES, 0, 64));
        if (window.isBuffering()) {
            script("F3", "posted writes before any later access", scripts.posted(POSTED_ACCESSES));
        }
        if (window.vcpus() > 1) {
            manyVcpus();
        }
        cutGuest();
        script("F6", "nothing lost and nothing done twice after that", scripts.readAll());
        answersInTime(before);
        impatience();
        script("F4", "goes on after accesses that timed out", scripts.order(ORDER_ACCESSES / 4, 0, 64));
    }

    private void script(String rule, String what, Script script) {
        found(rule, what, first.run(script));
    }

    private void found(String rule, String what, String detail) {
        Finding finding = new Finding(rule, what, detail);
        findings.add(finding);
        listener.accept(finding);
    }

    private void prepareBuffer() {
        control.memory().write(server.domain(), window.bufferStart(), new byte[BUFFER_BYTES]);
    }

    /** Two vCPUs at once, each with registers of its own. */
    private void manyVcpus() throws InterruptedException {
        int half = window.sizeBytes() / 2;
        Conversation second = new Conversation(guest.openVcpu(1, WINDOW));
        Script one = scripts.order(ORDER_ACCESSES, 0, half);
        Script other = scripts.order(ORDER_ACCESSES, half, half);
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            Future<String> firstDiffers = threads.submit(() -> first.run(one));
            Future<String> secondDiffers = threads.submit(() -> second.run(other));
            String differs = firstDiffers.get() + secondDiffers.get();
            found("F1", "two vCPUs at once", differs);
        } catch (ExecutionException broken) {
            throw new IllegalStateException(broken.getCause());
        }
    }

    /** What is under way when the guest's connection breaks is sent again, and must not be carried out again. */
    private void cutGuest() {
        Script script = scripts.order(CUT_ACCESSES, 0, 256);
        long resumedBefore = guest.resumptions();
        int[] cuts = {0};
        String differs = first.run(script, step -> {
            if (step > 0 && step % (CUT_ACCESSES / (CUTS + 1)) == 0) {
                cuts[0] += transport.cut() > 0 ? 1 : 0;
            }
        });
        found("F6", "the guest's connection is cut " + CUTS + " times, its accesses are sent again", differs);
        if (cuts[0] == 0 || guest.resumptions() == resumedBefore) {
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

    /** Accesses that may time out: the register then holds the old value or the new one, and keeps it. */
    private void impatience() {
        String detail = "";
        int timedOut = 0;
        for (int i = 0; i < IMPATIENT_ACCESSES; i++) {
            int at = 8 * (i % 16);
            long old = model.get(window.startGpa() + at, 8);
            long wanted = ~old + i;
            boolean isDone = true;
            try {
                first.make(scripts.write(at, 8, wanted).timeout(IMPATIENCE));
            } catch (TraplineException failed) {
                if (!failed.is(Errno.ETIMEDOUT)) {
                    throw failed;
                }
                isDone = false;
                timedOut++;
            }
            long seen = first.make(scripts.read(at, 8));
            if (seen != wanted && (isDone || seen != old)) {
                detail = "after a write of 0x" + Long.toHexString(wanted) + " over 0x" + Long.toHexString(old)
                        + (isDone ? "" : ", which timed out,") + " the register reads 0x" + Long.toHexString(seen);
            }
            model.put(window.startGpa() + at, 8, seen);
        }
        found(
                "F4",
                "a write that may time out is done whole or not at all (" + timedOut + " of " + IMPATIENT_ACCESSES
                        + " did)",
                detail);
    }

    private IoreqServerCounters counters() {
        return control.ioreqServers().getInfo(server).getCounters();
    }
}
