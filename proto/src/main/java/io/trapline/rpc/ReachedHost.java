package io.trapline.rpc;

import io.grpc.Attributes;
import io.grpc.ClientStreamTracer;
import io.grpc.Metadata;

/** Notices that an attempt at a call got a connection, so that some host may have heard of it. One for each attempt. */
public final class ReachedHost extends ClientStreamTracer.Factory {
    private volatile boolean reached;

    /** Whether a host may have heard of the call. */
    public boolean isReached() {
        return reached;
    }

    @Override
    public ClientStreamTracer newClientStreamTracer(ClientStreamTracer.StreamInfo info, Metadata headers) {
        return new ClientStreamTracer() {
            @Override
            public void streamCreated(Attributes transport, Metadata sentHeaders) {
                reached = true;
            }

            @Override
            public void outboundHeaders() {
                reached = true;
            }
        };
    }
}
