package io.trapline.cli.verify;

import io.trapline.client.DomainRef;
import io.trapline.client.TraplineConnection;
import io.trapline.model.AccessFlags;
import io.trapline.model.Gfn;
import io.trapline.model.Gpa;
import io.trapline.model.MemType;
import io.trapline.v1.Bufioreq;
import io.trapline.v1.Domain;
import io.trapline.v1.IoreqServer;
import io.trapline.v1.MemTypeRun;
import java.util.List;

/**
 * Where the device is: pages of a type that its server claims for reads and writes, and plain pages beside them for buffers.
 *
 * @param firstGfn the first page of the device
 * @param pages how many are examined, 1 … {@value #MOST_PAGES}
 * @param bufferGfn the first of {@value #BUFFER_PAGES} plain pages, or -1 where there are none
 * @param vcpus how many vCPUs the domain has
 * @param isBuffering whether the server buffers posted writes
 */
record DeviceWindow(long firstGfn, int pages, long bufferGfn, int vcpus, boolean isBuffering) {
    static final int MOST_PAGES = 4;
    static final int BUFFER_PAGES = 2;
    static final int PAGE_BYTES = 4096;

    /** Finds it. Throws {@link VerifyException} where there is nothing that could be examined. */
    static DeviceWindow find(TraplineConnection connection, IoreqServer server) throws VerifyException {
        DomainRef domain = DomainRef.of(server.getDomid());
        Domain described = connection.domains().describe(domain).getDomain();
        List<MemTypeRun> types = connection.memory().listMemTypes(domain, new Gfn(0), described.getNrPages());
        MemTypeRun device = null;
        MemTypeRun plain = null;
        for (MemTypeRun run : types) {
            if (device == null && isClaimed(server, run.getTypeValue())) {
                device = run;
            }
            if (plain == null && run.getTypeValue() == MemType.RAM_RW.code() && run.getCount() >= BUFFER_PAGES) {
                plain = run;
            }
        }
        if (server.getSessionEpoch() == 0) {
            throw new VerifyException("no emulator is attached to server " + server.getId());
        }
        if (device == null) {
            throw new VerifyException("server " + server.getId() + " has no pages to examine: it must claim a type for"
                    + " reads and writes, and pages of the domain must have it");
        }
        return new DeviceWindow(
                device.getFirstGfn(),
                (int) Math.min(MOST_PAGES, device.getCount()),
                plain == null ? -1 : plain.getFirstGfn() + plain.getCount() - BUFFER_PAGES,
                described.getNrVcpus(),
                server.getBufioreq() != Bufioreq.BUFIOREQ_OFF);
    }

    private static boolean isClaimed(IoreqServer server, int type) {
        return server.getClaimsList().stream()
                .anyMatch(claim ->
                        claim.getTypeValue() == type && (claim.getFlags() & AccessFlags.ALL) == AccessFlags.ALL);
    }

    long startGpa() {
        return firstGfn * PAGE_BYTES;
    }

    int sizeBytes() {
        return pages * PAGE_BYTES;
    }

    long bufferGpa() {
        return bufferGfn * PAGE_BYTES;
    }

    /** The same, as a word of the contract. Only where there is one. */
    Gpa bufferStart() {
        return new Gpa(bufferGpa());
    }

    boolean hasBuffer() {
        return bufferGfn >= 0;
    }
}
