package io.trapline.coordinator.commit;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.EndSession;
import io.trapline.internal.v1.LogEntry;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

@DisplayName("E: an entry is settled by being applied, or by an applied entry that can only come after it")
final class CommitLedgerTest {
    private static final long COMMITTER = 99;
    private static final long MILLISECOND = 1_000_000;

    private final List<LogEntry> proposed = new ArrayList<>();
    private final Map<Long, Answer> answers = new HashMap<>();
    private final Map<Long, Refusal> refusals = new HashMap<>();
    private final Map<Long, Long> confirmed = new HashMap<>();
    private final List<Long> wakes = new ArrayList<>();
    private long now;

    private final CommitLedger ledger = new CommitLedger(COMMITTER, new CommitLedger.Effects() {
        @Override
        public void propose(LogEntry entry) {
            proposed.add(entry);
        }

        @Override
        public void answer(long token, Answer answer) {
            assertThat(answers.put(token, answer))
                    .as("answered twice: %d", token)
                    .isNull();
        }

        @Override
        public void refuse(long token, Refusal refusal) {
            assertThat(answers).doesNotContainKey(token);
            assertThat(refusals.put(token, refusal))
                    .as("refused twice: %d", token)
                    .isNull();
        }

        @Override
        public void confirmed(long token, long term) {
            assertThat(refusals).doesNotContainKey(token);
            assertThat(confirmed.put(token, term))
                    .as("confirmed twice: %d", token)
                    .isNull();
        }

        @Override
        public void wakeAt(long nanos) {
            wakes.add(nanos);
        }
    });

    @Nested
    @DisplayName("while it leads")
    final class Leading {
        @Test
        void refusesBeforeItLeadsAndNamesTheLeader() {
            ledger.submit(now, 1, command(1));
            ledger.leader("10.0.0.2:7000");
            ledger.submit(now, 2, command(2));
            ledger.confirm(now, 3, false);

            assertThat(refused(1).metadata()).containsExactly(Map.entry("effect", "none"));
            assertThat(refused(2).errno()).isEqualTo(Errno.EAGAIN);
            assertThat(refused(2).metadata()).containsEntry("leader", "10.0.0.2:7000");
            assertThat(refused(3)).isEqualTo(refused(2));
            assertThat(proposed).isEmpty();
        }

        @Test
        void sendsWhatArrivesMeanwhileInTheNextEntry() {
            lead(5);
            ledger.submit(now, 1, command(1));
            ledger.submit(now, 2, command(2));
            ledger.submit(now, 3, command(3));
            assertThat(proposed).hasSize(1);
            apply(0, 5);

            assertThat(answers).containsOnlyKeys(1L);
            assertThat(proposed).extracting(LogEntry::getNumber).containsExactly(1L, 2L);
            assertThat(proposed.get(1).getCommandsList()).containsExactly(command(2), command(3));
            apply(1, 5);
            assertThat(answers.get(3L)).isEqualTo(answer(3));
        }

        @Test
        void proposesTheSameEntryAgainAfterAFailedAttempt() {
            lead(5);
            ledger.submit(now, 1, command(1));
            ledger.proposalEnded(now, 1, true, 5);
            assertThat(wakes).containsExactly(now + CommitLedger.RETRY_NANOS);
            ledger.tick(now + CommitLedger.RETRY_NANOS - 1);
            assertThat(proposed).hasSize(1);
            ledger.tick(now + CommitLedger.RETRY_NANOS);

            assertThat(proposed).hasSize(2);
            assertThat(proposed.get(1)).isEqualTo(proposed.getFirst());
            apply(0, 5);
            apply(1, 5);
            assertThat(answers).containsOnlyKeys(1L);
        }

        @Test
        void ignoresEntriesOfOthersAndItsOwnOldOnes() {
            lead(5);
            ledger.submit(now, 1, command(1));
            ledger.applied(now, COMMITTER + 1, 1, List.of(Answer.getDefaultInstance()), 5);
            ledger.applied(now, COMMITTER, 0, List.of(), 5);

            assertThat(answers).isEmpty();
            assertThat(proposed).hasSize(1);
        }

        @Test
        void boundsWhatWaitsAndWhatTravels() {
            lead(5);
            for (long token = 0; token <= CommitLedger.MAX_WAITING + 1; token++) {
                ledger.submit(now, token, command(token));
            }
            assertThat(refusals).containsOnlyKeys(CommitLedger.MAX_WAITING + 1L);
            assertThat(refused(CommitLedger.MAX_WAITING + 1L).metadata()).containsEntry("effect", "none");
            apply(0, 5);
            assertThat(proposed.get(1).getCommandsCount()).isEqualTo(CommitLedger.MAX_COMMANDS_PER_ENTRY);
        }

