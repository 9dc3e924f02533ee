package io.trapline.coordinator.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.coordinator.raft.ReplicaConfig.Peer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("the end of another coordinator's process is noticed, and its next life")
@Timeout(120)
final class PeerWatchTest {
    private final BlockingQueue<String> said = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> listening = new LinkedBlockingQueue<>();
    private final PeerWatch.Listener listener = new PeerWatch.Listener() {
        @Override
        public void there(String peer) {
            listening.add(peer);
        }

        @Override
        public void gone(String peer) {
            said.add("gone " + peer);
        }

        @Override
        public void back(String peer) {
            said.add("back " + peer);
        }
    };
    private final PeerWatch watch = new PeerWatch(listener);

    private final List<Listening> all = new ArrayList<>();

    @AfterEach
    void close() throws IOException {
        watch.close();
        for (Listening one : all) {
            one.end();
        }
    }

    /** A process that takes connections, until it ends. */
    private final class Listening {
        private final ServerSocket server;
        private final List<Socket> taken = new ArrayList<>();

        private Listening(int port) throws IOException {
            server = new ServerSocket();
            server.setReuseAddress(true);
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            all.add(this);
        }

        private Peer peer(String id) {
            return new Peer(id, "127.0.0.1", server.getLocalPort(), "");
        }

        private Socket take() throws IOException {
            Socket next = server.accept();
            taken.add(next);
            return next;
        }

        private void dropConnections() throws IOException {
            for (Socket one : taken) {
                one.close();
            }
        }

        private void end() throws IOException {
            server.close();
            dropConnections();
        }
    }

    private String next() throws InterruptedException {
        String next = said.poll(60, TimeUnit.SECONDS);
        return next == null ? "nothing" : next;
    }

    @Test
    void whoListensNoMoreIsGoneAndMayComeBack() throws Exception {
        Listening first = new Listening(0);
        Peer peer = first.peer("c1");
        watch.follow(List.of(peer));
        first.take();
        first.end();
        assertThat(next()).isEqualTo("gone c1");

        new Listening(peer.port()).take();
        assertThat(next()).isEqualTo("back c1");
    }

    @Test
    void whoTakesTheNextConnectionIsNotGone() throws Exception {
        Listening broken = new Listening(0);
        Listening ended = new Listening(0);
        watch.follow(List.of(broken.peer("c1")));
        broken.take();
        broken.dropConnections();
        broken.take();
        // Had the first one counted, it would have been told before this.
        watch.follow(List.of(broken.peer("c1"), ended.peer("c2")));
        ended.take();
        ended.end();
        assertThat(next()).isEqualTo("gone c2");
        assertThat(said).isEmpty();
    }

    @Test
    void whoListensIsThereAgainAndAgain() throws Exception {
        Listening first = new Listening(0);
        try (PeerWatch often = new PeerWatch(listener, Duration.ofMillis(20))) {
            often.follow(List.of(first.peer("c1")));
            first.take();
            for (int i = 0; i < 3; i++) {
                assertThat(listening.poll(60, TimeUnit.SECONDS)).isEqualTo("c1");
            }
            first.end();
            assertThat(next()).isEqualTo("gone c1");
        }
    }

    @Test
    void whoNeverListenedIsNotGone() throws Exception {
        Listening closed = new Listening(0);
        Peer nobody = closed.peer("c1");
        closed.end();
        Listening ended = new Listening(0);
        watch.follow(List.of(nobody, ended.peer("c2")));
        ended.take();
        ended.end();
        assertThat(next()).isEqualTo("gone c2");
        assertThat(said).isEmpty();
    }

    @Test
    void nobodyIsWatchedAnyMoreWhoIsNotNamed() throws Exception {
        Listening left = new Listening(0);
        Listening ended = new Listening(0);
        watch.follow(List.of(left.peer("c1")));
        Socket connection = left.take();
        watch.follow(List.of(ended.peer("c2")));
        assertThat(connection.getInputStream().read()).isEqualTo(-1);
        left.end();
        ended.take();
        ended.end();
        assertThat(next()).isEqualTo("gone c2");
        assertThat(said).isEmpty();
    }
}
