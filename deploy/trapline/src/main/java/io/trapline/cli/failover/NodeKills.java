package io.trapline.cli.failover;

import io.trapline.client.DeviceModel;
import io.trapline.client.DomainRef;
import io.trapline.client.Drain;
import io.trapline.client.Emulator;
import io.trapline.client.Guest;
import io.trapline.client.Ioreq;
import io.trapline.client.IoreqServers;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.model.AccessFlags;
import io.trapline.model.Errno;
import io.trapline.model.Gfn;
import io.trapline.model.MemType;
import io.trapline.server.StartException;
import io.trapline.v1.Claim;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.DomainShard;
import io.trapline.v1.Node;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Kills nodes under a guest of a REPLICATED domain that writes to memory and to a device, and looks what is left of what it was promised. */
public final class NodeKills {
    private static final int NODES = 3;
    private static final int PAGES = 16;
    private static final MemType TYPE = MemType.ioreqServer(0);
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int SOME = 200;

    /** A lease and what confirms it, so that no kill meets what the last one has left. */
    private static final Duration SETTLED = Duration.ofMillis(2_500);

    private static final long POLL_MILLIS = 20;
    /** How often a kill is prepared: a backup that a busy machine keeps silent for 600 ms is dropped, and then there is nothing that could outlive the kill (D4). */
    private static final int ATTEMPTS = 5;

    private final Victim victim;
    private final Nodes victims;
    private final TraplineConnection connection;
    private final Duration settled;

    /** @param settled before and after a kill nothing else happens for so long */
    NodeKills(Victim victim, Nodes victims, TraplineConnection connection, Duration settled) {
        this.victim = victim;
        this.victims = victims;
        this.connection = connection;
        this.settled = settled;
    }

    /** Three nodes of which one at a time is killed. */
    interface Nodes {
        /** Waits until all processes serve. */
        void awaitAllUp() throws StartException, InterruptedException;

        void kill(String id);

        void startAgain(String id) throws StartException;
    }

    /** Whose node is killed. */
    public enum Victim {
        /** Of the shard; the emulator is elsewhere. */
        PRIMARY,
        /** Where the emulator is attached, which has no copy of the shard. */
        EMULATOR
    }

    /**
     * What one kill did.
     *
     * @param stall the longest that an access took, to memory or to the device
     * @param broken promises that were not kept, in words
     */
    public record Kill(Duration stall, List<String> broken) {}

    /** Runs it in that directory, which must be empty. */
    public static List<Kill> run(int kills, Victim victim, Path data, String mainClass, Consumer<String> progress)
            throws StartException, InterruptedException {
        List<Kill> done = new ArrayList<>();
        try (Victims victims = Victims.start(NODES, data, mainClass);
                TraplineConnection connection = TraplineConnection.builder()
                        .addresses(victims.addresses())
                        .timeout(PATIENCE)
                        .build()) {
            NodeKills bench = new NodeKills(victim, victims, connection, SETTLED);
            for (int i = 1; i <= kills; i++) {
                Kill kill = bench.killOne(progress);
                done.add(kill);
                progress.accept("kill " + i + " of " + kills + ": longest access "
                        + kill.stall().toMillis() + " ms"
                        + kill.broken().stream()
                                .map(what -> "; BROKEN: " + what)
                                .collect(Collectors.joining()));
            }
        }
        return done;
    }

    Kill killOne(Consumer<String> progress) throws StartException, InterruptedException {
        for (int i = 0; i < ATTEMPTS; i++) {
            Optional<Kill> kill = tryKill();
            if (kill.isPresent()) {
                return kill.get();
            }
            progress.accept("the second copy was given up before anybody was killed: once more");
        }
        throw new IllegalStateException("no domain keeps its second copy for long enough to kill anybody, " + ATTEMPTS
                + " times: the machine is too busy");
    }

