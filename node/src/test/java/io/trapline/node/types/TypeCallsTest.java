package io.trapline.node.types;

import static io.trapline.node.fixture.Shards.PAGES;
import static io.trapline.node.fixture.Shards.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.MemType;
import io.trapline.model.Refusal;
import io.trapline.model.TypeRun;
import io.trapline.node.fixture.Shards;
import io.trapline.node.p2m.ShardMap;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Calls that concern several shards: all or nothing, one at a time (T6, F2). */
final class TypeCallsTest {
    private static final Life SELF = new Life("n1", 1);
    private static final ActorTestKit KIT = ActorTestKit.create();
    private static final int DOMID = 7;
    private static final long TERM = 5;
    private static final int SERVER = 3;
    private static final long SERVER_GEN = 40;
    private static final Optional<Gate> GATE =
            Optional.of(new Gate("mediator", SERVER, SERVER_GEN, 50, new KeyRows(0)));

    @AfterAll
    static void shutDown() {
        KIT.shutdownTestKit();
    }

    @Test
    void changesRunsAcrossShards() {
        // T6
        Shards shards = Shards.small(KIT, 4);
        ActorRef<TypesMessage> calls = calls(shards);
        assertThat(set(shards, calls, new TypeRun(100, 3 * PAGES, MemType.ioreqServer(0))))
                .isEmpty();
        assertThat(types(shards))
                .containsExactly(
                        new TypeRun(0, 100, MemType.RAM_RW),
                        new TypeRun(100, 3 * PAGES, MemType.ioreqServer(0)),
                        new TypeRun(100 + 3 * PAGES, PAGES - 100, MemType.RAM_RW));
    }

    @Test
    void changesNothingAnywhereWhenOneShardRefuses() {
        // T6
        Shards shards = Shards.small(KIT, 4);
        ActorRef<TypesMessage> calls = calls(shards);
        assertThat(set(shards, calls, new TypeRun(3 * PAGES + 9, 1, MemType.MMIO_DM)))
                .isEmpty();
        Refusal refusal = set(shards, calls, new TypeRun(0, 4 * PAGES, MemType.ioreqServer(1)))
                .orElseThrow();
        assertThat(refusal.errno()).isEqualTo(Errno.EINVAL);
        assertThat(refusal.metadata())
                .containsEntry("first_gfn", String.valueOf(3 * PAGES + 9))
                .containsEntry("field", "runs[0]")
                .doesNotContainKey("run");
        assertThat(types(shards).get(0)).isEqualTo(new TypeRun(0, 3 * PAGES + 9, MemType.RAM_RW));
    }

    @Test
    void namesTheFirstFrameThatRefusedInTheOrderOfTheRuns() {
        // T6: shard 0 refuses the last run, shard 2 the first.
        Shards shards = Shards.small(KIT, 3);
        ActorRef<TypesMessage> calls = calls(shards);
        Refusal refusal = set(
                        shards,
                        calls,
                        new TypeRun(2 * PAGES, 5, MemType.RAM_RO),
                        new TypeRun(2 * PAGES + 4, 1, MemType.ioreqServer(0)),
                        new TypeRun(0, 1, MemType.MMIO_DM),
                        new TypeRun(0, 1, MemType.RAM_RW))
                .orElseThrow();
        assertThat(refusal.metadata())
                .containsEntry("first_gfn", String.valueOf(2 * PAGES + 4))
                .containsEntry("field", "runs[1]");
        // As if one after the other: two runs that only together are allowed.
        assertThat(set(
                        shards,
                        calls,
                        new TypeRun(PAGES, 1, MemType.RAM_RO),
                        new TypeRun(PAGES, 1, MemType.RAM_RW),
                        new TypeRun(PAGES, 1, MemType.ioreqServer(0))))
                .isEmpty();
    }

