package io.trapline.cli.chaos;

import io.trapline.client.DomainRef;
import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.embedded.TemporaryDirectory;
import io.trapline.faults.chaos.Fault;
import io.trapline.faults.chaos.Outlook;
import io.trapline.faults.chaos.Promotions;
import io.trapline.faults.chaos.Target;
import io.trapline.process.Defects;
import io.trapline.process.Supervisor;
import io.trapline.server.ListenAddress;
import io.trapline.server.StartException;
import io.trapline.v1.DescribeDomainResponse;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.DomainShard;
import io.trapline.v1.IoreqServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A cluster of processes, each in a JVM of its own, that come to each other by ways that can be cut, where the machine can do that. */
public final class ProcessTarget implements Target, AutoCloseable {
    private static final Duration ALL_UP = Duration.ofSeconds(60);
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final TemporaryDirectory data;
    private final Processes processes;
    private final Supervisor supervisor;
    private final TraplineConnection observer;
    private final Outlook outlook;
    private final @Nullable Wires wires;
    private final Function<Harm, Harm> means;
    private final DomainMemory memory;
    private @Nullable Promotions promotions;
    private @Nullable Domains domains;

    private ProcessTarget(
            TemporaryDirectory data,
            Processes processes,
            Supervisor supervisor,
            @Nullable Wires wires,
            DomainMemory memory,
            Function<Harm, Harm> means) {
        this.data = data;
        this.processes = processes;
        this.supervisor = supervisor;
        this.wires = wires;
        this.memory = memory;
        this.means = means;
        this.observer = TraplineConnection.builder()
                .addresses(supervisor.addresses())
                .principal("observer")
                .timeout(PATIENCE)
                .build();
        this.outlook = new Outlook(observer);
    }

    /** How much guest memory a node may hold that is to have one shard of the workload's domain, and no more. */
    private static final long SPREAD_BYTES = 1L << 30;

    /**
     * What to start.
     *
     * @param memory of the domain that is to stay
     * @param spreads whether its shards are to be at several nodes, each of which is too small for it
     */
    public record Cluster(int coordinators, int nodes, DomainMemory memory, boolean spreads, String mainClass) {
        /** How many nodes there have to be: two, each with one shard's copy or both, and of one copy one more that may be killed. */
        public static int fewestNodes(DomainMemory memory, boolean spreads) {
            return !spreads ? 1 : memory == DomainMemory.DOMAIN_MEMORY_REPLICATED ? 4 : 3;
        }

        private Supervisor.Plan plan(Path data) {
            Supervisor.Plan plan =
                    new Supervisor.Plan(coordinators, nodes, data, ListenAddress.ANY_PORT, false, mainClass);
            return spreads ? plan.withNodeMemory(SPREAD_BYTES) : plan;
        }
    }

    /** Starts so many processes, and waits until all of them are up. */
    public static ProcessTarget start(Cluster cluster) throws StartException, InterruptedException {
        return start(cluster, harm -> harm);
    }

    /** {@code means}: what becomes of the harm that faults do. */
    static ProcessTarget start(Cluster cluster, Function<Harm, Harm> means)
            throws StartException, InterruptedException {
        TemporaryDirectory data = TemporaryDirectory.create(false);
        Processes processes = new Processes();
        Wires wires = Wires.arePossible() ? Wires.in(data.path()) : null;
        boolean isStarted = false;
        try {
            Supervisor.Plan plan = cluster.plan(data.path()).withWays(wires == null ? Supervisor.Ways.STRAIGHT : wires);
            Supervisor supervisor = Supervisor.start(plan, processes::changed);
            ProcessTarget target = new ProcessTarget(data, processes, supervisor, wires, cluster.memory(), means);
            isStarted = true;
            return target;
        } finally {
            if (!isStarted) {
                if (wires != null) {
                    wires.close();
                }
                data.close();
            }
        }
    }

    @Override
    public String addresses() {
        return supervisor.addresses();
    }

    @Override
    public String reach(String address) {
        return wires == null ? address : wires.straight(address);
    }

    @Override
    public DomainMemory memory() {
        return memory;
    }

    @Override
    public Effects effects() {
        return new Effects(
                processes.leaderChanges(), promotions == null ? 0 : promotions.count(), processes.leaseExpiries());
    }

    @Override
    public List<Fault> faults(Domains ofWorkload) {
        domains = ofWorkload;
        Promotions watch = Promotions.watch(observer, ofWorkload.lasting());
        promotions = watch;
        Optional<String> cut =
                wires == null ? Optional.of("this machine has no addresses 127.x.y.z for proxies") : Optional.empty();
        Wires between = wires;
        ProcessFaults.Means all = new ProcessFaults.Means(
                processes,
                supervisor,
                observer,
                means.apply(Harm.of(between)),
                () -> between == null ? 0L : between.heldBytes(),
                isReplicated());
        return new ProcessFaults(all, ofWorkload, watch).all(cut);
    }

    @Override
    public List<String> state() {
        List<String> lines = new ArrayList<>(processes.text());
        if (domains != null) {
            try {
                describe(DomainRef.of(domains.lasting()), lines);
            } catch (TraplineException notNow) {
                lines.add("the cluster does not say where the domain is: " + notNow.getMessage());
            }
        }
        return lines;
    }

    @Override
    public List<String> defects() throws IOException {
        return Defects.in(logs());
    }

    private Path logs() {
        return data.path().resolve(Supervisor.LOGS);
    }

    /** Copies what its processes have logged to a folder that stays. */
    public Path keepLogs() throws IOException {
        Path kept = Files.createTempDirectory("trapline-chaos-logs-");
        try (Stream<Path> files = Files.list(logs())) {
            for (Path file : files.toList()) {
                Files.copy(file, kept.resolve(file.getFileName()));
            }
        }
        return kept;
    }

    private void describe(DomainRef domain, List<String> lines) {
        DescribeDomainResponse described = observer.domains().describe(domain);
        lines.add("domain " + domain.domid() + ": " + described.getDomain().getState() + ", revision "
                + described.getRevision());
        for (DomainShard shard : described.getShardsList()) {
            lines.add("shard at gfn " + shard.getFirstGfn() + ": primary " + shard.getPrimary() + ", backup "
                    + (shard.getBackup().isEmpty() ? "none" : shard.getBackup()) + ", epoch " + shard.getEpoch());
        }
        for (IoreqServer server : observer.ioreqServers().list(domain)) {
            lines.add("server " + server.toString().strip().replaceAll("\\s+", " "));
        }
    }

    @Override
    public void awaitWhole() throws IOException, InterruptedException {
        if (!processes.awaitAllUp(ALL_UP.toMillis())) {
            throw new IOException("not all processes came up again within " + ALL_UP.toSeconds() + " s: "
                    + String.join("; ", processes.text()));
        }
        Domains known = domains;
        if (isReplicated() && known != null) {
            outlook.awaitRedundant(DomainRef.of(known.lasting()), ALL_UP, this::state);
        }
    }

    private boolean isReplicated() {
        return memory == DomainMemory.DOMAIN_MEMORY_REPLICATED;
    }

    @Override
    public void close() {
        if (promotions != null) {
            promotions.close();
        }
        observer.close();
        supervisor.close();
        if (wires != null) {
            wires.close();
        }
        data.close();
    }
}
