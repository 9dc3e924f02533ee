package io.trapline.node.types;

import io.trapline.model.Refusal;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.protocol.TypesMessage.GatedBy;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** The end of a claim that was released with {@code reset} (C5): every shard, and none can refuse. */
record ResetWork(TypesMessage.Reset call, int size) implements Work {
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
    public Optional<GatedBy> gate() {
        return Optional.empty();
    }

    @Override
    public ShardMessage check(int piece, Consumer<Optional<Refusal>> reply) {
        throw new IllegalStateException("resets are not checked");
    }

    @Override
    public ShardMessage commit(int piece, Consumer<Optional<Refusal>> reply) {
        return new ShardMessage.ResetType(call.x(), () -> reply.accept(Optional.empty()));
    }

    @Override
    public Refusal first(Map<Integer, Refusal> refusals) {
        throw new IllegalStateException("resets are not refused");
    }

    @Override
    public void end(Optional<Refusal> refusal) {
        call.done().run();
    }
}