    @Test
    @DisplayName(
            "T6: what was told of an earlier term and is heard later takes no term back: shards would refuse all that comes under it")
    void aTermIsNotTakenBack() {
        Shards shards = Shards.small(KIT, 4);
        ActorRef<TypesMessage> calls = calls(shards);

        calls.tell(new TypesMessage.Recover(TERM + 4));
        calls.tell(new TypesMessage.Recover(TERM + 3));

        assertThat(set(shards, calls, new TypeRun(100, 3 * PAGES, MemType.ioreqServer(0))))
                .isEmpty();
    }

    @Test
    void typesAWholeTebibyteAtOnce() {
        // T6: 2^28 pages over 1,024 shards cost what a run costs.
        Shards shards = new Shards(KIT, 1024, 1 << 18, 64 << 20);
        ActorRef<TypesMessage> calls = calls(shards);
        assertThat(set(shards, calls, new TypeRun(0, 1 << 28, MemType.ioreqServer(0))))
                .isEmpty();
        assertThat(types(shards).get(0)).isEqualTo(new TypeRun(0, 1 << 28, MemType.ioreqServer(0)));
        // Thousands of runs of that size are cut when they are needed.
        List<TypeRun> runs = new ArrayList<>();
        for (int i = 0; i < Limit.MAX_RUNS_PER_CALL.value(); i++) {
            runs.add(new TypeRun(0, 1 << 28, i % 2 == 0 ? MemType.RAM_RW : MemType.ioreqServer(2)));
        }
        List<ShardRuns> cut = ShardRuns.cut(runs, shards.map);
        assertThat(cut).hasSize(1024);
        assertThat(cut.get(1000).get(4095)).isEqualTo(new TypeRun(1000L << 18, 1 << 18, MemType.ioreqServer(2)));
    }

    @Test
    void resetTurnsTheTypeBackInEveryShard() {
        // C5
        Shards shards = Shards.small(KIT, 3);
        ActorRef<TypesMessage> calls = calls(shards);
        assertThat(set(
                        shards,
                        calls,
                        new TypeRun(10, 1, MemType.ioreqServer(5)),
                        new TypeRun(2 * PAGES, 7, MemType.ioreqServer(5)),
                        new TypeRun(PAGES, 7, MemType.ioreqServer(6))))
                .isEmpty();
        Boolean done = await(reply -> calls.tell(new TypesMessage.Reset(5, () -> reply.accept(true))));
        assertThat(done).isTrue();
        assertThat(types(shards))
                .containsExactly(
                        new TypeRun(0, PAGES, MemType.RAM_RW),
                        new TypeRun(PAGES, 7, MemType.ioreqServer(6)),
                        new TypeRun(PAGES + 7, 2 * PAGES - 7, MemType.RAM_RW));
    }

    @Test
    void aWriteOverSeveralShardsIsAllOrNone() {
        // F2
        Shards shards = new Shards(KIT, 2, PAGES, 64 << 20);
        ActorRef<TypesMessage> calls = calls(shards);
        byte[] data = {1, 2, 3, 4};
        long border = PAGES << 12;
        assertThat(write(shards, calls, List.of(piece(0, border - 2, 2, 0, data), piece(1, border, 2, 2, data))))
                .isEmpty();
        assertThat(read(shards, 0, border - 2, 2)).containsExactly(1, 2);
        assertThat(read(shards, 1, border, 2)).containsExactly(3, 4);

        assertThat(set(shards, calls, new TypeRun(PAGES + 1, 1, MemType.MMIO_DM)))
                .isEmpty();
        byte[] other = {9, 9, 9, 9};
        Refusal refusal = write(
                        shards, calls, List.of(piece(0, border - 2, 2, 0, other), piece(1, border + 4096, 2, 2, other)))
                .orElseThrow();
        assertThat(refusal.metadata()).containsEntry("first_gfn", String.valueOf(PAGES + 1));
        assertThat(read(shards, 0, border - 2, 2)).containsExactly(1, 2);
    }

