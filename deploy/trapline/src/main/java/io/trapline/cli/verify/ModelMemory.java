package io.trapline.cli.verify;

import io.trapline.client.Access;
import io.trapline.model.AccessAttributes;
import java.util.HashMap;
import java.util.Map;

/**
 * What a guest must see: pages of bytes, zero at first, lowest byte of a value first, of which some are the registers of the device that
 * is examined. A register holds what was written to it last, so for a guest both kinds are the same.
 */
final class ModelMemory {
    private static final int PAGE_BYTES = 4096;

    private final Map<Long, byte[]> pages = new HashMap<>();

    /** Carries an access out and returns what the guest must be answered: the last element of a read, 0 otherwise. */
    long carryOut(Access access) {
        int size = AccessAttributes.sizeBytes(access.attributes());
        int step = AccessAttributes.isDf(access.attributes()) ? -size : size;
        boolean write = AccessAttributes.isWrite(access.attributes());
        boolean pointer = AccessAttributes.isDataPtr(access.attributes());
        long last = 0;
        for (int element = 0; element < access.count(); element++) {
            long at = access.address() + (long) element * step;
            long buffer = access.data() + (long) element * step;
            if (pointer) {
                put(write ? at : buffer, size, get(write ? buffer : at, size));
            } else if (write) {
                put(at, size, access.data());
            } else {
                last = get(at, size);
            }
        }
        return last;
    }

    /** The value of 1 … 8 bytes. */
    long get(long gpa, int size) {
        long value = 0;
        for (int i = size - 1; i >= 0; i--) {
            long at = gpa + i;
            value = value << 8 | (page(at)[(int) (at % PAGE_BYTES)] & 0xFF);
        }
        return value;
    }

    /** Sets 1 … 8 bytes. */
    void put(long gpa, int size, long value) {
        for (int i = 0; i < size; i++) {
            long at = gpa + i;
            page(at)[(int) (at % PAGE_BYTES)] = (byte) (value >>> (8 * i));
        }
    }

    private byte[] page(long gpa) {
        return pages.computeIfAbsent(gpa / PAGE_BYTES, none -> new byte[PAGE_BYTES]);
    }
}
