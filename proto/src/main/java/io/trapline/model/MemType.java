package io.trapline.model;

/**
 * What a page is to the guest (T1 – T8). The hot path keeps the {@link #code}; the codes are those of the contract's
 * {@code MemType}.
 */
public enum MemType {
    RAM_RW(1),
    RAM_RO(2),
    MMIO_DM(3),
    MMIO_WRITE_DM(4),
    HOLE(5),
    IOREQ_SERVER_0(16),
    IOREQ_SERVER_1(17),
    IOREQ_SERVER_2(18),
    IOREQ_SERVER_3(19),
    IOREQ_SERVER_4(20),
    IOREQ_SERVER_5(21),
    IOREQ_SERVER_6(22),
    IOREQ_SERVER_7(23),
    IOREQ_SERVER_8(24),
    IOREQ_SERVER_9(25),
    IOREQ_SERVER_10(26),
    IOREQ_SERVER_11(27),
    IOREQ_SERVER_12(28),
    IOREQ_SERVER_13(29),
    IOREQ_SERVER_14(30),
    IOREQ_SERVER_15(31);

    /** Code of {@code ioreq_server[0]}; that of {@code ioreq_server[X]} is X more. */
    public static final int IOREQ_SERVER_CODE = 16;

    private static final MemType[] BY_CODE = new MemType[32];

    static {
        for (MemType type : values()) {
            BY_CODE[type.code] = type;
        }
    }

    private final byte code;

    MemType(int code) {
        this.code = (byte) code;
    }

    /** The number in the contract, 1 … 31. */
    public byte code() {
        return code;
    }

    /** Whether this is {@code ioreq_server[X]} for some X. */
    public boolean isIoreqServer() {
        return isIoreqServer(code);
    }

    /** Whether the code is that of {@code ioreq_server[X]} for some X. */
    public static boolean isIoreqServer(int code) {
        return code >= IOREQ_SERVER_CODE && code < IOREQ_SERVER_CODE + 16;
    }

    /** X of {@code ioreq_server[X]}, 0 … 15. Only for those. */
    public int x() {
        if (!isIoreqServer()) {
            throw new IllegalStateException(this + " is not ioreq_server[X]");
        }
        return code - IOREQ_SERVER_CODE;
    }

    /** {@code ioreq_server[x]}, x = 0 … 15. */
    public static MemType ioreqServer(int x) {
        if (x < 0 || x > 15) {
            throw new IllegalArgumentException("x = " + x + ": 0 … 15");
        }
        return ofCode(IOREQ_SERVER_CODE + x);
    }

    /** The type with that code. Throws {@link IllegalArgumentException} for a code that no type has. */
    public static MemType ofCode(int code) {
        MemType type = code < 0 || code >= BY_CODE.length ? null : BY_CODE[code];
        if (type == null) {
            throw new IllegalArgumentException("memory type code = " + code);
        }
        return type;
    }

    /** Whether a type has that code. */
    public static boolean isCode(int code) {
        return code >= 0 && code < BY_CODE.length && BY_CODE[code] != null;
    }

    /** As the documents write it: {@code ram_rw}, {@code ioreq_server[3]} … */
    public String text() {
        return isIoreqServer() ? "ioreq_server[" + x() + "]" : name().toLowerCase(java.util.Locale.ROOT);
    }
}
