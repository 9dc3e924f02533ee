package io.trapline.client;

import io.trapline.model.Errno;

/**
 * A device: what an emulator author writes. Either override {@link #read} and {@link #write}, which are called for one ioreq after the
 * other, or {@link #handle}, which is given a batch and may do one memory call for all of it and answer later from any thread.
 *
 * <p>Methods are called off the connection's thread, one batch at a time and in the order of the rows of each vCPU, so they may block
 * and may call back: memory by {@link Ioreq#memory} or {@link IoreqBatchView#memory}, anything else by the connection. Only the drain
 * of the own server must not be waited for (F5). An exception ends the emulator with {@link EmulatorEnd.Kind#FAILED}.
 */
public interface DeviceModel {
    /** A read: the value the guest gets, masked to the size by Trapline (F2). All ones unless overridden. */
    default long read(Ioreq ioreq) {
        return -1L;
    }

    /** A write. Ignored unless overridden. */
    default void write(Ioreq ioreq) {}

    /**
     * A batch. Each row is answered once, now or later. A row over which a memory call was ESTALE is over: its session is fenced or the
     * ioreq was completed otherwise (F2), and it is abandoned.
     */
    default void handle(IoreqBatchView batch, Answers answers) {
        for (int row = 0; row < batch.size(); row++) {
            Ioreq ioreq = batch.ioreq(row);
            try {
                if (ioreq.isWrite()) {
                    write(ioreq);
                    answers.acknowledge(row);
                } else {
                    answers.answer(row, read(ioreq));
                }
            } catch (TraplineException failure) {
                if (!failure.is(Errno.ESTALE)) {
                    throw failure;
                }
                answers.abandon(row);
            }
        }
    }
}
