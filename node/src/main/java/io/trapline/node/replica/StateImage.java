package io.trapline.node.replica;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.trapline.model.Pure;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a copy of a shard has, as bytes for a fresh copy at another life (D-24). A class that has a part of it says so once, for both ways: each {@code of} gives its
 * argument back where an image is made, and what the image has there where a copy is made of it.
 *
 * <pre>{@code
 * void image(StateImage image) {
 *     revision = image.of(revision);
 * }
 * }</pre>
 */
@Pure
public final class StateImage {
    private static final int FIRST_BYTES = 1024;

    private ByteBuffer out = ByteBuffer.allocate(FIRST_BYTES);
    private final @Nullable ByteBuffer in;

    private StateImage(@Nullable ByteBuffer in) {
        this.in = in;
    }

    /** The image of that state. */
    public static byte[] of(Consumer<StateImage> state) {
        StateImage image = new StateImage(null);
        state.accept(image);
        return Arrays.copyOf(image.out.array(), image.out.position());
    }

    /** Makes that state what the image says. Throws {@link IllegalArgumentException} where it says more; other than that a malformed one throws whatever comes of it. */
    public static void into(byte[] image, Consumer<StateImage> state) {
        ByteBuffer in = ByteBuffer.wrap(image);
        state.accept(new StateImage(in));
        if (in.hasRemaining()) {
            throw new IllegalArgumentException("image of a shard: " + in.remaining() + " bytes more than its state");
        }
    }

    /** Whether a copy is made of it. */
    public boolean isRead() {
        return in != null;
    }

    /** One number. */
    public long of(long value) {
        if (in != null) {
            return in.getLong();
        }
        room(Long.BYTES).putLong(value);
        return value;
    }

    /** One number. */
    public int of(int value) {
        if (in != null) {
            return in.getInt();
        }
        room(Integer.BYTES).putInt(value);
        return value;
    }

    /** One number. */
    public byte of(byte value) {
        if (in != null) {
            return in.get();
        }
        room(Byte.BYTES).put(value);
        return value;
    }

    /** Whether something is so. */
    public boolean of(boolean value) {
        return of((byte) (value ? 1 : 0)) != 0;
    }

    /** A text. */
    public String of(String value) {
        return new String(of(value.getBytes(UTF_8)), UTF_8);
    }

    /** Numbers, however many. */
    public byte[] of(byte[] values) {
        byte[] all = isRead() ? new byte[length(Byte.BYTES)] : values;
        if (!isRead()) {
            of(values.length);
        }
        fill(all);
        return all;
    }

    /** Numbers, however many. */
    public long[] of(long[] values) {
        long[] all = isRead() ? new long[length(Long.BYTES)] : values;
        if (!isRead()) {
            of(values.length);
        }
        fill(all);
        return all;
    }

    /** As many numbers as there are. */
    public void fill(byte[] values) {
        if (in != null) {
            in.get(values);
        } else {
            room(values.length).put(values);
        }
    }

    /** As many numbers as there are. */
    public void fill(int[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] = of(values[i]);
        }
    }

    /** As many numbers as there are. */
    public void fill(long[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] = of(values[i]);
        }
    }

    /** A set of numbers. */
    public void of(BitSet set) {
        long[] words = of(set.toLongArray());
        if (isRead()) {
            set.clear();
            set.or(BitSet.valueOf(words));
        }
    }

    /**
     * Each of these, in order.
     *
     * @param write says what one has
     * @param read makes the next one
     */
    public <T> void each(List<T> all, Consumer<T> write, Supplier<T> read) {
        if (!isRead()) {
            of(all.size());
            all.forEach(write);
            return;
        }
        all.clear();
        for (int left = length(1); left > 0; left--) {
            all.add(read.get());
        }
    }

    private int length(int bytesOfEach) {
        int length = of(0);
        if (in == null || length < 0 || (long) length * bytesOfEach > in.remaining()) {
            throw new IllegalArgumentException("image of a shard: length = " + length);
        }
        return length;
    }

    /** Where so many bytes more have room. */
    private ByteBuffer room(int bytes) {
        if (out.remaining() < bytes) {
            int length = Math.max(2 * out.capacity(), Math.addExact(out.position(), bytes));
            out = ByteBuffer.allocate(length).put(out.flip());
        }
        return out;
    }
}
