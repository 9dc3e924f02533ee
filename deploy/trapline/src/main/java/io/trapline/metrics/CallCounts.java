package io.trapline.metrics;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.trapline.rpc.Statuses;

/**
 * Counts calls as they end, by method and code, and the refused ones by errno. The methods are those that the process has: whoever calls
 * another one is refused before this.
 */
public final class CallCounts implements ServerInterceptor {
    private final Meter.MeterProvider<Counter> calls;
    private final Meter.MeterProvider<Counter> refusals;

    public CallCounts(MeterRegistry registry) {
        calls = Counter.builder("trapline.calls")
                .description("Calls that have ended; a stream is one call")
                .withRegistry(registry);
        refusals = Counter.builder("trapline.refusals")
                .description("Calls that ended with a refusal of Trapline's")
                .withRegistry(registry);
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        String method = call.getMethodDescriptor().getFullMethodName();
        return next.startCall(
                new SimpleForwardingServerCall<>(call) {
                    @Override
                    public void close(Status status, Metadata trailers) {
                        ended(method, status, trailers);
                        super.close(status, trailers);
                    }
                },
                headers);
    }

    private void ended(String method, Status status, Metadata trailers) {
        calls.withTags("method", method, "code", status.getCode().name()).increment();
        if (!status.isOk()) {
            Statuses.fromThrowable(status.asRuntimeException(trailers))
                    .ifPresent(refusal ->
                            refusals.withTags("errno", refusal.errno().name()).increment());
        }
    }
}
