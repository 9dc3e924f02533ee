package io.trapline.node.shard;

import io.trapline.model.IoreqAttributes;
import io.trapline.model.Pure;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.replica.StateImage;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Posted writes of one vCPU that took effect when a server queued them (F3) and that no emulator has carried out yet. The shard keeps them, since a
 * change may bring them back to be decided again (F5). At most 511 a server, by that server's count.
 *
 * <p>Invariant: rows stand in the order of epoch and sequence number.
 */
@Pure
final class PostedRows {
    /** Above every home: the server is gone, and another one of its id is not asked about what that had. */
    static final long NO_HOME = Long.MAX_VALUE;

    /** One posted write. */
    static final class Row {
        final int serverId;
        final long epoch;
        final long sequence;
        final byte attributes;
        final long address;
        final long data;
        final int window;
        /** The revision under which the server has it. */
        final long revision;
        /** X of the claim by which it was passed on, or {@code BY_RANGE}. */
        final byte claimedType;
        /** The revision under which it was first passed on (F6). */
        final long firstPassed;
        /** Since which revision the server has been where the row was passed, or asked about last (D-22). */
        long home;
        /** Servers that had it; a bit each. */
        private final long passedTo;
        /** Of those, the ones that had it again after others (F6). */
        private long again;
        /** The server has said that it has it. */
        boolean queued;
        /** It came back and waits for its turn. */
        boolean returned;

        Row(
                int serverId,
                long epoch,
                long sequence,
                byte attributes,
                long address,
                long data,
                int window,
                long revision,
                long home,
                byte claimedType,
                long firstPassed,
                long passedTo,
                boolean queued) {
            this.serverId = serverId;
            this.epoch = epoch;
            this.sequence = sequence;
            this.attributes = attributes;
            this.address = address;
            this.data = data;
            this.window = window;
            this.revision = revision;
            this.home = home;
            this.claimedType = claimedType;
            this.firstPassed = firstPassed;
            this.passedTo = passedTo | 1L << serverId;
            this.queued = queued;
        }

        /** The next one of the image; {@link #image} says the same in the same order. */
        private static Row ofImage(StateImage image) {
            Row row = new Row(
                    image.of(0),
                    image.of(0L),
                    image.of(0L),
                    image.of((byte) 0),
                    image.of(0L),
                    image.of(0L),
                    image.of(0),
                    image.of(0L),
                    image.of(0L),
                    image.of((byte) 0),
                    image.of(0L),
                    image.of(0L),
                    image.of(false));
            row.again = image.of(0L);
            row.returned = image.of(false);
            return row;
        }

        private void image(StateImage image) {
            image.of(serverId);
            image.of(epoch);
            image.of(sequence);
            image.of(attributes);
            image.of(address);
            image.of(data);
            image.of(window);
            image.of(revision);
            image.of(home);
            image.of(claimedType);
            image.of(firstPassed);
            image.of(passedTo);
            image.of(queued);
            image.of(again);
            image.of(returned);
        }

        /** The same write on its way to another server, or to the same once more. */
        Row at(int decision, DecisionTable table) {
            int server = DecisionTable.server(decision);
            Row there = new Row(
                    server,
                    epoch,
                    sequence,
                    attributes,
                    address,
                    data,
                    window,
                    table.revision(),
                    table.homeEpoch(server),
                    DecisionTable.claimedType(decision),
                    firstPassed,
                    passedTo,
                    false);
            there.again = again | (server != serverId && wasPassedTo(server) ? 1L << server : 0);
            return there;
        }

        /** Redelivered where the server had it and others since: its emulator may have carried it out, and forgotten it (F6). */
        byte marks() {
            boolean isAgain = (again >>> serverId & 1) != 0;
            return (byte) (IoreqAttributes.MARK_POSTED | (isAgain ? IoreqAttributes.MARK_REDELIVERED : 0));
        }

        boolean wasPassedTo(int server) {
            return (passedTo >>> server & 1) != 0;
        }

        /** Whether it took effect before that access. */
        boolean isBefore(long anEpoch, long aSequence) {
            return epoch != anEpoch ? epoch < anEpoch : sequence < aSequence;
        }
    }

    private final List<Row> rows = new ArrayList<>();
    /** The first that is on its way, back or to another server: nothing younger of the vCPU, posted or not, may be decided before it is there (A3). */
    @Nullable
    Row firstUnderWay;
    /** Servers that may yet give rows back: nothing younger may reach them before (F3). A bit each. */
    long mayGiveBack;

    void add(Row row) {
        int at = rows.size();
        while (at > 0 && row.isBefore(rows.get(at - 1).epoch, rows.get(at - 1).sequence)) {
            at--;
        }
        rows.add(at, row);
    }

    boolean isEmpty() {
        return rows.isEmpty();
    }

    /** In the order in which they took effect. */
    List<Row> rows() {
        return rows;
    }

    /** The first that came back, or null. */
    @Nullable
    Row firstReturned() {
        for (Row row : rows) {
            if (row.returned) {
                return row;
            }
        }
        return null;
    }

    /** The row with that key that the server has at that home, or null. Posted writes are mostly answered in order, so that it is found at once. */
    @Nullable
    Row find(int serverId, long homeEpoch, long epoch, long sequence) {
        for (Row row : rows) {
            if (row.sequence == sequence && row.epoch == epoch) {
                return row.serverId == serverId && row.home == homeEpoch && !row.returned ? row : null;
            }
        }
        return null;
    }

    /** Whether a row with that key is here that the server has, or has given back. */
    boolean isOf(int serverId, long epoch, long sequence) {
        for (Row row : rows) {
            if (row.sequence == sequence && row.epoch == epoch) {
                return row.serverId == serverId;
            }
        }
        return false;
    }

    void remove(Row row) {
        rows.remove(row);
    }

    /** The servers that do not stay have given back all they had. */
    void takeBackFromAllBut(BitSet stay) {
        for (Row row : rows) {
            if (!stay.get(row.serverId)) {
                row.returned = true;
                row.home = NO_HOME;
            }
        }
    }

    /** The lowest sequence number under that epoch that the server has, or {@link Long#MAX_VALUE}. */
    long oldest(int serverId, long epoch) {
        for (Row row : rows) {
            if (row.epoch == epoch && row.serverId == serverId) {
                return row.sequence;
            }
        }
        return Long.MAX_VALUE;
    }

    /** All that a fresh copy has to have of it, both ways (D-24). */
    void image(StateImage image) {
        image.each(rows, row -> row.image(image), () -> Row.ofImage(image));
        int underWay = image.of(firstUnderWay == null ? -1 : rows.indexOf(firstUnderWay));
        firstUnderWay = underWay < 0 ? null : rows.get(underWay);
        mayGiveBack = image.of(mayGiveBack);
    }
}
