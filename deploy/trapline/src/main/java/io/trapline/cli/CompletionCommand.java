package io.trapline.cli;

import io.trapline.cli.text.Json;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code completion}: a script that teaches a shell the commands and options. */
@Command(
        name = "completion",
        description = "Print a script for the completion of commands and options.",
        footer = {"", "Example:", "  source <(trapline completion bash)"})
final class CompletionCommand implements Callable<Integer> {
    /** Shells that can be taught; the one script suits both. */
    enum Shell {
        BASH,
        ZSH
    }

    @Parameters(paramLabel = "SHELL", description = "bash or zsh.")
    private Shell shell;

    @ParentCommand
    private TraplineCommand trapline;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        String script = switch (shell) {
            case BASH, ZSH -> AutoComplete.bash("trapline", spec.root().commandLine());
        };
        trapline.console().result(script, Json.object().put("script", script));
        return ExitCode.DONE;
    }
}
