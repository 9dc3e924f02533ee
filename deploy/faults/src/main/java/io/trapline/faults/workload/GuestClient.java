package io.trapline.faults.workload;

import io.trapline.client.Access;
import io.trapline.client.Guest;
import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.client.Vcpu;
import io.trapline.faults.history.Event;
import io.trapline.faults.history.Outcome;
import io.trapline.faults.history.Span;
import io.trapline.model.Gpa;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** One vCPU that reads and writes all over the domain, and now and then is opened anew while accesses are under way (A6). */
final class GuestClient implements Runnable {
    private static final int WINDOW = 6;
    private static final int REOPENS = 4_000;
    private static final int MOST_PAUSE_NANOS = 1_500_000;
    private static final int BETWEEN_ATTEMPTS_MILLIS = 50;
    private static final Duration LAST_ANSWERS = Duration.ofSeconds(40);

    private final Stage stage;
    private final int number;
    private final SplittableRandom random;

    GuestClient(Stage stage, int number, SplittableRandom random) {
        this.stage = stage;
        this.number = number;
        this.random = random;
    }

    @Override
    public void run() {
        try (TraplineConnection connection = stage.doors.guest()) {
            while (!stage.isOver()) {
                try (Guest guest = connection.guest(stage.domain)) {
                    runOne(guest);
                } catch (TraplineException notNow) {
                    Stage.pause(BETWEEN_ATTEMPTS_MILLIS);
                }
            }
        }
    }

    private void runOne(Guest guest) {
        Opening opening = open(guest);
        long resumed = 0;
        while (!stage.isOver() && !opening.vcpu.ended().isDone()) {
            if (!stage.isCalm() && random.nextInt(REOPENS) == 0) {
                return;
            }
            Layout.Page page = Layout.PAGES.get(random.nextInt(Layout.PAGES.size()));
            boolean write = random.nextInt(3) > 0;
            int word = write ? page.ownWord(number, random.nextInt(64)) : random.nextInt(page.words());
            opening.send(write, page.word(word));
            LockSupport.parkNanos(random.nextInt(MOST_PAUSE_NANOS));
            long now = guest.resumptions();
            stage.guestResumptions.addAndGet(now - resumed);
            resumed = now;
        }
        opening.vcpu.awaitAnswers(LAST_ANSWERS);
    }

    /** Reads these words as the domain's last reader. */
    void readAll(List<Gpa> words) {
        try (TraplineConnection connection = stage.doors.guest();
                Guest guest = connection.guest(stage.domain)) {
            Opening opening = open(guest);
            words.forEach(word -> opening.send(false, word));
            opening.vcpu.awaitAnswers(LAST_ANSWERS);
        }
    }

    private Opening open(Guest guest) {
        long start = stage.history.now();
        Vcpu vcpu = guest.openVcpu(number, WINDOW);
        long epoch = vcpu.epoch();
        stage.history.add(new Event.Opened(stage.domid(), number, epoch, stage.history.since(start)));
        return new Opening(vcpu, epoch);
    }

    /** A vCPU opened once: its accesses are numbered from 1 (A6). */
    private final class Opening {
        final Vcpu vcpu;
        private final long epoch;
        private long sequence;

        Opening(Vcpu vcpu, long epoch) {
            this.vcpu = vcpu;
            this.epoch = epoch;
        }

        void send(boolean write, Gpa word) {
            long written = write ? stage.freshValue() : 0;
            long start = stage.history.now();
            var answer = vcpu.send(write ? Access.write(word, 8, written) : Access.read(word, 8));
            long its = ++sequence;
            stage.recording.register();
            var _ = answer.handle((value, failure) -> {
                record(write, word, write || value == null ? written : value, its, start, failure);
                return its;
            });
        }

        private void record(boolean write, Gpa word, long value, long its, long start, @Nullable Throwable failure) {
            try {
                Span span = stage.history.since(start);
                Outcome outcome = Outcomes.ofAccess(failure);
                stage.history.add(
                        new Event.Access(stage.domid(), number, epoch, its, write, word.value(), value, span, outcome));
            } catch (RuntimeException broken) {
                stage.broke(broken);
            } finally {
                stage.recording.arriveAndDeregister();
            }
        }
    }
}
