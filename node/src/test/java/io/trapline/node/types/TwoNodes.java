package io.trapline.node.types;

import io.trapline.model.Errno;
import io.trapline.model.MemType;
import io.trapline.model.Refusal;
import io.trapline.node.fixture.Gates;
import io.trapline.node.fixture.HeapBudget;
import io.trapline.node.fixture.Shards;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.SessionsHere;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardPlace;
import io.trapline.node.protocol.ShardRoute;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.protocol.TypesTxn;
import io.trapline.node.registry.DomainCalls;
import io.trapline.node.shard.P2mShard;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.apache.pekko.actor.testkit.typed.javadsl.BehaviorTestKit;

/**
 * A domain of three shards at two nodes, p and b, and what carries out its type calls at both: whose turn it is chance says, and each link and mailbox is in order.
 * All are p's at first, or the last one is b's; the other node has the second copy.
 */
final class TwoNodes {
    static final int SHARDS = 3;
    private static final Life P = new Life("p", 1);
    private static final Life B = new Life("b", 1);
    private static final long CREATED = 5;
    private static final int MOST_BETWEEN = 20;
    private static final ShardMap MAP = new ShardMap(new long[] {0, Shards.PAGES, 2 * Shards.PAGES});

    private static final long GIVEN = CREATED + 3;
    private static final Refusal MOVED =
            Refusal.of(Errno.EAGAIN, "a shard is decided elsewhere").with("effect", "unknown");

    final At p;
    final At b;
    private final Random random;
    private final List<ArrayDeque<Runnable>> lines = new ArrayList<>();
    // Changes of copies and calls are of different classes of a link.
    private final List<ArrayDeque<Runnable>> toB = List.of(line(), line());
    private final List<ArrayDeque<Runnable>> toP = List.of(line(), line());
    private final List<ShardPlace> created;

    /** One node. */
    final class At {
        private final Life self;
        private final DomainCalls calls = new DomainCalls(7);
        /** As this node knows. */
        private List<ShardPlace> places = List.of();

        private final List<BehaviorTestKit<ShardMessage>> shards = new ArrayList<>();
        private final List<ArrayDeque<Runnable>> boxes = new ArrayList<>();
        private final BehaviorTestKit<TypesMessage> types;
        private final ArrayDeque<Runnable> typesBox = line();
        private final BitSet frozen = new BitSet();
        private boolean silent;

        private At(Life self) {
            this.self = self;
            List<ShardRoute> routes = new ArrayList<>();
            for (int i = 0; i < SHARDS; i++) {
                int index = i;
                boxes.add(line());
                routes.add(message -> route(index, message));
            }
            HeapBudget memory = new HeapBudget();
            for (int i = 0; i < SHARDS; i++) {
                int index = i;
                shards.add(BehaviorTestKit.create(P2mShard.create(
                        i,
                        MAP,
                        SHARDS * Shards.PAGES,
                        memory,
                        new P2mShard.Surroundings(
                                self,
                                routes,
                                life -> message -> send(life, index, message),
                                guests -> nobody -> {},
                                calls,
                                false,
                                CREATED,
                                (place, silentNanos) -> {},
                                place -> {},
                                place -> frozen.set(index),
                                place -> {},
                                (place, silentNanos) -> {},
                                Gates.open(),
                                SessionsHere.ENDLESS))));
            }
            types = BehaviorTestKit.create(TypeCalls.create(7, MAP, routes, calls, self, CREATED));
        }

        /** To whoever decides the shard, as this node knows. */
        private void route(int shard, ShardMessage message) {
            if (places.get(shard).primary().equals(self)) {
                tell(shard, message);
            } else {
                At other = other();
                other.links().get(1).add(() -> other.arrive(shard, (ShardMessage.Call) message, this));
            }
        }

        private At other() {
            return self.equals(P) ? b : p;
        }

        private List<ArrayDeque<Runnable>> links() {
            return self.equals(P) ? toP : toB;
        }

