package io.trapline.node.shard;

import io.trapline.model.Pure;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;

/**
 * What one shard has answered to those that asked it to move a piece of a buffer. An ask may come twice: from the life that decided the other shard, and from the
 * one that does so now and does not know what the one before was answered. A piece is moved into the buffer once, since somebody else may have written there in
 * between (A4); and what the life before has asked may come after all, late.
 */
@Pure
final class BufferAnswers {
    private record Asker(int shard, int vcpu) {}

    private record Answer(long call, boolean ok) {}

    /** Of each vCPU of a shard the last one: nothing else of the vCPU is under way meanwhile, and numbers ascend. */
    private final Map<Asker, Answer> last = new HashMap<>();

    /** What may come of an ask. */
    enum Verdict {
        OK,
        REFUSED,
        /** A later one has come: nobody waits for the answer. */
        OVERTAKEN
    }

    /**
     * Takes an ask.
     *
     * @param shard which one asks
     * @param call its number for what it asks
     * @param move moves the piece, or checks it; false where it cannot be
     */
    Verdict take(int shard, long call, BufferMove piece, Predicate<BufferMove> move) {
        Asker asker = new Asker(shard, piece.vcpu());
        Answer known = last.get(asker);
        if (known != null && known.call() > call) {
            return Verdict.OVERTAKEN;
        }
        boolean moves = piece.into() && piece.bytes().length > 0;
        boolean ok = (known != null && known.call() == call && moves) ? known.ok() : move.test(piece);
        last.put(asker, new Answer(call, ok));
        return ok ? Verdict.OK : Verdict.REFUSED;
    }
}
