package io.trapline.faults.containers;

import com.github.dockerjava.api.exception.DockerException;
import io.trapline.containers.ContainerCluster;
import io.trapline.containers.SmallDisk;
import io.trapline.containers.TraplineContainer;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the members of a cluster are doing, as they have said it themselves. Used by one thread. */
final class Members {
    private static final Logger LOG = LoggerFactory.getLogger(Members.class);
    private static final Pattern SAID =
            Pattern.compile("^(\\w+): (starting|waiting|leading|following|serving) at ", Pattern.MULTILINE);
    private static final List<String> UP = List.of("leading", "following", "serving");
    private static final long POLL_MILLIS = 100;
    private static final long DUMP_MILLIS = 2_000;

    private final ContainerCluster cluster;
    /** How much each had said before it was started last. */
    private final Map<String, Integer> saidBefore = new HashMap<>();

    Members(ContainerCluster cluster) {
        this.cluster = cluster;
    }

    TraplineContainer container(String id) {
        return cluster.member(id);
    }

    List<String> coordinators() {
        return cluster.members().stream().filter(id -> id.startsWith("c")).toList();
    }

    List<String> nodes() {
        return cluster.members().stream().filter(id -> id.startsWith("n")).toList();
    }

    List<String> all() {
        return cluster.members();
    }

    String address(String id) {
        return cluster.addressOf(id);
    }

    /** Where it serves, as clients take it. */
    String service(String id) {
        return cluster.serviceOf(id);
    }

    /** Where the nodes serve, as clients take it. */
    String services() {
        return cluster.addresses();
    }

    private List<String> said(String id) {
        Matcher matcher = SAID.matcher(cluster.said(id));
        return matcher.results().map(result -> result.group(2)).toList();
    }

    /** How often one of them has said that, in all. */
    long count(String state) {
        return all().stream()
                .mapToLong(id -> said(id).stream().filter(state::equals).count())
                .sum();
    }

    /** {@code dead}, or what it said last in this life. */
    String state(String id) {
        if (!Boolean.TRUE.equals(container(id).state().getRunning())) {
            return "dead";
        }
        List<String> said = said(id);
        return said.size() <= saidBefore.getOrDefault(id, 0) ? "starting" : said.getLast();
    }

    /** Starts one that has ended. */
    void startAgain(String id) {
        saidBefore.put(id, said(id).size());
        container(id).startAgain();
    }

    /** Ends one and starts a container of the next image in its place; what the one that ended ended with. */
    long upgrade(String id, int graceSeconds) {
        saidBefore.put(id, said(id).size());
        return cluster.upgrade(id, graceSeconds);
    }

    /** What a coordinator's data is on. */
    SmallDisk disk(String id) {
        return cluster.diskOf(id);
    }

    /** What the process of one that has ended said at last. */
    long exit(String id) {
        return container(id).exit();
    }

    /** Runs something in its container, for as long as that lives. */
    void besides(String id, String script) throws IOException, InterruptedException {
        try {
            container(id).execInContainer("/bin/sh", "-c", script);
        } catch (DockerException | IllegalStateException | UnsupportedOperationException ended) {
            LOG.debug("{} has ended", id, ended);
        }
    }

    /** Those that run write into their logs what each of their threads is at. */
    void dumpThreads() throws InterruptedException {
        for (String id : all()) {
            if (!state(id).equals("dead")) {
                container(id).signal("QUIT");
            }
        }
        TimeUnit.MILLISECONDS.sleep(DUMP_MILLIS);
    }

    /** What each of them does, a line each. */
    List<String> text() {
        return all().stream()
                .map(id -> id + ": " + state(id) + ", " + address(id))
                .toList();
    }

    /** Waits until all do what they are there for, and one leads. */
    void awaitAllUp(long millis) throws IOException, InterruptedException {
        long deadlineNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (!areUp()) {
            if (System.nanoTime() > deadlineNanos) {
                throw new IOException(
                        "not all members came up again within " + millis / 1_000 + " s: " + String.join("; ", text()));
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
    }

    private boolean areUp() {
        List<String> states = all().stream().map(this::state).toList();
        return UP.containsAll(states) && states.contains("leading");
    }

    /** Brings one back to the network. */
    void reconnect(String id) {
        cluster.reconnect(id);
    }

    /** Takes one off it. */
    void disconnect(String id) {
        container(id).disconnect(cluster.network());
    }
}
