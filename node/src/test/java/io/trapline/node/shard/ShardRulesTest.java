package io.trapline.node.shard;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.AccessAttributes;
import io.trapline.model.AccessFlags;
import io.trapline.model.Errno;
import io.trapline.model.MemType;
import io.trapline.model.TypeRun;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.rows.AccessRows;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

final class ShardRulesTest {
    private final RecordingShard shard = new RecordingShard();

    @AfterEach
    void close() {
        shard.close();
    }

    @Test
    @DisplayName("T2, A3: accesses to plain memory take effect at once and in order")
    void carriesOutPlainMemory() {
        shard.write(1, RecordingShard.RAM, 0xABCD).read(2, RecordingShard.RAM);
        assertThat(shard.told()).containsExactly("answer 1 = 0", "answer 2 = abcd");
    }

    @Test
    @DisplayName("C4, A3: neighbours to one server are passed on together, what follows waits for them")
    void passesNeighboursOnTogether() {
        shard.write(1, RecordingShard.CLAIMED, 1)
                .write(2, RecordingShard.CLAIMED + 8, 2)
                .write(3, RecordingShard.RAM, 3);
        assertThat(shard.told()).containsExactly("forward 1 to 1 at 2000 = 1", "forward 2 to 1 at 2008 = 2");

        shard.answer(1, 2, 0);
        assertThat(shard.told()).containsExactly("answer 2 = 0");
        shard.answer(1, 1, 0);
        assertThat(shard.told()).containsExactly("answer 1 = 0", "answer 3 = 0");
    }

    @Test
    @DisplayName("A3: the window across targets, server, memory, server again")
    void keepsOrderAcrossTargets() {
        shard.write(10, RecordingShard.CLAIMED, 1)
                .write(11, RecordingShard.RANGED, 2)
                .read(12, RecordingShard.RAM)
                .write(13, RecordingShard.CLAIMED, 3);
        assertThat(shard.told()).containsExactly("forward 10 to 1 at 2000 = 1", "settled 9 at 1");
        shard.answer(1, 10, 0);
        assertThat(shard.told()).containsExactly("answer 10 = 0", "forward 11 to 2 at 100000 = 2", "settled 10 at 2");
        shard.answer(2, 11, 0);
        assertThat(shard.told())
                .containsExactly("answer 11 = 0", "answer 12 = 0", "forward 13 to 1 at 2000 = 3", "settled 12 at 1");
    }

    @Test
    @DisplayName("A4: a resend joins what is under way and repeats what was answered")
    void answersAResendOnce() {
        shard.write(1, RecordingShard.CLAIMED, 1).write(1, RecordingShard.CLAIMED, 1);
        assertThat(shard.told()).containsExactly("forward 1 to 1 at 2000 = 1");
        shard.answer(1, 1, 0).write(1, RecordingShard.CLAIMED, 1);
        assertThat(shard.told()).containsExactly("answer 1 = 0", "answer 1 = 0");
    }

    @Test
    @DisplayName("A4: a retry whose page changed repeats its outcome and does not touch the page")
    void doesNotCarryOutARetryWhosePageChanged() {
        shard.write(1, RecordingShard.CLAIMED, 0x77).answer(1, 1, 0);
        shard.apply(shard.table(0));
        shard.told();
        shard.write(1, RecordingShard.CLAIMED, 0x77).read(2, RecordingShard.CLAIMED);
        assertThat(shard.told()).containsExactly("answer 1 = 0", "answer 2 = 0");
    }

    @Test
    @DisplayName("A4: a known number with other content is EINVAL, one below the window ESTALE")
    void refusesAKnownNumberWithOtherContent() {
        shard.write(1, RecordingShard.RAM, 1).write(1, RecordingShard.RAM, 2).write(17, RecordingShard.RAM, 3);
        assertThat(shard.told())
                .containsExactly("answer 1 = 0", "answer 1 = 0 errno " + Errno.EINVAL.number(), "answer 17 = 0");
        shard.write(1, RecordingShard.RAM, 1);
        assertThat(shard.told()).containsExactly("answer 1 = 0 errno " + Errno.ESTALE.number());
    }

