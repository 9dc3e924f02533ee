package io.trapline.cli.demo;

import io.trapline.client.AccessAnswers;
import io.trapline.client.AccessColumns;
import io.trapline.client.Guest;
import io.trapline.client.Vcpu;
import io.trapline.model.AccessAttributes;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.Histogram;

/**
 * One vCPU of the guest: sends accesses as fast as its window allows, knows what each read must return, and times each write. One thread
 * sends; answers arrive on the stream's thread.
 */
final class VcpuLoad {
    private static final int MAX_CHUNK_ROWS = 64;
    private static final long HIGHEST_MICROS = 120_000_000;

    private final Vcpu vcpu;
    private final Semaphore room;
    private final int mask;
    // By sequence number. The guest's lock orders the two threads.
    private final long[] wanted;
    private final boolean[] isRead;
    private final long[] sentNanos;
    private final int chunkRows;
    private final AccessColumns rows = new AccessColumns(MAX_CHUNK_ROWS);
    private Histogram writeMicros = new Histogram(HIGHEST_MICROS, 3);
    private final AtomicLong answered = new AtomicLong();
    private long next = 1;
    private long failed;
    private long wrongReads;
    private String firstFailure = "";

    VcpuLoad(Guest guest, int number, int window) {
        room = new Semaphore(window);
        chunkRows = Math.min(MAX_CHUNK_ROWS, window);
        // An access that has no answer holds back what is a window behind it, so the place of none under way is used
        // again.
        int places = Integer.highestOneBit(2 * (window + chunkRows));
        mask = places - 1;
        wanted = new long[places];
        isRead = new boolean[places];
        sentNanos = new long[places];
        vcpu = guest.openVcpu(number, window, this::answered);
    }

    int number() {
        return vcpu.number();
    }

    /** Adds a write of 8 bytes to the next chunk. */
    void write(long gpa, long value) throws InterruptedException {
        add(gpa, AccessAttributes.of(Gtt.ENTRY_BYTES, true, AccessAttributes.MEM), value, false);
    }

    /** Adds a read of 8 bytes, which must return that, to the next chunk. */
    void read(long gpa, long mustReturn) throws InterruptedException {
        add(gpa, AccessAttributes.of(Gtt.ENTRY_BYTES, false, AccessAttributes.MEM), mustReturn, true);
    }

    /** Sends what was added. */
    void flush() throws InterruptedException {
        if (rows.size() == 0) {
            return;
        }
        room.acquire(rows.size());
        synchronized (this) {
            long nowNanos = System.nanoTime();
            for (int row = 0; row < rows.size(); row++) {
                sentNanos[place(next + row)] = nowNanos;
            }
            // The window has room, so this never waits long with the lock held.
            vcpu.submit(rows);
            if (rows.sequence(0) != next) {
                throw new IllegalStateException("vCPU " + number() + " was run by somebody else");
            }
            next += rows.size();
        }
        rows.clear();
    }

    /** Whatever is sent from now on has this sequence number or a higher one. */
    synchronized long nextSequence() {
        return next;
    }

    /** Sends the rest and waits for all answers; false where they do not come in that time. */
    boolean finish(Duration patience) throws InterruptedException {
        flush();
        if (!vcpu.awaitAnswers(patience)) {
            return false;
        }
        // The last answers may be on their way to the listener.
        int window = vcpu.window();
        boolean heard = room.tryAcquire(window, patience.toMillis(), TimeUnit.MILLISECONDS);
        if (heard) {
            room.release(window);
        }
        return heard;
    }

    /** How many accesses have their outcome. */
    long answered() {
        return answered.get();
    }

    // The rest is read after finish.

    long wrongReads() {
        return wrongReads;
    }

    long failed() {
        return failed;
    }

    /** Why the first access that failed did; empty where none did. */
    String firstFailure() {
        return firstFailure;
    }

    /** How long writes took since the last call. */
    Histogram takeWriteMicros() {
        Histogram taken = writeMicros;
        writeMicros = new Histogram(HIGHEST_MICROS, 3);
        return taken;
    }

    private void add(long gpa, byte attributes, long value, boolean read) throws InterruptedException {
        if (rows.size() == chunkRows) {
            flush();
        }
        int place = place(next + rows.size());
        wanted[place] = value;
        isRead[place] = read;
        rows.add(gpa, attributes, read ? 0 : value, 1, 0);
    }

    private int place(long sequence) {
        return (int) sequence & mask;
    }

    private void answered(AccessAnswers answers) {
        long nowNanos = System.nanoTime();
        for (int i = 0; i < answers.size(); i++) {
            int place = place(answers.sequence(i));
            if (answers.errno(i) != 0) {
                failed++;
                if (firstFailure.isEmpty()) {
                    firstFailure = answers.refusal(i).orElseThrow().message();
                }
            } else if (isRead[place]) {
                wrongReads += answers.data(i) == wanted[place] ? 0 : 1;
            } else {
                writeMicros.recordValue(Math.min(HIGHEST_MICROS, (nowNanos - sentNanos[place]) / 1000));
            }
        }
        answered.addAndGet(answers.size());
        room.release(answers.size());
    }
}
