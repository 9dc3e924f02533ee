package io.trapline.node.protocol;

import io.trapline.model.Refusal;
import io.trapline.model.TypeRun;
import java.util.List;
import java.util.Optional;

/** What comes of something that was asked under a call's number, which is the asker's own. */
public sealed interface CallAnswer {
    /** Under which it was asked. */
    long call();

    /** The same under another's number. */
    CallAnswer under(long number);

    /** A shard has done its part of the call, or refuses it. For a change of types: rule 0 holds for it. */
    record Done(long call, int shard, Optional<Refusal> refusal) implements CallAnswer {
        @Override
        public Done under(long number) {
            return new Done(number, shard, refusal);
        }
    }

    /**
     * What a shard has read.
     *
     * @param data the pieces that it was asked for, one behind the other
     */
    record Read(long call, int shard, byte[] data) implements CallAnswer {
        @Override
        public Read under(long number) {
            return new Read(number, shard, data);
        }
    }

    /** The types of the frames that a shard was asked for. */
    record Listed(long call, int shard, List<TypeRun> runs) implements CallAnswer {
        @Override
        public Listed under(long number) {
            return new Listed(number, shard, runs);
        }
    }

    /** A server has told the shards what a call wants of them, or refuses to (F2). */
    record GatePassed(long call, Optional<Refusal> refusal) implements CallAnswer {
        @Override
        public GatePassed under(long number) {
            return new GatePassed(number, refusal);
        }
    }

    /**
     * What a shard has of calls over several shards (T6).
     *
     * @param done of which of them it has done its part last
     * @param kept which of them it keeps
     */
    record Marked(long call, int shard, Optional<TypesTxn> done, Optional<Mark> kept) implements CallAnswer {
        @Override
        public Marked under(long number) {
            return new Marked(number, shard, done, kept);
        }
    }

    /** The call has its first answer, whatever else is asked of shards for it: it was made before under its request id, or may not be made under it (section E). */
    record Settled(long call, int shard, FirstAnswer answer) implements CallAnswer {
        @Override
        public Settled under(long number) {
            return new Settled(number, shard, answer);
        }
    }

    /** A call over several shards is over; rule 0 holds for what it has changed. */
    record Ended(long call, Optional<Refusal> refusal) implements CallAnswer {
        @Override
        public Ended under(long number) {
            return new Ended(number, refusal);
        }
    }
}