    @Test
    @DisplayName("F5: what a server gives back is decided again from the page's type, in order")
    void decidesAgainInOrder() {
        shard.write(1, RecordingShard.CLAIMED, 0x11)
                .write(2, RecordingShard.CLAIMED, 0x22)
                .read(3, RecordingShard.CLAIMED);
        shard.told();
        shard.apply(shard.table(0));
        assertThat(shard.told()).as("the server still has them").isEmpty();
        shard.giveBack(1, 1, 2, 3);
        assertThat(shard.told()).containsExactly("answer 1 = 0", "answer 2 = 0", "answer 3 = 22");
    }

    @Test
    @DisplayName("F5: an answered one is done, the one behind it is decided again")
    void completesTheDeliveredAndDecidesTheRestAgain() {
        shard.write(1, RecordingShard.CLAIMED, 0x11).write(2, RecordingShard.CLAIMED + 8, 0x22);
        shard.told();
        shard.apply(shard.table(0));
        shard.giveBack(1, 2);
        assertThat(shard.told()).as("2 waits for 1").isEmpty();
        shard.answer(1, 1, 0);
        assertThat(shard.told()).containsExactly("answer 1 = 0", "answer 2 = 0");
        assertThat(shard.p2m.read(RecordingShard.CLAIMED, 8))
                .as("1 was the emulator's affair")
                .isZero();
        assertThat(shard.p2m.read(RecordingShard.CLAIMED + 8, 8)).isEqualTo(0x22);
    }

    @Test
    @DisplayName("F5: a late answer for what was decided again is nobody's")
    void passesOverALateAnswer() {
        shard.write(1, RecordingShard.CLAIMED, 0x11);
        shard.apply(shard.table(0));
        shard.giveBack(1, 1);
        shard.told();
        shard.answer(1, 1, 0);
        assertThat(shard.told()).isEmpty();
    }

    @Test
    @DisplayName("F4, A3: a timeout at the server is the outcome, and what is behind goes on")
    void takesATimeoutAsOutcome() {
        shard.write(1, RecordingShard.CLAIMED, 1).read(2, RecordingShard.RAM);
        shard.told();
        shard.complete(1, 1, 0, 0, Errno.ETIMEDOUT.number());
        assertThat(shard.told()).containsExactly("answer 1 = 0 errno " + Errno.ETIMEDOUT.number(), "answer 2 = 0");
    }

    @Test
    @DisplayName("A3, A4: what has timed out at its guest's node is not carried out when it comes again from another")
    void remembersWhatHasTimedOutElsewhere() {
        AccessRows over = new AccessRows(1);
        byte attributes = AccessAttributes.of(8, true, AccessAttributes.MEM);
        over.add(0, RecordingShard.EPOCH, 1, attributes, RecordingShard.RAM, 0x55, 1, 16, AccessRows.TIMED_OUT);
        shard.rules.accept(over);
        String timedOut = "answer 1 = 0 errno " + Errno.ETIMEDOUT.number();
        assertThat(shard.told()).containsExactly(timedOut);

        shard.write(2, RecordingShard.RAM + 8, 0x66).write(1, RecordingShard.RAM, 0x55);

        assertThat(shard.told()).containsExactly("answer 2 = 0", timedOut);
        assertThat(shard.p2m.read(RecordingShard.RAM, 8)).isZero();
        assertThat(shard.p2m.read(RecordingShard.RAM + 8, 8)).isEqualTo(0x66);
    }

    @Test
    @DisplayName("A1, F4: what waits for its turn beyond its own timeout fails and is never carried out")
    void expiresWhatWaits() {
        shard.write(1, RecordingShard.CLAIMED, 1).write(2, RecordingShard.RAM, 0x55);
        shard.told();
        shard.rules.expire(999, true);
        assertThat(shard.told()).isEmpty();
        shard.rules.expire(1_000, true);
        assertThat(shard.told()).containsExactly("answer 2 = 0 errno " + Errno.ETIMEDOUT.number());
        shard.answer(1, 1, 0).write(2, RecordingShard.RAM, 0x55);
        assertThat(shard.told()).containsExactly("answer 1 = 0", "answer 2 = 0 errno " + Errno.ETIMEDOUT.number());
        assertThat(shard.p2m.read(RecordingShard.RAM, 8)).isZero();
    }

    @Test
    @DisplayName("D1: nothing is decided while the domain is paused")
    void decidesNothingWhilePaused() {
        shard.apply(shard.builder().state(DecisionTable.State.PAUSED).build());
        shard.write(1, RecordingShard.RAM, 1);
        assertThat(shard.told()).isEmpty();
        shard.apply(shard.table(AccessFlags.ALL));
        assertThat(shard.told()).containsExactly("answer 1 = 0");
    }

