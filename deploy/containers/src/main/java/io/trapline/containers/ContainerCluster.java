package io.trapline.containers;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.testcontainers.lifecycle.Startables;

/**
 * Coordinators {@code c1} … and nodes {@code n1} …, each in a container of its own on a network of their own. Clients in this process reach the
 * nodes at {@link #addresses}, which are what the nodes are told of each other too. Not thread-safe.
 */
public final class ContainerCluster implements AutoCloseable {
    private static final int PORT = 7420;
    private static final int RAFT_PORT = 7421;
    /** Many of them share a machine and live for seconds: the second compiler would be half of their work. */
    private static final String SHORT_LIFE = " -Xms32m -XX:+UseSerialGC -XX:TieredStopAtLevel=1";

    private static final String COORDINATOR_FLAGS = "-Xmx192m" + SHORT_LIFE;
    private static final String NODE_FLAGS = "-Xmx256m" + SHORT_LIFE;
    /** Each has room for what two others give away (D-27), however little of it guests touch. */
    private static final String NODE_MEMORY = "8GiB";

    private final PrivateNetwork network;
    private final int coordinators;
    private final int nodes;
    private final Map<String, TraplineContainer> containers = new LinkedHashMap<>();
    private final Map<String, List<String>> commands = new HashMap<>();
    private final Map<String, SmallDisk> disks = new LinkedHashMap<>();
    /** What those have said whose place others have taken. */
    private final Map<String, String> saidBefore = new HashMap<>();

    private final Map<String, String> logsBefore = new HashMap<>();
    private @Nullable NextImage next;

    private ContainerCluster(PrivateNetwork network, int coordinators, int nodes) {
        this.network = network;
        this.coordinators = coordinators;
        this.nodes = nodes;
    }

    /**
     * Starts it; when this returns all of it is up.
     *
     * @param coordinators 1, 3 or 5
     * @param nodes 1 … 64
     */
    public static ContainerCluster start(int coordinators, int nodes) {
        ContainerCluster cluster = new ContainerCluster(PrivateNetwork.create(), coordinators, nodes);
        boolean isUp = false;
        try {
            cluster.startAll();
            isUp = true;
            return cluster;
        } finally {
            if (!isUp) {
                cluster.close();
            }
        }
    }

    private void startAll() {
        String clusterId = UUID.randomUUID().toString();
        String peers = IntStream.rangeClosed(1, coordinators)
                .mapToObj(i -> "c" + i + "=" + coordinator(i) + ":" + RAFT_PORT + "," + coordinator(i) + ":" + PORT)
                .collect(Collectors.joining(";"));
        String services = IntStream.rangeClosed(1, coordinators)
                .mapToObj(i -> coordinator(i) + ":" + PORT)
                .collect(Collectors.joining(","));
        for (int i = 1; i <= coordinators; i++) {
            List<String> command = new ArrayList<>(List.of("coordinator", "--id", "c" + i));
            command.addAll(List.of("--data", TraplineContainer.DATA + "/" + "c" + i, "--peers", peers));
            command.addAll(List.of("--bootstrap", "--cluster-id", clusterId, "--insecure"));
            commands.put("c" + i, command);
            disks.put("c" + i, SmallDisk.create());
            containers.put("c" + i, container("c" + i, TraplineContainer.image()));
        }
        for (int i = 1; i <= nodes; i++) {
            List<String> command = new ArrayList<>(List.of("node", "--id", "n" + i, "--coordinators", services));
            command.addAll(List.of("--listen", "0.0.0.0:" + PORT, "--advertise", node(i) + ":" + PORT));
            command.addAll(List.of("--memory", NODE_MEMORY, "--insecure"));
            commands.put("n" + i, command);
            containers.put("n" + i, container("n" + i, TraplineContainer.image()));
        }
        Startables.deepStart(containers.values()).join();
    }

    private TraplineContainer container(String id, String image) {
        SmallDisk disk = disks.get(id);
        TraplineContainer container = TraplineContainer.of(
                        image, Objects.requireNonNull(commands.get(id), id).toArray(String[]::new))
                .at(network, id, addressOf(id))
                .withEnv("TRAPLINE_JAVA_OPTS", disk == null ? NODE_FLAGS : COORDINATOR_FLAGS)
                .withEnv("TRAPLINE_LOG", "info")
                .withoutHealthChecks()
                .startedWhenUp();
        return disk == null ? container : container.withData(disk);
    }

    private String coordinator(int number) {
        return network.address(number);
    }

    private String node(int number) {
        return network.address(coordinators + number);
    }

    /** Where the nodes are, as clients take it. */
    public String addresses() {
        return IntStream.rangeClosed(1, nodes)
                .mapToObj(i -> node(i) + ":" + PORT)
                .collect(Collectors.joining(","));
    }

    /** The address that a member has on the network, whether it is on it or not. */
    public String addressOf(String id) {
        int number = Integer.parseInt(id.substring(1));
        return id.startsWith("c") ? coordinator(number) : node(number);
    }

    /** Where a member serves, as clients take it. */
    public String serviceOf(String id) {
        return addressOf(id) + ":" + PORT;
    }

    /** A member by its id. */
    public TraplineContainer member(String id) {
        return Objects.requireNonNull(containers.get(id), id);
    }

    /**
     * Ends a member as {@code docker stop} does and puts a container of {@link NextImage} in its place, with its name, its address and its data; it is up when
     * this returns.
     *
     * @param graceSeconds after which it is killed
     * @return the exit code of the one that ended
     */
    public long upgrade(String id, int graceSeconds) {
        TraplineContainer before = member(id);
        before.end(graceSeconds);
        long exit = before.exit();
        saidBefore.merge(id, before.said(), String::concat);
        logsBefore.merge(id, before.getLogs(), String::concat);
        if (next == null) {
            next = NextImage.of(before);
        }
        before.stop();
        TraplineContainer after = container(id, next.name());
        containers.put(id, after);
        after.start();
        return exit;
    }

    /** What a member has said on stdout in all its lives, in whatever container. */
    public String said(String id) {
        return saidBefore.getOrDefault(id, "") + member(id).said();
    }

    /** What a coordinator's data is on. */
    public SmallDisk diskOf(String id) {
        return Objects.requireNonNull(disks.get(id), id);
    }

    /** All members' ids, coordinators first. */
    public List<String> members() {
        return List.copyOf(containers.keySet());
    }

    /** The network that they are on. */
    public PrivateNetwork network() {
        return network;
    }

    /** Brings a member back to its network, under the name and address that it had. */
    public void reconnect(String id) {
        TraplineContainer member = member(id);
        member.getDockerClient()
                .connectToNetworkCmd()
                .withContainerId(member.getContainerId())
                .withNetworkId(network.id())
                .withContainerNetwork(new com.github.dockerjava.api.model.ContainerNetwork()
                        .withAliases(id)
                        .withIpamConfig(new com.github.dockerjava.api.model.ContainerNetwork.Ipam()
                                .withIpv4Address(addressOf(id))))
                .exec();
    }

    /** What all of them have said, for a person who looks for a reason. */
    public String logs() {
        return containers.entrySet().stream()
                .flatMap(each -> Stream.of(
                        "---- " + each.getKey(),
                        logsBefore.getOrDefault(each.getKey(), "")
                                + each.getValue().getLogs()))
                .collect(Collectors.joining("\n"));
    }

    @Override
    public void close() {
        containers.values().forEach(TraplineContainer::stop);
        disks.values().forEach(SmallDisk::close);
        if (next != null) {
            next.close();
        }
        network.close();
    }
}
