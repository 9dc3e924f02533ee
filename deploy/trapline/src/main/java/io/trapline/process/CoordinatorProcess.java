package io.trapline.process;

import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.trapline.coordinator.Coordinator;
import io.trapline.coordinator.CoordinatorConfig;
import io.trapline.coordinator.raft.Admission;
import io.trapline.coordinator.raft.ReplicaConfig;
import io.trapline.internal.v1.NodeControlServiceGrpc;
import io.trapline.internal.v1.NodeControlServiceGrpc.NodeControlServiceStub;
import io.trapline.internal.v1.RegistryServiceGrpc;
import io.trapline.metrics.Metrics;
import io.trapline.metrics.MetricsServer;
import io.trapline.rpc.ControlRelay;
import io.trapline.server.BuildVersion;
import io.trapline.server.RpcServer;
import io.trapline.server.StartException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A coordinator as a process of its own: its services, which answer while it leads, a relay to the leader for while it does not, and one
 * port on which all of it is. It has the port before it takes part, since the others ask what it is.
 */
public final class CoordinatorProcess implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CoordinatorProcess.class);

    private static final Duration STEP_DOWN = Duration.ofSeconds(2);
    private static final Duration CALLS = Duration.ofSeconds(1);

    private final CoordinatorSettings settings;
    private final Map<String, ManagedChannel> nodes = new ConcurrentHashMap<>();
    private final CompletableFuture<StartException> failed = new CompletableFuture<>();

    /** What was started, the last first: closed in that order. */
    private final Deque<Runnable> started = new ArrayDeque<>();

    private volatile boolean isTakingPart;
    private volatile boolean isClosing;
    private volatile boolean isAbandoned;

    private CoordinatorProcess(CoordinatorSettings settings) {
        this.settings = settings;
    }

    /** Starts one. It takes part when its state says so; to form a cluster it waits for all the others. */
    public static CoordinatorProcess start(CoordinatorSettings settings, Consumer<ProcessState> states)
            throws StartException {
        CoordinatorProcess process = new CoordinatorProcess(settings);
        boolean started = false;
        try {
            process.startAll(states);
            started = true;
            return process;
        } finally {
            if (!started) {
                process.close();
            }
        }
    }

    private void startAll(Consumer<ProcessState> states) throws StartException {
        HealthReport health = HealthReport.start(settings.health());
        started.push(health::close);
        states.accept(ProcessState.STARTING);
        started.push(() -> nodes.values().forEach(ManagedChannel::shutdownNow));
        ControlRelay relay = new ControlRelay(
                settings.peers().stream()
                        .map(peer -> peer.services().toString())
                        .toList(),
                ReliableChannel::to);
        started.push(relay::close);
        Coordinator coordinator = open(toTheLeader(relay));
        started.push(coordinator::close);
        List<BindableService> services = new ArrayList<>();
        for (BindableService service : coordinator.internalServices()) {
            ServerServiceDefinition relayed = ServerInterceptors.intercept(
                    service, relay.unless(coordinator::isLeading, RegistryServiceGrpc.getAwaitMethod()));
            services.add(() -> relayed);
        }
        for (BindableService service : coordinator.publicServices()) {
            ServerServiceDefinition relayed =
                    ServerInterceptors.intercept(service, relay.unless(coordinator::isLeading));
            services.add(() -> relayed);
        }
        Metrics metrics = new Metrics();
        metrics.coordinator(coordinator::readings);
        RpcServer server = RpcServer.start(
                settings.listen(),
                settings.insecure(),
                services,
                settings.metrics().isPresent() ? List.of(metrics.calls()) : List.of());
        started.push(() -> server.close(CALLS));
        if (settings.metrics().isPresent()) {
            started.push(MetricsServer.start(settings.metrics().get(), settings.insecure(), metrics)::close);
        }
        Thread.ofPlatform().daemon().name("begin").start(() -> begin(coordinator));
        StateWatch watch = StateWatch.start(() -> stateOf(coordinator), state -> {
            server.serving(state.isUp());
            health.ready(state.isUp());
            coordinator.leader().ifPresent(leader -> {
                if (!leader.address().isEmpty()) {
                    relay.leads(leader.address(), coordinator.term());
                }
            });
            states.accept(state);
        });
        health.aliveWhile(coordinator::answers);
        started.push(() -> end(watch, health, coordinator));
    }

    /** Its own questions go the way of everybody's. */
    private ManagedChannel toTheLeader(ControlRelay relay) throws StartException {
        String name = InProcessServerBuilder.generateName();
        Server passingOn = InProcessServerBuilder.forName(name)
                .directExecutor()
                .addService(relay.method(RegistryServiceGrpc.getAwaitMethod()))
                .build();
        try {
            passingOn.start();
        } catch (IOException cannot) {
            throw new StartException("cannot pass on questions to the leader: " + cannot.getMessage(), cannot);
        }
        ManagedChannel channel =
                InProcessChannelBuilder.forName(name).directExecutor().build();
        started.push(() -> {
            channel.shutdownNow();
            passingOn.shutdownNow();
        });
        return channel;
    }

    private Coordinator open(ManagedChannel leader) throws StartException {
        Admission.Told told = settings.bootstrap()
                ? Admission.Told.BOOTSTRAP
                : settings.join() ? Admission.Told.JOIN : Admission.Told.RESUME;
        List<ReplicaConfig.Peer> peers = settings.peers().stream()
                .map(peer -> new ReplicaConfig.Peer(
                        peer.id(),
                        peer.raft().host(),
                        peer.raft().port(),
                        peer.services().toString()))
                .toList();
        ReplicaConfig replica = ReplicaConfig.of(
                Path.of(settings.data()), told, settings.clusterId().map(UUID::fromString), settings.id(), peers);
        try {
            return Coordinator.open(CoordinatorConfig.of(
                            replica, BuildVersion.current(), this::nodeControl, CoordinatorProcess::mustEnd)
                    .withLeader(leader));
        } catch (io.trapline.coordinator.raft.StartException cannot) {
            throw new StartException(String.valueOf(cannot.getMessage()), cannot);
        }
    }

    private Optional<NodeControlServiceStub> nodeControl(String address) {
        return Optional.of(NodeControlServiceGrpc.newStub(nodes.computeIfAbsent(address, ReliableChannel::to)));
    }

    private void begin(Coordinator coordinator) {
        try {
            coordinator.begin();
            isTakingPart = true;
        } catch (io.trapline.coordinator.raft.StartException cannot) {
            if (!isClosing) {
                failed.complete(new StartException(String.valueOf(cannot.getMessage()), cannot));
            }
        }
    }

    private ProcessState stateOf(Coordinator coordinator) {
        if (!isTakingPart || coordinator.leader().isEmpty()) {
            return ProcessState.WAITING;
        }
        return coordinator.isLeading() ? ProcessState.LEADING : ProcessState.FOLLOWING;
    }

    /** Another one leads before this one is gone, so that nobody waits for an election. */
    private void end(StateWatch watch, HealthReport health, Coordinator coordinator) {
        isClosing = true;
        watch.close();
        health.ready(false);
        if (isAbandoned || !coordinator.isLeading() || coordinator.isAlone()) {
            return;
        }
        try {
            coordinator.stepDown().toCompletableFuture().get(STEP_DOWN.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException refused) {
            LOG.warn("nobody else took over: the others will elect a leader");
            LOG.debug("nobody else took over", refused);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Nothing that this process acknowledges could be trusted any more. */
    private static void mustEnd(Throwable why) {
        if (why instanceof IOException) {
            // What an operator can do something about: the message says it all.
            LOG.error("the process ends: {}", why.getMessage());
            LOG.debug("the process ends", why);
        } else {
            LOG.error("the process ends: {}", why.getMessage(), why);
        }
        Runtime.getRuntime().halt(1);
    }

    /** Completes where it could not take part, with the reason. */
    public CompletionStage<StartException> failed() {
        return failed;
    }

    /** Ends it as {@code kill -9} would, as far as a process can do that to a part of itself: no other one is told to lead. */
    public void abandon() {
        isAbandoned = true;
        close();
    }

    @Override
    public void close() {
        while (!started.isEmpty()) {
            started.pop().run();
        }
    }
}
