package io.trapline.cli;

import io.trapline.cli.text.Hex;
import io.trapline.cli.text.Json;
import io.trapline.client.Access;
import io.trapline.client.Guest;
import io.trapline.client.TraplineConnection;
import io.trapline.client.Vcpu;
import io.trapline.model.AccessAttributes;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code guest}: one access, as the guest itself would make it (A). */
@Command(
        name = "guest",
        synopsisSubcommandLabel = "COMMAND",
        description = {
            "Make one access as a vCPU would: to a page, a port or a PCI register, wherever claims and ranges send it.",
            "This opens the vCPU, so whoever runs it is fenced."
        },
        footer = {"", "Example:", "  trapline guest write 1 0x1000000 8 0x8000000000000003"})
final class GuestCommands extends Group {
    /** What both have. */
    static final class AccessOptions {
        @Option(
                names = "--vcpu",
                defaultValue = "0",
                paramLabel = "N",
                description = "Which vCPU makes it (default: 0).")
        private int vcpu;

        @Option(names = "--port", description = "ADDRESS is an I/O port.")
        private boolean port;

        @Option(names = "--pci", description = "ADDRESS is SBDF << 32 | register.")
        private boolean pci;

        @Option(
                names = "--count",
                defaultValue = "1",
                paramLabel = "N",
                description = "Repetitions, up to 2^20 (default: 1).")
        private int count;

        @Option(names = "--df", description = "The addresses of the repetitions descend.")
        private boolean df;

        @Option(
                names = "--timeout",
                defaultValue = "0",
                paramLabel = "DURATION",
                description = "How long it may take; 0 (default) is the domain's own.")
        private Duration timeout = Duration.ZERO;

        Access access(long address, int sizeBytes, boolean write, long value, int extraBits) throws BadInput {
            if (sizeBytes != 1 && sizeBytes != 2 && sizeBytes != 4 && sizeBytes != 8) {
                throw new BadInput("SIZE is " + sizeBytes + ", not 1, 2, 4 or 8");
            }
            if (port && pci) {
                throw new BadInput("--port and --pci exclude each other");
            }
            int kind = port ? AccessAttributes.PIO : pci ? AccessAttributes.PCI : AccessAttributes.MEM;
            int bits = AccessAttributes.of(sizeBytes, write, kind) | (df ? AccessAttributes.DF : 0) | extraBits;
            return new Access(address, (byte) bits, value, count, Input.millis("--timeout", timeout));
        }
    }

    @Command(
            name = "read",
            description = "Read 1, 2, 4 or 8 bytes and print the value.",
            footer = {"", "Example:", "  trapline guest read 1 0x3f8 1 --port"})
    int read(
            @Parameters(paramLabel = "DOMID", description = "The domain.") int domid,
            @Parameters(paramLabel = "ADDRESS", converter = NumberConverter.class, description = "Where.") long address,
            @Parameters(paramLabel = "SIZE", description = "1, 2, 4 or 8 bytes.") int sizeBytes,
            @Mixin AccessOptions options)
            throws BadInput {
        long value = make(domid, options, options.access(address, sizeBytes, false, 0, 0));
        console()
                .result(
                        new Hex(value).toString(),
                        Json.object()
                                .put("domid", domid)
                                .put("address", new Hex(address))
                                .put("size", sizeBytes)
                                .put("value", new Hex(value)));
        return ExitCode.DONE;
    }

    @Command(
            name = "write",
            description = "Write 1, 2, 4 or 8 bytes and wait until it has taken effect.",
            footer = {"", "Example:", "  trapline guest write 1 0x1000000 8 0x8000000000000003"})
    int write(
            @Parameters(paramLabel = "DOMID", description = "The domain.") int domid,
            @Parameters(paramLabel = "ADDRESS", converter = NumberConverter.class, description = "Where.") long address,
            @Parameters(paramLabel = "SIZE", description = "1, 2, 4 or 8 bytes.") int sizeBytes,
            @Parameters(paramLabel = "VALUE", converter = NumberConverter.class, description = "What.") long value,
            @Option(names = "--posted", description = "It may be buffered.") boolean posted,
            @Mixin AccessOptions options)
            throws BadInput {
        make(domid, options, options.access(address, sizeBytes, true, value, posted ? AccessAttributes.POSTED : 0));
        console()
                .result(
                        "done",
                        Json.object()
                                .put("domid", domid)
                                .put("address", new Hex(address))
                                .put("size", sizeBytes)
                                .put("value", new Hex(value)));
        return ExitCode.DONE;
    }

    private long make(int domid, AccessOptions options, Access access) throws BadInput {
        if (options.vcpu < 0 || options.vcpu > 4095) {
            throw new BadInput("--vcpu is " + options.vcpu + ", not 0 … 4095");
        }
        try (TraplineConnection connection = trapline().connection();
                Guest guest = connection.guest(Input.domain(domid));
                Vcpu vcpu = guest.openVcpu(options.vcpu, 1)) {
            return vcpu.access(access);
        }
    }
}
