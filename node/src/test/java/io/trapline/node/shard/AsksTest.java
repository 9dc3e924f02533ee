package io.trapline.node.shard;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.AccessAttributes;
import io.trapline.model.AccessFlags;
import io.trapline.model.MemType;
import io.trapline.model.RangeSet;
import io.trapline.model.TypeRun;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.rows.OutcomeRows;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("D-22: what a server's former home had is asked about at the new one")
final class AsksTest {
    private static final long FIRST_HOME = 50;
    private static final long GENERATION = 40;

    private final RecordingShard shard = new RecordingShard();

    AsksTest() {
        shard.apply(table(AccessFlags.ALL, FIRST_HOME));
    }

    @AfterEach
    void close() {
        shard.close();
    }

    private DecisionTable table(int flags, long home) {
        return builder(flags, home).build();
    }

    private DecisionTable.Builder builder(int flags, long home) {
        long revision = shard.rules.revision() + 1;
        DecisionTable.Builder builder = DecisionTable.builder(revision)
                .enabledServer(1, RecordingShard.ranged(), RecordingShard.ranged(), RecordingShard.ranged())
                .changed(1, home)
                .home(1, home, GENERATION);
        return flags == 0 ? builder : builder.heldClaim(0, 1, flags);
    }

    /** The server has come to another home; returns its epoch. */
    private long move(int flags) {
        long home = shard.rules.revision() + 1;
        shard.apply(table(flags, home));
        return home;
    }

    private void completed(long home, long sequence, int part, long value) {
        OutcomeRows rows = new OutcomeRows(1);
        rows.add(0, RecordingShard.EPOCH, sequence, part, value, (byte) 0);
        shard.rules.completed(1, home, rows);
    }

    @Test
    @DisplayName("whole rows, once a home, and the outcome comes from there")
    void asksTheNewHome() {
        shard.write(1, RecordingShard.CLAIMED, 0x11).read(2, RecordingShard.CLAIMED + 8);
        long passed = shard.rules.revision();
        shard.told();

        long home = move(AccessFlags.ALL);
        assertThat(shard.told())
                .containsExactly(
                        "ask 1 for 1 at 2000 = 11 by 0 had since " + passed,
                        "ask 1 for 2 at 2008 = 0 by 0 had since " + passed);
        shard.apply(table(AccessFlags.ALL, home));
        assertThat(shard.told()).as("it was asked already").isEmpty();

        completed(home, 1, 0, 0);
        completed(home, 2, 0, 0x22);
        assertThat(shard.told()).containsExactly("answer 1 = 0", "answer 2 = 22");
    }

    @Test
    @DisplayName("what the former home says afterwards is passed over: outcomes, too, or two emulators would decide")
    void passesOverTheFormerHome() {
        shard.write(1, RecordingShard.CLAIMED, 0x11).posted(2, RecordingShard.CLAIMED, 0x22);
        shard.rules.postedQueued(1, FIRST_HOME, RecordingShard.keys(2));
        move(AccessFlags.ALL);
        shard.told();

        completed(FIRST_HOME, 1, 0, 0);
        shard.rules.decideAgain(1, FIRST_HOME, RecordingShard.keys(1, 2));
        shard.rules.postedDone(1, FIRST_HOME, RecordingShard.keys(2));

        assertThat(shard.told()).isEmpty();
    }

    @Test
    @DisplayName("of two changes applied together, there and back: the home is another all the same")
    void asksAfterThereAndBack() {
        shard.write(1, RecordingShard.CLAIMED, 0x11);
        shard.told();
        shard.apply(table(AccessFlags.ALL, FIRST_HOME + 1));

        assertThat(shard.told()).singleElement().asString().startsWith("ask 1 for 1 ");
    }

    @Test
    @DisplayName("A3: nothing of the vCPU gets ahead of what is asked about")
    void nothingOvertakes() {
        shard.write(1, RecordingShard.CLAIMED, 0x11);
        long home = move(AccessFlags.ALL);
        shard.told();
        shard.write(2, RecordingShard.CLAIMED, 0x22).write(3, RecordingShard.RAM, 0x33);
        assertThat(shard.told()).isEmpty();

        completed(home, 1, 0, 0);

        assertThat(shard.told()).containsExactly("answer 1 = 0", "forward 2 to 1 at 2000 = 22", "settled 1 at 1");
    }