    @Test
    void aWriteThatOneShardHasNoMemoryForWritesNothing() {
        // One chunk for both shards.
        Shards shards = new Shards(KIT, 2, PAGES, 2 << 20);
        ActorRef<TypesMessage> calls = calls(shards);
        long border = PAGES << 12;
        byte[] data = {1, 2};
        Refusal refusal = write(shards, calls, List.of(piece(0, border - 1, 1, 0, data), piece(1, border, 1, 1, data)))
                .orElseThrow();
        assertThat(refusal.errno()).isEqualTo(Errno.ENOSPC);
        assertThat(read(shards, 0, border - 1, 1)).containsExactly(0);
        assertThat(read(shards, 1, border, 1)).containsExactly(0);
    }

    @Test
    void aCallForAServerIsToldByThatServer() {
        // F2
        Shards shards = Shards.small(KIT, 2);
        ActorRef<TypesMessage> calls = calls(shards);
        TestProbe<ServerMessage> server = KIT.createTestProbe();
        know(calls, server);
        CompletableFuture<Optional<Refusal>> result = asked(
                shards,
                call -> calls.tell(new TypesMessage.SetTypes(
                        call, List.of(new TypeRun(0, 2 * PAGES, MemType.ioreqServer(0))), GATE)));
        ServerMessage.Gated gated = server.expectMessageClass(ServerMessage.Gated.class);
        assertThat(gated.tells()).hasSize(2);
        assertThat(types(shards)).hasSize(1);
        // The shards may answer before the gate's word arrives.
        gated.tells().forEach(tell -> shards.routes.get(tell.shard()).tell(tell.message()));
        CallAnswer carriedOut = shards.ask(1, call -> new ShardMessage.ListTypes(call, PAGES, 1, 1));
        assertThat(((CallAnswer.Listed) carriedOut).runs().get(0).type()).isEqualTo(MemType.ioreqServer(0));
        assertThat(result).isNotDone();
        shards.calls.tell(new CallAnswer.GatePassed(gated.call(), Optional.empty()));
        assertThat(result.orTimeout(60, TimeUnit.SECONDS).join()).isEmpty();
        assertThat(types(shards).get(0).type()).isEqualTo(MemType.ioreqServer(0));
    }

    @Test
    void aCallThatTheGateRefusesChangesNothingAndLetsTheNextGo() {
        // F2, S5
        Shards shards = Shards.small(KIT, 2);
        ActorRef<TypesMessage> calls = calls(shards);
        TestProbe<ServerMessage> server = KIT.createTestProbe();
        know(calls, server);
        List<TypeRun> runs = List.of(new TypeRun(0, 1, MemType.ioreqServer(0)));
        CompletableFuture<Optional<Refusal>> result =
                asked(shards, call -> calls.tell(new TypesMessage.SetTypes(call, runs, GATE)));
        Refusal fenced = Refusal.of(Errno.ESTALE, "a newer session is active");
        ServerMessage.Gated gated = server.expectMessageClass(ServerMessage.Gated.class);
        shards.calls.tell(new CallAnswer.GatePassed(gated.call(), Optional.of(fenced)));
        assertThat(result.orTimeout(60, TimeUnit.SECONDS).join()).contains(fenced);
        assertThat(types(shards)).hasSize(1);
        assertThat(set(shards, calls, new TypeRun(0, 1, MemType.RAM_RO))).isEmpty();
    }

    @Test
    void aServerThatMovesLeavesTheCallsOfItsFormerGate() {
        Shards shards = Shards.small(KIT, 1);
        ActorRef<TypesMessage> calls = calls(shards);
        TestProbe<ServerMessage> former = KIT.createTestProbe();
        TestProbe<ServerMessage> next = KIT.createTestProbe();
        List<TypeRun> runs = List.of(new TypeRun(0, 1, MemType.ioreqServer(0)));
        know(calls, former);
        CompletableFuture<Optional<Refusal>> waits =
                asked(shards, call -> calls.tell(new TypesMessage.SetTypes(call, runs, GATE)));
        former.expectMessageClass(ServerMessage.Gated.class);
        know(calls, next);
        assertThat(waits.orTimeout(60, TimeUnit.SECONDS).join().orElseThrow().errno())
                .isEqualTo(Errno.EAGAIN);
        CompletableFuture<Optional<Refusal>> again =
                asked(shards, call -> calls.tell(new TypesMessage.SetTypes(call, runs, GATE)));
        next.expectMessageClass(ServerMessage.Gated.class);
        assertThat(again).isNotDone();
    }

