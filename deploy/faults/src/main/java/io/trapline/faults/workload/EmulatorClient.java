package io.trapline.faults.workload;

import io.trapline.client.Answers;
import io.trapline.client.DeviceModel;
import io.trapline.client.Emulator;
import io.trapline.client.EmulatorOptions;
import io.trapline.client.IoreqBatchView;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.client.WriteSegments;
import io.trapline.faults.history.Event;
import io.trapline.faults.history.Reps;
import io.trapline.model.Errno;
import io.trapline.model.Gpa;
import io.trapline.model.IoreqAttributes;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The emulator of one server, one run after the other: a run ends when the next has taken over (S5), so that what was delivered to it and not answered is
 * delivered again. What the guest writes it puts into the page, what the guest reads it takes from there, so that pages read the same with a claim and without.
 * The device remembers what any of its runs has written: one that is told that a write may have been carried out looks there, so that an old write never
 * comes over a newer one.
 */
final class EmulatorClient implements Runnable {
    private static final int CREDIT = 64;
    private static final int POLL_MILLIS = 20;
    private static final int TAKEOVERS = 150;
    private static final int BETWEEN_ATTEMPTS_MILLIS = 50;
    /** More than are under way at any time. */
    private static final int REMEMBERED = 8_192;

    private final Scene scene;
    private final ServerRef server;
    private final String principal;
    private final SplittableRandom random;
    /** One run at a time is at the pages. */
    private final ReentrantLock device = new ReentrantLock();

    private final Map<Key, Long> written = new LinkedHashMap<>();

    EmulatorClient(Scene scene, ServerRef server, String principal, SplittableRandom random) {
        this.scene = scene;
        this.server = server;
        this.principal = principal;
        this.random = random;
    }

    private record Key(int vcpu, long epoch, long sequence, int part) {}

    @Override
    public void run() {
        try (TraplineConnection connection = scene.stage.doors.emulator(principal)) {
            Emulator before = null;
            while (!scene.isClosed()) {
                try {
                    Emulator now = attach(connection);
                    if (before != null) {
                        before.close();
                    }
                    before = now;
                    serve(now);
                } catch (TraplineException notNow) {
                    Stage.pause(BETWEEN_ATTEMPTS_MILLIS);
                }
            }
        }
    }

    private Emulator attach(TraplineConnection connection) {
        long run = random.nextLong() | 1;
        try (Waiting.Until _ = scene.waits(() -> "the emulator of server " + server.id() + " is to be attached")) {
            return connection.attach(server, new Device(run), new EmulatorOptions(run, CREDIT, null));
        }
    }

    private void serve(Emulator emulator) {
        long resumed = 0;
        boolean isReplaced = false;
        while (!scene.isClosed() && !emulator.ended().isDone() && !isReplaced) {
            Stage.pause(POLL_MILLIS);
            long now = emulator.counters().resumptions();
            scene.stage.emulatorResumptions.addAndGet(now - resumed);
            resumed = now;
            isReplaced = !scene.stage.isCalm() && random.nextInt(TAKEOVERS) == 0;
        }
    }

    private final class Device implements DeviceModel {
        private final long run;

        Device(long run) {
            this.run = run;
        }

        @Override
        public void handle(IoreqBatchView batch, Answers answers) {
            for (int row = 0; row < batch.size(); row++) {
                device.lock();
                try {
                    long start = scene.history.now();
                    Long value = carryOut(batch, row);
                    record(batch, row, value, start);
                    if (value == null) {
                        answers.abandon(row);
                    } else {
                        answers.answer(row, value);
                    }
                } finally {
                    device.unlock();
                }
                answers.flush();
            }
        }

        /** What it answers; null where it was completed otherwise (F2). */
        private @Nullable Long carryOut(IoreqBatchView batch, int row) {
            Key key = new Key(batch.vcpu(row), batch.vcpuEpoch(row), batch.sequence(row), batch.part(row));
            Long before = written.get(key);
            if (batch.isRedelivered(row) && before != null) {
                return before;
            }
            Reps reps = reps(batch, row);
            try (Waiting.Until _ = scene.waits(
                    () -> "a call of the emulator of server " + server.id() + " for " + key + " at " + reps)) {
                while (true) {
                    try {
                        if (batch.isWrite(row)) {
                            write(batch, row, reps);
                            remember(key, batch.data(row));
                            return batch.data(row);
                        }
                        return littleEndian(batch.memory(row).read(new Gpa(reps.last()), Reps.WORD_BYTES));
                    } catch (TraplineException failure) {
                        if (failure.is(Errno.ESTALE) || failure.is(Errno.ESRCH) || scene.isClosed()) {
                            return null;
                        }
                        // Nobody knows whether it was carried out: once more is the same.
                        Stage.pause(BETWEEN_ATTEMPTS_MILLIS);
                    }
                }
            }
        }

        private void write(IoreqBatchView batch, int row, Reps reps) {
            WriteSegments segments = new WriteSegments(reps.count(), reps.count() * Reps.WORD_BYTES);
            reps.words().forEach(word -> segments.addValue(word, batch.data(row), Reps.WORD_BYTES));
            batch.memory(row).write(segments);
        }

        private void remember(Key key, long value) {
            written.put(key, value);
            if (written.size() > REMEMBERED) {
                written.remove(written.keySet().iterator().next());
            }
        }

        private void record(IoreqBatchView batch, int row, @Nullable Long value, long start) {
            Reps reps = reps(batch, row);
            scene.history.add(new Event.CarriedOut(
                    scene.domid(),
                    server.id().value(),
                    run,
                    batch.vcpu(row),
                    batch.vcpuEpoch(row),
                    batch.sequence(row),
                    batch.part(row),
                    batch.isRedelivered(row),
                    value == null,
                    batch.isWrite(row),
                    reps.first(),
                    reps.count(),
                    reps.df(),
                    value == null ? batch.data(row) : value,
                    scene.history.since(start)));
        }
    }

    private static Reps reps(IoreqBatchView batch, int row) {
        return new Reps(batch.address(row), batch.count(row), IoreqAttributes.isDf(batch.attributes(row)));
    }

    static long littleEndian(byte[] bytes) {
        long value = 0;
        for (int i = bytes.length - 1; i >= 0; i--) {
            value = value << 8 | (bytes[i] & 0xFF);
        }
        return value;
    }
}