    @Test
    @DisplayName("A6: a new epoch lets the older one's accesses go, and refuses its stragglers")
    void fencesOlderEpochs() {
        shard.write(1, RecordingShard.CLAIMED, 1).write(2, RecordingShard.RAM, 2);
        shard.told();
        shard.open(8);
        shard.answer(1, 1, 0).write(2, RecordingShard.RAM, 2);
        assertThat(shard.told()).isEmpty();
        shard.row(8, 1, AccessAttributes.of(8, false, AccessAttributes.MEM), RecordingShard.RAM, 0, 1);
        assertThat(shard.told()).containsExactly("answer 1 = 0");
    }

    @Test
    @DisplayName("T8: without a server reads of nothing are all ones of their size and writes vanish")
    void readsOnesWhereNothingIs() {
        shard.row(1, AccessAttributes.of(2, false, AccessAttributes.MEM), 0x20_0000, 0, 1);
        shard.row(2, AccessAttributes.of(4, true, AccessAttributes.PIO), 0x80, 5, 1);
        assertThat(shard.told()).containsExactly("answer 1 = ffff", "answer 2 = 0");
    }

    @Test
    @DisplayName("A2: a read over a page border is carried out by both pages' types and answered once")
    void cutsAtThePage() {
        shard.p2m.write(0x1FF8, 8, 0x1122334455667788L);
        shard.row(1, AccessAttributes.of(8, false, AccessAttributes.MEM), 0x1FFC, 0, 1);
        assertThat(shard.told()).containsExactly("forward 1.1 to 1 at 2000 = 0");
        shard.complete(1, 1, 1, 0xAABBCCDDL, 0);
        assertThat(shard.told()).containsExactly("answer 1 = aabbccdd11223344");
    }

    @Test
    @DisplayName("A2: three bytes before the border are a two and a one, lower address first")
    void cutsIntoPowersOfTwo() {
        shard.row(1, AccessAttributes.of(8, true, AccessAttributes.MEM), 0x2FFD, 0x8877665544332211L, 1);
        assertThat(shard.told()).containsExactly("forward 1 to 1 at 2ffd = 2211");
        shard.complete(1, 1, 0, 0, 0);
        assertThat(shard.told()).containsExactly("forward 1.1 to 1 at 2fff = 33");
        shard.complete(1, 1, 1, 0, 0);
        assertThat(shard.told()).containsExactly("forward 1.2 to 1 at 3000 = 77665544");
        shard.complete(1, 1, 2, 0, 0);
        assertThat(shard.told()).containsExactly("forward 1.3 to 1 at 3004 = 88");
        shard.complete(1, 1, 3, 0, 0);
        assertThat(shard.told()).containsExactly("answer 1 = 0");
    }

    @Test
    @DisplayName("A2, F5: the rest of a REP is decided anew after a release")
    void decidesTheRestOfARepAnew() {
        shard.row(1, AccessAttributes.of(8, true, AccessAttributes.MEM), 0x2FF0, 0x5A, 4);
        assertThat(shard.told()).containsExactly("forward 1 to 1 at 2ff0 = 5a x2");
        shard.apply(shard.table(0));
        shard.complete(1, 1, 0, 0, 0);
        assertThat(shard.told()).containsExactly("answer 1 = 0");
        assertThat(shard.p2m.read(0x2FF8, 8)).isZero();
        assertThat(shard.p2m.read(0x3000, 8)).isEqualTo(0x5A);
        assertThat(shard.p2m.read(0x3008, 8)).isEqualTo(0x5A);
    }

    @Test
    @DisplayName("A1, A2: a descending REP read returns its last, lowest element")
    void readsTheLastElementOfADescendingRep() {
        shard.p2m.write(0x0FF8, 8, 0xAA);
        shard.p2m.write(0x1000, 8, 0xBB);
        byte down = (byte) (AccessAttributes.of(8, false, AccessAttributes.MEM) | AccessAttributes.DF);
        shard.row(1, down, 0x1000, 0, 2);
        assertThat(shard.told()).containsExactly("answer 1 = aa");
    }

