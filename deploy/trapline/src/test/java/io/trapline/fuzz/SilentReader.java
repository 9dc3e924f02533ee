package io.trapline.fuzz;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.trapline.v1.AccessBatch;
import io.trapline.v1.AccessRequest;
import io.trapline.v1.AnswerRows;
import io.trapline.v1.AttachRequest;
import io.trapline.v1.AttachServer;
import io.trapline.v1.EmulatorServiceGrpc;
import io.trapline.v1.GuestServiceGrpc;
import io.trapline.v1.OpenVcpu;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Those who send and send, and take no answer. */
final class SilentReader {
    private static final int ROWS = 4096;
    private static final long STANDSTILL_SECONDS = 3;

    private SilentReader() {}

    /** Whether, before so many messages, nothing more is taken from a guest all of whose rows are wrong. */
    static boolean isGuestHeldBack(Channel channel, int domid, int messages) {
        AccessBatch.Builder batch = AccessBatch.newBuilder().setWantStatus(true);
        for (int i = 0; i < ROWS; i++) {
            batch.addVcpu(3).addSequence(i + 1L).addAddress(0);
        }
        return isHeldBack(
                channel,
                GuestServiceGrpc.getAccessMethod(),
                AccessRequest.newBuilder()
                        .setOpen(OpenVcpu.newBuilder().setDomid(domid).setWindow(1))
                        .build(),
                AccessRequest.newBuilder()
                        .setBatch(batch.setAttributes(ByteString.copyFrom(new byte[ROWS])))
                        .build(),
                messages);
    }

    /** The same for an emulator all of whose answers are malformed. */
    static boolean isEmulatorHeldBack(Channel owner, EmulatorDomain domain, int messages) {
        return isHeldBack(
                owner,
                EmulatorServiceGrpc.getAttachMethod(),
                AttachRequest.newBuilder()
                        .setAttach(AttachServer.newBuilder()
                                .setDomid(domain.domid())
                                .setGeneration(domain.server())
                                .setRun(1)
                                .setCredit(1))
                        .build(),
                AttachRequest.newBuilder()
                        .setAnswers(AnswerRows.newBuilder().addSequence(1))
                        .build(),
                messages);
    }

    private static <Q extends Message> boolean isHeldBack(
            Channel channel, MethodDescriptor<Q, ?> method, Q first, Q message, int messages) {
        Semaphore ready = new Semaphore(0);
        ClientCall<Q, ?> call = channel.newCall(method, CallOptions.DEFAULT);
        start(call, ready);
        call.sendMessage(first);
        int sent = 0;
        boolean goesOn = true;
        while (goesOn && sent < messages) {
            while (call.isReady() && sent < messages) {
                call.sendMessage(message);
                sent++;
            }
            goesOn = call.isReady() || becomesReady(ready);
        }
        call.cancel("done", null);
        return sent < messages;
    }

    private static <R> void start(ClientCall<?, R> call, Semaphore ready) {
        call.start(
                new ClientCall.Listener<>() {
                    @Override
                    public void onReady() {
                        ready.release();
                    }
                },
                new Metadata());
    }

    private static boolean becomesReady(Semaphore ready) {
        try {
            return ready.tryAcquire(STANDSTILL_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
