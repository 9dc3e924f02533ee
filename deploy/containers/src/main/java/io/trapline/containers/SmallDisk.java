package io.trapline.containers;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Volume;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.testcontainers.containers.Container.ExecResult;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;

/**
 * A disk for the data of one container, so small that a test can fill it: a volume in this machine's memory. A second container of the image, in which only a
 * shell waits, keeps it mounted: what is on it outlives whoever uses it. Used by one thread.
 */
public final class SmallDisk implements AutoCloseable {
    private static final String OPTIONS = "size=64m,mode=700,uid=65532,gid=65532";
    private static final String BALLAST = TraplineContainer.DATA + "/ballast";
    /** Big pieces first, then what is left of the last page; the shell has no other tools in the image. */
    private static final String FILL = "x=0123456789abcde; for i in 1 2 3 4 5 6 7 8 9 10 11; do x=$x$x; done;"
            + " { while echo $x; do :; done; while echo; do :; done; } >" + BALLAST + " 2>/dev/null; exit 0";

    private final String volume;
    private final GenericContainer<?> keeper;

    private SmallDisk(String volume, GenericContainer<?> keeper) {
        this.volume = volume;
        this.keeper = keeper;
    }

    /** An empty one. */
    public static SmallDisk create() {
        String volume = "trapline-" + UUID.randomUUID();
        GenericContainer<?> keeper = new GenericContainer<>(DockerImageName.parse(TraplineContainer.image()))
                .withImagePullPolicy(each -> false)
                .withLabels(RunLabel.labels())
                .withCreateContainerCmdModifier(command -> {
                    mount(command, volume);
                    command.withEntrypoint("/bin/sh", "-c", "read forever").withStdinOpen(true);
                });
        DockerClient docker = keeper.getDockerClient();
        docker.createVolumeCmd()
                .withName(volume)
                .withDriver("local")
                .withDriverOpts(Map.of("type", "tmpfs", "device", "tmpfs", "o", OPTIONS))
                .withLabels(RunLabel.labels())
                .exec();
        SmallDisk disk = new SmallDisk(volume, keeper);
        boolean isKept = false;
        try {
            keeper.start();
            isKept = true;
            return disk;
        } finally {
            if (!isKept) {
                disk.close();
            }
        }
    }

    void mount(CreateContainerCmd command) {
        mount(command, volume);
    }

    private static void mount(CreateContainerCmd command, String volume) {
        TraplineContainer.config(command).withBinds(List.of(new Bind(volume, new Volume(TraplineContainer.DATA))));
    }

    /** Leaves no byte of room on it. */
    public void fill() throws IOException, InterruptedException {
        run(FILL);
    }

    /** Takes away what filled it. It has no {@code rm}: what was there is empty now. */
    public void free() throws IOException, InterruptedException {
        run(": >" + BALLAST);
    }

    private void run(String script) throws IOException, InterruptedException {
        ExecResult result = keeper.execInContainer("/bin/sh", "-c", script);
        if (result.getExitCode() != 0) {
            throw new IOException(script + " ended with " + result.getExitCode() + ": " + result.getStderr());
        }
    }

    /** Who used it must be gone. */
    @Override
    public void close() {
        DockerClient docker = keeper.getDockerClient();
        keeper.stop();
        docker.removeVolumeCmd(volume).exec();
    }
}
