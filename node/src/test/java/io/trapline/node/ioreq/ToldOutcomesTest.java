package io.trapline.node.ioreq;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("D-22: what a server has told is kept until every copy has it")
final class ToldOutcomesTest {
    private record Key(int vcpu, long sequence) {
        KeyRows row() {
            KeyRows keys = new KeyRows(1);
            keys.add(vcpu, 1, sequence, 0);
            return keys;
        }
    }

    private final ToldOutcomes told = new ToldOutcomes();
    private long lastSequence;

    @Test
    void keepsNothingWhereNobodyAsks() {
        told.completed(rows(List.of(new Key(0, 1))));
        assertThat(told.size()).isZero();
        assertThat(told.take(new Key(0, 1).row(), 0)).isNull();
    }

    @Test
    @DisplayName("as a map would keep it, whatever is recorded in whatever pieces and order, or asked about again")
    void isAMap() {
        told.keep();
        Random random = new Random(3);
        Map<Key, Long> model = new HashMap<>();
        List<List<Key>> underWay = new ArrayList<>();
        int askedAgain = 0;
        for (int step = 0; step < 20_000; step++) {
            switch (random.nextInt(8)) {
                case 0, 1, 2 -> {
                    List<Key> batch = batch(random);
                    boolean posted = random.nextInt(4) == 0;
                    if (posted) {
                        told.postedDone(keys(batch));
                    } else {
                        told.completed(rows(batch));
                    }
                    batch.forEach(key -> model.put(key, posted ? 0 : data(key)));
                    underWay.add(new ArrayList<>(batch));
                }
                case 3 -> {
                    // Out of a shard's hands: asked about, and told again.
                    if (!model.isEmpty()) {
                        Key key = model.keySet().stream()
                                .skip(random.nextInt(model.size()))
                                .findFirst()
                                .orElseThrow();
                        ToldOutcomes.Told found = told.take(key.row(), 0);
                        assertThat(found).isNotNull();
                        assertThat(found.data()).isEqualTo(model.remove(key));
                        assertThat(told.take(key.row(), 0)).isNull();
                        askedAgain++;
                    }
                }
                default -> {
                    // A link may cut what was told, and shards answer each at its own time.
                    if (!underWay.isEmpty()) {
                        int which = random.nextInt(3) == 0 ? random.nextInt(underWay.size()) : 0;
                        List<Key> batch = underWay.get(which);
                        int count = random.nextInt(2) == 0 ? batch.size() : random.nextInt(batch.size() + 1);
                        List<Key> piece = new ArrayList<>(batch.subList(0, count));
                        batch.subList(0, count).clear();
                        if (batch.isEmpty()) {
                            underWay.remove(which);
                        }
                        told.recorded(keys(piece));
                        piece.forEach(model::remove);
                    }
                }
            }
            assertThat(told.size()).isEqualTo(model.size());
        }
        assertThat(askedAgain).isGreaterThan(100);
        underWay.forEach(batch -> told.recorded(keys(batch)));
        assertThat(told.size()).isZero();
    }

    private List<Key> batch(Random random) {
        List<Key> batch = new ArrayList<>();
        int size = 1 + random.nextInt(6);
        for (int i = 0; i < size; i++) {
            batch.add(new Key(random.nextInt(3), ++lastSequence));
        }
        return batch;
    }

    private static KeyRows keys(List<Key> batch) {
        KeyRows keys = new KeyRows(1);
        batch.forEach(key -> keys.add(key.vcpu(), 1, key.sequence(), 0));
        return keys;
    }

    private static OutcomeRows rows(List<Key> batch) {
        OutcomeRows rows = new OutcomeRows(1);
        batch.forEach(key -> rows.add(key.vcpu(), 1, key.sequence(), 0, data(key), (byte) 0));
        return rows;
    }

    private static long data(Key key) {
        return 1_000 + key.sequence();
    }
}
