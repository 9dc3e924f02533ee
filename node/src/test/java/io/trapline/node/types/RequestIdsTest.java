package io.trapline.node.types;

import static io.trapline.node.fixture.Shards.PAGES;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Errno;
import io.trapline.model.MemType;
import io.trapline.model.Refusal;
import io.trapline.model.TypeRun;
import io.trapline.node.fixture.Shards;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.Gate;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.RequestName;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.registry.DomainCalls;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.Segments;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls over one shard or several that come again under their request id (section E, V-14). */
final class RequestIdsTest {
    private static final ActorTestKit KIT = ActorTestKit.create();
    private static final int SERVER = 3;
    private static final long SERVER_GEN = 40;
    private static final Optional<Gate> NOBODY = Optional.empty();
    private static final Optional<Gate> GATE =
            Optional.of(new Gate("mediator", SERVER, SERVER_GEN, 50, new KeyRows(0)));
    private static final TypeRun ONE = new TypeRun(PAGES + 2, 3, MemType.ioreqServer(0));
    private static final TypeRun ALL = new TypeRun(0, 3 * PAGES, MemType.ioreqServer(0));

    private final Shards shards = Shards.small(KIT, 3);
    private final TestProbe<ServerMessage> server = KIT.createTestProbe();
    private final ActorRef<TypesMessage> types =
            KIT.spawn(TypeCalls.create(7, shards.map, shards.routes, shards.calls, new Life("n1", 1), 5));

    @BeforeEach
    void aServer() {
        types.tell(new TypesMessage.Servers(
                Map.of(SERVER, new TypesMessage.KnownServer(SERVER_GEN, server.getRef()::tell))));
    }

