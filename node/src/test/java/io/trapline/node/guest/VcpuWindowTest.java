package io.trapline.node.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.AccessAttributes;
import io.trapline.model.Errno;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.rows.AccessRows;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

final class VcpuWindowTest implements VcpuWindow.Effects {
    private static final long SHARD_BYTES = 1L << 30;
    private static final byte WRITE = AccessAttributes.of(8, true, AccessAttributes.MEM);
    private static final byte READ = AccessAttributes.of(8, false, AccessAttributes.MEM);

    private final List<String> story = new ArrayList<>();
    private final VcpuWindow window = new VcpuWindow(3, 7, 4, new ShardMap(new long[] {0, 1 << 18, 2 << 18}));

    @Override
    public void send(
            int shard,
            int vcpu,
            long epoch,
            long sequence,
            byte attributes,
            long address,
            long data,
            int count,
            int aWindow,
            long deadlineNanos) {
        story.add("send " + sequence + " to " + shard + (deadlineNanos == AccessRows.TIMED_OUT ? ", timed out" : ""));
    }

    @Override
    public void answer(int vcpu, long sequence, long data, byte errno) {
        story.add("answer " + sequence + " = " + Long.toHexString(data) + (errno == 0 ? "" : " errno " + errno));
    }

    private int offer(long sequence, long address) {
        int offered = window.offer(sequence, WRITE, address, 1, 1, 1_000, false);
        window.pump(this);
        return offered;
    }

    private void answered(int shard, long sequence) {
        window.answered(shard, sequence, 0, Errno.OK, this);
        window.pump(this);
    }

    private List<String> told() {
        List<String> told = List.copyOf(story);
        story.clear();
        return told;
    }

    @Test
    @DisplayName("A3: accesses of one shard go together, one to another shard waits")
    void keepsOrderAcrossShards() {
        offer(1, 0);
        offer(2, 8);
        offer(3, SHARD_BYTES);
        offer(4, 0);
        assertThat(told()).containsExactly("send 1 to 0", "send 2 to 0");
        answered(0, 2);
        assertThat(told()).containsExactly("answer 2 = 0");
        answered(0, 1);
        assertThat(told()).containsExactly("answer 1 = 0", "send 3 to 1");
        answered(1, 3);
        assertThat(told()).containsExactly("answer 3 = 0", "send 4 to 0");
    }

    @Test
    @DisplayName("A5: an access to two shards that the first could not carry out now has no effect at the second")
    void goesNoFurtherThanAShardThatCannotNow() {
        offer(1, SHARD_BYTES - 4);
        assertThat(told()).containsExactly("send 1 to 0");

        window.answered(0, 1, 0, (byte) Errno.EAGAIN.number(), this);
        assertThat(told()).containsExactly("answer 1 = 0 errno " + Errno.EAGAIN.number());
        assertThat(offer(1, SHARD_BYTES - 4)).isEqualTo(VcpuWindow.ASKED_AGAIN);
        window.askAgain(1, this);

        assertThat(told()).containsExactly("send 1 to 0");
        answered(0, 1);
        assertThat(told()).containsExactly("send 1 to 1");
    }

    @Test
    @DisplayName("D-20: what a shard owes an outcome for is sent again, in order, when another life decides it")
    void sendsAgainWhatAShardOwes() {
        offer(1, 0);
        offer(2, 8);
        offer(3, 16);
        answered(0, 2);
        offer(2, 8);
        window.askAgain(2, this);
        offer(4, SHARD_BYTES);
        told();

        window.moved(1, this);
        assertThat(told()).isEmpty();
        window.moved(0, this);

        assertThat(told()).containsExactly("send 1 to 0", "send 2 to 0", "send 3 to 0");
    }

    @Test
    @DisplayName("D-20: an access to two shards is sent again to the one that has it")
    void sendsAgainToTheShardThatHasIt() {
        offer(1, SHARD_BYTES - 4);
        answered(0, 1);
        told();

        window.moved(0, this);
        assertThat(told()).isEmpty();
        window.moved(1, this);

        assertThat(told()).containsExactly("send 1 to 1");
        answered(1, 1);
        assertThat(told()).containsExactly("answer 1 = 0");
    }

