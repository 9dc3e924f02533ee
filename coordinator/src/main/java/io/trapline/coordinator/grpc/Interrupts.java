package io.trapline.coordinator.grpc;

import io.grpc.stub.StreamObserver;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.rpc.Principals;
import io.trapline.v1.InjectEventRequest;
import io.trapline.v1.InjectMsiRequest;
import io.trapline.v1.OnBehalfOf;
import io.trapline.v1.SetIrqLevelRequest;
import java.util.Optional;

/** Lines and events to the guest (F7): checked for shape, existence and ownership, and not built yet. */
final class Interrupts {
    private static final int MAX_IRQ = 1023;
    private static final int MAX_VCPU = 4095;
    private static final int MAX_VECTOR = 255;
    private static final int MAX_EVENT_TYPE = 7;

    private final Calls calls;

    Interrupts(Calls calls) {
        this.calls = calls;
    }

    <R> void setIrqLevel(SetIrqLevelRequest q, StreamObserver<R> observer) {
        notBuilt(observer, upTo("irq", q.getIrq(), MAX_IRQ), q.getDomid(), q.getDomainGeneration(), q.getOnBehalfOf());
    }

    <R> void injectMsi(InjectMsiRequest q, StreamObserver<R> observer) {
        notBuilt(observer, Optional.empty(), q.getDomid(), q.getDomainGeneration(), q.getOnBehalfOf());
    }

    <R> void injectEvent(InjectEventRequest q, StreamObserver<R> observer) {
        notBuilt(
                observer,
                upTo("vcpu", q.getVcpu(), MAX_VCPU)
                        .or(() -> upTo("vector", q.getVector(), MAX_VECTOR))
                        .or(() -> upTo("event_type", q.getEventType(), MAX_EVENT_TYPE)),
                q.getDomid(),
                q.getDomainGeneration(),
                q.getOnBehalfOf());
    }

    private <R> void notBuilt(
            StreamObserver<R> observer, Optional<Refusal> shape, int domid, long domainGeneration, OnBehalfOf caller) {
        String principal = Principals.current();
        calls.begin(observer)
                .ifPresent(call -> shape.ifPresentOrElse(
                        call::refuse,
                        () -> calls.read(
                                call,
                                view -> view.ownServer(
                                        principal, domid, domainGeneration, caller.getId(), caller.getGeneration()),
                                server -> call.refuse(
                                        Refusal.of(Errno.EOPNOTSUPP, "interrupts and events are not built yet")
                                                .with("domid", domid)
                                                .with("id", server.getId())))));
    }

    private static Optional<Refusal> upTo(String field, int value, int limit) {
        long unsigned = Integer.toUnsignedLong(value);
        return unsigned <= limit
                ? Optional.empty()
                : Optional.of(
                        Refusal.invalid(field, unsigned, "at most " + limit).with("limit", limit));
    }
}