    @Test
    @DisplayName("A1: a REP with a buffer moves memory, one element after the other")
    void movesABuffer() {
        shard.p2m.write(0x4000, 8, 0x11);
        shard.p2m.write(0x4008, 8, 0x22);
        byte fromBuffer = (byte) (AccessAttributes.of(8, true, AccessAttributes.MEM) | AccessAttributes.DATA_IS_PTR);
        shard.row(1, fromBuffer, RecordingShard.RAM, 0x4000, 2);
        byte intoBuffer = (byte) (AccessAttributes.of(8, false, AccessAttributes.MEM) | AccessAttributes.DATA_IS_PTR);
        shard.row(2, intoBuffer, RecordingShard.RAM, 0x5000, 2);
        assertThat(shard.told()).containsExactly("answer 1 = 0", "answer 2 = 0");
        assertThat(shard.p2m.read(RecordingShard.RAM + 8, 8)).isEqualTo(0x22);
        assertThat(shard.p2m.read(0x5008, 8)).isEqualTo(0x22);
    }

    @Test
    @DisplayName("A1, C4: a buffer on a claimed page is EINVAL, so that nothing goes past the claim")
    void refusesABufferOnAClaimedPage() {
        byte intoBuffer = (byte) (AccessAttributes.of(8, false, AccessAttributes.MEM) | AccessAttributes.DATA_IS_PTR);
        shard.row(1, intoBuffer, RecordingShard.RAM, RecordingShard.CLAIMED, 1);
        assertThat(shard.told()).containsExactly("answer 1 = 0 errno " + Errno.EINVAL.number());
    }

    @Test
    @DisplayName("A1: a buffer in another shard is checked there before a server is passed the access")
    void checksABufferInAnotherShard() {
        try (RecordingShard first = new RecordingShard(0x3FFFF)) {
            byte outs = (byte) (AccessAttributes.of(1, true, AccessAttributes.PIO) | AccessAttributes.DATA_IS_PTR);
            first.row(1, outs, 0x60, 0x4000_0000L, 512).row(2, outs, 0x60, 0x4000_0000L, 512);
            assertThat(first.told()).containsExactly("move from 40000000 x512 check");
            first.rules.bufferMoved(first.moves.removeFirst(), true);
            assertThat(first.told()).containsExactly("forward 1 to 2 at 60 = 40000000 x512");
            first.answer(2, 1, 0);
            first.rules.bufferMoved(first.moves.removeFirst(), false);
            assertThat(first.told())
                    .containsExactly(
                            "answer 1 = 0",
                            "move from 40000000 x512 check",
                            "answer 2 = 0 errno " + Errno.EINVAL.number());
        }
    }

    @Test
    @DisplayName("A1: a REP between memory and a buffer in another shard moves its bytes")
    void movesABufferOfAnotherShard() {
        try (RecordingShard first = new RecordingShard(0x3FFFF)) {
            first.p2m.write(RecordingShard.RAM, 8, 0x77);
            byte fill = (byte) (AccessAttributes.of(8, false, AccessAttributes.MEM) | AccessAttributes.DATA_IS_PTR);
            first.row(1, fill, RecordingShard.RAM, 0x4000_0000L, 2);
            assertThat(first.told()).containsExactly("move into 40000000 x16");
            assertThat(first.moves.getFirst().bytes()).startsWith(0x77, 0).hasSize(16);
            first.rules.bufferMoved(first.moves.removeFirst(), true);
            assertThat(first.told()).containsExactly("answer 1 = 0");

            byte take = (byte) (AccessAttributes.of(8, true, AccessAttributes.MEM) | AccessAttributes.DATA_IS_PTR);
            first.row(2, take, RecordingShard.RAM, 0x4000_0000L, 1);
            BufferMove move = first.moves.removeFirst();
            move.bytes()[0] = 0x55;
            first.rules.bufferMoved(move, true);
            assertThat(first.p2m.read(RecordingShard.RAM, 8)).isEqualTo(0x55);
        }
    }

