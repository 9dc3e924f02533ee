package io.trapline.faults.containers;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Packets that the kernel asks about before they go on (Linux: nfnetlink_queue.h; a rule with the target NFQUEUE sends them here): each waits for a time of its
 * own, so that some overtake others, as {@code netem delay} has it where a kernel has that. What still waits in the end goes on at once.
 */
final class HeldPackets implements AutoCloseable {
    private static final int HEADER_BYTES = 20;
    private static final int QUEUE_SUBSYSTEM = 3 << 8;
    private static final int PACKET = QUEUE_SUBSYSTEM;
    private static final int VERDICT = QUEUE_SUBSYSTEM | 1;
    private static final int CONFIG = QUEUE_SUBSYSTEM | 2;
    private static final int ERROR = 2;
    private static final int REQUEST = 1;
    private static final int ACKNOWLEDGE = 4;

    private static final int PACKET_HEADER = 1;
    private static final int VERDICT_HEADER = 2;
    private static final int COMMAND = 1;
    private static final int PARAMETERS = 2;
    private static final int LONGEST = 3;
    private static final int MASK = 4;
    private static final int FLAGS = 5;

    private static final byte BIND = 1;
    private static final byte WITHOUT_CONTENTS = 1;
    /** Packets go on where the queue is full, and large ones come whole. */
    private static final int FAIL_OPEN_AND_WHOLE = 1 | 4;

    private static final int MOST = 1 << 14;
    private static final int ACCEPT = 1;
    private static final int PATIENCE_MILLIS = 5_000;
    private static final int IDLE_MILLIS = 20;

    /** {@code dueNanos}: since this began. */
    private record Held(long dueNanos, int packet) {}

    private final NetfilterSocket socket;
    private final int number;
    private final long shortestNanos;
    private final long longestNanos;
    private final SplittableRandom random;
    private final PriorityQueue<Held> waiting = new PriorityQueue<>(Comparator.comparingLong(Held::dueNanos));
    private final long beganNanos = System.nanoTime();
    private final AtomicLong held = new AtomicLong();
    private final Thread thread;
    private volatile boolean over;
    private volatile String failure = "";

    private HeldPackets(
            NetfilterSocket socket, int number, Duration shortest, Duration longest, SplittableRandom random) {
        this.socket = socket;
        this.number = number;
        this.shortestNanos = shortest.toNanos();
        this.longestNanos = longest.toNanos();
        this.random = random;
        this.thread =
                Thread.ofPlatform().name("held-packets-" + number).daemon().unstarted(this::run);
    }

    /**
     * From now on, those of that queue in the network of that process.
     *
     * @param shortest what each waits at least
     * @param longest what none has to wait for longer, more than {@code shortest}
     */
    static HeldPackets begin(long pid, int queue, Duration shortest, Duration longest, SplittableRandom random)
            throws IOException, InterruptedException {
        NetfilterSocket socket = ProcessNetwork.call(pid, NetfilterSocket::open);
        HeldPackets packets = new HeldPackets(socket, queue, shortest, longest, random);
        boolean begun = false;
        try {
            packets.configure(COMMAND, bytes(4).put(BIND));
            packets.configure(PARAMETERS, bytes(5).putInt(0).put(WITHOUT_CONTENTS));
            packets.configure(LONGEST, bytes(4).putInt(MOST));
            packets.configure(MASK, bytes(4).putInt(FAIL_OPEN_AND_WHOLE), FLAGS, bytes(4).putInt(FAIL_OPEN_AND_WHOLE));
            begun = true;
        } finally {
            if (!begun) {
                socket.close();
            }
        }
        packets.thread.start();
        return packets;
    }

    /** How many have been made to wait. Throws {@link IOException} where the kernel could not be heard any more. */
    long count() throws IOException {
        if (!failure.isEmpty()) {
            throw new IOException("packets are not held any more: " + failure);
        }
        return held.get();
    }

    /** Everything goes on. Whoever sends packets here has been told to stop, or they are dropped from now on. */
    @Override
    public void close() throws IOException {
        over = true;
        try {
            thread.join();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted before all packets went on", interrupted);
        }
        socket.close();
    }