    @Test
    void aServerThatGoesTakesItsCallsWithIt() {
        Shards shards = Shards.small(KIT, 1);
        ActorRef<TypesMessage> calls = calls(shards);
        TestProbe<ServerMessage> server = KIT.createTestProbe();
        List<TypeRun> runs = List.of(new TypeRun(0, 1, MemType.ioreqServer(0)));
        know(calls, server);
        CompletableFuture<Optional<Refusal>> waits =
                asked(shards, call -> calls.tell(new TypesMessage.SetTypes(call, runs, GATE)));
        server.expectMessageClass(ServerMessage.Gated.class);
        calls.tell(new TypesMessage.Servers(Map.of()));
        calls.tell(new TypesMessage.ServerGone(SERVER, SERVER_GEN));
        assertThat(waits.orTimeout(60, TimeUnit.SECONDS).join().orElseThrow().errno())
                .isEqualTo(Errno.ENOENT);
        // Also one that comes late.
        Optional<Refusal> late = asked(shards, call -> calls.tell(new TypesMessage.SetTypes(call, runs, GATE)))
                .orTimeout(60, TimeUnit.SECONDS)
                .join();
        assertThat(late.orElseThrow().errno()).isEqualTo(Errno.ENOENT);
        server.expectNoMessage();
        assertThat(set(shards, calls, new TypeRun(0, 1, MemType.RAM_RO))).isEmpty();
    }

    @Test
    void callsWaitForEachOtherUpToALimit() {
        TestProbe<ShardMessage> shard = KIT.createTestProbe();
        DomainCalls asked = new DomainCalls(DOMID);
        ActorRef<TypesMessage> calls = KIT.spawn(
                TypeCalls.create(DOMID, new ShardMap(new long[1]), List.of(shard.getRef()::tell), asked, SELF, TERM));
        List<TypeRun> runs = List.of(new TypeRun(0, 1, MemType.RAM_RO));
        List<Optional<Refusal>> answers = new CopyOnWriteArrayList<>();
        for (int i = 0; i < Limit.MAX_TYPE_CALLS_WAITING.value(); i++) {
            calls.tell(new TypesMessage.SetTypes(number(asked, answers::add), runs, Optional.empty()));
        }
        Optional<Refusal> oneTooMany =
                await(reply -> calls.tell(new TypesMessage.SetTypes(number(asked, reply), runs, Optional.empty())));
        assertThat(oneTooMany.orElseThrow().errno()).isEqualTo(Errno.EAGAIN);
        assertThat(oneTooMany.orElseThrow().metadata()).containsEntry("limit_name", Limit.MAX_TYPE_CALLS_WAITING.key());
        // One at a time: the second is asked about only when the first has been carried out.
        ShardMessage.CheckTypes check = shard.expectMessageClass(ShardMessage.CheckTypes.class);
        shard.expectNoMessage();
        asked.tell(new CallAnswer.Done(check.call(), 0, Optional.empty()));
        ShardMessage.Part commit = shard.expectMessageClass(ShardMessage.Part.class);
        shard.expectNoMessage();
        asked.tell(new CallAnswer.Done(commit.call(), 0, Optional.empty()));
        shard.expectMessageClass(ShardMessage.CheckTypes.class);
        assertThat(answers).containsExactly(Optional.empty());
    }

