package io.trapline.faults.check;

import io.trapline.model.Pure;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Whether one word is linearizable. Since no two writes store the same value, a read names its write, and a write with its reads, a <em>block</em>, stands
 * together in every order that explains the history (Gibbons and Korach, Testing Shared Memories, 1997). So there is such an order exactly if in no block a
 * read comes before the write, and the blocks can be put in order: block A must come before B where an operation of A must take effect before one of B. By
 * time alone that is where the earliest end in A is before the latest beginning in B; the order of vCPUs adds edges of its own. The blocks are taken off one by
 * one, always one that nothing that is left must come before. That is exact, and takes n log n steps for n operations.
 *
 * <p>Undecided is a word to which two writes store the same value.
 */
@Pure
final class WordOrder {
    /** Its own order of names in a message. */
    private static final int MOST_SHOWN = 12;

    private static final long INITIAL = 0;

    /** A write and the reads that saw it; the first one has no write. */
    private static final class Block {
        final @Nullable WordOp write;
        final List<WordOp> ops = new ArrayList<>();
        /** Those with the earliest end and the latest beginning; null in the first block where nobody read it. */
        @Nullable
        WordOp endsFirst;

        @Nullable
        WordOp beginsLast;

        final List<Edge> from = new ArrayList<>();
        final List<Block> to = new ArrayList<>();
        int waitsFor;
        boolean isTaken;

        Block(@Nullable WordOp write) {
            this.write = write;
            if (write != null) {
                add(write);
            }
        }

        void add(WordOp op) {
            ops.add(op);
            if (endsFirst == null || op.when().end() < endsFirst.when().end()) {
                endsFirst = op;
            }
            if (beginsLast == null || op.when().start() > beginsLast.when().start()) {
                beginsLast = op;
            }
        }

        /** The value that was there at first is there before everything. */
        long earliestEnd() {
            return write == null
                    ? Long.MIN_VALUE
                    : endsFirst == null ? Long.MAX_VALUE : endsFirst.when().end();
        }

        long latestBeginning() {
            return beginsLast == null ? Long.MIN_VALUE : beginsLast.when().start();
        }
    }

    /** An operation of another block comes before one of this block. */
    private record Edge(Block before, WordOp first, WordOp then) {}

    private final String word;
    private final List<WordOp> ops;
    private final Findings findings;
    private final Map<Long, Block> blocks = new LinkedHashMap<>();
    private final Map<Long, WordOp> refused = new HashMap<>();

    private WordOrder(String word, List<WordOp> ops, Findings findings) {
        this.word = word;
        this.ops = ops;
        this.findings = findings;
    }

    static void check(String word, List<WordOp> ops, Findings findings) {
        WordOrder order = new WordOrder(word, ops, findings);
        if (order.collect()) {
            order.followVcpus();
            order.takeAll();
        }
    }

    /** Puts every operation into its block; false where that alone goes wrong. */
    private boolean collect() {
        blocks.put(INITIAL, new Block(null));
        for (WordOp op : ops) {
            if (op.write() && op.effect() == WordOp.Effect.NONE) {
                refused.put(op.value(), op);
            } else if (op.write()) {
                Block other = blocks.putIfAbsent(op.value(), new Block(op));
                if (other != null) {
                    findings.add(Finding.UNDECIDED, "two writes store the same value at " + word, op);
                    return false;
                }
            }
        }
        boolean isSound = true;
        for (WordOp op : ops) {
            if (!op.write()) {
                isSound &= read(op);
            }
        }
        // What may have been written and nobody saw needs no place: it may never have been.
        blocks.values()
                .removeIf(block ->
                        block.write != null && block.write.effect() == WordOp.Effect.POSSIBLE && block.ops.size() == 1);
        return isSound;
    }

    private boolean read(WordOp read) {
        Block block = blocks.get(read.value());
        if (block == null) {
            WordOp wrong = refused.get(read.value());
            if (wrong == null) {
                findings.add("A4, T3", "a read sees what nobody has written at " + word, read);
            } else if (wrong.call().outcome().isDone()) {
                findings.add("T2, T8", "a read sees a write that the page's type drops at " + word, wrong, read);
            } else {
                findings.add("A4, A5", "a read sees what was refused at " + word, wrong, read);
            }
            return false;
        }
        if (block.write != null && read.isBefore(block.write)) {
            findings.add("A4, T3", "a read sees what is written later at " + word, read, block.write);
            return false;
        }
        block.add(read);
        return true;
    }

