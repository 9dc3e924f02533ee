package io.trapline.sim.world.part;

import io.trapline.model.AccessAttributes;
import io.trapline.model.Gfn;
import io.trapline.node.p2m.AccessSplitter;
import io.trapline.sim.run.Chance;
import java.util.List;

/** What guests do: reads, writes and posted writes of a few words, some across pages and shards, some repeated; every write has a value of its own. */
public final class Workload {
    private static final List<Integer> OFFSETS = List.of(0, 8, 16, 2048, 4080, 4088);
    private static final long FIRST_VALUE = 0x6000_0000_0000_0001L;

    private final Chance chance;
    private final Settings settings;
    private long nextValue = FIRST_VALUE;

    public Workload(Chance chance, Settings settings) {
        this.chance = chance;
        this.settings = settings;
    }

    /** Any access; its number is its window's affair. */
    public GuestRow next() {
        return switch (chance.random().nextInt(16)) {
            case 0 -> crossing();
            case 1 -> repeated();
            case 2 -> port();
            case 3, 4 -> word(Layout.RANGE_START + 8L * chance.upTo(2), 8);
            case 5 -> small();
            default -> word(page() + chance.oneOf(OFFSETS), 8);
        };
    }

    private static GuestRow row(long address, byte attributes, long data, int count, int timeoutMillis) {
        return new GuestRow(0, address, attributes, data, count, timeoutMillis);
    }

    private long page() {
        return chance.oneOf(Layout.PAGES) << Gfn.PAGE_SHIFT;
    }

    private GuestRow word(long address, int sizeBytes) {
        boolean write = chance.random().nextInt(5) < 3;
        byte attributes = AccessAttributes.of(sizeBytes, write, AccessAttributes.MEM);
        if (write && chance.oneIn(4)) {
            attributes |= AccessAttributes.POSTED;
        }
        return row(address, attributes, write ? nextValue++ : 0, 1, timeout());
    }

    private GuestRow small() {
        int sizeBytes = 1 << chance.upTo(2);
        return word(page() + chance.oneOf(OFFSETS) + (long) sizeBytes * chance.upTo(1), sizeBytes);
    }

    /** Across the end of a page, the neighbour of another one that is in use. */
    private GuestRow crossing() {
        long end = (Layout.PAGES.get(chance.upTo(2)) + 1) << Gfn.PAGE_SHIFT;
        boolean write = chance.random().nextBoolean();
        byte attributes = AccessAttributes.of(8, write, AccessAttributes.MEM);
        return row(end - 1 - chance.upTo(6), attributes, write ? nextValue++ : 0, 1, timeout());
    }

    /** A REP, up or down, in one page or over the end of one. */
    private GuestRow repeated() {
        long end = (Layout.PAGES.get(chance.upTo(2)) + 1) << Gfn.PAGE_SHIFT;
        boolean write = chance.random().nextBoolean();
        boolean down = chance.random().nextBoolean();
        byte attributes = AccessAttributes.of(8, write, AccessAttributes.MEM);
        if (down) {
            attributes |= AccessAttributes.DF;
        }
        long first = down ? end + 8 : end - 16 - 8L * chance.upTo(2) - (chance.oneIn(3) ? 3 : 0);
        return row(first, attributes, write ? nextValue++ : 0, 2 + chance.upTo(3), timeout());
    }

    private GuestRow port() {
        boolean write = chance.random().nextBoolean();
        byte attributes = AccessAttributes.of(1, write, AccessAttributes.PIO);
        return row(Layout.FIRST_PORT + chance.upTo(7), attributes, write ? nextValue++ & 0xFF : 0, 1, timeout());
    }

    private int timeout() {
        return chance.oneIn(20) ? chance.oneOf(List.of(1, 15, 200)) : 0;
    }

    /** How many shards carry an access out. */
    public int shards(GuestRow access) {
        if (AccessAttributes.kind(access.attributes()) != AccessAttributes.MEM) {
            return 1;
        }
        int sizeBytes = AccessAttributes.sizeBytes(access.attributes());
        boolean df = AccessAttributes.isDf(access.attributes());
        long low = AccessSplitter.lowest(access.address(), sizeBytes, access.count(), df);
        long high = AccessSplitter.highest(access.address(), sizeBytes, access.count(), df);
        return Layout.shardOf(low) == Layout.shardOf(high) ? 1 : 2;
    }

    /** For a reader. */
    @Override
    public String toString() {
        return settings.vcpus + " vCPUs, next value " + Long.toHexString(nextValue);
    }
}
