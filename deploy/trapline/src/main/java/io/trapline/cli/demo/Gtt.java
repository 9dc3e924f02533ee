package io.trapline.cli.demo;

/**
 * The guest's graphics translation table: pages of 512 entries of 8 bytes, each page filled by one vCPU. An entry is valid when it
 * is present, names a frame of the guest and leaves the reserved bits 0; the mediator's shadow holds it with the frame translated to
 * the machine's, or points it to a scratch page where it is not valid.
 *
 * @param firstGfn its first frame
 * @param pages how many it has
 * @param guestFrames how many frames the guest has
 * @param vcpus how many vCPUs fill it; page p is that of vCPU p mod vcpus
 */
record Gtt(long firstGfn, int pages, long guestFrames, int vcpus) {
    static final int ENTRIES_PER_PAGE = 512;
    static final int ENTRY_BYTES = 8;

    private static final int PAGE_SHIFT = 12;
    private static final long PRESENT = 1;
    private static final long WRITABLE = 1 << 1;
    private static final long NO_EXECUTE = 1L << 63;
    private static final long FRAME = ((1L << 40) - 1) << PAGE_SHIFT;
    private static final long FLAGS = PRESENT | WRITABLE | NO_EXECUTE;

    /** Where the guest's frames begin in the machine. */
    private static final long MACHINE_FRAME = 0x100000;

    private static final long SCRATCH = PRESENT | 0xdeadL << PAGE_SHIFT;

    /** One of this many entries that a guest writes is not valid. */
    private static final int INVALID_ONE_IN = 1024;

    int entries() {
        return pages * ENTRIES_PER_PAGE;
    }

    /** The first address, in bytes. */
    long startGpa() {
        return firstGfn << PAGE_SHIFT;
    }

    long gpa(int entry) {
        return startGpa() + (long) entry * ENTRY_BYTES;
    }

    /** The entry at that address; -1 where none begins there. */
    int entryAt(long gpa) {
        long offset = gpa - startGpa();
        return offset < 0 || offset % ENTRY_BYTES != 0 || offset / ENTRY_BYTES >= entries()
                ? -1
                : (int) (offset / ENTRY_BYTES);
    }

    /** How many entries a vCPU fills. */
    int entriesOf(int vcpu) {
        return (pages / vcpus + (vcpu < pages % vcpus ? 1 : 0)) * ENTRIES_PER_PAGE;
    }

    /** The entry that is a vCPU's own number {@code place}, 0 … entriesOf(vcpu)-1. */
    int entryOf(int vcpu, int place) {
        int page = vcpu + vcpus * (place / ENTRIES_PER_PAGE);
        return page * ENTRIES_PER_PAGE + place % ENTRIES_PER_PAGE;
    }

    /** An entry that a guest might write, all of its kinds from the bits of a random number. */
    long entryFrom(long random) {
        boolean valid = Math.floorMod(random, INVALID_ONE_IN) != 0;
        long frame = Long.remainderUnsigned(random >>> 10, guestFrames) + (valid ? 0 : guestFrames);
        return frame << PAGE_SHIFT | PRESENT | (random & WRITABLE) | (random & NO_EXECUTE);
    }

    boolean isValid(long entry) {
        return (entry & PRESENT) != 0
                && (entry & ~(FRAME | FLAGS)) == 0
                && (entry & FRAME) >>> PAGE_SHIFT < guestFrames;
    }

    /** What the mediator's shadow holds for it. */
    long shadowOf(long entry) {
        return isValid(entry) ? entry + (MACHINE_FRAME << PAGE_SHIFT) : SCRATCH;
    }
}
