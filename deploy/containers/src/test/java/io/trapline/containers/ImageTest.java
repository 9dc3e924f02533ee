package io.trapline.containers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.dockerjava.api.command.InspectImageResponse;
import com.github.dockerjava.api.model.ContainerConfig;
import io.trapline.client.DomainRef;
import io.trapline.client.Guest;
import io.trapline.client.TraplineConnection;
import io.trapline.model.Gpa;
import io.trapline.v1.Domain;
import io.trapline.v1.DomainMemory;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.Container.ExecResult;
import org.testcontainers.containers.startupcheck.OneShotStartupCheckStrategy;
import org.testcontainers.containers.wait.strategy.Wait;

/** What the image promises, under the flags that harden it. */
@Tag("containers")
@Timeout(300)
final class ImageTest {
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final int GRACE_SECONDS = 20;
    private static final String ID = "11111111-2222-3333-4444-555555555555";

    /** A cluster of one process. */
    private static TraplineContainer up(PrivateNetwork network) {
        return new TraplineContainer("up", "--listen", "0.0.0.0:7420", "--insecure", "--data", TraplineContainer.DATA)
                .at(network, "up", network.address(0))
                .withData()
                .waitingFor(Wait.forLogMessage("ready: .*\\n", 1));
    }

    /** Runs a command to its end. */
    private static TraplineContainer ran(String... command) {
        TraplineContainer container =
                new TraplineContainer(command).withStartupCheckStrategy(new EndedStrategy().withTimeout(PATIENCE));
        container.start();
        return container;
    }

    /** However it ended. */
    private static final class EndedStrategy extends OneShotStartupCheckStrategy {
        @Override
        public StartupStatus checkStartupState(com.github.dockerjava.api.DockerClient docker, String containerId) {
            return super.checkStartupState(docker, containerId) == StartupStatus.NOT_YET_KNOWN
                    ? StartupStatus.NOT_YET_KNOWN
                    : StartupStatus.SUCCESSFUL;
        }
    }

    private static long exit(TraplineContainer container) {
        return Objects.requireNonNull(container.state().getExitCodeLong());
    }

    @Test
    void servesAGuestIsHealthyAndEndsInTimeWhenItIsAskedTo() {
        try (PrivateNetwork network = PrivateNetwork.create();
                TraplineContainer up = up(network)) {
            // Given
            up.start();

            // When
            try (TraplineConnection connection = TraplineConnection.builder()
                    .addresses(network.address(0) + ":7420")
                    .timeout(PATIENCE)
                    .build()) {
                Domain domain = connection.domains().create(16, 1, DomainMemory.DOMAIN_MEMORY_VOLATILE);
                try (Guest guest = connection.guest(DomainRef.of(domain))) {
                    var vcpu = guest.openVcpu(0, 1);
                    vcpu.write(new Gpa(0x1000), 8, 42);
                    assertThat(vcpu.read(new Gpa(0x1000), 8)).isEqualTo(42);
                }
            }
            await().atMost(PATIENCE).until(() -> up.health().equals("healthy"));
            up.end(GRACE_SECONDS);

            // Then: 137 would be Docker's patience at its end.
            assertThat(exit(up)).isZero();
        }
    }

    @Test
    void aClusterOfContainersEndsInTimeToo() {
        try (ContainerCluster cluster = ContainerCluster.start(1, 1)) {
            cluster.member("n1").end(GRACE_SECONDS);
            cluster.member("c1").end(GRACE_SECONDS);

            assertThat(exit(cluster.member("n1"))).isZero();
            assertThat(exit(cluster.member("c1"))).isZero();
        }
    }

    @Test
    void isAliveAndNotReadyWhileNobodyGrantsLeases() throws Exception {
        try (TraplineContainer node = new TraplineContainer("node", "--id", "n1", "--coordinators", "127.0.0.1:1")
                .waitingFor(Wait.forLogMessage(".*waiting.*\\n", 1))) {
            node.start();

            ExecResult alive = node.execInContainer("trapline", "health", "--alive");
            ExecResult ready = node.execInContainer("trapline", "health", "--ready");

            assertThat(alive.getExitCode()).as(alive.getStderr()).isZero();
            assertThat(ready.getExitCode()).as(ready.getStderr()).isEqualTo(1);
            assertThat(ready.getStdout()).isEqualTo("not ready\n");
        }
    }

    @Test
    void itsNativeCodeIsUsedThoughNothingCanBeExecutedFromTmp() {
        try (TraplineContainer natives = ran("natives")) {
            assertThat(exit(natives)).as(natives.getLogs()).isZero();
            assertThat(natives.getLogs()).doesNotContain(" no ");
        }
    }

    @Test
    void saysWhatIsWrongWithItsFlags() {
        try (TraplineContainer node = ran("node", "--id", "n 1", "--listen", "0.0.0.0:7420")) {
            assertThat(exit(node)).isEqualTo(2);
            assertThat(node.getLogs())
                    .contains("--id: 'n 1' is no id", "--coordinators is missing", "needs --insecure")
                    .hasLineCount(1);
        }
    }

    @Test
    void namesTheDirectoryThatItCannotWriteTo() {
        // Given: no volume, so that it is on the read-only root.
        try (TraplineContainer coordinator = ran(
                "coordinator",
                "--id",
                "c1",
                "--data",
                TraplineContainer.DATA + "/c1",
                "--peers",
                "c1=127.0.0.1:7421,127.0.0.1:7420",
                "--bootstrap",
                "--cluster-id",
                ID)) {
            assertThat(exit(coordinator)).isEqualTo(1);
            assertThat(coordinator.getLogs().lines().toList().getLast())
                    .startsWith("trapline: ")
                    .contains(TraplineContainer.DATA + "/c1");
        }
    }

    @Test
    void saysWhatItIsAndRunsAsNobodyInParticular() {
        InspectImageResponse image = DockerClientFactory.instance()
                .client()
                .inspectImageCmd(TraplineContainer.image())
                .exec();
        ContainerConfig config = Objects.requireNonNull(image.getConfig());

        assertThat(config.getUser()).isEqualTo("65532:65532");
        assertThat(config.getLabels())
                .containsEntry("org.opencontainers.image.licenses", "Apache-2.0")
                .containsKeys("org.opencontainers.image.version", "org.opencontainers.image.revision");
        assertThat(config.getHealthcheck()).isNotNull();
        assertThat(config.getEnv()).contains("LANG=C.UTF-8");
    }
}