    @Test
    @DisplayName(
            "D1: an access whose buffer comes from another shard while the domain is paused goes on only afterwards, with the buffer as it is then")
    void movesNoBufferWhilePaused() {
        try (RecordingShard first = new RecordingShard(0x3FFFF)) {
            byte take = (byte) (AccessAttributes.of(8, true, AccessAttributes.MEM) | AccessAttributes.DATA_IS_PTR);
            first.row(1, take, RecordingShard.RAM, 0x4000_0000L, 1);
            BufferMove before = first.moves.removeFirst();
            before.bytes()[0] = 0x55;
            first.told();

            first.apply(first.builder().state(DecisionTable.State.PAUSED).build());
            first.rules.bufferMoved(before, true);
            assertThat(first.p2m.read(RecordingShard.RAM, 8)).isZero();
            assertThat(first.told()).isEmpty();

            first.apply(first.table(AccessFlags.ALL));
            BufferMove after = first.moves.removeFirst();
            after.bytes()[0] = 0x66;
            first.rules.bufferMoved(after, true);
            assertThat(first.p2m.read(RecordingShard.RAM, 8)).isEqualTo(0x66);
            assertThat(first.told()).containsExactly("move from 40000000 x8", "answer 1 = 0");
        }
    }

    @Test
    @DisplayName("A1, R2: a string instruction to a port passes the buffer on whole")
    void passesPortStringsOn() {
        byte outs = (byte) (AccessAttributes.of(1, true, AccessAttributes.PIO) | AccessAttributes.DATA_IS_PTR);
        shard.row(1, outs, 0x60, 0x4000, 512);
        assertThat(shard.told()).containsExactly("forward 1 to 2 at 60 = 4000 x512");
    }

    @Test
    @DisplayName("F3: a posted write is done when the server has queued it, and later ones do not wait for it")
    void answersAPostedWriteWhenQueued() {
        shard.posted(1, RecordingShard.CLAIMED, 0x11).read(2, RecordingShard.RAM);
        assertThat(shard.told()).containsExactly("forward 1 to 1 at 2000 = 11 marks 2");
        shard.rules.postedQueued(1, 0, RecordingShard.keys(1));
        assertThat(shard.told()).containsExactly("answer 1 = 0", "answer 2 = 0");
    }

    @Test
    @DisplayName("F3, F5, A3: posted writes that come back are carried out before anything younger of their vCPU")
    void carriesOutReturningPostsFirst() {
        shard.posted(1, RecordingShard.CLAIMED, 0x11);
        shard.rules.postedQueued(1, 0, RecordingShard.keys(1));
        shard.told();
        shard.apply(shard.table(0));
        shard.write(2, RecordingShard.CLAIMED, 0x22);
        assertThat(shard.told()).as("2 waits for the posted one").isEmpty();
        shard.giveBack(1, 1);
        assertThat(shard.told()).containsExactly("left 1 for 1", "answer 2 = 0");
        assertThat(shard.p2m.read(RecordingShard.CLAIMED, 8)).isEqualTo(0x22);
    }

    @Test
    @DisplayName("F3, A6: an acknowledged posted write is not lost when its vCPU is opened anew")
    void keepsPostedWritesAcrossEpochs() {
        shard.posted(1, RecordingShard.CLAIMED, 0x11);
        shard.rules.postedQueued(1, 0, RecordingShard.keys(1));
        shard.open(8);
        shard.apply(shard.table(0));
        shard.giveBack(1, 1);
        assertThat(shard.p2m.read(RecordingShard.CLAIMED, 8)).isEqualTo(0x11);
    }

    @Test
    @DisplayName("F6: a posted write that waits at one server keeps no mark of another server back")
    void settlesAtEachServerByItself() {
        shard.posted(1, RecordingShard.CLAIMED, 0x11);
        shard.rules.postedQueued(1, 0, RecordingShard.keys(1));
        shard.told();

        shard.write(2, RecordingShard.RANGED, 2);

        assertThat(shard.told()).containsExactly("forward 2 to 2 at 100000 = 2", "settled 1 at 2");
    }

    @Test
    @DisplayName("F6: settled marks stay below posted writes that were not carried out")
    void settlesBelowPostedWrites() {
        shard.write(1, RecordingShard.RAM, 0).posted(2, RecordingShard.CLAIMED, 0x11);
        shard.rules.postedQueued(1, 0, RecordingShard.keys(2));
        shard.told();
        shard.write(3, RecordingShard.CLAIMED, 3);
        assertThat(shard.told()).containsExactly("forward 3 to 1 at 2000 = 3", "settled 1 at 1");
        shard.rules.postedDone(1, 0, RecordingShard.keys(2));
        shard.write(4, RecordingShard.CLAIMED, 4);
        assertThat(shard.told()).containsExactly("forward 4 to 1 at 2000 = 4", "settled 2 at 1");
    }