    @Test
    @DisplayName("the part of an access that is there")
    void asksForParts() {
        shard.row(
                1,
                AccessAttributes.of(8, true, AccessAttributes.MEM),
                RecordingShard.CLAIMED + 0xFFC,
                0x1122334455667788L,
                1);
        long passed = shard.rules.revision();
        assertThat(shard.told()).containsExactly("forward 1 to 1 at 2ffc = 55667788");

        long home = move(AccessFlags.ALL);
        assertThat(shard.told()).containsExactly("ask 1 for 1 at 2ffc = 55667788 by 0 had since " + passed);

        completed(home, 1, 0, 0);
        assertThat(shard.told()).contains("forward 1.1 to 1 at 3000 = 11223344");
    }

    @Test
    @DisplayName("F3: posted writes that took effect there, and those that it gave back")
    void asksForPostedWrites() {
        shard.posted(1, RecordingShard.CLAIMED, 0x11).posted(2, RecordingShard.CLAIMED, 0x22);
        long passed = shard.rules.revision();
        shard.rules.postedQueued(1, FIRST_HOME, RecordingShard.keys(1, 2));
        shard.told();
        shard.apply(builder(AccessFlags.ALL, FIRST_HOME)
                .state(DecisionTable.State.PAUSED)
                .build());
        shard.rules.decideAgain(1, FIRST_HOME, RecordingShard.keys(2));
        shard.told();

        long home = shard.rules.revision() + 1;
        shard.apply(
                builder(AccessFlags.ALL, home).state(DecisionTable.State.PAUSED).build());

        assertThat(shard.told())
                .containsExactly(
                        "ask 1 for 1 at 2000 = 11 marks 2 by 0 had since " + passed, "tell 1 that 2 may come again");
    }

    @Test
    @DisplayName("F5: a type change that waits for the former home asks the rows back from the new one")
    void recallsFromTheNewHome() {
        shard.write(1, RecordingShard.CLAIMED, 0x11);
        shard.told();
        shard.rules.commitTypes(List.of(new TypeRun(2, 1, MemType.RAM_RW)), 9);
        assertThat(shard.told()).containsExactly("recall 1 from 1: 1");

        long home = move(AccessFlags.ALL);
        assertThat(shard.told()).contains("recall 2 from 1: 1");
        shard.rules.recalled(1, 1);
        assertThat(shard.told()).as("the former home's word").isEmpty();
        shard.rules.recalled(1, 2);
        assertThat(shard.told()).containsExactly("types 9");

        shard.rules.decideAgain(1, home, RecordingShard.keys(1));
        assertThat(shard.told()).containsExactly("answer 1 = 0");
        assertThat(shard.p2m.read(RecordingShard.CLAIMED, 8)).isEqualTo(0x11);
    }

    @Test
    @DisplayName(
            "A3: nothing follows what was asked about, though the home is the one that it was: it may never have come there")
    void nothingOvertakesAfterAPromotion() {
        shard.write(1, RecordingShard.CLAIMED, 0x11);
        shard.rules.promoted(0);
        shard.apply(table(AccessFlags.ALL, FIRST_HOME));
        assertThat(shard.told()).last().asString().startsWith("ask 1 for 1 ");
        shard.write(2, RecordingShard.CLAIMED, 0x22);
        assertThat(shard.told()).isEmpty();

        shard.rules.decideAgain(1, FIRST_HOME, RecordingShard.keys(1));

        assertThat(shard.told()).containsExactly("forward 1 to 1 at 2000 = 11", "forward 2 to 1 at 2000 = 22");
    }

    @Test
    @DisplayName(
            "F3: servers that have had posted writes hear who decides now, and of what they had given back where it is")
    void saysAgainWhatHasLeft() {
        shard.posted(1, RecordingShard.CLAIMED, 0x11).posted(2, RecordingShard.CLAIMED, 0x22);
        shard.rules.postedQueued(1, FIRST_HOME, RecordingShard.keys(1, 2));
        shard.apply(table(0, FIRST_HOME));
        shard.told();
        shard.rules.decideAgain(1, FIRST_HOME, RecordingShard.keys(1, 2));
        assertThat(shard.told()).containsExactly("left 1 for 1", "left 2 for 1");
        assertThat(shard.p2m.read(RecordingShard.CLAIMED, 8)).isEqualTo(0x22);

        shard.rules.promoted(0);
        shard.apply(table(0, FIRST_HOME));
        assertThat(shard.told()).containsExactly("goes on, says to 1");
        shard.rules.decideAgain(1, FIRST_HOME, RecordingShard.keys(1));

        assertThat(shard.told()).containsExactly("left 1 for 1");
    }

