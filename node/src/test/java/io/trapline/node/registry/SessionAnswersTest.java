package io.trapline.node.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import io.trapline.node.registry.SessionAnswers.Verdict;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Request ids of one client session (section E, C2): a retry gets the first answer and does nothing. */
final class SessionAnswersTest {
    private static final Verdict CARRY_OUT = new Verdict.CarryOut();
    private static final Optional<Refusal> DONE = Optional.empty();

    private final SessionAnswers<String> answers = new SessionAnswers<>(77);

    @Test
    void aRetryGetsTheFirstAnswer() {
        Optional<Refusal> refused = Optional.of(Refusal.noDomain(7));
        assertThat(begin(1, 0, "a")).isEqualTo(CARRY_OUT);
        assertThat(answers.finish(1, DONE)).containsExactly("a");
        assertThat(begin(2, 0, "b")).isEqualTo(CARRY_OUT);
        assertThat(answers.finish(2, refused)).containsExactly("b");
        assertThat(begin(1, 0, "c")).isEqualTo(new Verdict.Answered(DONE));
        assertThat(begin(2, 0, "d")).isEqualTo(new Verdict.Answered(refused));
    }

    @Test
    void aRetryOfACallUnderWayWaitsForItsAnswer() {
        begin(1, 0, "a");
        assertThat(begin(1, 0, "b")).isEqualTo(new Verdict.Joined());
        assertThat(answers.finish(1, DONE)).containsExactly("a", "b");
    }

    @Test
    void onlySoManyRetriesWait() {
        begin(1, 0, "a");
        for (int i = 0; i < SessionAnswers.MAX_WAITING_RETRIES; i++) {
            assertThat(begin(1, 0, "retry")).isEqualTo(new Verdict.Joined());
        }
        assertThat(errno(begin(1, 0, "late"))).isEqualTo(Errno.EAGAIN);
        assertThat(answers.finish(1, DONE)).hasSize(1 + SessionAnswers.MAX_WAITING_RETRIES);
    }

    @Test
    void anAcknowledgedNumberIsEstale() {
        begin(1, 0, "a");
        answers.finish(1, DONE);
        begin(3, 1, "c");
        assertThat(errno(begin(1, 0, "retry"))).isEqualTo(Errno.ESTALE);
        assertThat(answers.size()).isEqualTo(1);
        // In any order of arrival: 2 was not acknowledged.
        assertThat(begin(2, 1, "b")).isEqualTo(CARRY_OUT);
    }

    @Test
    void acknowledgingACallUnderWayForgetsItWhenItEnds() {
        begin(1, 0, "a");
        begin(2, 1, "b");
        assertThat(answers.finish(1, DONE)).containsExactly("a");
        assertThat(answers.size()).isEqualTo(1);
    }

    @Test
    void eagainIsNotKeptSinceNothingWasDone() {
        begin(1, 0, "a");
        answers.finish(1, Optional.of(Refusal.of(Errno.EAGAIN, "busy")));
        assertThat(begin(1, 0, "again")).isEqualTo(CARRY_OUT);
    }

    @Test
    void keepsOnlySoManyAnswers() {
        int most = Limit.MAX_KEPT_ANSWERS_PER_SESSION.intValue();
        for (int number = 1; number <= most; number++) {
            begin(number, 0, "call");
            answers.finish(number, DONE);
        }
        Verdict oneMore = begin(most + 1, 0, "more");
        assertThat(errno(oneMore)).isEqualTo(Errno.ENOSPC);
        assertThat(refusal(oneMore).metadata()).containsEntry("limit", String.valueOf(most));
        assertThat(begin(most + 1, 1, "more")).isEqualTo(CARRY_OUT);
    }

    @Test
    void aNumberBelongsToOneRequest() {
        assertThat(answers.begin(1, 0, 4711, "a")).isEqualTo(CARRY_OUT);
        Verdict other = answers.begin(1, 0, 4712, "b");
        assertThat(errno(other)).isEqualTo(Errno.EINVAL);
        assertThat(refusal(other).metadata()).containsEntry("field", "request_id.number");
        assertThat(answers.finish(1, DONE)).containsExactly("a");
    }

    private Verdict begin(long number, long acknowledged, String who) {
        return answers.begin(number, acknowledged, 4711, who);
    }

    private static Errno errno(Verdict verdict) {
        return refusal(verdict).errno();
    }

    private static Refusal refusal(Verdict verdict) {
        return switch (verdict) {
            case Verdict.Answered(Optional<Refusal> answer) -> answer.orElseThrow();
            default -> throw new AssertionError(verdict);
        };
    }
}
