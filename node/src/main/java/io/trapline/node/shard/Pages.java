package io.trapline.node.shard;

import io.trapline.model.AccessAttributes;
import io.trapline.model.Errno;
import io.trapline.model.Gfn;
import io.trapline.model.MemType;
import io.trapline.model.Pure;
import io.trapline.node.p2m.AccessSplitter;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.p2m.P2m;
import io.trapline.node.replica.StateImage;

/** A shard's pages under the decision table of the moment: decides one part of an access and carries it out where it goes to a page. */
@Pure
final class Pages {
    private static final long PAGE_BYTES = 1L << Gfn.PAGE_SHIFT;

    private final P2m p2m;
    private final long firstGfn;
    private final long lastGfn;
    private DecisionTable table;
    private boolean leased = true;

    Pages(P2m p2m, long firstGfn, long lastGfn, DecisionTable table) {
        this.p2m = p2m;
        this.firstGfn = firstGfn;
        this.lastGfn = lastGfn;
        this.table = table;
    }

    void table(DecisionTable newer) {
        table = newer;
    }

    void leased(boolean isLeased) {
        leased = isLeased;
    }

    DecisionTable table() {
        return table;
    }

    P2m p2m() {
        return p2m;
    }

    boolean holds(long gfn) {
        return gfn >= firstGfn && gfn <= lastGfn;
    }

    /** Decides a part that lies in one page, or a PIO or PCI access; the int is {@link DecisionTable}'s. */
    int decide(int attributes, long address, int sizeBytes, int count) {
        boolean write = AccessAttributes.isWrite(attributes);
        int kind = AccessAttributes.kind(attributes);
        if (kind != AccessAttributes.MEM) {
            return table.decideIo(kind, write, address, sizeBytes);
        }
        byte type = p2m.typeOf(address >>> Gfn.PAGE_SHIFT);
        if (count == 1) {
            return table.decide(type, write, address, address + sizeBytes - 1);
        }
        boolean df = AccessAttributes.isDf(attributes);
        return table.decide(
                type,
                write,
                AccessSplitter.lowest(address, sizeBytes, count, df),
                AccessSplitter.highest(address, sizeBytes, count, df));
    }

    /** Decides a row of a lane that is its own and only part. */
    int decide(VcpuLane lane, int place) {
        byte attributes = lane.attributes[place];
        return decide(attributes, lane.address[place], AccessAttributes.sizeBytes(attributes), lane.count[place]);
    }

    /** Decides a posted write. */
    int decide(PostedRows.Row row) {
        return decide(row.attributes, row.address, AccessAttributes.sizeBytes(row.attributes), 1);
    }

    /** Whether what was decided goes to that server. */
    static boolean goesTo(int decision, int serverId) {
        return DecisionTable.isServer(decision) && DecisionTable.server(decision) == serverId;
    }

    /** The same, by that claim, or by range. */
    static boolean goesTo(int decision, int serverId, byte claimedType) {
        return goesTo(decision, serverId) && DecisionTable.claimedType(decision) == claimedType;
    }

    /** The server's last change. */
    long changedRevision(int server) {
        return table.changedRevision(server);
    }

    /** Whether accesses may take effect (D1). */
    boolean isRunning() {
        return leased && table.state() == DecisionTable.State.RUNNING;
    }

    /** Reads the last repetition of a part that goes to its page (A1). */
    long read(int attributes, long address, int sizeBytes, int count) {
        return p2m.read(element(attributes, address, sizeBytes, count - 1), sizeBytes);
    }

    /** Writes every repetition of a part that goes to its page; the errno, {@link Errno#OK} or that of ENOSPC. */
    byte write(int attributes, long address, int sizeBytes, int count, long value) {
        for (int i = 0; i < count; i++) {
            if (!p2m.write(element(attributes, address, sizeBytes, i), sizeBytes, value)) {
                return (byte) Errno.ENOSPC.number();
            }
        }
        return Errno.OK;
    }

    /** The address of the i-th repetition. */
    static long element(int attributes, long address, int sizeBytes, int i) {
        long offset = (long) i * sizeBytes;
        return AccessAttributes.isDf(attributes) ? address - offset : address + offset;
    }

