package io.trapline.node.types;

import io.trapline.model.Refusal;
import io.trapline.node.protocol.AnswerRoute;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.Gate;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.TypesMessage;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** A write whose pieces lie in several shards; all or none (F2). */
record WriteWork(TypesMessage.WriteAcross write) implements Work {
    @Override
    public int size() {
        return write.pieces().size();
    }

    @Override
    public int shard(int piece) {
        return write.pieces().get(piece).shard();
    }

    @Override
    public boolean isChecked() {
        return true;
    }

    @Override
    public Optional<Gate> gate() {
        return write.gate();
    }

    @Override
    public ShardMessage.Call check(int piece, long call) {
        return new ShardMessage.CheckSegments(call, write.pieces().get(piece).segments());
    }

    @Override
    public ShardMessage.Call commit(int piece, long call) {
        return new ShardMessage.WriteSegments(call, write.pieces().get(piece).segments());
    }

    @Override
    public Optional<TypesMessage.Call> kept() {
        return Optional.of(new TypesMessage.WriteAcross(0, write.pieces(), Optional.empty(), write.request()));
    }

    @Override
    public Refusal first(Map<Integer, Refusal> refusals) {
        return Objects.requireNonNull(refusals.get(Collections.min(refusals.keySet())));
    }

    @Override
    public void end(Optional<Refusal> refusal, AnswerRoute answers) {
        answers.tell(new CallAnswer.Ended(write.call(), refusal));
    }
}
