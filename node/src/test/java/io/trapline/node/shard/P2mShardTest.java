package io.trapline.node.shard;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.VcpusMessage;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.testkit.typed.javadsl.BehaviorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestInbox;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The actor of a shard, message by message. */
final class P2mShardTest {
    private final TestInbox<VcpusMessage> vcpus = TestInbox.create();
    private final TestInbox<ShardMessage> peer = TestInbox.create();
    private final BehaviorTestKit<ShardMessage> shard = BehaviorTestKit.create(
            P2mShard.create(1, 1, 1 << 18, 2 << 18, 3 << 18, 5, new HeapBudget(), vcpus.getRef()));

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

        shard.run(new BufferCalls.Ask(1, move, peer.getRef()));
        assertThat(peer.hasMessages()).isFalse();
        apply(11, DecisionTable.State.RUNNING);

        assertThat(peer.receiveMessage()).isEqualTo(new BufferCalls.Reply(1, true));
    }
}
