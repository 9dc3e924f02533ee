package io.trapline.node.guest;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.rpc.Status;
import io.trapline.model.AccessAttributes;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.rows.AccessRows;
import io.trapline.rpc.Statuses;
import io.trapline.v1.AccessBatch;
import io.trapline.v1.AccessResponse;
import io.trapline.v1.VcpuOpened;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The actor of a domain's vCPUs, from both sides: guests' real streams, and a shard that answers what the test wants. */
final class DomainVcpusTest {
    private static final ActorTestKit KIT = ActorTestKit.create();
    private static final byte WRITE = AccessAttributes.of(8, true, AccessAttributes.MEM);

    private GuestWorld world;

    @BeforeEach
    void start() throws IOException {
        world = new GuestWorld(KIT);
    }

    @AfterEach
    void stop() {
        world.close();
    }

    @AfterAll
    static void shutDown() {
        KIT.shutdownTestKit();
    }

    @Test
    @DisplayName("V-15: while the way to a shard is congested no more is taken from guests than is under way")
    void takesNoMoreThanItsWayTakes() {
        GuestWorld.Guest guest = world.guest();
        VcpuOpened vcpu = guest.open(1);
        world.congested = true;
        int batches = 8;
        for (int i = 1; i <= batches; i++) {
            guest.send(rows(1, i));
        }

        int passed = 0;
        for (Optional<AccessRows> more = world.passedSoon(); more.isPresent(); more = world.passedSoon()) {
            assertThat(more.get().sequence(0)).isEqualTo(++passed);
            world.answer(vcpu, passed, 0, 0);
            assertThat(guest.next().hasAnswers()).isTrue();
        }
        assertThat(passed).isLessThan(batches);

        world.congested = false;
        while (passed < batches) {
            assertThat(world.passed().sequence(0)).isEqualTo(++passed);
            world.answer(vcpu, passed, 0, 0);
        }
    }

    @Test
    @DisplayName(
            "D-16: a guest that comes back with outcomes that it got elsewhere, of which this node has not heard, goes on after them")
    void goesOnWithAGuestThatWasElsewhere() {
        GuestWorld.Guest first = world.guest();
        VcpuOpened opened = first.open(1);
        first.send(rows(1, 1));
        world.passed();
        world.answer(opened, 1, 0, 0);
        assertThat(first.next().hasAnswers()).isTrue();

        GuestWorld.Guest again = world.guest();
        VcpuOpened back = again.goOn(opened, 5);

        assertThat(back.getVcpuEpoch()).isEqualTo(opened.getVcpuEpoch());
        assertThat(back.getNextSequence()).isEqualTo(6);
        assertThat(world.moves)
                .singleElement()
                .satisfies(move -> assertThat(move.getToken()).isEqualTo(opened.getToken()));
        again.send(rows(1, 6));
        assertThat(world.passed().sequence(0)).isEqualTo(6);
    }

    @Test
    @DisplayName(
            "A4: a stream whose vCPU another one has taken over ends, whichever of the two its guest has left: it comes again, and sends nothing that has no answer")
    void endsAStreamWhoseVcpuAnotherHas() {
        GuestWorld.Guest first = world.guest();
        VcpuOpened opened = first.open(1);
        GuestWorld.Guest second = world.guest();
        second.goOn(opened, 0);
        assertThat(first.ended().errno()).isEqualTo(Errno.EAGAIN);

        GuestWorld.Guest third = world.guest();
        third.goOn(opened, 0);
        assertThat(second.ended().errno()).isEqualTo(Errno.EAGAIN);
        third.send(rows(1, 1));
        assertThat(world.passed().sequence(0)).isEqualTo(1);
    }

    @Test
    @DisplayName(
            "D-20: when a shard moves its guests' streams go on: what is at it is sent again, and they are told where they are better off")
    void goesOnWhenAShardMoves() {
        GuestWorld.Guest guest = world.guest();
        VcpuOpened opened = guest.open(1);
        guest.send(rows(1, 1));
        assertThat(world.passed().sequence(0)).isEqualTo(1);

        world.guestsNode = Optional.of("elsewhere:1");
        world.shardMoves();

        assertThat(world.passed().sequence(0)).isEqualTo(1);
        assertThat(guest.next().getRoute().getAddress()).isEqualTo("elsewhere:1");
        world.answer(opened, 1, 0, 0);
        assertThat(guest.next().hasAnswers()).isTrue();

        world.guestsNode = Optional.empty();
        guest.send(rows(1, 2));
        assertThat(world.passed().sequence(0)).isEqualTo(2);
        world.shardMoves();
        assertThat(world.passed().sequence(0)).isEqualTo(2);
        world.answer(opened, 2, 0, 0);
        assertThat(guest.next().hasAnswers()).isTrue();
    }

