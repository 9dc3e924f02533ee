package io.trapline.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.client.SendWindow.Next;
import io.trapline.client.SendWindow.Taken;
import io.trapline.model.AccessAttributes;
import io.trapline.model.Errno;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The window against a small model of Trapline, over connections that are cut anywhere. */
@DisplayName("A3, A4, A5: every access takes effect once, in order, and is reported once")
class SendWindowRandomTest {
    private static final int SEEDS = 400;
    private static final int STEPS = 1500;
    private static final byte WRITE = AccessAttributes.of(8, true, AccessAttributes.MEM);

    /** A row on its way; the connection it travels on may be gone before it arrives. */
    private static final class Row {
        private final int connection;
        private final long sequence;
        private final long address;
        private final boolean resent;

        Row(int connection, long sequence, long address, boolean resent) {
            this.connection = connection;
            this.sequence = sequence;
            this.address = address;
            this.resent = resent;
        }
    }

    /** What Trapline does with one vCPU's rows, in the simplest words. */
    private static final class Model {
        private final Map<Long, Long> contents = new HashMap<>();
        private final Map<Long, Integer> outcomes = new HashMap<>();
        private final List<Long> effects = new ArrayList<>();
        private final int window;
        private long next = 1;
        private long receivedThrough;

        Model(int window) {
            this.window = window;
        }

        /** Returns the errno of the answer. */
        int row(Row row, boolean unsure, int connection) {
            assertThat(row.sequence)
                    .as("inside the window")
                    .isGreaterThan(receivedThrough)
                    .isLessThanOrEqualTo(receivedThrough + window);
            Integer known = outcomes.get(row.sequence);
            if (known != null) {
                assertThat(row.resent)
                        .as("a known outcome is only asked for again")
                        .isTrue();
                return known;
            }
            if (unsure || row.sequence > next) {
                return Errno.EAGAIN.number();
            }
            assertThat(row.sequence).as("no gap").isEqualTo(next);
            assertThat(row.connection).isEqualTo(connection);
            next++;
            boolean isVoid = row.address < 0;
            if (!isVoid) {
                effects.add(row.address);
            }
            outcomes.put(row.sequence, isVoid ? Errno.EINVAL.number() : Errno.OK);
            contents.put(row.sequence, row.address);
            return outcomes.get(row.sequence);
        }

        void received(long through) {
            assertThat(through).as("only what was answered").isLessThan(next);
            receivedThrough = Math.max(receivedThrough, through);
        }
    }

    private static final class Run {
        private final Random random;
        private final int size;
        private final SendWindow window;
        private final Model model;
        private final ArrayDeque<Row> toTrapline = new ArrayDeque<>();
        private final List<long[]> toGuest = new ArrayList<>();
        private final Map<Long, Long> submitted = new HashMap<>();
        private final Map<Long, Integer> reported = new HashMap<>();
        private long nowNanos;
        private long addresses;
        private int connection = 1;
        private boolean connected = true;
        private boolean calm;

        Run(long seed) {
            random = new Random(seed);
            size = 1 + random.nextInt(16);
            window = new SendWindow(0, size, 400);
            model = new Model(size);
            window.opened(1);
        }

        void run() {
            for (int step = 0; step < STEPS; step++) {
                step();
            }
            calm = true;
            for (int step = 0; step < 40_000 && window.outstanding() > 0; step++) {
                step();
            }
            assertThat(window.outstanding()).as("everything comes to an end").isZero();
            check();
        }

        private void step() {
            nowNanos += random.nextInt(3_000_000);
            int what = random.nextInt(100);
            if (what < 25 && !calm) {
                submit();
            } else if (what < 50) {
                send();
            } else if (what < 75) {
                arriveAtTrapline();
            } else if (what < 95) {
                arriveAtGuest();
            } else if (what < 97) {
                window.expire(nowNanos, (sequence, errno) -> report(sequence, errno.number()));
            } else if (what < 98 && !calm) {
                cut();
            } else if (!connected) {
                resume();
            }
        }

        private void submit() {
            long address = addresses + 1;
            long sequence = window.submit(nowNanos, address, WRITE, 0, 1, 0);
            if (sequence != 0) {
                addresses++;
                submitted.put(sequence, address);
            }
        }

        private void send() {
            boolean resent = window.next(nowNanos) == Next.RESENT;
            long[] last = {0};
            window.take(
                    nowNanos,
                    1 + random.nextInt(8),
                    (vcpu, sequence, address, attributes, data, count, timeoutMillis) -> {
                        assertThat(sequence).isGreaterThan(last[0]);
                        last[0] = sequence;
                        toTrapline.add(new Row(connection, sequence, address, resent));
                    });
            if (last[0] != 0) {
                model.received(window.receivedThrough());
            }
        }

        private void arriveAtTrapline() {
            Row row = toTrapline.poll();
            if (row != null) {
                int errno = model.row(row, !calm && random.nextInt(10) == 0, connection);
                toGuest.add(new long[] {row.sequence, errno});
            }
        }

        private void arriveAtGuest() {
            if (!toGuest.isEmpty()) {
                long[] answer = toGuest.remove(random.nextInt(toGuest.size()));
                if (window.answer(nowNanos, answer[0], (int) answer[1]) == Taken.OUTCOME) {
                    report(answer[0], (int) answer[1]);
                }
            }
        }

        private void cut() {
            toTrapline.clear();
            toGuest.clear();
            connected = false;
            window.lost();
        }

        private void resume() {
            connected = true;
            connection++;
            model.received(window.receivedThrough());
            window.resumed();
        }

        private void report(long sequence, int errno) {
            assertThat(reported.put(sequence, errno)).as("reported once").isNull();
        }

        private void check() {
            assertThat(reported.keySet()).isEqualTo(submitted.keySet());
            assertThat(model.effects).as("in order, each once").isSorted().doesNotHaveDuplicates();
            for (Map.Entry<Long, Integer> outcome : reported.entrySet()) {
                boolean tookEffect = model.effects.contains(submitted.get(outcome.getKey()));
                if (outcome.getValue() == Errno.OK) {
                    assertThat(tookEffect).as("acknowledged").isTrue();
                } else if (outcome.getValue() == Errno.EAGAIN.number()) {
                    assertThat(tookEffect).as("reported as without effect").isFalse();
                } else {
                    assertThat(outcome.getValue()).isEqualTo(Errno.ETIMEDOUT.number());
                }
            }
        }
    }

    @Test
    void carriesOutEachAccessOnceUnderRandomCutsAndResends() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            try {
                new Run(seed).run();
            } catch (AssertionError | RuntimeException failure) {
                throw new AssertionError("seed " + seed + ": " + failure.getMessage(), failure);
            }
        }
    }
}
