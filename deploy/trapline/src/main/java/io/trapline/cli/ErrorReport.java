package io.trapline.cli;

import io.trapline.cli.demo.StoryException;
import io.trapline.cli.text.Console;
import io.trapline.cli.text.Json;
import io.trapline.cli.trace.TraceException;
import io.trapline.cli.verify.VerifyException;
import io.trapline.client.TraplineException;
import io.trapline.model.FileTrouble;
import io.trapline.model.Refusal;
import io.trapline.process.WrongSettings;
import io.trapline.server.SocketReason;
import io.trapline.server.StartException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.nio.file.FileSystemException;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.ParameterException;

/** Says in one line why a command did not do what it was asked for: to a person on stderr, to a program as the summary. */
final class ErrorReport {
    private static final Logger LOG = LoggerFactory.getLogger(ErrorReport.class);

    private final Console console;
    private final String addresses;
    private final boolean verbose;

    /** {@code addresses}: where the cluster was looked for. */
    ErrorReport(Console console, String addresses, boolean verbose) {
        this.console = console;
        this.addresses = addresses;
        this.verbose = verbose;
    }

    /** The command line makes no sense; the exit code. */
    int usage(ParameterException wrong) {
        String command = wrong.getCommandLine().getCommandSpec().qualifiedName();
        return say("usage", firstLine(wrong) + " (see '" + command + " --help')", Json.object(), ExitCode.USAGE);
    }

    /** The command failed; the exit code. */
    int failure(Throwable failure) {
        if (verbose) {
            LOG.error("the command failed", failure);
        }
        return switch (failure) {
            case TraplineException refused
            when refused.refusal().isPresent() -> refused(refused.refusal().orElseThrow());
            case TraplineException unreachable ->
                say(
                        unreachable.isUnreachable() ? "unreachable" : "unknown outcome",
                        addresses + ": " + reason(unreachable),
                        Json.object(),
                        ExitCode.UNREACHABLE);
            case BadInput wrong -> say("usage", firstLine(wrong), Json.object(), ExitCode.USAGE);
            case TraceException malformed -> say("trace", firstLine(malformed), Json.object(), ExitCode.CHECK_FAILED);
            case StoryException over -> say("demo", firstLine(over), Json.object(), ExitCode.CHECK_FAILED);
            case VerifyException missing -> say("verify", firstLine(missing), Json.object(), ExitCode.CHECK_FAILED);
            case FileSystemException file ->
                say("file", file.getFile() + ": " + FileTrouble.reason(file), Json.object(), ExitCode.CHECK_FAILED);
            case IOException io -> say("file", firstLine(io), Json.object(), ExitCode.CHECK_FAILED);
            case WrongSettings wrong -> say("usage", firstLine(wrong), Json.object(), ExitCode.USAGE);
            case StartException cannot -> say("start", firstLine(cannot), Json.object(), ExitCode.CHECK_FAILED);
            default ->
                say(
                        "internal",
                        failure.getClass().getSimpleName() + ": " + firstLine(failure)
                                + (verbose ? "" : " (--verbose shows where)"),
                        Json.object(),
                        ExitCode.CHECK_FAILED);
        };
    }

    private int refused(Refusal refusal) {
        Json metadata = Json.object();
        new TreeMap<>(refusal.metadata()).forEach(metadata::put);
        String hints = new TreeMap<>(refusal.metadata())
                .entrySet().stream()
                        .map(hint -> hint.getKey() + "=" + hint.getValue())
                        .collect(Collectors.joining(", "));
        console.record(Json.object()
                .put("error", refusal.errno().name())
                .put("message", refusal.message())
                .put("metadata", metadata)
                .put("exit", ExitCode.REFUSED));
        console.note("trapline: " + refusal.errno() + ": " + refusal.message()
                + (hints.isEmpty() ? "" : " (" + hints + ")"));
        return ExitCode.REFUSED;
    }

    private int say(String error, String message, Json metadata, int exit) {
        console.record(Json.object()
                .put("error", error)
                .put("message", message)
                .put("metadata", metadata)
                .put("exit", exit));
        String prefix = error.equals("unreachable") || error.equals("unknown outcome") ? error + ": " : "";
        console.note("trapline: " + prefix + message);
        return exit;
    }

    /** What the machine says of a connection that did not come about, where that is known. */
    private static String reason(TraplineException unreachable) {
        Throwable root = unreachable;
        for (Throwable cause = unreachable; cause != null; cause = cause.getCause()) {
            root = cause;
        }
        return switch (root) {
            case UnknownHostException unknown -> "no such host";
            case ConnectException refused -> SocketReason.of(refused);
            default -> firstLine(unreachable);
        };
    }

    private static String firstLine(Throwable failure) {
        String message = String.valueOf(failure.getMessage());
        return message.lines().findFirst().orElse(message);
    }
}