    @Test
    @DisplayName("F3: also where they are at another server by now")
    void saysThatAnotherServerHasIt() {
        shard.posted(1, RecordingShard.CLAIMED, 0x11);
        shard.rules.postedQueued(1, FIRST_HOME, RecordingShard.keys(1));
        shard.apply(builder(0, FIRST_HOME)
                .enabledServer(2, RangeSet.EMPTY, RangeSet.EMPTY, RangeSet.EMPTY)
                .heldClaim(0, 2, AccessFlags.ALL)
                .build());
        shard.told();
        shard.rules.decideAgain(1, FIRST_HOME, RecordingShard.keys(1));
        assertThat(shard.told()).contains("left 1 for 1", "forward 1 to 2 at 2000 = 11 marks 2");

        shard.rules.decideAgain(1, FIRST_HOME, RecordingShard.keys(1));

        assertThat(shard.told()).containsExactly("left 1 for 1");
    }

    @Test
    @DisplayName(
            "S4: a server that was created anew under the id of one that is gone is not asked about what that one had")
    void doesNotAskASuccessor() {
        shard.write(1, RecordingShard.CLAIMED, 0x11);
        shard.told();
        long created = shard.rules.revision() + 1;
        shard.apply(successor(created, created));

        assertThat(shard.told()).containsExactly("answer 1 = 0");
        assertThat(shard.p2m.read(RecordingShard.CLAIMED, 8)).isEqualTo(0x11);
    }

    /** A server that was created at that revision under the id of one that is gone by then. */
    private static DecisionTable successor(long created, long home) {
        return DecisionTable.builder(home)
                .enabledServer(1, RecordingShard.ranged(), RecordingShard.ranged(), RecordingShard.ranged())
                .changed(1, home)
                .home(1, home, created)
                .build();
    }

    @Test
    @DisplayName("S4: nor where that one has been at another home since: it would be passed what it never had")
    void doesNotAskASuccessorThatHasMoved() {
        shard.write(1, RecordingShard.CLAIMED, 0x11).posted(2, RecordingShard.CLAIMED + 8, 0x22);
        shard.rules.postedQueued(1, FIRST_HOME, RecordingShard.keys(2));
        shard.told();
        long created = shard.rules.revision() + 2;
        shard.apply(successor(created, created + 1));

        assertThat(shard.told()).containsExactly("answer 1 = 0", "left 2 for 1");
        assertThat(shard.p2m.read(RecordingShard.CLAIMED, 8)).isEqualTo(0x11);
        assertThat(shard.p2m.read(RecordingShard.CLAIMED + 8, 8)).isEqualTo(0x22);
    }

    @Test
    @DisplayName("S4: nor by another copy of the shard, which does not know where it was passed")
    void doesNotAskASuccessorAfterAPromotion() {
        shard.write(1, RecordingShard.CLAIMED, 0x11);
        shard.told();
        shard.rules.promoted(0);
        long created = shard.rules.revision() + 1;
        shard.apply(successor(created, created));

        assertThat(shard.told()).containsExactly("answer 1 = 0");
    }

    @Test
    @DisplayName(
            "F5: what waits to be decided when its server is gone is no affair of the next one of that id, wherever that moves")
    void tellsASuccessorNothing() {
        shard.posted(1, RecordingShard.CLAIMED, 0x11);
        shard.rules.postedQueued(1, FIRST_HOME, RecordingShard.keys(1));
        shard.rules.leased(false);
        shard.told();
        long created = shard.rules.revision() + 1;
        shard.apply(successor(created, created));
        shard.apply(successor(created, created + 1));
        shard.rules.promoted(0);
        shard.apply(successor(created, created + 1));

        assertThat(shard.told()).containsExactly("goes on, says to 1");
        shard.rules.leased(true);
        assertThat(shard.told()).containsExactly("left 1 for 1");
        assertThat(shard.p2m.read(RecordingShard.CLAIMED, 8)).isEqualTo(0x11);
    }

