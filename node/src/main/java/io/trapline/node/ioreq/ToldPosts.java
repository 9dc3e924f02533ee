package io.trapline.node.ioreq;

import io.trapline.model.Pure;
import io.trapline.node.rows.KeyRows;
import java.util.Arrays;

/**
 * Posted writes of one vCPU that are done, of which a shard was told so but has not said that every copy of it knows (F3, F6). Should the one that was told die, the
 * other asks, perhaps at another home, and then only the emulator can say that it has carried them out: so no mark passes them, and it keeps its answers.
 *
 * <p>Ascending by epoch and sequence number, as they come and go nearly always.
 */
@Pure
final class ToldPosts {
    private long[] epoch = {};
    private long[] sequence = {};
    private int[] shard = {};
    private long[] shardEpoch = {};
    private int first;
    private int end;

    boolean isEmpty() {
        return first == end;
    }

    /** Of which epoch the lowest is. */
    long lowestEpoch() {
        return epoch[first];
    }

    /** Its number. */
    long lowestSequence() {
        return sequence[first];
    }

    /** That shard is told, as it is since {@code theShardEpoch}. */
    void add(long anEpoch, long aSequence, int aShard, long theShardEpoch) {
        if (end == epoch.length) {
            makeRoom();
        }
        int at = end++;
        while (at > first && !isBefore(at - 1, anEpoch, aSequence)) {
            move(at - 1, at);
            at--;
        }
        epoch[at] = anEpoch;
        sequence[at] = aSequence;
        shard[at] = aShard;
        shardEpoch[at] = theShardEpoch;
    }

    /** What has gone at the front makes room; more is taken only where that is little. */
    private void makeRoom() {
        int size = end - first;
        if (2 * size < epoch.length) {
            System.arraycopy(epoch, first, epoch, 0, size);
            System.arraycopy(sequence, first, sequence, 0, size);
            System.arraycopy(shard, first, shard, 0, size);
            System.arraycopy(shardEpoch, first, shardEpoch, 0, size);
        } else {
            int capacity = Math.max(16, 2 * epoch.length);
            epoch = Arrays.copyOfRange(epoch, first, first + capacity);
            sequence = Arrays.copyOfRange(sequence, first, first + capacity);
            shard = Arrays.copyOfRange(shard, first, first + capacity);
            shardEpoch = Arrays.copyOfRange(shardEpoch, first, first + capacity);
        }
        first = 0;
        end = size;
    }

    private boolean isBefore(int at, long anEpoch, long aSequence) {
        return epoch[at] != anEpoch ? epoch[at] < anEpoch : sequence[at] < aSequence;
    }

    private void move(int from, int to) {
        epoch[to] = epoch[from];
        sequence[to] = sequence[from];
        shard[to] = shard[from];
        shardEpoch[to] = shardEpoch[from];
    }

    /** Every copy knows of that one; false where it is not here. */
    boolean remove(long anEpoch, long aSequence) {
        int at = find(anEpoch, aSequence);
        if (at < 0) {
            return false;
        }
        if (at == first) {
            first++;
            if (isEmpty()) {
                clear();
            }
        } else {
            for (int behind = at + 1; behind < end; behind++) {
                move(behind, behind - 1);
            }
            end--;
        }
        return true;
    }

    private int find(long anEpoch, long aSequence) {
        int low = first;
        int high = end - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (epoch[middle] == anEpoch && sequence[middle] == aSequence) {
                return middle;
            }
            if (isBefore(middle, anEpoch, aSequence)) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -1;
    }

    /**
     * That shard goes on elsewhere, and asks about these: of what it was told before it knows, but for those. They are told again.
     *
     * @return whether there were any of which it knows
     */
    boolean asked(int aShard, long theShardEpoch, int vcpu, KeyRows rows) {
        for (int i = 0; i < rows.size() && !isEmpty(); i++) {
            int at = rows.vcpu(i) == vcpu ? find(rows.vcpuEpoch(i), rows.sequence(i)) : -1;
            if (at >= 0 && shard[at] == aShard) {
                shardEpoch[at] = theShardEpoch;
            }
        }
        int kept = first;
        for (int at = first; at < end; at++) {
            if (shard[at] != aShard || shardEpoch[at] >= theShardEpoch) {
                move(at, kept++);
            }
        }
        boolean some = kept < end;
        end = kept;
        return some;
    }

    /** Whether one of them took effect under an older epoch. */
    boolean hasOlder(long thanEpoch) {
        return !isEmpty() && lowestEpoch() < thanEpoch;
    }

    /** The mark of that epoch, kept below all of them. */
    long below(long anEpoch, long through) {
        if (isEmpty() || lowestEpoch() > anEpoch) {
            return through;
        }
        return lowestEpoch() < anEpoch ? 0 : Math.min(through, lowestSequence() - 1);
    }

    void clear() {
        first = 0;
        end = 0;
    }

    /** For a reader. */
    @Override
    public String toString() {
        return Arrays.toString(Arrays.copyOfRange(sequence, first, end));
    }
}
