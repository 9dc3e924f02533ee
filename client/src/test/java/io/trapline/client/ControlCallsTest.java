package io.trapline.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.trapline.client.FakeControl.Fate;
import io.trapline.client.TraplineException.Kind;
import io.trapline.model.Domid;
import io.trapline.model.Errno;
import io.trapline.model.Gfn;
import io.trapline.model.Gpa;
import io.trapline.model.MemType;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.RequestId;
import io.trapline.v1.WatchClaimsResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("Control calls are tried again while that is safe (E)")
@Timeout(120)
class ControlCallsTest {
    private final FakeTrapline trapline = new FakeTrapline();
    private final TraplineConnection connection = trapline.connection("one:1,two:2")
            .principal("tester")
            .timeout(Duration.ofSeconds(20))
            .build();

    @BeforeEach
    void serve() {
        trapline.serve("one:1");
        trapline.serve("two:2");
    }

    @AfterEach
    void close() {
        connection.close();
        trapline.close();
    }

    private long create() {
        return connection
                .domains()
                .create(16, 1, DomainMemory.DOMAIN_MEMORY_VOLATILE)
                .getDomid();
    }

    private void setMemType() {
        connection.memory().setMemType(new DomainRef(new Domid(5), 77), new Gfn(16), 1, MemType.IOREQ_SERVER_0);
    }

    private List<RequestId> requestIds() {
        return trapline.control.requestIds();
    }

    @Test
    @DisplayName(
            "E: a change whose answer was lost is asked for again under its request id, at the next address, and happens once")
    void retriesALostChangeUnderItsRequestId() {
        trapline.control.next(Fate.LOST_AFTER);

        assertThat(create()).isEqualTo(1);

        assertThat(trapline.control.created()).hasSize(1);
        assertThat(requestIds()).hasSize(2);
        assertThat(requestIds().get(1)).isEqualTo(requestIds().get(0));
        assertThat(trapline.calls).startsWith("one:1", "one:1", "two:2");
        assertThat(trapline.control.principals()).containsOnly("tester");
    }

    @Test
    @DisplayName("E: EAGAIN is tried again")
    void retriesEagain() {
        trapline.control.next(Fate.AGAIN, Fate.AGAIN, Fate.LOST_BEFORE);
        assertThat(create()).isEqualTo(1);
        assertThat(requestIds()).hasSize(4);
    }

    @Test
    @DisplayName("E: calls are numbered in one session and acknowledge what was answered")
    void numbersCallsAndAcknowledgesAnswers() {
        for (int i = 0; i < 3; i++) {
            create();
        }
        assertThat(requestIds()).extracting(RequestId::getNumber).containsExactly(1L, 2L, 3L);
        assertThat(requestIds()).extracting(RequestId::getAcknowledgedThrough).containsExactly(0L, 1L, 2L);
        assertThat(requestIds()).extracting(RequestId::getSession).containsOnly(901L);
    }

    @Test
    @DisplayName("E: a session that has ended is replaced; the call had changed nothing")
    void opensANewSessionWhereTheOldOneHasEnded() {
        create();
        trapline.control.next(Fate.SESSION_ENDED);
        assertThat(create()).isEqualTo(2);
        assertThat(requestIds()).extracting(RequestId::getSession).containsExactly(901L, 901L, 902L);
    }

    @Test
    @DisplayName(
            "E: where the session ended between two attempts the outcome is not known, and is not called a failure")
    void reportsAnUnknownOutcomeWhereTheSessionEndedBetweenAttempts() {
        trapline.control.next(Fate.LOST_AFTER, Fate.SESSION_ENDED);
        assertThatThrownBy(this::create)
                .isInstanceOfSatisfying(
                        TraplineException.class,
                        failure -> assertThat(failure.kind()).isEqualTo(Kind.UNKNOWN_OUTCOME));
        assertThat(trapline.control.created()).hasSize(1);
    }