    private void run() {
        try {
            while (!over) {
                take(socket.receive(millisUntilNext()));
                letGo(nanos());
            }
            for (ByteBuffer last = socket.receive(0); last.hasRemaining(); last = socket.receive(0)) {
                take(last);
            }
            while (!waiting.isEmpty()) {
                accept(waiting.remove());
            }
        } catch (IOException lost) {
            failure = String.valueOf(lost.getMessage());
        }
    }

    private long nanos() {
        return System.nanoTime() - beganNanos;
    }

    private int millisUntilNext() {
        Held next = waiting.peek();
        if (next == null) {
            return IDLE_MILLIS;
        }
        long nanos = Math.max(0, next.dueNanos() - nanos());
        return (int) Math.min(IDLE_MILLIS, TimeUnit.NANOSECONDS.toMillis(nanos + TimeUnit.MILLISECONDS.toNanos(1) - 1));
    }

    private void letGo(long nowNanos) throws IOException {
        for (Held next = waiting.peek(); next != null && next.dueNanos() <= nowNanos; next = waiting.peek()) {
            accept(waiting.remove());
        }
    }

    /** The packets of a datagram of the kernel's. */
    private void take(ByteBuffer datagram) {
        while (datagram.remaining() >= HEADER_BYTES) {
            int start = datagram.position();
            int end = start + datagram.getInt(start);
            if ((datagram.getShort(start + 4) & 0xffff) == PACKET) {
                int packet = packet(datagram, start + HEADER_BYTES, end);
                waiting.add(new Held(nanos() + random.nextLong(shortestNanos, longestNanos), packet));
                held.incrementAndGet();
            }
            datagram.position(Math.min(datagram.limit(), aligned(end)));
        }
    }

    /** The number of the packet that the attributes between the two describe. */
    private static int packet(ByteBuffer datagram, int from, int end) {
        for (int at = from; at + 4 <= end; at = aligned(at + (datagram.getShort(at) & 0xffff))) {
            if (datagram.getShort(at + 2) == PACKET_HEADER) {
                return Integer.reverseBytes(datagram.getInt(at + 4));
            }
        }
        throw new IllegalStateException("a packet without a number");
    }

    private void accept(Held packet) throws IOException {
        ByteBuffer message = message(VERDICT, REQUEST);
        attribute(message, VERDICT_HEADER, bytes(8).putInt(ACCEPT).putInt(packet.packet()));
        socket.send(finished(message));
    }

    private void configure(int type, ByteBuffer value) throws IOException {
        ByteBuffer message = message(CONFIG, REQUEST | ACKNOWLEDGE);
        attribute(message, type, value);
        acknowledged(message);
    }

    private void configure(int type, ByteBuffer value, int other, ByteBuffer otherValue) throws IOException {
        ByteBuffer message = message(CONFIG, REQUEST | ACKNOWLEDGE);
        attribute(message, type, value);
        attribute(message, other, otherValue);
        acknowledged(message);
    }

    private void acknowledged(ByteBuffer message) throws IOException {
        socket.send(finished(message));
        ByteBuffer answer = socket.receive(PATIENCE_MILLIS);
        if (answer.remaining() < HEADER_BYTES || answer.getShort(4) != ERROR) {
            throw new IOException("netfilter has not answered for queue " + number);
        }
        if (answer.getInt(16) != 0) {
            throw new IOException("netfilter refuses queue " + number + " with errno " + -answer.getInt(16));
        }
    }

    /** The header: how long (in the end), what, how; then for which queue, in the network's order of bytes. */
    private ByteBuffer message(int what, int how) {
        ByteBuffer message = ByteBuffer.allocate(64).order(ByteOrder.nativeOrder());
        message.putInt(0).putShort((short) what).putShort((short) how).putInt(0).putInt(0);
        return message.put((byte) 0).put((byte) 0).putShort(Short.reverseBytes((short) number));
    }

    private static void attribute(ByteBuffer message, int type, ByteBuffer value) {
        message.putShort((short) (4 + value.capacity())).putShort((short) type).put(value.clear());
        message.position(aligned(message.position()));
    }

    private static byte[] finished(ByteBuffer message) {
        message.flip().putInt(0, message.limit());
        byte[] bytes = new byte[message.limit()];
        message.get(bytes);
        return bytes;
    }

    /** In the network's order; as many as the kernel expects, zero where nothing is put. */
    private static ByteBuffer bytes(int count) {
        return ByteBuffer.allocate(count);
    }

    private static int aligned(int position) {
        return (position + 3) & ~3;
    }
}
