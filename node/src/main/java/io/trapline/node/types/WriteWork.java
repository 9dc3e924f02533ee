package io.trapline.node.types;

import io.trapline.model.Refusal;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.protocol.TypesMessage.GatedBy;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/** A write whose pieces lie in several shards; all or none (F2). */
record WriteWork(TypesMessage.WriteAcross call) implements Work {
    @Override
    public int size() {
        return call.pieces().size();
    }

    @Override
    public int shard(int piece) {
        return call.pieces().get(piece).shard();
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
        return new ShardMessage.CheckSegments(call.pieces().get(piece).segments(), reply);
    }

    @Override
    public ShardMessage commit(int piece, Consumer<Optional<Refusal>> reply) {
        return new ShardMessage.WriteSegments(call.pieces().get(piece).segments(), reply);
    }

    @Override
    public Refusal first(Map<Integer, Refusal> refusals) {
        return Objects.requireNonNull(refusals.get(Collections.min(refusals.keySet())));
    }

    @Override
    public void end(Optional<Refusal> refusal) {
        call.reply().accept(refusal);
    }
}
