package io.trapline.faults.workload;

import io.trapline.client.Answers;
import io.trapline.client.DeviceModel;
import io.trapline.client.Emulator;
import io.trapline.client.EmulatorOptions;
import io.trapline.client.IoreqBatchView;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.faults.history.Event;
import io.trapline.model.Errno;
import io.trapline.model.Gpa;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * The emulator of one server, one run after the other: a run ends when the next has taken over (S5), so that what was delivered to it and not answered is
 * delivered again. What the guest writes it puts into the page, what the guest reads it takes from there, so that pages read the same with a claim and without.
 */
final class EmulatorClient implements Runnable {
    private static final int CREDIT = 64;
    private static final int POLL_MILLIS = 20;
    private static final int TAKEOVERS = 150;
    private static final int BETWEEN_ATTEMPTS_MILLIS = 50;
    private static final int WORD_BYTES = 8;

    private final Stage stage;
    private final ServerRef server;
    private final String principal;
    private final SplittableRandom random;

    EmulatorClient(Stage stage, ServerRef server, String principal, SplittableRandom random) {
        this.stage = stage;
        this.server = server;
        this.principal = principal;
        this.random = random;
    }

    @Override
    public void run() {
        try (TraplineConnection connection = stage.doors.emulator(principal)) {
            Emulator before = null;
            while (!stage.isClosed()) {
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
        return connection.attach(server, new Device(run), new EmulatorOptions(run, CREDIT, null));
    }

    private void serve(Emulator emulator) {
        long resumed = 0;
        boolean isReplaced = false;
        while (!stage.isClosed() && !emulator.ended().isDone() && !isReplaced) {
            Stage.pause(POLL_MILLIS);
            long now = emulator.counters().resumptions();
            stage.emulatorResumptions.addAndGet(now - resumed);
            resumed = now;
            isReplaced = !stage.isCalm() && random.nextInt(TAKEOVERS) == 0;
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
                long start = stage.history.now();
                Long value = carryOut(batch, row);
                record(batch, row, value, start);
                if (value == null) {
                    answers.abandon(row);
                } else {
                    answers.answer(row, value);
                }
                answers.flush();
            }
        }

        /** What it answers; null where it was completed otherwise (F2). */
        private @Nullable Long carryOut(IoreqBatchView batch, int row) {
            Gpa word = new Gpa(batch.address(row));
            while (true) {
                try {
                    if (batch.isWrite(row)) {
                        batch.memory(row).write(word, batch.data(row), WORD_BYTES);
                        return batch.data(row);
                    }
                    return littleEndian(batch.memory(row).read(word, WORD_BYTES));
                } catch (TraplineException failure) {
                    if (failure.is(Errno.ESTALE) || stage.isClosed()) {
                        return null;
                    }
                    // Nobody knows whether it was carried out: once more is the same.
                    Stage.pause(BETWEEN_ATTEMPTS_MILLIS);
                }
            }
        }

        private void record(IoreqBatchView batch, int row, @Nullable Long value, long start) {
            stage.history.add(new Event.CarriedOut(
                    stage.domid(),
                    server.id().value(),
                    run,
                    batch.vcpu(row),
                    batch.vcpuEpoch(row),
                    batch.sequence(row),
                    batch.part(row),
                    batch.isRedelivered(row),
                    value == null,
                    batch.isWrite(row),
                    batch.address(row),
                    value == null ? batch.data(row) : value,
                    stage.history.since(start)));
        }
    }

    static long littleEndian(byte[] bytes) {
        long value = 0;
        for (int i = bytes.length - 1; i >= 0; i--) {
            value = value << 8 | (bytes[i] & 0xFF);
        }
        return value;
    }
}
