package io.trapline.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.client.DomainRef;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.docs.SourceTree;
import io.trapline.embedded.EmbeddedCluster;
import io.trapline.model.AccessFlags;
import io.trapline.model.MemType;
import io.trapline.server.ListenAddress;
import io.trapline.server.StartException;
import io.trapline.v1.DomainMemory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
@DisplayName("/metrics says what docs/OPERATIONS.md says, and what is")
final class MetricsTest {
    private static final Pattern ROW = Pattern.compile("(?m)^\\| `(trapline_[a-z_]+)` \\| ([a-z]+) \\| ([^|]*) \\|");
    private static final Pattern TYPE = Pattern.compile("(?m)^# TYPE (trapline_[a-z_]+) ([a-z]+)$");
    private static final Pattern LABEL = Pattern.compile("([a-z]+)=\"");

    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static EmbeddedCluster cluster;
    private static TraplineConnection gpu;

    @BeforeAll
    static void start() throws StartException {
        cluster = EmbeddedCluster.start(
                Optional.empty(), ListenAddress.ANY_PORT, false, true, Optional.of(ListenAddress.ANY_PORT));
        gpu = TraplineConnection.builder()
                .addresses(cluster.address().toString())
                .principal("gpu")
                .build();
        DomainRef domain = DomainRef.of(gpu.domains().create(64, 1, DomainMemory.DOMAIN_MEMORY_VOLATILE));
        ServerRef holder = gpu.ioreqServers().create(domain);
        ServerRef rival = gpu.ioreqServers().create(domain);
        gpu.ioreqServers().mapMemType(holder, MemType.ioreqServer(0), AccessFlags.WRITE);
        assertThatThrownBy(() -> gpu.ioreqServers().mapMemType(rival, MemType.ioreqServer(0), AccessFlags.WRITE))
                .isInstanceOf(TraplineException.class);
    }

    @AfterAll
    static void end() {
        gpu.close();
        cluster.close();
    }

    private static HttpResponse<String> ask(String path, String method) throws Exception {
        ListenAddress where = cluster.metrics().orElseThrow();
        return HTTP.send(
                HttpRequest.newBuilder(URI.create("http://" + where + path))
                        .method(method, BodyPublishers.noBody())
                        .build(),
                BodyHandlers.ofString());
    }

    private static String scrape() throws Exception {
        HttpResponse<String> response = ask("/metrics", "GET");
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("text/plain; version=0.0.4; charset=utf-8");
        return response.body();
    }

    @Test
    void exposesWhatTheTableSaysAndNothingElse() throws Exception {
        String said = scrape();
        TreeSet<String> exposed = TYPE.matcher(said)
                .results()
                .map(type -> type.group(1) + " " + type.group(2) + " " + labels(said, type.group(1)))
                .collect(Collectors.toCollection(TreeSet::new));
        TreeSet<String> table = ROW.matcher(SourceTree.here().read("docs/OPERATIONS.md"))
                .results()
                .map(row ->
                        row.group(1) + " " + row.group(2) + " " + row.group(3).strip())
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(exposed).isNotEmpty().isEqualTo(table);
    }

    private static String labels(String said, String name) {
        return said.lines()
                .filter(line -> line.startsWith(name + "{"))
                .findFirst()
                .map(line -> LABEL.matcher(line)
                        .results()
                        .map((MatchResult label) -> label.group(1))
                        .sorted()
                        .collect(Collectors.joining(", ")))
                .orElse("");
    }

    @Test
    void saysWhatIs() throws Exception {
        String said = scrape();

        assertThat(value(said, "trapline_coordinator_leads")).isEqualTo(1);
        assertThat(value(said, "trapline_coordinator_leased_nodes")).isEqualTo(1);
        assertThat(value(said, "trapline_registry_claims")).isEqualTo(1);
        assertThat(value(said, "trapline_registry_domains{state=\"running\"}")).isEqualTo(1);
        assertThat(value(said, "trapline_registry_degraded_domains")).isZero();
        assertThat(value(said, "trapline_coordinator_commit_seconds_count")).isGreaterThanOrEqualTo(4);
        assertThat(value(said, "trapline_coordinator_commit_seconds_sum")).isPositive();
        assertThat(value(said, "trapline_node_lease_remaining_seconds")).isBetween(0.000_001, 1.2);
        assertThat(value(said, "trapline_refusals_total{errno=\"EBUSY\"}")).isEqualTo(1);
        assertThat(
                        value(
                                said,
                                "trapline_calls_total{code=\"OK\",method=\"trapline.v1.IoreqServerService/CreateIoreqServer\"}"))
                .isEqualTo(2);
    }

    private static double value(String said, String series) {
        return said.lines()
                .filter(line -> line.startsWith(series + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(series.length() + 1)))
                .findFirst()
                .orElseThrow(() -> new AssertionError(series + " is not in\n" + said));
    }

    @Test
    void isNothingElse() throws Exception {
        assertThat(ask("/", "GET").statusCode()).isEqualTo(404);
        assertThat(ask("/metrics", "POST").statusCode()).isEqualTo(405);
    }

    @Test
    void saysThatAProcessDoesNotAnswer() throws Exception {
        Metrics dead = new Metrics();
        dead.node(() -> CompletableFuture.failedFuture(new IllegalStateException("it has ended")));
        try (MetricsServer server = MetricsServer.start(ListenAddress.ANY_PORT, false, dead)) {
            HttpResponse<String> response = HTTP.send(
                    HttpRequest.newBuilder(URI.create("http://" + server.address() + "/metrics"))
                            .build(),
                    BodyHandlers.ofString());
            assertThat(response.statusCode()).isEqualTo(503);
        }
    }

    @Test
    void refusesAPortThatIsTakenAndAWiderBind() {
        ListenAddress taken = cluster.metrics().orElseThrow();

        assertThatThrownBy(() -> MetricsServer.start(taken, false, new Metrics()))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("cannot listen on " + taken + " for metrics");
        assertThatThrownBy(() -> MetricsServer.start(ListenAddress.parse("0.0.0.0:0"), false, new Metrics()))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("--insecure");
    }
}
