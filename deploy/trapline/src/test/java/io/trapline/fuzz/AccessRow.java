package io.trapline.fuzz;

import io.trapline.model.AccessAttributes;
import io.trapline.model.Limit;

/**
 * One access of a guest, as it is sent.
 *
 * @param attributes as in the contract
 * @param address where
 * @param data what
 * @param count how often
 * @param timeoutMillis how long
 */
record AccessRow(byte attributes, long address, long data, int count, int timeoutMillis) {
    private static final long GPA_END = 1L << 52;

    /** Plain memory, without repetitions. */
    static AccessRow plain(int sizeBytes, boolean write, long address, long data) {
        return new AccessRow(AccessAttributes.of(sizeBytes, write, AccessAttributes.MEM), address, data, 1, 0);
    }

    /** One that is wrong by itself (A1). */
    static AccessRow malformed(Dice dice) {
        int size = dice.pick(1, 2, 4, 8);
        boolean write = dice.chance(50);
        byte mem = AccessAttributes.of(size, write, AccessAttributes.MEM);
        byte posted = (byte) (AccessAttributes.of(size, true, AccessAttributes.MEM) | AccessAttributes.POSTED);
        return switch (dice.below(15)) {
            case 0 -> new AccessRow((byte) (dice.below(256) | 0x18), dice.below(4096), dice.anyLong(), 1, 0);
            case 1 -> new AccessRow(mem, 0, 0, 0, 0);
            case 2 -> new AccessRow(mem, 0, 0, (int) dice.above32(Limit.MAX_REP_COUNT.value()), 0);
            case 3 -> new AccessRow(mem, 0, 0, 1, (int) dice.above32(Limit.MAX_TIMEOUT_MILLIS.value()));
            case 4 -> new AccessRow((byte) (posted | AccessAttributes.READ), 0, 0, 1, 0);
            case 5 -> new AccessRow(posted, 0, 0, dice.between(2, 100), 0);
            case 6 -> new AccessRow((byte) (posted | AccessAttributes.DATA_IS_PTR), 0, 0, 1, 0);
            case 7 -> io(8, write, AccessAttributes.PIO, dice.below(0xFFF0));
            case 8 -> io(dice.pick(1, 2, 4), write, AccessAttributes.PIO, dice.above64(0xFFFF));
            case 9 -> io(dice.pick(2, 4), write, AccessAttributes.PIO, 0xFFFF);
            case 10 -> io(8, write, AccessAttributes.PCI, dice.below(0xFF0));
            case 11 -> io(dice.pick(1, 2, 4), write, AccessAttributes.PCI, (dice.anyLong() << 32) | 0x1000);
            case 12 -> new AccessRow(mem, dice.above64(GPA_END - 1), 0, 1, 0);
            // Repetitions that leave the guest, upwards and downwards.
            case 13 -> new AccessRow(mem, GPA_END - size, 0, dice.between(2, 1 << 20), 0);
            default ->
                new AccessRow((byte) (mem | AccessAttributes.DF), dice.below(8), 0, dice.between(100, 1 << 20), 0);
        };
    }

    private static AccessRow io(int sizeBytes, boolean write, int kind, long address) {
        return new AccessRow(AccessAttributes.of(sizeBytes, write, kind), address, 0, 1, 0);
    }

    /** Anything, right or wrong: within the first pages where it is memory. */
    static AccessRow any(Dice dice) {
        int count = dice.chance(97) ? dice.between(0, 40) : dice.pick(-1, 4096, 1 << 16, (1 << 20) + 1);
        long address = dice.chance(90)
                ? dice.below(4096 * 4096)
                : dice.pick(-1L, GPA_END - 1, GPA_END, 1L << 40, 0x100L, 0xFFFFL);
        return new AccessRow(
                (byte) dice.below(256),
                address,
                dice.chance(50) ? dice.below(4096 * 4096) : dice.anyLong(),
                dice.chance(60) ? 1 : count,
                dice.chance(95) ? 0 : (int) dice.above32(0));
    }

    boolean sameContent(AccessRow other) {
        return attributes == other.attributes && address == other.address && data == other.data && count == other.count;
    }

    /** The same place in the sequence, another access. */
    AccessRow changed(Dice dice) {
        return switch (dice.below(4)) {
            case 0 -> new AccessRow((byte) (attributes ^ (1 << dice.below(8))), address, data, count, timeoutMillis);
            case 1 -> new AccessRow(attributes, address ^ (1L << dice.below(64)), data, count, timeoutMillis);
            case 2 -> new AccessRow(attributes, address, data ^ (1L << dice.below(64)), count, timeoutMillis);
            default -> new AccessRow(attributes, address, data, count ^ (1 << dice.below(32)), timeoutMillis);
        };
    }
}
