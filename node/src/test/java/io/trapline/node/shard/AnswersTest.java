package io.trapline.node.shard;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import io.trapline.node.protocol.FirstAnswer;
import io.trapline.node.protocol.RequestName;
import io.trapline.node.replica.StateImage;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What a shard has answered under request ids (section E, V-14). */
final class AnswersTest {
    private static final long CONTENT = 77;
    private static final FirstAnswer REFUSED = FirstAnswer.refused(
            Refusal.invalid("runs[1]", 3, "not of that type").with("first_gfn", 9));

    private final Set<Long> changing = new HashSet<>();
    private final Answers answers = new Answers(changing::contains);

    private static RequestName name(long number) {
        return name(number, 0);
    }

    private static RequestName name(long number, long acknowledged) {
        return new RequestName(5, number, acknowledged, CONTENT);
    }

    private void carryOut(RequestName name, FirstAnswer answer) {
        assertThat(answers.begin(name)).isEmpty();
        answers.end(name, answer, Answers.NO_CHANGE);
    }

    private Errno errno(Optional<FirstAnswer> known) {
        return known.orElseThrow().refusal().orElseThrow().errno();
    }

    @Test
    @DisplayName("a retry gets the first answer, whether that was a refusal or not")
    void givesTheFirstAnswer() {
        carryOut(name(1), FirstAnswer.DONE);
        carryOut(name(2), REFUSED);

        assertThat(answers.begin(name(1))).contains(FirstAnswer.DONE);
        assertThat(answers.begin(name(2))).contains(REFUSED);
        assertThat(answers.find(name(2))).contains(REFUSED);
        assertThat(answers.find(name(3))).isEmpty();
        assertThat(answers.find(new RequestName(6, 1, 0, CONTENT))).isEmpty();
        assertThat(answers.size()).isEqualTo(2);
    }

    @Test
    @DisplayName("a number belongs to one content")
    void refusesOtherContent() {
        carryOut(name(1), FirstAnswer.DONE);

        Optional<FirstAnswer> other = answers.begin(new RequestName(5, 1, 0, CONTENT + 1));

        assertThat(errno(other)).isEqualTo(Errno.EINVAL);
        assertThat(other.orElseThrow().refusal().orElseThrow().metadata())
                .containsEntry("field", "request_id.number")
                .containsEntry("value", "1");
        assertThat(answers.find(name(1))).contains(FirstAnswer.DONE);
    }

    @Test
    @DisplayName("one that is under way is EAGAIN, of unknown effect, until it is over everywhere and rule 0 holds")
    void isNotAnsweredBeforeItIsOver() {
        assertThat(answers.begin(name(1))).isEmpty();
        assertThat(errno(answers.find(name(1)))).isEqualTo(Errno.EAGAIN);
        assertThat(errno(answers.begin(name(1)))).isEqualTo(Errno.EAGAIN);
        assertThat(answers.begin(name(1)).orElseThrow().refusal().orElseThrow().metadata())
                .containsEntry("effect", "unknown");

        changing.add(8L);
        answers.end(name(1), FirstAnswer.DONE, 8);
        assertThat(errno(answers.find(name(1)))).isEqualTo(Errno.EAGAIN);
        changing.clear();
        assertThat(answers.find(name(1))).contains(FirstAnswer.DONE);
    }

    @Test
    @DisplayName("of which nothing was done may be made again")
    void forgetsWhatWasNotDone() {
        assertThat(answers.begin(name(1))).isEmpty();
        answers.drop(name(1));
        answers.drop(name(2));

        assertThat(answers.size()).isZero();
        assertThat(answers.begin(name(1))).isEmpty();
    }

    @Test
    @DisplayName("what the client has is kept no longer, and is ESTALE")
    void forgetsWhatIsAcknowledged() {
        carryOut(name(1), FirstAnswer.DONE);
        carryOut(name(2), FirstAnswer.DONE);
        assertThat(answers.begin(name(3))).isEmpty();
        carryOut(name(5, 3), FirstAnswer.DONE);

        assertThat(answers.size()).as("one is under way, one answered").isEqualTo(2);
        Optional<FirstAnswer> late = answers.begin(name(2));
        assertThat(errno(late)).isEqualTo(Errno.ESTALE);
        assertThat(late.orElseThrow().refusal().orElseThrow().metadata())
                .containsEntry("field", "request_id.number")
                .containsEntry("value", "2")
                .containsEntry("limit", "3");
        answers.end(name(3), FirstAnswer.DONE, Answers.NO_CHANGE);
        assertThat(answers.size()).isEqualTo(1);
        assertThat(answers.begin(name(4))).as("not acknowledged").isEmpty();
    }

