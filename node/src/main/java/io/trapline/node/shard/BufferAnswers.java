package io.trapline.node.shard;

import io.trapline.model.Pure;
import io.trapline.node.replica.StateImage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
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

    /** All that a fresh copy has to have of it, both ways (D-24). */
    void image(StateImage image) {
        List<Map.Entry<Asker, Answer>> all = new ArrayList<>(last.entrySet());
        image.each(
                all,
                each -> {
                    image.of(each.getKey().shard());
                    image.of(each.getKey().vcpu());
                    image.of(each.getValue().call());
                    image.of(each.getValue().ok());
                },
                () -> Map.entry(new Asker(image.of(0), image.of(0)), new Answer(image.of(0L), image.of(false))));
        if (image.isRead()) {
            all.forEach(each -> last.put(each.getKey(), each.getValue()));
        }
    }
}
