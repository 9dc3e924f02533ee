package io.trapline.faults.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.faults.proxy.CutProxy.Direction;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
final class CutProxyTest {
    /** Connections come from 127.0.0.1, so none of them gets a port of this host while it is closed. */
    private static final InetSocketAddress ANYWHERE = new InetSocketAddress("127.0.0.9", 0);

    private static final int SILENCE_MILLIS = 100;

    private ServerSocket target;

    @BeforeEach
    void listen() throws IOException {
        target = new ServerSocket();
        target.setReuseAddress(true);
        target.bind(ANYWHERE);
    }

    @AfterEach
    void close() throws IOException {
        target.close();
    }

    private InetSocketAddress where() {
        return (InetSocketAddress) target.getLocalSocketAddress();
    }

    private static Socket connect(CutProxy proxy) throws IOException {
        return new Socket(proxy.address().getAddress(), proxy.address().getPort());
    }

    private static int heard(Socket socket) throws IOException {
        return socket.getInputStream().read();
    }

    private static void say(Socket socket, int what) throws IOException {
        socket.getOutputStream().write(what);
    }

    @Test
    void passesOnWhatBothSay() throws Exception {
        try (CutProxy proxy = CutProxy.open(ANYWHERE, List.of(where()));
                Socket client = connect(proxy);
                Socket server = target.accept()) {
            say(client, 5);
            say(server, 6);

            assertThat(heard(server)).isEqualTo(5);
            assertThat(heard(client)).isEqualTo(6);
            assertThat(proxy.heldBytes(Direction.FROM_CLIENTS)).isZero();
        }
    }

    @Test
    void holdsBackOneDirectionUntilItIsHealed() throws Exception {
        try (CutProxy proxy = CutProxy.open(ANYWHERE, List.of(where()));
                Socket client = connect(proxy);
                Socket server = target.accept()) {
            proxy.hold(Direction.FROM_CLIENTS);
            say(client, 5);
            say(server, 6);
            assertThat(heard(client)).isEqualTo(6);
            Awaitility.await().until(() -> proxy.heldBytes(Direction.FROM_CLIENTS) == 1);
            server.setSoTimeout(SILENCE_MILLIS);
            assertThatThrownBy(() -> heard(server)).isInstanceOf(SocketTimeoutException.class);

            proxy.heal();

            server.setSoTimeout(0);
            assertThat(heard(server)).isEqualTo(5);
        }
    }

    @Test
    void holdsBackThatAConnectionHasEnded() throws Exception {
        try (CutProxy proxy = CutProxy.openAsShadow(ANYWHERE, where());
                Socket client = connect(proxy)) {
            Socket server = target.accept();
            proxy.hold(Direction.TO_CLIENTS);
            server.close();
            client.setSoTimeout(SILENCE_MILLIS);
            assertThatThrownBy(() -> heard(client)).isInstanceOf(SocketTimeoutException.class);

            proxy.heal();

            client.setSoTimeout(0);
            assertThat(isOver(client)).isTrue();
        }
    }

    @Test
    void aShadowRefusesWhileItsTargetDoes() throws Exception {
        try (CutProxy proxy = CutProxy.openAsShadow(ANYWHERE, where());
                Socket client = connect(proxy)) {
            Socket server = target.accept();
            target.close();
            server.close();
            assertThat(isOver(client)).isTrue();

            assertThatThrownBy(() -> connect(proxy)).isInstanceOf(ConnectException.class);

            try (ServerSocket again = new ServerSocket()) {
                again.setReuseAddress(true);
                again.bind(where(target));
                Awaitility.await().until(() -> isListening(proxy));
            }
        }
    }

    private static InetSocketAddress where(ServerSocket closed) {
        return new InetSocketAddress(closed.getInetAddress(), closed.getLocalPort());
    }

    private static boolean isListening(CutProxy proxy) throws IOException {
        try (Socket socket = connect(proxy)) {
            return socket.isConnected();
        } catch (ConnectException refused) {
            return false;
        }
    }

    private static boolean isOver(Socket socket) throws IOException {
        try {
            return heard(socket) < 0;
        } catch (SocketException reset) {
            return true;
        }
    }
}