    @Test
    @DisplayName("A4: on the stream that runs it nobody has more outcomes than that gave")
    void refusesWhatTheStreamThatRunsItHasNotGiven() {
        GuestWorld.Guest guest = world.guest();
        VcpuOpened opened = guest.open(1);

        assertThat(refusal(guest.refusedToGoOn(opened, 5)).errno()).isEqualTo(Errno.EINVAL);
        assertThat(refusal(guest.refusedToGoOn(opened, -1)).errno()).isEqualTo(Errno.EINVAL);
        assertThat(world.moves).isEmpty();
    }

    @Test
    @DisplayName("E: a row that fails at its shard carries its full status where that was asked for")
    void explainsWhatFailsAtAShard() {
        GuestWorld.Guest guest = world.guest();
        VcpuOpened vcpu = guest.open(1);

        guest.send(rows(1, 1).setWantStatus(true));
        world.passed();
        world.answer(vcpu, 1, 0, Errno.ETIMEDOUT.number());

        AccessResponse response = guest.next();
        assertThat(response.getAnswers().getErrno().byteAt(0)).isEqualTo((byte) Errno.ETIMEDOUT.number());
        Refusal why = refusal(response.getAnswers().getStatus(0).getStatus());
        assertThat(why.errno()).isEqualTo(Errno.ETIMEDOUT);
        assertThat(why.metadata())
                .containsEntry("domid", "1")
                .containsEntry("vcpu", "1")
                .containsEntry("sequence", "1");
    }

    @Test
    @DisplayName("E: nobody is told a status that was not asked for; the last sending of the row counts")
    void explainsNothingUnasked() {
        GuestWorld.Guest guest = world.guest();
        VcpuOpened vcpu = guest.open(1);
        guest.send(rows(1, 1));
        world.passed();
        world.answer(vcpu, 1, 0, Errno.ENOSPC.number());
        assertThat(guest.next().getAnswers().getStatusCount()).isZero();

        guest.send(rows(1, 1).setResent(true).setWantStatus(true));
        world.passed();
        world.answer(vcpu, 1, 0, Errno.ENOSPC.number());

        Status status = guest.next().getAnswers().getStatus(0).getStatus();
        assertThat(refusal(status).errno()).isEqualTo(Errno.ENOSPC);
    }

    @Test
    @DisplayName("A4: what timed out before its turn is answered the same when it is sent again")
    void repeatsATimeoutOfItsOwn() {
        GuestWorld.Guest guest = world.guest();
        VcpuOpened vcpu = guest.open(1);
        guest.send(rows(1, 1));
        AccessBatch.Builder waiting =
                rows(1, 2).setAddress(0, GuestWorld.SECOND_SHARD).addTimeoutMs(1);
        guest.send(waiting);
        world.passed();
        AccessRows over = world.passed();
        assertThat(over.deadlineNanos(0)).isEqualTo(AccessRows.TIMED_OUT);
        world.answerFrom(1, vcpu, 2, 0, Errno.ETIMEDOUT.number());
        AccessResponse first = guest.next();
        assertThat(first.getAnswers().getErrno().byteAt(0)).isEqualTo((byte) Errno.ETIMEDOUT.number());

        guest.send(waiting.setResent(true).setWantStatus(true));
        assertThat(world.passed().deadlineNanos(0)).isEqualTo(AccessRows.TIMED_OUT);
        world.answerFrom(1, vcpu, 2, 0, Errno.ETIMEDOUT.number());

        AccessResponse again = guest.next();
        assertThat(again.getAnswers().getErrno().byteAt(0)).isEqualTo((byte) Errno.ETIMEDOUT.number());
        assertThat(refusal(again.getAnswers().getStatus(0).getStatus()).errno()).isEqualTo(Errno.ETIMEDOUT);
    }

    @Test
    @DisplayName("A6, E: rows and marks of a vCPU that was just fenced disturb no other vCPU of their stream")
    void refusesWhatIsOfAFencedVcpuByItself() {
        GuestWorld.Guest guest = world.guest();
        guest.open(1);
        VcpuOpened other = guest.open(2);
        world.guest().open(1);
        assertThat(guest.next().getFenced().getVcpu()).isEqualTo(1);

        guest.send(rows(1, 1)
                .addVcpu(2)
                .addSequence(1)
                .addAddress(64)
                .setAttributes(ByteString.copyFrom(new byte[] {WRITE, WRITE}))
                .addReceivedVcpu(1)
                .addReceivedThrough(0));

        AccessResponse mark = guest.next();
        assertThat(mark.getReceivedRefused().getVcpu()).isEqualTo(1);
        assertThat(refusal(mark.getReceivedRefused().getStatus()).errno()).isEqualTo(Errno.ESTALE);
        AccessResponse row = guest.next();
        assertThat(row.getAnswers().getVcpu(0)).isEqualTo(1);
        assertThat(row.getAnswers().getErrno().byteAt(0)).isEqualTo((byte) Errno.ESTALE.number());
        assertThat(world.passed().size()).isEqualTo(1);
        world.answer(other, 1, 0, Errno.OK);
        assertThat(guest.next().getAnswers().getVcpu(0)).isEqualTo(2);
    }

