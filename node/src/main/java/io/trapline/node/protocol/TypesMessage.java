package io.trapline.node.protocol;

import io.trapline.model.Refusal;
import io.trapline.model.TypeRun;
import io.trapline.node.rows.Segments;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * What the actor is told that carries out a domain's type calls, one at a time, and the writes that several shards share: what its shards have
 * checked then still holds when they are told to do it (T6, F2). Callbacks are run on its thread and must not block.
 */
public sealed interface TypesMessage {
    /**
     * All runs change or none, as if one after the other (T6). Runs are well-formed.
     *
     * @param reply given the refusal, which names the first frame that refused, or empty when rule 0 holds for the change
     */
    record SetTypes(List<TypeRun> runs, Optional<GatedBy> gate, Consumer<Optional<Refusal>> reply)
            implements TypesMessage {}

    /** All pieces are put into the pages themselves, or none (F2). */
    record WriteAcross(List<Piece> pieces, Optional<GatedBy> gate, Consumer<Optional<Refusal>> reply)
            implements TypesMessage {}

    /** Turns all pages of {@code ioreq_server[x]} into RAM_RW (C5). Never refused. */
    record Reset(int x, Runnable done) implements TypesMessage {}

    /** A server's actor has stopped: what waits for its gate is refused. */
    record ServerGone(int id, long generation) implements TypesMessage {}

    /** The domain is gone: the actor stops. */
    record Stop() implements TypesMessage {}

    /** A shard has answered for a piece of a call; {@code step} tells a late answer from one that is waited for. */
    record ShardAnswered(long step, int piece, Optional<Refusal> refusal) implements TypesMessage {}

    /** A server has let a call pass, or refused it. */
    record GatePassed(long step, Optional<Refusal> refusal) implements TypesMessage {}

    /** What of a write lies in one shard. */
    record Piece(int shard, Segments segments) {}

    /** The server that a call is made for. */
    record GatedBy(Gate gate, ActorRef<ServerMessage> server) {}
}
