package io.trapline.coordinator.registry;

import static io.trapline.coordinator.registry.Cluster.BOB;
import static io.trapline.coordinator.registry.Cluster.claim;
import static io.trapline.coordinator.registry.Cluster.createDomain;
import static io.trapline.coordinator.registry.Cluster.release;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.EndSession;
import io.trapline.internal.v1.LogEntry;
import io.trapline.model.Errno;
import io.trapline.v1.OpenSessionRequest;
import io.trapline.v1.RequestId;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("E: request ids and log entries that are written again")
final class SessionsTest {
    private final Cluster cluster = Cluster.withNode();
    private int domid;
    private int id;
    private long session;

    @BeforeEach
    void openSession() {
        domid = cluster.domain();
        id = cluster.server(domid);
        session = cluster.done(open()).getOpenSession().getSession();
    }

    static Command.Builder open() {
        return Command.newBuilder().setOpenSession(OpenSessionRequest.getDefaultInstance());
    }

    @Test
    void givesARetryTheFirstAnswer() {
        // C2: not EBUSY, as a second claim would get
        Answer first = cluster.done(numbered(1, 0, claim(domid, id, 0, 2)));
        long before = cluster.registry.view().revision();

        Answer again = cluster.done(numbered(1, 0, claim(domid, id, 0, 2)));

        assertThat(again).isEqualTo(first);
        assertThat(cluster.registry.view().revision()).isEqualTo(before);
    }

    @Test
    void decidesARetryAnewAfterACallThatWasPutOff() {
        Command.Builder withoutLeases = numbered(1, 0, createDomain(0));
        withoutLeases.getCreateDomainBuilder().clearUsableNodes();
        cluster.refused(Errno.EAGAIN, withoutLeases);

        int created = cluster.done(numbered(1, 0, createDomain(0)))
                .getCreateDomain()
                .getDomain()
                .getDomid();

        assertThat(created).isEqualTo(domid + 1);
        assertThat(cluster.done(withoutLeases).getCreateDomain().getDomain().getDomid())
                .isEqualTo(created);
    }

    @Test
    void givesARetriedReleaseTheDrainToWaitFor() {
        // C5
        cluster.done(numbered(1, 0, claim(domid, id, 0, 2)));
        Answer first = cluster.done(numbered(2, 0, release(domid, id, 0)));
        cluster.finish(first.getDrain());

        assertThat(cluster.done(numbered(2, 0, release(domid, id, 0)))).isEqualTo(first);
    }

    @Test
    void keepsRefusalsToo() {
        // E
        cluster.done(claim(domid, id, 0, 2));
        Answer refused = cluster.apply(numbered(1, 0, claim(domid, id, 0, 1)));
        cluster.finish(cluster.done(release(domid, id, 0)).getDrain());

        assertThat(Answers.refusal(refused).orElseThrow().errno()).isEqualTo(Errno.EBUSY);
        assertThat(cluster.apply(numbered(1, 0, claim(domid, id, 0, 1)))).isEqualTo(refused);
    }

    @Test
    void refusesTheSameIdWithOtherContent() {
        // E
        cluster.done(numbered(1, 0, claim(domid, id, 0, 2)));

        cluster.refused(Errno.EINVAL, numbered(1, 0, claim(domid, id, 0, 1)));
        cluster.refused(Errno.EINVAL, numbered(1, 0, claim(domid, id, 1, 2)));
        cluster.refused(Errno.EINVAL, numbered(1, 0, createDomain(0)));
        cluster.refused(Errno.EINVAL, numbered(1, 0, claim(domid, id, 0, 2)).setPrincipal(BOB));
    }

    @Test
    void takesARetryForTheSameThoughTheLeaderKnowsOtherNodes() {
        Command.Builder first = numbered(1, 0, createDomain(0));
        Command.Builder again = first.clone();
        again.getCreateDomainBuilder().clearUsableNodes();

        assertThat(cluster.done(first)).isEqualTo(cluster.done(again));
    }

    @Test
    void takesNumbersInAnyOrder() {
        cluster.done(numbered(3, 0, claim(domid, id, 3, 2)));
        cluster.done(numbered(1, 0, claim(domid, id, 1, 2)));
        cluster.done(numbered(2, 1, claim(domid, id, 2, 2)));

        cluster.refused(Errno.ESTALE, numbered(1, 0, claim(domid, id, 1, 2)));
        cluster.done(numbered(3, 0, claim(domid, id, 3, 2)));
    }

