package io.trapline.node.guest;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardRoute;
import io.trapline.node.rows.AccessRows;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Gathers what one message to the actor of a domain's vCPUs brought about: one message to each shard, one to each stream. While the domain is paused
 * answers are not sent but noted, to be asked for again afterwards (D1).
 */
final class VcpusOutbox implements VcpuWindow.Effects {
    private static final int ROWS = 256;

    private final Life self;
    private final int domid;
    private final VcpuStreams<GuestStream, OpenVcpu> vcpus;
    private final List<ShardRoute> shards;
    private final @Nullable AccessRows[] sends;
    private final BitSet sent = new BitSet();
    private final IdentityHashMap<GuestStream, AnswerColumns> answers = new IdentityHashMap<>();
    private boolean holding;

    /** @param self where the guests are, for those who answer them */
    VcpusOutbox(Life self, int domid, VcpuStreams<GuestStream, OpenVcpu> vcpus, List<ShardRoute> shards) {
        this.self = self;
        this.domid = domid;
        this.vcpus = vcpus;
        this.shards = new ArrayList<>(shards);
        sends = new AccessRows[shards.size()];
    }

    /** From now on that is the way to a shard. */
    void lead(int shard, ShardRoute way) {
        shards.set(shard, way);
    }

    /** Whether more waits on the way to a shard than may be under way. */
    boolean isCongested() {
        for (ShardRoute shard : shards) {
            if (shard.isCongested()) {
                return true;
            }
        }
        return false;
    }

    void holdAnswers(boolean hold) {
        holding = hold;
    }

    /** Asks the shards again for the outcomes that were held. */
    void askForHeld() {
        vcpus.all().forEach(open -> open.window.releaseHeld(this));
    }

    @Override
    public void send(
            int shard,
            int vcpu,
            long epoch,
            long sequence,
            byte attributes,
            long address,
            long data,
            int count,
            int window,
            long deadlineNanos) {
        AccessRows rows = sends[shard];
        if (rows == null) {
            rows = new AccessRows(ROWS);
            sends[shard] = rows;
            sent.set(shard);
        }
        OpenVcpu open = vcpus.get(vcpu);
        long since = open == null ? epoch : open.gatewayRevision();
        rows.add(vcpu, epoch, sequence, attributes, address, data, count, window, deadlineNanos, since);
    }

    @Override
    public void answer(int vcpu, long sequence, long data, byte errno) {
        OpenVcpu open = vcpus.get(vcpu);
        if (open == null) {
            return;
        }
        if (holding) {
            open.window.hold(sequence);
            return;
        }
        GuestStream stream = open.stream();
        if (stream != null) {
            boolean explains = errno != Errno.OK && open.wantsStatus(sequence);
            answer(stream, vcpu, sequence, data, errno, explains ? failure(vcpu, sequence, errno) : null);
        }
    }

    /** Why a row failed that no shape or window has refused. */
    Refusal failure(int vcpu, long sequence, int errno) {
        return RowFailure.of(Errno.ofNumber(errno).orElseThrow(), domid, vcpu, sequence);
    }

    /** An answer that no window gave: the row was refused before it came to one. */
    void answer(GuestStream stream, int vcpu, long sequence, long data, byte errno, @Nullable Refusal full) {
        AnswerColumns columns = answers.get(stream);
        if (columns == null) {
            columns = new AnswerColumns(stream);
            answers.put(stream, columns);
        }
        columns.add(vcpu, sequence, data, errno, full);
    }

    /** Keeps nothing for a stream that is gone. */
    void forget(GuestStream stream) {
        answers.remove(stream);
    }

    /** Sends what has been gathered. */
    void flush() {
        for (int shard = sent.nextSetBit(0); shard >= 0; shard = sent.nextSetBit(shard + 1)) {
            AccessRows rows = sends[shard];
            sends[shard] = null;
            if (rows != null) {
                shards.get(shard).tell(new ShardMessage.Accesses(self, rows));
            }
        }
        sent.clear();
        for (AnswerColumns columns : answers.values()) {
            columns.flush();
        }
    }
}
