package io.trapline.rpc;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import java.nio.charset.StandardCharsets;

/** Who calls: the name in the {@code trapline-principal} request metadata, {@code anonymous} when absent (S3). */
public final class Principals implements ServerInterceptor {
    /** The request metadata that names the principal where TLS is off. */
    public static final Metadata.Key<String> METADATA =
            Metadata.Key.of("trapline-principal", Metadata.ASCII_STRING_MARSHALLER);

    /** Who a client is that does not say. */
    public static final String ANONYMOUS = "anonymous";

    private static final Context.Key<String> PRINCIPAL = Context.keyWithDefault("trapline-principal", ANONYMOUS);

    /** The principal of the call that is being served on this thread; read it before anything asynchronous. */
    public static String current() {
        return PRINCIPAL.get();
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        String named = headers.get(METADATA);
        if (named == null || named.isEmpty()) {
            return next.startCall(call, headers);
        }
        if (named.getBytes(StandardCharsets.UTF_8).length > Limit.MAX_PRINCIPAL_BYTES.value()) {
            Refusal refusal = Refusal.invalid("trapline-principal", named.length() + " bytes", "too long")
                    .with("limit", Limit.MAX_PRINCIPAL_BYTES.value());
            var exception = Statuses.toException(refusal);
            Metadata trailers = exception.getTrailers();
            call.close(exception.getStatus(), trailers == null ? new Metadata() : trailers);
            return new ServerCall.Listener<>() {};
        }
        return Contexts.interceptCall(Context.current().withValue(PRINCIPAL, named), call, headers, next);
    }
}
