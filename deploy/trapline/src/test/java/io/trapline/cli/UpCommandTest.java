package io.trapline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

final class UpCommandTest {
    @RegisterExtension
    static final EmbeddedShell CLUSTER = new EmbeddedShell();

    @TempDir
    Path folder;

    @Test
    void servesUntilItIsStoppedAndKeepsWhatWasAcknowledged() throws Exception {
        // Given a cluster on a directory, with a domain
        Path data = folder.resolve("data");
        Shell first = new Shell();
        CompletableFuture<Integer> exit = up(first, data);
        String address = ready(first, exit);
        Shell client = new Shell();
        assertThat(client.run("domain", "create", "--pages", "16", "--domid", "77", "--connect", address))
                .isEqualTo(0);

        // When it is stopped and started again
        first.interrupt();
        assertThat(exit.get(60, TimeUnit.SECONDS)).isEqualTo(ExitCode.DONE);
        Shell second = new Shell();
        CompletableFuture<Integer> again = up(second, data);

        // Then the domain is there, and lost its memory: D4
        assertThat(client.run("domain", "describe", "77", "--json", "--connect", ready(second, again)))
                .isEqualTo(0);
        assertThat(client.summary().get("state")).isEqualTo("crashed");
        second.interrupt();
        assertThat(again.get(60, TimeUnit.SECONDS)).isEqualTo(ExitCode.DONE);
    }

    @Test
    void saysInOneLineWhyItCannotStart() throws Exception {
        Shell shell = new Shell();
        Path file = Files.writeString(folder.resolve("file"), "x");

        assertThat(shell.run("up", "--listen", CLUSTER.address())).isEqualTo(ExitCode.CHECK_FAILED);
        assertThat(shell.err().lines()).singleElement().asString().contains("Address already in use");
        assertThat(shell.run("up", "--data", file.toString(), "--listen", "127.0.0.1:0"))
                .isEqualTo(ExitCode.CHECK_FAILED);
        assertThat(shell.err().lines()).singleElement().asString().startsWith("trapline: data directory " + file);
        // L
        assertThat(shell.run("up", "--listen", "0.0.0.0:0")).isEqualTo(ExitCode.CHECK_FAILED);
        assertThat(shell.err()).contains("--insecure");
        assertThat(shell.run("up", "--listen", "here")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.run("up", "--metrics", "there")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("--metrics: 'there'");
        assertThat(shell.run("up", "--metrics", "127.0.0.1:0", "--nodes", "2")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("--metrics is for one process");
        assertThat(shell.run("up", "--memory", "2GiB")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("--memory is for separate processes");
        assertThat(shell.run("up", "--nodes", "2", "--memory", "1MiB")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("--memory").contains("'1MiB' is not 2MiB");
        assertThat(shell.run("up", "--listen", "127.0.0.1:0", "--metrics", CLUSTER.address()))
                .isEqualTo(ExitCode.CHECK_FAILED);
        assertThat(shell.err().lines()).singleElement().asString().contains(CLUSTER.address() + " for metrics");
        assertThat(shell.out()).isEmpty();
    }

    @Test
    void refusesADirectoryThatIsInUse() throws Exception {
        Path data = folder.resolve("data");
        Shell first = new Shell();
        CompletableFuture<Integer> exit = up(first, data);
        ready(first, exit);

        Shell second = new Shell();
        assertThat(second.run("up", "--data", data.toString(), "--listen", "127.0.0.1:0"))
                .isEqualTo(ExitCode.CHECK_FAILED);
        assertThat(second.err().lines()).singleElement().asString().startsWith("trapline: data directory " + data);

        first.interrupt();
        assertThat(exit.get(60, TimeUnit.SECONDS)).isEqualTo(ExitCode.DONE);
    }

    private static CompletableFuture<Integer> up(Shell shell, Path data) {
        return CompletableFuture.supplyAsync(
                () -> shell.run("up", "--data", data.toString(), "--listen", "127.0.0.1:0"));
    }

    private static String ready(Shell shell, CompletableFuture<Integer> exit) {
        Awaitility.await()
                .atMost(60, TimeUnit.SECONDS)
                .failFast(() -> exit.isDone())
                .until(() -> shell.out().startsWith("ready: ") && shell.out().endsWith("\n"));
        return shell.out().strip().substring("ready: ".length());
    }
}
