package io.trapline.sim.world.hosts;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.Answer;
import io.trapline.model.Errno;
import io.trapline.model.Gfn;
import io.trapline.model.MemType;
import io.trapline.model.Refusal;
import io.trapline.model.TypeRun;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.sim.world.part.Commands;
import io.trapline.sim.world.part.Layout;
import io.trapline.v1.RequestId;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Memory and type calls that come again under their request ids: in one shard or over both. What shards do of them is checked as they do it. */
@Tag("simulation")
@DisplayName("V-14, D-25, section E across hosts: a call that comes again has its first answer and no second effect")
final class CallScenariosTest {
    /** Above what emulators and owners write. */
    private static final long VALUE = 0xCA11_0000_0000_0000L;

    private long session;
    private long last;

    /** What is asked for. */
    enum What {
        A_TYPE,
        TYPES_IN_BOTH_SHARDS,
        A_WORD,
        WORDS_IN_BOTH_SHARDS;

        private MemoryRequest request(MemType type) {
            return switch (this) {
                case A_TYPE -> types(type, 0);
                case TYPES_IN_BOTH_SHARDS -> types(type, 1);
                case A_WORD -> words(type, Layout.SHARD_PAGES);
                case WORDS_IN_BOTH_SHARDS -> words(type, Layout.SHARD_PAGES - 1, Layout.SHARD_PAGES);
            };
        }

        private static MemoryRequest types(MemType type, int more) {
            return new MemoryRequest.Types(LongStream.rangeClosed(Layout.SHARD_PAGES - 1, Layout.SHARD_PAGES - 1 + more)
                    .mapToObj(gfn -> new TypeRun(gfn, 1, type))
                    .toList());
        }

        private static MemoryRequest words(MemType type, long... gfns) {
            return new MemoryRequest.Words(
                    LongStream.of(gfns).mapToObj(gfn -> gfn << Gfn.PAGE_SHIFT).toList(), VALUE + type.code());
        }
    }

    static List<Arguments> calls() {
        return LongStream.rangeClosed(1, 2)
                .boxed()
                .flatMap(seed -> List.of(What.values()).stream().map(what -> Arguments.of(what, seed)))
                .toList();
    }

    private HostScenario begin(long seed) {
        HostScenario scenario = HostScenario.apart(50 + seed);
        openSession(scenario);
        return scenario;
    }

    private void openSession(HostScenario scenario) {
        Answer[] opened = new Answer[1];
        scenario.world.untilReturned(Commands.openSession(), answer -> opened[0] = answer);
        session = opened[0].getOpenSession().getSession();
        last = 0;
    }

    private HostCall call(HostScenario scenario, What what, MemType type) {
        return acknowledging(scenario, what, type, 0);
    }

    private HostCall acknowledging(HostScenario scenario, What what, MemType type, long through) {
        RequestId id = RequestId.newBuilder()
                .setSession(session)
                .setNumber(++last)
                .setAcknowledgedThrough(through)
                .build();
        return new HostCall(scenario, what.request(type), id);
    }

    /** Something else is there, which a second effect would undo. */
    private void changes(HostScenario scenario, What what) {
        call(scenario, what, MemType.ioreqServer(1)).answerOf(scenario.hosts.primary(0));
    }

    private static void isAnsweredAlikeEverywhere(HostScenario scenario, HostCall call) {
        Optional<Refusal> first = call.answerOf(scenario.hosts.primary(0));
        for (SimHost host : scenario.hosts.nodeHosts) {
            assertThat(call.answerOf(host)).isEqualTo(first);
        }
    }

    @ParameterizedTest
    @MethodSource("calls")
    void isAnsweredAlikeAtEveryNode(What what, long seed) {
        HostScenario scenario = begin(seed);
        HostCall call = call(scenario, what, MemType.RAM_RW);
        call.answerOf(scenario.hosts.primary(1));
        changes(scenario, what);

        isAnsweredAlikeEverywhere(scenario, call);
        scenario.ends();
    }

