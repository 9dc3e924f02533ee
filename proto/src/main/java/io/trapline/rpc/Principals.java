package io.trapline.rpc;

import io.grpc.Metadata;

/** How a client without a certificate says who it is (S3). */
public final class Principals {
    /** The request metadata that names the principal where TLS is off. */
    public static final Metadata.Key<String> METADATA =
            Metadata.Key.of("trapline-principal", Metadata.ASCII_STRING_MARSHALLER);

    /** Who a client is that does not say. */
    public static final String ANONYMOUS = "anonymous";

    private Principals() {}
}
