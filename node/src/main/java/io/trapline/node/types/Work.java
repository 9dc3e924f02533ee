package io.trapline.node.types;

import io.trapline.model.Refusal;
import io.trapline.node.protocol.AnswerRoute;
import io.trapline.node.protocol.Gate;
import io.trapline.node.protocol.RequestName;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.TypesMessage;
import java.util.Map;
import java.util.Optional;

/** A call that concerns one or more shards, as pieces that lie in one shard each. */
sealed interface Work permits SetTypesWork, WriteWork, ResetWork {
    /** How many pieces there are. */
    int size();

    /** The shard of a piece. */
    int shard(int piece);

    /** Whether it must be checked before it is carried out. */
    boolean isChecked();

    /** Whether it takes one of the places of waiting calls. */
    default boolean isCounted() {
        return true;
    }

    /** The server that it is made for. */
    Optional<Gate> gate();

    /** Under which request id it is made: its lowest shard keeps the first answer. */
    default Optional<RequestName> request() {
        return kept().flatMap(TypesMessage.Call::request);
    }

    /** Asks a shard whether it would refuse; to be answered under that number. */
    ShardMessage.Call check(int piece, long call);

    /** Tells a shard to do it; to be answered under that number. */
    ShardMessage.Call commit(int piece, long call);

    /** What a shard keeps of it until all have done it, should it be over several; empty: each of them does it when it can. */
    Optional<TypesMessage.Call> kept();

    /** Of the refusals by shard, at least one, the one that the caller is told. */
    Refusal first(Map<Integer, Refusal> refusals);

    /** Tells the caller. */
    void end(Optional<Refusal> refusal, AnswerRoute answers);
}
