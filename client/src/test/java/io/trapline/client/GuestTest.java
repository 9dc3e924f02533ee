package io.trapline.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.trapline.model.Errno;
import io.trapline.model.Gpa;
import io.trapline.model.Refusal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("A guest's stream (A1, A3, A4, A5, A6)")
@Timeout(120)
class GuestTest {
    private static final DomainRef DOMAIN = DomainRef.of(5);

    private final FakeTrapline trapline = new FakeTrapline();
    private final TraplineConnection connection =
            trapline.connection("one:1,two:2").timeout(Duration.ofSeconds(20)).build();
    private final Guest guest = connection.guest(DOMAIN);

    @BeforeEach
    void serve() {
        trapline.serve("one:1");
        trapline.serve("two:2");
    }

    @AfterEach
    void close() {
        connection.close();
        trapline.close();
        assertThat(trapline.guests.faults()).isEmpty();
    }

    @Test
    void writesAndReadsOneAccessAtATime() {
        Vcpu vcpu = guest.openVcpu(0, 1);

        vcpu.write(new Gpa(0x1000), 8, -2);

        assertThat(vcpu.read(new Gpa(0x1000), 8)).isEqualTo(-2);
        assertThat(vcpu.read(new Gpa(0x1000), 2)).isEqualTo(0xFFFE);
        assertThat(guest.domain().generation()).isEqualTo(77);
        assertThat(vcpu.epoch()).isGreaterThan(1000);
    }

    @Test
    @DisplayName("A3: the window bounds what is outstanding: a full one makes offer take nothing and send wait")
    void boundsWhatIsOutstandingByTheWindow() throws Exception {
        Vcpu vcpu = guest.openVcpu(0, 4);
        trapline.guests.hold();
        AccessColumns rows = new AccessColumns(8);
        for (int i = 0; i < 8; i++) {
            rows.addWrite(8L * i, 8, i);
        }

        assertThat(vcpu.offer(rows, 0)).isEqualTo(4);
        assertThat(vcpu.offer(rows, 4)).isZero();
        assertThat(vcpu.trySend(Access.read(new Gpa(0), 8))).isEmpty();

        CompletableFuture<Long> sender = CompletableFuture.supplyAsync(() -> vcpu.read(new Gpa(0), 8));
        await().until(() -> trapline.guests.writes() == 4);
        assertThat(sender).isNotDone();
        trapline.guests.release();
        assertThat(sender.get(60, TimeUnit.SECONDS)).isZero();
        assertThat(vcpu.awaitAnswers(Duration.ofSeconds(20))).isTrue();
    }

