package io.trapline.faults.history;

import io.trapline.model.Pure;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Words, one repetition of an access each.
 *
 * @param first gpa of the first repetition, in bytes
 * @param count of repetitions, 1 and up
 * @param df whether the addresses descend
 */
@Pure
public record Reps(long first, int count, boolean df) {
    /** What a word takes. */
    public static final int WORD_BYTES = 8;

    public Reps {
        check(count);
    }

    static void check(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("count = " + count);
        }
    }

    /** Their addresses in the order of the repetitions. */
    public LongStream words() {
        return IntStream.range(0, count).mapToLong(i -> first + (long) (df ? -i : i) * WORD_BYTES);
    }

    /** The address of the last repetition: that of which a read without a buffer returns the value (A1). */
    public long last() {
        return first + (long) (df ? 1 - count : count - 1) * WORD_BYTES;
    }

    /** Whether that word is one of them. */
    public boolean has(long address) {
        return address >= Math.min(first, last()) && address <= Math.max(first, last());
    }

    /** Whether all of the other's words are among these. */
    public boolean hasAll(Reps other) {
        return has(other.first) && has(other.last());
    }

    /** Whether a word is in both. */
    public boolean meets(Reps other) {
        return Math.min(first, last()) <= Math.max(other.first, other.last())
                && Math.min(other.first, other.last()) <= Math.max(first, last());
    }

    @Override
    public String toString() {
        return "0x" + Long.toHexString(first) + (count == 1 ? "" : " x " + count + (df ? " down" : " up"));
    }
}
