package io.trapline.cli;

import io.trapline.cli.text.Console;
import io.trapline.cli.text.Json;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** A command that only holds others: alone it prints its help and is a usage error. */
abstract class Group implements Callable<Integer> {
    @ParentCommand
    private TraplineCommand trapline;

    @Spec
    private CommandSpec spec;

    final TraplineCommand trapline() {
        return trapline;
    }

    final Console console() {
        return trapline.console();
    }

    @Override
    public final Integer call() {
        return missingCommand(console(), spec);
    }

    /** Shows what commands there are; the exit code. */
    static int missingCommand(Console console, CommandSpec spec) {
        console.record(Json.object()
                .put("error", "usage")
                .put("message", "a command is missing")
                .put("metadata", Json.object())
                .put("exit", ExitCode.USAGE));
        spec.commandLine().usage(spec.commandLine().getErr());
        return ExitCode.USAGE;
    }
}