    /** Operations of one vCPU come in their order; only a read need not see a write before it that a server had queued (F3). */
    private void followVcpus() {
        Map<Long, List<WordOp>> byOrder = new LinkedHashMap<>();
        for (Block block : blocks.values()) {
            for (WordOp op : block.ops) {
                if (op.order() != WordOp.NO_ORDER) {
                    byOrder.computeIfAbsent(op.order(), key -> new ArrayList<>())
                            .add(op);
                }
            }
        }
        for (List<WordOp> inOrder : byOrder.values()) {
            inOrder.sort(Comparator.comparingLong(WordOp::sequence));
            WordOp last = null;
            WordOp lastQueued = null;
            for (WordOp op : inOrder) {
                comesBefore(last, op);
                if (op.write()) {
                    comesBefore(lastQueued, op);
                }
                if (op.isQueued()) {
                    lastQueued = op;
                } else {
                    last = op;
                }
            }
        }
    }

    private void comesBefore(@Nullable WordOp first, WordOp then) {
        Block before = first == null ? null : blockOf(first);
        Block after = blockOf(then);
        if (first != null && before != null && before != after) {
            after.from.add(new Edge(before, first, then));
            before.to.add(after);
            after.waitsFor++;
        }
    }

    private Block blockOf(WordOp op) {
        Block block = blocks.get(op.value());
        if (block == null) {
            throw new IllegalStateException("an operation without its block");
        }
        return block;
    }

    private void takeAll() {
        List<Block> byEnd = new ArrayList<>(blocks.values());
        byEnd.sort(Comparator.comparingLong(Block::earliestEnd));
        PriorityQueue<Block> ready = new PriorityQueue<>(Comparator.comparingLong(Block::latestBeginning));
        byEnd.stream().filter(block -> block.waitsFor == 0).forEach(ready::add);
        // The first two that are left by their earliest end.
        int first = 0;
        int second = 1;
        for (int left = byEnd.size(); left > 0; left--) {
            while (first < byEnd.size() && byEnd.get(first).isTaken) {
                first++;
            }
            second = Math.max(second, first + 1);
            while (second < byEnd.size() && byEnd.get(second).isTaken) {
                second++;
            }
            while (!ready.isEmpty() && ready.peek().isTaken) {
                ready.remove();
            }
            Block ending = byEnd.get(first);
            Block other = second < byEnd.size() ? byEnd.get(second) : null;
            Block next = ready.peek();
            if (next == null || !mayCome(next, ending, other)) {
                next = ending.waitsFor == 0 && mayCome(ending, ending, other) ? ending : null;
            }
            if (next == null) {
                reportCircle(byEnd, ending, other);
                return;
            }
            next.isTaken = true;
            for (Block after : next.to) {
                if (--after.waitsFor == 0) {
                    ready.add(after);
                }
            }
        }
    }

    /** Whether nothing that is left must come before it by time. */
    private static boolean mayCome(Block block, Block ending, @Nullable Block other) {
        Block before = block == ending ? other : ending;
        return before == null || block.latestBeginning() <= before.earliestEnd();
    }

    /** Each block that is left has one that must come before it: going back finds a circle. */
    private void reportCircle(List<Block> byEnd, Block ending, @Nullable Block other) {
        Map<Block, Integer> places = new HashMap<>();
        List<Block> way = new ArrayList<>();
        List<Object> why = new ArrayList<>();
        Block block = byEnd.stream().filter(left -> !left.isTaken).findFirst().orElseThrow();
        while (!places.containsKey(block)) {
            places.put(block, way.size());
            way.add(block);
            block = oneBefore(block, ending, other, why);
        }
        int from = places.get(block);
        findings.add(
                "A3, A4",
                "no order explains what was read and written at " + word,
                why.subList(from, Math.min(why.size(), from + MOST_SHOWN)).toArray());
    }

    private static Block oneBefore(Block block, Block ending, @Nullable Block other, List<Object> why) {
        for (Edge edge : block.from) {
            if (!edge.before().isTaken) {
                why.add("(" + edge.first() + ") comes before (" + edge.then() + ") of the same vCPU");
                return edge.before();
            }
        }
        Block before = block == ending ? other : ending;
        if (before == null) {
            throw new IllegalStateException("nothing comes before a block, and it was not taken");
        }
        why.add(
                before.write == null
                        ? "0 was there before (" + block.beginsLast + ")"
                        : "(" + before.endsFirst + ") ended before (" + block.beginsLast + ") began");
        return before;
    }
}
