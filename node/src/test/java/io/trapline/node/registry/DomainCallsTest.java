package io.trapline.node.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.EmulatorLine;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A call ends, whatever becomes of the actors that work on it. */
final class DomainCallsTest {
    private static final long HOME = 30;

    private final DomainCalls calls = new DomainCalls(7);
    private final List<Optional<Refusal>> answers = new ArrayList<>();

    @Test
    void anAnswerCountsOnce() {
        DomainCalls.Call call = calls.begin(answers::add);
        call.answer(Optional.empty());
        call.answer(Optional.of(Refusal.noDomain(7)));
        calls.close(Refusal.noDomain(7));
        assertThat(answers).containsExactly(Optional.empty());
        assertThat(calls.size()).isZero();
    }

    @Test
    void theEndOfTheDomainEndsWhatIsUnderWayAndWhatComes() {
        calls.begin(answers::add);
        Refusal gone = Refusal.noDomain(7);
        calls.close(gone);
        DomainCalls.Call late = calls.begin(answers::add);
        assertThat(answers).containsExactly(Optional.of(gone), Optional.of(gone));
        assertThat(late.hasEnded()).isTrue();
        assertThat(calls.size()).isZero();
    }

    @Test
    void whoAnswersOutlivesACallThatFailsAtIt() {
        DomainCalls.Call fails = calls.begin(answers::add);
        fails.onAnswer(answer -> {
            throw new IllegalStateException("nobody has asked for that");
        });
        calls.tell(new CallAnswer.GatePassed(fails.number(), Optional.empty()));
        assertThat(answers).hasSize(1);
        assertThat(answers.get(0).orElseThrow().errno()).isEqualTo(Errno.EAGAIN);
        assertThat(answers.get(0).orElseThrow().metadata()).containsEntry("effect", "unknown");
        assertThat(calls.size()).isZero();
    }

    @Test
    void aCallThatCannotBeAnsweredKeepsNoOtherWaiting() {
        for (int i = 0; i < 3; i++) {
            calls.begin(refusal -> {
                answers.add(refusal);
                throw new IllegalStateException("the client is gone");
            });
        }
        calls.close(Refusal.noDomain(7));
        assertThat(answers).hasSize(3);
        assertThat(calls.size()).isZero();
    }

    @Test
    void aServerThatGoesEndsTheCallsThatWaitForItsGate() {
        DomainCalls.Call waits = calls.begin(server(1, 10), answers::add);
        DomainCalls.Call passed = calls.begin(server(1, 10), answers::add);
        DomainCalls.Call ofAnother = calls.begin(server(2, 11), answers::add);
        DomainCalls.Call ofNone = calls.begin(answers::add);
        passed.gate(Optional.empty());
        calls.serverGone(1, 10);
        assertThat(answers).hasSize(1);
        assertThat(answers.get(0).orElseThrow().errno()).isEqualTo(Errno.ENOENT);
        assertThat(waits.hasEnded()).isTrue();
        assertThat(passed.hasEnded()).isFalse();
        assertThat(ofAnother.hasEnded()).isFalse();
        assertThat(ofNone.hasEnded()).isFalse();
        // Also one that found the server before it went, but not its successor's.
        assertThat(calls.begin(server(1, 10), answers::add).hasEnded()).isTrue();
        assertThat(calls.begin(server(1, 20), answers::add).hasEnded()).isFalse();
    }

    @Test
    void aServerThatMovesEndsTheCallsThatWaitForItsFormerGate() {
        DomainCalls.Call waits = calls.begin(server(1, 10), answers::add);
        DomainCalls.Call passed = calls.begin(server(1, 10), answers::add);
        DomainCalls.Call ofAnother = calls.begin(server(2, 11), answers::add);
        passed.gate(Optional.empty());
        calls.serverMoved(1, HOME + 1);
        assertThat(answers).hasSize(1);
        assertThat(answers.get(0).orElseThrow().errno()).isEqualTo(Errno.EAGAIN);
        assertThat(waits.hasEnded()).isTrue();
        assertThat(passed.hasEnded()).isFalse();
        assertThat(ofAnother.hasEnded()).isFalse();
        // Also one that knew the former home only; the new one is asked.
        assertThat(calls.begin(server(1, 10), answers::add).hasEnded()).isTrue();
        assertThat(calls.begin(server(1, 10, HOME + 1), answers::add).hasEnded())
                .isFalse();
    }

    @Test
    void shardsThatMoveEndTheCallsThatMayHaveAskedThem() {
        DomainCalls.Call ofShards = calls.begin(answers::add);
        DomainCalls.Call gated = calls.begin(server(1, 10), answers::add);
        DomainCalls.Call stream = calls.whileHere(answers::add);
        DomainCalls.Call ofServer = calls.whileHere(server(1, 10), answers::add);
        Refusal moved = Refusal.of(Errno.EAGAIN, "moved");

        calls.shardsMoved(moved);

        assertThat(answers).containsExactly(Optional.of(moved), Optional.of(moved));
        assertThat(ofShards.hasEnded()).isTrue();
        assertThat(gated.hasEnded()).isTrue();
        assertThat(stream.hasEnded()).isFalse();
        assertThat(ofServer.hasEnded()).isFalse();
        calls.serverGone(1, 10);
        assertThat(ofServer.hasEnded()).isTrue();
        calls.close(Refusal.noDomain(7));
        assertThat(stream.hasEnded()).isTrue();
    }

    @Test
    void aGateThatRefusesEndsTheCall() {
        DomainCalls.Call call = calls.begin(server(1, 10), answers::add);
        call.gate(Optional.of(Refusal.of(Errno.ESTALE, "fenced")));
        assertThat(answers.get(0).orElseThrow().errno()).isEqualTo(Errno.ESTALE);
        assertThat(calls.size()).isZero();
    }

    @Test
    void answersFindTheirCallByItsNumberWhileItIsUnderWay() {
        List<CallAnswer> taken = new ArrayList<>();
        DomainCalls.Call first = calls.begin(answers::add);
        DomainCalls.Call second = calls.begin(answers::add);
        second.onAnswer(taken::add);
        CallAnswer done = new CallAnswer.Done(second.number(), 0, Optional.empty());
        calls.tell(done);
        assertThat(taken).containsExactly(done);
        second.answer(Optional.empty());
        calls.tell(done);
        assertThat(taken).hasSize(1);
        assertThat(first.number()).isNotEqualTo(second.number());
    }

    private static ServerHandle server(int id, long generation) {
        return server(id, generation, HOME);
    }

    private static ServerHandle server(int id, long generation, long homeEpoch) {
        return new ServerHandle(id, generation, "mediator", homeEpoch, EmulatorLine.NONE, nobody -> {}, nobody -> {});
    }
}
