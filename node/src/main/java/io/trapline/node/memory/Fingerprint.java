package io.trapline.node.memory;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import io.trapline.v1.SetMemTypeRequest;
import io.trapline.v1.WriteMemoryRequest;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Tells a retry from another request under the same id (section E), at whichever node it comes in: what every process computes alike. No secret and no proof: a client
 * that wants to fool itself can.
 */
final class Fingerprint {
    private static final int WRITE = 1;
    private static final int TYPES = 2;

    private Fingerprint() {}

    static long of(WriteMemoryRequest request) {
        CRC32C data = new CRC32C();
        for (ByteBuffer part : request.getData().asReadOnlyByteBufferList()) {
            data.update(part);
        }
        return data.getValue() << 32
                | rest(
                        WRITE,
                        request.toBuilder()
                                .clearRequestId()
                                .setData(ByteString.EMPTY)
                                .build());
    }

    static long of(SetMemTypeRequest request) {
        SetMemTypeRequest types = request.toBuilder().clearRequestId().build();
        return (long) types.getRunsCount() << 32 | rest(TYPES, types);
    }

    private static long rest(int method, MessageLite request) {
        CRC32C rest = new CRC32C();
        rest.update(method);
        rest.update(request.toByteArray());
        return rest.getValue();
    }
}
