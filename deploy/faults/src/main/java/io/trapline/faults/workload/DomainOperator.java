package io.trapline.faults.workload;

import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.client.WriteSegments;
import io.trapline.faults.history.Event;
import io.trapline.faults.history.History;
import io.trapline.faults.history.Outcome;
import io.trapline.model.Gpa;
import io.trapline.model.MemType;
import io.trapline.v1.Claim;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Who operates the domain: gives pages their types and takes them, reads and writes its memory past every claim, and lists who holds what. */
final class DomainOperator implements Runnable {
    private static final String PRINCIPAL = "operator";
    private static final int WORD_BYTES = 8;
    private static final int PAUSE_MILLIS = 12;
    private static final int TYPINGS = 30;
    private static final int LISTINGS = 20;

    private final Stage stage;
    private final SplittableRandom random;
    /** The type that a page has, as far as anybody knows. */
    private final Map<Layout.Page, Boolean> isTyped = new HashMap<>();

    DomainOperator(Stage stage, SplittableRandom random) {
        this.stage = stage;
        this.random = random;
    }

    @Override
    public void run() {
        try (TraplineConnection connection = stage.doors.operator(PRINCIPAL)) {
            for (Layout.Page page : Layout.TYPED) {
                type(connection, page, true);
            }
            while (!stage.isOver()) {
                if (random.nextInt(TYPINGS) == 0) {
                    Layout.Page page = Layout.TYPED.get(random.nextInt(Layout.TYPED.size()));
                    type(connection, page, !isTyped.getOrDefault(page, false));
                } else if (random.nextInt(LISTINGS) == 0) {
                    list(connection);
                } else if (random.nextBoolean()) {
                    write(connection);
                } else {
                    Layout.Page page = Layout.PAGES.get(random.nextInt(Layout.PAGES.size()));
                    read(connection, page.word(random.nextInt(page.words())));
                }
                Stage.pause(random.nextInt(PAUSE_MILLIS));
            }
        }
    }

    /** Reads these words and lists the claims as the last who does. */
    void readAll(List<Gpa> words) {
        try (TraplineConnection connection = stage.doors.operator(PRINCIPAL)) {
            words.forEach(word -> read(connection, word));
            list(connection);
        }
    }

    private void type(TraplineConnection connection, Layout.Page page, boolean toTyped) {
        MemType type = toTyped ? MemType.ioreqServer(page.x()) : MemType.RAM_RW;
        History history = stage.history;
        long start = history.now();
        Outcome outcome = outcome(() -> connection.memory().setMemType(stage.domain, page.gfn(), 1, type));
        history.add(new Event.Typing(
                stage.domid(), page.gfn().value(), 1, toTyped ? page.x() : -1, history.since(start), outcome));
        // EINVAL: one of which nobody knew was carried out, and it has that type.
        if (outcome.isDone() || outcome.isRefused("EINVAL")) {
            isTyped.put(page, toTyped);
        }
    }

    private void write(TraplineConnection connection) {
        Layout.Page page = Layout.PLAIN.get(random.nextInt(Layout.PLAIN.size()));
        Gpa word = page.word(random.nextInt(page.words()));
        long value = stage.freshValue();
        History history = stage.history;
        long start = history.now();
        WriteSegments segments = new WriteSegments(1, WORD_BYTES).addValue(word.value(), value, WORD_BYTES);
        Outcome outcome = outcome(() -> connection.memory().write(stage.domain, segments));
        history.add(
                new Event.Memory(PRINCIPAL, stage.domid(), true, word.value(), value, history.since(start), outcome));
    }

    private void read(TraplineConnection connection, Gpa word) {
        long[] value = {0};
        History history = stage.history;
        long start = history.now();
        Outcome outcome = outcome(
                () -> value[0] = EmulatorClient.littleEndian(connection.memory().read(stage.domain, word, WORD_BYTES)));
        history.add(new Event.Memory(
                PRINCIPAL, stage.domid(), false, word.value(), value[0], history.since(start), outcome));
    }

    private void list(TraplineConnection connection) {
        Map<Integer, Integer> holders = new HashMap<>();
        History history = stage.history;
        long start = history.now();
        Outcome outcome = outcome(() -> {
            for (Claim claim : connection.ioreqServers().listClaims(stage.domain)) {
                holders.put(MemType.ofCode(claim.getTypeValue()).x(), claim.getId());
            }
        });
        history.add(new Event.Listed(stage.domid(), holders, history.since(start), outcome));
    }

    private static Outcome outcome(Runnable call) {
        try {
            call.run();
            return Outcome.DONE;
        } catch (TraplineException failure) {
            return Outcomes.of(failure);
        }
    }
}
