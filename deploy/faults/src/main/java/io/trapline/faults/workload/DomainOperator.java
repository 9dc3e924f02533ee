package io.trapline.faults.workload;

import io.trapline.client.Memory;
import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.client.WriteSegments;
import io.trapline.faults.history.Event;
import io.trapline.faults.history.History;
import io.trapline.faults.history.Outcome;
import io.trapline.faults.history.PageRun;
import io.trapline.faults.history.Reps;
import io.trapline.model.Gfn;
import io.trapline.model.Gpa;
import io.trapline.model.MemType;
import io.trapline.v1.Claim;
import io.trapline.v1.MemTypeRun;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * Who operates the domain: gives pages their types and takes them, one by one or many with one call, also of both shards, reads and writes its memory past
 * every claim, and lists types and who holds what.
 */
final class DomainOperator implements Runnable {
    private static final String PRINCIPAL = "operator";
    private static final int TYPINGS = 20;
    private static final int LISTINGS = 20;
    private static final List<Integer> GUARDS = List.of(PageRun.RAM_RO, PageRun.MMIO_WRITE_DM, PageRun.RAM_RW);

    private final Scene scene;
    private final SplittableRandom random;
    /** The type that a page has, as far as anybody knows. */
    private final Map<Layout.Page, Boolean> isTyped = new HashMap<>();

    DomainOperator(Scene scene, SplittableRandom random) {
        this.scene = scene;
        this.random = random;
    }

    @Override
    public void run() {
        try (TraplineConnection connection = scene.stage.doors.operator(PRINCIPAL)) {
            type(connection, Layout.TYPED, true);
            while (!scene.isOver()) {
                if (random.nextInt(TYPINGS) == 0) {
                    type(connection);
                } else if (random.nextInt(LISTINGS) == 0) {
                    list(connection);
                    listTypes(connection);
                } else if (random.nextBoolean()) {
                    write(connection);
                } else {
                    Layout.Page page = Layout.PAGES.get(random.nextInt(Layout.PAGES.size()));
                    read(connection, page.word(random.nextInt(page.words())));
                }
                LockSupport.parkNanos(random.nextLong(scene.stage.longestRestNanos));
            }
        }
    }

    /** Reads these words and lists claims and types as the last who does. */
    void readAll(List<Gpa> words) {
        try (TraplineConnection connection = scene.stage.doors.operator(PRINCIPAL)) {
            words.forEach(word -> read(connection, word));
            list(connection);
            listTypes(connection);
        }
    }

    private void type(TraplineConnection connection) {
        switch (random.nextInt(4)) {
            case 0 -> guard(connection);
            // All or none, whatever they are now.
            case 1 -> type(connection, Layout.TYPED, random.nextBoolean());
            default -> {
                Layout.Page page = Layout.TYPED.get(random.nextInt(Layout.TYPED.size()));
                type(connection, List.of(page), !isTyped.getOrDefault(page, false));
            }
        }
    }

    private void guard(TraplineConnection connection) {
        int type = GUARDS.get(random.nextInt(GUARDS.size()));
        setTypes(
                connection,
                Layout.GUARDED.stream()
                        .map(page -> new PageRun(page.gfn().value(), 1, type))
                        .toList());
    }

    private void type(TraplineConnection connection, List<Layout.Page> pages, boolean toTyped) {
        Outcome outcome = setTypes(
                connection,
                pages.stream()
                        .map(page -> new PageRun(page.gfn().value(), 1, toTyped ? page.x() : PageRun.RAM_RW))
                        .toList());
        // EINVAL of one page: it has that type, since one of which nobody knew was carried out.
        if (outcome.isDone() || (pages.size() == 1 && outcome.isRefused("EINVAL"))) {
            pages.forEach(page -> isTyped.put(page, toTyped));
        }
    }

    private Outcome setTypes(TraplineConnection connection, List<PageRun> pages) {
        List<PageRun> runs = joined(pages);
        List<MemTypeRun> wanted = runs.stream()
                .map(run -> Memory.run(new Gfn(run.firstGfn()), run.count(), type(run.type())))
                .toList();
        History history = scene.history;
        long start = history.now();
        Outcome outcome = outcome("types are set", () -> connection.memory().setMemType(scene.domain, wanted));
        history.add(new Event.Typing(scene.domid(), runs, history.since(start), outcome));
        return outcome;
    }