    @Test
    @DisplayName("T6, F5: a type change recalls the ioreqs of its pages and has happened when they are back")
    void recallsWhatATypeChangeCaught() {
        shard.write(1, RecordingShard.CLAIMED, 0x11).write(2, RecordingShard.CLAIMED + 0x1000, 0x22);
        shard.told();
        shard.rules.commitTypes(List.of(new TypeRun(2, 1, MemType.RAM_RW)), 5);
        assertThat(shard.told()).containsExactly("recall 1 from 1: 1");
        shard.giveBack(1, 1);
        shard.rules.recalled(1, 1);
        assertThat(shard.told()).containsExactly("answer 1 = 0", "types 5");
        shard.answer(1, 2, 0);
        assertThat(shard.told()).containsExactly("answer 2 = 0");
        assertThat(shard.p2m.read(RecordingShard.CLAIMED, 8)).isEqualTo(0x11);
    }

    @Test
    @DisplayName("A5: EAGAIN had no effect, is not remembered, and the same number is carried out when it comes again")
    void carriesOutAnAccessThatWasAnsweredEagain() {
        shard.write(1, RecordingShard.CLAIMED, 1)
                .write(2, RecordingShard.CLAIMED, 2)
                .write(3, RecordingShard.CLAIMED, 3);
        shard.told();
        shard.complete(1, 2, 0, 0, Errno.EAGAIN.number()).answer(1, 1, 0);
        assertThat(shard.told()).containsExactly("answer 2 = 0 errno " + Errno.EAGAIN.number(), "answer 1 = 0");
        shard.write(2, RecordingShard.CLAIMED, 2);
        assertThat(shard.told()).containsExactly("forward 2 to 1 at 2000 = 2", "settled 1 at 1");
        shard.answer(1, 3, 0).answer(1, 2, 0);
        assertThat(shard.told()).containsExactly("answer 3 = 0", "answer 2 = 0");
    }

    @Test
    @DisplayName("C5: reset turns the pages of the type into ram_rw")
    void resetsAType() {
        shard.apply(shard.table(0));
        shard.rules.resetType(0, 9);
        assertThat(shard.told()).containsExactly("types 9");
        assertThat(shard.p2m.typeOf(2)).isEqualTo(MemType.RAM_RW.code());
    }

    @Test
    @DisplayName("F5: what a server that is gone still had is decided again")
    void takesBackFromAServerThatIsGone() {
        shard.write(1, RecordingShard.CLAIMED, 0x11);
        shard.told();
        shard.rules.apply(shard.table(0), List.of(), RecordingShard.present(2));
        assertThat(shard.told()).containsExactly("answer 1 = 0");
        assertThat(shard.p2m.read(RecordingShard.CLAIMED, 8)).isEqualTo(0x11);
    }

    @Test
    @DisplayName("F5, F3: also where it is a posted write, once, and before what is younger")
    void takesPostedWritesBackFromAServerThatIsGone() {
        shard.posted(1, RecordingShard.CLAIMED, 0x11);
        shard.rules.postedQueued(1, 0, RecordingShard.keys(1));
        shard.rules.leased(false);
        shard.write(2, RecordingShard.CLAIMED, 0x22);
        shard.told();

        shard.rules.apply(shard.table(0), List.of(), RecordingShard.present(2));
        assertThat(shard.told()).isEmpty();
        shard.rules.leased(true);

        assertThat(shard.told()).containsExactly("left 1 for 1", "answer 2 = 0");
        assertThat(shard.p2m.read(RecordingShard.CLAIMED, 8)).isEqualTo(0x22);
        shard.rules.postedDone(1, 0, RecordingShard.keys(1));
        shard.giveBack(1, 1);
        assertThat(shard.p2m.read(RecordingShard.CLAIMED, 8)).isEqualTo(0x22);
    }

    @Test
    @DisplayName("D-11: without a lease nothing is decided; what waited goes on when there is one")
    void decidesNothingWithoutALease() {
        shard.rules.leased(false);
        shard.write(1, 0x8, 7).read(2, 0x8);
        assertThat(shard.told()).isEmpty();
        shard.apply(shard.table(AccessFlags.ALL));
        assertThat(shard.told()).isEmpty();
        shard.rules.leased(true);
        assertThat(shard.told()).containsExactly("answer 1 = 0", "answer 2 = 7");
    }
}