    @Test
    void refusesAnAcknowledgedNumberWithEstaleAndChangesNothing() {
        // E
        cluster.done(numbered(1, 0, claim(domid, id, 0, 2)));
        cluster.done(numbered(2, 1, claim(domid, id, 1, 2)));

        assertThat(cluster.refused(Errno.ESTALE, numbered(1, 0, claim(domid, id, 5, 2)))
                        .metadata())
                .containsEntry("field", "request_id.number");
        assertThat(cluster.registry.snapshot().getSessions(0).getAnswersList()).hasSize(1);
    }

    @Test
    void refusesAnEndedSessionWithEstaleAndChangesNothing() {
        // E
        cluster.done(numbered(1, 0, claim(domid, id, 0, 2)));
        cluster.done(end());
        assertThat(cluster.change().getEndedSessionsList()).containsExactly(session);

        cluster.refused(Errno.ESTALE, numbered(1, 0, claim(domid, id, 0, 2)));
        cluster.refused(Errno.ESTALE, numbered(2, 0, claim(domid, id, 1, 2)));
        assertThat(cluster.done(end()).getRevision()).isZero();
    }

    @Test
    void neverGivesASessionOutTwice() {
        cluster.done(end());

        assertThat(cluster.done(open()).getOpenSession().getSession()).isGreaterThan(session);
    }

    @Test
    void refusesMalformedIds() {
        assertThat(cluster.refused(Errno.EINVAL, numbered(0, 0, claim(domid, id, 0, 2)))
                        .metadata())
                .containsEntry("field", "request_id.number");
        assertThat(cluster.refused(Errno.EINVAL, numbered(5, 5, claim(domid, id, 0, 2)))
                        .metadata())
                .containsEntry("field", "request_id.acknowledged_through");
        cluster.refused(Errno.EINVAL, numbered(-1, 0, claim(domid, id, 0, 2)));
    }

    @Test
    void refusesToKeepMoreThan4096AnswersOfASession() {
        // L
        for (int number = 1; number <= 4_096; number++) {
            cluster.apply(numbered(number, 0, release(domid, id, 0)));
        }

        assertThat(cluster.refused(Errno.ENOSPC, numbered(4_097, 0, claim(domid, id, 0, 2)))
                        .metadata())
                .containsEntry("limit", "4096")
                .containsEntry("field", "request_id.acknowledged_through");
        cluster.done(numbered(4_097, 1, claim(domid, id, 0, 2)));
    }

    @Test
    void appliesALogEntryThatWasWrittenTwiceOnce() {
        LogEntry entry = LogEntry.newBuilder()
                .setCommitter(42)
                .setNumber(1)
                .addCommands(claim(domid, id, 0, 2))
                .addCommands(claim(domid, id, 0, 2))
                .addCommands(claim(domid, id, 1, 2))
                .build();
        List<Result> first = cluster.registry.apply(100, entry);
        long before = cluster.registry.view().revision();

        List<Result> again = cluster.registry.apply(101, entry);

        assertThat(again)
                .extracting(Result::answer)
                .isEqualTo(first.stream().map(Result::answer).toList());
        assertThat(again).allMatch(result -> result.change().isEmpty());
        assertThat(cluster.registry.view().revision()).isEqualTo(before);
        assertThat(cluster.registry.appliedIndex()).isEqualTo(101);
        // Commands that share an entry do not share an epoch (C7).
        assertThat(first.get(0).answer().getRevision())
                .isLessThan(first.get(2).answer().getRevision());
        assertThat(Answers.refusal(first.get(1).answer()).orElseThrow().errno()).isEqualTo(Errno.EBUSY);
    }

    @Test
    void ignoresACopyThatArrivesAfterTheNextEntry() {
        LogEntry first = LogEntry.newBuilder()
                .setCommitter(42)
                .setNumber(1)
                .addCommands(claim(domid, id, 0, 2))
                .build();
        cluster.registry.apply(100, first);
        cluster.registry.apply(
                101,
                LogEntry.newBuilder()
                        .setCommitter(42)
                        .setNumber(2)
                        .addCommands(claim(domid, id, 1, 2))
                        .build());

        assertThat(cluster.registry.apply(102, first)).isEmpty();
    }

    private Command.Builder end() {
        return Command.newBuilder().setEndSession(EndSession.newBuilder().setSession(session));
    }

    private Command.Builder numbered(long number, long acknowledged, Command.Builder command) {
        RequestId requestId = RequestId.newBuilder()
                .setSession(session)
                .setNumber(number)
                .setAcknowledgedThrough(acknowledged)
                .build();
        if (command.hasCreateDomain()) {
            command.getCreateDomainBuilder().getRequestBuilder().setRequestId(requestId);
        } else {
            command.getMapMemTypeBuilder().setRequestId(requestId);
        }
        return command;
    }
}
