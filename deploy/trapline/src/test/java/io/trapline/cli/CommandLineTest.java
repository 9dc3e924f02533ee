package io.trapline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What holds for every command, without a cluster. */
final class CommandLineTest {
    private static final String NOBODY = "127.0.0.1:1";

    private final Shell shell = new Shell();

    static Stream<CommandLine> commands() {
        TraplineCommand command = new TraplineCommand(
                new PrintWriter(new StringWriter()), new PrintWriter(new StringWriter()), false, new Interrupt());
        List<CommandLine> all = new ArrayList<>();
        collect(command.commandLine(), all);
        return all.stream();
    }

    private static void collect(CommandLine command, List<CommandLine> into) {
        into.add(command);
        command.getSubcommands().values().forEach(sub -> collect(sub, into));
    }

    @Test
    void everyCommandIsFoundUnderItsName() {
        Commands.all()
                .forEach(
                        (name, type) -> assertThat(Objects.requireNonNull(type.getAnnotation(CommandLine.Command.class))
                                        .name())
                                .isEqualTo(name));
    }

    @Test
    void onlyThoseCommandsAreMadeThatTheArgumentsCanMean() {
        assertThat(Commands.meantBy("--connect", NOBODY, "health", "--ready")).containsOnlyKeys("health");
        assertThat(Commands.meantBy("domain", "create", "up")).containsOnlyKeys("domain", "up");
        assertThat(Commands.meantBy("--help")).isEqualTo(Commands.all());
        assertThat(Commands.meantBy("haelth")).isEqualTo(Commands.all());
        assertThat(Commands.meantBy("completion", "bash")).isEqualTo(Commands.all());
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandExplainsItselfWithAnExample(CommandLine command) {
        String name = command.getCommandSpec().qualifiedName();
        String help = command.getUsageMessage(CommandLine.Help.Ansi.OFF);

        assertThat(command.getCommandSpec().usageMessage().description())
                .as(name)
                .isNotEmpty();
        String example = Examples.of(command);
        assertThat(help).as(name).contains("Example:");
        assertThat(example).as(name).contains(name).doesNotContain("\n");
    }

    @ParameterizedTest
    @MethodSource("commands")
    void theExampleOfEveryCommandCanBeParsed(CommandLine command) {
        String example = Examples.of(command);
        if (example.startsWith("source ")) {
            return;
        }
        String[] args = Examples.arguments(example);

        CommandLine root = commands().findFirst().orElseThrow();

        assertThat(root.parseArgs(args).errors()).isEmpty();
    }

    @Test
    void sayingNothingIsAUsageErrorThatShowsTheHelp() {
        assertThat(shell.run()).isEqualTo(ExitCode.USAGE);
        assertThat(shell.out()).isEmpty();
        assertThat(shell.err()).contains("Usage: trapline");
    }

    @Test
    void helpGoesToStdout() {
        assertThat(shell.run("domain", "create", "--help")).isEqualTo(ExitCode.DONE);
        assertThat(shell.out()).contains("--pages").contains("Example:").contains("--connect");
        assertThat(shell.err()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nonsense",
                "domain",
                "domain create",
                "domain create --pages x",
                "domain create --pages 1 --access-timeout 5",
                "domain create --pages 1 --on-degraded perhaps",
                "domain describe 0",
                "domain describe 32752",
                "server info 1 64",
                "server disable 1 0 --drain 2m",
                "claim take 1 0 ram_rwx write",
                "claim take 1 0 ioreq_server[0] execute",
                "type set 1 ram_rw",
                "mem write 1 0",
                "mem write 1 0 abc",
                "mem read 1 0x10000000000000 1",
                "mem read 1 0 0x200001",
                "mem write 1 0 --file /nowhere",
                "mem dump 1 0 0",
                "domain list --connect nowhere",
                "simulate --seeds 0",
                "simulate --seed -1",
                "simulate --plant nothing-known",
                "simulate --world mars",
                "domain list --connect 127.0.0.1:65536",
                "domain list --patience 0",
                "domain list --patience 9999999h",
                "domain create --pages 1 --vcpus -1",
                "domain create --pages 1 --vcpus 2147483648",
                "domain create --pages 1 --access-timeout 600h",
                "server create 1 --principal é",
                "server create 1 --nonsense",
                "emulator log 0 --domid 1 --ioreqs 0",
                "emulator verify 0 --relay here",
                "watch 1 --changes 0",
                "watch 1 --for 1",
                "up --data ",
                "demo --accesses 1",
                "chaos --duration 0s",
                "chaos --check /nowhere",
                "bench domains --domains 0",
                "bench forward --rounds 0"
            })
    void whatMakesNoSenseIsAUsageErrorInOneLine(String line) {
        assertThat(shell.run((line + " --json").split(" ", -1))).isEqualTo(ExitCode.USAGE);
        assertThat(shell.json()).hasSize(1);
        assertThat(shell.summary().get("error")).isEqualTo("usage");
        assertThat(shell.summary().get("exit")).isEqualTo(2L);
        if (!line.equals("domain")) {
            assertThat(shell.err().lines()).singleElement().asString().startsWith("trapline: ");
        }
    }

    @Test
    void nobodyThereIsSaidInOneLine() {
        int exit = shell.run("domain", "list", "--connect", NOBODY, "--patience", "300ms");

        assertThat(exit).isEqualTo(ExitCode.UNREACHABLE);
        assertThat(shell.out()).isEmpty();
        assertThat(shell.err().lines()).singleElement().asString().startsWith("trapline: unreachable: ");
    }

    @Test
    void nobodyThereIsAJsonSummaryForAProgram() {
        int exit = shell.run("domain", "list", "--json", "--connect", NOBODY, "--patience", "300ms");

        assertThat(exit).isEqualTo(ExitCode.UNREACHABLE);
        assertThat(shell.json()).hasSize(1);
        assertThat(shell.summary().get("error")).isEqualTo("unreachable");
        assertThat(shell.summary().get("exit")).isEqualTo(4L);
    }

    @Test
    void completionKnowsTheCommands() {
        assertThat(shell.run("completion", "bash")).isEqualTo(ExitCode.DONE);
        assertThat(shell.out())
                .startsWith("#!")
                .contains("domain")
                .contains("--connect")
                .contains("claim");
    }

    @Test
    void completionIsAnObjectForAProgram() {
        assertThat(shell.run("completion", "bash", "--json")).isEqualTo(ExitCode.DONE);
        assertThat(shell.json()).hasSize(1);
        assertThat(shell.summary().get("script")).asString().startsWith("#!");
    }

    @Test
    void versionNeedsNoCluster() {
        assertThat(shell.run("version", "--json")).isEqualTo(ExitCode.DONE);
        assertThat(shell.summary().get("version")).isInstanceOf(String.class);
    }
}
