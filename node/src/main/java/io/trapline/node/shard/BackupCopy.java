package io.trapline.node.shard;

import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardRoute;
import io.trapline.node.replica.BackupReplica;
import java.util.function.Function;

/** The copy of a shard that does what its primary has done, and says so (D-23). */
final class BackupCopy {
    private final ShardSteps steps;
    private final Life primary;
    private final BackupReplica replica;
    private final ShardRoute toPrimary;
    private long clockOffset;
    /** The next message is of the step that the last one was of. */
    private boolean goesOn;

    /**
     * A copy without anything yet.
     *
     * @param since the epoch at which it began
     */
    BackupCopy(ShardSteps steps, Life primary, long since, Function<Life, ShardRoute> copies) {
        this.steps = steps;
        this.primary = primary;
        replica = new BackupReplica(since);
        toPrimary = copies.apply(primary);
    }

    boolean isOf(Life aPrimary) {
        return primary.equals(aPrimary);
    }

    void take(ShardMessage.Change change) {
        if (!replica.takes(change.base(), change.number())) {
            return;
        }
        clockOffset = System.nanoTime() - change.clockNanos();
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
        // A node without memory for it is a backup no longer: it is silent, and its primary has it taken out.
        if (!steps.memory().isExceeded()) {
            toPrimary.tell(new ShardMessage.ChangeAck(replica.base(), replica.done()));
        }
    }

    /** V-10: what the primary may have at the server, this copy knows of. */
    void awaitReturned(ShardMessage.AwaitReturned await) {
        steps.awaitReturned(await);
    }

    /** What it has, for a primary. */
    ShardSteps promoted() {
        steps.promoted(clockOffset);
        return steps;
    }

    void close() {
        steps.close();
    }
}
