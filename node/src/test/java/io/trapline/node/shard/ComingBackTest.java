package io.trapline.node.shard;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.AccessAttributes;
import io.trapline.model.AccessFlags;
import io.trapline.model.MemType;
import io.trapline.model.RangeSet;
import io.trapline.model.TypeRun;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.rows.KeyRows;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The order of a vCPU when servers give back what they had (A3, F3, F5, C7). Server 1 has {@code ioreq_server[0]}. */
final class ComingBackTest {
    private static final byte WRITE = AccessAttributes.of(8, true, AccessAttributes.MEM);

    private final RecordingShard shard = new RecordingShard();

    @AfterEach
    void close() {
        shard.close();
    }

    /** Server 1 changes with this table, and has the claim as before. */
    private DecisionTable changed() {
        long revision = shard.rules.revision() + 1;
        return DecisionTable.builder(revision)
                .enabledServer(1, RangeSet.EMPTY, RangeSet.EMPTY, RangeSet.EMPTY)
                .heldClaim(0, 1, AccessFlags.ALL)
                .changed(1, revision)
                .build();
    }

    private static KeyRows key(long sequence) {
        return RecordingShard.keys(sequence);
    }

    @Test
    @DisplayName(
            "A3, F5: a posted write that comes back is carried out after the accesses before it that came back, too")
    void carriesOutAPostedWriteAfterThoseBeforeIt() {
        shard.write(1, RecordingShard.CLAIMED, 0x11).posted(2, RecordingShard.CLAIMED, 0x22);
        shard.rules.postedQueued(1, 0, key(2));
        shard.apply(shard.table(0));
        shard.told();

        shard.giveBack(1, 2);
        assertThat(shard.p2m.read(RecordingShard.CLAIMED, 8))
                .as("1 is not back")
                .isZero();
        shard.giveBack(1, 1);

        assertThat(shard.told()).containsExactly("answer 1 = 0", "left 2 for 1");
        assertThat(shard.p2m.read(RecordingShard.CLAIMED, 8)).isEqualTo(0x22);
    }

    @Test
    @DisplayName(
            "A3: rows of one message are decided in the order of their vCPU, whatever the order in which they came")
    void decidesInOrderWhatCameInAnother() {
        shard.write(1, RecordingShard.CLAIMED, 0x11).write(2, RecordingShard.CLAIMED + 8, 0x22);
        shard.told();
        KeyRows keys = new KeyRows(3);
        keys.add(0, RecordingShard.EPOCH, 2, 0);
        keys.add(1, RecordingShard.EPOCH, 7, 0);
        keys.add(0, RecordingShard.EPOCH, 1, 0);

        shard.rules.decideAgain(1, 0, keys);

        assertThat(shard.told()).containsExactly("forward 1 to 1 at 2000 = 11", "forward 2 to 1 at 2008 = 22");
    }

    @Test
    @DisplayName(
            "C7, A3: nothing follows what a server may give back because it was decided before the server's last change")
    void doesNotFollowWhatAServerMayGiveBackForItsAge() {
        shard.write(1, RecordingShard.CLAIMED, 0x11);
        shard.told();
        shard.apply(changed());
        shard.write(2, RecordingShard.CLAIMED, 0x22);
        assertThat(shard.told()).as("2 would get ahead of 1").isEmpty();

        shard.giveBack(1, 1);

        assertThat(shard.told()).containsExactly("forward 1 to 1 at 2000 = 11", "forward 2 to 1 at 2000 = 22");
    }

    @Test
    @DisplayName("F3: nothing reaches a server that may yet give back a posted write from before its last change")
    void doesNotPassAPostedWriteThatMayComeBack() {
        shard.posted(1, RecordingShard.CLAIMED, 0x11);
        shard.rules.postedQueued(1, 0, key(1));
        shard.told();
        shard.apply(changed());
        shard.write(2, RecordingShard.CLAIMED, 0x22).write(3, RecordingShard.RAM, 0x33);
        assertThat(shard.told()).isEmpty();

        shard.rules.postedDone(1, 0, key(1));

        assertThat(shard.told()).containsExactly("forward 2 to 1 at 2000 = 22", "settled 1 at 1");
    }

    @Test
    @DisplayName("F3, A3: a posted write on its way to a server again is not overtaken, and keeps the low bytes only")
    void waitsUntilAPostedWriteIsThereAgain() {
        byte posted = (byte) (AccessAttributes.of(1, true, AccessAttributes.MEM) | AccessAttributes.POSTED);
        shard.row(1, posted, RecordingShard.CLAIMED, 0x1FF, 1);
        shard.rules.postedQueued(1, 0, key(1));
        shard.giveBack(1, 1);
        shard.write(2, RecordingShard.CLAIMED + 8, 0x22);
        assertThat(shard.told())
                .containsExactly(
                        "forward 1 to 1 at 2000 = ff marks 2", "answer 1 = 0", "forward 1 to 1 at 2000 = ff marks 2");

        shard.rules.postedQueued(1, 0, key(1));

        assertThat(shard.told()).containsExactly("forward 2 to 1 at 2008 = 22");
    }

    @Test
    @DisplayName(
            "F3: a posted write that comes back to a page without memory is not lost: it waits, and what is younger waits behind it")
    void losesNoPostedWriteForLackOfMemory() {
        shard.posted(1, RecordingShard.CLAIMED, 0x11);
        shard.rules.postedQueued(1, 0, key(1));
        shard.budget.isUsedUp = true;
        shard.apply(shard.table(0));
        shard.giveBack(1, 1).read(2, RecordingShard.CLAIMED);
        assertThat(shard.told()).containsExactly("forward 1 to 1 at 2000 = 11 marks 2", "answer 1 = 0");

        shard.budget.isUsedUp = false;
        shard.apply(shard.table(0));

        assertThat(shard.told()).containsExactly("left 1 for 1", "answer 2 = 11");
    }

