package io.trapline.node.ioreq;

import static io.trapline.node.ioreq.IoreqTable.NONE;

import io.trapline.model.Pure;
import io.trapline.node.rows.KeyRows;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The slots of one server: a ring per vCPU with a slot per place in its window, used in order, each going NONE → READY → INPROCESS → RESP_READY →
 * NONE as in Xen's shared ioreq page (F1); beside them the posted ring (F3). Knows which vCPUs have something to deliver, and takes turns
 * among them.
 *
 * <p>What bounds it: a vCPU has at most a window of accesses without an outcome, and each has one part at a server at a time. So at most a window of rows of a
 * vCPU are in slots, and at most as many wait for one ({@link #mayWait} is asked before). Posted rows have their own bound.
 */
@Pure
final class IoreqSlots {
    final IoreqTable table = new IoreqTable();
    final PostedRing posted = new PostedRing(table);

    private @Nullable SlotRing[] rings = new SlotRing[4];
    private int slotsInUse;
    private int timedOut;
    private int undelivered;

    /** The vCPUs that have something to deliver, each once, as a ring of its own. */
    private int[] turns = new int[4];

    private int firstTurn;
    private int turnCount;

    /** How many slots are in use. */
    int inUse() {
        return slotsInUse;
    }

    /** How many rows still owe an outcome. */
    int owing() {
        return table.inUse() - timedOut;
    }

    /** How many rows were not delivered. */
    int undelivered() {
        return undelivered;
    }

    @Nullable
    SlotRing ring(int vcpu) {
        return vcpu >= 0 && vcpu < rings.length ? rings[vcpu] : null;
    }

    /** The ring of a vCPU, made where there is none. */
    SlotRing ringOf(int vcpu, long epoch) {
        SlotRing ring = ring(vcpu);
        if (ring == null) {
            if (vcpu >= rings.length) {
                rings = Arrays.copyOf(rings, Math.max(vcpu + 1, 2 * rings.length));
            }
            ring = new SlotRing(vcpu, epoch);
            rings[vcpu] = ring;
        }
        return ring;
    }

    /** The row with that key that owes an outcome and is in a slot or in the posted ring; NONE otherwise. */
    int find(int vcpu, long vcpuEpoch, long sequence, int part) {
        SlotRing ring = ring(vcpu);
        if (ring != null && ring.epoch == vcpuEpoch && ring.slots.length > 0) {
            int row = ring.slots[ring.slot(sequence)];
            if (row != NONE
                    && table.sequence[row] == sequence
                    && table.part[row] == part
                    && table.state[row] != IoreqTable.TIMED_OUT) {
                return row;
            }
        }
        return posted.find(vcpu, vcpuEpoch, sequence, part);
    }

    /** The same, among rows that wait for a slot, too. */
    int findAny(int vcpu, long vcpuEpoch, long sequence, int part) {
        int row = find(vcpu, vcpuEpoch, sequence, part);
        SlotRing ring = ring(vcpu);
        if (row != NONE || ring == null || ring.waiting == 0) {
            return row;
        }
        for (row = ring.next; row != NONE; row = table.newer[row]) {
            if (table.sequence[row] == sequence && table.part[row] == part && table.vcpuEpoch[row] == vcpuEpoch) {
                return row;
            }
        }
        return NONE;
    }

    /** The slot of a late answer: a row with that key that has timed out, or NONE. */
    int findTimedOut(int vcpu, long vcpuEpoch, long sequence, int part) {
        SlotRing ring = ring(vcpu);
        if (ring == null || ring.epoch != vcpuEpoch || ring.slots.length == 0) {
            return NONE;
        }
        int row = ring.slots[ring.slot(sequence)];
        return row != NONE
                        && table.state[row] == IoreqTable.TIMED_OUT
                        && table.sequence[row] == sequence
                        && table.part[row] == part
                ? row
                : NONE;
    }

    /** Whether one more row of that vCPU may wait for a slot. */
    boolean mayWait(SlotRing ring) {
        return ring.waiting < ring.slots.length;
    }

    /** Takes a row whose columns are filled in, last of its vCPU; {@code buffered} says where it goes (F3). */
    void add(SlotRing ring, int row, boolean buffered) {
        table.buffered[row] = buffered;
        if (buffered) {
            posted.add(row);
        }
        ring.insert(table, row);
        undelivered++;
        if (ring.waiting > 0 || (!buffered && !takeSlot(ring, row))) {
            table.state[row] = IoreqTable.WAITING;
            ring.waiting++;
            promote(ring, table.since[row]);
        } else {
            table.state[row] = IoreqTable.READY;
            queue(ring);
        }
    }

    private boolean takeSlot(SlotRing ring, int row) {
        int slot = ring.slot(table.sequence[row]);
        if (ring.slots[slot] != NONE) {
            return false;
        }
        ring.slots[slot] = row;
        slotsInUse++;
        return true;
    }

    /** Lets those take their slots that wait for nothing else any more, in order. */
    private void promote(SlotRing ring, long nowNanos) {
        for (int row = ring.next; row != NONE && ring.waiting > 0; row = table.newer[row]) {
            if (table.state[row] == IoreqTable.WAITING) {
                if (!table.buffered[row] && !takeSlot(ring, row)) {
                    break;
                }
                table.state[row] = IoreqTable.READY;
                table.since[row] = nowNanos;
                ring.waiting--;
            }
        }
        queue(ring);
    }

    private void queue(SlotRing ring) {
        if (ring.queued || !ring.mayDeliver(table)) {
            return;
        }
        ring.queued = true;
        if (turnCount == turns.length) {
            int[] more = new int[2 * turnCount];
            for (int i = 0; i < turnCount; i++) {
                more[i] = turns[(firstTurn + i) & (turnCount - 1)];
            }
            turns = more;
            firstTurn = 0;
        }
        turns[(firstTurn + turnCount++) & (turns.length - 1)] = ring.vcpu;
    }

    /** The vCPU whose turn it is; null when nothing can be delivered. */
    @Nullable
    SlotRing turn() {
        while (turnCount > 0) {
            SlotRing ring = rings[turns[firstTurn]];
            if (ring != null && ring.mayDeliver(table)) {
                return ring;
            }
            endTurn(ring);
        }
        return null;
    }

    /** The vCPU has had its turn; it gets another after the others. */
    void rotate(SlotRing ring) {
        endTurn(ring);
        queue(ring);
    }

    private void endTurn(@Nullable SlotRing ring) {
        firstTurn = (firstTurn + 1) & (turns.length - 1);
        turnCount--;
        if (ring != null) {
            ring.queued = false;
        }
    }

    /** The next row of a vCPU goes to the emulator. */
    void delivered(SlotRing ring, long nowNanos, long run) {
        int row = ring.next;
        table.state[row] = IoreqTable.INPROCESS;
        table.since[row] = nowNanos;
        table.run[row] = run;
        undelivered--;
        ring.advance(table);
    }

    /** A row has its outcome, or is let go: its place and its slot are free. */
    void remove(int row, long nowNanos) {
        SlotRing ring = rings[table.vcpu[row]];
        if (ring == null) {
            throw new IllegalStateException("row without a vCPU");
        }
        byte state = table.state[row];
        if (state == IoreqTable.TIMED_OUT) {
            timedOut--;
        } else {
            ring.unlink(table, row);
        }
        if (state == IoreqTable.WAITING) {
            ring.waiting--;
            undelivered--;
        } else if (state == IoreqTable.READY) {
            undelivered--;
        }
        if (table.buffered[row]) {
            posted.remove(row);
        } else if (state != IoreqTable.WAITING) {
            ring.slots[ring.slot(table.sequence[row])] = NONE;
            slotsInUse--;
        }
        table.free(row);
        if (ring.waiting > 0) {
            promote(ring, nowNanos);
        } else {
            queue(ring);
        }
    }

    /** A change has caught a row: if it is a posted write, it may come again, and what is later waits for it (F3). */
    void mayComeAgain(int row) {
        SlotRing ring = rings[table.vcpu[row]];
        if (ring != null && table.buffered[row]) {
            ring.caught.add(table.vcpuEpoch[row], table.sequence[row], table.shard[row], table.shardEpoch[row]);
        }
    }

    /** Posted writes that went back to that shard under an older epoch, and of which it has not said where they go: {@code each} is given them. */
    void forEachReturned(int shard, long shardEpoch, KeySink each) {
        for (SlotRing ring : rings) {
            if (ring != null) {
                ring.caught.forEachOlder(shard, shardEpoch, (epoch, sequence) -> {
                    if (findAny(ring.vcpu, epoch, sequence, 0) == NONE) {
                        each.key(ring, epoch, sequence);
                    }
                });
            }
        }
    }

    /** Takes the key of a posted write. */
    interface KeySink {
        void key(SlotRing ring, long vcpuEpoch, long sequence);
    }

    /** A posted write that went back does not come again. Returns its vCPU's ring if something may have waited for that. */
    @Nullable
    SlotRing leftForGood(int vcpu, long vcpuEpoch, long sequence) {
        SlotRing ring = ring(vcpu);
        if (ring == null || !ring.caught.remove(vcpuEpoch, sequence)) {
            return null;
        }
        queue(ring);
        return ring;
    }

    /** A shard is told that the posted write is done: until every copy of it knows, the emulator may be asked (F6). */
    void toldDone(int row) {
        SlotRing ring = rings[table.vcpu[row]];
        if (ring != null) {
            ring.told.add(table.vcpuEpoch[row], table.sequence[row], table.shard[row], table.shardEpoch[row]);
        }
    }

    /** Every copy of its shard knows that it is done. Returns its vCPU's ring if a mark has waited for that. */
    @Nullable
    SlotRing recorded(int vcpu, long vcpuEpoch, long sequence) {
        SlotRing ring = ring(vcpu);
        if (ring == null || ring.told.isEmpty()) {
            return null;
        }
        long settled = ring.settledHere(table);
        if (!ring.told.remove(vcpuEpoch, sequence)) {
            return null;
        }
        queue(ring);
        return ring.settledHere(table) > settled ? ring : null;
    }

    /** That shard goes on elsewhere, and knows of whatever it was told before but these: {@code each} is given the rings in which a mark may have waited. */
    void recordedBut(int shard, long shardEpoch, KeyRows asked, Consumer<SlotRing> each) {
        for (SlotRing ring : rings) {
            if (ring != null && ring.told.asked(shard, shardEpoch, ring.vcpu, asked)) {
                queue(ring);
                each.accept(ring);
            }
        }
    }

    /** A delivered row has timed out: it keeps its slot, and owes nothing any more (F4). */
    void timeOut(int row) {
        SlotRing ring = rings[table.vcpu[row]];
        if (ring == null) {
            throw new IllegalStateException("row without a vCPU");
        }
        ring.unlink(table, row);
        table.state[row] = IoreqTable.TIMED_OUT;
        timedOut++;
        queue(ring);
    }

    /** A delivered row is to be delivered again; {@link #rewind} follows. */
    void undo(int row) {
        table.state[row] = IoreqTable.READY;
        undelivered++;
    }

    /** Whether a row that was just added was delivered, only the emulator knows. */
    void deliveredElsewhere(SlotRing ring, int row) {
        if (table.state[row] == IoreqTable.READY) {
            table.state[row] = IoreqTable.INPROCESS;
            undelivered--;
            if (ring.next == row) {
                ring.advance(table);
            }
        }
    }

    /** Everything here is another's: nothing is told of it. */
    void forgetCaught() {
        for (SlotRing ring : rings) {
            if (ring != null) {
                ring.caught.clear();
                ring.told.clear();
            }
        }
    }

    /** The emulator says that it has this row; {@link #rewind} follows (S5). */
    void underWay(int row, long run) {
        if (table.state[row] == IoreqTable.READY) {
            undelivered--;
        }
        table.state[row] = IoreqTable.UNDER_WAY;
        table.run[row] = run;
    }

    /** After {@link #undo} and {@link #underWay}: finds anew what each vCPU has to deliver. */
    void rewind() {
        for (SlotRing ring : rings) {
            if (ring != null) {
                ring.rewind(table);
                queue(ring);
            }
        }
    }

    /** Every vCPU that has rows or had some is below this. */
    int vcpuEnd() {
        return rings.length;
    }
}
