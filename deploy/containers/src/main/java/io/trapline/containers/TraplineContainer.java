package io.trapline.containers;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.exception.InternalServerErrorException;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.HealthCheck;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.Volume;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.output.OutputFrame;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/**
 * The image in a container, as hard as it can be run: as its own user, its root read-only, without capabilities, with a small {@code /tmp} from
 * which nothing can be executed. What is told to it later (signals, ends, further starts) goes to the same container.
 */
public final class TraplineContainer extends GenericContainer<TraplineContainer> {
    /** Where a coordinator's data belongs; a volume of this container. */
    public static final String DATA = "/var/lib/trapline";

    /** Where health is asked for. */
    public static final int HEALTH_PORT = 7422;

    private static final String IMAGE_PROPERTY = "trapline.image";
    private static final String DEFAULT_IMAGE = "trapline:latest";
    private static final String UP = ".*: (serving|leading|following) at .*\\n";
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int FREEZE_ATTEMPTS = 5;

    /** {@code command}: what {@code trapline} is called with. */
    public TraplineContainer(String... command) {
        this(DockerImageName.parse(image()), command);
    }

    private TraplineContainer(DockerImageName image, String... command) {
        super(image);
        // It was built here; no registry has it.
        withImagePullPolicy(each -> false);
        withCommand(command);
        withLabels(RunLabel.labels());
        withCreateContainerCmdModifier(TraplineContainer::harden);
        withStartupTimeout(PATIENCE);
    }

    /** The same of another image than the one under test. */
    static TraplineContainer of(String image, String... command) {
        return new TraplineContainer(DockerImageName.parse(image), command);
    }

    /** The image under test: the system property {@code trapline.image}, or {@code trapline:latest}. */
    public static String image() {
        return System.getProperty(IMAGE_PROPERTY, DEFAULT_IMAGE);
    }

    private static void harden(CreateContainerCmd command) {
        config(command)
                .withReadonlyRootfs(true)
                .withCapDrop(Capability.ALL)
                .withSecurityOpts(List.of("no-new-privileges"))
                .withTmpFs(Map.of("/tmp", "rw,noexec,nosuid,size=16m"));
    }

    static HostConfig config(CreateContainerCmd command) {
        HostConfig config = command.getHostConfig();
        if (config == null) {
            throw new IllegalStateException("Testcontainers has given its command no configuration");
        }
        return config;
    }

    /** With the volume for a coordinator's data. */
    public TraplineContainer withData() {
        return withCreateContainerCmdModifier(command -> command.withVolumes(new Volume(DATA)));
    }

    /** With that disk for it instead. */
    public TraplineContainer withData(SmallDisk disk) {
        return withCreateContainerCmdModifier(disk::mount);
    }

    /** At that address of the network. */
    public TraplineContainer at(PrivateNetwork network, String name, String address) {
        withNetwork(network.network());
        withNetworkAliases(name);
        return withCreateContainerCmdModifier(
                command -> command.withHostName(name).withIpv4Address(address));
    }

    /** Without Docker's health checks, each of which starts a JVM: where many containers share a machine they would be most of its work. */
    public TraplineContainer withoutHealthChecks() {
        return withCreateContainerCmdModifier(
                command -> command.withHealthcheck(new HealthCheck().withTest(List.of("NONE"))));
    }

    /** It counts as started when it serves, leads or follows. */
    public TraplineContainer startedWhenUp() {
        return waitingFor(Wait.forLogMessage(UP, 1).withStartupTimeout(PATIENCE));
    }

    /** What its processes have said on stdout in all their lives: what they do, and no logs. */
    public String said() {
        return getLogs(OutputFrame.OutputType.STDOUT);
    }

    /** Sends its process a signal, by name: {@code KILL}, {@code TERM}, {@code STOP} … */
    public void signal(String name) {
        getDockerClient().killContainerCmd(getContainerId()).withSignal(name).exec();
    }

    /** Freezes every process in it. */
    public void freeze() {
        for (int attempt = 1; ; attempt++) {
            try {
                getDockerClient().pauseContainerCmd(getContainerId()).exec();
                return;
            } catch (InternalServerErrorException busy) {
                // runc gives up on a freezer (cgroup v1) in which threads come and go meanwhile, and leaves it thawed.
                if (attempt == FREEZE_ATTEMPTS) {
                    throw busy;
                }
                logger().info("{} could not be frozen, trying again: {}", getContainerId(), busy.getMessage());
            }
        }
    }

    /** Lets them go on. */
    public void thaw() {
        getDockerClient().unpauseContainerCmd(getContainerId()).exec();
    }

    /** Starts it again after its end, with its data and its address. */
    public void startAgain() {
        getDockerClient().startContainerCmd(getContainerId()).exec();
    }

    /** Takes it off its network; connections to it fall silent. */
    public void disconnect(PrivateNetwork network) {
        getDockerClient()
                .disconnectFromNetworkCmd()
                .withContainerId(getContainerId())
                .withNetworkId(network.id())
                .exec();
    }

    /** Asks it to end as {@code docker stop} does, and waits; killed after so many seconds. */
    public void end(int graceSeconds) {
        getDockerClient()
                .stopContainerCmd(getContainerId())
                .withTimeout(graceSeconds)
                .exec();
    }

    /** Lets it have so many bytes of memory from now on, at least 6 MiB. */
    public void limitMemory(long bytes) {
        getDockerClient()
                .updateContainerCmd(getContainerId())
                .withMemory(bytes)
                .withMemorySwap(bytes)
                .exec();
    }

    /** What its process ended with. */
    public long exit() {
        return Objects.requireNonNull(state().getExitCodeLong());
    }

    /** What Docker says of it now. */
    public InspectContainerResponse.ContainerState state() {
        DockerClient docker = getDockerClient();
        return docker.inspectContainerCmd(getContainerId()).exec().getState();
    }

    /** What Docker's health check found last: {@code starting}, {@code healthy} or {@code unhealthy}. */
    public String health() {
        var health = state().getHealth();
        return health == null ? "none" : String.valueOf(health.getStatus());
    }

    /** Its first process, as this machine sees it. */
    public long pid() {
        Long pid = state().getPidLong();
        return pid == null ? 0 : pid;
    }
}
