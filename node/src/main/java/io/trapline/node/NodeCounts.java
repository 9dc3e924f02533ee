package io.trapline.node;

import io.trapline.node.protocol.ShardStep;
import io.trapline.node.shard.ShardCopies;
import java.util.concurrent.atomic.LongAdder;

/** What a node's actors have counted since it started, for whoever watches it. Thread-safe. */
final class NodeCounts {
    private final LongAdder refusedAnswers = new LongAdder();
    private final LongAdder promotions = new LongAdder();
    private final LongAdder unacknowledgedSteps = new LongAdder();

    /** Answers of emulators that fitted no ioreq were refused (F1). */
    void refusedAnswers(long answers) {
        refusedAnswers.add(answers);
    }

    /** How many answers of emulators were refused. */
    long refusedAnswers() {
        return refusedAnswers.sum();
    }

    /** How many copies of shards have become primaries. */
    long promotions() {
        return promotions.sum();
    }

    /** How many steps of primaries are here that their other copies are not known to have done: the lag of replication (D-23). */
    long unacknowledgedSteps() {
        return unacknowledgedSteps.sum();
    }

    /** Counts what the copies of one shard do here; used by that shard's actor alone. */
    ShardCopies.Onlooker ofShard() {
        return new ShardCopies.Onlooker() {
            // The last step that another copy was told of, and up to which that has them; the same while nothing waits.
            private long told;

            private long acknowledged;

            @Override
            public void did(long base, long number, ShardStep step) {
                if (number == 0) {
                    return;
                }
                if (told == acknowledged) {
                    // Those before it were of an earlier copy, or what a fresh one was given.
                    acknowledged = number - 1;
                }
                told = number;
                unacknowledgedSteps.increment();
            }

            @Override
            public void released(long number) {
                long through = Math.min(number, told);
                if (through > acknowledged) {
                    unacknowledgedSteps.add(acknowledged - through);
                    acknowledged = through;
                }
            }

            @Override
            public void ended() {
                released(told);
            }

            @Override
            public void promoted(long base, long number, ShardCopies.Content content, long clockOffset) {
                promotions.increment();
            }
        };
    }
}
