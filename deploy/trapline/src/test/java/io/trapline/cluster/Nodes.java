package io.trapline.cluster;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.util.MutableHandlerRegistry;
import io.trapline.client.TraplineConnection;
import io.trapline.coordinator.Coordinator;
import io.trapline.coordinator.CoordinatorConfig;
import io.trapline.coordinator.raft.ReplicaConfig;
import io.trapline.node.Node;
import io.trapline.node.NodeConfig;
import io.trapline.node.lease.CoordinatorChannels;
import io.trapline.rpc.Principals;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A coordinator and several nodes, {@code n1}, {@code n2} …; at each node's address the coordinator's services are, too. */
final class Nodes implements AutoCloseable {
    private static final long MEMORY_BYTES = 64L << 20;

    private final Deque<Runnable> started = new ArrayDeque<>();
    private final Coordinator coordinator;
    private final String registry;
    private final List<Node> nodes = new ArrayList<>();
    private final List<Server> servers = new ArrayList<>();
    private final List<String> addresses = new ArrayList<>();

    Nodes(Path folder, int count) throws Exception {
        try {
            coordinator = Coordinator.start(CoordinatorConfig.of(
                    ReplicaConfig.alone(folder.resolve("coordinator"), true),
                    "0.0.0",
                    node -> Optional.empty(),
                    failure -> {}));
            started.push(coordinator::close);
            registry = "127.0.0.1:" + serve(coordinator.internalServices(), List.of());
            for (int i = 0; i < count; i++) {
                start(name(i));
            }
            for (Node node : nodes) {
                node.ready().toCompletableFuture().get(60, TimeUnit.SECONDS);
            }
        } catch (Exception | Error failure) {
            close();
            throw failure;
        }
    }

    /** One more node; returns its place. */
    int more() throws Exception {
        int place = nodes.size();
        start(name(place));
        nodes.get(place).ready().toCompletableFuture().get(60, TimeUnit.SECONDS);
        return place;
    }

    /** How many answers under request ids the nodes keep. */
    long keptAnswers() {
        return nodes.stream()
                .mapToLong(node -> node.readings().toCompletableFuture().join().keptAnswers())
                .sum();
    }

    /** A node's life ends, and nobody hears from it any more. */
    void end(int place) {
        servers.get(place).shutdownNow();
        nodes.get(place).close();
    }

    private void start(String name) throws IOException {
        MutableHandlerRegistry services = new MutableHandlerRegistry();
        Server server = server().fallbackHandlerRegistry(services).build().start();
        started.push(server::shutdownNow);
        String address = "127.0.0.1:" + server.getPort();
        Node node = Node.start(
                NodeConfig.of(name, address, MEMORY_BYTES, List.of(registry), CoordinatorChannels::tcp, why -> {}));
        started.push(node::close);
        node.internalServices().forEach(services::addService);
        for (BindableService service : publicServices(node)) {
            services.addService(ServerInterceptors.intercept(service, new Principals()));
        }
        nodes.add(node);
        servers.add(server);
        addresses.add(address);
    }

    private List<BindableService> publicServices(Node node) {
        List<BindableService> services = new ArrayList<>(node.services());
        services.addAll(coordinator.publicServices());
        return services;
    }

    private int serve(List<BindableService> internal, List<BindableService> ofClients) throws IOException {
        NettyServerBuilder builder = server();
        internal.forEach(builder::addService);
        ofClients.forEach(service -> builder.addService(ServerInterceptors.intercept(service, new Principals())));
        Server server = builder.build().start();
        started.push(server::shutdownNow);
        return server.getPort();
    }

    private static NettyServerBuilder server() {
        return NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .permitKeepAliveTime(100, TimeUnit.MILLISECONDS)
                .permitKeepAliveWithoutCalls(true);
    }

    /** Another door to a node, which can be shut while the node goes on. */
    Server door(int node) throws IOException {
        NettyServerBuilder builder = server();
        publicServices(nodes.get(node))
                .forEach(service -> builder.addService(ServerInterceptors.intercept(service, new Principals())));
        Server door = builder.build().start();
        started.push(door::shutdownNow);
        return door;
    }

    String name(int node) {
        return "n" + (node + 1);
    }

    /** Where a node is, 0 and up. */
    String address(int node) {
        return addresses.get(node);
    }

    TraplineConnection connect(String... all) {
        TraplineConnection connection = TraplineConnection.to(String.join(",", all));
        started.push(connection::close);
        return connection;
    }

    @Override
    public void close() {
        while (!started.isEmpty()) {
            started.pop().run();
        }
    }
}