    @ParameterizedTest
    @EnumSource(
            value = Fate.class,
            names = {"LOST_AFTER", "MOVED_AFTER"})
    @DisplayName("E: a change of pages that any node refuses after an attempt without an outcome was not carried out")
    void believesARefusalOfPagesAfterALostAnswer(Fate first) {
        trapline.control.next(first, Fate.REFUSED);

        assertThatThrownBy(this::setMemType)
                .isInstanceOfSatisfying(
                        TraplineException.class,
                        failure -> assertThat(failure.is(Errno.EINVAL)).isTrue());
    }

    @ParameterizedTest
    @EnumSource(
            value = Fate.class,
            names = {"LOST_AFTER", "MOVED_AFTER"})
    @DisplayName("E: where the domain is gone that may have carried it out, a change of pages is not called a failure")
    void reportsAnUnknownOutcomeWhereTheDomainIsGoneThatHadTheAnswer(Fate first) {
        trapline.control.next(first, Fate.DOMAIN_GONE);

        assertThatThrownBy(this::setMemType).isInstanceOfSatisfying(TraplineException.class, failure -> {
            assertThat(failure.kind()).isEqualTo(Kind.UNKNOWN_OUTCOME);
            assertThat(failure.getMessage()).contains("ESRCH", "domid = 5");
        });
    }

    @Test
    @DisplayName("E: a change of pages that no node has begun before is refused")
    void saysWhyAChangeOfPagesWasRefused() {
        trapline.control.next(Fate.AGAIN, Fate.REFUSED);

        assertThatThrownBy(this::setMemType)
                .isInstanceOfSatisfying(
                        TraplineException.class,
                        failure -> assertThat(failure.is(Errno.EINVAL)).isTrue());
        assertThat(requestIds()).hasSize(2);
    }

    @Test
    @DisplayName("E: elsewhere the first answer is kept for every node, so that a refusal after a lost one is it")
    void believesARefusalOfTheRegistryAfterALostAnswer() {
        trapline.control.next(Fate.LOST_AFTER, Fate.REFUSED);

        assertThatThrownBy(this::create)
                .isInstanceOfSatisfying(
                        TraplineException.class,
                        failure -> assertThat(failure.is(Errno.EINVAL)).isTrue());
    }

    @Test
    @DisplayName("E: a change that nobody answers in time has an unknown outcome")
    void reportsAnUnknownOutcomeAfterTheTimeout() {
        try (TraplineConnection hasty =
                trapline.connection("one:1").timeout(Duration.ofMillis(500)).build()) {
            hasty.domains().list();
            trapline.control.next(Fate.LOST_AFTER);
            for (int i = 0; i < 100; i++) {
                trapline.control.next(Fate.LOST_BEFORE);
            }
            assertThatThrownBy(() -> hasty.domains().create(16, 1, DomainMemory.DOMAIN_MEMORY_VOLATILE))
                    .isInstanceOfSatisfying(TraplineException.class, failure -> {
                        assertThat(failure.kind()).isEqualTo(Kind.UNKNOWN_OUTCOME);
                        assertThat(failure.errno()).isEmpty();
                    });
        }
    }

    @Test
    void givesUpAHostThatIsBroken() {
        trapline.control.next(Fate.BROKEN, Fate.BROKEN, Fate.BROKEN);
        assertThatThrownBy(this::create)
                .isInstanceOfSatisfying(
                        TraplineException.class,
                        failure -> assertThat(failure.kind()).isEqualTo(Kind.UNKNOWN_OUTCOME));
    }

    @Test
    void isUnreachableWhereNobodyListens() {
        try (TraplineConnection nowhere = trapline.connection("nobody:1,nobody:2")
                .timeout(Duration.ofMillis(300))
                .build()) {
            assertThatThrownBy(() -> nowhere.domains().list())
                    .isInstanceOfSatisfying(TraplineException.class, failure -> {
                        assertThat(failure.isUnreachable()).isTrue();
                        assertThat(failure.refusal()).isEmpty();
                    });
        }
    }

