package io.trapline.node.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Both ends against a naive model: what was offered, in the order in which it was, and what has come of it. Connections break at any time, acknowledgements are lost
 * with them, frames come twice, and time jumps.
 */
final class LinkRandomTest {
    private static final long MILLI = 1_000_000;
    private static final int STEPS = 20_000;

    private record Item(long index, int bytes, long offeredNanos) {}

    private record Sent(TrafficClass of, long number, long ageMillis, long echo, Item item) {}

    /** One direction of one pair of lives. */
    private static final class Pair implements LinkSender.Effects<Item> {
        final SplittableRandom random;
        final LinkSender<Item> sender = new LinkSender<>(this);
        final LinkReceiver receiver = new LinkReceiver();
        final ArrayDeque<Sent> forth = new ArrayDeque<>();
        final ArrayDeque<LinkMarks> back = new ArrayDeque<>();
        /** By class what was offered and has not come. */
        final List<ArrayDeque<Item>> model = new ArrayList<>();

        final List<ArrayDeque<Item>> held = new ArrayList<>();
        final long[] heldBytes = new long[TrafficClass.count()];
        final long[] offered = new long[TrafficClass.count()];
        boolean connecting;
        boolean connected;
        boolean welcomed;
        long now = -500 * MILLI;
        long taken;

        Pair(long seed) {
            random = new SplittableRandom(seed);
            for (int i = 0; i < TrafficClass.count(); i++) {
                model.add(new ArrayDeque<>());
                held.add(new ArrayDeque<>());
            }
        }

        @Override
        public void connect() {
            connecting = true;
        }

        @Override
        public void disconnect() {
            connecting = false;
            connected = false;
            welcomed = false;
            forth.clear();
            back.clear();
        }

        @Override
        public boolean isReady() {
            return forth.size() < 8;
        }

        @Override
        public void send(TrafficClass of, long number, long ageMillis, long echo, Item item) {
            forth.add(new Sent(of, number, ageMillis, echo, item));
        }

        void step(boolean faults) {
            now += random.nextInt(faults ? 3 : 1) == 0 ? random.nextLong(2 * MILLI) : 0;
            if (faults && random.nextInt(2_000) == 0) {
                now += random.nextLong(3_000 * MILLI);
            }
            if (now >= sender.wakeAt()) {
                sender.tick(now);
            }
            switch (random.nextInt(8)) {
                case 0 -> {
                    if (faults) {
                        offer();
                    }
                }
                case 1 -> accept();
                case 2, 3 -> arrive(faults);
                case 4 -> acknowledgementArrives();
                case 5 -> take();
                case 6 -> sender.ready(now);
                default -> {
                    if (faults && random.nextInt(100) == 0) {
                        breakConnection();
                    }
                }
            }
            if (connected && now >= receiver.wakeAt()) {
                back.add(receiver.acknowledge(now));
            }
        }

        private void offer() {
            TrafficClass of = TrafficClass.at(random.nextInt(TrafficClass.count()));
            if (!sender.isCongested(of)) {
                int bytes = 1 + random.nextInt(random.nextBoolean() ? 1_000 : 1 << 20);
                Item item = new Item(++offered[of.index()], bytes, now);
                model.get(of.index()).add(item);
                sender.offer(now, of, item, bytes);
            }
        }

        private void accept() {
            if (connecting) {
                connecting = false;
                connected = true;
                receiver.connected(now);
                back.add(receiver.acknowledge(now));
            }
        }

        private void arrive(boolean faults) {
            Sent frame = connected ? forth.poll() : null;
            if (frame == null) {
                return;
            }
            deliver(frame);
            if (faults && connected && random.nextInt(10) == 0) {
                deliver(frame);
            }
        }

        private void deliver(Sent frame) {
            TrafficClass of = frame.of;
            switch (receiver.frame(now, of, frame.number, frame.echo, frame.item.bytes)) {
                case TAKE -> {
                    assertThat(frame.item).isEqualTo(model.get(of.index()).poll());
                    heldBytes[of.index()] += frame.item.bytes;
                    held.get(of.index()).add(frame.item);
                    assertThat(heldBytes[of.index()]).isLessThanOrEqualTo(of.initialCreditBytes());
                    assertThat(now - frame.item.offeredNanos - frame.ageMillis * MILLI)
                            .as("how much older than it says")
                            .isLessThan(2_001 * MILLI);
                    taken++;
                }
                case DROP ->
                    assertThat(model.get(of.index()))
                            .as("what comes again has come")
                            .doesNotContain(frame.item);
                case STALE -> breakConnection();
                case REFUSE -> throw new AssertionError("refused: " + frame);
            }
        }

        private void acknowledgementArrives() {
            LinkMarks marks = back.poll();
            if (marks != null) {
                if (welcomed) {
                    sender.acknowledged(now, marks);
                } else {
                    welcomed = true;
                    sender.welcome(now, marks);
                }
            }
        }

        private void take() {
            int of = random.nextInt(TrafficClass.count());
            Item item = held.get(of).poll();
            if (item != null) {
                heldBytes[of] -= item.bytes;
                if (receiver.taken(TrafficClass.at(of), item.bytes)) {
                    back.add(receiver.acknowledge(now));
                }
            }
        }

        private void breakConnection() {
            if (connected || connecting) {
                disconnect();
                receiver.lost();
                sender.lost(now);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    @DisplayName(
            "D-18, V-15: once, in order by class, within the credit, never older than it says; in the end all of it")
    void agreesWithTheModel(long seed) {
        Pair pair = new Pair(seed);
        for (int i = 0; i < STEPS; i++) {
            pair.step(true);
        }
        for (int i = 0; i < 5 * STEPS && !pair.model.stream().allMatch(ArrayDeque::isEmpty); i++) {
            pair.step(false);
        }

        assertThat(pair.model).allMatch(ArrayDeque::isEmpty);
        assertThat(pair.taken).isGreaterThan(100);
    }
}
