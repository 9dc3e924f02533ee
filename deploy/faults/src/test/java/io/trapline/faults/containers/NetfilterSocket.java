package io.trapline.faults.containers;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A socket to the kernel's netfilter (Linux: netlink(7)). Used by one thread at a time. */
final class NetfilterSocket implements AutoCloseable {
    private static final int AF_NETLINK = 16;
    private static final int SOCK_RAW = 3;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int NETLINK_NETFILTER = 12;
    private static final int SOL_NETLINK = 270;
    private static final int NETLINK_NO_ENOBUFS = 5;
    private static final int SOCKADDR_NL_BYTES = 12;
    private static final short POLLIN = 1;
    private static final int POLLFD_BYTES = 8;
    private static final int POLLFD_EVENTS = 4;
    private static final int BUFFER_BYTES = 1 << 16;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment received = arena.allocate(BUFFER_BYTES);
    private final MemorySegment sent = arena.allocate(BUFFER_BYTES);
    private final MemorySegment polled = arena.allocate(POLLFD_BYTES, Integer.BYTES);
    private final int socket;

    private NetfilterSocket(int socket) {
        this.socket = socket;
        polled.set(JAVA_INT, 0, socket);
        polled.set(JAVA_SHORT, POLLFD_EVENTS, POLLIN);
    }

    /** In the network that this thread is in. */
    static NetfilterSocket open() throws IOException {
        try (Arena local = Arena.ofConfined()) {
            int socket = SystemCall.SOCKET.with(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
            MemorySegment address = local.allocate(SOCKADDR_NL_BYTES, Integer.BYTES);
            address.set(JAVA_SHORT, 0, (short) AF_NETLINK);
            SystemCall.BIND.with(socket, address, SOCKADDR_NL_BYTES);
            // What does not fit is dropped, as it is on a link that is full, and is no error here.
            SystemCall.SETSOCKOPT.with(
                    socket, SOL_NETLINK, NETLINK_NO_ENOBUFS, local.allocateFrom(JAVA_INT, 1), Integer.BYTES);
            return new NetfilterSocket(socket);
        }
    }

    /** A message as the kernel takes it. */
    void send(byte[] message) throws IOException {
        MemorySegment.copy(message, 0, sent, JAVA_BYTE, 0, message.length);
        SystemCall.SEND.with(socket, sent, (long) message.length, 0);
    }

    /** The next datagram, good until the next call; empty where none comes in that time. */
    ByteBuffer receive(int millis) throws IOException {
        if (SystemCall.POLL.with(polled, 1L, millis) == 0) {
            return ByteBuffer.allocate(0);
        }
        int bytes = SystemCall.RECV.with(socket, received, (long) BUFFER_BYTES, 0);
        return received.asSlice(0, bytes).asByteBuffer().order(ByteOrder.nativeOrder());
    }

    @Override
    public void close() throws IOException {
        SystemCall.CLOSE.with(socket);
        arena.close();
    }
}
