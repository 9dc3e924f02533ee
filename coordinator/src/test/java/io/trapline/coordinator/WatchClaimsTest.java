package io.trapline.coordinator;

import static io.trapline.coordinator.Running.claim;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.trapline.model.Errno;
import io.trapline.rpc.Statuses;
import io.trapline.v1.Claim;
import io.trapline.v1.ClaimEnd;
import io.trapline.v1.ClaimState;
import io.trapline.v1.DestroyDomainRequest;
import io.trapline.v1.IoreqServerServiceGrpc;
import io.trapline.v1.WatchClaimsRequest;
import io.trapline.v1.WatchClaimsResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("C8: watching claims")
@Timeout(120)
final class WatchClaimsTest {
    @TempDir
    private Path directory;

    private Running running;
    private int domid;
    private int id;

    /** Reads what it asks for. */
    private static final class Watcher implements ClientResponseObserver<WatchClaimsRequest, WatchClaimsResponse> {
        private final List<WatchClaimsResponse> seen = new CopyOnWriteArrayList<>();
        private final CompletableFuture<Throwable> ended = new CompletableFuture<>();
        private final int reads;

        private Watcher(int reads) {
            this.reads = reads;
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<WatchClaimsRequest> call) {
            call.disableAutoRequestWithInitial(reads);
        }

        @Override
        public void onNext(WatchClaimsResponse response) {
            seen.add(response);
        }

        @Override
        public void onError(Throwable error) {
            ended.complete(error);
        }

        @Override
        public void onCompleted() {
            ended.complete(new IllegalStateException("completed"));
        }

        private Errno errno() {
            return Statuses.fromThrowable(ended.join()).orElseThrow().errno();
        }
    }

    @BeforeEach
    void start() throws Exception {
        running = new Running(directory, true);
        FakeNode node = running.node("n1", 1);
        await().until(node::serves);
        domid = running.domain();
        id = running.ioreqServer(domid);
    }

    @AfterEach
    void stop() {
        running.close();
    }

    @Test
    void showsWhatStandsAndThenEveryChangeInOrder() {
        running.servers().mapMemType(claim(domid, id, 3, 1));
        Watcher watcher = watch(domid, 1_000);
        await().until(() -> watcher.seen.size() == 1);
        assertThat(watcher.seen.getFirst().getCaughtUp()).isTrue();
        assertThat(watcher.seen.getFirst().getClaimsList())
                .extracting(Claim::getTypeValue)
                .containsExactly(19);

        running.servers().mapMemType(claim(domid, id, 4, 2));
        running.servers().mapMemType(claim(domid, id, 3, 0));

        await().until(() -> watcher.seen.size() == 4);
        assertThat(watcher.seen).extracting(WatchClaimsResponse::getRevision).isSorted();
        assertThat(watcher.seen.subList(1, 4))
                .extracting(response -> response.getClaims(0).getState())
                .containsExactly(
                        ClaimState.CLAIM_STATE_HELD, ClaimState.CLAIM_STATE_RELEASING, ClaimState.CLAIM_STATE_FREE);
    }

    @Test
    void endsWithItsDomain() {
        running.servers().mapMemType(claim(domid, id, 3, 1));
        Watcher watcher = watch(domid, 1_000);
        Watcher everything = watch(0, 1_000);
        await().until(() -> watcher.seen.size() == 1 && everything.seen.size() == 1);

        running.domains()
                .destroyDomain(DestroyDomainRequest.newBuilder().setDomid(domid).build());

        assertThat(watcher.errno()).isEqualTo(Errno.ESRCH);
        Claim last = watcher.seen.getLast().getClaims(0);
        assertThat(last.getState()).isEqualTo(ClaimState.CLAIM_STATE_FREE);
        assertThat(last.getEnd()).isEqualTo(ClaimEnd.CLAIM_END_DOMAIN_DESTROYED);
        assertThat(everything.ended).isNotDone();
        assertThat(watch(domid, 10).errno()).isEqualTo(Errno.ESRCH);
    }

    @Test
    void cutsOffAWatcherThatDoesNotRead() {
        // L
        Watcher watcher = watch(domid, 2);
        await().until(() -> watcher.seen.size() == 1);

        for (int i = 0; i < 343; i++) {
            running.servers().mapMemType(claim(domid, id, 0, 1));
            running.servers().mapMemType(claim(domid, id, 0, 0));
        }

        assertThat(watcher.errno()).isEqualTo(Errno.EAGAIN);
        assertThat(Statuses.fromThrowable(watcher.ended.join()).orElseThrow().metadata())
                .containsEntry("limit", "1024");
    }

    private Watcher watch(int watched, int reads) {
        Watcher watcher = new Watcher(reads);
        IoreqServerServiceGrpc.newStub(running.channel)
                .watchClaims(WatchClaimsRequest.newBuilder().setDomid(watched).build(), watcher);
        return watcher;
    }
}
