package io.trapline.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.trapline.client.DomainRef;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.model.AccessFlags;
import io.trapline.model.Errno;
import io.trapline.model.MemType;
import io.trapline.server.ListenAddress;
import io.trapline.server.PortReservation;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.DomainState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** What docs/OPERATIONS.md tells an operator to do, done with processes. */
@Tag("processes")
@Timeout(240)
@Isolated("the patience of the operator's commands is for a machine that is not busy with other clusters")
@DisplayName("C2, V-1, V-12: claims outlive coordinators that are lost, and the loss of all of them")
final class CoordinatorOperationsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String OLD_CLUSTER = UUID.randomUUID().toString();
    private static final MemType FIRST = MemType.ioreqServer(0);
    private static final MemType SECOND = MemType.ioreqServer(1);

    @TempDir
    private Path directory;

    /** Connections come from 127.0.0.1, so none of them gets a port of this host before the process that it is for. */
    private static final ListenAddress ANY_PORT = new ListenAddress("127.0.0.9", 0);

    private final Map<String, String> places = new LinkedHashMap<>();
    private final Map<String, Jvm> running = new LinkedHashMap<>();
    private final Shell shell = new Shell();

    @BeforeEach
    void findPorts() throws Exception {
        List<PortReservation> reserved = new ArrayList<>();
        for (String id : List.of("c1", "c2", "c3", "c4")) {
            PortReservation raft = PortReservation.of(ANY_PORT, false);
            PortReservation services = PortReservation.of(ANY_PORT, false);
            reserved.addAll(List.of(raft, services));
            places.put(id, raft.address() + "," + services.address());
        }
        reserved.forEach(PortReservation::close);
    }

    @AfterEach
    void endAll() throws InterruptedException {
        for (Jvm jvm : running.values()) {
            jvm.close();
        }
    }

    private String peer(String id) {
        return id + "=" + places.get(id);
    }

    private String peers(String... ids) {
        return Arrays.stream(ids).map(this::peer).collect(Collectors.joining(";"));
    }

    private String services(String id) {
        return places.getOrDefault(id, "").split(",", -1)[1];
    }

    private void start(String id, String data, String cluster, String how, String... peers) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(
                "coordinator",
                "--id",
                id,
                "--cluster-id",
                cluster,
                "--peers",
                peers(peers),
                "--data",
                directory.resolve(data).toString()));
        if (!how.isEmpty()) {
            arguments.add(how);
        }
        running.put(id, new Jvm(arguments.toArray(String[]::new)));
    }

    private Jvm of(String id) {
        Jvm jvm = running.get(id);
        assertThat(jvm).as(id).isNotNull();
        return jvm;
    }

    private void lose(String id, String data) throws Exception {
        of(id).kill();
        running.remove(id);
        deleteTree(directory.resolve(data));
    }

    private static void deleteTree(Path root) throws IOException {
        List<Path> files;
        try (var walk = Files.walk(root)) {
            files = walk.sorted(java.util.Comparator.reverseOrder()).toList();
        }
        for (Path file : files) {
            Files.delete(file);
        }
    }

    private TraplineConnection connect(String... ids) {
        return TraplineConnection.builder()
                .addresses(Arrays.stream(ids).map(this::services).collect(Collectors.joining(",")))
                .principal("gpu")
                .timeout(PATIENCE)
                .build();
    }

    private int operator(String command, String... ids) {
        List<String> arguments = new ArrayList<>(List.of(command.split(" ", -1)));
        arguments.addAll(List.of(
                "--patience",
                "60s",
                "--connect",
                Arrays.stream(ids).map(this::services).collect(Collectors.joining(","))));
        return shell.run(arguments.toArray(String[]::new));
    }

    private static void assertBusy(TraplineConnection connection, ServerRef rival) {
        assertThatThrownBy(() -> connection.ioreqServers().mapMemType(rival, FIRST, AccessFlags.WRITE))
                .isInstanceOfSatisfying(
                        TraplineException.class,
                        refused -> assertThat(refused.is(Errno.EBUSY)).isTrue());
    }

    @Test
    void survivesTheLossOfOneForGoodAndThenOfAll() throws Exception {
        for (String id : List.of("c1", "c2", "c3")) {
            start(id, id, OLD_CLUSTER, "--bootstrap", "c1", "c2", "c3");
        }
        running.put(
                "n1",
                new Jvm(
                        "node",
                        "--id",
                        "n1",
                        "--listen",
                        "127.0.0.1:0",
                        "--memory",
                        "64MiB",
                        "--coordinators",
                        services("c1") + "," + services("c2") + "," + services("c3")));
        of("n1").awaitLine("n1: serving");
        Path backup = directory.resolve("registry.backup");
        DomainRef domain;
        ServerRef holder;
        ServerRef rival;
        try (TraplineConnection gpu = connect("c1", "c2", "c3")) {
            domain = DomainRef.of(gpu.domains().create(64, 1, DomainMemory.DOMAIN_MEMORY_VOLATILE));
            holder = gpu.ioreqServers().create(domain);
            rival = gpu.ioreqServers().create(domain);
            gpu.ioreqServers().mapMemType(holder, FIRST, AccessFlags.WRITE);
            assertThat(operator("coordinator backup " + backup, "c1", "c2", "c3"))
                    .as(shell.err())
                    .isZero();
            assertThat(operator("coordinator backup " + backup, "c1")).isEqualTo(ExitCode.USAGE);
            assertThat(shell.err()).contains("is there already");

            replaceTheThird();
            assertBusy(gpu, rival);
            // The new one counts: with another one gone it is half of the majority.
            of("c2").kill();
            gpu.ioreqServers().mapMemType(holder, SECOND, AccessFlags.WRITE);
        }
        for (String id : List.of("c1", "c2", "c4")) {
            lose(id, id);
        }
        restore(backup, domain, holder, rival);
    }

    private void replaceTheThird() throws Exception {
        lose("c3", "c3");
        CompletableFuture<Integer> replaced =
                CompletableFuture.supplyAsync(() -> operator("coordinator replace c3 " + peer("c4"), "c1", "c2"));
        // Whoever comes in may be started after the call, which waits for it.
        start("c4", "c4", OLD_CLUSTER, "--join", "c1", "c2", "c4");
        assertThat(replaced.get(90, TimeUnit.SECONDS)).as(shell.err()).isZero();
        of("c4").awaitLine("c4: following", "c4: leading");

        // What was done is not done twice; what is gone stays gone.
        assertThat(operator("coordinator replace c3 " + peer("c4"), "c1", "c2"))
                .as(shell.err())
                .isZero();
        assertThat(operator("coordinator replace c3 " + peer("c1"), "c1", "c2")).isEqualTo(ExitCode.REFUSED);
        assertThat(shell.err()).startsWith("trapline: ENOENT").contains("c3").contains("c1, c2, c4");
        start("c3", "c3", OLD_CLUSTER, "--join", "c1", "c2", "c3");
        assertThat(of("c3").awaitEnd()).isEqualTo(ExitCode.CHECK_FAILED);
        assertThat(of("c3").text()).contains("the id c3 was used before");
    }

    private void restore(Path backup, DomainRef domain, ServerRef holder, ServerRef rival) throws Exception {
        String data = directory.resolve("r1").toString();
        assertThat(shell.run(
                        "coordinator",
                        "restore",
                        backup.toString(),
                        "--data",
                        data,
                        "--id",
                        "c1",
                        "--peers",
                        peers("c1", "c2", "c3"),
                        "--json"))
                .as(shell.err())
                .isZero();
        String cluster = String.valueOf(shell.summary().get("cluster_id"));
        assertThat(shell.run(
                        "coordinator",
                        "restore",
                        backup.toString(),
                        "--data",
                        data + "-again",
                        "--id",
                        "c1",
                        "--peers",
                        peers("c1")))
                .isEqualTo(ExitCode.CHECK_FAILED);
        assertThat(shell.err()).contains("was restored before, in generation");
        start("c1", "r1", cluster, "", "c1", "c2", "c3");
        of("c1").awaitLine("c1: leading");
        start("c2", "r2", cluster, "--join", "c1", "c2", "c3");
        start("c3", "r3", cluster, "--join", "c1", "c2", "c3");
        assertThat(operator("coordinator add " + peer("c2") + " " + peer("c3"), "c1"))
                .as("%s; c2: %s; c3: %s", shell.err(), of("c2").text(), of("c3").text())
                .isZero();

        // The node has been in the other cluster all the time.
        assertThat(of("n1").awaitEnd()).isEqualTo(ExitCode.REFUSED);
        assertThat(of("n1").text()).contains("ESTALE").contains("cluster_id");
        for (String id : List.of("c2", "c3")) {
            of(id).awaitLine(id + ": following", id + ": leading");
        }
        await().atMost(PATIENCE).until(() -> of("c1").is("leading") || of("c1").is("following"));
        of("c1").kill();
        try (TraplineConnection gpu = connect("c2", "c3")) {
            assertThat(gpu.domains().describe(domain).getDomain().getState())
                    .isEqualTo(DomainState.DOMAIN_STATE_CRASHED);
            assertThat(gpu.ioreqServers().listClaims(domain)).singleElement().satisfies(claim -> {
                assertThat(claim.getId()).isEqualTo(holder.id().value());
                assertThat(claim.getTypeValue()).isEqualTo(FIRST.code());
            });
            assertThat(rival.generation()).isPositive();
        }
    }
}