    @Test
    void whatIsUnderWayAsShardsMoveIsOver() {
        // D-24: one call waits for a shard that has died, another one for that call.
        TestProbe<ShardMessage> shard = KIT.createTestProbe();
        DomainCalls asked = new DomainCalls(DOMID);
        ActorRef<TypesMessage> calls = KIT.spawn(TypeCalls.create(
                DOMID, new ShardMap(new long[] {0}), List.of(shard.getRef()::tell), asked, SELF, TERM));
        List<String> ends = new CopyOnWriteArrayList<>();
        TypeRun run = new TypeRun(0, 1, MemType.RAM_RO);
        for (String name : List.of("first", "second", "third")) {
            long call = number(
                    asked,
                    refusal -> ends.add(
                            name + refusal.map(why -> " " + why.errno()).orElse(" done")));
            calls.tell(new TypesMessage.SetTypes(call, List.of(run), Optional.empty()));
        }
        shard.expectMessageClass(ShardMessage.CheckTypes.class);
        Refusal moved = Refusal.of(Errno.EAGAIN, "moved");

        calls.tell(new TypesMessage.ShardsMoved(false, moved));
        shard.expectNoMessage();
        calls.tell(new TypesMessage.Recover(TERM + 4));

        // The next one goes where the shard is now, which is asked first. It may not know yet that it decides.
        ShardMessage.GetMark early = shard.expectMessageClass(ShardMessage.GetMark.class);
        asked.tell(new CallAnswer.Done(early.call(), 0, Optional.of(moved)));
        ShardMessage.GetMark again = shard.expectMessageClass(ShardMessage.GetMark.class);
        asked.tell(new CallAnswer.Marked(again.call(), 0, Optional.empty(), Optional.empty()));
        ShardMessage.CheckTypes second = shard.expectMessageClass(ShardMessage.CheckTypes.class);
        asked.tell(new CallAnswer.Done(second.call(), 0, Optional.empty()));
        ShardMessage.Part part = shard.expectMessageClass(ShardMessage.Part.class);
        assertThat(again.by().isBefore(part.by())).isTrue();
        calls.tell(new TypesMessage.ShardsMoved(true, moved));
        CompletableFuture<Void> reset = new CompletableFuture<>();
        // Whoever carries out the type calls now resets the shard too.
        calls.tell(new TypesMessage.Reset(3, () -> reset.complete(null)));
        reset.orTimeout(60, TimeUnit.SECONDS).join();
        assertThat(ends).containsExactly("first EAGAIN", "second EAGAIN", "third EAGAIN");
    }

    @Test
    void aResetThatAShardElsewhereRefusesIsDoneWhenItHasBeenAsked() throws Exception {
        // C5: the second shard is at another node, which does not know yet that it decides it.
        TestProbe<ShardMessage> first = KIT.createTestProbe();
        TestProbe<ShardMessage> second = KIT.createTestProbe();
        DomainCalls asked = new DomainCalls(DOMID);
        ActorRef<TypesMessage> calls = KIT.spawn(TypeCalls.create(
                DOMID,
                new ShardMap(new long[] {0, PAGES}),
                List.of(first.getRef()::tell, second.getRef()::tell),
                asked,
                SELF,
                TERM));
        CompletableFuture<Void> reset = new CompletableFuture<>();
        calls.tell(new TypesMessage.Reset(3, () -> reset.complete(null)));
        ShardMessage.Part part = first.expectMessageClass(ShardMessage.Part.class);
        assertThat(part.inner()).isEqualTo(new ShardMessage.ResetType(part.call(), 3));
        asked.tell(new CallAnswer.Done(part.call(), 0, Optional.empty()));
        asked.tell(new CallAnswer.Done(
                second.expectMessageClass(ShardMessage.Part.class).call(),
                1,
                Optional.of(Refusal.of(Errno.EAGAIN, "the shard is at another node"))));
        ShardMessage.GetMark mark = first.expectMessageClass(ShardMessage.GetMark.class);
        second.expectMessageClass(ShardMessage.GetMark.class);
        asked.tell(new CallAnswer.Marked(mark.call(), 0, Optional.empty(), Optional.empty()));
        asked.tell(new CallAnswer.Marked(mark.call(), 1, Optional.empty(), Optional.empty()));
        ShardMessage.Part again = first.expectMessageClass(ShardMessage.Part.class);
        assertThat(mark.by().isBefore(again.by())).isTrue();
        second.expectMessageClass(ShardMessage.Part.class);
        assertThat(reset).isNotDone();
        asked.tell(new CallAnswer.Done(again.call(), 0, Optional.empty()));
        asked.tell(new CallAnswer.Done(again.call(), 1, Optional.empty()));
        reset.orTimeout(60, TimeUnit.SECONDS).join();
    }