    @ParameterizedTest
    @MethodSource("calls")
    void twoAttemptsAtTwoNodesHaveOneEffect(What what, long seed) {
        HostScenario scenario = begin(seed);
        HostCall call = call(scenario, what, MemType.RAM_RW);
        scenario.hosts.nodeHosts.forEach(call::ask);
        scenario.until("one is answered", call::isAnswered);
        changes(scenario, what);

        isAnsweredAlikeEverywhere(scenario, call);
        scenario.ends();
    }

    @ParameterizedTest
    @MethodSource("calls")
    void hasItsFirstAnswerWhenThePrimariesAreGone(What what, long seed) {
        HostScenario scenario = begin(seed);
        HostCall call = call(scenario, what, MemType.RAM_RW);
        call.answerOf(scenario.otherThan(scenario.hosts.primary(0)));
        changes(scenario, what);
        for (int shard : new int[] {0, 1}) {
            SimHost primary = scenario.hosts.primary(shard);
            scenario.untilDual();
            scenario.hosts.crashNode(primary);
            scenario.until("another decides", () -> scenario.hosts.primary(0) != primary);
            scenario.until("another decides both", () -> scenario.hosts.primary(1) != primary);
            scenario.hosts.startNode(primary);
        }

        isAnsweredAlikeEverywhere(scenario, call);
        scenario.ends();
    }

    @ParameterizedTest
    @MethodSource("calls")
    void isAskedForAgainWhileWhoCarriesItOutDies(What what, long seed) {
        HostScenario scenario = begin(seed);
        HostCall call = call(scenario, what, MemType.RAM_RW);
        SimHost entry = scenario.hosts.primary(0);
        call.ask(entry);
        scenario.passes(3 * seed);
        scenario.hosts.crashNode(entry);
        call.ask(scenario.otherThan(entry));
        scenario.until("another carries calls out", () -> scenario.hosts.primary(0) != entry);
        scenario.hosts.startNode(entry);
        call.answerOf(scenario.hosts.primary(0));
        changes(scenario, what);

        isAnsweredAlikeEverywhere(scenario, call);
        scenario.ends();
    }

    /** Of a node whose frames come late. */
    private static SimHost late(HostScenario scenario, HostCall call) {
        SimHost late = scenario.otherThan(scenario.hosts.primary(0), scenario.hosts.primary(1));
        for (SimHost host : scenario.hosts.nodeHosts) {
            if (host != late) {
                scenario.cut(late, host);
            }
        }
        call.ask(late);
        scenario.passes(100);
        return late;
    }

    private static void arrives(HostScenario scenario, SimHost late) {
        for (SimHost host : scenario.hosts.nodeHosts) {
            if (host != late) {
                scenario.mend(late, host);
            }
        }
        scenario.passes(1_000);
    }

    @ParameterizedTest
    @MethodSource("calls")
    void comesLateWhenItIsAcknowledged(What what, long seed) {
        HostScenario scenario = begin(seed);
        HostCall call = call(scenario, what, MemType.RAM_RW);
        SimHost late = late(scenario, call);
        call.answerOf(scenario.hosts.primary(0));
        acknowledging(scenario, what, MemType.ioreqServer(1), last).answerOf(scenario.hosts.primary(0));
        arrives(scenario, late);

        assertThat(call.answerOf(late).orElseThrow().errno()).isEqualTo(Errno.ESTALE);
        scenario.ends();
    }

    @ParameterizedTest
    @MethodSource("calls")
    void comesLateWhenItsSessionHasEnded(What what, long seed) {
        HostScenario scenario = begin(seed);
        HostCall call = call(scenario, what, MemType.RAM_RW);
        SimHost late = late(scenario, call);
        call.answerOf(scenario.hosts.primary(0));
        scenario.world.untilReturned(Commands.endSession(session), answer -> {});
        openSession(scenario);
        changes(scenario, what);
        arrives(scenario, late);

        assertThat(call.answerOf(late).orElseThrow().errno()).isEqualTo(Errno.ESTALE);
        scenario.ends();
    }
}
