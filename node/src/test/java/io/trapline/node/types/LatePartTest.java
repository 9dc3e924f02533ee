package io.trapline.node.types;

import static io.trapline.node.fixture.Shards.PAGES;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Errno;
import io.trapline.model.MemType;
import io.trapline.model.Refusal;
import io.trapline.model.TypeRun;
import io.trapline.node.fixture.Shards;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.Mark;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.protocol.TypesTxn;
import io.trapline.node.registry.DomainCalls;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What was told to a shard before it was asked, and comes after (T6, V-11). */
final class LatePartTest {
    private static final ActorTestKit KIT = ActorTestKit.create();
    private static final Life DEAD = new Life("p", 1);
    private static final Life NEXT = new Life("b", 1);
    /** A number counts for less than a term. */
    private static final TypesTxn OF_DEAD = new TypesTxn(5, DEAD, 900);

    private static final TypesTxn ASKED = new TypesTxn(9, NEXT, 3);
    private static final List<TypeRun> RUNS = List.of(new TypeRun(4, 2, MemType.RAM_RO));

    @AfterAll
    static void shutDown() {
        KIT.shutdownTestKit();
    }

    @Test
    @DisplayName(
            "a part that a dead node, or a server on its behalf, has told is not done after the shard has said that it was not")
    void aLatePartIsNotDone() {
        Shards shards = Shards.small(KIT, 2);
        CallAnswer.Marked before = (CallAnswer.Marked) ask(shards, call -> new ShardMessage.GetMark(call, ASKED));
        assertThat(before.done()).isEmpty();

        assertThat(refusal(ask(shards, call -> part(call, OF_DEAD, OF_DEAD))))
                .hasValueSatisfying(why -> assertThat(why.errno()).isEqualTo(Errno.EAGAIN));
        assertThat(refusal(ask(shards, call -> new ShardMessage.LetPass(0, 1, part(call, OF_DEAD, OF_DEAD)))))
                .isPresent();
        TypesTxn sameTerm = new TypesTxn(9, NEXT, 2);
        assertThat(refusal(ask(shards, call -> part(call, sameTerm, sameTerm)))).isPresent();

        assertThat(type(shards)).isEqualTo(MemType.RAM_RW);
        CallAnswer.Marked after = (CallAnswer.Marked) ask(shards, call -> new ShardMessage.GetMark(call, ASKED));
        assertThat(after.done()).isEmpty();
    }

    @Test
    @DisplayName(
            "a call that a dead node has told a shard to keep is not kept after the shard has said that it keeps none")
    void aLateMarkIsNotKept() {
        Shards shards = Shards.small(KIT, 2);
        ask(shards, call -> new ShardMessage.GetMark(call, ASKED));
        Mark mark = new Mark(OF_DEAD, new TypesMessage.SetTypes(0, RUNS, Optional.empty()));

        assertThat(refusal(ask(shards, call -> new ShardMessage.KeepMark(call, mark))))
                .isPresent();

        CallAnswer.Marked after = (CallAnswer.Marked) ask(shards, call -> new ShardMessage.GetMark(call, ASKED));
        assertThat(after.kept()).isEmpty();
    }

    @Test
    @DisplayName("who has asked finishes the dead node's call under its own name, and it counts as that call")
    void whoHasAskedFinishesIt() {
        Shards shards = Shards.small(KIT, 2);
        ask(shards, call -> new ShardMessage.GetMark(call, ASKED));
        TypesTxn now = new TypesTxn(9, NEXT, 4);

        assertThat(refusal(ask(shards, call -> part(call, OF_DEAD, now)))).isEmpty();

        assertThat(type(shards)).isEqualTo(MemType.RAM_RO);
        CallAnswer.Marked after = (CallAnswer.Marked) ask(shards, call -> new ShardMessage.GetMark(call, now));
        assertThat(after.done()).contains(OF_DEAD);
        // Who asks under an earlier name is late itself, and lets nothing through that was refused before.
        ask(shards, call -> new ShardMessage.GetMark(call, OF_DEAD));
        assertThat(refusal(ask(shards, call -> part(call, OF_DEAD, OF_DEAD)))).isPresent();
    }

    private static ShardMessage.Part part(long call, TypesTxn id, TypesTxn by) {
        return new ShardMessage.Part(id, by, new ShardMessage.CommitTypes(call, RUNS));
    }

    private static MemType type(Shards shards) {
        CallAnswer.Listed listed =
                (CallAnswer.Listed) ask(shards, call -> new ShardMessage.ListTypes(call, 4, PAGES - 4, 1));
        return listed.runs().getFirst().type();
    }

    private static Optional<Refusal> refusal(CallAnswer answer) {
        return ((CallAnswer.Done) answer).refusal();
    }

    private static CallAnswer ask(Shards shards, LongFunction<ShardMessage> message) {
        CompletableFuture<CallAnswer> answer = new CompletableFuture<>();
        DomainCalls.Call call = shards.calls.begin(refusal -> {});
        call.onAnswer(answer::complete);
        shards.routes.getFirst().tell(message.apply(call.number()));
        return answer.orTimeout(60, TimeUnit.SECONDS).join();
    }
}
