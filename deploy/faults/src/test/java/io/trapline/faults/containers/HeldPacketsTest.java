package io.trapline.faults.containers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** In a network of its own, without any container. */
@Tag("faults")
@Timeout(120)
final class HeldPacketsTest {
    private static final Duration SHORTEST = Duration.ofMillis(100);
    private static final Duration LONGEST = Duration.ofMillis(300);
    private static final int QUEUE = 3;
    private static final int COUNT = 50;

    private Process holder;

    @BeforeEach
    void network() throws Exception {
        assumeTrue(
                HostCommands.unavailable().isEmpty(),
                () -> HostCommands.unavailable().orElseThrow());
        holder = new ProcessBuilder("unshare", "-n", "sh", "-c", "echo in && exec sleep 600").start();
        assertThat(holder.inputReader().readLine()).isEqualTo("in");
        HostCommands.in(holder.pid(), List.of("ip", "link", "set", "lo", "up"));
    }

    @AfterEach
    void end() {
        if (holder != null) {
            holder.destroyForcibly();
        }
    }

    private DatagramSocket socket() throws IOException, InterruptedException {
        DatagramSocket socket =
                ProcessNetwork.call(holder.pid(), () -> new DatagramSocket(0, InetAddress.getLoopbackAddress()));
        socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(60));
        return socket;
    }

    private void ask(String what) throws IOException, InterruptedException {
        HostCommands.in(
                holder.pid(),
                List.of("iptables", "-w", what, "INPUT", "-p", "udp", "-j", "NFQUEUE", "--queue-num", "" + QUEUE));
    }

    private static void send(DatagramSocket from, DatagramSocket to, int number) throws IOException {
        from.send(new DatagramPacket(new byte[] {(byte) number}, 1, to.getLocalSocketAddress()));
    }

    private static int receive(DatagramSocket at) throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[1], 1);
        at.receive(packet);
        return packet.getData()[0];
    }

    @Test
    void everyPacketComesOnceAndLaterAndSomeOvertakeOthers() throws Exception {
        try (DatagramSocket from = socket();
                DatagramSocket to = socket();
                HeldPackets held = HeldPackets.begin(holder.pid(), QUEUE, SHORTEST, LONGEST, new SplittableRandom(1))) {
            ask("-A");
            long begunNanos = System.nanoTime();
            for (int i = 0; i < COUNT; i++) {
                send(from, to, i);
            }
            List<Integer> numbers = new ArrayList<>();
            numbers.add(receive(to));
            assertThat(Duration.ofNanos(System.nanoTime() - begunNanos)).isGreaterThanOrEqualTo(SHORTEST);
            for (int i = 1; i < COUNT; i++) {
                numbers.add(receive(to));
            }

            List<Integer> sent = IntStream.range(0, COUNT).boxed().toList();
            assertThat(numbers).containsExactlyInAnyOrderElementsOf(sent).isNotEqualTo(sent);
            assertThat(held.count()).isEqualTo(COUNT);
        }
    }

    @Test
    void whatStillWaitsInTheEndGoesOn() throws Exception {
        try (DatagramSocket from = socket();
                DatagramSocket to = socket()) {
            HeldPackets held = HeldPackets.begin(
                    holder.pid(), QUEUE, Duration.ofHours(1), Duration.ofHours(2), new SplittableRandom(1));
            ask("-A");
            send(from, to, 7);
            ask("-D");
            held.close();

            assertThat(receive(to)).isEqualTo(7);
            assertThat(held.count()).isEqualTo(1);
        }
    }

    @Test
    void aQueueThatSomebodyHasIsRefused() throws Exception {
        HeldPackets first = HeldPackets.begin(holder.pid(), QUEUE, SHORTEST, LONGEST, new SplittableRandom(1));
        try {
            assertThatThrownBy(() -> HeldPackets.begin(holder.pid(), QUEUE, SHORTEST, LONGEST, new SplittableRandom(1)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("queue 3");
        } finally {
            first.close();
        }
    }
}
