package io.trapline.node.memory;

import com.google.protobuf.ByteOutput;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a request as an array, which is not to be changed: the one that the message was parsed into, where it is one; a copy of 2 MiB a call
 * would be most of what a write costs.
 */
final class RequestBytes extends ByteOutput {
    private final int expected;
    private byte @Nullable [] array;
    private int offset;
    private boolean pieces;

    private RequestBytes(int expected) {
        this.expected = expected;
    }

    static RequestBytes of(ByteString bytes) {
        RequestBytes found = new RequestBytes(bytes.size());
        try {
            UnsafeByteOperations.unsafeWriteTo(bytes, found);
        } catch (IOException neverThrown) {
            throw new UncheckedIOException(neverThrown);
        }
        if (found.array == null || found.pieces) {
            found.array = bytes.toByteArray();
            found.offset = 0;
        }
        return found;
    }

    byte[] array() {
        byte[] known = array;
        return known == null ? new byte[0] : known;
    }

    /** Where the first byte is. */
    int offset() {
        return offset;
    }

    @Override
    public void writeLazy(byte[] value, int from, int length) {
        if (length == expected) {
            array = value;
            offset = from;
        } else {
            pieces = true;
        }
    }

    @Override
    public void write(byte value) {
        pieces = true;
    }

    @Override
    public void write(byte[] value, int from, int length) {
        pieces = true;
    }

    @Override
    public void write(ByteBuffer value) {
        pieces = true;
    }

    @Override
    public void writeLazy(ByteBuffer value) {
        pieces = true;
    }
}