    @Test
    @DisplayName("F6: passed to the same server again, it says since when it may have had it")
    void saysSinceWhen() {
        shard.tellsSince = true;
        shard.write(1, RecordingShard.CLAIMED, 0x11);
        long passed = shard.rules.revision();
        shard.apply(table(AccessFlags.ALL, FIRST_HOME));
        shard.told();
        shard.rules.decideAgain(1, FIRST_HOME, RecordingShard.keys(1));

        assertThat(shard.told()).containsExactly("forward 1 to 1 at 2000 = 11 had since " + passed);
    }

    @Test
    @DisplayName("D-18: what a server that is cut off has is given up 2.2 s after its time, and not before")
    void givesUpWhatACutOffServerHas() {
        shard.write(1, RecordingShard.CLAIMED, 0x11).write(2, RecordingShard.RAM, 0x22);
        shard.told();
        long end = 1_000 + ShardRules.GIVE_UP_NANOS;
        assertThat(shard.rules.hasOutstanding()).isTrue();
        assertThat(shard.rules.isOverdue(end - 1)).isFalse();
        shard.rules.expire(1_000, true);
        assertThat(shard.told()).as("what waits behind it").containsExactly("answer 2 = 0 errno 110");
        assertThat(shard.rules.isOverdue(end)).isTrue();

        shard.rules.expire(end, true);

        assertThat(shard.told()).containsExactly("answer 1 = 0 errno 110");
        assertThat(shard.rules.hasOutstanding()).isFalse();
        completed(FIRST_HOME, 1, 0, 0);
        assertThat(shard.told()).as("it has its outcome").isEmpty();
    }

    @Test
    @DisplayName("D-18: and the rest of an access in parts is not carried out")
    void givesUpParts() {
        byte attributes = AccessAttributes.of(8, true, AccessAttributes.MEM);
        shard.row(1, attributes, RecordingShard.CLAIMED + 0xFFC, 0x1122334455667788L, 1);
        shard.told();

        shard.rules.expire(1_000 + ShardRules.GIVE_UP_NANOS, true);

        assertThat(shard.told()).containsExactly("answer 1 = 0 errno 110");
        assertThat(shard.rules.hasOutstanding()).isFalse();
    }

    @Test
    @DisplayName("V-10: a drain waits for what the server has and should not have, wherever its home is")
    void awaitsWhatDoesNotBelongThere() {
        shard.write(1, RecordingShard.CLAIMED, 0x11);
        shard.apply(table(0, FIRST_HOME));
        long drain = shard.rules.revision();
        shard.told();
        shard.rules.awaitReturned(1, drain, 5);
        long home = move(0);
        assertThat(shard.told()).hasSize(2).last().isEqualTo("recall 1 from 1: 1");

        shard.rules.decideAgain(1, home, RecordingShard.keys(1));

        assertThat(shard.told()).containsExactly("answer 1 = 0", "returned 5");
    }

    @Test
    @DisplayName("V-10: and for posted writes")
    void awaitsPostedWrites() {
        shard.posted(1, RecordingShard.CLAIMED, 0x11);
        shard.rules.postedQueued(1, FIRST_HOME, RecordingShard.keys(1));
        shard.apply(table(0, FIRST_HOME));
        shard.told();
        shard.rules.awaitReturned(1, shard.rules.revision(), 5);
        assertThat(shard.told()).isEmpty();

        shard.rules.postedDone(1, FIRST_HOME, RecordingShard.keys(1));

        assertThat(shard.told()).containsExactly("returned 5");
    }

    @Test
    @DisplayName("V-10: but not for what still belongs there")
    void doesNotAwaitWhatBelongsThere() {
        shard.write(1, RecordingShard.CLAIMED, 0x11);
        shard.told();
        shard.apply(table(AccessFlags.ALL, FIRST_HOME));
        shard.rules.awaitReturned(1, shard.rules.revision(), 5);

        assertThat(shard.told()).containsExactly("returned 5");
    }
}
