package io.trapline.model;

/**
 * The byte that says what kind of access a row of a guest's batch is; its layout is that of {@code AccessBatch.attributes} in the
 * contract. Static functions on a byte, since the hot path keeps columns of them.
 */
public final class AccessAttributes {
    /** Direction as in Xen's ioreq: set = read. */
    public static final int READ = 1 << 2;

    /** Kind: guest memory. */
    public static final int MEM = 0;

    /** Kind: an I/O port. */
    public static final int PIO = 1;

    /** Kind: PCI configuration space. */
    public static final int PCI = 2;

    /** Addresses of the repetitions descend. */
    public static final int DF = 1 << 5;

    /** A write that may be buffered (F3). */
    public static final int POSTED = 1 << 6;

    /** Data is the gpa of the buffer that the repetitions read or fill. */
    public static final int DATA_IS_PTR = 1 << 7;

    private AccessAttributes() {}

    /** Packs size in bytes (1, 2, 4, 8), direction and kind (MEM, PIO, PCI); or the other bits into it. */
    public static byte of(int sizeBytes, boolean write, int kind) {
        return (byte) (Integer.numberOfTrailingZeros(sizeBytes) | (write ? 0 : READ) | (kind << 3));
    }

    /** 1, 2, 4 or 8. */
    public static int sizeBytes(int attributes) {
        return 1 << (attributes & 3);
    }

    public static boolean isWrite(int attributes) {
        return (attributes & READ) == 0;
    }

    /** MEM, PIO, PCI, or 3, which no kind has. */
    public static int kind(int attributes) {
        return (attributes >> 3) & 3;
    }

    public static boolean isDf(int attributes) {
        return (attributes & DF) != 0;
    }

    public static boolean isPosted(int attributes) {
        return (attributes & POSTED) != 0;
    }

    public static boolean isDataPtr(int attributes) {
        return (attributes & DATA_IS_PTR) != 0;
    }

    /** All ones of the size: what a read of nothing returns (T8) and what masks a value (F2). */
    public static long mask(int attributes) {
        return -1L >>> (64 - (8 << (attributes & 3)));
    }
}
