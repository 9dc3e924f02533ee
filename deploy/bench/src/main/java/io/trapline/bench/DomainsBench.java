package io.trapline.bench;

import io.grpc.ManagedChannel;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * What domains cost that nobody accesses: the time to make them, each with a server and a claim, then heap, processor time, disk, and the time that a
 * cluster that was killed needs to be back with them. The same processes with few domains are the peer.
 */
public final class DomainsBench {
    // So that classes are loaded and pools are filled when the heap is looked at first.
    private static final int WARM_UP_DOMAINS = 200;

    private final Settings settings;
    private final Consumer<String> progress;

    /**
     * What is measured.
     *
     * @param cluster how the cluster is started on the folder; it prints {@code ready: ADDRESS[,ADDRESS…]}
     * @param folder where the registry is kept; empty
     * @param domains how many, 1 and up
     * @param callers how many make them at the same time, 1 and up
     * @param idle how long the processor time of idle domains is watched
     */
    public record Settings(ForwardBench.Cluster cluster, Path folder, int domains, int callers, Duration idle) {}

    /**
     * What came out. Heap and processor time are sums over all processes of the cluster.
     *
     * @param createSeconds from the first call to the last answer
     * @param heapBytesPerDomain what the heaps hold more after a full collection, over the number of domains
     * @param idleCpuBefore part of one processor that an idle cluster takes with few domains
     * @param idleCpu the same with all of them
     * @param logBytes the log of the registry, its free space included
     * @param snapshotBytes the snapshots of the registry
     * @param emptyReadySeconds from the first start until it serves, without a domain
     * @param readySeconds from the start after a kill until it serves
     * @param claimSeconds from the start after a kill until a new domain has a claim
     */
    public record Result(
            double createSeconds,
            double heapBytesPerDomain,
            double idleCpuBefore,
            double idleCpu,
            long logBytes,
            long snapshotBytes,
            double emptyReadySeconds,
            double readySeconds,
            double claimSeconds) {}

    private record Restart(double readySeconds, double claimSeconds) {}

    private DomainsBench(Settings settings, Consumer<String> progress) {
        this.settings = settings;
        this.progress = progress;
    }

    /** Runs it; {@code progress} hears of each part. */
    public static Result run(Settings settings, Consumer<String> progress) throws IOException, InterruptedException {
        return new DomainsBench(settings, progress).measure();
    }

    private Result measure() throws IOException, InterruptedException {
        double created;
        double before;
        double idle;
        double perDomain;
        long log;
        long snapshots;
        long begin = System.nanoTime();
        double empty;
        try (ChildJvm cluster = start()) {
            String addresses = cluster.awaitReady();
            empty = secondsSince(begin);
            make(addresses, WARM_UP_DOMAINS);
            long heapBefore = ProcessFigures.heapBytes(cluster.processes());
            before = idleCpu(cluster);
            progress.accept("idle: %.3f of a processor, %,d bytes of heap".formatted(before, heapBefore));
            created = make(addresses, settings.domains());
            progress.accept("%,d domains in %.1f s".formatted(settings.domains(), created));
            perDomain = (double) (ProcessFigures.heapBytes(cluster.processes()) - heapBefore) / settings.domains();
            idle = idleCpu(cluster);
            progress.accept("idle: %.3f of a processor, %,.0f bytes of heap a domain".formatted(idle, perDomain));
            log = ProcessFigures.fileBytes(settings.folder(), "log_");
            snapshots = ProcessFigures.fileBytes(settings.folder(), "snapshot.");
            cluster.kill();
        }
        Restart restart = restart();
        return new Result(
                created,
                perDomain,
                before,
                idle,
                log,
                snapshots,
                empty,
                restart.readySeconds(),
                restart.claimSeconds());
    }

    private ChildJvm start() throws IOException {
        List<String> arguments = new ArrayList<>(settings.cluster().arguments());
        arguments.addAll(List.of("--data", settings.folder().toString()));
        return ChildJvm.start("cluster", settings.cluster().mainClass(), arguments);
    }

    private double make(String addresses, int domains) throws IOException, InterruptedException {
        return make(addresses, domains, settings.callers());
    }

    /**
     * Makes domains, each with an enabled server and a claim, in a cluster that runs.
     *
     * @param addresses {@code host:port[,host:port…]}; callers are spread over them
     * @return seconds from the first call to the last answer
     */
    public static double make(String addresses, int domains, int callers) throws IOException, InterruptedException {
        List<ManagedChannel> channels =
                Stream.of(addresses.split(",")).map(Transport::connect).toList();
        long begin = System.nanoTime();
        try {
            new DomainMaker(channels).make(domains, Math.min(domains, callers));
            return secondsSince(begin);
        } finally {
            channels.forEach(ManagedChannel::shutdownNow);
        }
    }

    private double idleCpu(ChildJvm cluster) throws InterruptedException {
        Duration before = ProcessFigures.cpu(cluster.processes());
        long begin = System.nanoTime();
        Thread.sleep(settings.idle());
        double used = ProcessFigures.cpu(cluster.processes()).minus(before).toNanos() / 1e9;
        return used / secondsSince(begin);
    }

    private Restart restart() throws IOException, InterruptedException {
        long begin = System.nanoTime();
        try (ChildJvm again = start()) {
            String addresses = again.awaitReady();
            double ready = secondsSince(begin);
            make(addresses, 1);
            Restart restart = new Restart(ready, secondsSince(begin));
            progress.accept("restart: ready in %.1f s, a claim in %.1f s"
                    .formatted(restart.readySeconds(), restart.claimSeconds()));
            return restart;
        }
    }

    private static double secondsSince(long begin) {
        return (System.nanoTime() - begin) / 1e9;
    }
}
