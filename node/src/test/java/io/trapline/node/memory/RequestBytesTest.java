package io.trapline.node.memory;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** The bytes of a request without a copy where they are one array. */
final class RequestBytesTest {
    @Test
    void anArrayIsTakenAsItIs() {
        byte[] data = {1, 2, 3, 4, 5};
        RequestBytes whole = RequestBytes.of(UnsafeByteOperations.unsafeWrap(data));
        assertThat(whole.array()).isSameAs(data);
        assertThat(whole.offset()).isZero();
        RequestBytes part = RequestBytes.of(UnsafeByteOperations.unsafeWrap(data, 2, 2));
        assertThat(part.array()).isSameAs(data);
        assertThat(part.offset()).isEqualTo(2);
    }

    @Test
    void anythingElseIsCopied() {
        ByteString rope = ByteString.EMPTY;
        for (int i = 0; i < 40; i++) {
            byte[] leaf = new byte[100];
            Arrays.fill(leaf, (byte) i);
            rope = rope.concat(UnsafeByteOperations.unsafeWrap(leaf));
        }
        RequestBytes copied = RequestBytes.of(rope);
        assertThat(ByteString.copyFrom(copied.array(), copied.offset(), 4000)).isEqualTo(rope);
        ByteBuffer direct = ByteBuffer.allocateDirect(3).put(0, (byte) 9);
        assertThat(RequestBytes.of(UnsafeByteOperations.unsafeWrap(direct)).array())
                .containsExactly(9, 0, 0);
        assertThat(RequestBytes.of(ByteString.EMPTY).array()).isEmpty();
    }
}
