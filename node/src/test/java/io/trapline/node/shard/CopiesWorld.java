package io.trapline.node.shard;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.node.p2m.MemoryBudget;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardPlace;
import io.trapline.node.protocol.ShardStep;
import io.trapline.node.rows.OutcomeRows;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Three nodes with the real copies of one shard, links that carry what chance lets them, a registry by the table of 6.2 whose views arrive when chance will, and a
 * guest that knows what each of its reads must say. Nodes are killed, stop serving and are taken out at every step of a copy's making; the domain is lost only where
 * its one copy was (V-13).
 */
final class CopiesWorld {
    /** What is wrong, so that the checks have something to notice. */
    enum Plant {
        NONE,
        /** A step counts as done at the backup when it has been sent. */
        ACKNOWLEDGE_BEFORE_BACKUP,
        /** A copy that is being made counts as whole when everything has been sent. */
        BACKUP_TOO_EARLY,
        /** A backup that was dropped is promoted when its primary dies. */
        PROMOTE_AFTER_DROP,
        /** A copy is given chunks that are not what the primary has in them. */
        STALE_CHUNK
    }

    /** V-6, V-7, V-13, A4 or D4 does not hold. */
    static final class Broken extends RuntimeException {
        private static final long serialVersionUID = 1;

        Broken(String what) {
            super(what);
        }
    }

    private static final int NODES = 3;
    private static final int PAGES = 16;
    private static final int MOST_WAITING = 24;

    private final Random chance;
    private final Plant plant;
    private final boolean waits;
    private final List<CopyNode> nodes = new ArrayList<>();
    private final Map<List<Life>, ArrayDeque<ShardMessage>> links = new HashMap<>();
    private final List<Runnable> proposals = new ArrayList<>();
    private final Map<Long, Row> unanswered = new TreeMap<>();
    private final long[] written = new long[PAGES];
    /** Under which epoch was acknowledged last. */
    private long acknowledgedEpoch;

    private long revision = TwoCopies.CREATED;
    private long incarnation;
    private long sequence;
    private ShardPlace place;
    private @Nullable Life dropped;
    /** Between whom nothing arrives now. */
    private List<Life> stalled = List.of();

    /** What there was of what is worth being there, so that a test may ask that it was. */
    private final Map<String, Integer> seen = new LinkedHashMap<>();

    private record Row(ShardMessage message, boolean isRead, long expected) {}

    CopiesWorld(long seed, Plant plant, boolean waits) {
        chance = new Random(seed);
        this.plant = plant;
        this.waits = waits;
        for (int i = 0; i < NODES; i++) {
            nodes.add(born("n" + i));
        }
        place = new ShardPlace(0, ShardPlace.State.DUAL, nodes.get(0).life, Optional.of(nodes.get(1).life), revision);
        announce();
    }

    private CopyNode born(String name) {
        return new CopyNode(new Life(name, ++incarnation), waits, this);
    }

    Map<String, Integer> seen() {
        return seen;
    }

    private void count(String what) {
        seen.merge(what, 1, Integer::sum);
    }

    // ---- one step

    /** So many steps; false: the domain lost its only copy on the way. */
    boolean run(int steps) {
        for (int i = 0; i < steps; i++) {
            if (place.state() == ShardPlace.State.LOST) {
                return false;
            }
            step();
        }
        return true;
    }

    private void step() {
        switch (chance.nextInt(24)) {
            case 0, 1, 2, 3, 4, 5 -> access();
            case 6, 7 -> anyNode().takeView();
            case 8 -> nodes.forEach(CopyNode::takeViews);
            case 9, 10 -> takeProposal();
            case 11, 12 -> whim();
            case 13 -> startSync();
            case 14 -> stall();
            default -> deliver();
        }
    }

    private CopyNode anyNode() {
        return nodes.get(chance.nextInt(NODES));
    }

    private void access() {
        if (unanswered.size() >= MOST_WAITING) {
            return;
        }
        int page = chance.nextInt(PAGES);
        long gpa = (long) page * MemoryBudget.CHUNK_BYTES / 2 + 0x100;
        long number = ++sequence;
        Row row;
        if (chance.nextInt(3) == 0) {
            row = new Row(TwoCopies.read(number, gpa), true, written[page]);
        } else {
            written[page] = chance.nextLong();
            row = new Row(TwoCopies.write(number, gpa, written[page]), false, 0);
        }
        unanswered.put(number, row);
        CopyNode primary = node(place.primary());
        if (primary != null && primary.decides()) {
            primary.run(row.message());
        }
    }