    @Test
    @DisplayName("a retry may acknowledge, too")
    void isAcknowledgedByARetry() {
        carryOut(name(1), FirstAnswer.DONE);
        carryOut(name(2), FirstAnswer.DONE);

        assertThat(answers.begin(name(2, 1))).contains(FirstAnswer.DONE);

        assertThat(answers.size()).isEqualTo(1);
    }

    @Test
    @DisplayName("a session that has ended has no answers, and what comes of its calls is kept no more")
    void forgetsASession() {
        carryOut(name(1), FirstAnswer.DONE);
        assertThat(answers.begin(name(2))).isEmpty();
        RequestName other = new RequestName(6, 1, 0, CONTENT);
        carryOut(other, FirstAnswer.DONE);
        assertThat(answers.sessions()).containsExactlyInAnyOrder(5L, 6L);

        answers.forget(5);
        answers.end(name(2), FirstAnswer.DONE, Answers.NO_CHANGE);
        answers.forget(7);

        assertThat(answers.sessions()).containsExactly(6L);
        assertThat(answers.size()).isEqualTo(1);
        assertThat(answers.find(other)).contains(FirstAnswer.DONE);
    }

    @Test
    @DisplayName("section L: a session has so many answers, and so has the shard; beyond, nothing is done")
    void isBounded() {
        long most = Limit.MAX_KEPT_ANSWERS_PER_SESSION.value();
        for (long number = 1; number <= most; number++) {
            carryOut(name(number), FirstAnswer.DONE);
        }
        Refusal full = answers.begin(name(most + 1)).orElseThrow().refusal().orElseThrow();
        assertThat(full.errno()).isEqualTo(Errno.ENOSPC);
        assertThat(full.metadata())
                .containsEntry("field", "request_id.acknowledged_through")
                .containsEntry("limit", String.valueOf(most));
        assertThat(answers.begin(name(1))).contains(FirstAnswer.DONE);
        carryOut(name(most + 1, 1), FirstAnswer.DONE);

        long session = 6;
        while (answers.size() < Limit.MAX_KEPT_ANSWERS_PER_SHARD.intValue()) {
            carryOut(new RequestName(session, answers.size(), 0, CONTENT), FirstAnswer.DONE);
            session += answers.size() % 1000 == 0 ? 1 : 0;
        }
        assertThat(answers.begin(new RequestName(99, 1, 0, CONTENT))
                        .orElseThrow()
                        .refusal()
                        .orElseThrow()
                        .metadata())
                .containsEntry("limit_name", Limit.MAX_KEPT_ANSWERS_PER_SHARD.key());
    }

    @Test
    @DisplayName("D-24: a copy that is made of it is the same")
    void hasAnImage() {
        carryOut(name(1), FirstAnswer.DONE);
        carryOut(name(2, 1), REFUSED);
        assertThat(answers.begin(name(3))).isEmpty();
        changing.add(8L);
        assertThat(answers.begin(name(4))).isEmpty();
        answers.end(name(4), FirstAnswer.DONE, 8);
        carryOut(new RequestName(6, 1, 0, CONTENT), FirstAnswer.DONE);

        Answers copy = new Answers(changing::contains);
        StateImage.into(StateImage.of(answers::image), copy::image);

        assertThat(copy.size()).isEqualTo(answers.size());
        assertThat(copy.sessions()).isEqualTo(answers.sessions());
        assertThat(StateImage.of(copy::image)).isEqualTo(StateImage.of(answers::image));
        assertThat(errno(copy.find(name(1)))).isEqualTo(Errno.ESTALE);
        assertThat(copy.find(name(2))).contains(REFUSED);
        assertThat(errno(copy.find(name(3)))).isEqualTo(Errno.EAGAIN);
        assertThat(errno(copy.find(name(4)))).isEqualTo(Errno.EAGAIN);
    }
}
