package io.trapline.fuzz;

import com.google.protobuf.Message;
import com.google.protobuf.TextFormat;
import io.grpc.Channel;
import io.trapline.model.Gfn;
import io.trapline.model.Limit;
import io.trapline.v1.DescribeDomainRequest;
import io.trapline.v1.DomainServiceGrpc;
import io.trapline.v1.IoreqServerServiceGrpc;
import io.trapline.v1.IoreqServerServiceGrpc.IoreqServerServiceBlockingStub;
import io.trapline.v1.ListClaimHistoryRequest;
import io.trapline.v1.ListClaimsRequest;
import io.trapline.v1.ListDomainsRequest;
import io.trapline.v1.ListIoreqServersRequest;
import io.trapline.v1.ListMemTypesRequest;
import io.trapline.v1.MemType;
import io.trapline.v1.MemTypeRun;
import io.trapline.v1.MemoryServiceGrpc;
import io.trapline.v1.MemoryServiceGrpc.MemoryServiceBlockingStub;
import io.trapline.v1.ReadMemoryRequest;
import java.util.List;
import java.util.UUID;

/** Everything of a domain that a client can see, as text. */
final class StateDump {
    private static final long PAGE_BYTES = 1L << Gfn.PAGE_SHIFT;
    private static final long PAGES_PER_READ = Limit.MAX_BYTES_PER_CALL.value() / PAGE_BYTES;

    private StateDump() {}

    /** Of one domain, and which others of {@code ids} there are. */
    static String of(Channel channel, int domid, List<Integer> ids) {
        StringBuilder dump = new StringBuilder();
        var domains = DomainServiceGrpc.newBlockingStub(channel);
        domains.listDomains(ListDomainsRequest.getDefaultInstance()).getDomainsList().stream()
                .filter(domain -> ids.contains(domain.getDomid()))
                .forEach(domain -> add(dump, domain));
        add(
                dump,
                domains
                        .describeDomain(DescribeDomainRequest.newBuilder()
                                .setDomid(domid)
                                .build())
                        .toBuilder()
                        .clearRevision()
                        .build());
        IoreqServerServiceBlockingStub servers = IoreqServerServiceGrpc.newBlockingStub(channel);
        add(
                dump,
                servers.listIoreqServers(
                        ListIoreqServersRequest.newBuilder().setDomid(domid).build()));
        add(
                dump,
                servers.listClaims(
                        ListClaimsRequest.newBuilder().setDomid(domid).build()));
        add(
                dump,
                servers.listClaimHistory(
                        ListClaimHistoryRequest.newBuilder().setDomid(domid).build()));
        addPages(dump, channel, domid);
        return dump.toString();
    }

    private static void addPages(StringBuilder dump, Channel channel, int domid) {
        MemoryServiceBlockingStub memory = MemoryServiceGrpc.newBlockingStub(channel);
        List<MemTypeRun> runs = memory.listMemTypes(ListMemTypesRequest.newBuilder()
                        .setDomid(domid)
                        .setCount(Gfn.MAX + 1)
                        .build())
                .getRunsList();
        for (MemTypeRun run : runs) {
            add(dump, run);
            if (run.getType() == MemType.MEM_TYPE_HOLE || run.getType() == MemType.MEM_TYPE_MMIO_DM) {
                continue;
            }
            long end = run.getFirstGfn() + run.getCount();
            for (long gfn = run.getFirstGfn(); gfn < end; gfn += PAGES_PER_READ) {
                byte[] content = memory.readMemory(ReadMemoryRequest.newBuilder()
                                .setDomid(domid)
                                .addGpa(gfn * PAGE_BYTES)
                                .addSizeBytes((int) (Math.min(PAGES_PER_READ, end - gfn) * PAGE_BYTES))
                                .build())
                        .getData()
                        .toByteArray();
                dump.append(gfn)
                        .append(": ")
                        .append(UUID.nameUUIDFromBytes(content))
                        .append('\n');
            }
        }
    }

    private static void add(StringBuilder dump, Message message) {
        dump.append(TextFormat.printer().printToString(message)).append('\n');
    }
}
