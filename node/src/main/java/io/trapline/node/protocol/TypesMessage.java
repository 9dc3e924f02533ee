package io.trapline.node.protocol;

import io.trapline.model.Refusal;
import io.trapline.model.TypeRun;
import io.trapline.node.rows.Segments;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the actor is told that carries out a domain's type calls, one at a time, and the writes that several shards share: what its shards have
 * checked then still holds when they are told to do it (T6, F2).
 */
public sealed interface TypesMessage {
    /** What is asked under a call's number, and answered under it with {@link CallAnswer.Ended}. */
    sealed interface Call extends TypesMessage {
        /** The asker's number. */
        long call();

        /** On whose behalf. */
        Optional<Gate> gate();

        /** Under which request id a client has asked for it. */
        Optional<RequestName> request();

        /** The same under another's number. */
        Call under(long number);
    }

    /**
     * All runs change or none, as if one after the other (T6). Runs are well-formed. Answered with {@link CallAnswer.Ended}; a refusal names the first
     * frame that refused.
     */
    record SetTypes(long call, List<TypeRun> runs, Optional<Gate> gate, Optional<RequestName> request) implements Call {
        /** One that is carried out whenever it is asked for. */
        public SetTypes(long call, List<TypeRun> runs, Optional<Gate> gate) {
            this(call, runs, gate, Optional.empty());
        }

        @Override
        public SetTypes under(long number) {
            return new SetTypes(number, runs, gate, request);
        }
    }

    /** All pieces are put into the pages themselves, or none (F2). Answered with {@link CallAnswer.Ended}. */
    record WriteAcross(long call, List<Piece> pieces, Optional<Gate> gate, Optional<RequestName> request)
            implements Call {
        /** One that is carried out whenever it is asked for. */
        public WriteAcross(long call, List<Piece> pieces, Optional<Gate> gate) {
            this(call, pieces, gate, Optional.empty());
        }

        @Override
        public WriteAcross under(long number) {
            return new WriteAcross(number, pieces, gate, request);
        }
    }

    /**
     * Turns all pages of {@code ioreq_server[x]} into RAM_RW (C5). Never refused; from this node only.
     *
     * @param done run on the actor's thread; must not block
     */
    record Reset(int x, Runnable done) implements TypesMessage {}

    /** The domain's servers, by id. A call for another one, or for another generation of one, is refused. */
    record Servers(Map<Integer, KnownServer> servers) implements TypesMessage {}

    /** A server's actor has stopped: what waits for its gate is refused. */
    record ServerGone(int id, long generation) implements TypesMessage {}

    /**
     * Shards are decided elsewhere from now on: what is under way may be lost.
     *
     * @param away whether the domain's type calls are, too: what waits is refused
     * @param why what callers are told
     */
    record ShardsMoved(boolean away, Refusal why) implements TypesMessage {}

    /**
     * Shards are decided elsewhere than before, and the domain's type calls are carried out here: what was cut short is finished before anything else (T6).
     *
     * @param term the epoch of the domain's first shard
     */
    record Recover(long term) implements TypesMessage {}

    /** Shards have not all said whether they would refuse, or that they keep a refusal, and had time enough. To itself. */
    record StepOverdue(long call) implements TypesMessage {}

    /** The domain is gone: the actor stops. */
    record Stop() implements TypesMessage {}

    /** What came of something that the actor has asked. */
    record Answered(CallAnswer answer) implements TypesMessage {}

    /** What of a write lies in one shard. */
    record Piece(int shard, Segments segments) {}

    /** A server that lets calls pass. */
    record KnownServer(long generation, ServerRoute route) {}
}
