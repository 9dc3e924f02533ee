package io.trapline.faults.containers;

import io.trapline.containers.TraplineContainer;
import java.io.IOException;

/** How much of the machine's processors a container has. */
final class Shares {
    private static final long PERIOD_MICROS = 100_000;
    /** A tenth of one processor. */
    private static final long FEW_MICROS = 10_000;

    private final TraplineContainer container;

    Shares(TraplineContainer container) {
        this.container = container;
    }

    void few() {
        quota(FEW_MICROS);
    }

    void all() {
        quota(-1);
    }

    long timesThrottled() throws IOException {
        return HostCommands.timesThrottled(container.pid());
    }

    private void quota(long micros) {
        container
                .getDockerClient()
                .updateContainerCmd(container.getContainerId())
                .withCpuPeriod(PERIOD_MICROS)
                .withCpuQuota(micros)
                .exec();
    }
}
