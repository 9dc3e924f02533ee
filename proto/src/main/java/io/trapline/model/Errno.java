package io.trapline.model;

import java.util.Optional;

/**
 * Why something was refused or failed: Xen's name and number. The only list of reasons there is; each fits one byte of an
 * errno column. Source: section E of the semantics; the numbers are those of Xen's {@code public/errno.h}.
 */
public enum Errno {
    /** Not the server's creator (S3). */
    EPERM(1),
    /** No such server, generation or range. */
    ENOENT(2),
    /** No such domain or generation. */
    ESRCH(3),
    /** The domain is CRASHED (D4). */
    EIO(5),
    /** Leaderless, without a lease, overloaded or moving; safe to retry (A5). */
    EAGAIN(11),
    /** The type is claimed (C2). */
    EBUSY(16),
    /** The domain id is taken, or the range overlaps one of the same server (R1). */
    EEXIST(17),
    /** The request is wrong by itself, or a type change is not allowed (T4, T5). */
    EINVAL(22),
    /** No id, range, node or memory left. */
    ENOSPC(28),
    /** In the contract, not built or off for this domain. */
    EOPNOTSUPP(95),
    /** The emulator did not answer in time; the effect is unknown (F4). */
    ETIMEDOUT(110),
    /** Fenced by something newer; final (S5, A6). */
    ESTALE(116);

    /** What an errno column holds for a row without an error. */
    public static final byte OK = 0;

    private static final Errno[] BY_NUMBER = new Errno[128];

    static {
        for (Errno errno : values()) {
            BY_NUMBER[errno.number] = errno;
        }
    }

    private final int number;

    Errno(int number) {
        this.number = number;
    }

    /** Xen's number, 1 … 127. */
    public int number() {
        return number;
    }

    /** The reason with that number; empty for 0 and for numbers that no reason has. */
    public static Optional<Errno> ofNumber(int number) {
        return number < 0 || number >= BY_NUMBER.length ? Optional.empty() : Optional.ofNullable(BY_NUMBER[number]);
    }
}