    @Test
    @DisplayName("A4: answers in any order reach their own caller")
    void takesAnswersInAnyOrder() throws Exception {
        trapline.guests.shuffle();
        Vcpu vcpu = guest.openVcpu(1, 64);
        List<CompletableFuture<Long>> reads = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            trapline.guests.setWord(8L * i, 1000 + i);
        }
        for (int i = 0; i < 200; i++) {
            reads.add(vcpu.readAsync(new Gpa(8L * i), 8));
        }
        for (int i = 0; i < 200; i++) {
            assertThat(reads.get(i).get(60, TimeUnit.SECONDS)).isEqualTo(1000 + i);
        }
    }

    @Test
    @DisplayName("A4, A6: through connections cut anywhere each access takes effect once and is answered once")
    void resumesThroughCutsWithNothingLostOrDoubled() {
        int vcpus = 3;
        int accesses = 4000;
        AtomicInteger answered = new AtomicInteger();
        ConcurrentHashMap<String, Integer> seen = new ConcurrentHashMap<>();
        List<Vcpu> open = new ArrayList<>();
        for (int number = 0; number < vcpus; number++) {
            open.add(guest.openVcpu(number, 32, answers -> {
                for (int row = 0; row < answers.size(); row++) {
                    assertThat(answers.errno(row)).isZero();
                    seen.merge(answers.vcpu().number() + "/" + answers.sequence(row), 1, Integer::sum);
                }
                answered.addAndGet(answers.size());
            }));
        }
        trapline.guests.cutAfter(100);

        AccessColumns rows = new AccessColumns(40);
        for (int sent = 0; sent < accesses; sent += 40) {
            for (Vcpu vcpu : open) {
                rows.clear();
                for (int i = 0; i < 40; i++) {
                    rows.addWrite(8L * (sent + i) + ((long) vcpu.number() << 32), 8, sent + i + 1);
                }
                vcpu.submit(rows);
            }
        }
        for (Vcpu vcpu : open) {
            assertThat(vcpu.awaitAnswers(Duration.ofSeconds(40))).isTrue();
        }

        await().until(() -> answered.get() == vcpus * accesses);
        assertThat(seen)
                .hasSize(vcpus * accesses)
                .allSatisfy((key, times) -> assertThat(times).isEqualTo(1));
        assertThat(trapline.guests.writes()).isEqualTo(vcpus * accesses);
        assertThat(guest.resumptions()).isGreaterThan(10);
        assertThat(trapline.guests.resentRows()).isPositive();
        for (int i = 0; i < accesses; i++) {
            assertThat(trapline.guests.word(8L * i + (2L << 32))).isEqualTo(i + 1);
        }
    }

    @Test
    @DisplayName("A lost connection is resumed at the next address")
    void goesOnAtTheNextAddress() {
        Vcpu vcpu = guest.openVcpu(0, 1);
        vcpu.write(new Gpa(0), 8, 1);
        trapline.guests.cut();
        vcpu.write(new Gpa(8), 8, 2);

        assertThat(trapline.calls).startsWith("one:1", "two:2");
        assertThat(guest.resumptions()).isEqualTo(1);
        assertThat(trapline.guests.writes()).isEqualTo(2);
    }

    @Test
    void resumesADroppedConnectionByItself() {
        Vcpu vcpu = guest.openVcpu(0, 8);
        trapline.guests.hold();
        CompletableFuture<Long> write = vcpu.writeAsync(new Gpa(0), 8, 7);
        await().until(() -> trapline.guests.writes() == 1);

        guest.dropConnection();
        trapline.guests.release();

        assertThat(write.orTimeout(60, TimeUnit.SECONDS).join()).isZero();
        assertThat(trapline.guests.writes()).isEqualTo(1);
    }

    @Test
    @DisplayName("A5: EAGAIN is tried again until it is done, in order")
    void triesEagainAgain() {
        Vcpu vcpu = guest.openVcpu(0, 8);
        trapline.guests.answerEagain(5);
        List<CompletableFuture<Long>> writes = new ArrayList<>();
        for (int i = 1; i <= 6; i++) {
            writes.add(vcpu.writeAsync(new Gpa(0), 8, i));
        }
        writes.forEach(write -> write.orTimeout(60, TimeUnit.SECONDS).join());

        assertThat(trapline.guests.word(0)).isEqualTo(6);
        assertThat(trapline.guests.writes()).isEqualTo(6);
    }

    @Test
    @DisplayName("A5: EAGAIN beyond the access' timeout is its outcome, and the vCPU goes on")
    void reportsEagainAfterTheTimeout() {
        Vcpu vcpu = guest.openVcpu(0, 8);
        trapline.guests.answerEagain(Integer.MAX_VALUE);

        assertThatThrownBy(() -> vcpu.access(Access.write(new Gpa(0), 8, 1).timeout(Duration.ofMillis(50))))
                .isInstanceOfSatisfying(
                        TraplineException.class,
                        failure -> assertThat(failure.is(Errno.EAGAIN)).isTrue());

        trapline.guests.answerEagain(0);
        vcpu.write(new Gpa(8), 8, 2);
        assertThat(trapline.guests.word(0)).isZero();
        assertThat(trapline.guests.writes()).isEqualTo(1);
    }

    @Test
    @DisplayName("A5: without any host, what was sent ends as ETIMEDOUT and what was not as EAGAIN")
    void timesOutWhileNobodyAnswers() {
        Vcpu vcpu = guest.openVcpu(0, 8);
        trapline.guests.hold();
        CompletableFuture<Long> sent = vcpu.send(Access.write(new Gpa(0), 8, 1).timeout(Duration.ofMillis(300)));
        await().until(() -> trapline.guests.writes() == 1);
        trapline.guests.refuseOpensWithEagain(Integer.MAX_VALUE);
        trapline.guests.cut();
        CompletableFuture<Long> unsent =
                vcpu.send(Access.write(new Gpa(8), 8, 2).timeout(Duration.ofMillis(300)));

        assertThat(failureOf(sent).errno()).isEqualTo(Optional.of(Errno.ETIMEDOUT));
        assertThat(failureOf(unsent).errno()).isEqualTo(Optional.of(Errno.EAGAIN));

        trapline.guests.release();
        trapline.guests.refuseOpensWithEagain(0);
        vcpu.write(new Gpa(16), 8, 3);
        assertThat(trapline.guests.word(8)).isZero();
    }

    @Test
    @DisplayName("A6: a fenced vCPU is over for good, the others of the stream go on")
    void endsAFencedVcpuAlone() throws Exception {
        Vcpu fenced = guest.openVcpu(0, 8);
        Vcpu other = guest.openVcpu(1, 8);
        trapline.guests.hold();
        CompletableFuture<Long> underWay = fenced.writeAsync(new Gpa(0), 8, 1);
        await().until(() -> trapline.guests.writes() == 1);
        trapline.guests.fence(0);

        assertThat(failureOf(underWay).is(Errno.ESTALE)).isTrue();
        assertThat(fenced.ended().get(60, TimeUnit.SECONDS).is(Errno.ESTALE)).isTrue();
        assertThatThrownBy(() -> fenced.read(new Gpa(0), 8)).isInstanceOf(TraplineException.class);
        trapline.guests.release();
        other.write(new Gpa(8), 8, 2);
        assertThat(other.ended()).isNotDone();
    }

    @Test
    @DisplayName("A6: a vCPU that was opened by another while the connection was lost is not reopened")
    void doesNotReopenWhatAnotherOpened() throws Exception {
        Vcpu vcpu = guest.openVcpu(0, 8);
        trapline.guests.fence(0);
        trapline.guests.cut();
        assertThat(vcpu.ended().get(60, TimeUnit.SECONDS).is(Errno.ESTALE)).isTrue();
    }

    @Test
    @DisplayName("A6: the stream's end with ESTALE ends all of its vCPUs")
    void endsAllVcpusWithTheirStream() throws Exception {
        Vcpu vcpu = guest.openVcpu(0, 8);
        trapline.guests.endAll(Refusal.of(Errno.ESTALE, "fenced"));
        assertThat(vcpu.ended().get(60, TimeUnit.SECONDS).is(Errno.ESTALE)).isTrue();
    }

    @Test
    void opensAgainWhereTraplineSaysEagain() {
        trapline.guests.refuseOpensWithEagain(3);
        guest.openVcpu(0, 8).write(new Gpa(0), 8, 1);
        assertThat(trapline.guests.writes()).isEqualTo(1);
    }

    @Test
    @DisplayName("E: a rejected batch was not executed; its rows are sent again on a new stream")
    void sendsARejectedBatchAgain() {
        Vcpu vcpu = guest.openVcpu(0, 8);
        trapline.guests.rejectBatches(2);
        vcpu.write(new Gpa(0), 8, 1);
        assertThat(trapline.guests.writes()).isEqualTo(1);
        assertThat(guest.resumptions()).isEqualTo(2);
    }

    @Test
    void givesUpABatchThatIsRejectedForEver() {
        Vcpu vcpu = guest.openVcpu(0, 8);
        trapline.guests.rejectBatches(Integer.MAX_VALUE);
        assertThatThrownBy(() -> vcpu.write(new Gpa(0), 8, 1))
                .isInstanceOfSatisfying(
                        TraplineException.class,
                        failure -> assertThat(failure.is(Errno.EINVAL)).isTrue());
    }

    @Test
    @DisplayName("A4: received_through is told also when no access follows")
    void tellsReceivedThroughWithoutAnotherAccess() {
        Vcpu vcpu = guest.openVcpu(0, 8);
        for (int i = 0; i < 5; i++) {
            vcpu.write(new Gpa(0), 8, i);
        }
        await().until(() -> trapline.guests.receivedThrough(0) == 5);
    }

    @Test
    void tellsTraplineThatAVcpuIsClosed() {
        Vcpu vcpu = guest.openVcpu(3, 8);
        vcpu.close();
        await().until(() -> trapline.guests.isClosed(3));
        assertThatThrownBy(() -> vcpu.read(new Gpa(0), 8)).isInstanceOf(TraplineException.class);
        guest.openVcpu(3, 8).write(new Gpa(0), 8, 1);
    }

    @Test
    void refusesToBlockInsideACallbackOfTheStream() {
        AtomicReference<Throwable> refused = new AtomicReference<>();
        Guest direct = connection.guest(DOMAIN, GuestOptions.defaults().onStreamThread());
        Vcpu vcpu = direct.openVcpu(7, 8, answers -> {
            try {
                answers.vcpu().read(new Gpa(0), 8);
            } catch (IllegalStateException failure) {
                refused.set(failure);
            }
        });
        vcpu.submit(new AccessColumns(1).addWrite(0, 8, 1));
        await().until(() -> refused.get() != null);
    }

    @Test
    void letsAListenerSubmitMoreFromItsOwnThread() {
        AtomicInteger left = new AtomicInteger(500);
        Vcpu vcpu = guest.openVcpu(0, 2, answers -> {
            if (left.addAndGet(-answers.size()) > 0) {
                answers.vcpu().submit(new AccessColumns(1).addWrite(0, 8, left.get()));
            }
        });
        vcpu.submit(new AccessColumns(1).addWrite(0, 8, 1));
        await().until(() -> left.get() == 0);
    }

    @Test
    void isUnreachableWhereNobodyListens() {
        try (TraplineConnection nowhere =
                trapline.connection("nobody:1").timeout(Duration.ofMillis(300)).build()) {
            assertThatThrownBy(() -> nowhere.guest(DOMAIN).openVcpu(0, 1))
                    .isInstanceOfSatisfying(
                            TraplineException.class,
                            failure -> assertThat(failure.isUnreachable()).isTrue());
        }
    }

    private static TraplineException failureOf(CompletableFuture<Long> answer) {
        return answer.orTimeout(60, TimeUnit.SECONDS)
                .handle((value, failure) -> {
                    assertThat(failure).isInstanceOf(TraplineException.class);
                    return (TraplineException) failure;
                })
                .join();
    }
}
