package io.trapline.client;

import io.trapline.model.IoreqAttributes;
import io.trapline.model.Limit;
import io.trapline.model.Pure;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one run of an emulator has carried out or has under way (the emulator's procedure of the contract, steps 4 to 6 and 8; C4,
 * C7, F6). It decides for each ioreq that arrives whether to act on it. Not thread-safe.
 *
 * <p>Invariant: for one key that is not {@link #abandoned} {@link #take} returns {@link Verdict#ACT} at most once.
 */
@Pure
public final class KeptAnswers {
    /** What to do with an ioreq. */
    public enum Verdict {
        /** Carry it out; it is under way from now on. */
        ACT,
        /** It was carried out: send {@link #repeated} again without acting. */
        REPEAT,
        /** It is being carried out: its answer will come. */
        UNDER_WAY,
        /** Decided before a change that this run knows of, or over already: neither act nor answer. */
        REFUSE
    }

    /** Where kept rows go for a re-attach. */
    @FunctionalInterface
    public interface KeptSink {
        /** One row of {@code KeptRows}; {@code data} is 0 for one under way. */
        void row(int vcpu, long vcpuEpoch, long sequence, int part, long data, boolean underWay);
    }

    private final @Nullable Lane[] lanes = new Lane[Limit.MAX_VCPUS_PER_DOMAIN.intValue()];
    private final Map<Long, Long> shardEpochs = new HashMap<>();
    private final long[] releasedRevision = new long[Limit.MAX_CLAIMABLE_TYPES.intValue()];
    private long stoppedRevision;
    private long repeated;
    private int size;

    /**
     * An ioreq arrived.
     *
     * @param decidedRevision and {@code shardEpoch}: of its batch (C7)
     * @param shard names the shard that decided it; any number that is the same for the same shard
     * @param claimedType X of the claim that brought it, or {@link IoreqAttributes#BY_RANGE}
     * @param posted whether it is a posted write: one that another server gave back comes late, behind marks and newer epochs (F3, F5)
     */
    public Verdict take(
            long decidedRevision,
            long shard,
            long shardEpoch,
            byte claimedType,
            int vcpu,
            long vcpuEpoch,
            long sequence,
            int part,
            boolean posted) {
        if (!isCurrent(decidedRevision, shard, shardEpoch, claimedType)) {
            return Verdict.REFUSE;
        }
        Lane newest = newest(vcpu, vcpuEpoch);
        if (!posted && (newest.epoch > vcpuEpoch || sequence <= newest.settledThrough)) {
            return Verdict.REFUSE;
        }
        Lane lane = newest.under(vcpuEpoch);
        if (lane == null) {
            lane = new Lane(vcpuEpoch);
            lane.older = newest.older;
            newest.older = lane;
        }
        int at = lane.find(sequence, part);
        if (at >= 0) {
            repeated = lane.data(at);
            return lane.isUnderWay(at) ? Verdict.UNDER_WAY : Verdict.REPEAT;
        }
        lane.insert(-at - 1, sequence, part);
        size++;
        return Verdict.ACT;
    }

    /** The lane of the newest epoch; what is of older ones is dropped when it begins. */
    private Lane newest(int vcpu, long vcpuEpoch) {
        Lane lane = lanes[vcpu];
        if (lane == null || lane.epoch < vcpuEpoch) {
            for (Lane older = lane; older != null; older = older.older) {
                size -= older.size;
            }
            lane = new Lane(vcpuEpoch);
            lanes[vcpu] = lane;
        }
        return lane;
    }

    private boolean isCurrent(long decidedRevision, long shard, long shardEpoch, byte claimedType) {
        if (decidedRevision < stoppedRevision) {
            return false;
        }
        if (claimedType != IoreqAttributes.BY_RANGE
                && claimedType >= 0
                && claimedType < releasedRevision.length
                && decidedRevision < releasedRevision[claimedType]) {
            return false;
        }
        Long seen = shardEpochs.get(shard);
        if (seen != null && shardEpoch < seen) {
            return false;
        }
        if (seen == null || shardEpoch > seen) {
            shardEpochs.put(shard, shardEpoch);
        }
        return true;
    }

    /** An ioreq was given up, since Trapline had completed it otherwise (F2): under its key it may come again, and is carried out then. */
    public void abandoned(int vcpu, long vcpuEpoch, long sequence, int part) {
        Lane lane = lanes[vcpu] == null ? null : lanes[vcpu].under(vcpuEpoch);
        int at = lane == null ? -1 : lane.find(sequence, part);
        if (lane != null && at >= 0 && lane.isUnderWay(at)) {
            lane.remove(at);
            size--;
        }
    }

    /** The answer of the row for which {@link #take} has just returned {@link Verdict#REPEAT}. */
    public long repeated() {
        return repeated;
    }

    /**
     * An ioreq was carried out. Returns whether its answer is to be sent: not where it was answered before. What is over, because a mark
     * or a newer vCPU epoch passed it, is answered all the same: Trapline refuses that answer, and the credit comes back with it.
     */
    public boolean carriedOut(int vcpu, long vcpuEpoch, long sequence, int part, long data) {
        Lane lane = lanes[vcpu] == null ? null : lanes[vcpu].under(vcpuEpoch);
        if (lane == null) {
            return true;
        }
        int at = lane.find(sequence, part);
        return at < 0 || lane.carriedOut(at, data);
    }

    /** The server's mark: answers of that vCPU up to there need not be kept (step 6). */
    public void settled(int vcpu, long vcpuEpoch, long through) {
        Lane lane = newest(vcpu, vcpuEpoch);
        if (lane.epoch == vcpuEpoch) {
            size -= lane.dropThrough(through);
        }
    }

    /** The claim of {@code ioreq_server[x]} was released at that revision: what was decided before is refused from now on (C4). */
    public void released(int x, long revision) {
        releasedRevision[x] = Math.max(releasedRevision[x], revision);
    }

    /** The server was disabled or destroyed at that revision: what was decided before is refused from now on (C7). */
    public void stopped(long revision) {
        stoppedRevision = Math.max(stoppedRevision, revision);
    }

    /** How many rows are kept: at most one window a vCPU, times the parts of its accesses (F6). */
    public int size() {
        return size;
    }

    /** Gives everything that is kept, for an attach (step 8). */
    public void forEach(KeptSink sink) {
        for (int vcpu = 0; vcpu < lanes.length; vcpu++) {
            for (Lane lane = lanes[vcpu]; lane != null; lane = lane.older) {
                lane.forEach(vcpu, sink);
            }
        }
    }

    /** The rows of one epoch of one vCPU, ascending by (sequence, part) in a ring, since that is how they come and go. */
    private static final class Lane {
        private final long epoch;
        private long settledThrough;
        private long[] sequence = new long[16];
        private int[] part = new int[16];
        private long[] data = new long[16];
        private boolean[] underWay = new boolean[16];
        private int head;
        private int size;
        /** Posted writes of an older epoch that came late. */
        @Nullable
        private Lane older;

        Lane(long epoch) {
            this.epoch = epoch;
        }

        /** This one or an older one, or null. */
        @Nullable
        Lane under(long wantedEpoch) {
            Lane lane = this;
            while (lane != null && lane.epoch != wantedEpoch) {
                lane = lane.older;
            }
            return lane;
        }

        /** The row's place, or -(the place to insert it) - 1. */
        int find(long wantedSequence, int wantedPart) {
            int low = 0;
            int high = size - 1;
            // The usual row is a new last one.
            if (size > 0 && compare(high, wantedSequence, wantedPart) < 0) {
                return -size - 1;
            }
            while (low <= high) {
                int middle = (low + high) >>> 1;
                int order = compare(middle, wantedSequence, wantedPart);
                if (order == 0) {
                    return middle;
                }
                if (order < 0) {
                    low = middle + 1;
                } else {
                    high = middle - 1;
                }
            }
            return -low - 1;
        }

        private int compare(int place, long wantedSequence, int wantedPart) {
            int slot = slot(place);
            int order = Long.compare(sequence[slot], wantedSequence);
            return order != 0 ? order : Integer.compare(part[slot], wantedPart);
        }

        void insert(int place, long newSequence, int newPart) {
            if (size == sequence.length) {
                grow();
            }
            for (int i = size; i > place; i--) {
                int to = slot(i);
                int from = slot(i - 1);
                sequence[to] = sequence[from];
                part[to] = part[from];
                data[to] = data[from];
                underWay[to] = underWay[from];
            }
            int slot = slot(place);
            sequence[slot] = newSequence;
            part[slot] = newPart;
            data[slot] = 0;
            underWay[slot] = true;
            size++;
        }

        void remove(int place) {
            size--;
            for (int i = place; i < size; i++) {
                int to = slot(i);
                int from = slot(i + 1);
                sequence[to] = sequence[from];
                part[to] = part[from];
                data[to] = data[from];
                underWay[to] = underWay[from];
            }
        }

        private void grow() {
            int capacity = sequence.length;
            sequence = Arrays.copyOf(sequence, capacity * 2);
            part = Arrays.copyOf(part, capacity * 2);
            data = Arrays.copyOf(data, capacity * 2);
            underWay = Arrays.copyOf(underWay, capacity * 2);
            // What had wrapped around goes on behind the old end.
            System.arraycopy(sequence, 0, sequence, capacity, head);
            System.arraycopy(part, 0, part, capacity, head);
            System.arraycopy(data, 0, data, capacity, head);
            System.arraycopy(underWay, 0, underWay, capacity, head);
        }

        boolean carriedOut(int place, long answer) {
            int slot = slot(place);
            if (!underWay[slot]) {
                return false;
            }
            underWay[slot] = false;
            data[slot] = answer;
            return true;
        }

        int dropThrough(long through) {
            settledThrough = Math.max(settledThrough, through);
            int before = size;
            while (size > 0 && sequence[head] <= through) {
                head = (head + 1) & (sequence.length - 1);
                size--;
            }
            return before - size;
        }

        boolean isUnderWay(int place) {
            return underWay[slot(place)];
        }

        long data(int place) {
            return data[slot(place)];
        }

        void forEach(int vcpu, KeptSink sink) {
            for (int place = 0; place < size; place++) {
                int slot = slot(place);
                sink.row(vcpu, epoch, sequence[slot], part[slot], data[slot], underWay[slot]);
            }
        }

        private int slot(int place) {
            return (head + place) & (sequence.length - 1);
        }
    }
}
