package io.trapline.node.p2m;

import io.trapline.model.AccessAttributes;
import io.trapline.model.AccessFlags;
import io.trapline.model.IoreqAttributes;
import io.trapline.model.Limit;
import io.trapline.model.MemType;
import io.trapline.model.Pure;
import io.trapline.model.RangeSet;
import io.trapline.node.replica.StateImage;
import java.util.Arrays;

/**
 * What decides an access of one domain at one revision: claims, enabled servers and their ranges (T2, T3, T8, R2, C4). Immutable,
 * shared by the actors of the domain; nothing is allocated when it is asked.
 *
 * <p>A decision is an int: {@link #MEMORY}, {@link #DROP}, {@link #ONES}, or a server's, which {@link #isServer} tells and
 * {@link #server} and {@link #claimedType} read.
 */
@Pure
public final class DecisionTable {
    /** The access goes to the page. */
    public static final int MEMORY = -1;

    /** The write vanishes. */
    public static final int DROP = -2;

    /** The read returns all ones. */
    public static final int ONES = -3;

    /** No server. */
    public static final int NONE = -1;

    private static final int CLAIMED_SHIFT = 8;

    private final long revision;
    private final State state;
    private final byte[] readers;
    private final byte[] writers;
    private final RangeIndex memory;
    private final RangeIndex ports;
    private final RangeIndex pci;
    private final long[] changedRevision;
    private final long[] homeEpoch;
    private final long[] generation;

    private DecisionTable(Builder from) {
        revision = from.revision;
        state = from.state;
        readers = from.claimants(false);
        writers = from.claimants(true);
        memory = RangeIndex.of(from.memory);
        ports = RangeIndex.of(from.ports);
        pci = RangeIndex.of(from.pci);
        changedRevision = from.named(from.changedRevision);
        homeEpoch = from.named(from.homeEpoch);
        generation = from.named(from.generation);
    }

    private DecisionTable(Image from) {
        revision = from.revision();
        state = from.state();
        readers = from.readers();
        writers = from.writers();
        memory = RangeIndex.of(from.memory());
        ports = RangeIndex.of(from.ports());
        pci = RangeIndex.of(from.pci());
        changedRevision = from.changedRevision();
        homeEpoch = from.homeEpoch();
        generation = from.generation();
    }

    /**
     * All that a table says, in columns: a shard's backup decides by its primary's tables.
     *
     * @param readers by x the enabled server that is passed reads, or {@link #NONE}
     * @param writers the same for writes
     * @param changedRevision by server
     * @param homeEpoch by server, as many
     * @param generation by server, as many
     */
    public record Image(
            long revision,
            State state,
            byte[] readers,
            byte[] writers,
            Ranges memory,
            Ranges ports,
            Ranges pci,
            long[] changedRevision,
            long[] homeEpoch,
            long[] generation) {}

    /**
     * Ranges of all servers: segment i begins at {@code starts[i]}, ascending from 0, and bit s of {@code servers[i]} says that server s has it.
     */
    public record Ranges(long[] starts, long[] servers) {}

    /** What it says. */
    public Image image() {
        return new Image(
                revision,
                state,
                readers.clone(),
                writers.clone(),
                memory.ranges(),
                ports.ranges(),
                pci.ranges(),
                changedRevision.clone(),
                homeEpoch.clone(),
                generation.clone());
    }

    /** The table that says so. Throws {@link IllegalArgumentException} where none can. */
    public static DecisionTable of(Image image) {
        return new DecisionTable(image);
    }

    /** Whether accesses take effect (D1, D4). */
    public enum State {
        RUNNING,
        PAUSED,
        CRASHED,
        DESTROYING
    }

    /** A table of that revision with no server and no claim, of a domain that runs. */
    public static Builder builder(long revision) {
        return new Builder(revision);
    }

    /** The revision as of which it decides (C7). */
    public long revision() {
        return revision;
    }

    /** The revision of a server's own last change: it gives back what was decided before and reaches it later (C7); 0 = nobody has said. */
    public long changedRevision(int server) {
        return of(changedRevision, server);
    }

    /** The revision at which a server came to where it is; what was passed to it before, it does not know (D-22). 0 = nobody has said. */
    public long homeEpoch(int server) {
        return of(homeEpoch, server);
    }

    /** Which server of that id it is: what one of another generation was passed, it never had (S1). 0 = nobody has said. */
    public long generation(int server) {
        return of(generation, server);
    }

    private static long of(long[] byServer, int server) {
        return server < byServer.length ? byServer[server] : 0;
    }

    /** Whether the domain's accesses take effect. */
    public State state() {
        return state;
    }

    /** The enabled server that holds {@code ioreq_server[x]} for that direction (C4), or {@link #NONE}. */
    public int claimant(int x, boolean write) {
        return write ? writers[x] : readers[x];
    }

    /**
     * The highest enabled server in whose set of ranges first … last lies whole (R2), or {@link #NONE}.
     *
     * @param kind {@link AccessAttributes#MEM}, PIO or PCI
     * @param first lowest gpa, port or SBDF
     * @param last highest, inclusive
     */
    public int byRange(int kind, long first, long last) {
        return switch (kind) {
            case AccessAttributes.MEM -> memory.highest(first, last);
            case AccessAttributes.PIO -> ports.highest(first, last);
            case AccessAttributes.PCI -> pci.highest(first, last);
            default -> throw new IllegalArgumentException("kind = " + kind);
        };
    }

