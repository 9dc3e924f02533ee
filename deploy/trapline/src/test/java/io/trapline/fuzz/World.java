package io.trapline.fuzz;

import com.google.protobuf.ByteString;
import io.grpc.Channel;
import io.trapline.v1.Bufioreq;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.CreateIoreqServerResponse;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.DomainServiceGrpc;
import io.trapline.v1.IoRange;
import io.trapline.v1.IoRangeType;
import io.trapline.v1.IoreqServerServiceGrpc;
import io.trapline.v1.IoreqServerServiceGrpc.IoreqServerServiceBlockingStub;
import io.trapline.v1.MapIoRangeRequest;
import io.trapline.v1.MapMemTypeRequest;
import io.trapline.v1.MemType;
import io.trapline.v1.MemTypeRun;
import io.trapline.v1.MemoryServiceGrpc;
import io.trapline.v1.SetIoreqServerStateRequest;
import io.trapline.v1.SetMemTypeRequest;
import io.trapline.v1.WriteMemoryRequest;

/**
 * A domain in which a little of everything is set up: two servers of {@link #OWNER}, the first enabled, with ranges and a claim of type 0, the second
 * disabled, with a claim of type 1; a third of somebody else; pages of every type; memory that is not zero; a claim that has ended.
 *
 * @param domid the domain
 * @param generation its generation
 * @param server0 generation of server 0
 * @param server1 generation of server 1
 */
record World(int domid, long generation, long server0, long server1) {
    static final String OWNER = "owner";
    static final int PAGES = 512;
    static final int VCPUS = 4;
    /** Pages that are filled. */
    static final int FILLED = 64;

    static final int TYPE_0_GFN = 16;
    static final int TYPE_1_GFN = 32;
    static final int RAM_RO_GFN = 40;
    static final int MMIO_GFN = 44;
    static final int MMIO_WRITE_GFN = 48;
    static final int LAST_OF_RUN = 3;

    static World create(int domid, Channel owner, Channel other, Dice dice) {
        long generation = DomainServiceGrpc.newBlockingStub(owner)
                .createDomain(CreateDomainRequest.newBuilder()
                        .setDomid(domid)
                        .setNrPages(PAGES)
                        .setNrVcpus(VCPUS)
                        .setMemory(DomainMemory.DOMAIN_MEMORY_VOLATILE)
                        .build())
                .getDomain()
                .getGeneration();
        fill(domid, owner, dice);
        IoreqServerServiceBlockingStub servers = IoreqServerServiceGrpc.newBlockingStub(owner);
        CreateIoreqServerRequest server = CreateIoreqServerRequest.newBuilder()
                .setDomid(domid)
                .setBufioreq(Bufioreq.BUFIOREQ_ATOMIC)
                .build();
        CreateIoreqServerResponse first = servers.createIoreqServer(server);
        CreateIoreqServerResponse second = servers.createIoreqServer(server);
        IoreqServerServiceGrpc.newBlockingStub(other).createIoreqServer(server);
        range(servers, domid, IoRangeType.IO_RANGE_TYPE_PORT, 0x100, 0x10F);
        range(servers, domid, IoRangeType.IO_RANGE_TYPE_MEMORY, 0x4000_0000, 0x4000_0FFF);
        range(servers, domid, IoRangeType.IO_RANGE_TYPE_PCI, 0x800, 0x807);
        claim(servers, domid, 0, MemType.MEM_TYPE_IOREQ_SERVER_0, 2);
        claim(servers, domid, 1, MemType.MEM_TYPE_IOREQ_SERVER_1, 1);
        claim(servers, domid, 0, MemType.MEM_TYPE_IOREQ_SERVER_5, 3);
        claim(servers, domid, 0, MemType.MEM_TYPE_IOREQ_SERVER_5, 0);
        servers.setIoreqServerState(SetIoreqServerStateRequest.newBuilder()
                .setDomid(domid)
                .setEnabled(true)
                .build());
        return new World(domid, generation, first.getGeneration(), second.getGeneration());
    }

    private static void fill(int domid, Channel channel, Dice dice) {
        MemoryServiceGrpc.MemoryServiceBlockingStub memory = MemoryServiceGrpc.newBlockingStub(channel);
        ByteString content = dice.bytes(FILLED * 4096);
        memory.writeMemory(WriteMemoryRequest.newBuilder()
                .setDomid(domid)
                .addGpa(0)
                .addSizeBytes(content.size())
                .setData(content)
                .build());
        memory.setMemType(SetMemTypeRequest.newBuilder()
                .setDomid(domid)
                .addRuns(run(TYPE_0_GFN, 16, MemType.MEM_TYPE_IOREQ_SERVER_0))
                .addRuns(run(TYPE_1_GFN, 8, MemType.MEM_TYPE_IOREQ_SERVER_1))
                .addRuns(run(RAM_RO_GFN, 4, MemType.MEM_TYPE_RAM_RO))
                .addRuns(run(MMIO_GFN, 4, MemType.MEM_TYPE_MMIO_DM))
                .addRuns(run(MMIO_WRITE_GFN, 4, MemType.MEM_TYPE_MMIO_WRITE_DM))
                .build());
    }

    static MemTypeRun run(long firstGfn, long count, MemType type) {
        return MemTypeRun.newBuilder()
                .setFirstGfn(firstGfn)
                .setCount(count)
                .setType(type)
                .build();
    }

    private static void range(
            IoreqServerServiceBlockingStub servers, int domid, IoRangeType type, long start, long end) {
        servers.mapIoRange(MapIoRangeRequest.newBuilder()
                .setDomid(domid)
                .setRange(IoRange.newBuilder().setType(type).setStart(start).setEnd(end))
                .build());
    }

    /** Claims, or with flags = 0 releases. */
    static void claim(IoreqServerServiceBlockingStub servers, int domid, int id, MemType type, int flags) {
        servers.mapMemType(MapMemTypeRequest.newBuilder()
                .setDomid(domid)
                .setId(id)
                .setType(type)
                .setFlags(flags)
                .build());
    }
}
