package io.trapline.client;

import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.netty.channel.ChannelOption;
import io.trapline.model.Limit;
import io.trapline.rpc.Principals;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A connection to a cluster through any of its addresses: the start of everything a guest, an emulator or an operator does. Thread-safe;
 * one per process is enough. When the address in use fails, everything goes on with the next one.
 */
public final class TraplineConnection implements AutoCloseable {
    private static final int CONNECT_MILLIS = 3_000;
    private static final int MAX_PORT = 0xFFFF;
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(10);
    private static final Duration KEEP_ALIVE_TIMEOUT = Duration.ofSeconds(5);

    private final Addresses addresses;
    private final Timer timer = new Timer();
    private final UnaryCalls calls;
    private final Duration timeout;
    private final Set<AutoCloseable> streams = ConcurrentHashMap.newKeySet();
    private final Domains domains;
    private final IoreqServers ioreqServers;
    private final Memory memory;
    private final Cluster cluster;

    private TraplineConnection(Builder builder) {
        timeout = builder.timeout;
        addresses = new Addresses(List.copyOf(builder.addresses), builder::open);
        calls = new UnaryCalls(addresses, timeout, timer);
        domains = new Domains(calls);
        ioreqServers = new IoreqServers(this);
        memory = new Memory(calls);
        cluster = new Cluster(calls);
    }

    /** A connection to be; nothing is connected before the first call. */
    public static Builder builder() {
        return new Builder();
    }

    /** A connection without TLS to {@code host:port[,host:port…]}. */
    public static TraplineConnection to(String addresses) {
        return builder().addresses(addresses).build();
    }

    /** Creates, pauses, lists and destroys domains. */
    public Domains domains() {
        return domains;
    }

    /** Creates IOREQ servers, maps ranges and claims types. */
    public IoreqServers ioreqServers() {
        return ioreqServers;
    }

    /** Reads, writes and types pages. */
    public Memory memory() {
        return memory;
    }

    /** Limits, nodes, version. */
    public Cluster cluster() {
        return cluster;
    }

    /** A guest of a domain with the default options; nothing is sent before a vCPU is opened. */
    public Guest guest(DomainRef domain) {
        return guest(domain, GuestOptions.defaults());
    }

    /** A guest of a domain: one stream for any number of its vCPUs; nothing is sent before one is opened. */
    public Guest guest(DomainRef domain, GuestOptions options) {
        return new Guest(this, domain, options);
    }

    /** Attaches a device model to a server and waits for its session (S5), with the default options. */
    public Emulator attach(ServerRef server, DeviceModel model) {
        return attach(server, model, EmulatorOptions.defaults());
    }

    /**
     * Attaches a device model to a server and waits for its session (S5); a session before it is fenced. A server without generation is
     * looked up. Throws {@link TraplineException}: ENOENT, ESRCH, EPERM, or unreachable.
     */
    public Emulator attach(ServerRef server, DeviceModel model, EmulatorOptions options) {
        ServerRef exact = server.generation() != 0
                ? server
                : new ServerRef(
                        server.domain(),
                        server.id(),
                        ioreqServers.getInfo(server).getServer().getGeneration());
        Emulator emulator = new Emulator(this, exact, model, options);
        emulator.attach();
        return emulator;
    }

    /** The channel in use now, for calls that this library does not wrap. Callbacks on it run on its I/O thread and must not block. */
    public Channel channel() {
        return addresses.current();
    }

    /** Ends every stream of this connection, its sessions and its channels. Waits a few seconds at most. */
    @Override
    public void close() {
        Callbacks.refuseToBlock("close");
        for (AutoCloseable stream : streams) {
            try {
                stream.close();
            } catch (Exception impossible) {
                throw new IllegalStateException(impossible);
            }
        }
        timer.close();
        calls.close();
        addresses.close();
    }

    UnaryCalls calls() {
        return calls;
    }

    Addresses addresses() {
        return addresses;
    }

    Timer timer() {
        return timer;
    }

    Duration timeout() {
        return timeout;
    }

    Set<AutoCloseable> streams() {
        return streams;
    }

    /** What a connection is made of. Not thread-safe. */
    public static final class Builder {
        private final List<String> addresses = new ArrayList<>();
        private @Nullable String principal;
        private ChannelCredentials credentials = InsecureChannelCredentials.create();
        private Duration timeout = Duration.ofSeconds(30);
        private @Nullable Function<String, ManagedChannelBuilder<?>> channels;

        private Builder() {}

        /** Adds addresses, {@code host:port[,host:port…]}; they are tried in this order. */
        public Builder addresses(String list) {
            for (String address : list.split(",", -1)) {
                String trimmed = address.trim();
                if (!Addresses.FORM.matcher(trimmed).matches()
                        || Integer.parseInt(trimmed.substring(trimmed.lastIndexOf(':') + 1)) > MAX_PORT) {
                    throw new IllegalArgumentException("address = \"" + trimmed + "\": host:port expected");
                }
                addresses.add(trimmed);
            }
            return this;
        }

        /** Who calls, where TLS is off (S3); {@code anonymous} when not set. */
        public Builder principal(String name) {
            // Metadata holds nothing else, and two names must not become one on the way.
            boolean isPrintable = name.chars().allMatch(c -> c >= ' ' && c <= '~') && name.equals(name.strip());
            if (name.isEmpty() || name.length() > Limit.MAX_PRINCIPAL_BYTES.value() || !isPrintable) {
                throw new IllegalArgumentException("principal = \"" + name + "\": 1 … "
                        + Limit.MAX_PRINCIPAL_BYTES.value() + " printable ASCII characters, no blank at either end");
            }
            principal = name;
            return this;
        }

        /** No TLS; the default. */
        public Builder plaintext() {
            credentials = InsecureChannelCredentials.create();
            return this;
        }

        /** TLS, or whatever these credentials are. */
        public Builder credentials(ChannelCredentials credentials) {
            this.credentials = Objects.requireNonNull(credentials, "credentials");
            return this;
        }

        /** How long a call is tried before it is given up, 30 s when not set. What a call may wait for by itself (F5) comes on top. */
        public Builder timeout(Duration timeout) {
            if (timeout.isNegative() || timeout.isZero()) {
                throw new IllegalArgumentException("timeout = " + timeout + ": above 0");
            }
            this.timeout = timeout;
            return this;
        }

        /** Other transports than TCP: what makes a channel of an address. */
        public Builder channels(Function<String, ManagedChannelBuilder<?>> channels) {
            this.channels = Objects.requireNonNull(channels, "channels");
            return this;
        }

        /** The connection. At least one address is needed. */
        public TraplineConnection build() {
            if (addresses.isEmpty()) {
                throw new IllegalArgumentException("addresses: at least one");
            }
            return new TraplineConnection(this);
        }

        private ManagedChannel open(String address) {
            ManagedChannelBuilder<?> builder = channels == null ? tcp(address) : channels.apply(address);
            if (principal != null) {
                Metadata metadata = new Metadata();
                metadata.put(Principals.METADATA, principal);
                builder.intercept(MetadataUtils.newAttachHeadersInterceptor(metadata));
            }
            return builder.directExecutor().build();
        }

        private ManagedChannelBuilder<?> tcp(String address) {
            return NettyChannelBuilder.forTarget("dns:///" + address, credentials)
                    .withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS)
                    .keepAliveTime(KEEP_ALIVE.toMillis(), TimeUnit.MILLISECONDS)
                    .keepAliveTimeout(KEEP_ALIVE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        }
    }
}
