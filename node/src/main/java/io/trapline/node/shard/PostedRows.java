package io.trapline.node.shard;

import io.trapline.model.Pure;
import java.util.ArrayList;
import java.util.List;

/**
 * Posted writes of one vCPU that took effect when a server queued them (F3) and that no emulator has carried out yet. The shard keeps them, since a
 * change may bring them back to be decided again (F5). At most 511 a server, by that server's count.
 */
@Pure
final class PostedRows {
    /** One posted write. */
    static final class Row {
        final int serverId;
        final long epoch;
        final long sequence;
        final byte attributes;
        final long address;
        final long data;
        final int window;

        Row(int serverId, long epoch, long sequence, byte attributes, long address, long data, int window) {
            this.serverId = serverId;
            this.epoch = epoch;
            this.sequence = sequence;
            this.attributes = attributes;
            this.address = address;
            this.data = data;
            this.window = window;
        }

        /** The same write at another server. */
        Row at(int anotherServer) {
            return new Row(anotherServer, epoch, sequence, attributes, address, data, window);
        }
    }

    private final List<Row> rows = new ArrayList<>();
    /** How many rows are on their way back, so that nothing younger of the vCPU may be decided before them (A3). */
    int returning;

    void add(Row row) {
        rows.add(row);
    }

    boolean isEmpty() {
        return rows.isEmpty();
    }

    /** In the order in which they took effect. */
    List<Row> rows() {
        return rows;
    }

    /** Takes the row with that key out, or returns null. Posted writes are mostly answered in order, so that it is found at once. */
    @org.jspecify.annotations.Nullable
    Row remove(long epoch, long sequence) {
        for (int i = 0; i < rows.size(); i++) {
            Row row = rows.get(i);
            if (row.sequence == sequence && row.epoch == epoch) {
                return rows.remove(i);
            }
        }
        return null;
    }

    /** The lowest sequence number under that epoch, or {@link Long#MAX_VALUE}. */
    long oldest(long epoch) {
        for (Row row : rows) {
            if (row.epoch == epoch) {
                return row.sequence;
            }
        }
        return Long.MAX_VALUE;
    }
}
