package io.trapline.faults.containers;

import io.trapline.client.DeviceModel;
import io.trapline.client.DomainRef;
import io.trapline.client.Emulator;
import io.trapline.client.EmulatorOptions;
import io.trapline.client.Guest;
import io.trapline.client.Ioreq;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.faults.chaos.Outlook;
import io.trapline.model.AccessFlags;
import io.trapline.model.Gfn;
import io.trapline.model.Gpa;
import io.trapline.model.MemType;
import io.trapline.v1.Claim;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.DomainMemory;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A domain with a page for each type that is claimed, and emulators that know a single node each: that is the host where they run. Used by one thread. */
final class EmulatorHosts implements AutoCloseable {
    private static final String PRINCIPAL = "device";
    private static final int PAGES = 16;
    /** Longer than any failover: what a guest begins while something is broken has its outcome. */
    private static final int ACCESS_MILLIS = 60_000;

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Members members;
    private final TraplineConnection operator;
    private final DomainRef domain;
    private final List<Runnable> open = new ArrayList<>();
    private int types;

    /** Creates the domain, and waits until it has both copies. */
    EmulatorHosts(ContainerTarget cluster) throws IOException, InterruptedException {
        members = cluster.members();
        operator = ScenarioCluster.connection(cluster.addresses(), PRINCIPAL, PATIENCE);
        domain = DomainRef.of(operator.domains()
                .create(CreateDomainRequest.newBuilder()
                        .setNrPages(PAGES)
                        .setNrVcpus(1)
                        .setMemory(DomainMemory.DOMAIN_MEMORY_REPLICATED)
                        .setDefaultTimeoutMs(ACCESS_MILLIS)
                        .build()));
        new Outlook(operator).awaitRedundant(domain, PATIENCE, members::text);
    }

    /** What it was told to write, in order. */
    static final class Device implements DeviceModel {
        private final List<Long> writes = new CopyOnWriteArrayList<>();

        List<Long> writes() {
            return List.copyOf(writes);
        }

        @Override
        public long read(Ioreq ioreq) {
            return 0;
        }

        @Override
        public void write(Ioreq ioreq) {
            writes.add(ioreq.data());
        }
    }

    /**
     * An emulator at a node.
     *
     * @param type what its server has claimed
     */
    record Hosted(ServerRef server, MemType type, Emulator emulator, Device device) {
        Gpa page() {
            return new Gpa((long) type.x() << Gfn.PAGE_SHIFT);
        }
    }

    /** A server with a claim, and its emulator at that node. */
    Hosted serve(String node, CreateIoreqServerRequest options) {
        MemType type = MemType.ioreqServer(types++);
        ServerRef server = operator.ioreqServers()
                .create(domain, options.toBuilder().setTimeoutMs(ACCESS_MILLIS).build());
        operator.memory().setMemType(domain, new Gfn(type.x()), 1, type);
        operator.ioreqServers().enable(server);
        claim(server, type);
        return attach(node, server, type, EmulatorOptions.defaults());
    }

    /** Another one of its server, at another node. */
    Hosted another(String node, Hosted of, EmulatorOptions options) {
        return attach(node, of.server(), of.type(), options);
    }

    private Hosted attach(String node, ServerRef server, MemType type, EmulatorOptions options) {
        Device device = new Device();
        TraplineConnection connection = at(node);
        open.add(connection::close);
        Emulator emulator = connection.attach(server, device, options);
        open.add(emulator::close);
        return new Hosted(server, type, emulator, device);
    }

    /** Its server claims its type again. */
    void claimAgain(Hosted of) {
        claim(of.server(), of.type());
    }

    private void claim(ServerRef server, MemType type) {
        operator.ioreqServers().mapMemType(server, type, AccessFlags.ALL);
    }

    /** Claims that have ended. */
    List<Claim> ended() {
        return operator.ioreqServers().listClaimHistory(domain);
    }

    /** A guest at that node writes to the page of the emulator's type, and has its outcome. */
    void write(String node, Hosted to, long value) {
        try (TraplineConnection connection = at(node);
                Guest guest = connection.guest(domain)) {
            guest.openVcpu(0, 8).write(to.page(), 8, value);
        }
    }

    List<String> nodes() {
        return members.nodes();
    }

    /** The node that comes after that one. */
    String after(String node) {
        List<String> all = members.nodes();
        return all.get((all.indexOf(node) + 1) % all.size());
    }

    private TraplineConnection at(String node) {
        return ScenarioCluster.connection(members.service(node), PRINCIPAL, PATIENCE);
    }

    @Override
    public void close() {
        open.reversed().forEach(Runnable::run);
        operator.close();
    }
}
