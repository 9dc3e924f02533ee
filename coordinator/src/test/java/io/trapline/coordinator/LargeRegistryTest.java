package io.trapline.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.common.util.concurrent.ListenableFuture;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.trapline.internal.v1.DomainRecord;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.CreateDomainResponse;
import io.trapline.v1.DomainServiceGrpc;
import io.trapline.v1.DomainState;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("D-13: thousands of domains reach a node over a channel with the usual bound of a message")
@Timeout(120)
final class LargeRegistryTest {
    private static final int SMALL = 3_000;
    // Of 1,024 shards, about 40 kB each.
    private static final int LARGE = 300;
    private static final int USUAL_MAX_BYTES = 4 << 20;

    @TempDir
    private Path directory;

    private Running running;
    private FakeNode primary;
    private Server server;
    private ManagedChannel channel;

    @BeforeEach
    void start() throws Exception {
        running = new Running(directory, true);
        primary = running.node("n1", 77);
        await().until(primary::serves);
        NettyServerBuilder builder =
                NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        running.coordinator.internalServices().forEach(builder::addService);
        server = builder.build().start();
        channel = NettyChannelBuilder.forAddress("127.0.0.1", server.getPort())
                .usePlaintext()
                .build();
        create(SMALL, Running.smallDomain());
        create(LARGE, Running.smallDomain().toBuilder().setNrPages(1L << 28).build());
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        server.shutdownNow();
        primary.close();
        running.close();
    }

    @Test
    void asASnapshotAndAsOneChange() {
        FakeNode node = new FakeNode(channel, "n2", 9);
        await().until(node::serves);

        RegistryChange snapshot = merged(node.changes);
        assertThat(snapshot.getSnapshot()).isTrue();
        assertThat(snapshot.getSerializedSize()).isGreaterThan(USUAL_MAX_BYTES);
        assertThat(snapshot.getDomainsList())
                .extracting(record -> record.getDomain().getDomid())
                .hasSize(SMALL + LARGE)
                .doesNotHaveDuplicates();

        int before = node.changes.size();
        primary.resign();
        await().until(() ->
                node.changes.size() > before && !node.changes.getLast().getMore());

        List<RegistryChange> parts = List.copyOf(node.changes).subList(before, node.changes.size());
        assertThat(parts)
                .extracting(RegistryChange::getRevision)
                .containsOnly(parts.getLast().getRevision());
        RegistryChange crashed = merged(parts);
        assertThat(crashed.getSerializedSize()).isGreaterThan(USUAL_MAX_BYTES);
        assertThat(crashed.getDomainsList())
                .extracting(DomainRecord::getDomain)
                .hasSize(SMALL + LARGE)
                .allMatch(domain -> domain.getState() == DomainState.DOMAIN_STATE_CRASHED);
        assertThat(node.ended).isNotDone();
        node.close();
    }

    private static RegistryChange merged(List<RegistryChange> parts) {
        RegistryChange.Builder merged = RegistryChange.newBuilder();
        parts.forEach(merged::mergeFrom);
        return merged.build();
    }

    /** A saturated machine may let the node's lease end meanwhile: what nobody could place is asked for again. */
    private void create(int count, CreateDomainRequest request) {
        AtomicInteger missing = new AtomicInteger(count);
        await().atMost(Duration.ofSeconds(60)).until(() -> missing.addAndGet(-created(missing.get(), request)) == 0);
    }

    private int created(int count, CreateDomainRequest request) throws Exception {
        List<ListenableFuture<CreateDomainResponse>> calls = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            calls.add(DomainServiceGrpc.newFutureStub(running.channel).createDomain(request));
        }
        int created = 0;
        for (ListenableFuture<CreateDomainResponse> call : calls) {
            try {
                call.get(60, TimeUnit.SECONDS);
                created++;
            } catch (ExecutionException refused) {
                assertThat(refused).hasMessageContaining("no node has a lease now");
            }
        }
        return created;
    }
}
