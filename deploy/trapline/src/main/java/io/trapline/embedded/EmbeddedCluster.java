package io.trapline.embedded;

import com.sun.management.OperatingSystemMXBean;
import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.trapline.coordinator.Coordinator;
import io.trapline.coordinator.CoordinatorConfig;
import io.trapline.coordinator.raft.ReplicaConfig;
import io.trapline.internal.v1.NodeControlServiceGrpc;
import io.trapline.metrics.Metrics;
import io.trapline.metrics.MetricsServer;
import io.trapline.model.Refusal;
import io.trapline.node.Node;
import io.trapline.node.NodeConfig;
import io.trapline.server.BuildVersion;
import io.trapline.server.ListenAddress;
import io.trapline.server.PortReservation;
import io.trapline.server.RpcServer;
import io.trapline.server.StartException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A whole cluster in this process: a coordinator that is a group of one, a node, and one port on which everything is. Both talk to
 * each other as they would over a network, through the in-process transport.
 *
 * <p>Whatever was acknowledged is in the data directory; the contents of domains are not, and their domains are {@code CRASHED} after
 * a restart (D4).
 */
public final class EmbeddedCluster implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedCluster.class);

    private static final String NODE = "node-1";
    private static final int MEMORY_PART_FOR_GUESTS = 2;
    private static final long START_SECONDS = 30;
    private static final long RESIGN_SECONDS = 1;

    private final boolean isClosedAtExit;

    /** What was started, the last first: closed in that order. */
    private final Deque<Runnable> started = new ArrayDeque<>();

    private ListenAddress address = ListenAddress.ANY_PORT;
    private Optional<ListenAddress> metrics = Optional.empty();

    private EmbeddedCluster(boolean isClosedAtExit) {
        this.isClosedAtExit = isClosedAtExit;
    }

    /** Starts it for somebody who is gone where the process is asked to end: what is temporary is deleted then. */
    public static EmbeddedCluster start(Optional<Path> folder, ListenAddress listen, boolean insecure)
            throws StartException {
        return start(folder, listen, insecure, false, Optional.empty());
    }

    /**
     * Starts it; when this returns it serves.
     *
     * @param folder where the registry is kept, made where it is missing; empty = a temporary one, deleted when this is closed
     * @param listen port 0 = any
     * @param insecure allows another address than loopback (L)
     * @param isClosedAtExit it is closed by the caller also where the process is asked to end
     * @param metrics where it says how it does, port 0 = any; empty = nowhere
     */
    public static EmbeddedCluster start(
            Optional<Path> folder,
            ListenAddress listen,
            boolean insecure,
            boolean isClosedAtExit,
            Optional<ListenAddress> metrics)
            throws StartException {
        EmbeddedCluster cluster = new EmbeddedCluster(isClosedAtExit);
        boolean serving = false;
        try {
            cluster.startAll(folder, listen, insecure, metrics);
            serving = true;
            return cluster;
        } finally {
            if (!serving) {
                cluster.close();
            }
        }
    }

    /** Where it can be reached. */
    public ListenAddress address() {
        return address;
    }

    /** Where it says how it does; empty = nowhere. */
    public Optional<ListenAddress> metrics() {
        return metrics;
    }

    @Override
    public void close() {
        while (!started.isEmpty()) {
            started.pop().run();
        }
    }

    private void startAll(
            Optional<Path> folder, ListenAddress listen, boolean insecure, Optional<ListenAddress> metricsListen)
            throws StartException {
        // Before anything is written: the most frequent reason not to start.
        try (PortReservation port = PortReservation.of(listen, insecure)) {
            Path data = folder.isPresent() ? folder.get() : temporary();
            String controls = "trapline-node-" + UUID.randomUUID();
            String registry = "trapline-registry-" + UUID.randomUUID();
            Beside<Node> making = Beside.begin("make-node", () -> node(port.address(), registry));
            Coordinator coordinator;
            Node node;
            try {
                coordinator = coordinator(data, controls);
                // It refuses everything until it leads.
                inProcess(registry, coordinator.internalServices());
            } finally {
                node = making.join();
                started.push(() -> end(node));
            }
            inProcess(controls, node.internalServices());
            Optional<Metrics> said = metricsListen.map(asked -> metrics(coordinator, node));
            List<BindableService> services = new ArrayList<>(coordinator.publicServices());
            services.addAll(node.services());
            // It is mostly waited for what begins.
            Beside<RpcServer> makingServer = Beside.begin(
                    "make-server",
                    () -> RpcServer.open(
                            port.address(),
                            insecure,
                            services,
                            said.map(Metrics::calls).stream().toList()));
            begin(coordinator);
            node.begin();
            awaitReady(node);
            RpcServer server = makingServer.join();
            port.release();
            server.begin();
            started.push(server::beginClose);
            // When everything that its calls wait for has ended.
            started.addLast(server::close);
            address = server.address();
            if (said.isPresent()) {
                MetricsServer serving = MetricsServer.start(metricsListen.orElseThrow(), insecure, said.get());
                started.push(serving::close);
                metrics = Optional.of(serving.address());
            }
        }
    }

    private static Metrics metrics(Coordinator coordinator, Node node) {
        Metrics metrics = new Metrics();
        metrics.coordinator(coordinator::readings);
        metrics.node(node::readings);
        return metrics;
    }

    private static Node node(ListenAddress where, String registry) {
        return Node.open(NodeConfig.of(
                NODE,
                where.toString(),
                physicalMemoryBytes() / MEMORY_PART_FOR_GUESTS,
                List.of(registry),
                name -> InProcessChannelBuilder.forName(name).directExecutor().build(),
                EmbeddedCluster::over));
    }

    /** Its next life need not wait for its lease. */
    private static void end(Node node) {
        try {
            node.resign().toCompletableFuture().get(RESIGN_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException unheard) {
            LOG.info("the coordinator has not heard that the node ends: its next life waits for its lease", unheard);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        node.close();
    }

    private static void awaitReady(Node node) throws StartException {
        try {
            node.ready().toCompletableFuture().get(START_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException failed) {
            throw new StartException("the node got no lease from the coordinator: " + failed.getMessage(), failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new StartException("interrupted while starting", interrupted);
        }
    }

    private static long physicalMemoryBytes() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
    }

    private Path temporary() throws StartException {
        TemporaryDirectory directory = TemporaryDirectory.create(!isClosedAtExit);
        started.push(directory::close);
        return directory.path();
    }

    private Coordinator coordinator(Path data, String nodeControls) throws StartException {
        ManagedChannel channel = channel(nodeControls);
        CoordinatorConfig config = CoordinatorConfig.of(
                ReplicaConfig.alone(data.resolve("coordinator"), true),
                BuildVersion.current(),
                node -> Optional.of(NodeControlServiceGrpc.newStub(channel)),
                EmbeddedCluster::failed);
        try {
            Coordinator coordinator = Coordinator.open(config);
            started.push(coordinator::close);
            return coordinator;
        } catch (io.trapline.coordinator.raft.StartException cannot) {
            throw new StartException(String.valueOf(cannot.getMessage()), cannot);
        }
    }

    private static void begin(Coordinator coordinator) throws StartException {
        try {
            coordinator.begin();
        } catch (io.trapline.coordinator.raft.StartException cannot) {
            throw new StartException(String.valueOf(cannot.getMessage()), cannot);
        }
    }

    private void inProcess(String name, List<BindableService> services) {
        InProcessServerBuilder builder = InProcessServerBuilder.forName(name).directExecutor();
        services.forEach(builder::addService);
        try {
            Server server = builder.build().start();
            started.push(server::shutdownNow);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    private ManagedChannel channel(String name) {
        ManagedChannel channel =
                InProcessChannelBuilder.forName(name).directExecutor().build();
        started.push(channel::shutdownNow);
        return channel;
    }

    /** The registry has given this node's place to another life: a process that goes on would serve nobody for ever. */
    private static void over(Refusal why) {
        LOG.error("the node cannot go on: the process ends: {}", why.message());
        Runtime.getRuntime().halt(1);
    }

    /** Nothing that this process acknowledges could be trusted any more. */
    private static void failed(Throwable why) {
        LOG.error("the registry cannot go on: the process ends", why);
        Runtime.getRuntime().halt(1);
    }
}
