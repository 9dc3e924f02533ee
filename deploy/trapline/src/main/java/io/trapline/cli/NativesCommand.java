package io.trapline.cli;

import io.netty.channel.epoll.Epoll;
import io.netty.handler.ssl.OpenSsl;
import io.trapline.cli.text.Json;
import io.trapline.cli.text.Table;
import io.trapline.server.SocketReason;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** {@code natives}: whether the native code that Netty could use is used. Where it is not, nothing else says so. */
@Command(
        name = "natives",
        description = {
            "Say whether this program uses the native code that it brings, for its services and for Raft: 0 all of it, 1 not all, with the reason.",
            "Without it sockets and TLS are Java's own: slower, and no less right."
        },
        footer = {"", "Example:", "  trapline natives"})
final class NativesCommand implements Callable<Integer> {
    @ParentCommand
    private TraplineCommand trapline;

    @Override
    public Integer call() {
        Table table = new Table("native code", "used", "why not");
        Map<String, Optional<Throwable>> all = new LinkedHashMap<>();
        all.put("epoll", Optional.ofNullable(Epoll.unavailabilityCause()));
        all.put("tls", Optional.ofNullable(OpenSsl.unavailabilityCause()));
        all.put(
                "raft epoll",
                Optional.ofNullable(org.apache.ratis.thirdparty.io.netty.channel.epoll.Epoll.unavailabilityCause()));
        all.put(
                "raft tls",
                Optional.ofNullable(org.apache.ratis.thirdparty.io.netty.handler.ssl.OpenSsl.unavailabilityCause()));
        all.forEach((name, cause) -> table.row(
                name,
                cause.isEmpty() ? "yes" : "no",
                cause.map(SocketReason::of).orElse("")));
        boolean isAll = all.values().stream().allMatch(Optional::isEmpty);
        trapline.console().table(table, "");
        trapline.console().record(Json.object().put("all", isAll));
        return isAll ? ExitCode.DONE : ExitCode.CHECK_FAILED;
    }
}
