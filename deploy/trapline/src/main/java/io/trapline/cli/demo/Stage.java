package io.trapline.cli.demo;

import io.trapline.cli.drill.Checks;
import io.trapline.cli.text.Console;
import io.trapline.cli.text.Progress;
import io.trapline.client.DomainRef;
import io.trapline.client.Emulator;
import io.trapline.client.EmulatorEnd;
import io.trapline.client.Guest;
import io.trapline.model.Gpa;
import io.trapline.model.MemType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** What all chapters of the story share: who is there, what the guest means its table to be, and what was found so far. */
final class Stage {
    static final long PAGES = 65_536;
    static final long GTT_GFN = 0x4000;
    static final MemType GTT_TYPE = MemType.IOREQ_SERVER_0;
    static final Duration PATIENCE = Duration.ofMinutes(5);

    private static final long POLL_MILLIS = 10;

    final DemoOptions options;
    final Demo.Cast cast;
    final Console console;
    final Checks checks;
    final DemoFigures figures;
    final Gtt gtt;
    final Mediator mediator;
    final long[] guestTable;
    final List<VcpuLoad> loads = new ArrayList<>();
    final List<GuestProgram> programs = new ArrayList<>();
    /** By who they are; those that were closed are through. */
    private final Map<String, Emulator> emulators = new LinkedHashMap<>();

    Stage(DemoOptions options, Demo.Cast cast, Console console) {
        this.options = options;
        this.cast = cast;
        this.console = console;
        this.checks = new Checks(console);
        this.figures = new DemoFigures(options);
        this.gtt = new Gtt(GTT_GFN, options.gttPages(), PAGES, options.vcpus());
        this.mediator = new Mediator(gtt);
        this.guestTable = new long[gtt.entries()];
    }

    void openVcpus(Guest guest) {
        for (int vcpu = 0; vcpu < options.vcpus(); vcpu++) {
            VcpuLoad load = new VcpuLoad(guest, vcpu, options.window());
            loads.add(load);
            programs.add(new GuestProgram(gtt, load, guestTable, options.seed()));
        }
    }

    /** From now on the story needs that emulator, until it is closed. */
    void needs(String who, Emulator emulator) {
        emulators.put(who, emulator);
    }

    /** Fails where an emulator serves no more: accesses would wait for it until their timeout, a window after the other. */
    void checkEmulators() {
        emulators.forEach((who, emulator) -> {
            CompletableFuture<EmulatorEnd> ended = emulator.ended();
            if (ended.isDone() && ended.join().kind() != EmulatorEnd.Kind.CLOSED) {
                EmulatorEnd end = ended.join();
                Throwable cause = end.cause();
                throw new StoryException(
                        who + " serves no more: " + end.kind() + (cause == null ? "" : ", " + cause.getMessage()));
            }
        });
    }

    /** What one vCPU does while the others do the same. */
    interface VcpuWork {
        void run(int vcpu) throws InterruptedException;
    }

    /** What the stage does while the vCPUs are at work. */
    interface Meanwhile {
        void look() throws InterruptedException;
    }

    /** Runs the work on all vCPUs at once until each has all its answers, looking in again and again. Returns the seconds it took. */
    double onAllVcpus(String what, long accesses, VcpuWork work, Meanwhile meanwhile) throws InterruptedException {
        long before = answered();
        long startNanos = System.nanoTime();
        List<Future<Boolean>> running = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(loads.size());
                Progress progress = new Progress(console, what, accesses)) {
            for (VcpuLoad load : loads) {
                running.add(threads.submit(() -> {
                    work.run(load.number());
                    return load.finish(PATIENCE);
                }));
            }
            try {
                for (Future<Boolean> one : running) {
                    while (!isDone(one)) {
                        checkEmulators();
                        meanwhile.look();
                        progress.update(answered() - before);
                    }
                }
                meanwhile.look();
            } finally {
                // Where one of them failed the others would go on for ever.
                threads.shutdownNow();
            }
        }
        return (System.nanoTime() - startNanos) / 1e9;
    }

    private static boolean isDone(Future<Boolean> work) throws InterruptedException {
        try {
            if (!work.get(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
                throw new IllegalStateException("accesses have no answer after " + PATIENCE.toSeconds() + " s");
            }
            return true;
        } catch (TimeoutException notYet) {
            return false;
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException("a vCPU could not go on", failed);
        }
    }

    /** How many accesses have their outcome. */
    long answered() {
        return loads.stream().mapToLong(VcpuLoad::answered).sum();
    }

    /** Checks that no access so far failed and that no read returned anything but what it had to. */
    void checkAnswers(String what) {
        long failed = loads.stream().mapToLong(VcpuLoad::failed).sum();
        long wrong = loads.stream().mapToLong(VcpuLoad::wrongReads).sum();
        figures.mismatches += failed + wrong;
        String first = loads.stream()
                .map(VcpuLoad::firstFailure)
                .filter(failure -> !failure.isEmpty())
                .findFirst()
                .orElse("");
        checks.check(
                what
                        + (failed == 0 ? "" : ": " + failed + " failed, first: " + first)
                        + (wrong == 0 ? "" : ": " + wrong + " reads were wrong"),
                failed + wrong == 0);
    }

    /** The entries that the pages hold, past every claim. */
    long[] tableInPages(DomainRef domain) {
        long[] table = new long[gtt.entries()];
        int chunkEntries = (2 << 20) / Gtt.ENTRY_BYTES;
        for (int first = 0; first < table.length; first += chunkEntries) {
            int count = Math.min(chunkEntries, table.length - first);
            byte[] bytes = cast.operator().memory().read(domain, new Gpa(gtt.gpa(first)), count * Gtt.ENTRY_BYTES);
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(table, first, count);
        }
        return table;
    }

    /** How many entries of the pages are not what the guest wrote. */
    long differingEntries(DomainRef domain) {
        long[] pages = tableInPages(domain);
        long differing = 0;
        for (int entry = 0; entry < pages.length; entry++) {
            differing += pages[entry] == guestTable[entry] ? 0 : 1;
        }
        figures.mismatches += differing;
        return differing;
    }
}
