package io.trapline.faults.workload;

import io.trapline.client.Access;
import io.trapline.client.Guest;
import io.trapline.client.GuestOptions;
import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.client.Vcpu;
import io.trapline.faults.history.Event;
import io.trapline.faults.history.Outcome;
import io.trapline.faults.history.Reps;
import io.trapline.faults.history.Span;
import io.trapline.model.Gpa;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One vCPU that reads and writes all over the domain, some of it with REPs, some of it posted. Now and then it is opened anew while accesses are under way, by
 * itself or by another client that takes it over (A6), and now and then it goes on at another host. Every second one stays at the host that it comes to.
 */
final class GuestClient implements Runnable {
    private static final int WINDOW = 6;
    private static final int REOPENS = 4_000;
    private static final int OVERTAKES = 4_000;
    private static final int HOPS = 2_000;
    private static final int KINDS = 8;
    private static final int BETWEEN_ATTEMPTS_MILLIS = 50;
    private static final Duration LAST_ANSWERS = Duration.ofSeconds(40);

    private final Scene scene;
    private final int number;
    private final SplittableRandom random;
    private final List<Reps> repeated;

    GuestClient(Scene scene, int number, SplittableRandom random) {
        this.scene = scene;
        this.number = number;
        this.random = random;
        this.repeated = Layout.reps(number);
    }

    @Override
    public void run() {
        try (TraplineConnection connection = scene.stage.doors.guest(number)) {
            while (!scene.isOver()) {
                try {
                    runOne(connection);
                } catch (TraplineException notNow) {
                    Stage.pause(BETWEEN_ATTEMPTS_MILLIS);
                }
            }
        }
    }

    private void runOne(TraplineConnection connection) {
        Opening opening = open(connection);
        try {
            while (!scene.isOver() && !opening.vcpu.ended().isDone()) {
                boolean isRestless = !scene.stage.isCalm();
                if (isRestless && random.nextInt(REOPENS) == 0) {
                    return;
                }
                if (isRestless && random.nextInt(OVERTAKES) == 0) {
                    opening = overtake(connection, opening);
                }
                if (isRestless && random.nextInt(HOPS) == 0) {
                    opening.hop();
                }
                sendOne(opening);
                LockSupport.parkNanos(random.nextLong(scene.stage.longestPauseNanos));
                opening.countResumptions();
            }
            opening.vcpu.awaitAnswers(LAST_ANSWERS);
        } finally {
            opening.guest.close();
        }
    }

    private void sendOne(Opening opening) {
        int kind = random.nextInt(KINDS);
        if (kind == 0) {
            Reps up = repeated.get(random.nextInt(repeated.size()));
            boolean df = random.nextBoolean();
            opening.send(random.nextBoolean(), new Reps(df ? up.last() : up.first(), up.count(), df), false);
            return;
        }
        Layout.Page page = Layout.PAGES.get(random.nextInt(Layout.PAGES.size()));
        boolean write = random.nextInt(3) > 0;
        int word = write ? page.firstOwn(number) + random.nextInt(page.own()) : random.nextInt(page.words());
        opening.send(write, new Reps(page.word(word).value(), 1, false), write && kind == 1);
    }

    /** Another client opens the vCPU while this one is at it: this one's accesses come to an end, and what it sends later is not carried out. */
    private Opening overtake(TraplineConnection connection, Opening older) {
        Opening newer = open(connection);
        try {
            sendOne(older);
        } catch (TraplineException fenced) {
            // It knows already.
            Stage.pause(0);
        } finally {
            older.guest.close();
        }
        return newer;
    }

    /** Reads these words as the domain's last reader. */
    void readAll(List<Gpa> words) {
        try (TraplineConnection connection = scene.stage.doors.guest(number)) {
            Opening opening = open(connection);
            words.forEach(word -> opening.send(false, new Reps(word.value(), 1, false), false));
            opening.vcpu.awaitAnswers(LAST_ANSWERS);
            opening.guest.close();
        }
    }

    private Opening open(TraplineConnection connection) {
        GuestOptions options = GuestOptions.defaults();
        Guest guest = connection.guest(scene.domain, number % 2 == 0 ? options : options.withoutRoute());
        boolean isOpen = false;
        long start = scene.history.now();
        try (Waiting.Until _ = scene.waits(() -> "vCPU " + number + " is to be opened")) {
            Vcpu vcpu = guest.openVcpu(number, WINDOW);
            long epoch = vcpu.epoch();
            scene.history.add(new Event.Opened(scene.domid(), number, epoch, scene.history.since(start)));
            isOpen = true;
            return new Opening(guest, vcpu, epoch);
        } finally {
            if (!isOpen) {
                guest.close();
            }
        }
    }

    /** A vCPU opened once: its accesses are numbered from 1 (A6). */
    private final class Opening {
        final Guest guest;
        final Vcpu vcpu;
        private final long epoch;
        private long sequence;
        private long resumed;
        private long wanted;

        Opening(Guest guest, Vcpu vcpu, long epoch) {
            this.guest = guest;
            this.vcpu = vcpu;
            this.epoch = epoch;
        }

        void hop() {
            guest.dropConnection();
            wanted++;
            scene.stage.hops.incrementAndGet();
        }

        /** Those that were wanted are nobody's fault. */
        void countResumptions() {
            long more = guest.resumptions() - resumed;
            long hops = Math.min(more, wanted);
            resumed += more;
            wanted -= hops;
            scene.stage.guestResumptions.addAndGet(more - hops);
        }

        void send(boolean write, Reps reps, boolean posted) {
            long written = write ? scene.stage.freshValue() : 0;
            long start = scene.history.now();
            Gpa first = new Gpa(reps.first());
            Access access = (write
                            ? Access.write(first, Reps.WORD_BYTES, written)
                            : Access.read(first, Reps.WORD_BYTES))
                    .repeated(reps.count());
            Access directed = reps.df() ? access.descending() : access;
            CompletableFuture<Long> answer = sent(posted ? directed.posted() : directed);
            long its = ++sequence;
            scene.stage.recording.register();
            Waiting.Until wait = scene.waits(() -> "the outcome of vCPU " + number + "@" + epoch + "#" + its + ", "
                    + (write ? "a write of " : "a read of ") + reps);
            var _ = answer.handle((value, failure) -> {
                wait.close();
                record(write, reps, posted, write || value == null ? written : value, its, start, failure);
                return its;
            });
        }

        private CompletableFuture<Long> sent(Access access) {
            try (Waiting.Until _ = scene.waits(() -> "room in the window of vCPU " + number + "@" + epoch + ", with "
                    + vcpu.outstanding() + " accesses that are not answered")) {
                return vcpu.send(access);
            }
        }

        private void record(
                boolean write,
                Reps reps,
                boolean posted,
                long value,
                long its,
                long start,
                @Nullable Throwable failure) {
            try {
                Span span = scene.history.since(start);
                Outcome outcome = Outcomes.ofAccess(failure);
                scene.history.add(new Event.Access(
                        scene.domid(),
                        number,
                        epoch,
                        its,
                        write,
                        reps.first(),
                        reps.count(),
                        reps.df(),
                        posted,
                        value,
                        span,
                        outcome));
            } catch (RuntimeException broken) {
                scene.stage.broke(broken);
            } finally {
                scene.stage.recording.arriveAndDeregister();
            }
        }
    }
}
