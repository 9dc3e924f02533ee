package io.trapline.node.ioreq;

import io.trapline.model.Errno;
import io.trapline.model.Pure;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a server has told shards of which there is another copy, until they say that the other copy has it too: if the one that was told dies, the other asks
 * (D-21, D-22). As many as are under way between the two nodes.
 */
@Pure
final class ToldOutcomes {
    /** What came of a row. */
    record Told(long data, byte errno) {}

    private record Key(int vcpu, long vcpuEpoch, long sequence, int part) {}

    private final Map<Key, Told> told = new HashMap<>();
    private boolean keeps;

    /** From now on they are kept: the domain's shards may have another copy. */
    void keep() {
        keeps = true;
    }

    void completed(OutcomeRows rows) {
        for (int i = 0; keeps && i < rows.size(); i++) {
            told.put(key(rows.keys(), i), new Told(rows.data(i), rows.errno(i)));
        }
    }

    void postedDone(KeyRows rows) {
        for (int i = 0; keeps && i < rows.size(); i++) {
            told.put(key(rows, i), new Told(0, Errno.OK));
        }
    }

    /** Both copies have it. */
    void recorded(KeyRows rows) {
        for (int i = 0; i < rows.size(); i++) {
            told.remove(key(rows, i));
        }
    }

    /** What was told of that row, or null. */
    @Nullable
    Told of(KeyRows rows, int i) {
        return told.get(key(rows, i));
    }

    /** Nobody asks here any more. */
    void forget() {
        told.clear();
    }

    int size() {
        return told.size();
    }

    private static Key key(KeyRows rows, int i) {
        return new Key(rows.vcpu(i), rows.vcpuEpoch(i), rows.sequence(i), rows.part(i));
    }
}
