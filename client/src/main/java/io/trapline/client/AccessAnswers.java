package io.trapline.client;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Outcomes of accesses of one vCPU, in columns: row i of 0 … size-1, in the order of arrival. Does not change once it is handed over. */
public final class AccessAnswers {
    private final Vcpu vcpu;
    private long[] sequence;
    private long[] data;
    private byte[] errno;
    private @Nullable Map<Integer, Refusal> refusals;
    private int size;

    AccessAnswers(Vcpu vcpu, int capacity) {
        this.vcpu = vcpu;
        sequence = new long[capacity];
        data = new long[capacity];
        errno = new byte[capacity];
    }

    void add(long rowSequence, long rowData, int rowErrno, @Nullable Refusal refusal) {
        if (size == sequence.length) {
            sequence = Arrays.copyOf(sequence, size * 2);
            data = Arrays.copyOf(data, size * 2);
            errno = Arrays.copyOf(errno, size * 2);
        }
        sequence[size] = rowSequence;
        data[size] = rowData;
        errno[size] = (byte) rowErrno;
        if (refusal != null) {
            if (refusals == null) {
                refusals = new HashMap<>();
            }
            refusals.put(size, refusal);
        }
        size++;
    }

    /** Whose accesses these were. */
    public Vcpu vcpu() {
        return vcpu;
    }

    /** How many rows there are, at least 1. */
    public int size() {
        return size;
    }

    /** The access' sequence number. */
    public long sequence(int row) {
        return sequence[Objects.checkIndex(row, size)];
    }

    /** Read: the value. Write, data_is_ptr or errno: 0. */
    public long data(int row) {
        return data[Objects.checkIndex(row, size)];
    }

    /** 0 = done, else a number of {@link Errno}. EAGAIN: it had no effect. ETIMEDOUT and ESTALE: its effect is unknown. */
    public int errno(int row) {
        return errno[Objects.checkIndex(row, size)];
    }

    /** Why a row failed, in full; empty for one that did not. */
    public Optional<Refusal> refusal(int row) {
        int number = errno(row);
        if (number == Errno.OK) {
            return Optional.empty();
        }
        Refusal known = refusals == null ? null : refusals.get(row);
        return Optional.of(known == null ? plain(vcpu, sequence(row), number) : known);
    }

    /** A refusal of which only the number is known. */
    static Refusal plain(Vcpu vcpu, long sequence, int errno) {
        Errno reason = Errno.ofNumber(errno).orElse(Errno.EINVAL);
        return Refusal.of(
                        reason,
                        "access " + sequence + " of vCPU " + vcpu.number() + " of domain "
                                + vcpu.guest().domain().domid() + ": " + meaning(reason))
                .with("vcpu", vcpu.number())
                .with("sequence", sequence);
    }

    private static String meaning(Errno reason) {
        return switch (reason) {
            case ETIMEDOUT -> "no answer in time; whether it took effect is unknown";
            case ESTALE -> "fenced; whether it took effect is unknown";
            case EAGAIN -> "not carried out, try again";
            case EIO -> "its memory is lost";
            default -> "refused";
        };
    }
}