    /** Neighbours that get one type are one run. */
    private static List<PageRun> joined(List<PageRun> pages) {
        List<PageRun> runs = new ArrayList<>();
        for (PageRun page : pages) {
            PageRun last = runs.isEmpty() ? null : runs.getLast();
            if (last != null && last.type() == page.type() && last.firstGfn() + last.count() == page.firstGfn()) {
                runs.set(runs.size() - 1, new PageRun(last.firstGfn(), last.count() + page.count(), page.type()));
            } else {
                runs.add(page);
            }
        }
        return runs;
    }

    private static MemType type(int type) {
        return switch (type) {
            case PageRun.RAM_RW -> MemType.RAM_RW;
            case PageRun.RAM_RO -> MemType.RAM_RO;
            case PageRun.MMIO_WRITE_DM -> MemType.MMIO_WRITE_DM;
            default -> MemType.ioreqServer(type);
        };
    }

    private static int type(MemType type) {
        return switch (type) {
            case RAM_RW -> PageRun.RAM_RW;
            case RAM_RO -> PageRun.RAM_RO;
            case MMIO_WRITE_DM -> PageRun.MMIO_WRITE_DM;
            default -> type.x();
        };
    }

    private void write(TraplineConnection connection) {
        List<Layout.Page> pages = random.nextInt(3) == 0 ? Layout.GUARDED : Layout.PLAIN;
        Layout.Page page = pages.get(random.nextInt(pages.size()));
        Gpa word = page.word(random.nextInt(page.words()));
        long value = scene.stage.freshValue();
        History history = scene.history;
        long start = history.now();
        WriteSegments segments = new WriteSegments(1, Reps.WORD_BYTES).addValue(word.value(), value, Reps.WORD_BYTES);
        Outcome outcome = outcome("memory is written", () -> connection.memory().write(scene.domain, segments));
        history.add(
                new Event.Memory(PRINCIPAL, scene.domid(), true, word.value(), value, history.since(start), outcome));
    }

    private void read(TraplineConnection connection, Gpa word) {
        long[] value = {0};
        History history = scene.history;
        long start = history.now();
        Outcome outcome = outcome(
                "memory is read",
                () -> value[0] =
                        EmulatorClient.littleEndian(connection.memory().read(scene.domain, word, Reps.WORD_BYTES)));
        history.add(new Event.Memory(
                PRINCIPAL, scene.domid(), false, word.value(), value[0], history.since(start), outcome));
    }

    private void list(TraplineConnection connection) {
        Map<Integer, Integer> holders = new HashMap<>();
        History history = scene.history;
        long start = history.now();
        Outcome outcome = outcome("claims are listed", () -> {
            for (Claim claim : connection.ioreqServers().listClaims(scene.domain)) {
                holders.put(MemType.ofCode(claim.getTypeValue()).x(), claim.getId());
            }
        });
        history.add(new Event.Listed(scene.domid(), holders, history.since(start), outcome));
    }

    private void listTypes(TraplineConnection connection) {
        Map<Long, Integer> types = new HashMap<>();
        History history = scene.history;
        long start = history.now();
        Outcome outcome = outcome("types are listed", () -> {
            for (MemTypeRun run : connection.memory().listMemTypes(scene.domain, new Gfn(0), Layout.NR_PAGES)) {
                for (Layout.Page page : Layout.PAGES) {
                    long behind = page.gfn().value() - run.getFirstGfn();
                    if (behind >= 0 && behind < run.getCount()) {
                        types.put(page.gfn().value(), type(MemType.ofCode(run.getTypeValue())));
                    }
                }
            }
        });
        history.add(new Event.ListedTypes(scene.domid(), types, history.since(start), outcome));
    }

    private Outcome outcome(String what, Runnable call) {
        try (Waiting.Until _ = scene.waits(() -> what + " by the operator")) {
            call.run();
            return Outcome.DONE;
        } catch (TraplineException failure) {
            return Outcomes.of(failure);
        }
    }
}
