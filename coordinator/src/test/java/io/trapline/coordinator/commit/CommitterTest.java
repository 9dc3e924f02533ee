package io.trapline.coordinator.commit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trapline.coordinator.raft.Applied;
import io.trapline.coordinator.raft.Log;
import io.trapline.coordinator.registry.Answers;
import io.trapline.coordinator.registry.Result;
import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.EndSession;
import io.trapline.internal.v1.LogEntry;
import io.trapline.model.Errno;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("E: group commit around a log")
final class CommitterTest {
    private static final ActorTestKit KIT = ActorTestKit.create();
    private static final long COMMITTER = 99;

    private final List<LogEntry> proposed = new CopyOnWriteArrayList<>();
    private final List<CompletableFuture<Void>> outcomes = new CopyOnWriteArrayList<>();
    private final List<Answer> answers = new CopyOnWriteArrayList<>();
    private final AtomicLong term = new AtomicLong(5);
    private final AtomicBoolean alone = new AtomicBoolean();
    private final ActorRef<Committer.Message> committer =
            KIT.spawn(Committer.create(COMMITTER, new FakeLog(), System::nanoTime));

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @BeforeEach
    void lead() {
        committer.tell(new Committer.Leading(5));
    }

    @Test
    void sendsWhatArrivesMeanwhileInTheNextEntry() {
        submit(1);
        await().until(() -> proposed.size() == 1);
        submit(2);
        submit(3);
        applied(proposed.getFirst());

        await().until(() -> proposed.size() == 2);
        assertThat(proposed.get(1).getCommandsList())
                .extracting(each -> each.getEndSession().getSession())
                .containsExactly(2L, 3L);
        assertThat(proposed).extracting(LogEntry::getNumber).containsExactly(1L, 2L);
        applied(proposed.get(1));
        await().until(() -> answers.size() == 3);
        assertThat(answers).extracting(Answer::getRevision).containsExactly(1L, 2L, 3L);
    }

    @Test
    void proposesTheSameEntryAgainWhereTheOutcomeIsNotKnown() {
        submit(1);
        await().until(() -> proposed.size() == 1);
        outcomes.getFirst().completeExceptionally(new IOException("connection lost"));

        await().until(() -> proposed.size() == 2);
        assertThat(proposed.get(1)).isEqualTo(proposed.getFirst());
        assertThat(answers).isEmpty();
        outcomes.get(1).completeExceptionally(new IOException("connection lost"));

        await().until(() -> proposed.size() == 3);
        applied(proposed.getFirst());
        await().until(() -> answers.size() == 1);
        assertThat(answers.getFirst().getRevision()).isEqualTo(1);
    }

    @Test
    void settlesWhatIsUnderWayWhenAnotherLeads() {
        submit(1);
        await().until(() -> proposed.size() == 1);
        submit(2);
        committer.tell(new Committer.Deposed());
        committer.tell(new Committer.Leader("10.0.0.2:7000"));
        submit(3);

        await().until(() -> answers.size() == 2);
        // The term in which the attempt ended is asked for after it has ended.
        term.set(7);
        outcomes.getFirst().completeExceptionally(new IOException("not the leader"));
        committer.tell(new Committer.TermApplied(7));
        submit(4);
        await().until(() -> answers.size() == 3);
        committer.tell(new Committer.TermApplied(8));
        await().until(() -> answers.size() == 4);
        assertThat(answers)
                .extracting(each -> Answers.refusal(each).orElseThrow().errno())
                .containsOnly(Errno.EAGAIN);
        assertThat(Answers.refusal(answers.getLast()).orElseThrow().metadata())
                .containsEntry("leader", "10.0.0.2:7000");
    }

    @Test
    void confirmsThroughTheLog() {
        List<String> outcome = new CopyOnWriteArrayList<>();
        committer.tell(new Committer.Confirm(() -> outcome.add("confirmed"), refusal -> outcome.add("refused")));
        await().until(() -> proposed.size() == 1);
        assertThat(outcome).isEmpty();
        applied(proposed.getFirst());
        await().until(() -> outcome.equals(List.of("confirmed")));

        committer.tell(new Committer.Confirm(() -> outcome.add("confirmed"), refusal -> outcome.add("refused")));
        committer.tell(new Committer.Deposed());
        await().until(() -> outcome.equals(List.of("confirmed", "refused")));
    }

    @Test
    void confirmsAtOnceWhereItIsAlone() {
        alone.set(true);
        List<String> outcome = new CopyOnWriteArrayList<>();
        committer.tell(new Committer.Confirm(() -> outcome.add("confirmed"), refusal -> outcome.add("refused")));

        await().until(() -> outcome.equals(List.of("confirmed")));
        assertThat(proposed).isEmpty();
    }

    private final class FakeLog implements Log {
        @Override
        public CompletionStage<Void> propose(LogEntry entry) {
            CompletableFuture<Void> outcome = new CompletableFuture<>();
            outcomes.add(outcome);
            proposed.add(entry);
            return outcome;
        }

        @Override
        public long writtenTerm() {
            return term.get();
        }

        @Override
        public boolean isAlone() {
            return alone.get();
        }
    }

    private void submit(long session) {
        committer.tell(new Committer.Submit(
                Command.newBuilder()
                        .setEndSession(EndSession.newBuilder().setSession(session))
                        .build(),
                answers::add));
    }

    /** As if the registry had given each command its session's number as revision. */
    private void applied(LogEntry entry) {
        List<Result> results = entry.getCommandsList().stream()
                .map(command -> new Result(
                        Answer.newBuilder()
                                .setRevision(command.getEndSession().getSession())
                                .build(),
                        Optional.empty()))
                .toList();
        committer.tell(new Committer.EntryApplied(
                new Applied(entry.getNumber(), 5, entry.getCommitter(), entry.getNumber(), results)));
    }
}
