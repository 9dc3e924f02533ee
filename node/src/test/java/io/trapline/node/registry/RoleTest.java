package io.trapline.node.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.actor.testkit.typed.javadsl.TestInbox;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** An actor that is started by what it is told. */
final class RoleTest {
    private final TestInbox<Integer> actor = TestInbox.create();
    private final AtomicInteger wanted = new AtomicInteger();
    private final Role<Integer> role = new Role<>(missed -> wanted.incrementAndGet());

    @Test
    void isWantedOnceAndThenHearsAllInOrderBehindItsBriefing() {
        role.tell(1);
        role.tell(2);
        assertThat(wanted.get()).isEqualTo(1);
        role.begin(actor.getRef(), started -> started.tell(0));
        role.tell(3);
        assertThat(actor.getAllReceived()).containsExactly(0, 1, 2, 3);
    }

    @Test
    void whatIsToldAfterTheEndIsLostAndStartsNothing() {
        role.end();
        role.tell(1);
        assertThat(wanted.get()).isZero();
        assertThat(role.actor()).isNull();
    }

    @RepeatedTest(20)
    void whatOneThreadTellsStaysInOrderWhileTheActorIsStarted() throws InterruptedException {
        CountDownLatch some = new CountDownLatch(1);
        Thread teller = new Thread(() -> {
            for (int i = 1; i <= 1000; i++) {
                role.tell(i);
                if (i == 50) {
                    some.countDown();
                }
            }
        });
        teller.start();
        some.await();
        role.begin(actor.getRef(), started -> {});
        teller.join();
        List<Integer> expected = new ArrayList<>();
        for (int i = 1; i <= 1000; i++) {
            expected.add(i);
        }
        assertThat(actor.getAllReceived()).isEqualTo(expected);
    }
}
