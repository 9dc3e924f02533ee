package io.trapline.cli.chaos;

import io.trapline.embedded.EmbeddedCluster;
import io.trapline.faults.chaos.Fault;
import io.trapline.faults.chaos.Target;
import io.trapline.server.ListenAddress;
import io.trapline.server.StartException;
import io.trapline.v1.DomainMemory;
import java.util.List;
import java.util.Optional;

/** A cluster in this process: nothing of it can be broken but the way to it. */
public final class EmbeddedTarget implements Target, AutoCloseable {
    private final EmbeddedCluster cluster;

    private EmbeddedTarget(EmbeddedCluster cluster) {
        this.cluster = cluster;
    }

    /** Starts it. */
    public static EmbeddedTarget start() throws StartException {
        return new EmbeddedTarget(
                EmbeddedCluster.start(Optional.empty(), ListenAddress.ANY_PORT, false, true, Optional.empty()));
    }

    @Override
    public String addresses() {
        return cluster.address().toString();
    }

    @Override
    public String reach(String address) {
        return address;
    }

    @Override
    public DomainMemory memory() {
        return DomainMemory.DOMAIN_MEMORY_VOLATILE;
    }

    @Override
    public List<Fault> faults(Domains domains) {
        return List.of();
    }

    @Override
    public List<String> state() {
        return List.of("one process, " + cluster.address());
    }

    @Override
    public Effects effects() {
        return new Effects(0, 0, 0);
    }

    @Override
    public void awaitWhole() {}

    @Override
    public void close() {
        cluster.close();
    }
}
