package io.trapline.server;

import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import java.io.InputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Services that are passed null for bytes that are no message, for {@link UnexpectedErrors} to end the call with. Where parsing throws, gRPC logs a stack trace and
 * the client is told {@code UNKNOWN}.
 */
final class LenientRequests {
    private static final Logger LOG = LoggerFactory.getLogger(LenientRequests.class);

    private LenientRequests() {}

    static ServerServiceDefinition of(ServerServiceDefinition service) {
        List<ServerMethodDefinition<?, ?>> methods = service.getMethods().stream()
                .<ServerMethodDefinition<?, ?>>map(LenientRequests::of)
                .toList();
        ServiceDescriptor.Builder descriptor = ServiceDescriptor.newBuilder(
                        service.getServiceDescriptor().getName())
                .setSchemaDescriptor(service.getServiceDescriptor().getSchemaDescriptor());
        methods.forEach(method -> descriptor.addMethod(method.getMethodDescriptor()));
        ServerServiceDefinition.Builder builder = ServerServiceDefinition.builder(descriptor.build());
        methods.forEach(builder::addMethod);
        return builder.build();
    }

    private static <Q, R> ServerMethodDefinition<Q, R> of(ServerMethodDefinition<Q, R> method) {
        MethodDescriptor<Q, R> strict = method.getMethodDescriptor();
        MethodDescriptor<Q, R> lenient = strict.toBuilder(
                        new Lenient<>(strict.getRequestMarshaller()), strict.getResponseMarshaller())
                .build();
        return ServerMethodDefinition.create(lenient, method.getServerCallHandler());
    }

    private record Lenient<Q>(Marshaller<Q> strict) implements Marshaller<Q> {
        @Override
        public InputStream stream(Q value) {
            return strict.stream(value);
        }

        @Override
        public @Nullable Q parse(InputStream stream) {
            try {
                return strict.parse(stream);
            } catch (RuntimeException malformed) {
                LOG.debug("bytes that are no message", malformed);
                return null;
            }
        }
    }
}