    /**
     * Decides a part of a MEM access (T2, T3, T8).
     *
     * @param type code of the type of the page it lies in
     * @param first lowest gpa that it touches
     * @param last highest, inclusive
     */
    public int decide(byte type, boolean write, long first, long last) {
        if (MemType.isIoreqServer(type)) {
            int x = type - MemType.IOREQ_SERVER_CODE;
            int server = claimant(x, write);
            return server == NONE ? MEMORY : toServer(server, (byte) x);
        }
        return switch (MemType.ofCode(type)) {
            case RAM_RW -> MEMORY;
            case RAM_RO -> write ? DROP : MEMORY;
            case MMIO_WRITE_DM -> write ? decideByRange(AccessAttributes.MEM, true, first, last) : MEMORY;
            case MMIO_DM, HOLE -> decideByRange(AccessAttributes.MEM, write, first, last);
            default -> throw new IllegalArgumentException("type = " + type);
        };
    }

    /**
     * Decides a PIO or PCI access (R2).
     *
     * @param address as in the contract: the port, or SBDF << 32 | register
     */
    public int decideIo(int kind, boolean write, long address, int sizeBytes) {
        if (kind == AccessAttributes.PCI) {
            return decideByRange(kind, write, address >>> 32, address >>> 32);
        }
        // Every repetition of a string instruction is to the same port.
        return decideByRange(kind, write, address, address + sizeBytes - 1);
    }

    /** Whether a decision is to pass the access on. */
    public static boolean isServer(int decision) {
        return decision >= 0;
    }

    /** The server of such a decision, 0 … 63. */
    public static int server(int decision) {
        return decision & 0xFF;
    }

    /** X of the claim that made such a decision, or {@link IoreqAttributes#BY_RANGE}. */
    public static byte claimedType(int decision) {
        return (byte) (decision >> CLAIMED_SHIFT);
    }

    private int decideByRange(int kind, boolean write, long first, long last) {
        int server = byRange(kind, first, last);
        if (server != NONE) {
            return toServer(server, IoreqAttributes.BY_RANGE);
        }
        return write ? DROP : ONES;
    }

    private static int toServer(int server, byte claimedType) {
        return (claimedType & 0xFF) << CLAIMED_SHIFT | server;
    }

    /** Takes the registry's facts as they are; what of them counts is decided in {@link #build}. */
    public static final class Builder {
        private final long revision;
        private State state = State.RUNNING;
        private long enabled;
        private final RangeSet[] memory = noRanges();
        private final RangeSet[] ports = noRanges();
        private final RangeSet[] pci = noRanges();
        private final long[] changedRevision = new long[Limit.MAX_SERVERS_PER_DOMAIN.intValue()];
        private final long[] generation = new long[Limit.MAX_SERVERS_PER_DOMAIN.intValue()];
        private final long[] homeEpoch = new long[Limit.MAX_SERVERS_PER_DOMAIN.intValue()];
        private int servers;
        private final int[] holder = new int[Limit.MAX_CLAIMABLE_TYPES.intValue()];
        private final int[] flags = new int[Limit.MAX_CLAIMABLE_TYPES.intValue()];

        private Builder(long revision) {
            this.revision = revision;
        }

        /** Whether the domain's accesses take effect; RUNNING where nothing is said. */
        public Builder state(State now) {
            state = now;
            return this;
        }

        /** An enabled server, 0 … 63, and its ranges. Servers in any other state are not named: they are passed nothing (S2). */
        public Builder enabledServer(int id, RangeSet memoryRanges, RangeSet portRanges, RangeSet pciRanges) {
            enabled |= 1L << id;
            memory[id] = memoryRanges;
            ports[id] = portRanges;
            pci[id] = pciRanges;
            return this;
        }

        /** When any server, enabled or not, changed last (C7). */
        public Builder changed(int id, long atRevision) {
            changedRevision[id] = atRevision;
            servers = Math.max(servers, id + 1);
            return this;
        }

        /** When any server came to its home (D-22), and its generation. */
        public Builder home(int id, long sinceRevision, long ofGeneration) {
            homeEpoch[id] = sinceRevision;
            generation[id] = ofGeneration;
            servers = Math.max(servers, id + 1);
            return this;
        }

        /** Of the servers up to the highest that was named: domains have few, and there may be many domains. */
        private long[] named(long[] byServer) {
            return Arrays.copyOf(byServer, servers);
        }

        /**
         * A HELD claim of {@code ioreq_server[x]}; RELEASING ones are not named (C5). Counts only where the server is enabled (T3).
         *
         * @param accessFlags {@link AccessFlags}
         */
        public Builder heldClaim(int x, int id, int accessFlags) {
            holder[x] = id;
            flags[x] = accessFlags;
            return this;
        }

        /** The table. */
        public DecisionTable build() {
            return new DecisionTable(this);
        }

        private byte[] claimants(boolean write) {
            byte[] claimants = new byte[holder.length];
            for (int x = 0; x < claimants.length; x++) {
                boolean takes = AccessFlags.take(flags[x], write) && (enabled >>> holder[x] & 1) != 0;
                claimants[x] = takes ? (byte) holder[x] : NONE;
            }
            return claimants;
        }

        private static RangeSet[] noRanges() {
            RangeSet[] none = new RangeSet[Limit.MAX_SERVERS_PER_DOMAIN.intValue()];
            Arrays.fill(none, RangeSet.EMPTY);
            return none;
        }
    }

    /** The same, or what the image has (D-24). */
    public DecisionTable image(StateImage image) {
        Image now = image();
        return of(new Image(
                image.of(now.revision()),
                State.valueOf(image.of(now.state().name())),
                image.of(now.readers()),
                image.of(now.writers()),
                ranges(image, now.memory()),
                ranges(image, now.ports()),
                ranges(image, now.pci()),
                image.of(now.changedRevision()),
                image.of(now.homeEpoch()),
                image.of(now.generation())));
    }

    private static Ranges ranges(StateImage image, Ranges ranges) {
        return new Ranges(image.of(ranges.starts()), image.of(ranges.servers()));
    }
}