    @Test
    @DisplayName("A4: below the window ESTALE; a gap, a number beyond the window or other content EINVAL")
    void refusesNumbersThatCannotBe() {
        assertThat(offer(0, 0)).isEqualTo(Errno.EINVAL.number());
        assertThat(offer(2, 0)).as("a gap").isEqualTo(Errno.EINVAL.number());
        for (int i = 1; i <= 4; i++) {
            assertThat(offer(i, 0)).isEqualTo(VcpuWindow.TAKEN);
        }
        assertThat(offer(5, 0)).as("beyond the window").isEqualTo(Errno.EINVAL.number());
        assertThat(offer(4, 8)).as("other content").isEqualTo(Errno.EINVAL.number());
        assertThat(offer(4, 0)).isEqualTo(VcpuWindow.JOINED);
        answered(0, 1);
        assertThat(window.receivedThrough(1)).isTrue();
        assertThat(offer(1, 0)).isEqualTo(Errno.ESTALE.number());
        assertThat(offer(5, 0)).isEqualTo(VcpuWindow.TAKEN);
    }

    @Test
    @DisplayName("A4: a resend of an answered access asks its shard's memory again")
    void asksAgain() {
        offer(1, 0);
        answered(0, 1);
        told();
        assertThat(offer(1, 0)).isEqualTo(VcpuWindow.ASKED_AGAIN);
        window.askAgain(1, this);
        assertThat(told()).containsExactly("send 1 to 0");
        answered(0, 1);
        assertThat(told()).containsExactly("answer 1 = 0");
    }

    @Test
    @DisplayName("A4: received_through cannot pass what has no outcome")
    void refusesReceivedOfWhatIsUnderWay() {
        offer(1, 0);
        offer(2, 0);
        answered(0, 2);
        assertThat(window.receivedThrough(1)).isFalse();
        assertThat(window.receivedThrough(2)).isFalse();
        answered(0, 1);
        assertThat(window.receivedThrough(3)).isFalse();
        assertThat(window.receivedThrough(2)).isTrue();
        assertThat(window.received()).isEqualTo(2);
    }

    @Test
    @DisplayName("A1: a malformed row is EINVAL, uses its number up, and stays EINVAL")
    void usesUpTheNumberOfAMalformedRow() {
        assertThat(window.offer(1, WRITE, -1, 1, 1, 1_000, true)).isEqualTo(Errno.EINVAL.number());
        assertThat(offer(2, 0)).isEqualTo(VcpuWindow.TAKEN);
        assertThat(window.offer(1, WRITE, -1, 1, 1, 1_000, true)).isEqualTo(Errno.EINVAL.number());
        assertThat(told()).containsExactly("send 2 to 0");
        answered(0, 2);
        assertThat(window.receivedThrough(2)).isTrue();
    }

    @Test
    @DisplayName("A1, F4: what times out before its turn is not carried out, and is over when its shard knows")
    void expires() {
        offer(1, 0);
        offer(2, SHARD_BYTES);
        told();
        window.expire(1_000, this);
        assertThat(told()).containsExactly("send 2 to 1, timed out");
        assertThat(offer(2, SHARD_BYTES)).isEqualTo(VcpuWindow.JOINED);
        timedOut(1, 2);
        assertThat(told()).containsExactly("answer 2 = 0 errno " + Errno.ETIMEDOUT.number());
        answered(0, 1);
        assertThat(told()).containsExactly("answer 1 = 0");
        assertThat(offer(2, SHARD_BYTES)).isEqualTo(VcpuWindow.ASKED_AGAIN);
        window.askAgain(2, this);
        assertThat(told()).containsExactly("send 2 to 1, timed out");
    }

    private void timedOut(int shard, long sequence) {
        window.answered(shard, sequence, 0, (byte) Errno.ETIMEDOUT.number(), this);
        window.pump(this);
    }

