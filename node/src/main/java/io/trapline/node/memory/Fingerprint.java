package io.trapline.node.memory;

import io.trapline.v1.SetMemTypeRequest;
import io.trapline.v1.WriteMemoryRequest;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.zip.CRC32C;

/** Tells a retry from another request under the same id (section E). No secret and no proof: a client that wants to fool itself can. */
final class Fingerprint {
    private Fingerprint() {}

    static long of(WriteMemoryRequest request) {
        CRC32C data = new CRC32C();
        for (ByteBuffer part : request.getData().asReadOnlyByteBufferList()) {
            data.update(part);
        }
        return combine(
                data.getValue(),
                Objects.hash(
                        "write",
                        request.getDomid(),
                        request.getDomainGeneration(),
                        request.getOnBehalfOf(),
                        request.getGpaList(),
                        request.getSizeBytesList()));
    }

    static long of(SetMemTypeRequest request) {
        return combine(
                request.getRunsList().hashCode(),
                Objects.hash("types", request.getDomid(), request.getDomainGeneration(), request.getOnBehalfOf()));
    }

    private static long combine(long content, int rest) {
        return content << 32 | Integer.toUnsignedLong(rest);
    }
}
