package io.trapline.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.trapline.v1.DomainServiceGrpc;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("processes")
@DisplayName("C2, C7, C8, E: what was acknowledged is there after kill -9")
@Timeout(600)
final class DurabilityTest {
    private static final int KILLS = 10;
    private static final int CLIENTS = 4;
    private static final int MIN_REQUESTS = 20;
    private static final int MORE_REQUESTS = 100;

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(longs = {20260101})
    void losesNothingThatWasAcknowledged(long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        DurabilityLedger ledger = new DurabilityLedger();
        List<DurableClient> clients = new ArrayList<>();
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        int acknowledged = 0;
        for (int round = 0; round <= KILLS; round++) {
            // Few entries between two snapshots: kills fall before, into and behind them.
            try (CoordinatorProcess process = CoordinatorProcess.start(directory, 40)) {
                ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", process.port())
                        .usePlaintext()
                        .directExecutor()
                        .build();
                FakeNode node = new FakeNode(channel, "n1", 1);
                await().atMost(Duration.ofSeconds(20)).until(node::serves);
                if (round == 0) {
                    int arena = DomainServiceGrpc.newBlockingStub(channel)
                            .createDomain(Running.smallDomain())
                            .getDomain()
                            .getDomid();
                    for (int i = 0; i < CLIENTS; i++) {
                        clients.add(new DurableClient("p" + i, random.nextLong(), ledger, arena, channel));
                    }
                }
                clients.forEach(client -> client.connect(channel));
                each(threads, clients, DurableClient::finishStep);
                Set<Long> history = clients.getFirst().history();
                clients.forEach(
                        client -> client.verify(epoch -> assertThat(history).contains(epoch)));
                acknowledged =
                        clients.stream().mapToInt(DurableClient::acknowledged).sum();
                if (round < KILLS) {
                    List<Future<?>> working = new ArrayList<>();
                    clients.forEach(client -> working.add(threads.submit(client::work)));
                    // Counted in requests, not in time: on a busy machine too a kill falls into the middle of work.
                    int until = acknowledged + MIN_REQUESTS + random.nextInt(MORE_REQUESTS);
                    await().atMost(Duration.ofSeconds(60))
                            .pollInterval(Duration.ofMillis(2))
                            .until(() -> sum(clients) >= until);
                    process.kill();
                    for (Future<?> client : working) {
                        client.get(60, TimeUnit.SECONDS);
                    }
                }
                channel.shutdownNow();
            }
        }
        threads.shutdown();
        assertThat(acknowledged).as("requests in all rounds").isGreaterThanOrEqualTo(MIN_REQUESTS * KILLS);
    }

    private static int sum(List<DurableClient> clients) {
        return clients.stream().mapToInt(DurableClient::acknowledged).sum();
    }

    private interface Action {
        void on(DurableClient client);
    }

    private static void each(ExecutorService threads, List<DurableClient> clients, Action action) throws Exception {
        List<Future<?>> running = new ArrayList<>();
        clients.forEach(client -> running.add(threads.submit(() -> action.on(client))));
        for (Future<?> each : running) {
            each.get(60, TimeUnit.SECONDS);
        }
    }
}