    /**
     * Whether the pages of a data_is_ptr buffer that are here may be moved by shards themselves: they have memory, and no claim or range takes that
     * direction, so that nothing goes past a claim (C4). {@code intoBuffer}: a read of the guest fills the buffer.
     */
    boolean isPlainBufferHere(long first, long last, boolean intoBuffer) {
        long from = Math.max(first >>> Gfn.PAGE_SHIFT, firstGfn);
        long through = Math.min(last >>> Gfn.PAGE_SHIFT, lastGfn);
        for (long gfn = from; gfn <= through; gfn++) {
            if (!isPlain(p2m.typeOf(gfn), intoBuffer)) {
                return false;
            }
        }
        return true;
    }

    /** Puts bytes into plain pages; those of RAM_RO are dropped (T2). The errno, {@link Errno#OK} or that of ENOSPC, and then nothing was put. */
    byte writeBytes(long gpa, byte[] bytes) {
        if (p2m.reserveSegments(new long[] {gpa}, new int[] {bytes.length}).isPresent()) {
            return (byte) Errno.ENOSPC.number();
        }
        for (int done = 0; done < bytes.length; ) {
            long at = gpa + done;
            int inPage = (int) Math.min(bytes.length - done, PAGE_BYTES - (at & (PAGE_BYTES - 1)));
            if (!isReadOnly(at)) {
                p2m.writeBytes(at, bytes, done, inPage);
            }
            done += inPage;
        }
        return Errno.OK;
    }

    private boolean isPlain(byte type, boolean written) {
        if (MemType.isIoreqServer(type)) {
            return table.claimant(type - MemType.IOREQ_SERVER_CODE, written) == DecisionTable.NONE;
        }
        return switch (MemType.ofCode(type)) {
            case RAM_RW, RAM_RO -> true;
            case MMIO_WRITE_DM -> !written;
            default -> false;
        };
    }

    /**
     * Moves the repetitions between a part's page and its buffer, one after the other (both may overlap); a piece of a repetition is one of {@code sizeBytes}. Bytes
     * into RAM_RO are dropped (T2).
     *
     * @param decision what was decided for the part, not a server
     */
    byte copy(int attributes, int decision, long address, long buffer, int sizeBytes, int count) {
        boolean write = AccessAttributes.isWrite(attributes);
        for (int i = 0; i < count; i++) {
            long target = element(attributes, address, sizeBytes, i);
            long other = element(attributes, buffer, sizeBytes, i);
            if (write) {
                if (decision == DecisionTable.MEMORY && !p2m.write(target, sizeBytes, readAcross(other, sizeBytes))) {
                    return (byte) Errno.ENOSPC.number();
                }
            } else {
                long value = decision == DecisionTable.ONES ? -1L : p2m.read(target, sizeBytes);
                if (!writeAcross(other, sizeBytes, value)) {
                    return (byte) Errno.ENOSPC.number();
                }
            }
        }
        return Errno.OK;
    }

    private long readAcross(long gpa, int sizeBytes) {
        if (isInOnePage(gpa, sizeBytes)) {
            return p2m.read(gpa, sizeBytes);
        }
        long value = 0;
        for (int i = 0; i < sizeBytes; i++) {
            value |= (p2m.read(gpa + i, 1) & 0xFF) << (8 * i);
        }
        return value;
    }

    private boolean writeAcross(long gpa, int sizeBytes, long value) {
        if (isInOnePage(gpa, sizeBytes)) {
            return isReadOnly(gpa) || p2m.write(gpa, sizeBytes, value);
        }
        for (int i = 0; i < sizeBytes; i++) {
            if (!isReadOnly(gpa + i) && !p2m.write(gpa + i, 1, value >>> (8 * i) & 0xFF)) {
                return false;
            }
        }
        return true;
    }

    private boolean isReadOnly(long gpa) {
        return p2m.typeOf(gpa >>> Gfn.PAGE_SHIFT) == MemType.RAM_RO.code();
    }

    private static boolean isInOnePage(long gpa, int sizeBytes) {
        return (gpa ^ (gpa + sizeBytes - 1)) >>> Gfn.PAGE_SHIFT == 0;
    }

    /** All that a fresh copy has to have of it, both ways (D-24). */
    void image(StateImage image) {
        p2m.image(image);
        table = table.image(image);
        leased = image.of(leased);
    }
}
