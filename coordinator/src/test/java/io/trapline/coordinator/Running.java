package io.trapline.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.MetadataUtils;
import io.trapline.coordinator.raft.ReplicaConfig;
import io.trapline.internal.v1.NodeControlServiceGrpc.NodeControlServiceStub;
import io.trapline.internal.v1.RegistryServiceGrpc;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.rpc.Principals;
import io.trapline.rpc.Statuses;
import io.trapline.v1.ClusterServiceGrpc;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.DomainServiceGrpc;
import io.trapline.v1.IoreqServerServiceGrpc;
import io.trapline.v1.MapMemTypeRequest;
import io.trapline.v1.SessionServiceGrpc;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** A coordinator on a directory, behind an in-process gRPC server, and clients of it. */
final class Running implements AutoCloseable {
    final AtomicReference<Throwable> failure = new AtomicReference<>();
    final Coordinator coordinator;
    final ManagedChannel channel;
    private final Server server;

    Running(Path directory, boolean bootstrap) throws Exception {
        this(directory, bootstrap, node -> Optional.empty());
    }

    Running(Path directory, boolean bootstrap, Function<String, Optional<NodeControlServiceStub>> nodeControls)
            throws Exception {
        coordinator = Coordinator.start(CoordinatorConfig.of(
                ReplicaConfig.alone(directory, bootstrap), "0.1.0-test", nodeControls, failure::set));
        String name = InProcessServerBuilder.generateName();
        InProcessServerBuilder builder = InProcessServerBuilder.forName(name).intercept(new Principals());
        coordinator.publicServices().forEach(builder::addService);
        coordinator.internalServices().forEach(builder::addService);
        server = builder.build().start();
        channel = InProcessChannelBuilder.forName(name).build();
    }

    FakeNode node(String name, long incarnation) {
        return new FakeNode(channel, name, incarnation);
    }

    DomainServiceGrpc.DomainServiceBlockingStub domains() {
        return DomainServiceGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
    }

    IoreqServerServiceGrpc.IoreqServerServiceBlockingStub servers() {
        return IoreqServerServiceGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
    }

    IoreqServerServiceGrpc.IoreqServerServiceFutureStub serversAsync() {
        return IoreqServerServiceGrpc.newFutureStub(channel);
    }

    IoreqServerServiceGrpc.IoreqServerServiceBlockingStub serversAs(String principal) {
        return IoreqServerServiceGrpc.newBlockingStub(as(principal)).withDeadlineAfter(60, TimeUnit.SECONDS);
    }

    SessionServiceGrpc.SessionServiceBlockingStub sessions() {
        return SessionServiceGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
    }

    ClusterServiceGrpc.ClusterServiceBlockingStub cluster() {
        return ClusterServiceGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
    }

    RegistryServiceGrpc.RegistryServiceBlockingStub registry() {
        return RegistryServiceGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
    }

    private Channel as(String principal) {
        Metadata metadata = new Metadata();
        metadata.put(Principals.METADATA, principal);
        return io.grpc.ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(metadata));
    }

    /** A small domain under the lowest free id. */
    int domain() {
        return domains().createDomain(smallDomain()).getDomain().getDomid();
    }

    static CreateDomainRequest smallDomain() {
        return CreateDomainRequest.newBuilder()
                .setNrPages(1024)
                .setNrVcpus(2)
                .setMemory(DomainMemory.DOMAIN_MEMORY_VOLATILE)
                .build();
    }

    int ioreqServer(int domid) {
        return servers()
                .createIoreqServer(
                        CreateIoreqServerRequest.newBuilder().setDomid(domid).build())
                .getId();
    }

    static MapMemTypeRequest claim(int domid, int id, int x, int flags) {
        return MapMemTypeRequest.newBuilder()
                .setDomid(domid)
                .setId(id)
                .setTypeValue(16 + x)
                .setFlags(flags)
                .build();
    }

    static Refusal refused(Errno errno, ThrowingCallable call) {
        Throwable thrown = catchThrowable(call);
        assertThat(thrown).isNotNull();
        Optional<Refusal> refusal = Statuses.fromThrowable(thrown);
        assertThat(refusal).as("%s", thrown).map(Refusal::errno).contains(errno);
        return refusal.orElseThrow();
    }

    @Override
    public void close() {
        channel.shutdownNow();
        server.shutdownNow();
        coordinator.close();
    }
}