    @Test
    void findsTheAddressThatAnswers() {
        try (TraplineConnection half =
                trapline.connection("nobody:1,nobody:2,two:2").build()) {
            assertThat(half.domains().list()).isEmpty();
        }
    }

    @Test
    @DisplayName("E: a refusal says why and with what to act on, and is not tried again")
    void saysWhyACallWasRefused() {
        assertThatThrownBy(() -> connection.domains().destroy(DomainRef.of(9)))
                .isInstanceOfSatisfying(TraplineException.class, failure -> {
                    assertThat(failure.kind()).isEqualTo(Kind.REFUSED);
                    assertThat(failure.errno()).isEqualTo(Optional.of(Errno.EOPNOTSUPP));
                });
    }

    @Test
    void followsThePagesOfAList() {
        create();
        create();
        create();
        assertThat(connection.domains().list()).hasSize(3);
    }

    @Test
    void readsBackWhatItWroteToMemory() {
        DomainRef domain = DomainRef.of(5);
        connection.memory().write(domain, new Gpa(4094), new byte[] {1, 2, 3, 4});
        assertThat(connection.memory().read(domain, new Gpa(4095), 2)).containsExactly(2, 3);
        byte[] both = connection
                .memory()
                .read(domain, new ReadSegments(1).add(4094, 1).add(4097, 1));
        assertThat(both).containsExactly(1, 4);
    }

    @Test
    @DisplayName("E: a change of pages is asked for again of the domain that had the id at first, and of no later one")
    void namesTheSameDomainInEveryAttempt() {
        trapline.control.next(Fate.LOST_AFTER, Fate.AGAIN);

        connection.memory().setMemType(DomainRef.of(5), new Gfn(16), 1, MemType.IOREQ_SERVER_0);
        assertThat(trapline.control.generations()).containsExactly(77L, 77L, 77L);

        connection.memory().setMemType(DomainRef.of(5), new Gfn(16), 1, MemType.RAM_RW);
        assertThat(trapline.control.generations()).endsWith(78L);
    }

    @Test
    @DisplayName("E: the session is renewed while it is open, and closed at the end")
    void renewsAndClosesItsSession() {
        try (TraplineConnection other = trapline.connection("one:1").build()) {
            other.domains().create(16, 1, DomainMemory.DOMAIN_MEMORY_VOLATILE);
            assertThat(trapline.control.sessionsOpen()).hasSize(1);
            await().until(() -> trapline.control.renewals() >= 2);
        }
        await().until(() -> trapline.control.sessionsOpen().isEmpty());
    }

    @Test
    @DisplayName("C8: a watch begins again with the claims that stand when its connection is lost")
    void watchesClaimsThroughALostConnection() throws Exception {
        try (ClaimWatch watch = connection.ioreqServers().watch(DomainRef.of(5))) {
            assertThat(watch.next(Duration.ofSeconds(20)).orElseThrow().getCaughtUp())
                    .isTrue();
            trapline.control
                    .watches()
                    .get(0)
                    .onNext(WatchClaimsResponse.newBuilder().setRevision(2).build());
            assertThat(watch.next(Duration.ofSeconds(20)).orElseThrow().getRevision())
                    .isEqualTo(2);
            assertThat(watch.next(Duration.ofMillis(1))).isEmpty();

            trapline.control.watches().get(0).onError(io.grpc.Status.UNAVAILABLE.asRuntimeException());
            assertThat(watch.next(Duration.ofSeconds(20)).orElseThrow().getRevision())
                    .isEqualTo(1);
            assertThat(watch.beginnings()).isEqualTo(2);
        }
    }

    @Test
    void refusesAddressesThatAreNone() {
        for (String wrong : List.of("", "host", "host:", ":1", "host:port", "a:1,,b:2", "host:1:2")) {
            assertThatThrownBy(() -> TraplineConnection.to(wrong))
                    .as(wrong)
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
