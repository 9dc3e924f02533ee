package io.trapline.faults.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.v1.DomainMemory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is done to clients' connections, and by what it is seen to have hit somebody. */
@Timeout(60)
final class ClientFaultsTest {
    private final AtomicLong resumptions = new AtomicLong();
    private final ClientFaults faults = new ClientFaults();
    private ServerSocket node;
    private Socket emulator;

    @BeforeEach
    void connectAnEmulator() throws IOException {
        node = new ServerSocket(0, 0, InetAddress.getLoopbackAddress());
        emulator = connect();
    }

    @AfterEach
    void close() throws IOException {
        faults.close();
        emulator.close();
        node.close();
    }

    private Socket connect() throws IOException {
        String address = InetAddress.getLoopbackAddress().getHostAddress() + ":" + node.getLocalPort();
        InetSocketAddress door =
                address(faults.doors(target(address)).emulators().apply(address));
        Socket client = new Socket(door.getAddress(), door.getPort());
        node.accept();
        return client;
    }

    private static InetSocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        return new InetSocketAddress(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
    }

    private Fault.Broken inflict(String name) throws IOException, InterruptedException {
        return faults.faults(() -> 0, resumptions::get).stream()
                .filter(fault -> fault.name().equals(name))
                .findFirst()
                .orElseThrow()
                .injection()
                .inject(new SplittableRandom(1));
    }

    @Test
    void aResetShowsNoEffectWhileNobodyComesAgain() throws Exception {
        Fault.Broken reset = inflict("reset-emulators");
        reset.heal();

        assertThatThrownBy(() -> emulator.getInputStream().read()).isInstanceOf(SocketException.class);
        assertThat(reset.effect()).isEmpty();
    }

    @Test
    void aStreamThatResumesIsItsEffect() throws Exception {
        Fault.Broken reset = inflict("reset-emulators");
        reset.heal();
        resumptions.incrementAndGet();

        assertThat(reset.effect()).isEqualTo("1 streams resumed");
    }

    @Test
    void soIsWhoeverComesInsteadOfTheOneThatWasReset() throws Exception {
        Fault.Broken reset = inflict("reset-emulators");
        reset.heal();

        try (Socket _ = connect()) {
            Awaitility.await().until(() -> !reset.effect().isEmpty());
            assertThat(reset.effect()).isEqualTo("1 connections reset, 1 opened since");
        }
    }

    @Test
    void whatNobodyWasConnectedToResetsNothing() throws Exception {
        faults.close();
        Fault.Broken reset = inflict("reset-guests");
        reset.heal();

        assertThat(reset.effect()).isEmpty();
    }

    private static Target target(String address) {
        return new Target() {
            @Override
            public String addresses() {
                return address;
            }

            @Override
            public String reach(String asked) {
                return asked;
            }

            @Override
            public DomainMemory memory() {
                return DomainMemory.DOMAIN_MEMORY_VOLATILE;
            }

            @Override
            public List<Fault> faults(Domains domains) {
                return List.of();
            }

            @Override
            public List<String> state() {
                return List.of();
            }

            @Override
            public void awaitWhole() {}

            @Override
            public Effects effects() {
                return new Effects(0, 0, 0);
            }
        };
    }
}