    @Test
    @DisplayName("F6: settled marks stay below the oldest posted write, also when it comes back behind others")
    void settlesBelowThePostedWriteThatCameBack() {
        shard.posted(1, RecordingShard.CLAIMED, 0x11).posted(2, RecordingShard.CLAIMED, 0x22);
        shard.rules.postedQueued(1, 0, key(1));
        shard.rules.postedQueued(1, 0, key(2));
        shard.giveBack(1, 1);
        shard.rules.postedQueued(1, 0, key(1));
        shard.told();

        shard.write(3, RecordingShard.CLAIMED, 0x33);

        assertThat(shard.told()).as("settled nothing").containsExactly("forward 3 to 1 at 2000 = 33");
    }

    @Test
    @DisplayName("A3: a posted write that comes back waits for an earlier one that is still on its way back")
    void carriesOutPostedWritesInTheirOrder() {
        shard.posted(1, RecordingShard.CLAIMED, 0x11).posted(2, RecordingShard.CLAIMED, 0x22);
        shard.rules.postedQueued(1, 0, key(1));
        shard.rules.postedQueued(1, 0, key(2));
        shard.apply(shard.table(0));

        shard.giveBack(1, 2);
        assertThat(shard.p2m.read(RecordingShard.CLAIMED, 8))
                .as("1 is with the emulator")
                .isZero();
        shard.giveBack(1, 1);

        assertThat(shard.p2m.read(RecordingShard.CLAIMED, 8)).isEqualTo(0x22);
    }

    @Test
    @DisplayName("F3, F4: a posted write that waits for an access is carried out when that access has timed out")
    void carriesOutAPostedWriteBehindWhatHasTimedOut() {
        shard.posted(1, RecordingShard.CLAIMED + 8, 0x11)
                .write(2, RecordingShard.CLAIMED, 0x22)
                .posted(3, RecordingShard.CLAIMED, 0x33);
        shard.rules.postedQueued(1, 0, key(1));
        shard.rules.postedQueued(1, 0, key(3));
        shard.apply(changed());
        shard.giveBack(1, 2);
        shard.giveBack(1, 3);
        shard.told();

        shard.rules.expire(1_000, true);

        assertThat(shard.told()).containsExactly("answer 2 = 0 errno 110", "forward 3 to 1 at 2000 = 33 marks 2");
    }

    @Test
    @DisplayName("F3, A6: a posted write that was let go before it was acknowledged does not come to the server again")
    void saysThatAPostedWriteOfAFencedStreamDoesNotComeAgain() {
        shard.posted(1, RecordingShard.CLAIMED, 0x11);
        shard.open(RecordingShard.EPOCH + 1);
        shard.rules.postedQueued(1, 0, key(1));
        shard.told();

        shard.giveBack(1, 1);

        assertThat(shard.told()).containsExactly("left 1 for 1");
    }

    @Test
    @DisplayName("F3: nothing waits for a posted write whose page has its type again")
    void goesOnWhenAPostedWriteIsWhereItBelongsAgain() {
        shard.posted(1, RecordingShard.CLAIMED, 0x11);
        shard.rules.postedQueued(1, 0, key(1));
        shard.rules.commitTypes(List.of(new TypeRun(2, 1, MemType.RAM_RW)), 1);
        shard.write(2, RecordingShard.RAM, 0x22);
        shard.told();

        shard.rules.commitTypes(List.of(new TypeRun(2, 1, MemType.IOREQ_SERVER_0)), 2);

        assertThat(shard.told()).contains("answer 2 = 0");
    }

    @Test
    @DisplayName("F6, A4: a posted write that another server has had in between comes to the first one marked")
    void marksAPostedWriteThatComesToAServerAgain() {
        DecisionTable elsewhere = shard.builder()
                .enabledServer(2, RangeSet.EMPTY, RangeSet.EMPTY, RangeSet.EMPTY)
                .heldClaim(0, 2, AccessFlags.ALL)
                .build();
        shard.posted(1, RecordingShard.CLAIMED, 0x11);
        shard.rules.postedQueued(1, 0, key(1));
        shard.told();
        shard.apply(elsewhere);
        shard.giveBack(1, 1);
        assertThat(shard.told()).containsExactly("left 1 for 1", "forward 1 to 2 at 2000 = 11 marks 2");
        shard.rules.postedQueued(2, 0, key(1));

        shard.apply(shard.table(AccessFlags.ALL));
        shard.giveBack(2, 1);

        assertThat(shard.told()).containsExactly("left 1 for 2", "forward 1 to 1 at 2000 = 11 marks 3");

        shard.rules.postedQueued(1, 0, key(1));
        shard.giveBack(1, 1);

        assertThat(shard.told()).as("it stays marked").containsExactly("forward 1 to 1 at 2000 = 11 marks 3");
    }

    @Test
    @DisplayName("D1, A2: what is left of an access waits while the domain is paused")
    void doesNotGoOnWithAnAccessWhilePaused() {
        shard.p2m.applyTypes(List.of(new TypeRun(3, 1, MemType.RAM_RW)));
        shard.row(1, WRITE, 0x2FF8, 0x55, 2);
        shard.told();
        shard.apply(shard.builder().state(DecisionTable.State.PAUSED).build());

        shard.complete(1, 1, 0, 0, 0);
        assertThat(shard.told()).isEmpty();
        assertThat(shard.p2m.read(0x3000, 8)).as("the second page").isZero();

        shard.apply(shard.table(AccessFlags.ALL));
        assertThat(shard.told()).containsExactly("answer 1 = 0");
        assertThat(shard.p2m.read(0x3000, 8)).isEqualTo(0x55);
    }
}
