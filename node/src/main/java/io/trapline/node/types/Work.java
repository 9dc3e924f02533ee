package io.trapline.node.types;

import io.trapline.model.Refusal;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.TypesMessage.GatedBy;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

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
    Optional<GatedBy> gate();

    /** Asks a shard whether it would refuse. */
    ShardMessage check(int piece, Consumer<Optional<Refusal>> reply);

    /** Tells a shard to do it. */
    ShardMessage commit(int piece, Consumer<Optional<Refusal>> reply);

    /** Of the refusals by piece, at least one, the one that the caller is told. */
    Refusal first(Map<Integer, Refusal> refusals);

    /** Tells the caller. */
    void end(Optional<Refusal> refusal);
}
