package io.trapline.client;

import io.trapline.v1.ReadMemoryRequest;
import java.util.Arrays;

/** What one memory call reads, in columns: at most 4,096 segments, 2 MiB together. Reusable after {@link #clear}; not thread-safe. */
public final class ReadSegments {
    private long[] gpa;
    private int[] sizeBytes;
    private int size;

    /** Room for so many segments; it grows. */
    public ReadSegments(int capacity) {
        gpa = new long[Math.max(1, capacity)];
        sizeBytes = new int[Math.max(1, capacity)];
    }

    /** One more segment. */
    public ReadSegments add(long segmentGpa, int segmentSizeBytes) {
        if (size == gpa.length) {
            gpa = Arrays.copyOf(gpa, size * 2);
            sizeBytes = Arrays.copyOf(sizeBytes, size * 2);
        }
        gpa[size] = segmentGpa;
        sizeBytes[size] = segmentSizeBytes;
        size++;
        return this;
    }

    /** How many segments there are. */
    public int size() {
        return size;
    }

    /** Empties it. */
    public ReadSegments clear() {
        size = 0;
        return this;
    }

    void addTo(ReadMemoryRequest.Builder request) {
        for (int i = 0; i < size; i++) {
            request.addGpa(gpa[i]).addSizeBytes(sizeBytes[i]);
        }
    }
}
