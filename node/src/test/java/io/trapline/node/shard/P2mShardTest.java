package io.trapline.node.shard;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.rows.Segments;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.actor.testkit.typed.javadsl.BehaviorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestInbox;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The actor of a shard, message by message. */
final class P2mShardTest {
    private final TestInbox<ShardMessage> peer = TestInbox.create();
    private final List<CallAnswer> answers = new ArrayList<>();
    private final BehaviorTestKit<ShardMessage> shard = BehaviorTestKit.create(P2mShard.create(
            1,
            new ShardMap(new long[] {0, 1 << 18}),
            3 << 18,
            5,
            new HeapBudget(),
            List.of(peer.getRef()::tell, nobody -> {}),
            nobody -> {},
            answers::add));

    private void apply(long revision, DecisionTable.State state) {
        DecisionTable table = DecisionTable.builder(revision).state(state).build();
        shard.run(new ShardMessage.Apply(table, List.of(), Map.of(), () -> {}));
    }

    @Test
    @DisplayName("D1: what another shard's access moves into a buffer here waits while the domain is paused")
    void movesNoPeersBufferWhilePaused() {
        apply(9, DecisionTable.State.RUNNING);
        apply(10, DecisionTable.State.PAUSED);
        BufferMove move = new BufferMove(0, 7, 1, 0, 1L << 30, 1, true, new byte[] {0x55});

        shard.run(new BufferCalls.Ask(0, 1, 0, move));
        assertThat(peer.hasMessages()).isFalse();
        apply(11, DecisionTable.State.RUNNING);

        BufferCalls.Reply reply = (BufferCalls.Reply) peer.receiveMessage();
        assertThat(reply.call()).isEqualTo(1);
        assertThat(reply.ok()).isTrue();
        assertThat(reply.bytes()).isEmpty();
    }

    @Test
    @DisplayName("F2: what is read is answered under the call's number, piece after piece")
    void answersWhatIsRead() {
        apply(9, DecisionTable.State.RUNNING);
        byte[] data = {1, 2, 3};
        long gpa = 1L << 30;
        shard.run(new ShardMessage.WriteSegments(
                7, new Segments(new long[] {gpa, gpa + 4096}, new int[] {1, 2}, new int[] {0, 1}, data)));
        shard.run(new ShardMessage.ReadSegments(8, new long[] {gpa + 4096, gpa}, new int[] {2, 1}));

        assertThat(answers.get(0)).isEqualTo(new CallAnswer.Done(7, 1, Optional.empty()));
        CallAnswer.Read read = (CallAnswer.Read) answers.get(1);
        assertThat(read.call()).isEqualTo(8);
        assertThat(read.data()).containsExactly(2, 3, 1);
    }
}