    @Test
    @DisplayName(
            "A3, D-20: nothing takes effect behind what has timed out before its shard knows: its guest may send it again elsewhere")
    void goesOnWhenItIsKnownWhatHasTimedOut() {
        offer(1, 0);
        window.offer(2, WRITE, SHARD_BYTES, 1, 1, 10, false);
        offer(3, 0);
        told();

        window.expire(10, this);
        answered(0, 1);
        assertThat(told()).containsExactly("send 2 to 1, timed out", "answer 1 = 0");
        window.moved(1, this);
        assertThat(told()).containsExactly("send 2 to 1, timed out");
        timedOut(1, 2);

        assertThat(told()).containsExactly("answer 2 = 0 errno " + Errno.ETIMEDOUT.number(), "send 3 to 0");
    }

    @Test
    @DisplayName("A2, A4: both shards of an access that has timed out know of that")
    void tellsBothShardsOfWhatHasTimedOut() {
        offer(1, 0);
        window.offer(2, WRITE, 2 * SHARD_BYTES - 4, 1, 1, 10, false);
        told();

        window.expire(10, this);
        timedOut(1, 2);
        timedOut(2, 2);

        assertThat(told())
                .containsExactly(
                        "send 2 to 1, timed out",
                        "send 2 to 2, timed out",
                        "answer 2 = 0 errno " + Errno.ETIMEDOUT.number());
    }

    @Test
    @DisplayName("A4, D1: what timed out before its turn is not sent later, also when its place is another's by then")
    void doesNotSendWhatTimedOutBehindThoseThatCameLater() {
        for (long sequence = 1; sequence <= 4; sequence++) {
            window.offer(sequence, WRITE, 0, sequence, 1, 10, false);
        }
        window.expire(10, this);
        assertThat(window.receivedThrough(4)).isFalse();
        for (long sequence = 1; sequence <= 4; sequence++) {
            window.answered(0, sequence, 0, (byte) Errno.ETIMEDOUT.number(), this);
        }
        assertThat(window.receivedThrough(4)).isTrue();
        window.offer(5, WRITE, 0, 5, 1, 1_000, false);
        told();

        window.pump(this);

        assertThat(told()).containsExactly("send 5 to 0");
        answered(0, 5);
        assertThat(told()).containsExactly("answer 5 = 0");
    }

    @Test
    @DisplayName("A2: an access over two shards is carried out by one after the other and answered once")
    void spansShards() {
        window.offer(1, READ, SHARD_BYTES - 4, 0, 1, 1_000, false);
        window.offer(2, READ, 0, 0, 1, 1_000, false);
        window.pump(this);
        assertThat(told()).containsExactly("send 1 to 0");
        window.answered(0, 1, 0x11223344, Errno.OK, this);
        assertThat(told()).containsExactly("send 1 to 1");
        window.answered(1, 1, 0x55667788_00000000L, Errno.OK, this);
        window.pump(this);
        assertThat(told()).containsExactly("answer 1 = 5566778811223344", "send 2 to 0");
    }

    @Test
    @DisplayName("A2: of two shards the first part's failure is the answer")
    void reportsTheFirstFailure() {
        window.offer(1, READ, SHARD_BYTES - 4, 0, 1, 1_000, false);
        window.pump(this);
        window.answered(0, 1, 0, (byte) Errno.ETIMEDOUT.number(), this);
        window.answered(1, 1, 0x55667788_00000000L, Errno.OK, this);
        assertThat(told())
                .containsExactly("send 1 to 0", "send 1 to 1", "answer 1 = 0 errno " + Errno.ETIMEDOUT.number());
    }

    @Test
    @DisplayName("D1: outcomes that were held are asked for again")
    void releasesHeldOutcomes() {
        offer(1, 0);
        answered(0, 1);
        told();
        window.hold(1);
        window.releaseHeld(this);
        assertThat(told()).containsExactly("send 1 to 0");
        window.releaseHeld(this);
        assertThat(told()).isEmpty();
    }

    @Test
    @DisplayName("A4: an answer that nobody waits for changes nothing")
    void passesOverAnswersOfNobody() {
        assertThat(window.answered(0, 1, 0, Errno.OK, this)).isFalse();
        offer(1, 0);
        answered(0, 1);
        told();
        assertThat(window.answered(0, 1, 0, Errno.OK, this)).isFalse();
        assertThat(told()).isEmpty();
    }

