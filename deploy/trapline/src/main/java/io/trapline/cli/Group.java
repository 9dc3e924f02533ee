package io.trapline.cli;

import io.trapline.cli.text.Console;
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
        spec.commandLine().usage(spec.commandLine().getErr());
        return ExitCode.USAGE;
    }
}
