package io.trapline.node.types;

import io.trapline.model.Refusal;
import io.trapline.node.protocol.AnswerRoute;
import io.trapline.node.protocol.Gate;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.TypesMessage;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** The end of a claim that was released with {@code reset} (C5): every shard that is decided here, and none can refuse. */
record ResetWork(TypesMessage.Reset reset, List<Integer> shards) implements Work {
    ResetWork(TypesMessage.Reset reset) {
        this(reset, reset.here().keySet().stream().sorted().toList());
    }

    @Override
    public int size() {
        return shards.size();
    }

    @Override
    public int shard(int piece) {
        return shards.get(piece);
    }

    /** This node's copy is told, and no other one: whoever decides a shard by now resets it itself, and may have said so before this comes. */
    void tell(int piece, long call) {
        Objects.requireNonNull(reset.here().get(shard(piece))).tell(commit(piece, call));
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
        // Who refuses decides the shard no more: whoever does now resets it, and says so.
        reset.done().run();
    }
}
