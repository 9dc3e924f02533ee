package io.trapline.model;

/**
 * The byte that says what kind of ioreq a row is; its layout is that of {@code IoreqBatch.attributes} in the contract, its words
 * those of Xen's {@code public/hvm/ioreq.h}. Static functions on a byte, since the hot path keeps columns of them.
 */
public final class IoreqAttributes {
    public static final int PIO = 0;
    public static final int COPY = 1;
    public static final int PCI_CONFIG = 2;
    public static final int TIMEOFFSET = 3;
    public static final int INVALIDATE = 4;

    /** Direction: set = read. */
    public static final int READ = 1 << 2;

    /** Addresses of the repetitions descend. */
    public static final int DF = 1 << 6;

    /** Data is the gpa of a buffer. */
    public static final int DATA_IS_PTR = 1 << 7;

    /** A mark: another run may have carried it out (F6). */
    public static final int MARK_REDELIVERED = 1;

    /** A mark: a posted write (F3). */
    public static final int MARK_POSTED = 2;

    /** What {@code claimed_type} holds for a row that a range brought. */
    public static final byte BY_RANGE = (byte) 255;

    private IoreqAttributes() {}

    /** The ioreq's byte for an access' byte ({@link AccessAttributes}). */
    public static byte fromAccess(int access) {
        int type = switch (AccessAttributes.kind(access)) {
            case AccessAttributes.PIO -> PIO;
            case AccessAttributes.PCI -> PCI_CONFIG;
            default -> COPY;
        };
        return (byte) ((access & 7)
                | (type << 3)
                | (AccessAttributes.isDf(access) ? DF : 0)
                | (AccessAttributes.isDataPtr(access) ? DATA_IS_PTR : 0));
    }

    /** 1, 2, 4 or 8. */
    public static int sizeBytes(int attributes) {
        return 1 << (attributes & 3);
    }

    public static boolean isWrite(int attributes) {
        return (attributes & READ) == 0;
    }

    /** PIO, COPY, PCI_CONFIG, TIMEOFFSET or INVALIDATE. */
    public static int type(int attributes) {
        return (attributes >> 3) & 7;
    }

    public static boolean isDf(int attributes) {
        return (attributes & DF) != 0;
    }

    public static boolean isDataPtr(int attributes) {
        return (attributes & DATA_IS_PTR) != 0;
    }

    /** All ones of the size (F2). */
    public static long mask(int attributes) {
        return -1L >>> (64 - (8 << (attributes & 3)));
    }
}
