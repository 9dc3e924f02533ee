package io.trapline.sim.world.copies;

import io.trapline.node.p2m.P2m;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ShardStep;
import io.trapline.node.shard.ShardCopies;
import io.trapline.node.shard.WitnessCopy;
import io.trapline.sim.check.Promises;
import io.trapline.sim.check.RequestChecks;
import io.trapline.sim.check.ShardModel;
import io.trapline.sim.check.TypeTxnChecks;
import io.trapline.sim.check.Violation;
import io.trapline.sim.world.part.HeapBudget;
import io.trapline.sim.world.part.Layout;
import io.trapline.sim.world.part.Stage;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A shard as it truly is, which no host has: a copy that does what primaries have done from when it cannot be lost any more with one host. Each step is checked against
 * the naive model, by what was promised when its primary did it; whoever becomes primary must have what the witness has (T3, V-7), and all of it.
 */
public final class ShardWitness {
    private static final int PAGE_BYTES = 4096;

    private record Done(long number, ShardStep step, Promises.Moment moment) {}

    private final Stage world;
    private final int index;
    private final WitnessCopy copy;
    /** Does the same steps as they are: what is told of several vCPUs at once counts as several steps to the other one. */
    private final WitnessCopy whole;

    private final ShardModel model;
    private final WitnessedSteps steps;
    /** What the primary has done and another copy, of which it waits, perhaps not. */
    private final ArrayDeque<Done> waiting = new ArrayDeque<>();

    private @Nullable Life primary;
    private long base;
    /** Of the copy that began at that epoch: under which number is what was done here last. */
    private long through;

    private long promotions;
    private long copied;

    public ShardWitness(Stage world, TypeTxnChecks types, RequestChecks requests, int index, ShardMap map) {
        this.world = world;
        this.index = index;
        ShardModel[] watching = new ShardModel[1];
        copy = new WitnessCopy(
                index,
                map,
                Layout.NR_PAGES,
                new HeapBudget(),
                told -> new WitnessedEffects(world, told, () -> watching[0]));
        whole = new WitnessCopy(index, map, Layout.NR_PAGES, new HeapBudget(), told -> told);
        model = new ShardModel(index, map, world.history, world.promises, copy.p2m(), Layout.pagesOf(index));
        watching[0] = model;
        world.models.add(model);
        steps = new WitnessedSteps(world, new WitnessedCalls(types, requests, index, copy, model), copy, model);
    }

    /** How often another copy became the primary's. */
    public long promotions() {
        return promotions;
    }

    /** How many steps its primary has done that may be lost with it. */
    public int waiting() {
        return waiting.size();
    }

    /** How many steps were done by two. */
    public long copied() {
        return copied;
    }

    /** Looks on at what that life has of the shard. */
    public ShardCopies.Onlooker at(Life life) {
        return new ShardCopies.Onlooker() {
            @Override
            public void began() {
                if (primary != null) {
                    throw new Violation("V-7", "%s begins with nothing, and shard %d has begun", life, index);
                }
                primary = life;
            }

            @Override
            public void did(long ofBase, long number, ShardStep step) {
                if (life.equals(primary)) {
                    ShardWitness.this.did(ofBase, number, step);
                }
            }

            @Override
            public void released(long number) {
                if (life.equals(primary)) {
                    doThrough(number);
                }
            }

            @Override
            public void copied(long ofBase, long number) {
                if (ofBase == base) {
                    doThrough(number);
                    copied++;
                }
            }

            @Override
            public void promoted(long ofBase, long number, ShardCopies.Content content, long clockOffset) {
                goesOn(life, ofBase, number, content, clockOffset);
            }
        };
    }

    private void did(long ofBase, long number, ShardStep step) {
        if (ofBase != base) {
            // Whatever it was told of the one before has left, or will.
            doThrough(Long.MAX_VALUE);
            base = ofBase;
            through = 0;
        }
        Done done = new Done(number, step, world.promises.now());
        if (number == 0) {
            doThrough(Long.MAX_VALUE);
            carryOut(done);
        } else {
            waiting.add(done);
        }
    }

    private void doThrough(long number) {
        while (!waiting.isEmpty() && waiting.element().number() <= number) {
            carryOut(waiting.remove());
        }
    }

    private void carryOut(Done done) {
        through = Math.max(through, done.number());
        world.promises.asOf(done.moment(), () -> steps.carryOut(done.step()));
        whole.step(done.step());
    }

    private void goesOn(Life life, long ofBase, long number, ShardCopies.Content content, long clockOffset) {
        if (ofBase == base && through > number) {
            throw new Violation(
                    "V-7",
                    "%s goes on with shard %d by %d steps, and what was brought about by %d has left its primary",
                    life,
                    index,
                    number,
                    through);
        }
        if (ofBase == base) {
            doThrough(number);
        }
        waiting.clear();
        mustBeSame(life, content);
        copy.promoted(clockOffset);
        whole.promoted(clockOffset);
        world.chance.say(() -> life.node() + " goes on with shard " + index + " by " + number + " steps of " + ofBase);
        primary = life;
        base = ofBase;
        through = number;
        promotions++;
    }

    private void mustBeSame(Life life, ShardCopies.Content content) {
        byte[] theirs = new byte[PAGE_BYTES];
        byte[] ours = new byte[PAGE_BYTES];
        P2m pages = content.p2m();
        for (long gfn : Layout.pagesOf(index)) {
            pages.readBytes(gfn << 12, theirs, 0, PAGE_BYTES);
            copy.p2m().readBytes(gfn << 12, ours, 0, PAGE_BYTES);
            int differs = Arrays.mismatch(theirs, ours);
            if (differs >= 0) {
                long at = (gfn << 12) + (differs & -8);
                throw new Violation(
                        "T3",
                        "%s goes on with %x at %x, where %x is",
                        life,
                        pages.read(at, 8),
                        at,
                        copy.p2m().read(at, 8));
            }
            if (pages.typeOf(gfn) != copy.p2m().typeOf(gfn)) {
                throw new Violation("T6", "%s goes on with another type of frame %x", life, gfn);
            }
        }
        int differs = Arrays.mismatch(content.image(), whole.image());
        if (differs >= 0) {
            throw new Violation(
                    "V-7",
                    "%s goes on with another state of shard %d, from byte %d of the image on",
                    life,
                    index,
                    differs);
        }
    }

    /** Nothing is under way: everything is as it must be. */
    public void end() {
        doThrough(Long.MAX_VALUE);
        model.check();
    }
}
