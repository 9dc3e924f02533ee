package io.trapline.coordinator.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.trapline.coordinator.commit.Committer;
import io.trapline.coordinator.raft.Applied;
import io.trapline.coordinator.registry.Registry;
import io.trapline.coordinator.registry.RegistryView;
import io.trapline.coordinator.registry.Result;
import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.CreateDomain;
import io.trapline.internal.v1.EndNode;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.RegisterNode;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.MapMemTypeRequest;
import io.trapline.v1.MemType;
import io.trapline.v1.OnDisconnect;
import io.trapline.v1.OpenSessionRequest;
import io.trapline.v1.RequestId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

@DisplayName("D-4, D-7: calls that wait when leadership is lost")
@Timeout(120)
final class LeaseKeeperTest {
    private static final NodeLife LIFE =
            NodeLife.newBuilder().setNode("n1").setIncarnation(77).build();

    /** Shorter than what any wait is a multiple of; each costs a tenth of a second. */
    private static final Duration STEP = Duration.ofMillis(250);

    private final ActorTestKit kit = ActorTestKit.create(ManualTime.config());
    private final ManualTime timers = ManualTime.get(kit.system());
    private final AtomicLong nanos = new AtomicLong();
    private final AtomicLong lapses = new AtomicLong();
    private final Registry registry = Registry.empty();
    private final Views views = new Views() {
        @Override
        public <T> T read(Function<RegistryView, T> reader) {
            synchronized (registry) {
                return reader.apply(registry.view());
            }
        }
    };
    private final TestProbe<Committer.Message> committer = kit.createTestProbe();
    private final ActorRef<LeaseKeeper.Message> keeper = kit.spawn(LeaseKeeper.create(
            committer.getRef(),
            new LeaseKeeper.Settings(
                    "c1", "cluster", views, nanos::get, lapses::incrementAndGet, () -> List.of("c1:1", "c4:1"))));
    private final Commands commands = new Commands(committer.getRef(), keeper, Optional.empty());
    private long index;
    private long session;
    private int domid;
    private int server;

    @BeforeEach
    void aDomainWithAServer() {
        apply(Command.newBuilder()
                .setRegisterNode(RegisterNode.newBuilder()
                        .setNode(LIFE.getNode())
                        .setIncarnation(LIFE.getIncarnation())
                        .setAddress("127.0.0.1:1")));
        session = apply(Command.newBuilder().setOpenSession(OpenSessionRequest.getDefaultInstance()))
                .getOpenSession()
                .getSession();
        domid = apply(Command.newBuilder()
                        .setPrincipal("alice")
                        .setCreateDomain(CreateDomain.newBuilder()
                                .addUsableNodes(LIFE)
                                .setRequest(CreateDomainRequest.newBuilder()
                                        .setNrPages(1)
                                        .setNrVcpus(1)
                                        .setMemory(DomainMemory.DOMAIN_MEMORY_VOLATILE))))
                .getCreateDomain()
                .getDomain()
                .getDomid();
        server = apply(Command.newBuilder()
                        .setPrincipal("alice")
                        .setCreateIoreqServer(
                                CreateIoreqServerRequest.newBuilder().setDomid(domid)))
                .getCreateIoreqServer()
                .getId();
    }

    @AfterEach
    void stop() {
        kit.shutdownTestKit();
    }

    @Test
    void aRetryUnderTheNextLeadershipGetsTheFirstAnswerWhenRule0Holds() throws Exception {
        lead();
        Call first = call(1, 2);
        Answer answer = applySubmitted();
        sync();
        assertThat(first.answer).isNotDone();

        keeper.tell(new LeaseKeeper.Leading(false));
        first.lost.get(60, TimeUnit.SECONDS);
        lead();
        Call retry = call(1, 2);
        assertThat(applySubmitted()).isEqualTo(answer);
        sync();
        // The node that may hold the old leader's lease has not applied it.
        assertThat(retry.answer).isNotDone();

        passUntilDone(retry.answer);
        assertThat(retry.answer.get().getMapMemType().getEpoch())
                .isEqualTo(answer.getMapMemType().getEpoch())
                .isPositive();
        assertThat(first.answer).isNotDone();
        assertThat(retry.lost).isNotDone();
    }

    @Test
    void aDrainThatOutlivesALeadershipIsFinishedByTheNextOne() throws Exception {
        lead();
        call(1, 2);
        applySubmitted();
        Call release = call(2, 0);
        applySubmitted();
        keeper.tell(new LeaseKeeper.Leading(false));
        release.lost.get(60, TimeUnit.SECONDS);

        long leadership = lead();
        Call retry = call(2, 0);
        long drain = applySubmitted().getDrain();
        Command finish = submittedWithoutLease();

        assertThat(finish.getFinishDrain().getRevision()).isEqualTo(drain);
        assertThat(finish.getLeadership()).isEqualTo(leadership);
        assertThat(retry.answer).isNotDone();
        apply(finish.toBuilder());
        assertThat(retry.answer.get(60, TimeUnit.SECONDS).getDrain()).isEqualTo(drain);
    }

