package io.trapline.node.shard;

import io.trapline.node.p2m.P2m;
import io.trapline.node.protocol.ShardStep;
import io.trapline.node.replica.StateImage;
import java.util.function.Consumer;

/**
 * How a fresh copy of a shard comes to have what its primary has while the primary goes on (D-24), as a guest is moved: chunk by chunk, what has changed
 * meanwhile again, and when little is left, between two steps, that and the image of all else. From there on the copy does each step.
 */
final class CatchUp {
    /** How many chunks may be on their way. */
    static final int IN_FLIGHT = 4;

    /** With how many chunks left they go, and the image, between two steps. */
    private static final int LITTLE = 2;

    /** How often, on average, a chunk is given before guests are made to wait: they may write faster than a link carries. */
    private static final int ROUNDS = 4;

    private final ShardSteps steps;
    private final P2m p2m;
    private final long most;
    private long given;
    private int next;

    /** Of a shard that goes on. */
    CatchUp(ShardSteps steps) {
        this.steps = steps;
        p2m = steps.rules().p2m();
        p2m.beginCopying();
        most = (long) ROUNDS * p2m.unsent();
    }

    /** Whether so little is left that it may go between two steps. */
    boolean isNearEnd() {
        return p2m.unsent() <= LITTLE;
    }

    /** Whether more changes than is given: from then on nothing is acknowledged, so that what is under way, which is bounded, is all that changes still. */
    boolean isOutrun() {
        return given >= most;
    }

    /** The next chunk; there must be one. */
    ShardStep chunk() {
        int chunk = p2m.takeUnsent(next);
        next = chunk + 1;
        given++;
        return new ShardStep.Chunk(chunk, 0, p2m.chunk(chunk));
    }

    /** What is left, between two steps: the copy that has it is what this one is. */
    void rest(Consumer<ShardStep> give) {
        while (p2m.unsent() > 0) {
            give.accept(chunk());
        }
        give.accept(new ShardStep.Image(StateImage.of(steps::image), false));
        end();
    }

    /** Nobody is given anything any more. */
    void end() {
        p2m.endCopying();
    }
}