    @Test
    @DisplayName("A6: a stream goes on that is fenced of its last vCPU and has asked for another")
    void endsNoStreamThatIsOpeningAnotherVcpu() {
        GuestWorld.Guest guest = world.guest();
        guest.open(1);

        VcpuOpened again = guest.openAgain(1);

        guest.send(rows(1, 1));
        assertThat(world.passed().vcpuEpoch(0)).isEqualTo(again.getVcpuEpoch());
        world.answer(again, 1, 0, Errno.OK);
        assertThat(guest.next().getAnswers().getSequence(0)).isEqualTo(1);
    }

    @Test
    @DisplayName("A4: a mark beyond what was answered is refused by itself and forgets nothing")
    void refusesAMarkThatIsAhead() {
        GuestWorld.Guest guest = world.guest();
        VcpuOpened vcpu = guest.open(1);

        guest.send(rows(1, 1).addReceivedVcpu(1).addReceivedThrough(1));

        AccessResponse refused = guest.next();
        assertThat(refusal(refused.getReceivedRefused().getStatus()).errno()).isEqualTo(Errno.EINVAL);
        world.passed();
        world.answer(vcpu, 1, 0, Errno.OK);
        assertThat(guest.next().getAnswers().getSequence(0)).isEqualTo(1);
    }

    private static AccessBatch.Builder rows(int vcpu, long sequence) {
        return AccessBatch.newBuilder()
                .addVcpu(vcpu)
                .addSequence(sequence)
                .addAddress(8)
                .setAttributes(ByteString.copyFrom(new byte[] {WRITE}));
    }

    private static Refusal refusal(Status status) {
        return Statuses.fromProto(status).orElseThrow();
    }

    @Test
    @DisplayName(
            "A5, D-11: without a lease new accesses are EAGAIN, and go through under their numbers when there is one"
                    + " again")
    void takesNothingNewWithoutALease() {
        GuestWorld.Guest guest = world.guest();
        VcpuOpened vcpu = guest.open(1);
        world.clock.passes(Duration.ofDays(1));

        guest.send(rows(1, 1).setWantStatus(true));

        AccessResponse putOff = guest.next();
        assertThat(putOff.getAnswers().getErrno().byteAt(0)).isEqualTo((byte) Errno.EAGAIN.number());
        assertThat(refusal(putOff.getAnswers().getStatus(0).getStatus()).errno())
                .isEqualTo(Errno.EAGAIN);
        world.shard.expectNoMessage();
        world.serves(Duration.ofDays(1));
        guest.send(rows(1, 1).setResent(true));
        assertThat(world.passed().sequence(0)).isEqualTo(1);
        world.answer(vcpu, 1, 0, Errno.OK);
        assertThat(guest.next().getAnswers().getErrno().isEmpty()).isTrue();
    }

    @Test
    @DisplayName(
            "A5, D-11: an outcome that comes when the lease is over goes out when there is one again, and is asked for"
                    + " anew")
    void holdsOutcomesWithoutALease() {
        GuestWorld.Guest guest = world.guest();
        VcpuOpened vcpu = guest.open(1);
        guest.send(rows(1, 1));
        world.passed();
        world.clock.passes(Duration.ofDays(1));
        world.answer(vcpu, 1, 0, Errno.ENOSPC.number());
        guest.send(rows(1, 2));
        assertThat(guest.next().getAnswers().getSequence(0)).isEqualTo(2);

        world.serves(Duration.ofDays(1));

        assertThat(world.passed().sequence(0)).isEqualTo(1);
        world.answer(vcpu, 1, 0, Errno.ENOSPC.number());
        AccessResponse outcome = guest.next();
        assertThat(outcome.getAnswers().getSequence(0)).isEqualTo(1);
        assertThat(outcome.getAnswers().getErrno().byteAt(0)).isEqualTo((byte) Errno.ENOSPC.number());
    }

    @Test
    @DisplayName("A6: an opening fences from its result on, also where this node has yet to apply it")
    void fencesByTheResultOfAnOpening() {
        world.appliesOpenings = false;
        GuestWorld.Guest first = world.guest();
        first.open(1);
        GuestWorld.Guest second = world.guest();
        VcpuOpened vcpu = second.open(1);

        assertThat(first.next().getFenced().getVcpu()).isEqualTo(1);
        world.apply(false, List.of(new VcpuOpening(1, vcpu.getVcpuEpoch() - 1)));
        world.apply(false, List.of(new VcpuOpening(1, vcpu.getVcpuEpoch())));
        second.send(rows(1, 1));
        assertThat(world.passed().vcpuEpoch(0)).isEqualTo(vcpu.getVcpuEpoch());
    }

    @Test
    @DisplayName("A5, D-11: who comes to a node without a lease is not told that there is no such domain")
    void refusesOpensWithoutALease() {
        world.clock.passes(Duration.ofDays(1));
        GuestWorld.Guest guest = world.guest();
        assertThat(refusal(guest.openRefused(1)).errno()).isEqualTo(Errno.EAGAIN);
        world.serves(Duration.ofDays(1));
        assertThat(guest.open(1).getVcpu()).isEqualTo(1);
    }
}
