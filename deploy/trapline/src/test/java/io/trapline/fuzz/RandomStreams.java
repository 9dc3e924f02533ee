package io.trapline.fuzz;

import com.google.protobuf.Message;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.trapline.v1.AccessRequest;
import io.trapline.v1.AccessResponse;
import io.trapline.v1.AttachResponse;
import io.trapline.v1.DomainServiceGrpc;
import io.trapline.v1.EmulatorServiceGrpc;
import io.trapline.v1.GuestServiceGrpc;
import io.trapline.v1.IoreqServerServiceGrpc;
import io.trapline.v1.OpenVcpu;
import java.util.Optional;

/** Streams of random messages: whatever comes back has the form that section E says, and the stream ends when it is told to. */
final class RandomStreams {
    private final Channel channel;
    private final RandomMessages messages;
    private final Complaints complaints;
    private final Dice dice;
    private long sent;

    RandomStreams(Channel channel, RandomMessages messages, Complaints complaints, Dice dice) {
        this.channel = channel;
        this.messages = messages;
        this.complaints = complaints;
        this.dice = dice;
    }

    /** Runs so many streams; returns how many messages they sent. */
    long run(int streams) {
        for (int i = 0; i < streams; i++) {
            switch (dice.below(8)) {
                case 0, 1, 2 -> guest();
                case 3, 4, 5 -> emulator();
                case 6 -> {
                    serverStream(IoreqServerServiceGrpc.getWatchClaimsMethod(), false);
                    serverStream(DomainServiceGrpc.getCheckpointMethod(), true);
                }
                default -> restore();
            }
        }
        return sent;
    }

    private void guest() {
        Wire<AccessRequest, AccessResponse> wire = Wire.open(channel, GuestServiceGrpc.getAccessMethod());
        if (dice.chance(80)) {
            for (int vcpu = 0; vcpu < 3; vcpu++) {
                wire.send(AccessRequest.newBuilder()
                        .setOpen(OpenVcpu.newBuilder()
                                .setDomid(dice.pick(RandomMessages.SACRIFICED))
                                .setVcpu(vcpu)
                                .setWindow(dice.between(1, 1024)))
                        .build());
            }
        }
        finish(GuestServiceGrpc.getAccessMethod(), wire);
    }

    private void emulator() {
        finish(
                EmulatorServiceGrpc.getAttachMethod(),
                Wire.open(UnaryLoad.as(World.OWNER, channel), EmulatorServiceGrpc.getAttachMethod()));
    }

    private void restore() {
        finish(DomainServiceGrpc.getRestoreMethod(), Wire.open(channel, DomainServiceGrpc.getRestoreMethod()));
    }

    private <Q extends Message, R extends Message> void finish(MethodDescriptor<Q, R> method, Wire<Q, R> wire) {
        for (int i = dice.below(30); i > 0; i--) {
            wire.send(random(method));
        }
        if (dice.chance(20)) {
            wire.close();
            return;
        }
        wire.halfClose();
        boolean open = true;
        while (open) {
            open = switch (wire.next()) {
                case Wire.Event.Received<R>(R message) -> {
                    check(message);
                    yield true;
                }
                case Wire.Event.Ended<R>(Optional<Throwable> failure) -> {
                    failure.ifPresent(why -> check(method, why));
                    yield false;
                }
            };
        }
    }

    /** Streams of the server: refused, or it begins. */
    private <Q extends Message, R extends Message> void serverStream(
            MethodDescriptor<Q, R> method, boolean alwaysRefused) {
        Wire<Q, R> wire = Wire.ask(channel, method, random(method));
        switch (wire.next()) {
            case Wire.Event.Received<R>(R message) ->
                complaints.check(
                        !alwaysRefused, () -> method.getFullMethodName() + " sent " + Complaints.shown(message));
            case Wire.Event.Ended<R>(Optional<Throwable> failure) ->
                failure.ifPresentOrElse(
                        why -> check(method, why), () -> complaints.add(method.getFullMethodName() + " just ended"));
        }
        wire.close();
    }

    @SuppressWarnings("unchecked")
    private <Q extends Message> Q random(MethodDescriptor<Q, ?> method) {
        sent++;
        return (Q) messages.fill(Contract.request(method), dice);
    }

    private void check(MethodDescriptor<?, ?> method, Throwable why) {
        OutcomeForm.Seen seen = OutcomeForm.of(why);
        complaints.check(seen.wrong().isEmpty(), () -> method.getFullMethodName() + ": " + seen);
    }

    private void check(Message message) {
        switch (message) {
            case AccessResponse access -> {
                switch (access.getResponseCase()) {
                    case OPEN_REFUSED -> check(access.getOpenRefused().getStatus());
                    case REJECTED -> check(access.getRejected().getStatus());
                    case FENCED -> check(access.getFenced().getStatus());
                    case RECEIVED_REFUSED -> check(access.getReceivedRefused().getStatus());
                    case ANSWERS -> access.getAnswers().getStatusList().forEach(row -> check(row.getStatus()));
                    case OPENED, EVENT, ROUTE, RESPONSE_NOT_SET -> {}
                }
            }
            case AttachResponse attach -> {
                if (attach.hasRejected()) {
                    check(attach.getRejected().getStatus());
                }
            }
            default -> complaints.add("unexpected " + Complaints.shown(message));
        }
    }

    private void check(com.google.rpc.Status status) {
        OutcomeForm.Seen seen = OutcomeForm.of(status);
        complaints.check(seen.wrong().isEmpty(), () -> "in a stream: " + seen);
    }
}