    @Test
    void releasesAClaimWithoutAnEmulatorAfterItsGraceAndTheNextLeaderBeginsAnew() {
        // C6
        int releases = apply(Command.newBuilder()
                        .setPrincipal("alice")
                        .setCreateIoreqServer(CreateIoreqServerRequest.newBuilder()
                                .setDomid(domid)
                                .setOnDisconnect(OnDisconnect.ON_DISCONNECT_RELEASE)
                                .setGraceMs(5_000)))
                .getCreateIoreqServer()
                .getId();
        long epoch = apply(Command.newBuilder()
                        .setPrincipal("alice")
                        .setMapMemType(MapMemTypeRequest.newBuilder()
                                .setDomid(domid)
                                .setId(releases)
                                .setType(MemType.MEM_TYPE_IOREQ_SERVER_0)
                                .setFlags(3)))
                .getRevision();
        lead();
        pass(Duration.ofMillis(4_500));
        keeper.tell(new LeaseKeeper.Leading(false));

        long leadership = lead();
        pass(Duration.ofMillis(4_750));
        committer.expectNoMessage(Duration.ZERO);
        pass(Duration.ofSeconds(1));

        Command release = submitted().command();
        assertThat(release.getReleaseUnattended().getEpoch()).isEqualTo(epoch);
        assertThat(release.getLeadership()).isEqualTo(leadership);
    }

    @Test
    void whatALostLeadershipAskedForBeginsNothingInTheNext() {
        keeper.tell(new LeaseKeeper.Leading(true));
        Committer.Submit early = submitted();
        keeper.tell(new LeaseKeeper.Leading(false));
        keeper.tell(new LeaseKeeper.Leading(true));
        Committer.Submit late = submitted();
        assertThat(early.command().hasBeginLeadership()).isTrue();
        call(1, 2);
        applySubmitted();
        call(2, 0);
        applySubmitted();

        early.reply().accept(apply(early.command().toBuilder()));
        passLongerThanALease();
        committer.expectNoMessage(Duration.ZERO);

        long leadership = apply(late.command().toBuilder()).getRevision();
        late.reply().accept(Answer.newBuilder().setRevision(leadership).build());
        assertThat(submittedWithoutLease().getLeadership()).isEqualTo(leadership);
    }

    @Test
    void saysOnceWhatBecomesOfCopiesAndOnlyWhereItLeads() {
        // D4
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        Logger logger = (Logger) LoggerFactory.getLogger(RunLog.class);
        logger.addAppender(log);
        try {
            long leadership = lead();
            keeper.tell(new LeaseKeeper.Leading(false));
            Command.Builder end = Command.newBuilder()
                    .setEndNode(EndNode.newBuilder().setLife(LIFE))
                    .setLeadership(leadership);
            LeaseKeeper.EntryApplied ended = applied(end);
            keeper.tell(ended);
            sync();
            assertThat(log.list).as("a follower's, or a replayed one").isEmpty();

            lead();
            keeper.tell(ended);
            sync();
            assertThat(log.list)
                    .extracting(
                            ILoggingEvent::getLevel,
                            event -> event.getFormattedMessage().contains("domain " + domid + " of generation "))
                    .containsExactly(tuple(Level.WARN, true));
        } finally {
            logger.detachAppender(log);
        }
    }

    private static final class Call {
        private final CompletableFuture<Answer> answer = new CompletableFuture<>();
        private final CompletableFuture<Void> lost = new CompletableFuture<>();
    }

    /** A claim, or with flags 0 a release, that waits for rule 0 and its drain. */
    private Call call(long number, int flags) {
        Call call = new Call();
        Command command = Command.newBuilder()
                .setPrincipal("alice")
                .setMapMemType(MapMemTypeRequest.newBuilder()
                        .setDomid(domid)
                        .setId(server)
                        .setType(MemType.MEM_TYPE_IOREQ_SERVER_0)
                        .setFlags(flags)
                        .setRequestId(RequestId.newBuilder().setSession(session).setNumber(number)))
                .build();
        var _ = commands.execute(command, true, call.answer::complete, () -> call.lost.complete(null));
        return call;
    }

    private long lead() {
        keeper.tell(new LeaseKeeper.Leading(true));
        Committer.Submit begin = submitted();
        assertThat(begin.command().hasBeginLeadership()).isTrue();
        Answer answer = apply(begin.command().toBuilder());
        begin.reply().accept(answer);
        return answer.getRevision();
    }

    private Committer.Submit submitted() {
        return committer.expectMessageClass(Committer.Submit.class, Duration.ofSeconds(20));
    }

    private Answer applySubmitted() {
        Committer.Submit submit = submitted();
        Answer answer = apply(submit.command().toBuilder());
        submit.reply().accept(answer);
        return answer;
    }

    private Answer apply(Command.Builder command) {
        LeaseKeeper.EntryApplied entry = applied(command);
        keeper.tell(entry);
        return entry.applied().results().getFirst().answer();
    }

    private LeaseKeeper.EntryApplied applied(Command.Builder command) {
        synchronized (registry) {
            Result result = registry.apply(++index, command.build());
            return new LeaseKeeper.EntryApplied(new Applied(index, 1, 42, index, List.of(result)));
        }
    }

    private void passUntilDone(CompletableFuture<Answer> answer) throws Exception {
        for (int i = 0; i < 40 && !answer.isDone(); i++) {
            pass(STEP);
        }
        assertThat(answer).isDone();
    }

    private Command submittedWithoutLease() {
        passLongerThanALease();
        assertThat(lapses).hasPositiveValue();
        return submitted().command();
    }

    private void passLongerThanALease() {
        pass(Duration.ofSeconds(5));
    }

    private void pass(Duration time) {
        for (Duration passed = Duration.ZERO; passed.compareTo(time) < 0; passed = passed.plus(STEP)) {
            nanos.addAndGet(STEP.toNanos());
            timers.timePasses(STEP);
            sync();
        }
    }

    /** When it returns, the keeper has taken everything that it was told before. */
    private void sync() {
        CompletableFuture<List<LeaseKeeper.LeasedNode>> asked = new CompletableFuture<>();
        keeper.tell(new LeaseKeeper.AskLeased(asked::complete));
        assertThat(asked.orTimeout(60, TimeUnit.SECONDS).join()).isEmpty();
    }
}
