package io.trapline.node.shard;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.AccessAttributes;
import io.trapline.model.AccessFlags;
import io.trapline.model.Errno;
import io.trapline.model.MemType;
import io.trapline.model.RangeSet;
import io.trapline.model.Refusal;
import io.trapline.model.TypeRun;
import io.trapline.node.fixture.Gates;
import io.trapline.node.fixture.HeapBudget;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.p2m.StepMemory;
import io.trapline.node.protocol.FirstAnswer;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.Mark;
import io.trapline.node.protocol.RequestName;
import io.trapline.node.protocol.SessionsHere;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardStep;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.protocol.TypesTxn;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.replica.StateImage;
import io.trapline.node.rows.AccessRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.node.rows.Segments;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.assertj.core.api.recursive.comparison.RecursiveComparisonConfiguration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * D-24: the image of a shard has all that it has. Compared field by field, so that a field that somebody adds and does not put into the image fails here, as long as a
 * random shard gives it another value than a fresh one's.
 */
final class ShardImageTest {
    private static final Life GUESTS = new Life("g", 1);
    private static final int STEPS = 150;
    private static final int SEQUENCES = 30;
    /** In shard 1. */
    private static final long ELSEWHERE = 4096L << 12;

    private final Random random = new Random();
    private final long[] last = new long[3];
    private final long[] epoch = {7, 7, 7};
    private long revision = 1;
    private long asked;

