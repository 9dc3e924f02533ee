package io.trapline.node.shard;

import io.trapline.model.Gfn;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.ShardRoute;
import io.trapline.node.replica.StateImage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Buffers that a shard's accesses name in other shards: first every shard that holds a piece says whether it may be moved, then all move it. One a vCPU at
 * most is under way, since nothing else of the vCPU is meanwhile.
 */
final class BufferCalls {
    /** What came of a call. */
    record Moved(BufferMove move, boolean ok) {}

    private static final class Call {
        final BufferMove move;
        final List<BufferMove> pieces = new ArrayList<>();
        final BitSet missing = new BitSet();
        boolean ok = true;
        boolean moving;

        Call(BufferMove move) {
            this.move = move;
        }

        void image(StateImage image) {
            image.each(pieces, piece -> piece.image(image), () -> BufferMove.NONE.image(image));
            image.of(missing);
            ok = image.of(ok);
            moving = image.of(moving);
        }
    }

    private static final byte[] NOTHING = {};

    private final int shard;
    private final ShardMap map;
    private final List<ShardRoute> shards;
    private final Map<Long, Call> calls = new TreeMap<>();
    private final List<Runnable> tells = new ArrayList<>();
    private long lastCall;

    /**
     * @param shard the index of the shard that asks
     * @param shards the domain's shards, by index
     */
    BufferCalls(int shard, ShardMap map, List<ShardRoute> shards) {
        this.shard = shard;
        this.map = map;
        this.shards = List.copyOf(shards);
    }

    void begin(BufferMove move) {
        Call call = new Call(move);
        for (long at = move.gpa(), end = move.gpa() + move.sizeBytes(); at < end; ) {
            long pieceEnd = Math.min(end, (map.lastGfn(map.shardOf(at >>> Gfn.PAGE_SHIFT)) + 1) << Gfn.PAGE_SHIFT);
            call.pieces.add(piece(move, at, (int) (pieceEnd - at)));
            at = pieceEnd;
        }
        calls.put(++lastCall, call);
        ask(lastCall, call);
    }

    private static BufferMove piece(BufferMove move, long gpa, int sizeBytes) {
        int from = (int) (gpa - move.gpa());
        byte[] bytes =
                move.bytes().length == 0 ? move.bytes() : Arrays.copyOfRange(move.bytes(), from, from + sizeBytes);
        return new BufferMove(
                move.vcpu(), move.vcpuEpoch(), move.sequence(), move.part(), gpa, sizeBytes, move.into(), bytes);
    }

    private void ask(long id, Call call) {
        call.missing.set(0, call.pieces.size());
        askMissing(id, call);
    }

    /** Asks again for what has not been answered: whoever was asked by the node before may have died with it. */
    void askAgain() {
        calls.forEach(this::askMissing);
    }

    private void askMissing(long id, Call call) {
        for (int i = call.missing.nextSetBit(0); i >= 0; i = call.missing.nextSetBit(i + 1)) {
            BufferMove piece = call.pieces.get(i);
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
                            NOTHING);
            ShardRoute holder = shards.get(map.shardOf(piece.gpa() >>> Gfn.PAGE_SHIFT));
            BufferAsk ask = new BufferAsk(shard, id, i, asked);
            tells.add(() -> holder.tell(ask));
        }
    }

    /** What is to be asked of other shards since this was called last. */
    List<Runnable> takeTells() {
        if (tells.isEmpty()) {
            return List.of();
        }
        List<Runnable> taken = List.copyOf(tells);
        tells.clear();
        return taken;
    }

    /** Answers what another shard, or this one, has asked. */
    void answer(BufferAsk ask, boolean ok) {
        byte[] bytes = ask.piece().into() ? NOTHING : ask.piece().bytes();
        shards.get(ask.shard()).tell(new BufferReply(ask.call(), ask.index(), ok, bytes));
    }

    /** The call that this reply ended, or null. */
    @Nullable
    Moved replied(BufferReply reply) {
        Call call = calls.get(reply.call());
        if (call == null || !call.missing.get(reply.index())) {
            return null;
        }
        call.missing.clear(reply.index());
        call.ok &= reply.ok();
        if (reply.bytes().length > 0) {
            int from = (int) (call.pieces.get(reply.index()).gpa() - call.move.gpa());
            System.arraycopy(reply.bytes(), 0, call.move.bytes(), from, reply.bytes().length);
        }
        if (!call.missing.isEmpty()) {
            return null;
        }
        if (call.ok && !call.moving && call.move.bytes().length > 0) {
            // Under another number: a piece may have been checked twice, and what is said late of that is no news of
            // the move.
            call.moving = true;
            calls.remove(reply.call());
            calls.put(++lastCall, call);
            ask(lastCall, call);
            return null;
        }
        calls.remove(reply.call());
        return new Moved(call.move, call.ok);
    }

    /** All that a fresh copy has to have of it, both ways (D-24). Between two steps there are no {@link #tells}. */
    void image(StateImage image) {
        List<Map.Entry<Long, Call>> all = new ArrayList<>(calls.entrySet());
        image.each(
                all,
                call -> {
                    image.of((long) call.getKey());
                    call.getValue().move.image(image);
                    call.getValue().image(image);
                },
                () -> {
                    long id = image.of(0L);
                    Call call = new Call(BufferMove.NONE.image(image));
                    call.image(image);
                    return Map.entry(id, call);
                });
        if (image.isRead()) {
            all.forEach(call -> calls.put(call.getKey(), call.getValue()));
        }
        lastCall = image.of(lastCall);
    }
}
