package io.trapline.client;

import com.google.protobuf.ByteString;
import io.trapline.v1.WriteMemoryRequest;
import java.util.Arrays;

/** What one memory call writes, in columns: at most 4,096 segments, 2 MiB together. Reusable after {@link #clear}; not thread-safe. */
public final class WriteSegments {
    private long[] gpa;
    private int[] sizeBytes;
    private int size;
    private byte[] data;
    private int length;

    /** Room for so many segments and bytes; both grow. */
    public WriteSegments(int capacity, int capacityBytes) {
        gpa = new long[Math.max(1, capacity)];
        sizeBytes = new int[Math.max(1, capacity)];
        data = new byte[Math.max(8, capacityBytes)];
    }

    /** One more segment. */
    public WriteSegments add(long segmentGpa, byte[] bytes, int offset, int segmentSizeBytes) {
        begin(segmentGpa, segmentSizeBytes);
        System.arraycopy(bytes, offset, data, length, segmentSizeBytes);
        length += segmentSizeBytes;
        return this;
    }

    /** One more segment: the low 1, 2, 4 or 8 bytes of a value, lowest first. */
    public WriteSegments addValue(long segmentGpa, long value, int segmentSizeBytes) {
        begin(segmentGpa, segmentSizeBytes);
        for (int i = 0; i < segmentSizeBytes; i++) {
            data[length++] = (byte) (value >>> (8 * i));
        }
        return this;
    }

    private void begin(long segmentGpa, int segmentSizeBytes) {
        if (size == gpa.length) {
            gpa = Arrays.copyOf(gpa, size * 2);
            sizeBytes = Arrays.copyOf(sizeBytes, size * 2);
        }
        if (length + segmentSizeBytes > data.length) {
            data = Arrays.copyOf(data, Math.max(data.length * 2, length + segmentSizeBytes));
        }
        gpa[size] = segmentGpa;
        sizeBytes[size] = segmentSizeBytes;
        size++;
    }

    /** How many segments there are. */
    public int size() {
        return size;
    }

    /** How many bytes they have together. */
    public int lengthBytes() {
        return length;
    }

    /** Empties it. */
    public WriteSegments clear() {
        size = 0;
        length = 0;
        return this;
    }

    void addTo(WriteMemoryRequest.Builder request) {
        for (int i = 0; i < size; i++) {
            request.addGpa(gpa[i]).addSizeBytes(sizeBytes[i]);
        }
        request.setData(ByteString.copyFrom(data, 0, length));
    }
}