    @Test
    void aCallWhoseCheckNobodyAnswersIsRefusedAndTheNextOneBegins() {
        // T6: a node that is stopped, and is the only one with its shard, must not keep calls away that do not need it.
        TestProbe<ShardMessage> shard = KIT.createTestProbe();
        DomainCalls asked = new DomainCalls(DOMID);
        ActorRef<TypesMessage> calls = KIT.spawn(
                TypeCalls.create(DOMID, new ShardMap(new long[1]), List.of(shard.getRef()::tell), asked, SELF, TERM));
        List<Optional<Refusal>> answers = new CopyOnWriteArrayList<>();
        for (int i = 0; i < 2; i++) {
            calls.tell(new TypesMessage.SetTypes(
                    number(asked, answers::add), List.of(new TypeRun(0, 1, MemType.RAM_RO)), Optional.empty()));
        }
        long silent = shard.expectMessageClass(ShardMessage.CheckTypes.class).call();
        calls.tell(new TypesMessage.StepOverdue(silent));
        long next = shard.expectMessageClass(ShardMessage.CheckTypes.class).call();
        assertThat(answers)
                .singleElement()
                .satisfies(refusal -> assertThat(refusal)
                        .hasValueSatisfying(why -> assertThat(why.metadata()).containsEntry("effect", "none")));
        // Neither the time nor the answer of the earlier one is the next one's.
        calls.tell(new TypesMessage.StepOverdue(silent));
        asked.tell(new CallAnswer.Done(silent, 0, Optional.empty()));
        shard.expectNoMessage();
        asked.tell(new CallAnswer.Done(next, 0, Optional.empty()));
        shard.expectMessageClass(ShardMessage.Part.class);
    }

    @Test
    void aRefusalThatNobodyKeepsIsUnknownAndTheNextOneBegins() {
        // 7.2: under a request id the shard is told before the caller; where its node is stopped, other calls go on.
        TestProbe<ShardMessage> shard = KIT.createTestProbe();
        DomainCalls asked = new DomainCalls(DOMID);
        ActorRef<TypesMessage> calls = KIT.spawn(
                TypeCalls.create(DOMID, new ShardMap(new long[1]), List.of(shard.getRef()::tell), asked, SELF, TERM));
        List<Optional<Refusal>> answers = new CopyOnWriteArrayList<>();
        for (int i = 1; i <= 2; i++) {
            calls.tell(new TypesMessage.SetTypes(
                    number(asked, answers::add),
                    List.of(new TypeRun(0, 1, MemType.RAM_RO)),
                    Optional.empty(),
                    Optional.of(new RequestName(5, i, 0, 77))));
        }
        long check = shard.expectMessageClass(ShardMessage.Once.class).call();
        Refusal why = Refusal.of(Errno.EINVAL, "not so");
        asked.tell(new CallAnswer.Done(check, 0, Optional.of(why)));
        ShardMessage.Refused silent = shard.expectMessageClass(ShardMessage.Refused.class);
        assertThat(answers).isEmpty();

        calls.tell(new TypesMessage.StepOverdue(silent.call()));

        long next = shard.expectMessageClass(ShardMessage.Once.class).call();
        assertThat(answers)
                .singleElement()
                .satisfies(refusal -> assertThat(refusal).hasValueSatisfying(unknown -> {
                    assertThat(unknown.errno()).isEqualTo(Errno.EAGAIN);
                    assertThat(unknown.metadata()).containsEntry("effect", "unknown");
                }));
        // What the shard says of the first one is not the next one's.
        asked.tell(new CallAnswer.Done(silent.call(), 0, Optional.empty()));
        shard.expectNoMessage();
        asked.tell(new CallAnswer.Done(next, 0, Optional.empty()));
        shard.expectMessageClass(ShardMessage.Part.class);
    }

