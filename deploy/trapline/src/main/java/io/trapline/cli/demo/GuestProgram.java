package io.trapline.cli.demo;

import java.util.SplittableRandom;

/**
 * What one vCPU does: fills its part of the table in an order of its own, each entry as often as every other, and reads some of what
 * it wrote back. The table it means to have is its own record: nobody else writes its entries.
 */
final class GuestProgram {
    private static final int BURST_WRITES = 512;
    private static final int BURST_READS = 8;

    private final Gtt gtt;
    private final int vcpu;
    private final VcpuLoad load;
    private final long[] table;
    private final SplittableRandom random;
    private final int entries;
    private final int stride;
    private int place;
    private long writes;
    private long reads;

    /** {@code table}: what the whole guest means its table to be; this vCPU writes its own entries there. */
    GuestProgram(Gtt gtt, VcpuLoad load, long[] table, long seed) {
        this.gtt = gtt;
        this.vcpu = load.number();
        this.load = load;
        this.table = table;
        this.random = new SplittableRandom(seed + vcpu);
        this.entries = gtt.entriesOf(vcpu);
        this.stride = coprimeTo(entries, random);
        this.place = random.nextInt(entries);
    }

    /** Writes so many entries and, where {@code reading}, reads a few of each burst back. */
    void run(long count, boolean reading) throws InterruptedException {
        for (long done = 0; done < count; ) {
            long burst = Math.min(BURST_WRITES, count - done);
            int first = place;
            for (long i = 0; i < burst; i++) {
                int entry = gtt.entryOf(vcpu, place);
                long value = gtt.entryFrom(random.nextLong());
                table[entry] = value;
                load.write(gtt.gpa(entry), value);
                place = next(place);
            }
            writes += burst;
            done += burst;
            int again = first;
            for (int i = 0; reading && i < Math.min(BURST_READS, burst); i++) {
                int entry = gtt.entryOf(vcpu, again);
                load.read(gtt.gpa(entry), table[entry]);
                reads++;
                again = next(again);
            }
        }
        load.flush();
    }

    /** How many writes it has sent. */
    long writes() {
        return writes;
    }

    /** How many reads it has sent. */
    long reads() {
        return reads;
    }

    private int next(int at) {
        return (int) (((long) at + stride) % entries);
    }

    private static int coprimeTo(int entries, SplittableRandom random) {
        int candidate = random.nextInt(entries / 3, entries / 3 * 2) | 1;
        while (gcd(candidate, entries) != 1) {
            candidate += 2;
        }
        return candidate;
    }

    private static int gcd(int a, int b) {
        return b == 0 ? a : gcd(b, a % b);
    }
}
