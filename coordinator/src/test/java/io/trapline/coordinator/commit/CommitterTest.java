package io.trapline.coordinator.commit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trapline.coordinator.raft.Applied;
import io.trapline.coordinator.registry.Answers;
import io.trapline.coordinator.registry.Result;
import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.EndSession;
import io.trapline.internal.v1.LogEntry;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("E: group commit, and what became of a command is never guessed")
final class CommitterTest {
    private static final ActorTestKit KIT = ActorTestKit.create();
    private static final long COMMITTER = 99;

    private final List<LogEntry> proposed = new CopyOnWriteArrayList<>();
    private final List<CompletableFuture<Void>> outcomes = new CopyOnWriteArrayList<>();
    private final List<Answer> answers = new CopyOnWriteArrayList<>();
    private final ActorRef<Committer.Message> committer = KIT.spawn(Committer.create(COMMITTER, this::propose));

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @BeforeEach
    void lead() {
        committer.tell(new Committer.Leading(true));
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
    void answersEagainOnlyToWhatNeverWentIntoTheLog() {
        submit(1);
        await().until(() -> proposed.size() == 1);
        submit(2);
        committer.tell(new Committer.Leading(false));
        submit(3);

        await().until(() -> answers.size() == 2);
        assertThat(answers)
                .extracting(each -> Answers.refusal(each).map(Refusal::errno))
                .containsOnly(Optional.of(Errno.EAGAIN));

        // Whether the first one was applied shows only now.
        applied(proposed.getFirst());
        await().until(() -> answers.size() == 3);
        assertThat(answers.getLast().getRevision()).isEqualTo(1);
        assertThat(proposed).hasSize(1);
    }

    @Test
    void ignoresEntriesOfOthers() {
        submit(1);
        await().until(() -> proposed.size() == 1);
        committer.tell(new Committer.EntryApplied(new Applied(5, COMMITTER + 1, 1, List.of())));
        committer.tell(new Committer.EntryApplied(new Applied(6, COMMITTER, 7, List.of())));
        submit(2);
        applied(proposed.getFirst());

        await().until(() -> answers.size() == 1 && proposed.size() == 2);
    }

    @Test
    void boundsWhatWaits() {
        submit(0);
        await().until(() -> proposed.size() == 1);
        for (int i = 1; i <= 16_385; i++) {
            submit(i);
        }

        await().until(() -> answers.size() == 1);
        assertThat(Answers.refusal(answers.getFirst()).orElseThrow().errno()).isEqualTo(Errno.EAGAIN);
        applied(proposed.getFirst());
        await().until(() -> proposed.size() == 2);
        assertThat(proposed.get(1).getCommandsCount()).isEqualTo(512);
    }

    @Test
    void refusesACommandThatIsTooLong() {
        committer.tell(new Committer.Submit(
                Command.newBuilder().setPrincipal("x".repeat(70_000)).build(), answers::add));

        await().until(() -> answers.size() == 1);
        assertThat(Answers.refusal(answers.getFirst()).orElseThrow().errno()).isEqualTo(Errno.EINVAL);
        assertThat(proposed).isEmpty();
    }

    private CompletionStage<Void> propose(LogEntry entry) {
        CompletableFuture<Void> outcome = new CompletableFuture<>();
        outcomes.add(outcome);
        proposed.add(entry);
        return outcome;
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
                new Applied(entry.getNumber(), entry.getCommitter(), entry.getNumber(), results)));
    }
}