    @Test
    void aRefusalThatIsNotKeptSaysNothingOfOtherAttempts() {
        TestProbe<ShardMessage> shard = KIT.createTestProbe();
        DomainCalls asked = new DomainCalls(DOMID);
        ActorRef<TypesMessage> calls = KIT.spawn(
                TypeCalls.create(DOMID, new ShardMap(new long[1]), List.of(shard.getRef()::tell), asked, SELF, TERM));
        CompletableFuture<Optional<Refusal>> answer = new CompletableFuture<>();
        calls.tell(new TypesMessage.SetTypes(
                number(asked, answer::complete),
                List.of(new TypeRun(0, 1, MemType.RAM_RO)),
                Optional.empty(),
                Optional.of(new RequestName(5, 1, 0, 77))));
        long check = shard.expectMessageClass(ShardMessage.Once.class).call();
        asked.tell(new CallAnswer.Done(check, 0, Optional.of(Refusal.of(Errno.EINVAL, "not so"))));
        long kept = shard.expectMessageClass(ShardMessage.Refused.class).call();

        Refusal moved = Refusal.of(Errno.EAGAIN, "goes on elsewhere").with("effect", "none");
        asked.tell(new CallAnswer.Done(kept, 0, Optional.of(moved)));

        assertThat(answer.orTimeout(60, TimeUnit.SECONDS).join().orElseThrow().metadata())
                .containsEntry("effect", "unknown");
    }

    private static ActorRef<TypesMessage> calls(Shards shards) {
        return KIT.spawn(TypeCalls.create(DOMID, shards.map, shards.routes, shards.calls, SELF, TERM));
    }

    private static void know(ActorRef<TypesMessage> calls, TestProbe<ServerMessage> server) {
        calls.tell(new TypesMessage.Servers(
                Map.of(SERVER, new TypesMessage.KnownServer(SERVER_GEN, server.getRef()::tell))));
    }

    /** The number of a call whose end is given to somebody. */
    private static long number(DomainCalls asked, Consumer<Optional<Refusal>> reply) {
        DomainCalls.Call call = asked.begin(reply);
        call.onAnswer(answer -> call.answer(((CallAnswer.Ended) answer).refusal()));
        return call.number();
    }

    private static CompletableFuture<Optional<Refusal>> asked(Shards shards, LongConsumer asking) {
        CompletableFuture<Optional<Refusal>> result = new CompletableFuture<>();
        asking.accept(number(shards.calls, result::complete));
        return result;
    }

    private static Optional<Refusal> set(Shards shards, ActorRef<TypesMessage> calls, TypeRun... runs) {
        return asked(shards, call -> calls.tell(new TypesMessage.SetTypes(call, List.of(runs), Optional.empty())))
                .orTimeout(60, TimeUnit.SECONDS)
                .join();
    }

    private static Optional<Refusal> write(
            Shards shards, ActorRef<TypesMessage> calls, List<TypesMessage.Piece> pieces) {
        return asked(shards, call -> calls.tell(new TypesMessage.WriteAcross(call, pieces, Optional.empty())))
                .orTimeout(60, TimeUnit.SECONDS)
                .join();
    }

    private static TypesMessage.Piece piece(int shard, long gpa, int size, int offset, byte[] data) {
        return new TypesMessage.Piece(
                shard, new Segments(new long[] {gpa}, new int[] {size}, new int[] {offset}, data));
    }

    private static byte[] read(Shards shards, int shard, long gpa, int size) {
        CallAnswer answer =
                shards.ask(shard, call -> new ShardMessage.ReadSegments(call, new long[] {gpa}, new int[] {size}));
        return ((CallAnswer.Read) answer).data();
    }

    private static List<TypeRun> types(Shards shards) {
        long pages =
                shards.map.firstGfn(shards.map.size() - 1) + (shards.map.size() > 1 ? shards.map.firstGfn(1) : PAGES);
        TypeListing.Page page = await(reply ->
                TypeListing.begin(shards.calls.begin(none -> {}), shards.map, shards.routes, 0, pages, 4096, reply));
        assertThat(page.nextGfn()).isZero();
        return page.runs();
    }
}