    /** A guest tells whoever decides now what it has not heard of. */
    void decidesNow(CopyNode node) {
        List.copyOf(unanswered.values()).forEach(row -> node.run(row.message()));
    }

    /** What a guest is told. */
    void told(CopyNode by, OutcomeRows rows) {
        long epoch = by.view().epoch();
        if (epoch < acknowledgedEpoch) {
            throw new Broken("V-6: " + by.life + " acknowledges under epoch " + epoch + ", and another has under "
                    + acknowledgedEpoch);
        }
        acknowledgedEpoch = epoch;
        if (waits && by.view().state() != ShardPlace.State.DUAL) {
            throw new Broken("D4: " + by.life + " acknowledges, and is " + by.view());
        }
        for (int i = 0; i < rows.size(); i++) {
            Row row = unanswered.remove(rows.keys().sequence(i));
            if (row != null && row.isRead() && rows.data(i) != row.expected()) {
                throw new Broken("V-7: access " + rows.keys().sequence(i) + " reads " + rows.data(i) + ", not "
                        + row.expected() + ", at " + by.life + ", which is " + by.view());
            }
            count(by.view().state() + " tells");
        }
    }

    // ---- links

    void send(Life from, Life to, ShardMessage message) {
        ShardMessage sent = message;
        if (message instanceof ShardMessage.Change change) {
            boolean isGiven = change.step() instanceof ShardStep.Chunk || change.step() instanceof ShardStep.Image;
            if (plant == (isGiven ? Plant.BACKUP_TOO_EARLY : Plant.ACKNOWLEDGE_BEFORE_BACKUP)) {
                link(to, from).add(new ShardMessage.ChangeAck(change.base(), change.number()));
            }
            if (plant == Plant.STALE_CHUNK && change.step() instanceof ShardStep.Chunk chunk) {
                sent = new ShardMessage.Change(
                        change.base(),
                        change.number(),
                        false,
                        change.clockNanos(),
                        change.refusedMemory(),
                        new ShardStep.Chunk(chunk.chunk(), 0, new byte[chunk.bytes().length]));
            }
            count(change.step() instanceof ShardStep.Chunk ? "chunks" : isGiven ? "images" : "steps");
        }
        link(from, to).add(sent);
    }

    private ArrayDeque<ShardMessage> link(Life from, Life to) {
        return links.computeIfAbsent(List.of(from, to), lives -> new ArrayDeque<>());
    }

    /** Some messages of one link arrive, in their order. */
    private void deliver() {
        List<List<Life>> busy = links.entrySet().stream()
                .filter(link -> !link.getValue().isEmpty() && !link.getKey().equals(stalled))
                .map(Map.Entry::getKey)
                .sorted(Comparator.comparing(List::toString))
                .toList();
        if (!busy.isEmpty()) {
            List<Life> lives = busy.get(chance.nextInt(busy.size()));
            for (int left = 1 + chance.nextInt(3); left > 0; left--) {
                ShardMessage message = link(lives.get(0), lives.get(1)).poll();
                CopyNode to = node(lives.get(1));
                if (message != null && to != null) {
                    to.run(message);
                }
            }
        }
    }

    /** One link carries nothing for a while. */
    private void stall() {
        List<List<Life>> busy = links.keySet().stream()
                .sorted(Comparator.comparing(List::toString))
                .toList();
        stalled = busy.isEmpty() || chance.nextInt(3) == 0 ? List.of() : busy.get(chance.nextInt(busy.size()));
    }

    private @Nullable CopyNode node(Life life) {
        return nodes.stream().filter(node -> node.life.equals(life)).findFirst().orElse(null);
    }

    // ---- the registry

    private void moveTo(ShardPlace.State state, Life primary, Optional<Life> copy) {
        boolean isMoved = !primary.equals(place.primary());
        place = new ShardPlace(0, state, primary, copy, ++revision);
        count(state.toString());
        announce();
        if (isMoved) {
            count("promotions");
        }
    }

    private void announce() {
        nodes.forEach(node -> node.views.add(place));
    }

    /** A primary proposes; whether it comes to that its epoch says. */
    void propose(ShardPlace of, Runnable change) {
        proposals.add(() -> {
            if (of.equals(place)) {
                change.run();
            }
        });
    }

