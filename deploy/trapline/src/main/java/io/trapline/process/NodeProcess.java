package io.trapline.process;

import com.sun.management.OperatingSystemMXBean;
import io.grpc.BindableService;
import io.trapline.internal.v1.RegistryServiceGrpc;
import io.trapline.metrics.Metrics;
import io.trapline.metrics.MetricsServer;
import io.trapline.model.Refusal;
import io.trapline.node.Node;
import io.trapline.node.NodeConfig;
import io.trapline.rpc.ControlRelay;
import io.trapline.server.ListenAddress;
import io.trapline.server.PortReservation;
import io.trapline.server.RpcServer;
import io.trapline.server.StartException;
import io.trapline.v1.ClusterServiceGrpc;
import io.trapline.v1.DomainServiceGrpc;
import io.trapline.v1.IoreqServerServiceGrpc;
import io.trapline.v1.SessionServiceGrpc;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A node as a process of its own: its services, a relay of control calls to the leader, and one port on which all of it is. */
public final class NodeProcess implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NodeProcess.class);

    private static final int MEMORY_PART_FOR_GUESTS = 2;
    private static final long RESIGN_MILLIS = 2_000;
    /** How long calls under way may take when it has resigned. */
    private static final Duration CALLS = Duration.ofSeconds(5);

    private final NodeSettings settings;
    private final CompletableFuture<Refusal> over = new CompletableFuture<>();
    private volatile @Nullable NodeLeave leave;
    private volatile boolean leaves;
    private volatile boolean isAbandoned;

    /** What was started, the last first: closed in that order. */
    private final Deque<Runnable> started = new ArrayDeque<>();

    private NodeProcess(NodeSettings settings) {
        this.settings = settings;
    }

    /**
     * Starts one. It serves when its state says so.
     *
     * @param states makes, of the address under which others reach it, what hears of its states
     */
    public static NodeProcess start(NodeSettings settings, Function<String, Consumer<ProcessState>> states)
            throws StartException {
        NodeProcess process = new NodeProcess(settings);
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

    private void startAll(Function<String, Consumer<ProcessState>> states) throws StartException {
        HealthReport health = HealthReport.start(settings.health());
        started.push(health::close);
        try (PortReservation port = PortReservation.of(settings.listen(), settings.insecure())) {
            String address = settings.advertise().orElse(port.address()).toString();
            Consumer<ProcessState> listener = states.apply(address);
            listener.accept(ProcessState.STARTING);
            List<String> coordinators = settings.coordinators().stream()
                    .map(ListenAddress::toString)
                    .toList();
            ControlRelay relay = new ControlRelay(coordinators, ReliableChannel::to);
            started.push(relay::close);
            Node node = Node.start(NodeConfig.of(
                            settings.id(),
                            address,
                            settings.memoryBytes().orElseGet(NodeProcess::halfOfTheMachine),
                            coordinators,
                            ReliableChannel::to,
                            over::complete)
                    .telling(known -> relay.found(known.leader(), known.all())));
            started.push(node::close);
            List<BindableService> services = new ArrayList<>(node.services());
            services.addAll(node.internalServices());
            services.addAll(relay.services(
                    DomainServiceGrpc.getServiceDescriptor(),
                    IoreqServerServiceGrpc.getServiceDescriptor(),
                    SessionServiceGrpc.getServiceDescriptor(),
                    ClusterServiceGrpc.getServiceDescriptor()));
            services.add(relay.method(RegistryServiceGrpc.getAwaitMethod()));
            port.release();
            Metrics metrics = new Metrics();
            metrics.node(node::readings);
            RpcServer server = RpcServer.start(
                    port.address(),
                    settings.insecure(),
                    services,
                    settings.metrics().isPresent() ? List.of(metrics.calls()) : List.of());
            // After the node, whose streams end with it; relayed calls may still get their answers.
            started.removeLast();
            started.addLast(() -> server.close(CALLS));
            // It is alive for as long as it still answers.
            started.addLast(health::close);
            if (settings.metrics().isPresent()) {
                started.push(MetricsServer.start(settings.metrics().get(), settings.insecure(), metrics)::close);
            }
            StateWatch watch = StateWatch.start(() -> stateOf(node), state -> {
                // Whoever is relayed, or drains, is served until the end; nobody new is sent here.
                server.serving(state.isUp());
                health.ready(state.isUp());
                listener.accept(state);
            });
            leave = new NodeLeave(node::serves, node::parts, node::leave, settings.drainTimeout());
            health.aliveWhile(node::answers);
            started.push(() -> end(watch, health, server, node));
        }
    }

    private ProcessState stateOf(Node node) {
        if (leaves) {
            return ProcessState.DRAINING;
        }
        return node.serves() ? ProcessState.SERVING : ProcessState.WAITING;
    }

    private static long halfOfTheMachine() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize()
                / MEMORY_PART_FOR_GUESTS;
    }

    /** Takes no more calls, and tells the leader that nobody need wait for this node's lease. */
    private void end(StateWatch watch, HealthReport health, RpcServer server, Node node) {
        watch.close();
        health.ready(false);
        if (isAbandoned) {
            server.close(Duration.ZERO);
            return;
        }
        server.beginClose();
        try {
            node.resign().toCompletableFuture().get(RESIGN_MILLIS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException unheard) {
            LOG.warn("no coordinator heard that this node ends; its lease runs out", unheard);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Until what it has is at other nodes, as far as they can have it, at most for {@code --drain-timeout}; it is to be closed then. */
    public void leave() {
        NodeLeave waits = leave;
        if (waits != null && !over.isDone()) {
            leaves = true;
            waits.await();
        }
    }

    /** {@link #leave} does not wait any more. */
    public void leaveAtOnce() {
        NodeLeave waits = leave;
        if (waits != null) {
            waits.skip();
        }
    }

    /** Completes where this life of the node is over, with the reason: another one has replaced it, or it was silent for too long. */
    public CompletionStage<Refusal> over() {
        return over;
    }

    /** Ends it as {@code kill -9} would, as far as a process can do that to a part of itself: nobody is told, and its lease runs out. */
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
