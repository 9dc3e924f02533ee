package io.trapline.node.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import io.trapline.v1.RequestId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which client sessions a node believes in (section E). */
final class KnownSessionsTest {
    private final ClientSessions sessions = new ClientSessions();
    private final List<String> ended = new ArrayList<>();
    private final Runnable watcher = new Runnable() {
        @Override
        public void run() {
            ended.add("ended");
        }
    };

    @BeforeEach
    void session5IsOpenAsOfRevision10() {
        sessions.change(10, List.of(5L), List.of());
    }

    @Test
    void anEndedOrUnknownSessionIsEstale() {
        assertThat(begin(5, 1, 0)).isEmpty();
        assertThat(begin(4, 1, 0)).contains(Errno.ESTALE);
        assertThat(begin(0, 1, 0)).contains(Errno.ESTALE);
        sessions.change(11, List.of(), List.of(5L));
        assertThat(begin(5, 1, 0)).contains(Errno.ESTALE);
        assertThat(sessions.hasEnded(5)).isTrue();
    }

    @Test
    void aSessionBeyondWhatTheNodeKnowsIsEagainAndHasNotEnded() {
        assertThat(begin(11, 1, 0)).contains(Errno.EAGAIN);
        assertThat(begin(-1, 1, 0)).contains(Errno.EAGAIN);
        assertThat(sessions.hasEnded(11)).isFalse();
        sessions.change(11, List.of(11L), List.of());
        assertThat(begin(11, 1, 0)).isEmpty();
    }

    @Test
    void whatTheClientWillNotAskAgainIsEstale() {
        assertThat(begin(5, 3, 2)).isEmpty();
        assertThat(begin(5, 2, 0)).contains(Errno.ESTALE);
        assertThat(begin(5, 3, 0)).isEmpty();
    }

    @Test
    void whatIsAcknowledgedHereIsSaidWithEveryCall() {
        begin(5, 9, 8);
        assertThat(sessions.acknowledgedBefore(id(5, 12, 3))).isEqualTo(8);
        assertThat(sessions.acknowledgedBefore(id(5, 7, 3)))
                .as("a late one's own number is not")
                .isEqualTo(6);
        assertThat(sessions.acknowledgedBefore(id(11, 7, 3))).isEqualTo(3);
    }

    @Test
    void tellsTheEndOfASessionOnceAndAlsoAfterIt() {
        sessions.watch(5, watcher);
        sessions.watch(5, watcher);
        sessions.change(11, List.of(), List.of(5L));
        assertThat(ended).hasSize(1);
        sessions.watch(5, watcher);
        assertThat(ended).hasSize(2);
    }

    @Test
    void tellsTheEndOfASessionThatItHasNeverHeardOf() {
        // A peer knew of it when it passed a call on; this node was away, and is told of those that are left.
        sessions.watch(12, watcher);
        sessions.watch(40, watcher);
        sessions.watch(11, watcher);
        assertThat(ended).as("they may be yet to come").isEmpty();

        sessions.change(30, List.of(11L), List.of());
        assertThat(ended).as("12 is over; 11 is not, and 40 is still to come").hasSize(1);

        sessions.change(31, List.of(), List.of());
        assertThat(ended).hasSize(1);
        sessions.change(41, List.of(40L), List.of());
        sessions.change(42, List.of(), List.of(11L, 40L));
        assertThat(ended).hasSize(3);
    }

    @Test
    void tellsOfAcknowledgementsWhereTheyHaveComeToMore() {
        sessions.watch(5, watcher);
        begin(5, 1, 0);
        sessions.tellAcknowledged();
        assertThat(ended).as("nothing is acknowledged").isEmpty();

        begin(5, 4, 2);
        begin(5, 5, 3);
        begin(5, 6, 1);
        assertThat(ended).as("not with every call").isEmpty();
        sessions.tellAcknowledged();
        sessions.tellAcknowledged();
        assertThat(ended).hasSize(1);
        assertThat(sessions.acknowledgedThrough(5)).isEqualTo(3);

        begin(5, 8, 7);
        sessions.change(11, List.of(), List.of(5L));
        sessions.tellAcknowledged();
        assertThat(ended).as("its end, which is all that is left to say").hasSize(2);
        assertThat(sessions.acknowledgedThrough(5)).isZero();
    }

    @Test
    void reportsWhatWasAcknowledgedHereAndNotWhatItWasTold() {
        sessions.change(11, List.of(7L, 9L), List.of());
        begin(5, 4, 2);
        begin(5, 6, 3);
        begin(9, 2, 0);
        sessions.acknowledged(7, 8);
        sessions.acknowledged(4, 8);
        assertThat(sessions.takeAcknowledged()).isEqualTo(Map.of(5L, 3L));
        assertThat(sessions.takeAcknowledged()).isEmpty();
        assertThat(sessions.acknowledgedThrough(7)).isEqualTo(8);

        sessions.acknowledged(5, 9);
        sessions.acknowledged(5, 1);
        assertThat(sessions.takeAcknowledged()).isEmpty();
        assertThat(begin(5, 9, 4)).as("what is acknowledged at another node").contains(Errno.ESTALE);
        sessions.reportAgain();
        assertThat(sessions.takeAcknowledged()).as("to the next leader").isEqualTo(Map.of(5L, 9L));

        sessions.change(12, List.of(), List.of(5L));
        sessions.reportAgain();
        assertThat(sessions.takeAcknowledged()).isEmpty();
    }

    @Test
    void tellsInTheOrderOfAsking() {
        sessions.watch(5, () -> ended.add("first"));
        sessions.watch(5, () -> ended.add("second"));
        sessions.watch(5, watcher);
        sessions.change(11, List.of(), List.of(5L));
        assertThat(ended).containsExactly("first", "second", "ended");
    }

    @Test
    void whoDoesNotWaitAnyMoreIsNotTold() {
        sessions.watch(5, watcher);
        sessions.unwatch(5, watcher);
        sessions.unwatch(4, watcher);
        sessions.change(11, List.of(), List.of(5L));
        assertThat(ended).isEmpty();
    }

    @Test
    void isFullWithAsManyAnswersAsANodeKeeps() {
        sessions.keep(Limit.MAX_KEPT_ANSWERS.intValue() - 1);
        assertThat(sessions.isFull()).isFalse();
        sessions.keep(1);
        assertThat(sessions.isFull()).isTrue();
        sessions.keep(-1);
        assertThat(sessions.isFull()).isFalse();
    }

    @Test
    void namesTheSessionsThatHaveCalledOnce() {
        begin(5, 1, 0);
        begin(5, 2, 0);
        begin(4, 1, 0);
        assertThat(sessions.takeActive()).containsExactly(5L);
        assertThat(sessions.takeActive()).isEmpty();
    }

    private static RequestId id(long session, long number, long acknowledged) {
        return RequestId.newBuilder()
                .setSession(session)
                .setNumber(number)
                .setAcknowledgedThrough(acknowledged)
                .build();
    }

    /** Why a call is refused, if it is. */
    private Optional<Errno> begin(long session, long number, long acknowledged) {
        return sessions.begin(id(session, number, acknowledged)).map(Refusal::errno);
    }
}