    @AfterAll
    static void shutDown() {
        KIT.shutdownTestKit();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("a change that was made is not made again, over one shard or all")
    void isMadeOnce(boolean overAll) {
        TypeRun run = overAll ? ALL : ONE;
        assertThat(set(1, NOBODY, run)).isEmpty();
        assertThat(set(2, NOBODY, new TypeRun(run.firstGfn(), run.count(), MemType.RAM_RW)))
                .isEmpty();

        assertThat(set(1, NOBODY, run)).isEmpty();

        assertThat(typeOf(PAGES + 2)).isEqualTo(MemType.RAM_RW);
        assertThat(set(3, NOBODY, run)).isEmpty();
        assertThat(typeOf(PAGES + 2)).isEqualTo(MemType.ioreqServer(0));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("a change that was refused is refused in the same words, whatever the pages are by then")
    void isRefusedAgain(boolean overAll) {
        TypeRun run = overAll ? ALL : ONE;
        assertThat(set(1, NOBODY, new TypeRun(PAGES + 3, 1, MemType.ioreqServer(1))))
                .isEmpty();
        TypeRun allowed = new TypeRun(PAGES + 2, 1, MemType.RAM_RW);
        Refusal first = set(2, NOBODY, allowed, run).orElseThrow();
        assertThat(first.metadata())
                .containsEntry("field", "runs[1]")
                .containsEntry("first_gfn", String.valueOf(PAGES + 3));
        assertThat(set(3, NOBODY, new TypeRun(PAGES + 3, 1, MemType.RAM_RW))).isEmpty();

        assertThat(set(2, NOBODY, allowed, run)).contains(first);

        assertThat(typeOf(PAGES + 2)).isEqualTo(MemType.RAM_RW);
    }

    @Test
    @DisplayName("calls that wait behind one that is refused are carried out, each by itself")
    void goesOnBehindARefusal() {
        CompletableFuture<Optional<Refusal>> refused = begin(1, NOBODY, new TypeRun(3 * PAGES, 1, MemType.RAM_RO));
        CompletableFuture<Optional<Refusal>> again = begin(1, NOBODY, new TypeRun(3 * PAGES, 1, MemType.RAM_RO));
        CompletableFuture<Optional<Refusal>> next = begin(2, NOBODY, ONE);

        assertThat(result(refused).orElseThrow().errno()).isEqualTo(Errno.EINVAL);
        assertThat(result(again)).isEqualTo(result(refused));
        assertThat(result(next)).isEmpty();
        assertThat(typeOf(PAGES + 2)).isEqualTo(MemType.ioreqServer(0));
    }

    @Test
    @DisplayName("other content under the same request id is EINVAL, and changes nothing")
    void isOneRequest() {
        assertThat(set(1, NOBODY, ONE)).isEmpty();

        Refusal other = call(call -> new TypesMessage.SetTypes(
                        call, List.of(new TypeRun(PAGES, 1, MemType.RAM_RO)), NOBODY, name(1, 78)))
                .orElseThrow();

        assertThat(other.errno()).isEqualTo(Errno.EINVAL);
        assertThat(other.metadata()).containsEntry("field", "request_id.number");
        assertThat(typeOf(PAGES)).isEqualTo(MemType.RAM_RW);
    }

    @Test
    @DisplayName("F2: a write over several shards is written once")
    void isWrittenOnce() {
        long border = PAGES << 12;
        assertThat(write(1, border, (byte) 7)).isEmpty();
        assertThat(write(2, border, (byte) 8)).isEmpty();

        assertThat(write(1, border, (byte) 7)).isEmpty();

        assertThat(byteAt(0, border - 1)).isEqualTo((byte) 8);
        assertThat(byteAt(1, border)).isEqualTo((byte) 8);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("F2, S5: what a gate has refused stays refused, and no gate is asked again; the next call goes on")
    void isRefusedByTheGateOnce(boolean overAll) {
        TypeRun run = overAll ? ALL : ONE;
        Refusal fenced = Refusal.of(Errno.ESTALE, "a newer session is active");
        CompletableFuture<Optional<Refusal>> first = begin(1, GATE, run);
        ServerMessage.Gated gated = server.expectMessageClass(ServerMessage.Gated.class);
        shards.calls.tell(new CallAnswer.GatePassed(gated.call(), Optional.of(fenced)));
        assertThat(result(first)).contains(fenced);

        assertThat(set(1, GATE, run)).contains(fenced);

        server.expectNoMessage();
        // What was told before the gate refused would come too late.
        assertThat(set(2, NOBODY, run)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("F2: a retry whose gate would refuse it by now gets the first answer")
    void isNotRefusedByALaterGate(boolean overAll) {
        TypeRun run = overAll ? ALL : ONE;
        CompletableFuture<Optional<Refusal>> first = begin(1, GATE, run);
        letPass();
        assertThat(result(first)).isEmpty();
        types.tell(new TypesMessage.Servers(Map.of()));

        assertThat(set(1, GATE, run)).isEmpty();
        TypeRun back = new TypeRun(run.firstGfn(), run.count(), MemType.RAM_RW);
        assertThat(set(2, GATE, back).orElseThrow().errno()).isEqualTo(Errno.ENOENT);
    }

    @Test
    @DisplayName("F2: a server that has gone may have let the call pass: its shard says so")
    void asksTheShardOfAGateThatIsGone() {
        CompletableFuture<Optional<Refusal>> passed = begin(1, GATE, ONE);
        ServerMessage.Gated gated = server.expectMessageClass(ServerMessage.Gated.class);
        gated.tells().forEach(tell -> shards.routes.get(tell.shard()).tell(tell.message()));
        gone();
        assertThat(result(passed)).isEmpty();

        aServer();
        CompletableFuture<Optional<Refusal>> late = begin(2, GATE, new TypeRun(0, 1, MemType.RAM_RO));
        ServerMessage.Gated toBeLate = server.expectMessageClass(ServerMessage.Gated.class);
        gone();
        assertThat(result(late).orElseThrow().errno()).isEqualTo(Errno.ENOENT);
        toBeLate.tells().forEach(tell -> shards.routes.get(tell.shard()).tell(tell.message()));
        assertThat(typeOf(0)).as("refused by then").isEqualTo(MemType.RAM_RW);
    }

    @Test
    @DisplayName("T6: over several shards that is not known, and the retry gets what has become of it")
    void finishesWhatAGateThatIsGoneHasBegun() {
        CompletableFuture<Optional<Refusal>> cut = begin(1, GATE, ALL);
        ServerMessage.Gated gated = server.expectMessageClass(ServerMessage.Gated.class);
        ServerMessage.ShardTell second = gated.tells().get(1);
        shards.routes.get(second.shard()).tell(second.message());
        gone();
        assertThat(result(cut).orElseThrow().metadata()).containsEntry("effect", "unknown");

        assertThat(set(1, GATE, ALL)).isEmpty();

        assertThat(typeOf(0)).isEqualTo(MemType.ioreqServer(0));
        assertThat(typeOf(PAGES + 9)).isEqualTo(MemType.ioreqServer(0));
    }

    @ParameterizedTest
    @EnumSource(names = {"EIO", "ENOENT"})
    @DisplayName(
            "T6: a gate that let the call pass, and whose domain ends then, takes nothing back of what is done in part")
    void finishesWhatAGateHasLetPass(Errno ended) {
        CompletableFuture<Optional<Refusal>> cut = begin(1, GATE, ALL);
        ServerMessage.Gated gated = server.expectMessageClass(ServerMessage.Gated.class);
        ServerMessage.ShardTell second = gated.tells().get(1);
        shards.routes.get(second.shard()).tell(second.message());
        shards.calls.tell(new CallAnswer.GatePassed(gated.call(), Optional.empty()));
        shards.calls.tell(new CallAnswer.GatePassed(gated.call(), Optional.of(Refusal.of(ended, "it has ended"))));
        assertThat(result(cut).orElseThrow().metadata()).containsEntry("effect", "unknown");

        assertThat(set(1, GATE, ALL)).isEmpty();

        assertThat(typeOf(0)).isEqualTo(MemType.ioreqServer(0));
        assertThat(typeOf(PAGES + 9)).isEqualTo(MemType.ioreqServer(0));
        assertThat(typeOf(3 * PAGES - 1)).isEqualTo(MemType.ioreqServer(0));
    }

    @ParameterizedTest
    @EnumSource(names = {"EIO", "ESRCH"})
    @DisplayName("what one node says of a domain that goes on at others is nobody's first answer")
    void keepsNothingOfADomainThatFailedAtOneNode(Errno failed) {
        CompletableFuture<Optional<Refusal>> first = begin(1, GATE, ALL);
        ServerMessage.Gated gated = server.expectMessageClass(ServerMessage.Gated.class);
        shards.calls.tell(new CallAnswer.GatePassed(gated.call(), Optional.of(Refusal.of(failed, "not here"))));
        assertThat(result(first).orElseThrow().errno()).isEqualTo(failed);

        assertThat(set(1, NOBODY, ALL)).isEmpty();

        assertThat(typeOf(0)).isEqualTo(MemType.ioreqServer(0));
    }

    private void letPass() {
        ServerMessage.Gated gated = server.expectMessageClass(ServerMessage.Gated.class);
        gated.tells().forEach(tell -> shards.routes.get(tell.shard()).tell(tell.message()));
        shards.calls.tell(new CallAnswer.GatePassed(gated.call(), Optional.empty()));
    }

    private void gone() {
        types.tell(new TypesMessage.Servers(Map.of()));
        types.tell(new TypesMessage.ServerGone(SERVER, SERVER_GEN));
    }

    private static Optional<RequestName> name(long number, long content) {
        return Optional.of(new RequestName(5, number, 0, content));
    }

    private CompletableFuture<Optional<Refusal>> begin(long number, Optional<Gate> gate, TypeRun... runs) {
        return ask(call -> new TypesMessage.SetTypes(call, List.of(runs), gate, name(number, 77)));
    }

    private Optional<Refusal> set(long number, Optional<Gate> gate, TypeRun... runs) {
        return result(begin(number, gate, runs));
    }

    private Optional<Refusal> write(long number, long border, byte value) {
        byte[] data = {value};
        List<TypesMessage.Piece> pieces = List.of(
                new TypesMessage.Piece(0, new Segments(new long[] {border - 1}, new int[] {1}, new int[] {0}, data)),
                new TypesMessage.Piece(1, new Segments(new long[] {border}, new int[] {1}, new int[] {0}, data)));
        return call(call -> new TypesMessage.WriteAcross(call, pieces, NOBODY, name(number, 77)));
    }

    private Optional<Refusal> call(LongFunction<TypesMessage> message) {
        return result(ask(message));
    }

    private CompletableFuture<Optional<Refusal>> ask(LongFunction<TypesMessage> message) {
        CompletableFuture<Optional<Refusal>> result = new CompletableFuture<>();
        DomainCalls.Call call = shards.calls.begin(result::complete);
        call.onAnswer(answer -> call.answer(((CallAnswer.Ended) answer).refusal()));
        types.tell(message.apply(call.number()));
        return result;
    }

    private static Optional<Refusal> result(CompletableFuture<Optional<Refusal>> asked) {
        return asked.orTimeout(60, TimeUnit.SECONDS).join();
    }

    private MemType typeOf(long gfn) {
        CallAnswer listed = shards.ask(shards.map.shardOf(gfn), call -> new ShardMessage.ListTypes(call, gfn, 1, 1));
        return ((CallAnswer.Listed) listed).runs().getFirst().type();
    }

    private byte byteAt(int shard, long gpa) {
        CallAnswer read =
                shards.ask(shard, call -> new ShardMessage.ReadSegments(call, new long[] {gpa}, new int[] {1}));
        return ((CallAnswer.Read) read).data()[0];
    }
}
