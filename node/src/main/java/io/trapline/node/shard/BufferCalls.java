package io.trapline.node.shard;

import io.trapline.model.Gfn;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.ShardMessage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * Buffers that a shard's accesses name in other shards: first every shard that holds a piece says whether it may be moved, then all move it. One a vCPU at
 * most is under way, since nothing else of the vCPU is meanwhile.
 */
final class BufferCalls {
    /** Asks a shard to check or move its piece. */
    record Ask(long call, BufferMove piece, ActorRef<ShardMessage> replyTo) implements ShardMessage.BetweenShards {}

    /** A shard has done so, or refuses. */
    record Reply(long call, boolean ok) implements ShardMessage.BetweenShards {}

    /** What came of a call. */
    record Moved(BufferMove move, boolean ok) {}

    private static final class Call {
        final BufferMove move;
        final List<BufferMove> pieces = new ArrayList<>();
        int waiting;
        boolean ok = true;
        boolean moving;

        Call(BufferMove move) {
            this.move = move;
        }
    }

    private final ActorRef<ShardMessage> self;
    private final Map<Long, Call> calls = new HashMap<>();
    private @Nullable ShardMap shardMap;
    private List<ActorRef<ShardMessage>> shards = List.of();
    private long lastCall;

    BufferCalls(ActorRef<ShardMessage> self) {
        this.self = self;
    }

    void peers(ShardMessage.Peers peers) {
        shardMap = peers.shardMap();
        shards = List.copyOf(peers.shards());
    }

    void begin(BufferMove move) {
        ShardMap map = shardMap;
        if (map == null) {
            throw new IllegalStateException("a shard that has not met its peers was given an access");
        }
        Call call = new Call(move);
        for (long at = move.gpa(), end = move.gpa() + move.sizeBytes(); at < end; ) {
            long pieceEnd = Math.min(end, (map.lastGfn(map.shardOf(at >>> Gfn.PAGE_SHIFT)) + 1) << Gfn.PAGE_SHIFT);
            call.pieces.add(piece(move, at, (int) (pieceEnd - at)));
            at = pieceEnd;
        }
        calls.put(++lastCall, call);
        ask(lastCall, call, map);
    }

    private static BufferMove piece(BufferMove move, long gpa, int sizeBytes) {
        int from = (int) (gpa - move.gpa());
        byte[] bytes =
                move.bytes().length == 0 ? move.bytes() : Arrays.copyOfRange(move.bytes(), from, from + sizeBytes);
        return new BufferMove(
                move.vcpu(), move.vcpuEpoch(), move.sequence(), move.part(), gpa, sizeBytes, move.into(), bytes);
    }

    private void ask(long id, Call call, ShardMap map) {
        call.waiting = call.pieces.size();
        for (BufferMove piece : call.pieces) {
            BufferMove asked = call.moving
                    ? piece
                    : new BufferMove(
                            piece.vcpu(),
                            piece.vcpuEpoch(),
                            piece.sequence(),
                            piece.part(),
                            piece.gpa(),
                            piece.sizeBytes(),
                            piece.into(),
                            new byte[0]);
            shards.get(map.shardOf(piece.gpa() >>> Gfn.PAGE_SHIFT)).tell(new Ask(id, asked, self));
        }
    }

    /** The call that this reply ended, or null. */
    @Nullable
    Moved replied(Reply reply) {
        Call call = calls.get(reply.call());
        ShardMap map = shardMap;
        if (call == null || map == null) {
            return null;
        }
        call.ok &= reply.ok();
        if (--call.waiting > 0) {
            return null;
        }
        if (call.ok && !call.moving && call.move.bytes().length > 0) {
            call.moving = true;
            ask(reply.call(), call, map);
            return null;
        }
        calls.remove(reply.call());
        for (BufferMove piece : call.pieces) {
            System.arraycopy(
                    piece.bytes(), 0, call.move.bytes(), (int) (piece.gpa() - call.move.gpa()), piece.bytes().length);
        }
        return new Moved(call.move, call.ok);
    }
}
