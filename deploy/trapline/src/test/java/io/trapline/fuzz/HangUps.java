package io.trapline.fuzz;

import com.google.protobuf.Message;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.trapline.v1.AccessRequest;
import io.trapline.v1.AccessResponse;
import io.trapline.v1.AttachRequest;
import io.trapline.v1.EmulatorServiceGrpc;
import io.trapline.v1.GuestServiceGrpc;
import io.trapline.v1.OpenVcpu;
import java.util.List;
import java.util.function.Supplier;

/** Clients whose connection breaks in the middle of everything. */
final class HangUps {
    private static final int CALLS = 40;

    private HangUps() {}

    /** So many connections, each cut while calls and streams are under way on it; returns how much was sent. */
    static long run(Supplier<ManagedChannel> connect, int connections, RandomMessages messages, Dice dice)
            throws InterruptedException {
        List<MethodDescriptor<Message, Message>> methods = Contract.unary();
        long sent = 0;
        for (int i = 0; i < connections; i++) {
            ManagedChannel channel = connect.get();
            UnaryLoad load = new UnaryLoad(channel);
            Wire<AccessRequest, AccessResponse> guest = Wire.open(channel, GuestServiceGrpc.getAccessMethod());
            var emulator = Wire.open(UnaryLoad.as(World.OWNER, channel), EmulatorServiceGrpc.getAttachMethod());
            guest.send(AccessRequest.newBuilder()
                    .setOpen(OpenVcpu.newBuilder()
                            .setDomid(dice.pick(RandomMessages.SACRIFICED))
                            .setWindow(dice.between(1, 1024)))
                    .build());
            if (dice.chance(50)) {
                guest.message();
            }
            for (int call = 0; call < CALLS; call++) {
                MethodDescriptor<Message, Message> method = dice.pick(methods);
                load.send(method, messages.fill(Contract.request(method), dice), World.OWNER, outcome -> {});
                guest.send((AccessRequest) messages.fill(AccessRequest.getDefaultInstance(), dice));
                emulator.send((AttachRequest) messages.fill(AttachRequest.getDefaultInstance(), dice));
            }
            channel.shutdownNow();
            load.await();
            sent += 3 * CALLS;
        }
        return sent;
    }
}