    @Test
    @DisplayName("A5: what is put off is to come again under its number, and whatever is behind it after it")
    void putsOffInOrder() {
        assertThat(offer(1, 0)).isEqualTo(VcpuWindow.TAKEN);
        assertThat(window.putOff(1)).isFalse();
        assertThat(window.putOff(3)).isFalse();
        assertThat(window.putOff(2)).isTrue();
        assertThat(window.putOff(3)).isTrue();
        assertThat(window.putOff(5)).isFalse();
        // Beyond the window of 4.
        assertThat(window.putOff(4)).isTrue();
        assertThat(window.putOff(5)).isFalse();
        told();
        // On its way when the gate opened: it must not get ahead, and is nobody's mistake.
        assertThat(offer(4, 0)).isEqualTo(Errno.EAGAIN.number());
        assertThat(offer(5, 0)).isEqualTo(Errno.EINVAL.number());
        assertThat(offer(2, 8)).isEqualTo(VcpuWindow.TAKEN);
        assertThat(offer(4, 0)).isEqualTo(Errno.EAGAIN.number());
        assertThat(offer(3, 8)).isEqualTo(VcpuWindow.TAKEN);
        assertThat(offer(4, 8)).isEqualTo(VcpuWindow.TAKEN);
        assertThat(told()).containsExactly("send 2 to 0", "send 3 to 0", "send 4 to 0");
    }

    @Test
    @DisplayName(
            "A5: what was refused since it was behind what was put off comes again too, and what the guest has sent before it heard so waits for it")
    void waitsForWhatWasBehindWhatWasPutOff() {
        assertThat(offer(1, 0)).isEqualTo(VcpuWindow.TAKEN);
        assertThat(window.putOff(2)).isTrue();
        // The gate is open again: 3 was on its way, and 2 comes again before the guest hears of 3.
        assertThat(offer(3, 0)).isEqualTo(Errno.EAGAIN.number());
        assertThat(offer(2, 0)).isEqualTo(VcpuWindow.TAKEN);
        assertThat(offer(4, 0)).isEqualTo(Errno.EAGAIN.number());
        assertThat(offer(3, 0)).isEqualTo(VcpuWindow.TAKEN);
        assertThat(offer(4, 0)).isEqualTo(VcpuWindow.TAKEN);
        assertThat(offer(6, 0)).as("a gap").isEqualTo(Errno.EINVAL.number());
    }

    @Test
    @DisplayName(
            "D-20: a guest that comes from another node sends again what it has no answer for; what it skips it has")
    void goesOnWhereTheGuestIs() {
        VcpuWindow arriving = VcpuWindow.arriving(3, 7, 4, new ShardMap(new long[1]), 10);
        assertThat(arriving.nextSequence()).isEqualTo(11);
        arriving.arrives(12, true);
        assertThat(arriving.offer(12, WRITE, 0, 1, 1, 1_000, false)).isEqualTo(VcpuWindow.TAKEN);
        arriving.arrives(14, false);
        assertThat(arriving.offer(14, WRITE, 0, 1, 1, 1_000, false)).isEqualTo(VcpuWindow.TAKEN);
        arriving.pump(this);
        assertThat(told()).containsExactly("send 12 to 0", "send 14 to 0");
        assertThat(arriving.mayBeReceived(11)).isTrue();
        assertThat(arriving.mayBeReceived(12)).isFalse();
        arriving.answered(0, 12, 0, Errno.OK, this);
        assertThat(arriving.receivedThrough(13)).isTrue();
        // A1: from the first new one on without gaps.
        arriving.arrives(16, false);
        assertThat(arriving.offer(16, WRITE, 0, 1, 1, 1_000, false)).isEqualTo(Errno.EINVAL.number());
    }

    @Test
    @DisplayName(
            "D-20: a guest that was elsewhere in between, unheard of here, has got an outcome there behind one that it lacks")
    void goesOnWhereTheGuestHasComeBack() {
        assertThat(offer(1, 0)).isEqualTo(VcpuWindow.TAKEN);
        assertThat(window.resumedThrough(0)).isTrue();
        window.arrives(1, true);
        assertThat(offer(1, 0)).isEqualTo(VcpuWindow.JOINED);
        window.arrives(3, true);
        assertThat(offer(3, 0)).isEqualTo(VcpuWindow.TAKEN);
        window.arrives(4, false);
        assertThat(offer(4, 0)).isEqualTo(VcpuWindow.TAKEN);
    }