        /** A call of the other node's: as at a node that does not decide the shard, or that does. */
        private void arrive(int shard, ShardMessage.Call call, At from) {
            Consumer<CallAnswer> back =
                    answer -> from.links().get(1).add(() -> from.calls.tell(answer.under(call.call())));
            if (!places.get(shard).primary().equals(self)) {
                back.accept(new CallAnswer.Done(call.call(), shard, Optional.of(MOVED)));
                return;
            }
            DomainCalls.Call relay = calls.begin(refusal -> {});
            relay.onAnswer(answer -> {
                back.accept(answer);
                relay.answer(Optional.empty());
            });
            tell(shard, call.under(relay.number()));
        }

        private void tell(int shard, ShardMessage message) {
            if (!silent) {
                boxes.get(shard).add(() -> shards.get(shard).run(message));
            }
        }

        private void tell(TypesMessage message) {
            typesBox.add(() -> types.run(message));
        }

        private void apply(List<ShardPlace> now, long revision) {
            places = now;
            for (int i = 0; i < SHARDS; i++) {
                apply(i, now.get(i), revision);
            }
        }

        private void apply(int shard, ShardPlace place, long revision) {
            DecisionTable table = DecisionTable.builder(revision).build();
            tell(shard, new ShardMessage.Apply(place, table, List.of(), Map.of(), () -> {}));
        }

        /** Asks for something over several shards. */
        void ask(LongFunction<TypesMessage> message, Consumer<Optional<Refusal>> reply) {
            DomainCalls.Call call = calls.begin(reply);
            call.onAnswer(answer -> call.answer(((CallAnswer.Ended) answer).refusal()));
            tell(message.apply(call.number()));
        }

        /** What comes of something over several shards, when everything else has happened. */
        Optional<Refusal> answer(TwoNodes nodes, LongFunction<TypesMessage> message) {
            List<Optional<Refusal>> answers = new ArrayList<>();
            ask(message, answers::add);
            nodes.runAll();
            return answers.getFirst();
        }

        private CallAnswer ask(int shard, LongFunction<ShardMessage> message) {
            List<CallAnswer> answers = new ArrayList<>();
            DomainCalls.Call call = calls.begin(refusal -> {});
            call.onAnswer(answers::add);
            tell(shard, message.apply(call.number()));
            runAll();
            return answers.getFirst();
        }

        /** How many shards keep a call. */
        int kept() {
            int kept = 0;
            for (int i = 0; i < SHARDS; i++) {
                kept += ((CallAnswer.Marked) ask(i, call -> new ShardMessage.GetMark(call, new TypesTxn(0, B, 0))))
                                .kept()
                                .isPresent()
                        ? 1
                        : 0;
            }
            return kept;
        }

        /** In how many shards a frame, one in each, has the type. */
        int typed(long[] gfns, MemType type) {
            int typed = 0;
            for (int i = 0; i < SHARDS; i++) {
                long gfn = gfns[i];
                CallAnswer.Listed listed =
                        (CallAnswer.Listed) ask(i, call -> new ShardMessage.ListTypes(call, gfn, 1, 1));
                typed += listed.runs().getFirst().type() == type ? 1 : 0;
            }
            return typed;
        }

        /** In how many shards an address, one in each, holds the byte. */
        int holding(long[] gpas, byte value) {
            int holding = 0;
            for (int i = 0; i < SHARDS; i++) {
                long gpa = gpas[i];
                CallAnswer.Read read = (CallAnswer.Read)
                        ask(i, call -> new ShardMessage.ReadSegments(call, new long[] {gpa}, new int[] {1}));
                holding += read.data()[0] == value ? 1 : 0;
            }
            return holding;
        }
    }

    /** @param apart whether b decides the last shard */
    TwoNodes(Random random, boolean apart) {
        this.random = random;
        int ofP = apart ? SHARDS - 1 : SHARDS;
        ShardPlace first = new ShardPlace(0, ofP, ShardPlace.State.DUAL, P, Optional.of(B), CREATED);
        ShardPlace last = new ShardPlace(SHARDS - 1, 1, ShardPlace.State.DUAL, B, Optional.of(P), CREATED);
        created = List.of(first, first, apart ? last : first);
        p = new At(P);
        b = new At(B);
        b.apply(created, CREATED);
        p.apply(created, CREATED);
    }

