package io.trapline.node.types;

import io.trapline.model.Refusal;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.AnswerRoute;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.Gate;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.TypesMessage;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A change of types; all runs or none (T6). */
record SetTypesWork(TypesMessage.SetTypes change, List<ShardRuns> pieces) implements Work {
    /** In a shard's refusal: which of the runs that it was asked about. */
    private static final String RUN = "run";

    SetTypesWork(TypesMessage.SetTypes change, ShardMap map) {
        this(change, ShardRuns.cut(change.runs(), map));
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
    public Optional<Gate> gate() {
        return change.gate();
    }

    @Override
    public ShardMessage.Call check(int piece, long call) {
        return new ShardMessage.CheckTypes(call, pieces.get(piece));
    }

    @Override
    public ShardMessage.Call commit(int piece, long call) {
        return new ShardMessage.CommitTypes(call, pieces.get(piece));
    }

    @Override
    public Optional<TypesMessage.Call> kept() {
        return Optional.of(new TypesMessage.SetTypes(0, change.runs(), Optional.empty(), change.request()));
    }

    /** That of the earliest run; of one run's, that of the lowest frame, as if the runs had been carried out one after the other. */
    @Override
    public Refusal first(Map<Integer, Refusal> refusals) {
        Refusal first = null;
        int firstRun = Integer.MAX_VALUE;
        for (int piece = 0; piece < pieces.size(); piece++) {
            Refusal refusal = refusals.get(shard(piece));
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
    public void end(Optional<Refusal> refusal, AnswerRoute answers) {
        answers.tell(new CallAnswer.Ended(change.call(), refusal));
    }

    private static int runOf(ShardRuns piece, Refusal refusal) {
        int run = number(refusal.metadata().get(RUN));
        return piece.indexInCall(Math.clamp(run, 0, piece.size() - 1));
    }

    private static int number(@Nullable String text) {
        return text == null ? 0 : Integer.parseInt(text);
    }
}
