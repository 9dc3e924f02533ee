package io.trapline.process;

import io.trapline.model.Pure;
import io.trapline.server.ListenAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How a node's process is started.
 *
 * @param id its stable name, unique in the cluster
 * @param coordinators where coordinators are: some of them are enough to find the others
 * @param listen where its services listen; port 0 = any
 * @param advertise where guests, emulators and other nodes reach it; empty = where it listens
 * @param memoryBytes how much guest memory it may hold, in bytes; empty = half of the machine's
 * @param drainTimeout how long what it has may take to go to other nodes before its end
 * @param metrics where it says how it does; empty = nowhere
 * @param health where it says whether it is ready and alive; empty = nowhere
 * @param insecure listen beyond loopback without TLS (L)
 * @param log the level of its log
 */
@Pure
public record NodeSettings(
        String id,
        List<ListenAddress> coordinators,
        ListenAddress listen,
        Optional<ListenAddress> advertise,
        OptionalLong memoryBytes,
        Duration drainTimeout,
        Optional<ListenAddress> metrics,
        Optional<ListenAddress> health,
        boolean insecure,
        String log) {
    private static final Duration LONGEST_DRAIN = Duration.ofMinutes(10);

    private static final Key ID = new Key("id", "NAME", "", "This node's stable name, unique in the cluster.");
    private static final Key COORDINATORS = new Key(
            "coordinators",
            "HOST:PORT[,…]",
            "",
            "Where coordinators are; each that is missing is one less to find the leader by.");
    private static final Key LISTEN = new Key(
            "listen", "HOST:PORT", "127.0.0.1:7420", "Where it listens, port 0 = any (default: 127.0.0.1:7420).");
    private static final Key ADVERTISE = new Key(
            "advertise",
            "HOST:PORT",
            "",
            "Where guests, emulators and other nodes reach it (default: where it listens).");
    private static final Key MEMORY = new Key(
            "memory",
            "SIZE",
            "",
            "How much guest memory it may hold, such as 4GiB; allocated when first written (default: half of the machine's).");
    private static final Key DRAIN_TIMEOUT = new Key(
            "drain-timeout",
            "DURATION",
            "30s",
            "How long what it has may take to go to other nodes after SIGTERM, 0 … 10m; a second SIGTERM ends that (default: 30s).");
    private static final Key METRICS = new Key(
            "metrics", "HOST:PORT", "", "Where it serves /metrics for Prometheus, port 0 = any (default: nowhere).");
    private static final Key HEALTH = new Key(
            "health",
            "HOST:PORT",
            "",
            "Where it says whether it is ready and alive, by grpc.health.v1 without TLS and nothing else, port 0 = any (default: nowhere).");
    private static final Key INSECURE = new Key(
            "insecure",
            "",
            "false",
            "Allow another address than loopback, without TLS. Whoever reaches it may do everything.");
    private static final Key LOG =
            new Key("log", "LEVEL", "warn", "What is logged: error, warn, info or debug (default: warn).");

    /** All keys, in the order in which they are shown. */
    public static final List<Key> KEYS =
            List.of(ID, COORDINATORS, LISTEN, ADVERTISE, MEMORY, DRAIN_TIMEOUT, METRICS, HEALTH, INSECURE, LOG);

    public NodeSettings {
        coordinators = List.copyOf(coordinators);
    }

    /** Reads and checks all of them. */
    public static NodeSettings of(SettingSources sources) throws WrongSettings {
        Settings settings = new Settings(KEYS, CoordinatorSettings.KEYS, sources);
        Optional<String> id = settings.required(ID, Values::name);
        Optional<List<ListenAddress>> coordinators = settings.required(COORDINATORS, Values::addresses);
        Optional<ListenAddress> listen = settings.required(LISTEN, ListenAddress::parse);
        Optional<ListenAddress> advertise = settings.optional(ADVERTISE, Values::reachable);
        Optional<Long> memory = settings.optional(MEMORY, Values::memory);
        Optional<Duration> drainTimeout = settings.optional(DRAIN_TIMEOUT, NodeSettings::drainTimeout);
        Optional<ListenAddress> metrics = settings.optional(METRICS, ListenAddress::parse);
        Optional<ListenAddress> health = settings.optional(HEALTH, ListenAddress::parse);
        boolean insecure = settings.flag(INSECURE);
        String log = settings.optional(LOG, Values::level).orElse(LOG.fallback());
        listen.ifPresent(address -> {
            if (!insecure && Values.isBeyondLoopback(address.host())) {
                settings.wrong(LISTEN, address + " is not a loopback address, which without TLS needs --insecure");
            }
            if (Values.isWildcard(address.host()) && advertise.isEmpty()) {
                settings.wrong(LISTEN, address + " is no address that others could connect to: --advertise is needed");
            }
        });
        if (advertise.isPresent() && Values.isWildcard(advertise.get().host())) {
            settings.wrong(ADVERTISE, advertise.get() + " is no address that others could connect to");
        }
        metrics.filter(address -> !insecure && Values.isBeyondLoopback(address.host()))
                .ifPresent(address -> settings.wrong(
                        METRICS, address + " is not a loopback address, which without TLS needs --insecure"));
        settings.check();
        return new NodeSettings(
                id.orElseThrow(),
                coordinators.orElseThrow(),
                listen.orElseThrow(),
                advertise,
                memory.map(OptionalLong::of).orElseGet(OptionalLong::empty),
                drainTimeout.orElseThrow(),
                metrics,
                health,
                insecure,
                log);
    }

    private static Duration drainTimeout(String text) {
        Duration timeout = Values.duration(text);
        if (timeout.compareTo(LONGEST_DRAIN) > 0) {
            throw new IllegalArgumentException("'" + text + "' is not 0 … 10m");
        }
        return timeout;
    }
}