    private ArrayDeque<Runnable> line() {
        ArrayDeque<Runnable> line = new ArrayDeque<>();
        lines.add(line);
        return line;
    }

    private void send(Life to, int shard, ShardMessage message) {
        At at = to.equals(B) ? b : p;
        at.links().getFirst().add(() -> at.tell(shard, message));
    }

    /** So many things happen, if there are as many to happen. */
    void run(int steps) {
        for (int i = 0; i < steps && next(); i++) {
            // Has happened.
        }
    }

    void runAll() {
        run(Integer.MAX_VALUE);
    }

    private boolean next() {
        List<ArrayDeque<Runnable>> busy =
                lines.stream().filter(line -> !line.isEmpty()).toList();
        if (busy.isEmpty()) {
            return false;
        }
        busy.get(random.nextInt(busy.size())).remove().run();
        for (At node : List.of(p, b)) {
            node.types.selfInbox().getAllReceived().forEach(node::tell);
        }
        return true;
    }

    /** p dies: of what it has sent some arrives; b decides the shards. */
    void promote(boolean recovers) {
        p.boxes.forEach(ArrayDeque::clear);
        p.typesBox.clear();
        someArrives(toB);
        toP.forEach(ArrayDeque::clear);
        aloneAtB(recovers);
    }

    /** p has no lease any more, and does not know: its shards are silent, but what it was about to tell b comes still, whenever that is. */
    void depose(boolean recovers) {
        p.silent = true;
        p.boxes.forEach(ArrayDeque::clear);
        toB.getFirst().clear();
        aloneAtB(recovers);
    }

    /** b dies, which decides the last shard: p decides it from now on. */
    void loseOther(boolean recovers) {
        b.boxes.forEach(ArrayDeque::clear);
        b.typesBox.clear();
        someArrives(toP);
        toB.forEach(ArrayDeque::clear);
        ShardPlace solo = ShardPlace.solo(P, GIVEN);
        p.apply(List.of(solo, solo, solo), GIVEN);
        p.tell(new TypesMessage.ShardsMoved(false, MOVED));
        if (recovers) {
            p.tell(new TypesMessage.Recover(GIVEN));
        }
    }

    private void someArrives(List<ArrayDeque<Runnable>> links) {
        for (ArrayDeque<Runnable> link : links) {
            int arrives = random.nextInt(link.size() + 1);
            for (int i = 0; i < arrives; i++) {
                link.remove().run();
            }
            link.clear();
        }
    }

    /** p hands over (D-27): it is frozen, and when all of its shards say that b has what they have told, b decides them; p hears of it when it does. */
    void handOver(boolean recovers) {
        List<ShardPlace> handingOver = created.stream()
                .map(place -> place.primary().equals(P) ? place.handingOver() : place)
                .toList();
        b.apply(handingOver, CREATED + 2);
        int ofP = (int)
                created.stream().filter(place -> place.primary().equals(P)).count();
        for (int i = 0; i < ofP; i++) {
            // One after the other: what is told to all of them may come in between.
            p.apply(i, handingOver.get(i), CREATED + 2);
            run(random.nextInt(MOST_BETWEEN));
        }
        while (p.frozen.cardinality() < ofP && next()) {
            // What was told before it froze is acknowledged.
        }
        ShardPlace solo = ShardPlace.solo(B, GIVEN);
        List<ShardPlace> given = created.stream()
                .map(place -> place.primary().equals(P) ? solo : place)
                .toList();
        p.apply(given, GIVEN);
        p.tell(new TypesMessage.ShardsMoved(true, MOVED));
        decideAtB(given, recovers);
    }

    private void aloneAtB(boolean recovers) {
        ShardPlace solo = ShardPlace.solo(B, GIVEN);
        decideAtB(List.of(solo, solo, solo), recovers);
    }

    private void decideAtB(List<ShardPlace> now, boolean recovers) {
        b.apply(now, GIVEN);
        if (recovers) {
            b.tell(new TypesMessage.Recover(GIVEN));
        }
    }
}
