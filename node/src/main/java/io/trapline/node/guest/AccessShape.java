package io.trapline.node.guest;

import io.trapline.model.AccessAttributes;
import io.trapline.model.Limit;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;
import io.trapline.node.p2m.AccessSplitter;
import org.jspecify.annotations.Nullable;

/** Whether an access is well-formed by itself (A1, F3, R2). */
@Pure
final class AccessShape {
    private static final long GPA_END = 1L << Limit.MAX_GPA_BITS.intValue();
    private static final long PORTS = 1L << 16;
    private static final long REGISTERS = 1L << 12;

    private AccessShape() {}

    /** Null when it is, else why not. Allocates nothing for what is well-formed. */
    @Nullable
    static Refusal check(int attributes, long address, long data, int count, int timeoutMillis) {
        if (count < 1 || count > Limit.MAX_REP_COUNT.value()) {
            return Refusal.invalid("count", Integer.toUnsignedString(count), "1 … " + Limit.MAX_REP_COUNT.value())
                    .with("limit", Limit.MAX_REP_COUNT.value());
        }
        if (timeoutMillis < 0 || timeoutMillis > Limit.MAX_TIMEOUT_MILLIS.value()) {
            return Refusal.invalid(
                            "timeout_ms",
                            Integer.toUnsignedString(timeoutMillis),
                            "at most " + Limit.MAX_TIMEOUT_MILLIS.value())
                    .with("limit", Limit.MAX_TIMEOUT_MILLIS.value());
        }
        if (AccessAttributes.isPosted(attributes)
                && (!AccessAttributes.isWrite(attributes) || count != 1 || AccessAttributes.isDataPtr(attributes))) {
            return Refusal.invalid(
                    "attributes", attributes & 0xFF, "posted is for a write of count 1 without a buffer");
        }
        int sizeBytes = AccessAttributes.sizeBytes(attributes);
        Refusal wrong = switch (AccessAttributes.kind(attributes)) {
            case AccessAttributes.MEM -> checkMem(attributes, address, sizeBytes, count);
            case AccessAttributes.PIO -> checkIo("port", address, address, PORTS, sizeBytes);
            case AccessAttributes.PCI -> checkIo("register", address, address & 0xFFFF_FFFFL, REGISTERS, sizeBytes);
            default -> Refusal.invalid("attributes", attributes & 0xFF, "kind 3 is none");
        };
        if (wrong == null && AccessAttributes.isDataPtr(attributes)) {
            return checkBuffer(attributes, data, sizeBytes, count);
        }
        return wrong;
    }

    @Nullable
    private static Refusal checkMem(int attributes, long address, int sizeBytes, int count) {
        if (isInGuest(attributes, address, sizeBytes, count)) {
            return null;
        }
        return Refusal.invalid("address", hex(address), "the access leaves 0 … 2^52 - 1");
    }

    @Nullable
    private static Refusal checkBuffer(int attributes, long buffer, int sizeBytes, int count) {
        if (isInGuest(attributes, buffer, sizeBytes, count)) {
            return null;
        }
        return Refusal.invalid("data", hex(buffer), "the buffer leaves 0 … 2^52 - 1");
    }

    private static boolean isInGuest(int attributes, long address, int sizeBytes, int count) {
        if (address < 0 || address >= GPA_END) {
            return false;
        }
        boolean df = AccessAttributes.isDf(attributes);
        return AccessSplitter.lowest(address, sizeBytes, count, df) >= 0
                && AccessSplitter.highest(address, sizeBytes, count, df) < GPA_END;
    }

    @Nullable
    private static Refusal checkIo(String what, long address, long offset, long end, int sizeBytes) {
        if (sizeBytes > 4) {
            return Refusal.invalid("attributes", "size " + sizeBytes, "a " + what + " is accessed by 1, 2 or 4 bytes");
        }
        if (offset < 0 || offset > end - sizeBytes) {
            return Refusal.invalid("address", hex(address), "the " + what + " leaves 0 … " + (end - 1));
        }
        return null;
    }

    private static String hex(long value) {
        return "0x" + Long.toHexString(value);
    }
}
