package io.trapline.faults.containers;

import io.trapline.client.DomainRef;
import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.containers.ContainerCluster;
import io.trapline.faults.chaos.Fault;
import io.trapline.faults.chaos.Outlook;
import io.trapline.faults.chaos.Promotions;
import io.trapline.faults.chaos.Target;
import io.trapline.model.Errno;
import io.trapline.v1.Domain;
import io.trapline.v1.DomainMemory;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A cluster of containers; the workload's domain has two copies of its memory. What one workload leaves is destroyed before the next. Used by one thread. */
final class ContainerTarget implements Target, AutoCloseable {
    private static final Duration ALL_UP = Duration.ofSeconds(90);
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final ContainerCluster cluster;
    private final Members members;
    private final TraplineConnection observer;
    private final Outlook outlook;
    private @Nullable Promotions promotions;
    private @Nullable Domains domains;

    private ContainerTarget(ContainerCluster cluster) {
        this.cluster = cluster;
        this.members = new Members(cluster);
        this.observer = TraplineConnection.builder()
                .addresses(cluster.addresses())
                .principal("observer")
                .timeout(PATIENCE)
                .build();
        this.outlook = new Outlook(observer);
    }

    /** Starts so many, and waits until all of them are up. */
    static ContainerTarget start(int coordinators, int nodes) {
        return new ContainerTarget(ContainerCluster.start(coordinators, nodes));
    }

    Members members() {
        return members;
    }

    TraplineConnection observer() {
        return observer;
    }

    @Override
    public String addresses() {
        return cluster.addresses();
    }

    @Override
    public String reach(String address) {
        return address;
    }

    @Override
    public DomainMemory memory() {
        return DomainMemory.DOMAIN_MEMORY_REPLICATED;
    }

    /** Six containers and all clients share the machine, and what a scenario is about are its faults. */
    @Override
    public Duration longestPause() {
        return Duration.ofMillis(24);
    }

    @Override
    public List<Fault> faults(Domains ofWorkload) {
        domains = ofWorkload;
        forgetPromotions();
        Promotions watch = Promotions.watch(observer, ofWorkload.lasting());
        promotions = watch;
        return new ContainerFaults(members, observer, ofWorkload, watch).all();
    }

    @Override
    public List<String> state() {
        List<String> lines = new ArrayList<>(members.text());
        if (domains != null) {
            try {
                lines.add(observer.domains()
                        .describe(DomainRef.of(domains.lasting()))
                        .toString()
                        .replaceAll("\\s+", " "));
            } catch (TraplineException notNow) {
                lines.add("the cluster does not say where the domain is: " + notNow.getMessage());
            }
        }
        return lines;
    }

    @Override
    public void awaitWhole() throws IOException, InterruptedException {
        members.awaitAllUp(ALL_UP.toMillis());
        Domains known = domains;
        if (known != null) {
            outlook.awaitRedundant(DomainRef.of(known.lasting()), ALL_UP, this::state);
        }
    }

    @Override
    public Effects effects() {
        long promoted = promotions == null ? 0 : promotions.count();
        return new Effects(members.count("leading") - 1, promoted, 0);
    }

    /** Makes room for the next workload. */
    void clear() throws IOException, InterruptedException {
        forgetPromotions();
        domains = null;
        awaitWhole();
        for (Domain domain : Outlook.asked(() -> Optional.of(observer.domains().list()))) {
            destroy(DomainRef.of(domain));
        }
    }

    private void destroy(DomainRef domain) throws IOException, InterruptedException {
        Outlook.asked(() -> {
            try {
                observer.domains().destroy(domain);
            } catch (TraplineException refused) {
                // An attempt that nobody answered may have done it.
                if (!refused.is(Errno.ESRCH)) {
                    throw refused;
                }
            }
            return Optional.of(true);
        });
    }

    private void forgetPromotions() {
        if (promotions != null) {
            promotions.close();
            promotions = null;
        }
    }

    /** What its members have said, for a person who looks for a reason. */
    String logs() {
        return cluster.logs();
    }

    @Override
    public void close() {
        forgetPromotions();
        observer.close();
        cluster.close();
    }
}