    /** Empty where the domain was not redundant any more when the kill was due. */
    private Optional<Kill> tryKill() throws StartException, InterruptedException {
        victims.awaitAllUp();
        awaitTrue(() -> nodes().size() == NODES, "three nodes");
        DomainRef domain = DomainRef.of(connection.domains().create(PAGES, 1, DomainMemory.DOMAIN_MEMORY_REPLICATED));
        awaitTrue(() -> !shard(domain).getBackup().isEmpty(), "a second copy");
        IoreqServers servers = connection.ioreqServers();
        ServerRef server = servers.create(domain);
        long epoch = servers.mapMemType(server, TYPE, AccessFlags.WRITE);
        connection.memory().setMemType(domain, new Gfn(SteadyGuest.DEVICE_GFN), 1, TYPE);
        DomainShard shard = shard(domain);
        Register register = new Register();
        try (TraplineConnection atNode = TraplineConnection.to(addressesWithout(shard));
                Emulator _ = atNode.attach(server, register);
                Guest guest = connection.guest(domain)) {
            servers.enable(server);
            try (SteadyGuest steady = SteadyGuest.start(guest)) {
                steady.awaitMore(SOME, PATIENCE);
                Thread.sleep(settled);
                var _ = steady.takeLongest();
                String killed = victim == Victim.PRIMARY ? shard.getPrimary() : otherThan(shard);
                if (!shard(domain).equals(shard)) {
                    return Optional.empty();
                }
                victims.kill(killed);
                Thread.sleep(settled);
                steady.awaitMore(SOME, PATIENCE);
                Duration stall = steady.takeLongest();
                List<String> broken = broken(new Promised(domain, epoch, steady.end(), steady.inMemory(), register));
                victims.startAgain(killed);
                return Optional.of(new Kill(stall, broken));
            }
        } finally {
            connection.domains().destroy(domain);
        }
    }

    /** What a kill must not have changed. */
    private record Promised(DomainRef domain, long epoch, long written, long inMemory, Register register) {}

    private List<String> broken(Promised promised) {
        List<String> broken = new ArrayList<>();
        if (promised.inMemory != promised.written) {
            broken.add("memory has " + promised.inMemory + ", acknowledged was " + promised.written);
        }
        if (promised.register.last() != promised.written) {
            broken.add("the device has " + promised.register.last() + ", acknowledged was " + promised.written);
        }
        List<Claim> claims = connection.ioreqServers().listClaims(promised.domain);
        if (claims.size() != 1 || claims.getFirst().getEpoch() != promised.epoch) {
            broken.add("the claim of epoch " + promised.epoch + " is now " + claims);
        }
        ServerRef second = connection.ioreqServers().create(promised.domain);
        try {
            connection.ioreqServers().mapMemType(second, TYPE, AccessFlags.WRITE);
            broken.add("a second claim was granted");
        } catch (TraplineException refused) {
            if (!refused.is(Errno.EBUSY)) {
                throw refused;
            }
        }
        connection.ioreqServers().destroy(second, Drain.DEFAULT);
        return broken;
    }

    private DomainShard shard(DomainRef domain) {
        return connection.domains().describe(domain).getShards(0);
    }

    private List<Node> nodes() {
        return connection.cluster().nodes().stream()
                .filter(node -> node.getIncarnation() != 0)
                .toList();
    }

    private String otherThan(DomainShard shard) {
        return nodes().stream()
                .map(Node::getId)
                .filter(isWithout(shard))
                .findFirst()
                .orElseThrow();
    }

    private static Predicate<String> isWithout(DomainShard shard) {
        return node -> !node.equals(shard.getPrimary()) && !node.equals(shard.getBackup());
    }

    /** Of all nodes; first the one that has no copy. */
    private String addressesWithout(DomainShard shard) {
        String other = otherThan(shard);
        return nodes().stream()
                .sorted(Comparator.comparing(node -> !node.getId().equals(other)))
                .map(Node::getAddress)
                .collect(Collectors.joining(","));
    }

    /** A condition that calls find out. */
    private interface Condition {
        boolean holds();
    }

    private static void awaitTrue(Condition condition, String what) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.holds()) {
            if (System.nanoTime() - deadlineNanos > 0) {
                throw new IllegalStateException("no " + what + " after " + PATIENCE.toSeconds() + " s");
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    /** A device with one register. */
    private static final class Register implements DeviceModel {
        private final AtomicLong last = new AtomicLong();

        @Override
        public void write(Ioreq ioreq) {
            last.set(ioreq.data());
        }

        @Override
        public long read(Ioreq ioreq) {
            return last.get();
        }

        long last() {
            return last.get();
        }
    }
}
