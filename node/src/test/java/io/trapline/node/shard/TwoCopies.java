package io.trapline.node.shard;

import io.trapline.model.AccessAttributes;
import io.trapline.model.RangeSet;
import io.trapline.node.fixture.Gates;
import io.trapline.node.fixture.HeapBudget;
import io.trapline.node.lease.ServingGate;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.p2m.MemoryBudget;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardPlace;
import io.trapline.node.protocol.VcpusMessage;
import io.trapline.node.rows.AccessRows;
import io.trapline.node.rows.OutcomeRows;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.actor.testkit.typed.javadsl.BehaviorTestKit;

/** A shard at two nodes, p and b, whose link carries what the test lets it. Server 1 has the ports 0x60 … 0x67. */
final class TwoCopies {
    static final Life P = new Life("p", 1);
    static final Life B = new Life("b", 1);
    static final Life GUESTS = new Life("g", 1);
    static final long CREATED = 5;
    static final long EPOCH = 7;
    static final int WINDOW = 64;

    /** One of the nodes. */
    static final class At {
        final Life life;
        final BehaviorTestKit<ShardMessage> shard;
        final List<OutcomeRows> outcomes = new ArrayList<>();
        final List<ServerMessage> toServer = new ArrayList<>();
        final List<CallAnswer> answers = new ArrayList<>();
        /** What it has told the other one, and that has not arrived. */
        final ArrayDeque<ShardMessage> under = new ArrayDeque<>();

        final List<ShardPlace> drops = new ArrayList<>();
        final List<ShardPlace> begun = new ArrayList<>();
        final List<ShardPlace> handOvers = new ArrayList<>();
        final List<ShardPlace> added = new ArrayList<>();
        final List<ShardPlace> abandoned = new ArrayList<>();

        /** The client sessions that its node knows of. */
        final FakeSessions sessions = new FakeSessions();

        At(Life life, MemoryBudget budget, ServingGate gate, boolean waits) {
            this.life = life;
            shard = BehaviorTestKit.create(P2mShard.create(
                    0,
                    new ShardMap(new long[] {0}),
                    4096,
                    budget,
                    new P2mShard.Surroundings(
                            life,
                            List.of(nobody -> {}),
                            other -> under::add,
                            guests -> told -> outcomes.add(((VcpusMessage.ShardAnswers) told).rows()),
                            answers::add,
                            waits,
                            CREATED,
                            (place, silentNanos) -> drops.add(place),
                            begun::add,
                            handOvers::add,
                            added::add,
                            (place, silentNanos) -> abandoned.add(place),
                            gate,
                            sessions)));
        }

        void apply(ShardPlace place, DecisionTable table) {
            shard.run(new ShardMessage.Apply(place, table, List.of(), Map.of(1, toServer::add), () -> {}));
        }

        /** The number of outcomes that guests have been told. */
        int told() {
            return outcomes.stream().mapToInt(OutcomeRows::size).sum();
        }

        void run(ShardMessage message) {
            shard.run(message);
        }
    }

    final At p;
    final At b;
    private long revision = CREATED;

    TwoCopies() {
        this(new HeapBudget(), new HeapBudget(), Gates.open());
    }

    TwoCopies(MemoryBudget ofP, MemoryBudget ofB, ServingGate gateOfP) {
        this(ofP, ofB, gateOfP, false);
    }

    /** @param waits on_degraded = WAIT */
    TwoCopies(MemoryBudget ofP, MemoryBudget ofB, ServingGate gateOfP, boolean waits) {
        p = new At(P, ofP, gateOfP, waits);
        b = new At(B, ofB, Gates.open(), waits);
        place(dual());
    }

    static ShardPlace dual() {
        return new ShardPlace(0, ShardPlace.State.DUAL, P, Optional.of(B), CREATED);
    }

    DecisionTable table() {
        return DecisionTable.builder(++revision)
                .enabledServer(1, RangeSet.EMPTY, RangeSet.of(new long[] {0x60}, new long[] {0x67}), RangeSet.EMPTY)
                .build();
    }

    /** The registry: both apply it. */
    void place(ShardPlace place) {
        DecisionTable table = table();
        b.apply(place, table);
        p.apply(place, table);
    }

    /** p is gone; b is promoted, and what p had sent and has not arrived is lost. */
    void promote() {
        p.under.clear();
        b.under.clear();
        b.apply(ShardPlace.solo(B, revision + 1), table());
    }

    /** Whatever is under way arrives. */
    void exchange() {
        while (!p.under.isEmpty() || !b.under.isEmpty()) {
            deliver(p, b);
            deliver(b, p);
        }
    }

    /** One message arrives, if any is under way. */
    static void deliver(At from, At to) {
        ShardMessage message = from.under.poll();
        if (message != null) {
            to.run(message);
        }
    }

    static AccessRows row(int vcpu, long sequence, boolean write, int kind, long address, long data) {
        AccessRows rows = new AccessRows(1);
        rows.add(
                vcpu,
                EPOCH,
                sequence,
                AccessAttributes.of(8, write, kind),
                address,
                data,
                1,
                WINDOW,
                Long.MAX_VALUE / 2);
        return rows;
    }

    static ShardMessage write(long sequence, long gpa, long value) {
        return new ShardMessage.Accesses(GUESTS, row(0, sequence, true, AccessAttributes.MEM, gpa, value));
    }

    static ShardMessage read(long sequence, long gpa) {
        return new ShardMessage.Accesses(GUESTS, row(0, sequence, false, AccessAttributes.MEM, gpa, 0));
    }

    /** Something that no shard can do. */
    record Poison() implements ShardMessage.BetweenShards {}

    static ShardMessage portRead(long sequence) {
        return new ShardMessage.Accesses(GUESTS, row(0, sequence, false, AccessAttributes.PIO, 0x60, 0));
    }
}
