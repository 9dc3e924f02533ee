package io.trapline.cli;

import io.trapline.embedded.EmbeddedCluster;
import io.trapline.server.ListenAddress;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A cluster in this process for all tests of a class, and a shell whose commands go to it. */
final class EmbeddedShell implements BeforeAllCallback, AfterAllCallback {
    private @Nullable EmbeddedCluster cluster;

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        cluster = EmbeddedCluster.start(Optional.empty(), ListenAddress.ANY_PORT, false);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        cluster().close();
    }

    /** {@code HOST:PORT}. */
    String address() {
        return cluster().address().toString();
    }

    /** Runs a command, given as one line, on the cluster. */
    int run(Shell shell, String line) {
        String[] words = line.split(" ", -1);
        String[] args = Arrays.copyOf(words, words.length + 4);
        args[words.length] = "--connect";
        args[words.length + 1] = address();
        args[words.length + 2] = "--patience";
        args[words.length + 3] = "60s";
        return shell.run(args);
    }

    /** The same with JSON lines, and the command must succeed. */
    Shell json(String line) {
        Shell shell = new Shell();
        int exit = run(shell, line + " --json");
        if (exit != ExitCode.DONE) {
            throw new AssertionError(line + ": exit " + exit + ": " + shell.err() + shell.out());
        }
        return shell;
    }

    private EmbeddedCluster cluster() {
        return Objects.requireNonNull(cluster, "not started");
    }
}
