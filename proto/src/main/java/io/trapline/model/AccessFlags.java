package io.trapline.model;

/** The kinds of access that a claim takes: a set of READ (1) and WRITE (2) as in the seed's {@code hvm_ioreq_mem_type} (C1). */
public final class AccessFlags {
    /** Reads are taken. */
    public static final int READ = 1;

    /** Writes are taken. */
    public static final int WRITE = 2;

    /** Everything that a claim may name. */
    public static final int ALL = READ | WRITE;

    private AccessFlags() {}

    /** Whether the set names the direction of an access. */
    public static boolean take(int flags, boolean write) {
        return (flags & (write ? WRITE : READ)) != 0;
    }

    /** As people write it: {@code READ}, {@code WRITE}, {@code READ|WRITE}, {@code 0}. */
    public static String text(int flags) {
        return switch (flags) {
            case 0 -> "0";
            case READ -> "READ";
            case WRITE -> "WRITE";
            case ALL -> "READ|WRITE";
            default -> "0x" + Integer.toHexString(flags);
        };
    }
}
