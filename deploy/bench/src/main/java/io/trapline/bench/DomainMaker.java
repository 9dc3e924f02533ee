package io.trapline.bench;

import io.grpc.ManagedChannel;
import io.trapline.model.AccessFlags;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.DomainServiceGrpc;
import io.trapline.v1.IoreqServerServiceGrpc;
import io.trapline.v1.MapMemTypeRequest;
import io.trapline.v1.MemType;
import io.trapline.v1.SetIoreqServerStateRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** Makes domains of 1 GiB, each with an enabled server that claims a type, by callers that each wait for every answer. */
final class DomainMaker {
    private static final long PAGES = 1L << 18;

    private final List<ManagedChannel> channels;

    DomainMaker(List<ManagedChannel> channels) {
        this.channels = channels;
    }

    /** Makes that many. */
    void make(int domains, int callers) throws IOException, InterruptedException {
        AtomicInteger left = new AtomicInteger(domains);
        List<Future<?>> calling = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < callers; i++) {
                ManagedChannel channel = channels.get(i % channels.size());
                calling.add(threads.submit(() -> {
                    while (left.getAndDecrement() > 0) {
                        makeOne(channel);
                    }
                }));
            }
            for (Future<?> caller : calling) {
                caller.get();
            }
        } catch (ExecutionException failed) {
            throw new IOException("a domain could not be made", failed.getCause());
        }
    }

    private static void makeOne(ManagedChannel channel) {
        int domid = DomainServiceGrpc.newBlockingStub(channel)
                .createDomain(CreateDomainRequest.newBuilder()
                        .setNrPages(PAGES)
                        .setNrVcpus(4)
                        .setMemory(DomainMemory.DOMAIN_MEMORY_VOLATILE)
                        .build())
                .getDomain()
                .getDomid();
        IoreqServerServiceGrpc.IoreqServerServiceBlockingStub servers = IoreqServerServiceGrpc.newBlockingStub(channel);
        int id = servers.createIoreqServer(
                        CreateIoreqServerRequest.newBuilder().setDomid(domid).build())
                .getId();
        servers.mapMemType(MapMemTypeRequest.newBuilder()
                .setDomid(domid)
                .setId(id)
                .setType(MemType.MEM_TYPE_IOREQ_SERVER_0)
                .setFlags(AccessFlags.WRITE)
                .build());
        servers.setIoreqServerState(SetIoreqServerStateRequest.newBuilder()
                .setDomid(domid)
                .setId(id)
                .setEnabled(true)
                .build());
    }
}
