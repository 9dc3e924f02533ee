package io.trapline.client;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Takes the answers of one batch, in any order, from any thread, during the handler or after it. What a handler answers itself is sent
 * when it returns or calls {@link #flush}; what other threads answer is sent at once. Thread-safe.
 */
public final class Answers {
    private final Emulator emulator;
    private final IoreqBatchView batch;
    private final boolean[] isOver;
    private final int[] rows;
    private final long[] values;
    private int buffered;
    private int unanswered;
    private @Nullable Thread handler;

    Answers(Emulator emulator, IoreqBatchView batch) {
        this.emulator = emulator;
        this.batch = batch;
        isOver = new boolean[batch.size()];
        rows = new int[batch.size()];
        values = new long[batch.size()];
        unanswered = batch.size();
    }

    /** Answers a read with the value the guest gets (masked to the size by Trapline), a write with 0. Once per row. */
    public synchronized void answer(int row, long value) {
        put(row, value);
        sendUnlessHandling();
    }

    /** Answers a write. Once per row. */
    public void acknowledge(int row) {
        answer(row, 0);
    }

    /** Answers every row that is not answered yet with 0: for batches of writes. */
    public synchronized void acknowledgeAll() {
        for (int row = 0; row < isOver.length; row++) {
            if (!isOver[row]) {
                put(row, 0);
            }
        }
        sendUnlessHandling();
    }

    /** Answers every row that is not answered yet with its place in the array. */
    public synchronized void answerAll(long[] answers) {
        Objects.checkFromIndexSize(0, isOver.length, answers.length);
        for (int row = 0; row < isOver.length; row++) {
            if (!isOver[row]) {
                put(row, answers[row]);
            }
        }
        sendUnlessHandling();
    }

    /**
     * Gives a row up: it is over, which is said instead of an answer. For ioreqs over which a memory call was ESTALE (F2); one that comes again is to be carried out
     * again.
     */
    public synchronized void abandon(int row) {
        if (!isOver[row]) {
            isOver[row] = true;
            unanswered--;
            emulator.abandoned(batch, row);
        }
    }

    /** Whether the row was answered or abandoned. */
    public synchronized boolean isOver(int row) {
        return isOver[row];
    }

    /** How many rows are neither answered nor abandoned. */
    public synchronized int unanswered() {
        return unanswered;
    }

    /** Sends what a handler has answered so far. */
    public synchronized void flush() {
        if (buffered > 0) {
            int count = buffered;
            buffered = 0;
            emulator.carriedOut(batch, rows, values, count);
        }
    }

    synchronized void handlerBegins() {
        handler = Thread.currentThread();
    }

    synchronized void handlerEnds() {
        handler = null;
        flush();
    }

    private void put(int row, long value) {
        if (isOver[row]) {
            throw new IllegalStateException("row " + row + " was answered before");
        }
        isOver[row] = true;
        unanswered--;
        rows[buffered] = row;
        values[buffered] = value;
        buffered++;
    }

    private void sendUnlessHandling() {
        if (!Thread.currentThread().equals(handler)) {
            flush();
        }
    }
}