        @Test
        void refusesACommandThatIsTooLong() {
            lead(5);
            ledger.submit(
                    now,
                    1,
                    Command.newBuilder().setPrincipal("x".repeat(70_000)).build());

            assertThat(refused(1).errno()).isEqualTo(Errno.EINVAL);
            assertThat(proposed).isEmpty();
        }
    }

    @Nested
    @DisplayName("confirmations")
    final class Confirmations {
        @Test
        void confirmsAtOnceWhereNobodyElseCanLead() {
            lead(5);
            ledger.confirm(now, 1, true);

            assertThat(confirmed).containsEntry(1L, 5L);
            assertThat(proposed).isEmpty();
        }

        @Test
        void confirmsWithTheNextEntryThatIsBegunAfterwards() {
            lead(5);
            ledger.submit(now, 1, command(1));
            ledger.confirm(now, 2, false);
            ledger.submit(now, 3, command(3));
            apply(0, 5);
            assertThat(confirmed).isEmpty();
            assertThat(proposed).hasSize(2);
            apply(1, 5);

            assertThat(confirmed).containsExactly(Map.entry(2L, 5L));
        }

        @Test
        void beginsEmptyEntriesAtMostEveryTwentyMilliseconds() {
            lead(5);
            ledger.confirm(now, 1, false);
            assertThat(proposed).hasSize(1);
            assertThat(proposed.getFirst().getCommandsCount()).isZero();
            apply(0, 5);
            now += MILLISECOND;
            ledger.confirm(now, 2, false);
            ledger.confirm(now, 3, false);
            assertThat(proposed).hasSize(1);
            assertThat(wakes).containsOnly(CommitLedger.EMPTY_APART_NANOS);
            now = CommitLedger.EMPTY_APART_NANOS;
            ledger.tick(now);

            assertThat(proposed).hasSize(2);
            apply(1, 5);
            assertThat(confirmed).containsOnlyKeys(1L, 2L, 3L);
        }

        @Test
        void ridesWithACommandWithoutWaiting() {
            lead(5);
            ledger.confirm(now, 1, false);
            apply(0, 5);
            ledger.confirm(now, 2, false);
            ledger.submit(now, 3, command(3));
            assertThat(proposed).hasSize(2);
            apply(1, 5);

            assertThat(confirmed).containsKey(2L);
        }

        @Test
        void refusesThemWhenTheLeadershipIsLostEvenIfTheirEntryIsAppliedLater() {
            lead(5);
            ledger.submit(now, 1, command(1));
            apply(0, 5);
            ledger.submit(now, 2, command(2));
            ledger.confirm(now, 3, false);
            ledger.notLeading();
            apply(1, 5);

            assertThat(confirmed).isEmpty();
            assertThat(refusals).containsOnlyKeys(3L);
            assertThat(answers).containsKey(2L);
        }
    }

    @Nested
    @DisplayName("across changes of leader")
    final class Deposed {
        @Test
        void refusesAtOnceOnlyWhatWasNeverProposed() {
            lead(5);
            ledger.submit(now, 1, command(1));
            ledger.submit(now, 2, command(2));
            ledger.notLeading();
            ledger.submit(now, 3, command(3));

            assertThat(refusals).containsOnlyKeys(2L, 3L);
            assertThat(answers).isEmpty();
        }

        @Test
        void answersWhatAnotherLeaderKept() {
            lead(5);
            ledger.submit(now, 1, command(1));
            ledger.notLeading();
            ledger.proposalEnded(now, 1, true, 6);
            apply(0, 5);
            ledger.termApplied(now, 7);

            assertThat(answers).containsOnlyKeys(1L);
            assertThat(refusals).isEmpty();
            assertThat(proposed).hasSize(1);
        }

        @Test
        void refusesWhatALaterTermHasLeftOut() {
            lead(5);
            ledger.submit(now, 1, command(1));
            ledger.notLeading();
            ledger.proposalEnded(now, 1, true, 5);
            ledger.termApplied(now, 5);
            assertThat(refusals).isEmpty();
            ledger.termApplied(now, 6);

            assertThat(refusals).containsOnlyKeys(1L);
            assertThat(refused(1).metadata()).containsEntry("effect", "none");
            assertThat(refused(1).errno()).isEqualTo(Errno.EAGAIN);
        }

