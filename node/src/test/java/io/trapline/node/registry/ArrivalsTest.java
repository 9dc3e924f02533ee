package io.trapline.node.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Errno;
import io.trapline.node.fixture.Gates;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.EmulatorLine;
import io.trapline.node.protocol.Gate;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardRoute;
import io.trapline.node.rows.KeyRows;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("D-17, D-20: what peers tell this node")
final class ArrivalsTest {
    private static final int DOM = 7;
    private static final long GENERATION = 20;
    private static final int SERVER = 3;
    private static final long SERVER_GENERATION = 25;

    private final NodeDirectory directory = new NodeDirectory(Gates.open());
    private final Arrivals arrivals = new Arrivals(directory);
    private final List<Object> told = new ArrayList<>();
    private final List<CallAnswer> back = new ArrayList<>();
    private final DomainCalls calls = new DomainCalls(DOM);

    private void create(long revision, boolean withServer) {
        ShardRoute here = told::add;
        ServerHandle server =
                new ServerHandle(SERVER, SERVER_GENERATION, "mediator", 0, EmulatorLine.NONE, nobody -> {}, told::add);
        directory.put(new DomainHandle(
                DOM,
                GENERATION,
                1024,
                4,
                told::add,
                new ShardMap(new long[1]),
                List.of(here),
                told::add,
                new DomainHandle.Here(List.of(here), told::add),
                withServer ? Map.of(SERVER, server) : Map.of(),
                false,
                calls));
        arrivals.advance(revision);
    }

    @Test
    void whatIsForADomainThatIsNotKnownYetWaitsAndKeepsItsOrder() {
        arrivals.advance(19);
        ShardMessage first = new ShardMessage.Recalled(0, 1);
        ShardMessage second = new ShardMessage.Recalled(0, 2);
        arrivals.toShard(DOM, GENERATION, 0, first);
        arrivals.toShard(DOM, GENERATION, 0, second);
        assertThat(told).isEmpty();
        create(20, false);
        assertThat(told).containsExactly(first, second);
    }

    @Test
    void whatIsBehindSomethingThatWaitsWaitsToo() {
        create(20, false);
        ServerMessage left = new ServerMessage.PostedLeft(new KeyRows(1));
        ShardMessage behind = new ShardMessage.Recalled(0, 1);
        arrivals.toServer(DOM, GENERATION, SERVER, SERVER_GENERATION, left);
        arrivals.toShard(DOM, GENERATION, 0, behind);
        assertThat(told).isEmpty();
        create(25, true);
        assertThat(told).containsExactly(left, behind);
    }

    @Test
    void whatIsForSomethingThatIsGoneIsLostAndCallsAreRefused() {
        arrivals.advance(30);
        arrivals.toShard(DOM, GENERATION, 0, new ShardMessage.Recalled(0, 1));
        arrivals.ask(DOM, GENERATION, 0, new ShardMessage.ResetType(8, 1), back::add);
        CallAnswer.Done refused = (CallAnswer.Done) back.get(0);
        assertThat(refused.call()).isEqualTo(8);
        assertThat(refused.refusal().orElseThrow().errno()).isEqualTo(Errno.ESRCH);
        create(31, false);
        arrivals.gate(DOM, GENERATION, gated(9), back::add);
        CallAnswer.GatePassed noServer = (CallAnswer.GatePassed) back.get(1);
        assertThat(noServer.refusal().orElseThrow().errno()).isEqualTo(Errno.ENOENT);
        assertThat(told).isEmpty();
    }

    @Test
    void aCallIsRelayedUnderANumberOfThisNodeAndAnsweredUnderItsOwn() {
        create(20, false);
        arrivals.ask(DOM, GENERATION, 0, new ShardMessage.ResetType(8, 1), back::add);
        long number = ((ShardMessage.ResetType) told.get(0)).call();
        calls.tell(new CallAnswer.Done(number, 0, Optional.empty()));
        assertThat(back).containsExactly(new CallAnswer.Done(8, 0, Optional.empty()));
        assertThat(calls.size()).isZero();
    }

    @Test
    @DisplayName("F2: a gated call is answered by its server and by each shard, and ends with the last")
    void relaysAGatedCall() {
        create(25, true);
        arrivals.gate(DOM, GENERATION, gated(8), back::add);
        ServerMessage.Gated here = (ServerMessage.Gated) told.get(0);
        long number = here.call();
        assertThat(here.tells().get(0).message().call()).isEqualTo(number);
        calls.tell(new CallAnswer.Done(number, 0, Optional.empty()));
        assertThat(calls.size()).isEqualTo(1);
        calls.tell(new CallAnswer.GatePassed(number, Optional.empty()));
        assertThat(back)
                .containsExactly(
                        new CallAnswer.Done(8, 0, Optional.empty()), new CallAnswer.GatePassed(8, Optional.empty()));
        assertThat(calls.size()).isZero();
    }

    @Test
    void aCallEndsWithItsServer() {
        create(25, true);
        arrivals.gate(DOM, GENERATION, gated(8), back::add);
        calls.serverGone(SERVER, SERVER_GENERATION);
        CallAnswer.GatePassed refused = (CallAnswer.GatePassed) back.get(0);
        assertThat(refused.refusal().orElseThrow().errno()).isEqualTo(Errno.ENOENT);
        assertThat(calls.size()).isZero();
    }

    private static ServerMessage.Gated gated(long call) {
        Gate gate = new Gate("mediator", SERVER, SERVER_GENERATION, 50, new KeyRows(0));
        return new ServerMessage.Gated(
                call, gate, List.of(new ServerMessage.ShardTell(0, new ShardMessage.ResetType(call, 1))));
    }
}
