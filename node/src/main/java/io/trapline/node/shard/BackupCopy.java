package io.trapline.node.shard;

import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardRoute;
import io.trapline.node.protocol.ShardStep;
import io.trapline.node.replica.BackupReplica;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** The copy of a shard that does what its primary has done, and says so (D-23). */
final class BackupCopy {
    /** How it begins. */
    enum Begin {
        /** With its primary, which has nothing then. */
        WITH_NOTHING,
        /** It is given all that its primary has (D-24). */
        IS_GIVEN,
        /** Its primary has what it is not given: it is silent, and its primary has it taken out. */
        TOO_LATE
    }

    private final ShardSteps steps;
    private final Life primary;
    private final BackupReplica replica;
    private final ShardRoute toPrimary;
    private final Begin begin;
    private final ShardCopies.Outside outside;
    private long clockOffset;
    /** The next message is of the step that the last one was of. */
    private boolean goesOn;
    /** It has all that its primary had when it began. */
    private boolean isWhole;
    /** Drains that wait until it has (V-10). */
    private final List<ShardMessage.AwaitReturned> awaited = new ArrayList<>();

    /**
     * A copy without anything yet.
     *
     * @param since the epoch at which it began
     */
    BackupCopy(
            ShardSteps steps,
            Life primary,
            long since,
            Begin begin,
            Function<Life, ShardRoute> copies,
            ShardCopies.Outside outside) {
        this.steps = steps;
        this.primary = primary;
        replica = new BackupReplica(since);
        this.begin = begin;
        this.outside = outside;
        isWhole = begin == Begin.WITH_NOTHING;
        toPrimary = copies.apply(primary);
    }

    boolean isOf(Life aPrimary) {
        return primary.equals(aPrimary);
    }

    /** Since which epoch it is told of steps. */
    long base() {
        return replica.base();
    }

    void take(ShardMessage.Change change) {
        if (begin == Begin.TOO_LATE || !replica.takes(change.base(), change.number())) {
            return;
        }
        clockOffset = outside.clock().getAsLong() - change.clockNanos();
        if (!goesOn) {
            steps.memory().replay(change.refusedMemory());
        }
        goesOn = change.more();
        steps.step(change.step());
        steps.outbox().discard();
        if (change.more()) {
            return;
        }
        replica.did(change.number());
        outside.onlooker().copied(replica.base(), replica.done());
        if (change.step() instanceof ShardStep.Image) {
            isWhole = true;
            awaited.forEach(steps::awaitReturned);
            awaited.clear();
        }
        // A node without memory for it is a backup no longer: it is silent, and its primary has it taken out.
        if (!steps.memory().isExceeded()) {
            toPrimary.tell(new ShardMessage.ChangeAck(replica.base(), replica.done()));
        }
    }

    /** How many answers to request ids it keeps. */
    int answers() {
        return steps.first().size();
    }

    /** V-10: what the primary may have at the server, this copy knows of, once it is whole. */
    void awaitReturned(ShardMessage.AwaitReturned await) {
        if (isWhole) {
            steps.awaitReturned(await);
        } else {
            awaited.add(await);
        }
    }

    /** What it has, for a primary. */
    ShardSteps promoted() {
        if (!isWhole) {
            throw new IllegalStateException("a copy that is not whole is to decide");
        }
        outside.onlooker().promoted(replica.base(), replica.done(), steps, clockOffset);
        steps.promoted(clockOffset);
        return steps;
    }

    void close() {
        awaited.forEach(await -> await.returned().run());
        awaited.clear();
        steps.close();
    }
}