    void dropBackup() {
        dropped = place.copy().orElseThrow();
        moveTo(ShardPlace.State.SOLO, place.primary(), Optional.empty());
    }

    void addBackup() {
        moveTo(ShardPlace.State.DUAL, place.primary(), place.copy());
    }

    void abandonSync() {
        moveTo(ShardPlace.State.SOLO, place.primary(), Optional.empty());
    }

    private void takeProposal() {
        if (!proposals.isEmpty()) {
            proposals.remove(chance.nextInt(proposals.size())).run();
        }
    }

    private void startSync() {
        CopyNode primary = node(place.primary());
        CopyNode fresh = anyNode();
        if (place.state() == ShardPlace.State.SOLO && primary != null && fresh != primary && fresh.serves()) {
            moveTo(ShardPlace.State.SYNCING, place.primary(), Optional.of(fresh.life));
        }
    }

    /** The registry takes the life's lease for lapsed: it does not serve, by its own clock. */
    private void lapse(Life life, boolean isOver) {
        Optional<Life> copy = place.copy();
        if (copy.isPresent() && copy.get().equals(life)) {
            moveTo(ShardPlace.State.SOLO, place.primary(), Optional.empty());
        } else if (place.primary().equals(life) && place.state() == ShardPlace.State.DUAL) {
            moveTo(ShardPlace.State.SOLO, copy.orElseThrow(), Optional.empty());
        } else if (place.primary().equals(life) && isOver) {
            Life revenant = dropped;
            if (plant == Plant.PROMOTE_AFTER_DROP && revenant != null && node(revenant) != null) {
                moveTo(ShardPlace.State.SOLO, revenant, Optional.empty());
            } else {
                moveTo(ShardPlace.State.LOST, place.primary(), Optional.empty());
            }
        }
    }

    // ---- what goes wrong

    private void whim() {
        CopyNode node = anyNode();
        boolean isOnlyCopy = place.primary().equals(node.life) && place.state() != ShardPlace.State.DUAL;
        switch (chance.nextInt(6)) {
            case 0, 1 -> {
                if (!isOnlyCopy || chance.nextInt(12) == 0 || plant == Plant.PROMOTE_AFTER_DROP) {
                    count(place.state() + (isOnlyCopy ? " loses all" : " loses one"));
                    kill(node);
                }
            }
            case 2 -> {
                node.gate.close();
                if (chance.nextBoolean()) {
                    lapse(node.life, false);
                }
            }
            case 3 -> {
                if (place.state() == ShardPlace.State.DUAL) {
                    dropBackup();
                } else if (place.state() == ShardPlace.State.SYNCING) {
                    abandonSync();
                }
            }
            default -> nodes.forEach(CopyNode::open);
        }
    }

    /** Nothing that it sent and that has not arrived ever does; another life comes in its place. */
    private void kill(CopyNode node) {
        links.keySet().removeIf(lives -> lives.contains(node.life));
        CopyNode next = born(node.life.node());
        nodes.set(nodes.indexOf(node), next);
        lapse(node.life, true);
        next.views.clear();
        next.views.add(place);
    }

    // ---- the end

    /** Without faults the domain has two copies, the guest is answered, and either copy has everything. */
    void heal() {
        stalled = List.of();
        for (int i = 0; i < 20_000 && !isQuiet(); i++) {
            nodes.forEach(CopyNode::open);
            nodes.forEach(CopyNode::takeViews);
            startSync();
            takeProposal();
            deliver();
        }
        assertThat(place.state()).as("G-3: copies").isEqualTo(ShardPlace.State.DUAL);
        assertThat(unanswered).as("G-1: accesses without an outcome").isEmpty();
    }

    private boolean isQuiet() {
        return place.state() == ShardPlace.State.DUAL
                && unanswered.isEmpty()
                && links.values().stream().allMatch(ArrayDeque::isEmpty)
                && nodes.stream().allMatch(node -> node.views.isEmpty());
    }

    /** The primary dies, and the guest looks at everything. */
    void readAllAtTheBackup() {
        kill(Objects.requireNonNull(node(place.primary())));
        for (int page = 0; page < PAGES; page++) {
            long gpa = (long) page * MemoryBudget.CHUNK_BYTES / 2 + 0x100;
            unanswered.put(++sequence, new Row(TwoCopies.read(sequence, gpa), true, written[page]));
        }
        heal();
    }
}
