package io.trapline.rpc;

import io.grpc.BindableService;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import java.nio.channels.ClosedChannelException;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes control calls on to the coordinator that leads, and their answers back: what lets every node and every coordinator take them
 * (D-6). Messages are passed on as they are, with their metadata, deadline, cancellation and flow control. Thread-safe; nothing blocks.
 */
public final class ControlRelay implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ControlRelay.class);

    /** On a call that a relay passes on: it is not passed on again. */
    public static final Metadata.Key<String> RELAYED =
            Metadata.Key.of("trapline-relayed", Metadata.ASCII_STRING_MARSHALLER);

    /** In the metadata of a refusal: whoever refuses is no coordinator, though a relay took it for one. */
    static final String NO_COORDINATOR = "no_coordinator";

    private static final long TICK_MILLIS = 100;
    private static final long MAX_BYTES = 64L << 20;
    /** What each connection says for itself, and what says that a relay passes on. */
    private static final Set<String> RESERVED = Set.of(
            RELAYED.name(),
            "accept-encoding",
            "content-encoding",
            "content-length",
            "content-type",
            "grpc-accept-encoding",
            "grpc-encoding",
            "grpc-message",
            "grpc-status",
            "grpc-timeout",
            "te",
            "user-agent");

    private final Coordinators coordinators;
    private final ScheduledExecutorService timer;
    private final Set<UnderWay> underWay = ConcurrentHashMap.newKeySet();
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicBoolean isTicking = new AtomicBoolean();

    /**
     * A relay to these coordinators.
     *
     * @param addresses {@code host:port} of their services
     * @param channels makes a channel to an address, resolved anew at each connection; closed with this
     */
    public ControlRelay(List<String> addresses, Function<String, ManagedChannel> channels) {
        coordinators = new Coordinators(addresses, channels);
        ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, ControlRelay::thread);
        executor.setRemoveOnCancelPolicy(true);
        timer = executor;
    }

    private static Thread thread(Runnable work) {
        Thread thread = new Thread(work, "control-relay");
        thread.setDaemon(true);
        return thread;
    }

    /** Something that is being relayed. */
    interface UnderWay {
        /** Time has passed. */
        void tick(long nowNanos);

        /** The relay ends. */
        void breakOff();
    }

    /** A coordinator has become the leader, as its own process or another one says. */
    public void leads(String address, long term) {
        coordinators.leads(address, term, System.nanoTime());
    }

    /**
     * Where the coordinators are, as the one that leads says: those that this was made with may all have been replaced since.
     *
     * @param leader the address of the one that leads
     * @param all the addresses of all of them; empty = not known
     */
    public void found(String leader, List<String> all) {
        coordinators.found(leader, all, System.nanoTime());
    }

    /** Services of that shape, every call of which is relayed. */
    public List<BindableService> services(ServiceDescriptor... shapes) {
        return Arrays.stream(shapes)
                .<BindableService>map(shape -> {
                    ServerServiceDefinition relayed = relayed(shape);
                    return () -> relayed;
                })
                .toList();
    }

    /** That method alone of its service, every call of which is relayed. */
    public BindableService method(MethodDescriptor<?, ?> method) {
        ServerServiceDefinition relayed =
                relayed(ServiceDescriptor.newBuilder(Objects.requireNonNull(method.getServiceName())), List.of(method));
        return () -> relayed;
    }

    private ServerServiceDefinition relayed(ServiceDescriptor shape) {
        return relayed(
                ServiceDescriptor.newBuilder(shape.getName()).setSchemaDescriptor(shape.getSchemaDescriptor()),
                shape.getMethods());
    }

    private ServerServiceDefinition relayed(
            ServiceDescriptor.Builder descriptor, Collection<MethodDescriptor<?, ?>> shapes) {
        List<ServerMethodDefinition<byte[], byte[]>> methods = shapes.stream()
                .<ServerMethodDefinition<byte[], byte[]>>map(this::relayed)
                .toList();
        methods.forEach(method -> descriptor.addMethod(method.getMethodDescriptor()));
        ServerServiceDefinition.Builder service = ServerServiceDefinition.builder(descriptor.build());
        methods.forEach(service::addMethod);
        return service.build();
    }

    private ServerMethodDefinition<byte[], byte[]> relayed(MethodDescriptor<?, ?> method) {
        return ServerMethodDefinition.create(
                method.toBuilder(Bytes.OF_MESSAGES, Bytes.OF_MESSAGES).build(), this::start);
    }

    /**
     * Stands in front of a coordinator's own services: calls are relayed while it does not lead. What another relay has passed on is not: the
     * service refuses it and names the leader.
     */
    public ServerInterceptor unless(BooleanSupplier leads) {
        return unless(leads, method -> true);
    }

    /** The same for that method alone of the services behind it. */
    public ServerInterceptor unless(BooleanSupplier leads, MethodDescriptor<?, ?> only) {
        return unless(leads, method -> method.getFullMethodName().equals(only.getFullMethodName()));
    }

    private ServerInterceptor unless(BooleanSupplier leads, Predicate<MethodDescriptor<?, ?>> isRelayed) {
        return new ServerInterceptor() {
            @Override
            public <Q, R> ServerCall.Listener<Q> interceptCall(
                    ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> own) {
                boolean isOwn = !isRelayed.test(call.getMethodDescriptor())
                        || headers.containsKey(RELAYED)
                        || leads.getAsBoolean();
                return isOwn ? own.startCall(call, headers) : start(call, headers);
            }
        };
    }

    private <Q, R> ServerCall.Listener<Q> start(ServerCall<Q, R> call, Metadata headers) {
        if (headers.containsKey(RELAYED)) {
            // The address of a coordinator has become this process': passed on, it could come here again, and again.
            refuse(
                    call,
                    Refusal.of(Errno.EAGAIN, "this is no coordinator")
                            .with("effect", "none")
                            .with(NO_COORDINATOR, "true"));
            return new ServerCall.Listener<>() {};
        }
        if (underWay.size() >= Limit.MAX_CALLS_UNDER_WAY.value()) {
            refuse(
                    call,
                    Refusal.overLimit(Errno.EAGAIN, "calls under way", underWay.size(), Limit.MAX_CALLS_UNDER_WAY));
            return new ServerCall.Listener<>() {};
        }
        MethodType type = call.getMethodDescriptor().getType();
        return type.clientSendsOneMessage()
                ? new RelayedCall<>(
                        this, call, passedOn(headers), Context.current().getDeadline())
                : RelayedStream.open(
                        this, call, passedOn(headers), Context.current().getDeadline());
    }

    Coordinators coordinators() {
        return coordinators;
    }

    void begins(UnderWay one) {
        underWay.add(one);
        if (isTicking.compareAndSet(false, true)) {
            after(TimeUnit.MILLISECONDS.toNanos(TICK_MILLIS), this::tick);
        }
    }

    void ends(UnderWay one) {
        underWay.remove(one);
    }

    private void tick() {
        isTicking.set(false);
        long nowNanos = System.nanoTime();
        for (UnderWay one : underWay) {
            try {
                one.tick(nowNanos);
            } catch (RuntimeException unexpected) {
                LOG.error("a relayed call failed unexpectedly", unexpected);
            }
        }
        if (!underWay.isEmpty() && isTicking.compareAndSet(false, true)) {
            after(TimeUnit.MILLISECONDS.toNanos(TICK_MILLIS), this::tick);
        }
    }

    /** Runs that later; never once this is closed. */
    void after(long nanos, Runnable work) {
        try {
            var unused = timer.schedule(work, nanos, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException closed) {
            LOG.debug("the relay is closed", closed);
        }
    }

    /** Room for the bytes of a request, given back when it is over. */
    boolean take(long messageBytes) {
        if (bytes.addAndGet(messageBytes) <= MAX_BYTES) {
            return true;
        }
        bytes.addAndGet(-messageBytes);
        return false;
    }

    void giveBack(long messageBytes) {
        bytes.addAndGet(-messageBytes);
    }

    /** What of a call's metadata goes on to the leader. */
    private static Metadata passedOn(Metadata headers) {
        Metadata copy = stripped(headers);
        copy.put(RELAYED, "1");
        return copy;
    }

    /** Metadata without what a connection says for itself. */
    static Metadata stripped(Metadata metadata) {
        Metadata copy = new Metadata();
        copy.merge(metadata);
        for (String name : RESERVED) {
            copy.discardAll(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
        }
        return copy;
    }

    /** What ended a call elsewhere, as it is to be taken: a lost connection may be UNKNOWN to the transport, where a write met its end first. */
    static Status taken(Status status) {
        return status.getCode() == Status.Code.UNKNOWN && status.getCause() instanceof ClosedChannelException lost
                ? Status.UNAVAILABLE.withDescription(status.getDescription()).withCause(lost)
                : status;
    }

    static void refuse(ServerCall<?, ?> call, Refusal refusal) {
        var exception = Statuses.toException(refusal);
        Metadata trailers = exception.getTrailers();
        call.close(exception.getStatus(), trailers == null ? new Metadata() : trailers);
    }

    /** Takes nothing more on; what is under way is broken off. */
    @Override
    public void close() {
        timer.shutdownNow();
        underWay.forEach(UnderWay::breakOff);
        coordinators.close();
    }
}