    @Test
    @DisplayName("A1: a guest that goes on by the same stream skips nothing")
    void skipsNothingOnOneStream() {
        assertThat(offer(1, 0)).isEqualTo(VcpuWindow.TAKEN);
        assertThat(window.receivedThrough(0)).isTrue();
        window.arrives(3, true);

        assertThat(offer(3, 0)).isEqualTo(Errno.EINVAL.number());
    }

    @Test
    @DisplayName("D-20: what lies behind the last that is sent again may have its outcome, too")
    void believesAnArrivingGuestThatItHasWhatFollows() {
        VcpuWindow arriving = VcpuWindow.arriving(3, 7, 4, new ShardMap(new long[1]), 10);
        arriving.arrives(11, true);
        assertThat(arriving.offer(11, WRITE, 0, 1, 1, 1_000, false)).isEqualTo(VcpuWindow.TAKEN);
        arriving.pump(this);
        assertThat(arriving.receivedThrough(14)).isFalse();
        arriving.answered(0, 11, 0, Errno.OK, this);

        assertThat(arriving.receivedThrough(15)).isFalse();
        assertThat(arriving.receivedThrough(14)).isTrue();

        arriving.arrives(15, false);
        assertThat(arriving.offer(15, WRITE, 0, 1, 1, 1_000, false)).isEqualTo(VcpuWindow.TAKEN);
        arriving.pump(this);
        assertThat(told()).containsExactly("send 11 to 0", "answer 11 = 0", "send 15 to 0");
        assertThat(arriving.receivedThrough(16)).isFalse();
    }

    @Test
    @DisplayName(
            "D-11, D-20: what a guest sends again to a node that does not serve yet comes again, and is not taken for answered")
    void doesNotSkipWhatItPutsOff() {
        VcpuWindow arriving = VcpuWindow.arriving(3, 7, 8, new ShardMap(new long[1]), 10);
        for (long sequence : new long[] {11, 12, 14}) {
            arriving.arrives(sequence, true);
            assertThat(arriving.putOff(sequence)).isTrue();
        }
        arriving.arrives(15, false);
        assertThat(arriving.putOff(15)).as("a new one").isTrue();
        assertThat(arriving.nextSequence()).isEqualTo(11);
        for (long sequence : new long[] {11, 12, 14, 15}) {
            arriving.arrives(sequence, false);
            assertThat(arriving.offer(sequence, WRITE, 0, 1, 1, 1_000, false))
                    .as("%d, as a row that comes again on the same stream", sequence)
                    .isEqualTo(VcpuWindow.TAKEN);
        }
        arriving.pump(this);
        assertThat(told()).containsExactly("send 11 to 0", "send 12 to 0", "send 14 to 0", "send 15 to 0");
        arriving.arrives(16, false);
        assertThat(arriving.offer(16, WRITE, 0, 1, 1, 1_000, false)).isEqualTo(VcpuWindow.TAKEN);
        arriving.arrives(18, false);
        assertThat(arriving.offer(18, WRITE, 0, 1, 1, 1_000, false)).as("a gap").isEqualTo(Errno.EINVAL.number());
    }

    @Test
    @DisplayName("A4: at a new node nothing below what the guest has is taken, nor beyond its window")
    void arrivesWithinItsWindow() {
        VcpuWindow arriving = VcpuWindow.arriving(3, 7, 4, new ShardMap(new long[1]), 10);
        arriving.arrives(10, true);
        assertThat(arriving.offer(10, WRITE, 0, 1, 1, 1_000, false)).isEqualTo(Errno.ESTALE.number());
        arriving.arrives(15, true);
        assertThat(arriving.offer(15, WRITE, 0, 1, 1, 1_000, false)).isEqualTo(Errno.EINVAL.number());
        assertThat(arriving.nextSequence()).isEqualTo(11);
    }
}
