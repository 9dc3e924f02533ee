package io.trapline.node.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.v1.RequestId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which client sessions a node believes in (section E). */
final class ClientSessionsTest {
    private final ClientSessions sessions = new ClientSessions();
    private final List<Optional<Refusal>> answers = new ArrayList<>();

    @BeforeEach
    void session5IsOpenAsOfRevision10() {
        sessions.change(10, List.of(5L), List.of());
    }

    @Test
    void aCallWithoutARequestIdIsCarriedOutEachTime() {
        assertThat(sessions.begin(Optional.empty(), () -> 1, answers::add)).isPresent();
        assertThat(sessions.begin(Optional.empty(), () -> 1, answers::add)).isPresent();
    }

    @Test
    void whatCameOfACallIsToldToItAndToItsRetries() {
        Consumer<Optional<Refusal>> done = begin(5, 1).orElseThrow();
        assertThat(begin(5, 1)).isEmpty();
        done.accept(Optional.empty());
        assertThat(answers).containsExactly(Optional.empty(), Optional.empty());
        assertThat(begin(5, 1)).isEmpty();
        assertThat(answers).hasSize(3);
    }

    @Test
    void anEndedOrUnknownSessionIsEstale() {
        assertThat(begin(4, 1)).isEmpty();
        assertThat(errno()).isEqualTo(Errno.ESTALE);
        assertThat(begin(0, 1)).isEmpty();
        assertThat(errno()).isEqualTo(Errno.ESTALE);
        sessions.change(11, List.of(), List.of(5L));
        assertThat(begin(5, 1)).isEmpty();
        assertThat(errno()).isEqualTo(Errno.ESTALE);
    }

    @Test
    void aSessionBeyondWhatTheNodeKnowsIsEagain() {
        assertThat(begin(11, 1)).isEmpty();
        assertThat(errno()).isEqualTo(Errno.EAGAIN);
        assertThat(begin(-1, 1)).isEmpty();
        assertThat(errno()).isEqualTo(Errno.EAGAIN);
        sessions.change(11, List.of(11L), List.of());
        assertThat(begin(11, 1)).isPresent();
    }

    @Test
    void aCallUnderWayEndsThoughItsSessionHas() {
        Consumer<Optional<Refusal>> done = begin(5, 1).orElseThrow();
        sessions.change(11, List.of(), List.of(5L));
        done.accept(Optional.empty());
        assertThat(answers).containsExactly(Optional.empty());
    }

    @Test
    void countsWhatIsKeptAcrossSessions() {
        sessions.change(11, List.of(11L), List.of());
        begin(5, 1).orElseThrow().accept(Optional.empty());
        Consumer<Optional<Refusal>> late = begin(11, 1).orElseThrow();
        assertThat(sessions.keptAnswers()).isEqualTo(2);
        sessions.change(12, List.of(), List.of(11L));
        late.accept(Optional.empty());
        assertThat(sessions.keptAnswers()).isEqualTo(1);
        sessions.change(13, List.of(), List.of(5L));
        assertThat(sessions.keptAnswers()).isZero();
    }

    @Test
    void namesTheSessionsThatHaveCalledOnce() {
        begin(5, 1);
        begin(5, 2);
        begin(4, 1);
        assertThat(sessions.takeActive()).containsExactly(5L);
        assertThat(sessions.takeActive()).isEmpty();
    }

    private Optional<Consumer<Optional<Refusal>>> begin(long session, long number) {
        return sessions.begin(
                Optional.of(RequestId.newBuilder()
                        .setSession(session)
                        .setNumber(number)
                        .build()),
                () -> 1,
                answers::add);
    }

    private Errno errno() {
        return answers.getLast().orElseThrow().errno();
    }
}