    private static ShardSteps steps() {
        return new ShardSteps(
                0,
                new ShardMap(new long[] {0, 4096}),
                8192,
                new HeapBudget(),
                new P2mShard.Surroundings(
                        GUESTS,
                        List.of(message -> {}, message -> {}),
                        life -> message -> {},
                        life -> message -> {},
                        answer -> {},
                        false,
                        1,
                        (place, silentNanos) -> {},
                        place -> {},
                        place -> {},
                        place -> {},
                        (place, silentNanos) -> {},
                        Gates.open(),
                        SessionsHere.ENDLESS));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    @DisplayName("a copy that is made of a shard's chunks and image is the shard, field by field, and stays so")
    void isTheShard(int seed) {
        random.setSeed(seed);
        ShardSteps shard = steps();
        step(shard, applied());
        for (int i = 0; i < STEPS; i++) {
            step(shard, any());
        }

        ShardSteps copy = steps();
        copy.memory().replay(new int[0]);
        new CatchUp(shard).rest(copy::step);
        assertSame(copy, shard);

        for (int i = 0; i < STEPS; i++) {
            ShardStep next = any();
            step(shard, next);
            copy.memory().replay(shard.memory().refused());
            copy.step(next);
            copy.outbox().discard();
        }
        assertSame(copy, shard);
        assertThat(StateImage.of(copy::image)).isEqualTo(StateImage.of(shard::image));
    }

    /** What each node has for itself is not compared. */
    private static void assertSame(ShardSteps copy, ShardSteps shard) {
        RecursiveComparisonConfiguration all = RecursiveComparisonConfiguration.builder()
                .withEqualsForType((one, other) -> one.mismatch(other) < 0, MemorySegment.class)
                .withIgnoredFieldsOfTypes(
                        ShardOutbox.class, StepMemory.class, HeapBudget.class, OpenReturns.class, ShardMap.class)
                .withIgnoredFieldsMatchingRegexes(
                        "calls\\.answers", "lastWait", "imageSoFar", "buffers\\.shards", ".*\\.unsent", ".*\\.caught")
                .build();
        assertThat(copy).usingRecursiveComparison(all).isEqualTo(shard);
    }

    private static void step(ShardSteps shard, ShardStep step) {
        shard.memory().begin();
        shard.step(step);
        shard.outbox().discard();
    }

    private ShardStep any() {
        int vcpu = random.nextInt(epoch.length);
        return switch (random.nextInt(15)) {
            case 0, 1, 2, 3, 4 -> new ShardStep.Told(new ShardMessage.Accesses(GUESTS, access(vcpu)));
            case 5 -> new ShardStep.Told(new ShardMessage.Completed(1, 0, outcomes(vcpu)));
            case 6 -> new ShardStep.Told(new ShardMessage.DecideAgain(1, 0, keys(vcpu)));
            case 7 -> new ShardStep.Told(new ShardMessage.PostedQueued(1, 0, keys(vcpu)));
            case 8 -> new ShardStep.Told(new ShardMessage.PostedDone(1, 0, keys(vcpu)));
            case 9 ->
                new ShardStep.Told(new ShardMessage.CommitTypes(
                        random.nextInt(1000), List.of(new TypeRun(random.nextInt(6), 1, type()))));
            case 10 ->
                new ShardStep.Told(new BufferAsk(
                        1,
                        random.nextInt(1000),
                        0,
                        new BufferMove(vcpu, epoch[vcpu], last[vcpu], 0, 0x9000, 8, true, new byte[8])));
            case 11 -> new ShardStep.Told(mark());
            case 12, 13 -> new ShardStep.Told(once());
            default -> random.nextInt(4) == 0 ? new ShardStep.Leased(random.nextInt(3) > 0) : applied();
        };
    }

    /** Under a request id. */
    private ShardMessage once() {
        RequestName name = new RequestName(random.nextInt(3), ++asked, random.nextLong(asked), random.nextInt(2));
        TypesTxn id = new TypesTxn(random.nextInt(3), GUESTS, random.nextInt(3));
        List<TypeRun> runs = List.of(new TypeRun(random.nextInt(6), 1, type()));
        Segments segments = new Segments(new long[] {8}, new int[] {1}, new int[] {0}, new byte[] {1});
        return switch (random.nextInt(8)) {
            case 0 -> new ShardMessage.Once(name, new ShardMessage.WriteSegments(1, segments));
            case 1, 2 ->
                new ShardMessage.Part(id, id, new ShardMessage.Once(name, new ShardMessage.CommitTypes(1, runs)));
            case 3 ->
                new ShardMessage.Refused(
                        1,
                        name,
                        Refusal.invalid("runs[0]", 3, "of another type").with("first_gfn", 4));
            case 4 ->
                new ShardMessage.KeepMark(
                        1, new Mark(id, new TypesMessage.SetTypes(0, runs, Optional.empty(), Optional.of(name))));
            case 5 -> new ShardMessage.DropMark(1, id, Optional.of(FirstAnswer.DONE));
            case 6 -> new ShardMessage.SessionAcknowledged(name.session(), name.acknowledgedThrough());
            default -> new ShardMessage.SessionEnded(random.nextInt(30) == 0 ? name.session() : 9);
        };
    }

    /** Of calls over several shards. */
    private ShardMessage mark() {
        TypesTxn id = new TypesTxn(random.nextInt(3), GUESTS, random.nextInt(3));
        Segments segments =
                new Segments(new long[] {0x1000, 8}, new int[] {2, 1}, new int[] {0, 2}, new byte[] {1, 2, 3});
        return switch (random.nextInt(5)) {
            case 0 ->
                new ShardMessage.KeepMark(
                        1,
                        new Mark(
                                id,
                                new TypesMessage.SetTypes(
                                        0,
                                        List.of(new TypeRun(3, 4, type()), new TypeRun(9, 1, type())),
                                        Optional.empty())));
            case 1 ->
                new ShardMessage.KeepMark(
                        1,
                        new Mark(
                                id,
                                new TypesMessage.WriteAcross(
                                        0, List.of(new TypesMessage.Piece(1, segments)), Optional.empty())));
            case 2 -> new ShardMessage.Part(id, id, new ShardMessage.WriteSegments(1, segments));
            case 3 -> new ShardMessage.GetMark(1, id);
            default -> new ShardMessage.DropMark(1, id, Optional.empty());
        };
    }

    private MemType type() {
        return random.nextBoolean() ? MemType.RAM_RW : MemType.ioreqServer(0);
    }

    private ShardStep applied() {
        DecisionTable table = DecisionTable.builder(++revision)
                .state(random.nextInt(5) == 0 ? DecisionTable.State.PAUSED : DecisionTable.State.RUNNING)
                .enabledServer(1, RangeSet.EMPTY, RangeSet.of(new long[] {0x60}, new long[] {0x67}), RangeSet.EMPTY)
                .heldClaim(0, 1, AccessFlags.ALL)
                .changed(1, random.nextBoolean() ? revision : 1)
                .build();
        BitSet servers = new BitSet();
        servers.set(1);
        int vcpu = random.nextInt(epoch.length);
        if (random.nextInt(4) > 0) {
            return new ShardStep.Applied(table, List.of(), servers);
        }
        last[vcpu] = 0;
        return new ShardStep.Applied(table, List.of(new VcpuOpening(vcpu, ++epoch[vcpu])), servers);
    }

    private AccessRows access(int vcpu) {
        AccessRows rows = new AccessRows(1);
        boolean isPio = random.nextInt(5) == 0;
        boolean write = random.nextBoolean();
        int kind = isPio ? AccessAttributes.PIO : AccessAttributes.MEM;
        boolean pointer = !isPio && random.nextInt(6) == 0;
        int attributes = AccessAttributes.of(8, write, kind)
                | (pointer
                        ? AccessAttributes.DATA_IS_PTR
                        : write && random.nextBoolean() ? AccessAttributes.POSTED : 0);
        long data = pointer ? ELSEWHERE - 8L * random.nextInt(4) : random.nextLong();
        long address = isPio ? 0x60 : random.nextInt(0x6000);
        rows.add(
                vcpu,
                epoch[vcpu],
                ++last[vcpu],
                (byte) attributes,
                address,
                data,
                pointer ? 1 + random.nextInt(3) : 1,
                TwoCopies.WINDOW,
                Long.MAX_VALUE / 2);
        return rows;
    }

    private KeyRows keys(int vcpu) {
        KeyRows keys = new KeyRows(1);
        for (long sequence = Math.max(1, last[vcpu] - SEQUENCES); sequence <= last[vcpu]; sequence++) {
            if (random.nextInt(3) == 0) {
                keys.add(vcpu, epoch[vcpu], sequence, 0);
            }
        }
        return keys;
    }

    private OutcomeRows outcomes(int vcpu) {
        OutcomeRows rows = new OutcomeRows(1);
        for (long sequence = Math.max(1, last[vcpu] - SEQUENCES); sequence <= last[vcpu]; sequence++) {
            if (random.nextInt(3) == 0) {
                rows.add(vcpu, epoch[vcpu], sequence, 0, random.nextLong(), Errno.OK);
            }
        }
        return rows;
    }
}
