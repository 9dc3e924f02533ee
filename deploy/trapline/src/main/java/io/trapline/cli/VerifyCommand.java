package io.trapline.cli;

import io.trapline.cli.drill.CuttableTransport;
import io.trapline.cli.text.Console;
import io.trapline.cli.text.Json;
import io.trapline.cli.verify.Finding;
import io.trapline.cli.verify.Verification;
import io.trapline.cli.verify.VerifyException;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.faults.proxy.CutProxy;
import io.trapline.server.ListenAddress;
import io.trapline.v1.IoreqServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code emulator verify}: which rules an emulator breaks. */
@Command(
        name = "verify",
        description = {
            "Examine the emulator that is attached to a server, as a scripted guest, and name the rules that it breaks.",
            "Its device must be a register window: pages of a type that the server claims for reads and writes, where each byte reads as"
                    + " it was written last. vCPUs 0 and 1 are opened, and the registers overwritten.",
            "With --relay its own connection is cut too: start it with that address once this waits for it."
        },
        footer = {"", "Example:", "  trapline emulator verify 0 --domid 1"})
final class VerifyCommand implements Callable<Integer> {
    private static final Duration RELAY_PATIENCE = Duration.ofMinutes(2);
    private static final long POLL_MILLIS = 50;

    @ParentCommand
    private EmulatorCommands emulator;

    @Parameters(paramLabel = "ID", description = "The server.")
    private int id;

    @Option(names = "--domid", paramLabel = "N", description = EmulatorCommands.DOMID)
    private @Nullable Integer domid;

    @Option(
            names = "--seed",
            defaultValue = "1",
            paramLabel = "N",
            description = "Of the scripts (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--relay",
            paramLabel = "HOST:PORT",
            description = "Listen here, port 0 = any, and pass on to the cluster what the emulator sends.")
    private @Nullable String relayAddress;

    @Override
    public Integer call() throws BadInput, VerifyException, InterruptedException {
        TraplineCommand trapline = emulator.trapline();
        InetSocketAddress listen = relayAddress == null ? null : loopback(relayAddress);
        try (CuttableTransport transport = new CuttableTransport();
                TraplineConnection control = trapline.connection();
                TraplineConnection guest = trapline.connection(transport::open)) {
            IoreqServer server = EmulatorCommands.server(control, domid, id);
            if (listen == null) {
                return examine(control, guest, transport, Optional.empty(), server);
            }
            try (CutProxy relay = relay(listen, cluster(trapline))) {
                IoreqServer attached = awaitEmulator(control, relay, server);
                return examine(control, guest, transport, Optional.of(relay), attached);
            }
        }
    }

    private int examine(
            TraplineConnection control,
            TraplineConnection guest,
            CuttableTransport transport,
            Optional<CutProxy> relay,
            IoreqServer server)
            throws VerifyException, InterruptedException {
        Console console = emulator.console();
        Verification.Sides sides =
                new Verification.Sides(control, guest, transport, relay, finding -> tell(console, finding));
        List<Finding> findings = Verification.run(sides, server, seed);
        List<String> broken = findings.stream()
                .filter(Finding::isBroken)
                .map(Finding::rule)
                .distinct()
                .toList();
        console.result(
                broken.isEmpty()
                        ? "all " + findings.size() + " checks passed"
                        : "the emulator breaks " + String.join(", ", broken)
                                + (broken.size() == 1 ? "" : "; look at the first, the others may follow from it"),
                Json.object()
                        .put("checks", findings.size())
                        .put(
                                "failed",
                                findings.stream().filter(Finding::isBroken).count())
                        .put("broken_rules", broken));
        return broken.isEmpty() ? ExitCode.DONE : ExitCode.CHECK_FAILED;
    }

    private static void tell(Console console, Finding finding) {
        console.line((finding.isBroken() ? "  ✗ " : "  ✓ ") + finding.rule() + ": " + finding.what()
                + (finding.isBroken() ? ": " + finding.detail() : ""));
        console.record(Json.object()
                .put("rule", finding.rule())
                .put("check", finding.what())
                .put("passed", !finding.isBroken())
                .put("detail", finding.detail()));
    }

    private static CutProxy relay(InetSocketAddress listen, List<InetSocketAddress> cluster) throws VerifyException {
        try {
            return CutProxy.open(listen, cluster);
        } catch (IOException cannot) {
            throw new VerifyException(
                    "cannot listen on " + listen.getHostString() + ":" + listen.getPort() + ": " + cannot.getMessage());
        }
    }

    /** Whoever was attached before is not on the relay. */
    private IoreqServer awaitEmulator(TraplineConnection control, CutProxy relay, IoreqServer before)
            throws VerifyException, InterruptedException {
        emulator.console()
                .note("relay: 127.0.0.1:" + relay.address().getPort() + "; waiting for the emulator to attach there");
        long deadlineNanos = System.nanoTime() + RELAY_PATIENCE.toNanos();
        while (System.nanoTime() < deadlineNanos) {
            IoreqServer now =
                    control.ioreqServers().getInfo(ServerRef.of(before)).getServer();
            if (relay.isUsed() && now.getSessionEpoch() > before.getSessionEpoch()) {
                return now;
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
        throw new VerifyException(
                "no emulator attached through the relay within " + DurationConverter.text(RELAY_PATIENCE));
    }

    private static List<InetSocketAddress> cluster(TraplineCommand trapline) throws BadInput {
        List<InetSocketAddress> addresses = new ArrayList<>();
        for (String one : trapline.addresses().split(",", -1)) {
            ListenAddress address = parse("--connect", one);
            addresses.add(new InetSocketAddress(address.host(), address.port()));
        }
        return addresses;
    }

    /** Whoever reached it would be taken for somebody on this machine. */
    private static InetSocketAddress loopback(String text) throws BadInput {
        ListenAddress address = parse("--relay", text);
        try {
            InetAddress host = InetAddress.getByName(address.host());
            if (host.isLoopbackAddress()) {
                return new InetSocketAddress(host, address.port());
            }
        } catch (UnknownHostException unknown) {
            throw new BadInput("--relay: '" + text + "': no such host");
        }
        throw new BadInput("--relay: '" + text + "' is not a loopback address");
    }

    private static ListenAddress parse(String option, String text) throws BadInput {
        try {
            return ListenAddress.parse(text);
        } catch (IllegalArgumentException malformed) {
            throw new BadInput(option + ": " + malformed.getMessage());
        }
    }
}
