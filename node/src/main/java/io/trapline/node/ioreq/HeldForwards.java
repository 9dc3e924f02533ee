package io.trapline.node.ioreq;

import io.trapline.model.Pure;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.SettledRows;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;

/**
 * What shards have decided under a revision that the server has not applied yet (C7), in the order in which it came.
 *
 * <p>What bounds it: the server is given a revision before the shards of its domain are, so that in one process nothing is ever held; across hosts a
 * view lags for less than a lease, and meanwhile at most a window of rows per vCPU can come.
 *
 * <p>Of none of it anything is said before its view is applied: by that the server may have another home, for which nobody can speak before (D-22).
 */
@Pure
final class HeldForwards {
    private final List<Held> held = new ArrayList<>();
    private int rows;

    /**
     * One forward, not accepted yet.
     *
     * @param back which of its rows are to go back when it is their turn (A3)
     */
    record Held(
            int shard,
            long shardEpoch,
            long decidedRevision,
            long decidedChange,
            IoreqRows rows,
            SettledRows settled,
            BitSet back) {
        Held(
                int shard,
                long shardEpoch,
                long decidedRevision,
                long decidedChange,
                IoreqRows rows,
                SettledRows settled) {
            this(shard, shardEpoch, decidedRevision, decidedChange, rows, settled, new BitSet(0));
        }

        Held with(IoreqRows others, BitSet othersBack) {
            return new Held(shard, shardEpoch, decidedRevision, decidedChange, others, settled, othersBack);
        }
    }

    /** Whether a row stays. */
    interface Test {
        boolean keeps(Held forward, int row);
    }

    /** Looks at a row. */
    interface Look {
        void at(Held forward, int row);
    }

    boolean isEmpty() {
        return held.isEmpty();
    }

    int rows() {
        return rows;
    }

    void add(Held forward) {
        held.add(forward);
        rows += forward.rows.size();
    }

    /** Takes out, in order, what the revision reaches. */
    List<Held> release(long revision) {
        List<Held> released = new ArrayList<>();
        for (Iterator<Held> forwards = held.iterator(); forwards.hasNext(); ) {
            Held forward = forwards.next();
            if (forward.decidedRevision <= revision) {
                forwards.remove();
                rows -= forward.rows.size();
                released.add(forward);
            }
        }
        return released;
    }

    /** Shows every row, in order. */
    void forEach(Look look) {
        for (Held forward : held) {
            for (int row = 0; row < forward.rows.size(); row++) {
                look.at(forward, row);
            }
        }
    }

    /** What these vCPUs have here goes back when it is its turn. */
    void giveBack(BitSet vcpus) {
        forEach((forward, row) -> {
            if (vcpus.get(forward.rows().keys().vcpu(row))) {
                forward.back().set(row);
            }
        });
    }

    /** Drops the rows that the test does not keep. */
    void filter(Test test) {
        for (int i = 0; i < held.size(); i++) {
            Held forward = held.get(i);
            IoreqRows kept = new IoreqRows(forward.rows.size());
            BitSet back = new BitSet(0);
            for (int row = 0; row < forward.rows.size(); row++) {
                if (test.keeps(forward, row)) {
                    back.set(kept.size(), forward.back.get(row));
                    kept.add(forward.rows, row);
                }
            }
            rows -= forward.rows.size() - kept.size();
            held.set(i, forward.with(kept, back));
        }
    }
}
