package io.trapline.coordinator.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.SessionActivity;
import io.trapline.model.Limit;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("section E: what clients have acknowledged is told to every node, once a second")
final class AcknowledgementsTest {
    private static final long SECOND = Acknowledgements.EVERY.toNanos();

    private final Acknowledgements acknowledgements = new Acknowledgements();

    @Test
    void areToldAtOnceAndThenWithTheNextSecond() {
        assertThat(acknowledgements.take(0)).isEmpty();
        acknowledgements.heard(said(5, 3));
        assertThat(acknowledgements.take(10)).containsExactly(said(5, 3));
        assertThat(acknowledgements.take(10 + SECOND)).as("once").isEmpty();

        acknowledgements.heard(said(5, 4));
        acknowledgements.take(20);
        acknowledgements.heard(said(5, 9, 7, 1));
        acknowledgements.heard(said(5, 6));
        assertThat(acknowledgements.take(9 + SECOND)).isEmpty();
        assertThat(acknowledgements.take(10 + SECOND)).containsExactly(said(5, 9, 7, 1));
    }

    @Test
    void areNoneOfWhichItIsNotSaidHowMuch() {
        acknowledgements.heard(SessionActivity.newBuilder().addSessions(5).build());
        acknowledgements.heard(SessionActivity.newBuilder()
                .addSessions(5)
                .addSessions(6)
                .addAcknowledgedThrough(2)
                .build());
        assertThat(acknowledgements.take(0)).containsExactly(said(5, 2));
    }

    @Test
    void comeInPartsAndAreNoMoreThanSessionsMayBe() {
        long most = Limit.MAX_SESSIONS.value();
        for (long session = 0; session <= most; session++) {
            acknowledgements.heard(said(session, 1));
        }
        acknowledgements.heard(said(0, 2));

        List<SessionActivity> told = acknowledgements.take(0);

        assertThat(told)
                .allMatch(part -> part.getSessionsCount() <= Acknowledgements.MOST_IN_A_MESSAGE)
                .first()
                .matches(part -> part.getAcknowledgedThrough(0) == 2);
        assertThat(told.stream().mapToLong(SessionActivity::getSessionsCount).sum())
                .isEqualTo(most);
    }

    private static SessionActivity said(long... sessionsAndThrough) {
        SessionActivity.Builder said = SessionActivity.newBuilder();
        for (int i = 0; i < sessionsAndThrough.length; i += 2) {
            said.addSessions(sessionsAndThrough[i]).addAcknowledgedThrough(sessionsAndThrough[i + 1]);
        }
        return said.build();
    }
}
