package io.trapline.node.types;

import io.trapline.model.Refusal;
import io.trapline.node.protocol.AnswerRoute;
import io.trapline.node.protocol.Gate;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.TypesMessage;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The end of a claim that was released with {@code reset} (C5): every shard, wherever it is, in order with the type calls. So a change over several shards is before
 * it in all of them, or behind it in all.
 */
record ResetWork(TypesMessage.Reset reset, int size) implements Work {
    @Override
    public int shard(int piece) {
        return piece;
    }

    @Override
    public boolean isChecked() {
        return false;
    }

    @Override
    public boolean isCounted() {
        return false;
    }

    @Override
    public Optional<Gate> gate() {
        return Optional.empty();
    }

    @Override
    public ShardMessage.Call check(int piece, long call) {
        throw new IllegalStateException("resets are not checked");
    }

    @Override
    public ShardMessage.Call commit(int piece, long call) {
        return new ShardMessage.ResetType(call, reset.x());
    }

    @Override
    public Optional<TypesMessage.Call> kept() {
        return Optional.empty();
    }

    @Override
    public Refusal first(Map<Integer, Refusal> refusals) {
        return Objects.requireNonNull(refusals.get(Collections.min(refusals.keySet())));
    }

    @Override
    public void end(Optional<Refusal> refusal, AnswerRoute answers) {
        // Refused only where another node carries out the type calls from now on: it resets them, and says so.
        reset.done().run();
    }
}
