package io.trapline.node.peer;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.util.function.IntConsumer;
import java.util.function.IntToLongFunction;
import java.util.function.IntUnaryOperator;
import java.util.function.LongConsumer;

/**
 * One column of a batch of rows as a field of a frame: it has no entry where every row has 0, one where every row has the same, else one for each row. No
 * row costs an object.
 */
final class Columns {
    /** Reads a byte of a row. */
    @FunctionalInterface
    interface ByteAt {
        byte at(int row);
    }

    private Columns() {}

    static void ints(int from, int to, IntUnaryOperator at, IntConsumer add) {
        boolean same = true;
        for (int row = from + 1; row < to && same; row++) {
            same = at.applyAsInt(row) == at.applyAsInt(from);
        }
        if (!same) {
            for (int row = from; row < to; row++) {
                add.accept(at.applyAsInt(row));
            }
        } else if (from < to && at.applyAsInt(from) != 0) {
            add.accept(at.applyAsInt(from));
        }
    }

    static void longs(int from, int to, IntToLongFunction at, LongConsumer add) {
        boolean same = true;
        for (int row = from + 1; row < to && same; row++) {
            same = at.applyAsLong(row) == at.applyAsLong(from);
        }
        if (!same) {
            for (int row = from; row < to; row++) {
                add.accept(at.applyAsLong(row));
            }
        } else if (from < to && at.applyAsLong(from) != 0) {
            add.accept(at.applyAsLong(from));
        }
    }

    static ByteString bytes(int from, int to, ByteAt at) {
        boolean same = true;
        for (int row = from + 1; row < to && same; row++) {
            same = at.at(row) == at.at(from);
        }
        if (same && (from == to || at.at(from) == 0)) {
            return ByteString.EMPTY;
        }
        byte[] column = new byte[same ? 1 : to - from];
        for (int i = 0; i < column.length; i++) {
            column[i] = at.at(from + i);
        }
        return UnsafeByteOperations.unsafeWrap(column);
    }

    /** How to read a column that has so many entries. */
    static IntUnaryOperator ints(int rows, int entries, IntUnaryOperator get, String field) {
        if (entries == 0) {
            return row -> 0;
        }
        checkEntries(rows, entries, field);
        return entries == rows ? get : row -> get.applyAsInt(0);
    }

    /** How to read a column that has so many entries. */
    static IntToLongFunction longs(int rows, int entries, IntToLongFunction get, String field) {
        if (entries == 0) {
            return row -> 0;
        }
        checkEntries(rows, entries, field);
        return entries == rows ? get : row -> get.applyAsLong(0);
    }

    /** How to read a column that has so many entries. */
    static ByteAt bytes(int rows, ByteString column, String field) {
        int entries = column.size();
        if (entries == 0) {
            return row -> 0;
        }
        checkEntries(rows, entries, field);
        return entries == rows ? column::byteAt : row -> column.byteAt(0);
    }

    private static void checkEntries(int rows, int entries, String field) {
        if (rows == 0 || (entries != 1 && entries != rows)) {
            throw new MalformedFrameException(
                    field, entries + " entries", "0, 1 or as many as there are rows: " + rows);
        }
    }

    /** A number that must lie within bounds, both inclusive. */
    static int within(int value, int lowest, int highest, String field) {
        if (value < lowest || value > highest) {
            throw new MalformedFrameException(field, Integer.toUnsignedString(value), lowest + " … " + highest);
        }
        return value;
    }

    /** A number that must lie within bounds, both inclusive. */
    static long within(long value, long lowest, long highest, String field) {
        if (value < lowest || value > highest) {
            throw new MalformedFrameException(field, Long.toUnsignedString(value), lowest + " … " + highest);
        }
        return value;
    }
}
