package io.trapline.containers;

import com.github.dockerjava.api.DockerClient;
import java.util.UUID;

/** Another image of the same program, as the next release's is one; made of a container of the image under test, removed when it is closed. */
public final class NextImage implements AutoCloseable {
    private static final String REPOSITORY = "trapline-next";

    private final DockerClient docker;
    private final String name;

    private NextImage(DockerClient docker, String name) {
        this.docker = docker;
        this.name = name;
    }

    /** With the entry point and the files of that container's. */
    public static NextImage of(TraplineContainer container) {
        DockerClient docker = container.getDockerClient();
        String tag = UUID.randomUUID().toString();
        docker.commitCmd(container.getContainerId())
                .withRepository(REPOSITORY)
                .withTag(tag)
                .withLabels(RunLabel.labels())
                .exec();
        return new NextImage(docker, REPOSITORY + ":" + tag);
    }

    /** As Docker knows it. */
    public String name() {
        return name;
    }

    /** No container may be of it any more. */
    @Override
    public void close() {
        docker.removeImageCmd(name).exec();
    }
}
