package io.trapline.fuzz;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Message;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Compressor;
import io.grpc.CompressorRegistry;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.Status;
import io.grpc.Status.Code;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Bytes that are no message of the contract, and messages over 4 MiB: they end their call, and that call alone. */
final class RawBytes {
    private static final int LIMIT = 4 << 20;
    private static final String BROKEN = "broken";
    private static final long PATIENCE_SECONDS = 180;
    /** How a call may end whose bytes are no message. */
    private static final Set<Code> ENDS =
            Set.of(Code.INVALID_ARGUMENT, Code.INTERNAL, Code.RESOURCE_EXHAUSTED, Code.CANCELLED);

    private final Channel channel;
    private final Channel broken;
    private final Complaints complaints;
    private final Dice dice;

    /** @param broken a connection whose {@code gzip} is {@link #brokenGzip} */
    RawBytes(Channel channel, Channel broken, Complaints complaints, Dice dice) {
        this.channel = channel;
        this.broken = broken;
        this.complaints = complaints;
        this.dice = dice;
    }

    /** Sends bytes to every call of the contract so many times; returns how often. */
    long run(int rounds) {
        long sent = 0;
        for (int i = 0; i < rounds; i++) {
            for (MethodDescriptor<?, ?> method : Contract.all()) {
                boolean tooLong = dice.chance(5);
                byte[] bytes = tooLong ? tooLong(method) : noMessage(method);
                Status end = send(method, bytes, dice.pick("identity", "identity", "gzip", BROKEN), dice.chance(30));
                complaints.check(
                        ENDS.contains(end.getCode()) || isNotBuilt(method, end),
                        () -> method.getFullMethodName() + " ended with " + end + " after "
                                + (tooLong ? bytes.length + " bytes" : ByteString.copyFrom(bytes)));
                sent++;
            }
        }
        return sent;
    }

    /** What is not built is refused before a message is looked at. */
    private static boolean isNotBuilt(MethodDescriptor<?, ?> method, Status end) {
        return Contract.name(method).equals("Restore") && end.getCode() == Code.UNIMPLEMENTED;
    }

    private byte[] noMessage(MethodDescriptor<?, ?> method) {
        byte[] start = dice.chance(50) ? new byte[0] : validFields(method);
        byte[] end = switch (dice.below(6)) {
            // Field 0; wire types that there are not; a length beyond the end; a number that never ends; half a number.
            case 0 -> new byte[] {0, 1};
            case 1 -> new byte[] {(byte) (8 * dice.between(1, 15) + dice.between(6, 7)), 1, 2, 3};
            case 2 -> new byte[] {0x7A, 100, 1, 2, 3};
            case 3 -> new byte[] {0x78, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
            case 4 -> new byte[] {0x79, 1, 2, 3};
            // The end of a group that has not begun.
            default -> new byte[] {0x7C};
        };
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(start);
        bytes.writeBytes(end);
        return bytes.toByteArray();
    }

    private byte[] validFields(MethodDescriptor<?, ?> method) {
        return new RandomMessages(0).fill(Contract.request(method), dice).toByteArray();
    }

    /** A good message with a field of a later version that makes it too long. */
    private static byte[] tooLong(MethodDescriptor<?, ?> method) {
        Message request = Contract.request(method);
        Descriptor descriptor = request.getDescriptorForType();
        int unknown = 1
                + descriptor.getFields().stream()
                        .mapToInt(field -> field.getNumber())
                        .max()
                        .orElse(0);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        try {
            out.writeByteArray(unknown, new byte[LIMIT]);
            out.flush();
        } catch (IOException neverThrown) {
            throw new UncheckedIOException(neverThrown);
        }
        return bytes.toByteArray();
    }

    private Status send(MethodDescriptor<?, ?> method, byte[] bytes, String encoding, boolean afterGoodOne) {
        CompletableFuture<Status> end = new CompletableFuture<>();
        CallOptions options = CallOptions.DEFAULT.withCompression(encoding.equals(BROKEN) ? "gzip" : encoding);
        Channel by = encoding.equals(BROKEN) ? broken : channel;
        ClientCall<byte[], byte[]> call = by.newCall(raw(method), options);
        call.start(
                new ClientCall.Listener<>() {
                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        end.complete(status);
                    }
                },
                new Metadata());
        call.setMessageCompression(true);
        call.request(1000);
        if (afterGoodOne && !method.getType().clientSendsOneMessage()) {
            call.sendMessage(new byte[0]);
        }
        call.sendMessage(bytes);
        call.halfClose();
        return end.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .exceptionally(late -> Status.UNKNOWN.withDescription("never"))
                .join();
    }

    private static MethodDescriptor<byte[], byte[]> raw(MethodDescriptor<?, ?> method) {
        return MethodDescriptor.<byte[], byte[]>newBuilder()
                .setType(method.getType())
                .setFullMethodName(method.getFullMethodName())
                .setRequestMarshaller(new Bytes())
                .setResponseMarshaller(new Bytes())
                .build();
    }

    /** Says that it packs, and does not. */
    static CompressorRegistry brokenGzip() {
        CompressorRegistry registry = CompressorRegistry.newEmptyInstance();
        registry.register(new Compressor() {
            @Override
            public String getMessageEncoding() {
                return "gzip";
            }

            @Override
            public OutputStream compress(OutputStream out) {
                return out;
            }
        });
        return registry;
    }

    private static final class Bytes implements Marshaller<byte[]> {
        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }
    }

    /** Connections whose bytes are no calls at all. */
    static void noCalls(String address, int connections, Dice dice) throws IOException {
        int colon = address.lastIndexOf(':');
        for (int i = 0; i < connections; i++) {
            try (Socket socket = new Socket(
                            InetAddress.getByName(address.substring(0, colon)),
                            Integer.parseInt(address.substring(colon + 1)));
                    OutputStream out = socket.getOutputStream()) {
                switch (dice.below(3)) {
                    case 0 -> {}
                    case 1 -> dice.bytes(200).writeTo(out);
                    default -> {
                        out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
                                .getBytes(java.nio.charset.StandardCharsets.US_ASCII));
                        dice.bytes(300).writeTo(out);
                    }
                }
                out.flush();
            }
        }
    }
}