        @Test
        void waitsForAnAttemptThatIsOpen() {
            lead(5);
            ledger.submit(now, 1, command(1));
            ledger.notLeading();
            ledger.termApplied(now, 6);
            assertThat(refusals).isEmpty();

            // It may have been appended in term 6, by this coordinator, which led again for a moment.
            ledger.proposalEnded(now, 1, true, 6);
            assertThat(refusals).isEmpty();
            ledger.applied(now, COMMITTER + 1, 1, List.of(), 7);
            assertThat(refusals).containsOnlyKeys(1L);
        }

        @Test
        void learnsByAnEntryOfItsOwnWhatBecameOfOneThatItMayHaveProposedInThisTerm() {
            lead(5);
            ledger.submit(now, 1, command(1));
            ledger.notLeading();
            ledger.termApplied(now, 6);
            lead(6);
            ledger.submit(now, 2, command(2));
            // Nothing of this leadership goes in front of an attempt that may still arrive.
            assertThat(proposed).hasSize(1);
            ledger.proposalEnded(now, 1, true, 6);

            assertThat(refusals).isEmpty();
            assertThat(proposed).hasSize(2);
            apply(1, 6);
            assertThat(refusals).containsOnlyKeys(1L);
            assertThat(answers).containsOnlyKeys(2L);
        }

        @Test
        void asksByAnEmptyEntryWhereNothingElseIsToBeDone() {
            lead(5);
            ledger.submit(now, 1, command(1));
            ledger.notLeading();
            ledger.proposalEnded(now, 1, true, 6);
            lead(6);

            assertThat(proposed).hasSize(2);
            assertThat(proposed.get(1).getCommandsCount()).isZero();
            assertThat(proposed.get(1).getNumber()).isEqualTo(2);
            apply(0, 6);
            apply(1, 6);
            assertThat(answers).containsOnlyKeys(1L);
            assertThat(refusals).isEmpty();
        }

        @Test
        void neverProposesAnEntryOfAnOldLeadershipInANewOne() {
            lead(5);
            ledger.submit(now, 1, command(1));
            ledger.proposalEnded(now, 1, true, 5);
            ledger.notLeading();
            ledger.termApplied(now, 7);
            lead(7);
            now += 10 * CommitLedger.RETRY_NANOS;
            ledger.tick(now);

            assertThat(proposed).hasSize(1);
            assertThat(refusals).containsOnlyKeys(1L);
        }

        @Test
        void takesAnotherTermForAnotherLeadership() {
            lead(5);
            ledger.submit(now, 1, command(1));
            ledger.submit(now, 2, command(2));
            ledger.confirm(now, 3, false);
            lead(7);

            assertThat(refusals).containsOnlyKeys(2L, 3L);
            ledger.proposalEnded(now, 1, true, 7);
            apply(1, 7);
            assertThat(refusals).containsOnlyKeys(1L, 2L, 3L);
        }

        @Test
        void isSettledByTheLeaderThatTheAttemptCameTooLateFor() {
            lead(5);
            ledger.submit(now, 1, command(1));
            ledger.notLeading();
            // Another leads in term 6; the attempt failed since, and was not written in that term.
            ledger.proposalEnded(now, 1, true, 5);
            assertThat(refusals).isEmpty();
            ledger.termApplied(now, 6);

            assertThat(refusals).containsOnlyKeys(1L);
        }

        @Test
        void forgetsAnEmptyEntryWithItsLeadership() {
            lead(5);
            ledger.confirm(now, 1, false);
            ledger.notLeading();
            assertThat(refusals).containsOnlyKeys(1L);
            ledger.proposalEnded(now, 1, true, 5);
            ledger.termApplied(now, 6);
            lead(6);

            assertThat(proposed).hasSize(1);
        }
    }

    private void lead(long term) {
        ledger.leading(now, term);
    }

    /** As if the registry had given each command its session's number as revision. */
    private void apply(int which, long term) {
        LogEntry entry = proposed.get(which);
        List<Answer> results = entry.getCommandsList().stream()
                .map(command -> answer(command.getEndSession().getSession()))
                .toList();
        ledger.applied(now, entry.getCommitter(), entry.getNumber(), results, term);
    }

    private Refusal refused(long token) {
        return Objects.requireNonNull(refusals.get(token));
    }

    private static Answer answer(long revision) {
        return Answer.newBuilder().setRevision(revision).build();
    }

    private static Command command(long session) {
        return Command.newBuilder()
                .setEndSession(EndSession.newBuilder().setSession(session))
                .build();
    }
}
