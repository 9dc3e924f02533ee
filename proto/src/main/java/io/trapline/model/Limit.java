package io.trapline.model;

import java.util.Locale;

/** Every limit there is (section L). A breach names the field, the value and the limit; one RPC lists them all. */
public enum Limit {
    /** Highest domain id. */
    MAX_DOMID(0x7FEF, "domid", "D1"),
    /** Pages of a domain. */
    MAX_PAGES_PER_DOMAIN(1L << 32, "pages", "D1"),
    /** vCPUs of a domain. */
    MAX_VCPUS_PER_DOMAIN(4096, "vcpus", "D1"),
    /** IOREQ servers of a domain. */
    MAX_SERVERS_PER_DOMAIN(64, "servers", "S1"),
    /** Ranges of one type and server, neighbours merged. */
    MAX_RANGES_PER_TYPE(256, "ranges", "R1"),
    /** Type calls of one domain that wait or are carried out. */
    MAX_TYPE_CALLS_WAITING(64, "calls", "T6"),
    /** Bytes of all memory and type calls that one node carries out at a time. */
    MAX_CALL_BYTES_IN_FLIGHT(64L << 20, "bytes", "F2"),
    /** Types {@code ioreq_server[X]}. */
    MAX_CLAIMABLE_TYPES(16, "types", "T3"),
    /** Posted writes waiting at a server. */
    MAX_POSTED_WAITING(511, "writes", "F3"),
    /** Rows of a batch. */
    MAX_ROWS_PER_BATCH(4096, "rows", "L"),
    /** Segments of a memory call. */
    MAX_SEGMENTS_PER_CALL(4096, "segments", "F2"),
    /** Bytes of a memory call. */
    MAX_BYTES_PER_CALL(2L << 20, "bytes", "F2"),
    /** Runs of a type call. */
    MAX_RUNS_PER_CALL(4096, "runs", "T6"),
    /** Pages of one run of a type call. */
    MAX_PAGES_PER_RUN(1L << 28, "pages", "T6"),
    /** Runs of MMIO_DM among the frames above a domain's pages, neighbours merged. */
    MAX_MMIO_RUNS_PER_DOMAIN(65_536, "runs", "T5"),
    /** Outstanding accesses of a vCPU. */
    MAX_WINDOW(1024, "accesses", "A3"),
    /** Repetitions of a REP. */
    MAX_REP_COUNT(1L << 20, "repetitions", "A1"),
    /**
     * Parts that an access is cut into: its repetitions lie in up to 2,049 pages, and each of the 2,048 elements that cross into the next page has up to
     * four pieces.
     */
    MAX_PARTS_PER_ACCESS(2049 + 4 * 2048, "parts", "A2"),
    /** Rows that an attach may say are kept. */
    MAX_KEPT_ROWS(1 << 22, "rows", "F6"),
    /** Timeouts. */
    MAX_TIMEOUT_MILLIS(3_600_000, "milliseconds", "A1"),
    /** How long claims may stand without an emulator where a server releases them. */
    MAX_GRACE_MILLIS(3_600_000, "milliseconds", "C6"),
    /** How long a drain may wait. */
    MAX_DRAIN_MILLIS(60_000, "milliseconds", "F5"),
    /** Credit of an emulator. */
    MAX_CREDIT(1 << 20, "rows", "S5"),
    /** Emulators that stand by at a server. */
    MAX_STANDBYS(16, "emulators", "S5"),
    /** One message. */
    MAX_MESSAGE_BYTES(4L << 20, "bytes", "L"),
    /** Bits of a guest physical address. */
    MAX_GPA_BITS(52, "bits", "A1"),
    /** Entries of one page of a list. */
    MAX_PAGE_SIZE(1000, "entries", "L"),
    /** Ended claims kept per domain. */
    MAX_CLAIM_HISTORY(4096, "claims", "C8"),
    /** Changes that a watcher may lag behind. */
    MAX_WATCH_BACKLOG(1024, "changes", "C8"),
    /** Shards of a domain. */
    MAX_SHARDS_PER_DOMAIN(1024, "shards", "L"),
    /** How long a client session may be silent. */
    SESSION_SILENCE_MILLIS(60_000, "milliseconds", "E"),
    /** Answers kept for one client session, by the registry, or by one shard. */
    MAX_KEPT_ANSWERS_PER_SESSION(4096, "answers", "E"),
    /** Answers kept by one shard for all client sessions together. */
    MAX_KEPT_ANSWERS_PER_SHARD(16_384, "answers", "E"),
    /** Client sessions. */
    MAX_SESSIONS(65_536, "sessions", "E"),
    /** Answers kept for all client sessions together, by the registry, or by the shards of one node. */
    MAX_KEPT_ANSWERS(262_144, "answers", "E"),
    /** Calls that a coordinator has under way. */
    MAX_CALLS_UNDER_WAY(16_384, "calls", "E"),
    /** Streams of claims that are watched at one coordinator. */
    MAX_WATCHERS(1024, "watchers", "C8"),
    /** How often a domain may be paused. */
    MAX_PAUSE_COUNT(Integer.MAX_VALUE, "pauses", "D1"),
    /** Disables of one server whose drains have not ended. */
    MAX_DISABLES_DRAINING(16, "drains", "F5"),
    /** Nodes of a cluster. */
    MAX_NODES(1024, "nodes", "L"),
    /** Bytes of a node's name. */
    MAX_NODE_NAME_BYTES(256, "bytes", "L"),
    /** Bytes of a principal's name. */
    MAX_PRINCIPAL_BYTES(256, "bytes", "S3");

    private final long value;
    private final String unit;
    private final String rule;

    Limit(long value, String unit, String rule) {
        this.value = value;
        this.unit = unit;
        this.rule = rule;
    }

    /** The highest value that is allowed. */
    public long value() {
        return value;
    }

    /** The same where it fits an int. */
    public int intValue() {
        return Math.toIntExact(value);
    }

    /** What it counts. */
    public String unit() {
        return unit;
    }

    /** The rule it comes from. */
    public String rule() {
        return rule;
    }

    /** Its name in errors and in the list. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }
}
