package io.trapline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import picocli.CommandLine;

/** The examples of the control commands, pasted one after the other into a cluster where nothing is yet. */
final class ExamplesTest {
    private static final List<String> IN_ORDER = List.of(
            "domain create",
            "domain list",
            "domain describe",
            "domain pause",
            "domain unpause",
            "server create",
            "server list",
            "server enable",
            "server map",
            "server unmap",
            "server info",
            "type set",
            "type list",
            "claim take",
            "claim list",
            "claim release",
            "claim history",
            "mem write",
            "mem read",
            "mem dump",
            "guest write",
            "guest read",
            "cluster shards",
            "server disable",
            "server destroy",
            "domain destroy",
            "limits",
            "cluster status",
            "cluster nodes");

    @RegisterExtension
    static final EmbeddedShell CLUSTER = new EmbeddedShell();

    @Test
    void eachWorksAsItStandsThere() {
        CommandLine root = new TraplineCommand(
                        new PrintWriter(new StringWriter()),
                        new PrintWriter(new StringWriter()),
                        false,
                        new Interrupt())
                .commandLine();
        for (String name : IN_ORDER) {
            CommandLine command = root;
            for (String word : name.split(" ", -1)) {
                command = Objects.requireNonNull(command.getSubcommands().get(word), name);
            }
            String example = Examples.of(command);
            Shell shell = new Shell();

            int exit = CLUSTER.run(shell, String.join(" ", Examples.arguments(example)));

            assertThat(exit).as(example + ": " + shell.err()).isEqualTo(ExitCode.DONE);
            assertThat(shell.out()).as(example).isNotEmpty();
            assertThat(shell.err()).as(example).isEmpty();
        }
    }
}
