package io.trapline.rpc;

import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.NameResolverRegistry;
import io.grpc.StatusOr;
import io.grpc.inprocess.InProcessSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;

/** A name that leads to one address when it is looked up for the first time, and to another one from then on. */
final class MovingName extends NameResolverProvider implements AutoCloseable {
    private final String scheme = "moving-" + UUID.randomUUID();
    private final SocketAddress first;
    private final SocketAddress then;
    private final AtomicInteger lookups = new AtomicInteger();

    MovingName(SocketAddress first, SocketAddress then) {
        this.first = first;
        this.then = then;
        NameResolverRegistry.getDefaultRegistry().register(this);
    }

    String target() {
        return scheme + ":///name";
    }

    int lookups() {
        return lookups.get();
    }

    @Override
    public NameResolver newNameResolver(URI target, NameResolver.Args args) {
        return new NameResolver() {
            @Override
            public String getServiceAuthority() {
                return "name";
            }

            @Override
            public void start(Listener2 listener) {
                SocketAddress address = lookups.getAndIncrement() == 0 ? first : then;
                listener.onResult(ResolutionResult.newBuilder()
                        .setAddressesOrError(StatusOr.fromValue(List.of(new EquivalentAddressGroup(address))))
                        .build());
            }

            @Override
            public void shutdown() {}
        };
    }

    @Override
    public String getDefaultScheme() {
        return scheme;
    }

    @Override
    protected boolean isAvailable() {
        return true;
    }

    @Override
    protected int priority() {
        return 5;
    }

    @Override
    public Collection<Class<? extends SocketAddress>> getProducedSocketAddressTypes() {
        return Set.of(InProcessSocketAddress.class);
    }

    @Override
    public void close() {
        NameResolverRegistry.getDefaultRegistry().deregister(this);
    }
}
