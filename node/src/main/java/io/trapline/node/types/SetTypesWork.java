package io.trapline.node.types;

import io.trapline.model.Refusal;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.protocol.TypesMessage.GatedBy;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A change of types; all runs or none (T6). */
record SetTypesWork(TypesMessage.SetTypes call, List<ShardRuns> pieces) implements Work {
    /** In a shard's refusal: which of the runs that it was asked about. */
    private static final String RUN = "run";

    SetTypesWork(TypesMessage.SetTypes call, ShardMap map) {
        this(call, ShardRuns.cut(call.runs(), map));
    }

    @Override
    public int size() {
        return pieces.size();
    }

    @Override
    public int shard(int piece) {
        return pieces.get(piece).shard();
    }

    @Override
    public boolean isChecked() {
        return true;
    }

    @Override
    public Optional<GatedBy> gate() {
        return call.gate();
    }

    @Override
    public ShardMessage check(int piece, Consumer<Optional<Refusal>> reply) {
        return new ShardMessage.CheckTypes(pieces.get(piece), reply);
    }

    @Override
    public ShardMessage commit(int piece, Consumer<Optional<Refusal>> reply) {
        return new ShardMessage.CommitTypes(pieces.get(piece), () -> reply.accept(Optional.empty()));
    }

    /** That of the earliest run; of one run's, that of the lowest frame, as if the runs had been carried out one after the other. */
    @Override
    public Refusal first(Map<Integer, Refusal> refusals) {
        Refusal first = null;
        int firstRun = Integer.MAX_VALUE;
        for (int piece = 0; piece < pieces.size(); piece++) {
            Refusal refusal = refusals.get(piece);
            int run = refusal == null ? Integer.MAX_VALUE : runOf(pieces.get(piece), refusal);
            // Pieces ascend, so that of two that refuse in one run the first has the lower frame.
            if (refusal != null && (first == null || run < firstRun)) {
                first = refusal;
                firstRun = run;
            }
        }
        if (first == null) {
            throw new IllegalArgumentException("no refusal");
        }
        Map<String, String> metadata = new HashMap<>(first.metadata());
        metadata.remove(RUN);
        metadata.put("field", "runs[" + firstRun + "]");
        return new Refusal(first.errno(), first.message(), metadata);
    }

    @Override
    public void end(Optional<Refusal> refusal) {
        call.reply().accept(refusal);
    }

    private static int runOf(ShardRuns piece, Refusal refusal) {
        int run = number(refusal.metadata().get(RUN));
        return piece.indexInCall(Math.clamp(run, 0, piece.size() - 1));
    }

    private static int number(@Nullable String text) {
        return text == null ? 0 : Integer.parseInt(text);
    }
}
